"""Simulate a week of a home as a home automation logs it, and when its appliances ran.

Run it as ``python sample_data/simulate_home.py``: it writes ``home.csv.gz`` and ``home_truth.csv``
beside itself. Eight plugs, contacts and thermometers send a value when it changes, in the local
time of Paris without zone, across the night in which the clocks go back. Three appliances run
programmes whose speed varies from 0.7 to 1.4; the others come and go with the hours of the day. The
thermometer sends -127 when it cannot be read, and two plugs are unavailable for some hours.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

SEED = 17
DAYS = 7
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
START = datetime(2026, 10, 21, 4, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
TEMPO = (0.7, 1.4)
IDLE_W = 0.6
PROGRAMMES = {
    "washer": [(13, 2050), (19, 150), (7, 490), (3, 40)],
    "dishwasher": [(4, 65), (14, 1870), (18, 52), (11, 1870), (9, 12)],
    "dryer": [(6, 310), (24, 2400), (12, 950), (8, 180)],
}
"""Minutes and watts of the phases, at speed 1."""
RUNS_A_DAY = {"washer": 2.4, "dishwasher": 2.0, "dryer": 1.8}
OFFLINE = (("plug.dryer", 2.35, 2.6), ("plug.tv", 4.5, 4.7))
"""Plugs that are unavailable from one day of the week to another."""

Row = tuple[float, str, str]


def main() -> None:
    """Simulate the log and write it with its truth."""
    rng = np.random.default_rng(SEED)
    rows: list[Row] = []
    truth: list[tuple[float, float, str]] = []
    for name in PROGRAMMES:
        for start in run_starts(name, rng):
            phases = list(run_phases(name, start, rng))
            rows += [(time, f"plug.{name}", f"{watts:.1f}") for time, watts in phases]
            truth.append((start, phases[-1][0], name))
    rows += [row for source in (kettle, fridge, tv, contacts, thermometer) for row in source(rng)]
    rows += [(0.0, f"plug.{name}", f"{IDLE_W}") for name in (*PROGRAMMES, "kettle", "tv")]
    for entity, begin, end in OFFLINE:
        rows = [row for row in rows if row[1] != entity or not begin * DAY <= row[0] < end * DAY]
        rows += [(begin * DAY, entity, "unavailable"), (end * DAY, entity, f"{IDLE_W}")]
        truth = [
            run
            for run in truth
            if f"plug.{run[2]}" != entity or run[1] < begin * DAY or run[0] >= end * DAY
        ]
    write(sorted(row for row in rows if row[0] < DAYS * DAY), sorted(truth))


def run_starts(name: str, rng: np.random.Generator) -> list[float]:
    """Return when an appliance is started: between 6 and 22 o'clock, never while it runs."""
    longest = TEMPO[1] * MINUTE * sum(minutes for minutes, _ in PROGRAMMES[name])
    starts: list[float] = []
    for day in range(DAYS):
        for _ in range(rng.poisson(RUNS_A_DAY[name])):
            start = day * DAY + rng.uniform(0.5, 15) * HOUR
            if all(abs(start - other) > longest + 20 * MINUTE for other in starts):
                starts.append(start)
    return sorted(start for start in starts if start + longest < DAYS * DAY)


def run_phases(name: str, start: float, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    """Yield the times and watts that a plug sends during one run."""
    speed = np.exp(rng.uniform(*np.log(TEMPO)))
    time = start
    for minutes, watts in PROGRAMMES[name]:
        end = time + minutes * MINUTE * speed
        while time < end:
            yield time, watts * rng.normal(1, 0.02)
            time += rng.uniform(0.5, 1.5) * 2 * MINUTE
        time = end
    yield time, IDLE_W


def kettle(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the kettle: some minutes, most often in the morning."""
    for day in range(DAYS):
        for hour in rng.normal([1.5, 2.5, 6.5, 11.0], 0.5):
            start = day * DAY + max(hour, 0.2) * HOUR
            yield start, "plug.kettle", f"{rng.normal(2150, 15):.1f}"
            yield start + rng.uniform(2, 4) * MINUTE, "plug.kettle", f"{IDLE_W}"


def fridge(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the compressor of the fridge, all day and night."""
    time = 0.0
    while time < DAYS * DAY:
        yield time, "plug.fridge", f"{rng.normal(78, 2):.1f}"
        time += rng.uniform(16, 24) * MINUTE
        yield time, "plug.fridge", f"{rng.normal(1.2, 0.05):.2f}"
        time += rng.uniform(30, 45) * MINUTE


def tv(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the television: in the evening, its power follows the picture."""
    for day in range(DAYS):
        time, end = day * DAY + rng.normal(14, 0.5) * HOUR, day * DAY + rng.normal(17, 0.5) * HOUR
        while time < end:
            yield time, "plug.tv", f"{rng.normal(95, 12):.1f}"
            time += rng.exponential(4) * MINUTE
        yield end, "plug.tv", f"{IDLE_W}"


def contacts(rng: np.random.Generator) -> Iterator[Row]:
    """Yield a door and a lamp as states."""
    for day in range(DAYS):
        for start in day * DAY + rng.uniform(1, 16, rng.poisson(14)) * HOUR:
            yield start, "door", "open"
            yield start + rng.uniform(4, 25), "door", "closed"
        yield day * DAY + rng.normal(12.5, 0.3) * HOUR, "lamp", "on"
        yield day * DAY + rng.normal(17.5, 0.3) * HOUR, "lamp", "off"


def thermometer(rng: np.random.Generator) -> Iterator[Row]:
    """Yield the temperature outside, when it changes by a tenth; -127 when it is not read."""
    sent, drift = np.nan, 0.0
    for minute in range(0, DAYS * 24 * 60, 3):
        drift = 0.999 * drift + rng.normal(0, 0.03)
        value = round(11 + 5 * np.sin(2 * np.pi * (minute / 1440 - 0.2)) + drift, 1)
        if abs(value - sent) > 0.15 or np.isnan(sent):
            sent = value
            yield minute * MINUTE + rng.uniform(0, 20), "temperature", f"{value:.1f}"
        if rng.random() < 0.004:
            sent = np.nan
            yield minute * MINUTE + 30, "temperature", "-127"


def write(rows: list[Row], truth: list[tuple[float, float, str]]) -> None:
    """Write the log in local time, and the runs in seconds since its first row."""
    here = Path(__file__).parent
    # without a time of writing in the header, so that the bytes are the same every time
    with (
        (here / "home.csv.gz").open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed,
        TextIOWrapper(packed, encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("entity_id", "state", "last_changed"))
        for time, entity, state in rows:
            moment = (START + timedelta(seconds=round(time))).astimezone(ZONE)
            writer.writerow((entity, state, moment.strftime("%Y-%m-%d %H:%M:%S")))
    with (here / "home_truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("document", "label", "start_s", "end_s"))
        for start, end, name in truth:
            writer.writerow(("home", name, f"{start:.0f}", f"{end:.0f}"))


if __name__ == "__main__":
    main()
