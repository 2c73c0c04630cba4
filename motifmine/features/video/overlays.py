"""Clocks that are burnt into the picture: cells that change with the seconds, not with the scene.

The last digit of a clock changes once a second, for a moment, and looks again as it did ten seconds
before. A lamp that blinks has two states, and what moves changes for longer and at any time. From
such cells the line of text is followed: neighbours that change only together with them.
"""

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.ticks import (
    BEGIN,
    LAST,
    N_COLUMNS,
    OTHER,
    SECOND,
    TICK,
    TICKED,
    WHOLE,
    follow_changes,
)
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Indices, Indices32, Pixels

LEAST_PIXELS = 3
"""Changed pixels of a cell that changes."""
MOMENT_S = 0.25
"""A digit changes in one frame; encoders spread that over two or three."""
TOLERANCE_S = 0.13
"""Largest difference of an interval from whole seconds: one and a half compared frames."""
LEAST_TICKS = 5
"""Seconds in a row, nearly, after which a digit is known."""
LEAST_SHARE = 0.5
"""Least share of the seconds at which a digit changes; a cell holds a part of it only."""
MOST_OTHER = 0.25
"""Most other changes of a digit, relative to those whole seconds apart: things pass behind it."""
DIGITS = 10
MOST_STATES = 26
LEAST_DIFFERENCE = 3.0
"""Least mean difference of two states of a cell that are two digits, grey levels."""
ALIKE = 0.65
"""States differ by less than this share of the usual if they are of one digit."""
REACH_CELLS = 4
"""Text goes on within this number of cells in its line."""


class OverlayWatch:
    """Watches the cells of one document.

    Parameters
    ----------
    cell_of_pixel : int32 array (H * W,)
    """

    def __init__(self, grid: FlowGrid, cell_of_pixel: Indices32) -> None:
        self.grid = grid
        self._cell_of_pixel = cell_of_pixel
        self._state = np.zeros((grid.rows * grid.columns, N_COLUMNS))
        self._state[:, [LAST, BEGIN, TICK]] = -np.inf
        self._looks: dict[int, list[Pixels]] = {}
        self._first_s = np.inf
        self._last_s = -np.inf

    def update(self, time_s: float, changed: Indices, before: Pixels) -> None:
        """Take the next pair of frames.

        Parameters
        ----------
        time_s : float
            Time of the second one, seconds.
        changed : int64 array (n,)
            Pixels that differ, as `y * width + x`.
        before : uint8 array (row, column)
            The first one, which shows digits before they change.
        """
        state = self._state
        follow_changes(
            state, changed, self._cell_of_pixel, time_s, LEAST_PIXELS, MOMENT_S, TOLERANCE_S
        )
        self._first_s, self._last_s = min(self._first_s, time_s), time_s
        for cell in np.flatnonzero((state[:, TICKED] > 0) & (state[:, SECOND] >= 2)):
            looks = self._looks.setdefault(int(cell), [])
            if state[cell, OTHER] <= state[cell, WHOLE] and len(looks) < MOST_STATES:
                looks.append(self._cut(int(cell), before))

    def find_cells(self) -> NDArray[np.bool_]:
        """Return which cells show a clock, bool array (cells,)."""
        state = self._state
        is_steady = state[:, OTHER] <= MOST_OTHER * state[:, WHOLE]
        least = max(LEAST_TICKS, LEAST_SHARE * (self._last_s - self._first_s))
        found = is_steady & (state[:, SECOND] >= least)
        for cell in np.flatnonzero(found):
            found[cell] = has_digits(self._looks.get(int(cell), []))
        return self._follow_text(found)

    def _follow_text(self, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return clocks together with their other digits."""
        state, columns = self._state, self.grid.columns
        found = found.copy()
        waiting = list(np.flatnonzero(found))
        lines = np.unique(np.array(waiting, dtype=np.int64) // columns)
        while waiting:
            cell = waiting.pop()
            row, column = divmod(int(cell), columns)
            for other in np.flatnonzero(~found & (state[:, TICK] > -np.inf)):
                apart = abs(int(other) // columns - row), abs(int(other) % columns - column)
                # what ticks once or twice by chance must not lead away from the line of text
                off = np.abs(lines - int(other) // columns).min()
                if off > 1 or apart[0] > 1 or apart[1] > REACH_CELLS:
                    continue
                lag = state[other, TICK] - state[cell, TICK]
                is_together = abs(lag - np.round(lag)) <= TOLERANCE_S
                if is_together and state[other, OTHER] <= MOST_OTHER * state[other, WHOLE]:
                    found[other] = True
                    waiting.append(other)
        return found

    def _cut(self, cell: int, picture: Pixels) -> Pixels:
        side = self.grid.cell_px
        row, column = divmod(cell, self.grid.columns)
        return picture[row * side : (row + 1) * side, column * side : (column + 1) * side].copy()


def has_digits(looks: list[Pixels]) -> bool:
    """Return whether states of a cell, one a second, are those of a digit and not of a lamp."""
    if len(looks) < LEAST_TICKS - 2:
        return False
    levels = np.array(looks, dtype=np.int16)

    def differ(lag: int) -> float:
        apart = np.abs(levels[lag:] - levels[:-lag]).reshape(len(levels) - lag, -1)
        return float(np.median(apart.mean(axis=1)))

    if differ(2) < max(LEAST_DIFFERENCE, ALIKE * differ(1)):
        return False
    # a part of the digit to the left, which is another one after ten seconds, may be in the cell
    return len(levels) < DIGITS + 3 or differ(DIGITS) < ALIKE * differ(2)


def list_boxes(grid: FlowGrid, cells: NDArray[np.bool_]) -> str:
    """Return runs of cells as boxes `x,y,w,h` in pixels of the working frame, "" for none.

    Parameters
    ----------
    cells : bool array (cells,)
    """
    boxes = []
    for row, line in enumerate(cells.reshape(grid.rows, grid.columns)):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
        for first, last in edges.reshape(-1, 2):
            side = grid.cell_px
            boxes.append(f"{first * side},{row * side},{(last - first) * side},{side}")
    return ";".join(boxes)


def find_words(grid: FlowGrid, cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which words lie in cells, bool array (W,).

    Parameters
    ----------
    cells : bool array (cells,)
    """
    row, column = grid.cells()
    return np.asarray(cells[row * grid.columns + column], dtype=np.bool_)
