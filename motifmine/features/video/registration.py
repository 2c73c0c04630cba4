"""Registration of recordings whose camera was moved, and transfer of their words to the scene.

Mean pictures are compared by their edges, which depend less on daylight than the luma does. A shift
and a small rotation are found by phase correlation, refined by maximising the enhanced correlation
coefficient (Evangelidis and Psarakis, IEEE TPAMI 30(10), 2008; OpenCV's `findTransformECC`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np

from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Floats, Floats32, Indices, Pixels

STILL_CELLS = 0.5
"""Smaller shifts, in cells, and rotations, in degrees, are ignored."""
STILL_DEG = 0.5
SMALL_SHARE = 0.12
"""Largest shift that is corrected, as a share of the picture's width."""
SMALL_DEG = 6.0
SAME_VIEW = 0.25
"""Pictures with a lower correlation of edges, at best, have different views."""
SURELY_SAME = 0.5
"""Above this correlation no search is necessary, if small moves decrease the correlation."""
CLEARLY = 0.1
"""Least gain in correlation for a move to be accepted."""
NEARBY_PX = 2.0
NEARBY_DEG = 0.5
MAX_COMPARED = 50
"""Largest number of pictures that the reference is chosen from."""
BLUR_PX = 1.5
STEPS = 80
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Shift and rotation of a picture relative to the reference."""

    right_px: float
    """Shift of the centre to the right, pixels of the picture."""
    down_px: float
    turn_deg: float
    """Clockwise on the screen."""
    agreement: float
    """Correlation of the edges, at best 1."""
    cell_px: int
    width_px: int

    @property
    def is_still(self) -> bool:
        """Whether the camera has not moved."""
        far = np.hypot(self.right_px, self.down_px)
        return bool(far < STILL_CELLS * self.cell_px and abs(self.turn_deg) < STILL_DEG)

    @property
    def is_small(self) -> bool:
        """Whether the move is small enough to be corrected."""
        far = np.hypot(self.right_px, self.down_px)
        return bool(far <= SMALL_SHARE * self.width_px and abs(self.turn_deg) <= SMALL_DEG)

    @property
    def is_same_view(self) -> bool:
        """Whether the two pictures have the same view."""
        return self.agreement >= SAME_VIEW

    def __str__(self) -> str:
        if not self.is_same_view:
            return f"shows another view (edges correlate by {self.agreement:.2f})"
        return (
            f"moved {self.right_px:+.0f} px to the right, {self.down_px:+.0f} px down, turned by "
            f"{self.turn_deg:+.1f} degrees"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegisteredTables:
    """Registered tables of one scene."""

    tables: tuple[ObservationTable, ...]
    """Tables that are not excluded, in order, with words moved where necessary."""
    notes: tuple[str, ...]
    """One line per recording that was corrected or excluded."""
    moved: Mapping[str, Placement]
    """By which placements words were moved, by name of the recording."""


def register_tables(
    tables: Sequence[ObservationTable], reference: Pixels | None = None
) -> RegisteredTables:
    """Register the tables of one scene to a common reference picture.

    If the camera has moved a little, words are moved to the nearest cell; if it has moved far, or
    has another view, the recording is excluded. Tables without a picture, or with words that are
    not cells of a picture, are unchanged.

    Parameters
    ----------
    tables : sequence of ObservationTable
        One document each.
    reference : uint8 array (row, column, rgb) or None
        Picture of the scene; None chooses the picture that correlates best with all others.
    """
    if reference is None:
        known = [table.picture for table in tables if _has_picture(table)]
        reference = choose_reference(
            spread_evenly([picture for picture in known if picture is not None])
        )
    registration = Registration(reference=reference)
    kept, notes, moved = [], [], {}
    for table in tables:
        found = registration.apply(table)
        if found.note:
            notes.append(found.note)
        if found.table is not None:
            kept.append(found.table)
        if found.moved is not None:
            moved[table.recordings[0].name] = found.moved
    return RegisteredTables(tables=tuple(kept), notes=tuple(notes), moved=moved)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegisteredTable:
    """What registration made of one table."""

    table: ObservationTable | None
    """With words moved where necessary; None where it is excluded."""
    note: str = ""
    """A line where it was corrected or excluded."""
    moved: Placement | None = None
    """By which words were moved."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registration:
    """How tables of one scene are registered, the same in memory and out of core."""

    reference: Pixels | None
    """Picture of the scene; None where tables stay as they are."""

    def apply(self, table: ObservationTable) -> RegisteredTable:
        """Return a table, registered to the scene."""
        if self.reference is None or not _has_picture(table):
            return RegisteredTable(table=table)
        placement = register_picture(table, self.reference)
        name = table.recordings[0].name
        if not placement.is_same_view or not placement.is_small:
            return RegisteredTable(table=None, note=f"{name} is excluded: its camera {placement}")
        if placement.is_still:
            return RegisteredTable(table=table)
        return RegisteredTable(
            table=move_words_back(table, placement),
            note=f"{name}: words moved back, its camera {placement}",
            moved=placement,
        )


