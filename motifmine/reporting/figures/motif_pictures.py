"""Pictures of motifs: the scene coloured by relative time, and the word x relative-time matrix.

Pictures are uint8 arrays (row, column, rgb) or (row, column, rgba).
"""

import cv2
import numpy as np

from motifmine.analysis.motif_views import (
    CellActivity,
    MatrixView,
    cell_activity,
    matrix_view,
    picture_grid,
)
from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import FlowGrid
from motifmine.reporting.figures.svg import choose_ticks
from motifmine.reporting.motif_views import get_motif_view
from motifmine.types import Floats, Pixels

# colours of relative time at equal steps, from violet (first) to red (last)
TIME_COLOURS = ("#8b45ff", "#3d7dff", "#12bfe8", "#2fe07a", "#f3e51c", "#ff9416", "#f5222d")

# scenes are enlarged by an integer factor, so that they are crisp, to about this width
PICTURE_WIDTH_PX = 704

MANY_MOTIFS = 60  # with more motifs scenes are half as wide, which bounds the size of the page

_CELL_GAP = 0.06
_CELL_OPACITY = 0.88
_PAPER = (255, 255, 255)
_INK = (34, 34, 38)
_FAINT = (128, 128, 134)


def colour_times(position: Floats) -> Pixels:
    """Return the colour of relative times, uint8 array (..., rgb).

    0 is the first bin of a motif (violet), 1 its last (red).
    """
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in TIME_COLOURS])
    at = np.linspace(0, 1, len(stops))
    channels = [np.interp(position, at, stops[:, channel]) for channel in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


def draw_background(record: FitRecord) -> Pixels:
    """Return the scene enlarged, with little colour, as a background for coloured cells, rgb."""
    grid = picture_grid(record)
    scale = _choose_scale(grid, len(record.motifs))
    size = (grid.frame_width * scale, grid.frame_height * scale)
    if record.picture is None:
        return np.full((size[1], size[0], 3), 70, dtype=np.uint8)
    large = cv2.resize(record.picture, size, interpolation=cv2.INTER_CUBIC).astype(np.float64)
    grey = large @ np.array([0.299, 0.587, 0.114])
    # a lamp or a black frame must not decide the range
    low, high = np.percentile(grey, [1, 99])
    level = np.clip((grey - low) / max(high - low, 1.0), 0, 1)
    tinted = 0.75 * grey[..., None] + 0.25 * large
    # one range of brightness whatever the daylight, so that colours have the same contrast
    target = 28 + 132 * level
    factor = target / np.maximum(grey, 1.0)
    shaded: Pixels = np.clip(tinted * factor[..., None], 0, 255).astype(np.uint8)
    return shaded


def draw_overlay(record: FitRecord, motif: int, *, full: float | None = None) -> Pixels:
    """Return a motif's cells coloured by their relative time, with arrows of motion, rgba.

    Opacity grows with the cell's probability (power 0.8).

    Parameters
    ----------
    record : FitRecord
    motif : int
    full : float or None
        Probability of a cell from which on nothing is added; None: their 99th percentile.
    """
    grid = picture_grid(record)
    scale = _choose_scale(grid, len(record.motifs))
    activity = cell_activity(record, motif)
    last = max(record.motifs.motif_length - 1, 1)
    colour = colour_times(activity.time / last)
    strength = activity.strength
    relative = _normalise_strength(strength) if full is None else np.clip(strength / full, 0, 1)
    side = grid.cell_px * scale
    # below, cells would only dim the scene; the power lifts weak cells without hiding the scene
    # under strong ones
    opacity = np.where(relative > 0.03, _CELL_OPACITY * relative**0.8, 0.0)
    alpha = np.kron(opacity, _draw_cell(side))
    overlay = np.dstack(
        [np.kron(colour, np.ones((side, side, 1), dtype=np.uint8)), np.round(255 * alpha)]
    ).astype(np.uint8)
    _draw_arrows(overlay, activity, relative, side)
    return _crop_or_pad(overlay, grid.frame_height * scale, grid.frame_width * scale)


def compose(background: Pixels, overlay: Pixels) -> Pixels:
    """Return an rgba picture laid over an rgb one of the same size, rgb."""
    alpha = overlay[..., 3:].astype(np.float64) / 255
    mixed = background * (1 - alpha) + overlay[..., :3] * alpha
    return np.round(mixed).astype(np.uint8)


def add_time_bar(scene: Pixels, length_s: float) -> Pixels:
    """Return a scene with the colours of relative time, 0 to `length_s` seconds, below it, rgb."""
    width = scene.shape[1]
    legend = np.full((52, width, 3), _PAPER, dtype=np.uint8)
    left, right = 12, width - 12
    legend[10:22, left:right] = colour_times(np.linspace(0, 1, right - left))
    for second in choose_ticks(length_s, max(2, width // 90)):
        x = left + round(second / length_s * (right - left - 1))
        legend[22:26, x] = _FAINT
        draw_text(legend, f"{second:g} s", x, 38, anchor=0.5)
    return np.concatenate([scene, legend])


def draw_matrix(view: MatrixView) -> Pixels:
    """Return a matrix as one black pixel per entry, rgba; opacity shows the probability.

    Opacity is the square root of the probability over its 99.5th percentile.
    """
    ink = np.zeros((*view.probability.shape, 4), dtype=np.uint8)
    if view.probability.size:
        # of a motif with few entries nearly all are 0: the percentile alone could be 0, too
        full = max(np.percentile(view.probability, 99.5), 0.2 * view.probability.max())
        level = np.sqrt(np.clip(view.probability / max(full, np.finfo(float).tiny), 0, 1))
        ink[..., 3] = np.round(255 * level)
    return ink


def draw_labelled_matrix(record: FitRecord, motif: int) -> Pixels:
    """Return the word x relative-time matrix of a motif with its axes, black on white, rgb."""
    view = matrix_view(record, motif)
    ink = draw_matrix(view)
    if not ink.size:
        ink = np.zeros((1, record.motifs.motif_length, 4), dtype=np.uint8)
    labels = _list_row_labels(record, view)
    left = 24 + 8 * max((len(label) for label in labels), default=0)
    width = max(360, min(ink.shape[1] * 24, 900))
    height = max(240, len(labels) * 20) if labels else 320
    cells = cv2.resize(ink[..., 3], (width, height), interpolation=cv2.INTER_NEAREST)
    canvas = np.full((height + 76, left + width + 20, 3), _PAPER, dtype=np.uint8)
    plot = canvas[14 : 14 + height, left : left + width]
    plot[:] = np.round(255 - cells[..., None] * (1 - np.array(_INK) / 255))
    cv2.rectangle(canvas, (left - 1, 13), (left + width, 14 + height), _FAINT, 1)
    bottom = 14 + height
    canvas[bottom + 4 : bottom + 10, left : left + width] = colour_times(np.linspace(0, 1, width))
    length_s = record.motifs.motif_length * record.bin_s
    for second in choose_ticks(length_s, max(2, width // 80)):
        x = left + round(second / length_s * (width - 1))
        canvas[bottom + 10 : bottom + 14, x] = _FAINT
        draw_text(canvas, f"{second:g} s", x, bottom + 25, anchor=0.5)
    for row, label in enumerate(labels):
        y = 14 + round((row + 0.5) * height / len(labels))
        draw_text(canvas, label, left - 8, y, anchor=1.0)
    order = get_motif_view(record.vocabulary).row_order.removeprefix("the ")
    caption = f"{len(view.words)} words, {order}"
    draw_text(canvas, caption, left, bottom + 48, anchor=0.0)
    return canvas


def _choose_scale(grid: FlowGrid, n_motifs: int) -> int:
    """Return the integer factor by which a frame is enlarged."""
    width = PICTURE_WIDTH_PX if n_motifs <= MANY_MOTIFS else PICTURE_WIDTH_PX // 2
    return max(1, round(width / grid.frame_width))


def _normalise_strength(strength: Floats) -> Floats:
    """Return strength over the 99th percentile of the active cells, clipped at 1."""
    active = strength[strength > 1e-9]
    if not active.size:
        return np.zeros_like(strength)
    return np.clip(strength / np.percentile(active, 99), 0, 1)


def _draw_cell(side: int) -> Floats:
    """Return the coverage of one cell: a square with round corners, float array (side, side)."""
    fine = 8
    tile = np.zeros((side * fine, side * fine), dtype=np.uint8)
    gap = max(round(_CELL_GAP * side * fine), 1)
    radius = round(0.22 * side * fine)
    low, high = gap + radius, side * fine - gap - radius
    cv2.rectangle(tile, (gap, low), (side * fine - gap, high), 255, -1)
    cv2.rectangle(tile, (low, gap), (high, side * fine - gap), 255, -1)
    for corner in ((low, low), (low, high), (high, low), (high, high)):
        cv2.circle(tile, corner, radius, 255, -1)
    small = cv2.resize(tile, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float64) / 255


def _draw_arrows(overlay: Pixels, activity: CellActivity, relative: Floats, side: int) -> None:
    """Draw the mean motion of each block of 3 x 3 cells with a clear direction, in place."""
    block = 3
    for top in range(0, relative.shape[0], block):
        for left in range(0, relative.shape[1], block):
            part = slice(top, top + block), slice(left, left + block)
            strength = activity.strength[part]
            if relative[part].max() < 0.25:
                continue
            way = np.array(
                [np.average(a[part], weights=strength) for a in (activity.right, activity.down)]
            )
            if np.hypot(*way) < 0.45:
                continue
            row, column = np.indices(strength.shape)
            middle = [np.average(axis, weights=strength) for axis in (column + left, row + top)]
            _draw_arrow(overlay, (np.array(middle) + 0.5) * side, way / np.hypot(*way), side)


def _draw_arrow(overlay: Pixels, centre: Floats, way: Floats, side: int) -> None:
    """Draw a white arrow with a dark rim, in place; `way` is a unit vector (right, down)."""
    length = 0.95 * side
    tip, tail = centre + way * length / 2, centre - way * length / 2
    across = np.array([-way[1], way[0]])
    wings = [tip - way * length * 0.36 + s * across * length * 0.28 for s in (-1, 1)]
    lines = [
        np.round(np.array(points) * 16).astype(np.int32)  # 4 binary places, as `shift` says
        for points in ([tail, tip], [wings[0], tip, wings[1]])
    ]
    thickness = max(1, round(side / 9))
    for colour, width in (((16, 16, 20, 255), thickness + 2), ((255, 255, 255, 255), thickness)):
        cv2.polylines(overlay, lines, False, colour, width, cv2.LINE_AA, shift=4)


def _crop_or_pad(picture: Pixels, height: int, width: int) -> Pixels:
    """Return a picture cropped, or padded with zeros, to a size."""
    fitted = np.zeros((height, width, picture.shape[2]), dtype=np.uint8)
    part = picture[:height, :width]
    fitted[: part.shape[0], : part.shape[1]] = part
    return fitted


def _list_row_labels(record: FitRecord, view: MatrixView) -> list[str]:
    """Return a label per row, at most 24 ASCII characters; [] where rows are not labelled."""
    if not get_motif_view(record.vocabulary).labels_rows(view):
        return []
    labels = (record.vocabulary.labels[word] for word in view.words)
    plain = (label.encode("ascii", "replace").decode() for label in labels)
    return [label if len(label) <= 24 else label[:23] + "~" for label in plain]


def draw_text(canvas: Pixels, text: str, x: int, y: int, *, anchor: float) -> None:
    """Draw small dark text in place; characters without a glyph in OpenCV become question marks.

    Parameters
    ----------
    canvas : uint8 array (row, column, rgb)
    x, y : int, pixels
        Anchor and vertical centre of the text.
    anchor : float
        0: the text starts at x, 0.5: it is centred there, 1: it ends there.
    """
    text = text.encode("ascii", "replace").decode()
    if not text.strip():
        return
    fine, font, thickness = 4, cv2.FONT_HERSHEY_SIMPLEX, 3
    (width, height), _ = cv2.getTextSize(text, font, 0.45 * fine, thickness)
    mask = np.zeros((-(-height // fine) * 2 * fine, (-(-width // fine) + 2) * fine), dtype=np.uint8)
    cv2.putText(mask, text, (fine, height + fine), font, 0.45 * fine, 255, thickness, cv2.LINE_AA)
    small = cv2.resize(
        mask, (mask.shape[1] // fine, mask.shape[0] // fine), interpolation=cv2.INTER_AREA
    )
    left = min(max(round(x - anchor * small.shape[1]), 0), max(canvas.shape[1] - small.shape[1], 0))
    top = y - height // fine // 2 - 1
    place = canvas[top : top + small.shape[0], left : left + small.shape[1]]
    cover = small[: place.shape[0], : place.shape[1], None] / 255.0
    place[:] = np.round(place * (1 - cover) + np.array(_INK) * cover)
