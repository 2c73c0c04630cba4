"""Cameras that were knocked: how a recording's picture lies on its scene's, and words moved back.

The mean pictures are compared by their edges, which daylight changes less than brightness. A shift
and a small turn are found by phase correlation, refined by maximising the enhanced correlation
coefficient (Evangelidis and Psarakis, IEEE TPAMI 30(10), 2008; OpenCV's `findTransformECC`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Floats, Floats32, Indices, Pixels

STILL_CELLS = 0.5
"""A camera that moved by less has not moved: words stay where they are."""
STILL_DEG = 0.5
SMALL_SHARE = 0.12
"""Share of the picture's width up to which a shift is small and can be corrected."""
SMALL_DEG = 6.0
SAME_VIEW = 0.25
"""Pictures whose edges correlate less than this, at best, show different views."""
SURELY_SAME = 0.5
"""Pictures whose edges correlate so much, and less when moved a little, need no search."""
CLEARLY = 0.1
"""A camera has moved when the edges correlate better by this than they do as they are."""
NEARBY_PX = 2.0
NEARBY_DEG = 0.5
MOST_COMPARED = 50
"""Pictures among which the scene's own is chosen."""
BLUR_PX = 1.5
STEPS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How a picture lies on a reference: `reference = turn(picture) + shift`."""

    right_px: float
    """How far the middle of the picture lies to the right of where it was."""
    down_px: float
    turn_deg: float
    """Clockwise on the screen."""
    agreement: float
    """Correlation of the edges, at best 1."""
    cell_px: int
    width_px: int

    @property
    def is_still(self) -> bool:
        """Whether the camera stands where it stood."""
        far = np.hypot(self.right_px, self.down_px)
        return bool(far < STILL_CELLS * self.cell_px and abs(self.turn_deg) < STILL_DEG)

    @property
    def is_small(self) -> bool:
        """Whether words can be moved back to where they belong."""
        far = np.hypot(self.right_px, self.down_px)
        return bool(far <= SMALL_SHARE * self.width_px and abs(self.turn_deg) <= SMALL_DEG)

    @property
    def is_same_view(self) -> bool:
        """Whether the two pictures show the same place at all."""
        return self.agreement >= SAME_VIEW

    def __str__(self) -> str:
        if not self.is_same_view:
            return f"shows another view (edges correlate by {self.agreement:.2f})"
        return (
            f"moved {self.right_px:+.0f} px to the right, {self.down_px:+.0f} px down, turned by "
            f"{self.turn_deg:+.1f} degrees"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aligned:
    """Tables of one scene with what was done about cameras that moved."""

    tables: tuple[ObservationTable, ...]
    """Those that stay, words moved where that was needed, in their order."""
    notes: tuple[str, ...]
    """A line for every recording that was corrected or set apart."""


def align_tables(tables: Sequence[ObservationTable], reference: Pixels | None = None) -> Aligned:
    """Return tables with the words of moved cameras where they belong in the scene.

    A recording whose picture lies askew by little has its words moved to the nearest cell; one that
    lies askew by much, or shows another view, is set apart. Words that are not places of a picture,
    and recordings without a picture, are left as they are.

    Parameters
    ----------
    tables : sequence of ObservationTable
        One document each.
    reference : uint8 array (row, column, rgb) or None
        Picture of the scene; None takes that of the table which agrees best with all others.
    """
    if reference is None:
        known = [table for table in tables if _has_picture(table)]
        if len(known) < 2:
            return Aligned(tables=tuple(tables), notes=())
        reference = _most_central(known[:: -(-len(known) // MOST_COMPARED)])
    kept, notes = [], []
    for table in tables:
        if not _has_picture(table):
            kept.append(table)
            continue
        placement = place_picture(table, reference)
        name = table.recordings[0].name
        if not placement.is_same_view or not placement.is_small:
            notes.append(f"{name} is set apart: its camera {placement}")
        elif placement.is_still:
            kept.append(table)
        else:
            notes.append(f"{name}: words moved back, its camera {placement}")
            kept.append(moved_back(table, placement))
    return Aligned(tables=tuple(kept), notes=tuple(notes))


def place_picture(table: ObservationTable, reference: Pixels) -> Placement:
    """Return how the picture of a flow-grid table lies on the scene's picture."""
    grid = table.vocabulary.layout.picture_grid()
    assert grid is not None and table.picture is not None
    matrix, agreement = register(table.picture, reference)
    height, width = table.picture.shape[:2]
    middle = np.array([width / 2, height / 2, 1.0])
    # `matrix` leads from the reference to the picture; the middle of the scene has gone there
    right, down = matrix @ middle - middle[:2]
    return Placement(
        right_px=float(right),
        down_px=float(down),
        turn_deg=float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))),
        agreement=agreement,
        cell_px=grid.cell_px,
        width_px=width,
    )


def register(picture: Pixels, reference: Pixels) -> tuple[Floats, float]:
    """Return where points of `reference` lie in `picture`, and how well the edges agree there.

    Returns
    -------
    float64 array (2, 3)
        A rotation and shift: `point in picture = matrix @ (column, row, 1)`.
    float
        Correlation of the edges, -1 to 1.
    """
    moving, still = edges(picture), edges(reference)
    unmoved = np.eye(2, 3, dtype=np.float32)
    if (agreement := _agreement(moving, still, unmoved)) >= SURELY_SAME and all(
        _agreement(moving, still, near) < agreement for near in _nearby()
    ):
        return unmoved.astype(np.float64), agreement
    (right, down), _ = cv2.phaseCorrelate(
        still.astype(np.float64), moving.astype(np.float64), _window(still.shape)
    )
    best = _refined(moving, still, np.array([[1, 0, right], [0, 1, down]], dtype=np.float32))
    best = max(best, _refined(moving, still, unmoved), key=lambda found: found[1])
    # in a picture with few edges any small shift does about as well as none
    return best if best[1] >= agreement + CLEARLY else (unmoved.astype(np.float64), agreement)


