"""Pictures of motifs: the scene coloured by time, and the word x relative-time matrix.

Pictures are uint8 arrays (row, column, rgb) or (row, column, rgba). This is the only module of
the reporting layer that uses OpenCV.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from motifmine.errors import DataError
from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import Channels, FlowGrid
from motifmine.types import Floats, Indices, Pixels

TIME_COLOURS = ("#8b45ff", "#3d7dff", "#12bfe8", "#2fe07a", "#f3e51c", "#ff9416", "#f5222d")
"""Colours of relative time at equal steps, from violet (first) to red (last)."""

PICTURE_WIDTH_PX = 704
"""Scenes are enlarged by a whole factor to about this width, so that they are crisp."""

MANY_MOTIFS = 60
"""With more motifs scenes are half as wide, so that the page stays small."""

MATRIX_SHARE = 0.97
"""A matrix shows the words that together hold this share of its motif."""

MATRIX_ROWS = 160
"""A matrix of more words adds neighbours in the order of time up to this many rows."""

_CELL_GAP = 0.06
_CELL_OPACITY = 0.88
_PAPER = (255, 255, 255)
_INK = (34, 34, 38)
_FAINT = (128, 128, 134)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellActivity:
    """What a motif does in each cell of the picture; arrays (row, column)."""

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
    """Share of the motif that the words hold."""


def time_colours(position: Floats) -> Pixels:
    """Return the colour of relative times, uint8 array (..., rgb).

    Parameters
    ----------
    position : float array
        0 for the motif's first bin (violet), 1 for its last (red).
    """
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in TIME_COLOURS])
    at = np.linspace(0, 1, len(stops))
    channels = [np.interp(position, at, stops[:, channel]) for channel in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


def cell_activity(record: FitRecord, motif: int) -> CellActivity:
    """Return what a motif does in each cell of the picture (MODELS.md 1.4c).

    Raises
    ------
    DataError
        When the vocabulary has no place in a picture.
    """
    grid = _grid(record)
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


def scene_background(record: FitRecord) -> Pixels:
    """Return the scene enlarged and greyed so that colours read on it, rgb."""
    grid = _grid(record)
    scale = _scale(grid, len(record.motifs))
    size = (grid.frame_width * scale, grid.frame_height * scale)
    if record.picture is None:
        return np.full((size[1], size[0], 3), 70, dtype=np.uint8)
    large = cv2.resize(record.picture, size, interpolation=cv2.INTER_CUBIC).astype(np.float64)
    grey = large @ np.array([0.299, 0.587, 0.114])
    low, high = np.percentile(grey, [1, 99])
    level = np.clip((grey - low) / max(high - low, 1.0), 0, 1)
    tinted = 0.75 * grey[..., None] + 0.25 * large
    # Darkened to one range whatever the daylight, with a little of its own colour left.
    target = 28 + 132 * level
    factor = target / np.maximum(grey, 1.0)
    shaded: Pixels = np.clip(tinted * factor[..., None], 0, 255).astype(np.uint8)
    return shaded


def scene_overlay(record: FitRecord, motif: int) -> Pixels:
    """Return a motif's cells coloured by when they are active, with arrows, rgba.

    Opacity grows with the cell's probability (power 0.8) up to the 99th percentile.
    """
    grid = _grid(record)
    scale = _scale(grid, len(record.motifs))
    activity = cell_activity(record, motif)
    last = max(record.motifs.motif_length - 1, 1)
    colour = time_colours(activity.time / last)
    relative = _relative_strength(activity.strength)
    side = grid.cell_px * scale
    opacity = np.where(relative > 0.03, _CELL_OPACITY * relative**0.8, 0.0)
    alpha = np.kron(opacity, _cell_tile(side))
    overlay = np.dstack(
        [np.kron(colour, np.ones((side, side, 1), dtype=np.uint8)), np.round(255 * alpha)]
    ).astype(np.uint8)
    _draw_arrows(overlay, activity, relative, side)
    return _fitted(overlay, grid.frame_height * scale, grid.frame_width * scale)


def compose(background: Pixels, overlay: Pixels) -> Pixels:
    """Return an rgba picture laid over an rgb one of the same size, rgb."""
    alpha = overlay[..., 3:].astype(np.float64) / 255
    mixed = background * (1 - alpha) + overlay[..., :3] * alpha
    return np.round(mixed).astype(np.uint8)


def with_time_bar(scene: Pixels, length_s: float) -> Pixels:
    """Return a scene with the colours of relative time, 0 to `length_s` seconds, below it, rgb."""
    width = scene.shape[1]
    legend = np.full((52, width, 3), _PAPER, dtype=np.uint8)
    left, right = 12, width - 12
    legend[10:22, left:right] = time_colours(np.linspace(0, 1, right - left))
    for second in nice_ticks(length_s, max(2, width // 90)):
        x = left + round(second / length_s * (right - left - 1))
        legend[22:26, x] = _FAINT
        write_text(legend, f"{second:g} s", x, 38, anchor=0.5)
    return np.concatenate([scene, legend])


def matrix_view(record: FitRecord, motif: int) -> MatrixView:
    """Return the words that hold most of a motif, from the earliest to the latest.

    Words of channels stay in the order of the channels.
    """
    phi = record.motifs.probability[motif].astype(np.float64)
    mass = phi.sum(axis=0)
    by_mass = np.argsort(-mass, kind="stable")
    total = np.cumsum(mass[by_mass])
    n_words = int(np.searchsorted(total, MATRIX_SHARE * total[-1])) + 1
    chosen = by_mass[:n_words]
    chosen = chosen[mass[chosen] > 0]
    time = np.arange(len(phi)) @ phi[:, chosen] / np.maximum(mass[chosen], np.finfo(float).tiny)
    words = chosen[np.lexsort((chosen, time))]
    layout = record.vocabulary.layout
    if isinstance(layout, Channels):
        # high sounds stand above low ones
        words = np.sort(chosen)[::-1] if layout.is_sound else np.sort(chosen)
    n_rows = min(len(words), MATRIX_ROWS)
    offsets = np.round(np.linspace(0, len(words), n_rows + 1)).astype(np.int64)
    rows = np.add.reduceat(phi[:, words], offsets[:-1], axis=1).T if n_rows else phi[:, words].T
    return MatrixView(
        probability=rows,
        words=words,
        row_offsets=offsets,
        share=float(mass[words].sum() / max(mass.sum(), np.finfo(float).tiny)),
    )


def is_by_channel(record: FitRecord) -> bool:
    """Return whether a matrix's rows are grouped by channel instead of ordered by time."""
    return isinstance(record.vocabulary.layout, Channels)


