"""Simulate the log of a pumping station in which three things keep happening, with their times.

Run it as ``python sample_data/simulate_station.py``: it writes ``station.csv`` and
``station_truth.csv`` beside itself. Three channels in engineering units are logged every half
minute for four days in the local time of Paris, across the night in which the clocks go forward.
The level gauge and the flow meter drift, the logger stands still for two stretches, and single
values are missing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

SEED = 4
STEP_S = 30
N_STEPS = 4 * 24 * 60 * 60 // STEP_S
START = datetime(2026, 3, 27, 5, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
CHANNELS = ("inflow [L/s]", "level [m]", "pump [kW]")
NOISE = (0.9, 0.012, 0.10)
USUAL = (42.0, 2.30, 1.6)
MEAN_GAP_STEPS = 130
LEAST_GAP_STEPS = 26
SILENT_STEPS = ((3100, 3190), (8300, 8560))
MISSING_SHARE = 0.002

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Happening:
    """What one kind of happening adds to the channels, a point a step: array (step, channel)."""

    label: str
    shape: Floats


def happenings() -> list[Happening]:
    """Return the three kinds: ten minutes each."""
    return [
        Happening(
            "surge",
            curves(
                [(0, 0), (3, 14), (6, 16), (11, 0)], [(3, 0), (9, 0.22), (13, 0.2), (19, 0)], []
            ),
        ),
        Happening(
            "pump_run",
            curves(
                [],
                [(2, 0), (12, -0.28), (14, -0.28), (19, 0)],
                [(0, 0), (1, 5.8), (11, 5.6), (12, 0)],
            ),
        ),
        Happening(
            "backwash",
            curves(
                [(0, 0), (1, -17), (6, -17), (7, 0)],
                [],
                [(8, 0), (9, 3.6), (11, 3.6), (12, 0), (15, 0), (16, 3.6), (18, 3.6), (19, 0)],
            ),
        ),
    ]


def curves(*channels: list[tuple[float, float]]) -> Floats:
    """Return the polylines through the points (step, value), one a channel: array (20, channel)."""
    steps = np.arange(20)
    return np.stack(
        [
            np.interp(steps, *zip(*points, strict=True)) if points else 0.0 * steps
            for points in channels
        ],
        axis=1,
    )


def main() -> None:
    """Simulate the log and write it with its truth."""
    rng = np.random.default_rng(SEED)
    value = usual_values(rng)
    rows: list[tuple[str, str, str, str]] = []
    for happening in happenings():
        length = len(happening.shape)
        for first in occurrence_steps(length, rng):
            strength = rng.uniform(0.9, 1.1)
            value[first : first + length] += strength * happening.shape
            start, end = first * STEP_S, (first + length) * STEP_S
            rows.append(("station", happening.label, f"{start:.1f}", f"{end:.1f}"))
    missing = rng.random(value.shape) < MISSING_SHARE
    here = Path(__file__).parent
    write_log(here / "station.csv", value, missing)
    with (here / "station_truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("document", "label", "start_s", "end_s"))
        writer.writerows(sorted(rows, key=lambda row: float(row[2])))


def usual_values(rng: np.random.Generator) -> Floats:
    """Return the channels without any happening: drift, the rhythm of the day, noise."""
    step = np.arange(N_STEPS)
    day = 2 * np.pi * step * STEP_S / 86400
    slow = np.stack(
        [
            2.5 * np.sin(day) + 3.0 * step / N_STEPS,
            0.05 * np.sin(day + 1) + 0.12 * step / N_STEPS,
            0 * day,
        ],
        axis=1,
    )
    return np.array(USUAL) + slow + rng.normal(0, NOISE, (N_STEPS, len(CHANNELS)))


def occurrence_steps(length: int, rng: np.random.Generator) -> list[int]:
    """Return when a happening begins; never in a stretch that is not logged."""
    steps: list[int] = []
    step = int(rng.integers(MEAN_GAP_STEPS))
    while step + length < N_STEPS:
        if all(step + length <= first or step >= last for first, last in SILENT_STEPS):
            steps.append(step)
        step += LEAST_GAP_STEPS + int(rng.exponential(MEAN_GAP_STEPS - LEAST_GAP_STEPS))
    return steps


def write_log(path: Path, value: Floats, missing: NDArray[np.bool_]) -> None:
    """Write the log with the local time of every row; rows of the silent stretches are absent."""
    silent = np.zeros(len(value), dtype=bool)
    for first, last in SILENT_STEPS:
        silent[first:last] = True
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("time", *CHANNELS))
        for step in np.flatnonzero(~silent):
            moment = (START + timedelta(seconds=int(step) * STEP_S)).astimezone(ZONE)
            cells = [
                "" if gone else f"{number:.3f}"
                for number, gone in zip(value[step], missing[step], strict=True)
            ]
            writer.writerow((moment.isoformat(), *cells))


if __name__ == "__main__":
    main()
