"""Charts as pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from motifmine.analysis.evaluation import Evaluation
from motifmine.reporting.figures.motif_pictures import draw_text
from motifmine.types import Floats, Pixels

# colours of lines in order; further lines repeat them, dashed
COLOURS = ("#1f4fd8", "#d1345b", "#1a936f", "#e07a1f", "#7b3fb3", "#008fb3", "#8a6d1d", "#555555")

SIDE_PX = 420
LEFT_PX, TOP_PX, BOTTOM_PX, LEGEND_PX = 58, 22, 54, 300
MOST_LINES = 12
_FINE = 4
_FAINT = (222, 222, 226)
_FRAME = (128, 128, 134)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One line of a chart with its entry in the legend; 0 to 1 on both axes."""

    name: str
    x: Floats
    y: Floats


def draw_precision_recall(evaluation: Evaluation) -> Pixels:
    """Return the precision-recall curves of an evaluation, uint8 array (row, column, rgb).

    The curve of all labels together comes first, followed by at most `MOST_LINES` labels.
    """
    parts = [evaluation.overall, *evaluation.labels[:MOST_LINES]]
    lines = [
        Line(
            name=f"{part.label or 'all labels'}: {part.curve.average_precision:.2f}",
            # precision is not known below the first recall: the curve begins level
            x=np.concatenate([[0.0], part.curve.recall]),
            y=np.concatenate([part.curve.precision[:1], part.curve.precision]),
        )
        for part in parts
        if len(part.curve.recall)
    ]
    canvas = _draw_axes("recall", "precision", ["average precision", *(n.name for n in lines)])
    for number, line in enumerate(lines):
        _draw_line(canvas, line, number)
    return canvas


def _draw_axes(x_name: str, y_name: str, legend: Sequence[str]) -> Pixels:
    """Return an empty chart with axes from 0 to 1 and a legend."""
    height = max(TOP_PX + SIDE_PX + BOTTOM_PX, TOP_PX + 22 * (len(legend) + 1))
    canvas = np.full((height, LEFT_PX + SIDE_PX + LEGEND_PX, 3), 255, dtype=np.uint8)
    bottom, right = TOP_PX + SIDE_PX, LEFT_PX + SIDE_PX
    for step in range(6):
        at = round(step * SIDE_PX / 5)
        canvas[bottom - at, LEFT_PX : right + 1] = canvas[TOP_PX : bottom + 1, LEFT_PX + at] = (
            _FAINT
        )
        draw_text(canvas, f"{step / 5:.1f}", LEFT_PX + at, bottom + 14, anchor=0.5)
        draw_text(canvas, f"{step / 5:.1f}", LEFT_PX - 6, bottom - at, anchor=1.0)
    cv2.rectangle(canvas, (LEFT_PX, TOP_PX), (right, bottom), _FRAME, 1)
    draw_text(canvas, x_name, LEFT_PX + SIDE_PX // 2, bottom + 34, anchor=0.5)
    draw_text(canvas, y_name, LEFT_PX, TOP_PX - 11, anchor=0.0)
    for row, name in enumerate(legend):
        # names of labels often differ only at their ends
        shown = name if len(name) <= 32 else name[:24] + "~" + name[-6:]
        draw_text(canvas, shown, right + (52 if row else 22), TOP_PX + 8 + 22 * row, anchor=0.0)
    return canvas


def _draw_line(canvas: Pixels, line: Line, number: int) -> None:
    """Draw one line and its entry in the legend, in place."""
    colour = COLOURS[number % len(COLOURS)]
    rgb = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
    # the first lines are wider, so that lines on top of each other are all visible
    width = 2 + 2 * max(0, 2 - number)
    points = np.stack([LEFT_PX + line.x * SIDE_PX, TOP_PX + (1 - line.y) * SIDE_PX], axis=1)
    fixed = np.round(points * 2**_FINE).astype(np.int32)  # fixed point, for subpixel positions
    dashed = number >= len(COLOURS)
    for at in range(len(fixed) - 1):
        if not dashed or at % 2 == 0:
            begin, end = fixed[at].tolist(), fixed[at + 1].tolist()
            cv2.line(canvas, begin, end, rgb, width, cv2.LINE_AA, _FINE)
    left, y = LEFT_PX + SIDE_PX + 22, TOP_PX + 8 + 22 * (number + 1)
    cv2.line(canvas, (left, y), (left + (10 if dashed else 22), y), rgb, width, cv2.LINE_AA)