def matrix_ink(view: MatrixView) -> Pixels:
    """Return a matrix as one pixel per entry, black ink whose opacity shows the probability, rgba.

    Opacity is the square root of the probability over its 99.5th percentile.
    """
    ink = np.zeros((*view.probability.shape, 4), dtype=np.uint8)
    if view.probability.size:
        full = max(np.percentile(view.probability, 99.5), 0.2 * view.probability.max())
        level = np.sqrt(np.clip(view.probability / max(full, np.finfo(float).tiny), 0, 1))
        ink[..., 3] = np.round(255 * level)
    return ink


def matrix_picture(record: FitRecord, motif: int) -> Pixels:
    """Return the word x relative-time matrix of a motif with its axes, black on white, rgb."""
    view = matrix_view(record, motif)
    ink = matrix_ink(view)
    if not ink.size:
        ink = np.zeros((1, record.motifs.motif_length, 4), dtype=np.uint8)
    labels = _row_labels(record, view)
    left = 24 + 8 * max((len(label) for label in labels), default=0)
    width = max(360, min(ink.shape[1] * 24, 900))
    height = max(240, len(labels) * 20) if labels else 320
    cells = cv2.resize(ink[..., 3], (width, height), interpolation=cv2.INTER_NEAREST)
    canvas = np.full((height + 76, left + width + 20, 3), _PAPER, dtype=np.uint8)
    plot = canvas[14 : 14 + height, left : left + width]
    plot[:] = np.round(255 - cells[..., None] * (1 - np.array(_INK) / 255))
    cv2.rectangle(canvas, (left - 1, 13), (left + width, 14 + height), _FAINT, 1)
    bottom = 14 + height
    canvas[bottom + 4 : bottom + 10, left : left + width] = time_colours(np.linspace(0, 1, width))
    length_s = record.motifs.motif_length * record.bin_s
    for second in nice_ticks(length_s, max(2, width // 80)):
        x = left + round(second / length_s * (width - 1))
        canvas[bottom + 10 : bottom + 14, x] = _FAINT
        write_text(canvas, f"{second:g} s", x, bottom + 25, anchor=0.5)
    for row, label in enumerate(labels):
        y = 14 + round((row + 0.5) * height / len(labels))
        write_text(canvas, label, left - 8, y, anchor=1.0)
    order = "by channel" if is_by_channel(record) else "earliest on top"
    caption = f"{len(view.words)} words, {order}"
    write_text(canvas, caption, left, bottom + 48, anchor=0.0)
    return canvas


def nice_ticks(length: float, most: int) -> list[float]:
    """Return round numbers from 0 to `length`, at most about `most` of them.

    Examples
    --------
    >>> nice_ticks(3.0, 5)
    [0.0, 1.0, 2.0, 3.0]
    """
    if not (np.isfinite(length) and length > 0):
        return [0.0]
    rough = length / max(most, 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    return [float(round(i * step, 9)) for i in range(int(length / step * (1 + 1e-9)) + 1)]


def png_bytes(picture: Pixels) -> bytes:
    """Return an rgb or rgba picture as PNG."""
    return _encoded(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 4])


def webp_bytes(picture: Pixels, quality: int = 88) -> bytes:
    """Return an rgb or rgba picture as WebP."""
    return _encoded(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])


def jpeg_bytes(picture: Pixels, quality: int = 86) -> bytes:
    """Return an rgb picture as JPEG."""
    return _encoded(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])


