"""Activity of motifs by cell and relative time, compact enough to be played in the page."""

from dataclasses import dataclass

import numpy as np

from motifmine.analysis.motif_views import MatrixView, picture_grid
from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Floats, Indices

LEVELS = 31  # number of levels to which strengths are quantised


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Activity:
    """The strongest active cells by relative time; bins in order, cells ascending."""

    offsets: Indices
    """Entries of bin b are `offsets[b]:offsets[b + 1]`, int64 array (L + 1,)."""
    cell: Indices
    """row * columns + column."""
    level: Indices
    """1 to `LEVELS`."""
    direction: Indices
    """The direction of most of the motion, -1 where there is none."""
    share: float
    """Share of the total strength in the entries."""

    def packed(self, n_directions: int) -> dict[str, object]:
        """Return plain lists: cells as differences inside their bin, level and direction as one."""
        first = np.zeros(len(self.cell), dtype=np.int64)
        starts = self.offsets[:-1][np.diff(self.offsets) > 0]
        first[starts] = self.cell[starts]
        # differences are small numbers, which compress well in the page
        step = np.diff(self.cell, prepend=0)
        step[starts] = first[starts]
        value = self.level * (n_directions + 1) + self.direction + 1
        return {
            "offsets": self.offsets.tolist(),
            "cell": step.tolist(),
            "value": value.tolist(),
            "share": round(100 * self.share),
        }


def measure_motif_activity(record: FitRecord, motif: int, *, most: int) -> Activity:
    """Return the activity of a motif in the scene.

    At most `most` entries are kept.

    Raises `DataError` when the words are not cells of a picture.
    """
    grid = picture_grid(record)
    phi = record.motifs.probability[motif]
    # a fit leaves a little in all cells, which is not shown at any level
    time, word = np.nonzero(phi > 1e-3 * phi.max(initial=0.0))
    return measure_grid_activity(
        grid, time, word, phi[time, word].astype(np.float64), n_bins=len(phi), most=most
    )


def measure_grid_activity(
    grid: FlowGrid, time: Indices, word: Indices, mass: Floats, *, n_bins: int, most: int
) -> Activity:
    """Return the strongest cells and bins of masses of words at relative times.

    Parameters
    ----------
    time, word : int arrays (N,)
        Relative time in `0 <= time < n_bins` and word of each mass.
    mass : float array (N,), > 0
    n_bins : int
        Motif length.
    most : int
        Largest number of entries.
    """
    n_moving = grid.rows * grid.columns * grid.directions
    is_moving = word < n_moving
    n_directions = max(grid.directions, 1)
    cell = np.where(is_moving, word // n_directions, word - n_moving)
    n_cells = grid.rows * grid.columns
    place, inverse = np.unique(time * n_cells + cell, return_inverse=True)
    strength = np.bincount(inverse, weights=mass, minlength=len(place))
    by_direction = np.zeros((len(place), n_directions))
    np.add.at(
        by_direction,
        (inverse[is_moving], word[is_moving] % n_directions),
        mass[is_moving],
    )
    most_way = by_direction.argmax(axis=1)
    # an arrow claims a direction: more than half of the motion must have it
    is_steady = by_direction.max(axis=1, initial=0.0) > 0.5 * strength
    # a percentile, because a single very strong cell would hide all others
    full = np.percentile(strength, 98) if len(strength) else 1.0
    level = np.ceil(LEVELS * np.clip(strength / max(full, 1e-300), 0, 1)).astype(np.int64)
    # the strongest, but in the order of bins, which `offsets` need
    chosen = np.sort(np.argsort(-strength, kind="stable")[:most])
    bins = place[chosen] // n_cells
    return Activity(
        offsets=np.searchsorted(bins, np.arange(n_bins + 1)).astype(np.int64),
        cell=place[chosen] % n_cells,
        level=level[chosen],
        direction=np.where(is_steady, most_way, -1)[chosen],
        share=float(strength[chosen].sum() / max(strength.sum(), 1e-300)),
    )


def measure_matrix_activity(
    view: MatrixView, time: Indices, word: Indices, mass: Floats, *, most: int
) -> dict[str, object]:
    """Return the strongest entries of masses in a motif's matrix, as plain lists.

    Parameters
    ----------
    view : MatrixView
        The motif's own matrix; words that it does not show are excluded.
    time, word : int arrays (N,)
        Relative time and word of each mass.
    mass : float array (N,), > 0
    most : int
        Largest number of entries.
    """
    n_rows, n_bins = view.probability.shape
    row_of_word = np.full(int(max(view.words.max(initial=0), word.max(initial=0))) + 1, -1)
    row_of_word[view.words] = np.repeat(np.arange(n_rows), np.diff(view.row_offsets))
    row = row_of_word[word]
    inside = row >= 0
    total = np.bincount(
        row[inside] * n_bins + time[inside], weights=mass[inside], minlength=n_rows * n_bins
    )
    chosen = np.sort(np.argsort(-total, kind="stable")[:most])
    chosen = chosen[total[chosen] > 0]
    full = max(float(total.max(initial=0.0)), 1e-300)
    return {
        "rows": n_rows,
        "row": (chosen // n_bins).tolist(),
        "bin": (chosen % n_bins).tolist(),
        "level": np.ceil(LEVELS * total[chosen] / full).astype(np.int64).tolist(),
        "share": round(100 * float(total[chosen].sum() / max(float(mass.sum()), 1e-300))),
    }