def choose_reference(pictures: Sequence[Pixels]) -> Pixels | None:
    """Return the picture that correlates best with all others, None where there are no others."""
    if len(pictures) < 2:
        return None
    # the median: pictures of a moved camera must not blur it
    middle = np.median([compute_edges(picture) for picture in pictures], axis=0)
    agreement = [float((compute_edges(picture) * middle).sum()) for picture in pictures]
    return pictures[int(np.argmax(agreement))]


def spread_evenly(items: Sequence[Item]) -> Sequence[Item]:
    """Return at most `MAX_COMPARED` of many items, evenly spread."""
    # evenly: cameras are moved once, and both views must be among them
    return items[:: max(1, -(-len(items) // MAX_COMPARED))]


def register_picture(table: ObservationTable, reference: Pixels) -> Placement:
    """Register the picture of a flow-grid table to the scene's picture."""
    grid = table.vocabulary.layout.picture_grid()
    assert grid is not None and table.picture is not None
    matrix, agreement = register(table.picture, reference)
    height, width = table.picture.shape[:2]
    middle = np.array([width / 2, height / 2, 1.0])
    # `matrix` maps points of the reference to points of the picture
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
    """Register `picture` to `reference` by their edges.

    Returns
    -------
    float64 array (2, 3)
        A rotation and shift: `point in picture = matrix @ (column, row, 1)`.
    float
        Correlation of the edges, -1 to 1.
    """
    moving, still = compute_edges(picture), compute_edges(reference)
    unmoved = np.eye(2, 3, dtype=np.float32)
    if (agreement := _measure_agreement(moving, still, unmoved)) >= SURELY_SAME and all(
        _measure_agreement(moving, still, near) < agreement for near in _make_small_moves()
    ):
        return unmoved.astype(np.float64), agreement
    (right, down), _ = cv2.phaseCorrelate(
        still.astype(np.float64), moving.astype(np.float64), _make_window(still.shape)
    )
    best = _refine(moving, still, np.array([[1, 0, right], [0, 1, down]], dtype=np.float32))
    best = max(best, _refine(moving, still, unmoved), key=lambda found: found[1])
    # with few edges, small shifts correlate about as well as none
    return best if best[1] >= agreement + CLEARLY else (unmoved.astype(np.float64), agreement)


def move_words_back(table: ObservationTable, placement: Placement) -> ObservationTable:
    """Move every word of a table to its cell in the scene.

    Words outside the picture are removed. Directions are kept, since rotations are small.
    """
    grid = table.vocabulary.layout.picture_grid()
    assert grid is not None
    target = _map_words(grid, placement)
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
        picture=None if table.picture is None else _warp(table.picture, placement),
    )


def compute_edges(picture: Pixels) -> Floats32:
    """Compute the edge strength of a picture, float32 array (row, column), with mean 0."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), BLUR_PX)
    grey = grey.astype(np.float32)
    strength = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    # the root keeps a few strong edges (a shadow, a window frame) from deciding
    strength = np.sqrt(strength)
    return np.asarray(strength - strength.mean(), dtype=np.float32)


def _make_small_moves() -> list[Floats32]:
    """Return four small shifts and two small rotations about the corner."""
    shifts = [(NEARBY_PX, 0.0), (-NEARBY_PX, 0.0), (0.0, NEARBY_PX), (0.0, -NEARBY_PX)]
    moved = [np.array([[1, 0, right], [0, 1, down]], dtype=np.float32) for right, down in shifts]
    angles = np.radians([NEARBY_DEG, -NEARBY_DEG])
    turned = [
        np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0]], dtype=np.float32)
        for a in angles
    ]
    return moved + turned


def _refine(moving: Floats32, still: Floats32, start: Floats32) -> tuple[Floats, float]:
    """Maximise the correlation of edges from `start`; return transform and correlation."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, 1e-5)
    matrix = start.copy()
    blur_px = 5
    try:
        _, found = cv2.findTransformECC(  # type: ignore[call-overload]
            still, moving, matrix, cv2.MOTION_EUCLIDEAN, criteria, None, blur_px
        )
    except cv2.error:  # no convergence, for example without any edges
        found = start
    matrix = np.asarray(found, dtype=np.float32)
    return matrix.astype(np.float64), _measure_agreement(moving, still, matrix)


def _measure_agreement(moving: Floats32, still: Floats32, matrix: Floats32) -> float:
    """Return the correlation of edges where the pictures overlap, -1 without overlap."""
    height, width = still.shape
    size = (width, height)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(moving, matrix, size, flags=flags)
    # interpolated with the black outside otherwise
    inside = cv2.warpAffine(np.ones_like(moving), matrix, size, flags=flags) > 0.99
    # a small overlap correlates by chance
    if inside.sum() < 0.3 * inside.size:
        return -1.0
    one, two = back[inside] - back[inside].mean(), still[inside] - still[inside].mean()
    return float(one @ two / max(np.sqrt((one @ one) * (two @ two)), 1e-12))


def _has_picture(table: ObservationTable) -> bool:
    return table.vocabulary.layout.picture_grid() is not None and table.picture is not None


def _make_window(shape: tuple[int, ...]) -> Floats:
    return np.asarray(cv2.createHanningWindow(shape[::-1], cv2.CV_64F), dtype=np.float64)


def _make_inverse_matrix(placement: Placement, height: int) -> Floats:
    """Return the transform from points of the picture to points of the scene, array (2, 3)."""
    angle = np.radians(placement.turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([placement.width_px / 2, height / 2])
    shift = np.array([placement.right_px, placement.down_px])
    back = turn.T
    return np.column_stack([back, middle - back @ (middle + shift)])


def _map_words(grid: FlowGrid, placement: Placement) -> Indices:
    """Return the word of the scene for every word of the picture, -1 outside."""
    row, column = grid.cells()
    centre = (np.stack([column, row, np.zeros_like(row)]) + 0.5) * grid.cell_px
    centre[2] = 1.0
    there = _make_inverse_matrix(placement, grid.frame_height) @ centre
    column_there, row_there = np.floor(there / grid.cell_px).astype(np.int64)
    inside = (row_there >= 0) & (row_there < grid.rows)
    inside &= (column_there >= 0) & (column_there < grid.columns)
    cell = row_there * grid.columns + column_there
    n_moving = grid.rows * grid.columns * grid.directions
    word = np.arange(grid.n_words)
    moved = np.where(
        word < n_moving,
        cell * grid.directions + word % max(grid.directions, 1),
        n_moving + cell,
    )
    return np.where(inside, moved, -1)


def _warp(picture: Pixels, placement: Placement) -> Pixels:
    """Warp the picture onto the scene."""
    height, width = picture.shape[:2]
    matrix = _make_inverse_matrix(placement, height)
    warped = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)