def thumbnail(picture: Pixels, width: int) -> Pixels:
    """Return an rgb picture reduced to a width in pixels."""
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return np.asarray(
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def _encoded(kind: str, picture: Pixels, options: list[int]) -> bytes:
    order = [2, 1, 0, 3][: picture.shape[2]]
    written, data = cv2.imencode(kind, np.ascontiguousarray(picture[..., order]), options)
    if not written:
        raise DataError(f"a picture of shape {picture.shape} cannot be written as {kind}")
    return bytes(data)


def _grid(record: FitRecord) -> FlowGrid:
    layout = record.vocabulary.layout
    if not isinstance(layout, FlowGrid):
        raise DataError(f"a vocabulary of kind {layout.kind} has no picture to draw on")
    return layout


def _scale(grid: FlowGrid, n_motifs: int) -> int:
    """Return by which whole factor a frame is enlarged."""
    width = PICTURE_WIDTH_PX if n_motifs <= MANY_MOTIFS else PICTURE_WIDTH_PX // 2
    return max(1, round(width / grid.frame_width))


def _relative_strength(strength: Floats) -> Floats:
    """Return strength over the 99th percentile of the active cells, cut at 1."""
    active = strength[strength > 1e-9]
    if not active.size:
        return np.zeros_like(strength)
    return np.clip(strength / np.percentile(active, 99), 0, 1)


def _cell_tile(side: int) -> Floats:
    """Return the coverage of one cell: a square with soft round corners, array (side, side)."""
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
    """Draw the mean motion of each block of 3 x 3 cells where it is strong and steady, in place."""
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


def _fitted(picture: Pixels, height: int, width: int) -> Pixels:
    """Return a picture cut, or filled up with nothing, to a size."""
    fitted = np.zeros((height, width, picture.shape[2]), dtype=np.uint8)
    part = picture[:height, :width]
    fitted[: part.shape[0], : part.shape[1]] = part
    return fitted


def _row_labels(record: FitRecord, view: MatrixView) -> list[str]:
    """Return a label per row where words are few and have labels of their own, else nothing."""
    if record.vocabulary.kind == "flow-grid" or len(view.words) > 40:
        return []
    labels = (record.vocabulary.labels[word] for word in view.words)
    plain = (label.encode("ascii", "replace").decode() for label in labels)
    return [label if len(label) <= 24 else label[:23] + "~" for label in plain]


def write_text(canvas: Pixels, text: str, x: int, y: int, *, anchor: float) -> None:
    """Write small dark text whose middle line is y; anchor 0 starts at x, 1 ends there.

    Letters that OpenCV has no shape for become question marks.
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