def moved_back(table: ObservationTable, placement: Placement) -> ObservationTable:
    """Return the table with every word in the cell of the scene where it belongs.

    What would lie outside the picture is dropped; directions stay, the turn is small.
    """
    grid = table.vocabulary.layout.picture_grid()
    assert grid is not None
    target = _target_words(grid, placement)
    word = target[table.word]
    inside = word >= 0
    moved = table_from_rows(
        time=table.row_of_observation()[inside],
        word=word[inside],
        count=table.count[inside],
        n_times=table.n_times,
        vocabulary=table.vocabulary,
        bin_s=table.bin_s,
    )
    return replace(
        table,
        offsets=moved.offsets,
        word=moved.word,
        count=moved.count,
        picture=None if table.picture is None else _warped(table.picture, placement),
    )


def edges(picture: Pixels) -> Floats32:
    """Return the strength of the edges of a picture, float32 array (row, column), mean 0."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), BLUR_PX)
    grey = grey.astype(np.float32)
    strength = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    strength = np.sqrt(strength)
    return np.asarray(strength - strength.mean(), dtype=np.float32)


def _nearby() -> list[Floats32]:
    """Return small shifts and turns about the corner, four and two."""
    shifts = [(NEARBY_PX, 0.0), (-NEARBY_PX, 0.0), (0.0, NEARBY_PX), (0.0, -NEARBY_PX)]
    moved = [np.array([[1, 0, right], [0, 1, down]], dtype=np.float32) for right, down in shifts]
    angles = np.radians([NEARBY_DEG, -NEARBY_DEG])
    turned = [
        np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0]], dtype=np.float32)
        for a in angles
    ]
    return moved + turned


def _refined(moving: Floats32, still: Floats32, start: Floats32) -> tuple[Floats, float]:
    """Return the transform near `start` at which the edges agree best, and how well."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, 1e-5)
    matrix = start.copy()
    blur_px = 5
    try:
        _, found = cv2.findTransformECC(  # type: ignore[call-overload]
            still, moving, matrix, cv2.MOTION_EUCLIDEAN, criteria, None, blur_px
        )
    except cv2.error:  # the pictures have nothing to hold on to
        found = start
    matrix = np.asarray(found, dtype=np.float32)
    return matrix.astype(np.float64), _agreement(moving, still, matrix)


def _agreement(moving: Floats32, still: Floats32, matrix: Floats32) -> float:
    """Return the correlation of the edges where the pictures overlap, -1 without overlap."""
    height, width = still.shape
    size = (width, height)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(moving, matrix, size, flags=flags)
    inside = cv2.warpAffine(np.ones_like(moving), matrix, size, flags=flags) > 0.99
    if inside.sum() < 0.3 * inside.size:
        return -1.0
    one, two = back[inside] - back[inside].mean(), still[inside] - still[inside].mean()
    return float(one @ two / max(np.sqrt((one @ one) * (two @ two)), 1e-12))


def _most_central(tables: Sequence[ObservationTable]) -> Pixels:
    """Return the picture whose edges agree best with the middle of all pictures' edges."""
    pictures = [table.picture for table in tables if table.picture is not None]
    middle = np.median([edges(picture) for picture in pictures], axis=0)
    agreement = [float((edges(picture) * middle).sum()) for picture in pictures]
    return pictures[int(np.argmax(agreement))]


def _has_picture(table: ObservationTable) -> bool:
    return table.vocabulary.layout.picture_grid() is not None and table.picture is not None


def _window(shape: tuple[int, ...]) -> Floats:
    return np.asarray(cv2.createHanningWindow(shape[::-1], cv2.CV_64F), dtype=np.float64)


def _back_matrix(placement: Placement, height: int) -> Floats:
    """Return the transform from points of the picture to points of the scene, (2, 3)."""
    angle = np.radians(placement.turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([placement.width_px / 2, height / 2])
    shift = np.array([placement.right_px, placement.down_px])
    back = turn.T
    return np.column_stack([back, middle - back @ (middle + shift)])


def _target_words(grid: FlowGrid, placement: Placement) -> Indices:
    """Return the word of the scene for every word of the moved picture, -1 outside."""
    row, column = grid.cells()
    centre = (np.stack([column, row, np.zeros_like(row)]) + 0.5) * grid.cell_px
    centre[2] = 1.0
    there = _back_matrix(placement, grid.frame_height) @ centre
    column_there, row_there = np.floor(there / grid.cell_px).astype(np.int64)
    inside = (row_there >= 0) & (row_there < grid.rows)
    inside &= (column_there >= 0) & (column_there < grid.columns)
    cell = row_there * grid.columns + column_there
    n_moving = grid.rows * grid.columns * grid.directions
    word = np.arange(grid.n_words)
    moved = np.where(
        word < n_moving, cell * grid.directions + word % grid.directions, n_moving + cell
    )
    return np.where(inside, moved, -1)


def _warped(picture: Pixels, placement: Placement) -> Pixels:
    """Return the picture as the unmoved camera would show it."""
    height, width = picture.shape[:2]
    matrix = _back_matrix(placement, height)
    warped = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)
