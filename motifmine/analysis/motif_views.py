"""Views of a motif: by cell of the picture, as a matrix, and as a path.

They are computed from a fit record alone and drawn by `motifmine.reporting`.
"""

from dataclasses import dataclass

import numpy as np

from motifmine.errors import DataError
from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Floats, Indices

MATRIX_SHARE = 0.97  # share of the motif in the words that a matrix shows

# most rows of a matrix; with more words, neighbours in the order of time are summed
MATRIX_ROWS = 160


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellActivity:
    """Activity of a motif in each cell of the picture; float64 arrays (row, column)."""

    strength: Floats
    """Probability of the cell, all directions and times together."""
    time: Floats
    """Mean relative time in bins, 0 to L - 1; 0 where strength is 0."""
    right: Floats
    """Mean motion to the right, -1 to 1, of the cell's moving observations."""
    down: Floats
    """Mean motion down the picture, -1 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatrixView:
    """The part of a motif that its matrix shows; rows run from the earliest word to the latest."""

    probability: Floats
    """float64 array (row, relative time); a row is the sum of its words."""
    words: Indices
    """Words shown, ordered by mean relative time, int64 array (n,)."""
    row_offsets: Indices
    """Words of row r are `words[row_offsets[r]:row_offsets[r + 1]]`, int64 array (rows + 1,)."""
    share: float
    """Share of the motif in these words."""


def cell_activity(record: FitRecord, motif: int) -> CellActivity:
    """Return strength, time and direction of a motif in each cell of the picture.

    Raises
    ------
    DataError
        When the words are not cells of a picture.
    """
    grid = picture_grid(record)
    phi = record.motifs.probability[motif].astype(np.float64)
    moving = phi[:, : grid.rows * grid.columns * grid.directions].reshape(
        len(phi), grid.rows, grid.columns, grid.directions
    )
    by_time = moving.sum(axis=3)
    if grid.static:
        by_time += phi[:, moving[0].size :].reshape(len(phi), grid.rows, grid.columns)
    strength = by_time.sum(axis=0)
    time = np.tensordot(np.arange(len(phi), dtype=np.float64), by_time, axes=1)
    by_direction = moving.sum(axis=0)
    angle = 2 * np.pi * np.arange(grid.directions) / grid.directions
    moved = np.maximum(by_direction.sum(axis=2), np.finfo(float).tiny)
    return CellActivity(
        strength=strength,
        time=time / np.maximum(strength, np.finfo(float).tiny),
        right=by_direction @ np.cos(angle) / moved,
        down=by_direction @ np.sin(angle) / moved,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MotifPath:
    """Begin and end of a motif in the picture, and its mean direction of motion.

    Positions are shares of the picture's height and width, (down, right), 0 at the upper left.
    """

    start: tuple[float, float]
    """Centre of the first quarter of the motif's mass."""
    end: tuple[float, float]
    """Centre of its last quarter."""
    right: float
    """Mean motion to the right, -1 to 1, weighted by probability."""
    down: float
    """Mean motion down the picture, -1 to 1."""


def motif_path(record: FitRecord, motif: int) -> MotifPath | None:
    """Return the path of a motif through the picture, None for an empty motif.

    Raises
    ------
    DataError
        When the words are not cells of a picture.
    """
    grid = picture_grid(record)
    phi = record.motifs.probability[motif].astype(np.float64)
    if phi.sum() <= 0:
        return None
    row, column = grid.cells()
    total = np.cumsum(phi.sum(axis=1)) / phi.sum()
    early = phi[: int(np.searchsorted(total, 0.25)) + 1].sum(axis=0)
    late = phi[int(np.searchsorted(total, 0.75)) :].sum(axis=0)
    start, end = (
        (
            float(np.average(row + 0.5, weights=mass)) / grid.rows,
            float(np.average(column + 0.5, weights=mass)) / grid.columns,
        )
        for mass in (early, late)
    )
    activity = cell_activity(record, motif)
    strength = max(float(activity.strength.sum()), 1e-300)
    return MotifPath(
        start=start,
        end=end,
        right=float((activity.strength * activity.right).sum()) / strength,
        down=float((activity.strength * activity.down).sum()) / strength,
    )


def matrix_view(record: FitRecord, motif: int) -> MatrixView:
    """Return the heaviest words of a motif, from the earliest to the latest.

    Kinds of words may define another order: channels are in the order of the source.
    """
    phi = record.motifs.probability[motif].astype(np.float64)
    mass = phi.sum(axis=0)
    by_mass = np.argsort(-mass, kind="stable")
    total = np.cumsum(mass[by_mass])
    n_words = int(np.searchsorted(total, MATRIX_SHARE * total[-1])) + 1
    chosen = by_mass[:n_words]
    chosen = chosen[mass[chosen] > 0]
    time = np.arange(len(phi)) @ phi[:, chosen] / np.maximum(mass[chosen], np.finfo(float).tiny)
    words = record.vocabulary.layout.matrix_order(chosen, time)
    n_rows = min(len(words), MATRIX_ROWS)
    offsets = np.round(np.linspace(0, len(words), n_rows + 1)).astype(np.int64)
    rows = np.add.reduceat(phi[:, words], offsets[:-1], axis=1).T if n_rows else phi[:, words].T
    return MatrixView(
        probability=rows,
        words=words,
        row_offsets=offsets,
        share=float(mass[words].sum() / max(mass.sum(), np.finfo(float).tiny)),
    )


def picture_grid(record: FitRecord) -> FlowGrid:
    """Return the grid of picture cells of the words of a fit.

    Raises
    ------
    DataError
        When the words are not cells of a picture.
    """
    grid = record.vocabulary.layout.picture_grid()
    if grid is None:
        raise DataError(f"a vocabulary of kind {record.vocabulary.kind} has no picture to draw on")
    return grid
