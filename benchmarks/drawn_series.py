"""Series with known occurrences, drawn as people have them: a logger, melodies, events."""

import csv
import wave
from pathlib import Path

import numpy as np

LOGGER_S, LOGGER_HZ = 2400, 2
SOUND_S, SOUND_HZ = 180, 16_000
EVENTS_S = 7200
FLAT = np.ones(4)
MELODIES = {
    "up": (400, 500, 630, 800),
    "down": (1600, 1200, 900, 700),
    "trill": (2000, 2500, 2000, 2500, 2000),
}
Truth = list[tuple[float, str]]


def draw_logger(path: Path, rng: np.random.Generator) -> Truth:
    """Write six channels of autocorrelated noise with programmes of 8, 20 and 45 s."""
    n = LOGGER_S * LOGGER_HZ
    values = np.zeros((n, 6))
    for row in range(1, n):
        values[row] = 0.8 * values[row - 1] + 0.4 * rng.normal(size=6)
    # number, length in seconds, and what happens: seconds after the start, channel, samples
    programmes = {
        "heat": (
            18,
            20,
            ((0, 0, 6 * np.hanning(20)), (6, 1, -5 * np.hanning(16)), (12, 2, 4 * np.ones(16))),
        ),
        "fill": (15, 45, ((0, 3, np.r_[0:8:40j, 8:0:50j]), (15, 4, -6 * np.hanning(40)))),
        "purge": (25, 8, ((0, 5, 5 * FLAT), (3, 0, -5 * FLAT), (6, 5, -5 * FLAT))),
    }
    truth: Truth = []
    for label, (number, length, shapes) in programmes.items():
        for start in place(number, length + 15, LOGGER_S - length, rng):
            truth.append((start, label))
            for after, channel, shape in shapes:
                first = int((start + after) * LOGGER_HZ)
                values[first : first + len(shape), channel] += shape[: n - first]
    names = ("boiler", "pump", "valve", "tank", "return", "fan")
    rows = (
        (f"{row / LOGGER_HZ:.1f}", *(f"{value:.2f}" for value in values[row])) for row in range(n)
    )
    write_rows(path, ("time", *names), rows)
    return truth


def draw_melodies(path: Path, rng: np.random.Generator) -> Truth:
    """Write three melodies of four and five tones of 0.2 s in noise, 1.2 to 5 s apart."""
    sound, truth = rng.normal(0, 0.01, SOUND_S * SOUND_HZ), []
    start = 2.0
    while start < SOUND_S - 6:
        label = list(MELODIES)[rng.integers(len(MELODIES))]
        truth.append((start, label))
        for tone, hertz in enumerate(MELODIES[label]):
            at, n = int((start + 0.2 * tone) * SOUND_HZ), int(0.18 * SOUND_HZ)
            phase = 2 * np.pi * hertz * np.arange(n) / SOUND_HZ
            sound[at : at + n] += rng.uniform(0.12, 0.24) * np.sin(phase) * np.hanning(n)
        start += rng.uniform(1.2, 5)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return truth


def draw_events(path: Path, rng: np.random.Generator) -> Truth:
    """Write four sequences of 3 to 8 events in 10 to 30 s, 40 of each, and as many others."""
    events: list[tuple[float, str]] = []
    truth: Truth = []
    for label in "ABCD":
        length = rng.uniform(10, 30)
        after = [0, *np.sort(rng.uniform(0, length, rng.integers(2, 8)))]
        pages = [f"page{n}" for n in rng.integers(20, size=len(after))]
        for start in rng.uniform(0, EVENTS_S - length, 40):
            truth.append((start, label))
            at = start + after + rng.normal(0, 0.02 * length, len(after))
            events += zip(at, pages, strict=True)
    events += [(rng.uniform(0, EVENTS_S), f"page{rng.integers(20)}") for _ in events]
    write_rows(path, ("time", "label"), ((f"{max(t, 0):.2f}", page) for t, page in sorted(events)))
    return truth


def place(number: int, apart: float, last: float, rng: np.random.Generator) -> list[float]:
    """Return starts from 0 to `last`, at least `apart` from one another."""
    starts: list[float] = []
    while len(starts) < number:
        start = rng.uniform(0, last)
        if all(abs(start - other) >= apart for other in starts):
            starts.append(start)
    return sorted(starts)


def write_rows(path: Path, header: tuple[str, ...], rows) -> None:  # type: ignore[no-untyped-def]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
