"""Flow words of a small picture in which blobs move along lanes."""

from dataclasses import dataclass

import numpy as np

from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import FlowGrid, Vocabulary
from motifmine.types import Floats

ROWS, COLUMNS, DIRECTIONS = 16, 30, 8
RIGHT, LEFT = 0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A straight lane from one side of the picture to the other."""

    row: float
    direction: int
    speed: float
    """Cells a bin."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traffic:
    """A table, and when something was in the middle of each lane."""

    table: ObservationTable
    passages: tuple[Floats, ...]
    """Bins at which things are in the middle of the picture, by lane."""


def simulate_traffic(
    lanes: list[Lane],
    *,
    n_bins: int,
    per_bin: float,
    seed: int,
    bin_s: float = 0.12,
    flicker: float = 0.0,
) -> Traffic:
    """Return flow words of things that follow one another along `lanes`.

    Parameters
    ----------
    lanes : list of Lane
    n_bins : int
    per_bin : float
        Things that enter a lane in a bin; they keep 8 bins apart at least.
    seed : int
    bin_s : float
    flicker : float
        Observations a bin at random places and of random directions.
    """
    rng = np.random.default_rng(seed)
    counts = np.zeros((n_bins, ROWS, COLUMNS, DIRECTIONS))
    passages = []
    for lane in lanes:
        middle = []
        at = -float(rng.exponential(1 / per_bin))
        while at < n_bins:
            speed = lane.speed * rng.uniform(0.95, 1.05)
            _draw(counts, lane, at, speed, rng)
            middle.append(at + COLUMNS / 2 / speed)
            at += 8 + rng.exponential(max(1 / per_bin - 8, 0.1))
        inside = np.array(middle)
        passages.append(inside[(inside > 4) & (inside < n_bins - 4)])
    seen = rng.poisson(counts)
    noise = rng.poisson(flicker / (ROWS * COLUMNS * DIRECTIONS), seen.shape)
    time, *cell = np.nonzero(seen + noise)
    word = np.ravel_multi_index(tuple(cell), (ROWS, COLUMNS, DIRECTIONS))
    table = table_from_rows(
        time=time,
        word=word,
        count=(seen + noise)[(time, *cell)].astype(np.float32),
        n_times=n_bins,
        vocabulary=Vocabulary.of_grid(grid_of(ROWS, COLUMNS, DIRECTIONS)),
        bin_s=bin_s,
    )
    return Traffic(table=table, passages=tuple(passages))


def grid_of(rows: int, columns: int, directions: int) -> FlowGrid:
    """Return a grid of cells of 8 x 8 pixels."""
    return FlowGrid(
        rows=rows,
        columns=columns,
        directions=directions,
        cell_px=8,
        frame_width=8 * columns,
        frame_height=8 * rows,
    )


def _draw(counts: Floats, lane: Lane, at: float, speed: float, rng: np.random.Generator) -> None:
    """Add one thing that enters its lane at bin `at`."""
    y, x = np.indices((ROWS, COLUMNS))
    row = lane.row + rng.normal(0, 0.2)
    size = rng.uniform(0.8, 1.2)
    for t in range(max(0, int(at)), min(len(counts), int(at + COLUMNS / speed) + 2)):
        along = speed * (t - at)
        column = along if lane.direction == RIGHT else COLUMNS - along
        body = 9 * size * np.exp(-((y - row) ** 2) / 1.0 - ((x - column) ** 2) / (4.0 * size))
        counts[t, :, :, lane.direction] += 0.85 * body
        for side in (-1, 1):
            counts[t, :, :, (lane.direction + side) % DIRECTIONS] += 0.07 * body
