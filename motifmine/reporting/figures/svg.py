"""Drawings of the report as SVG: occurrence strips and the trace.

Every drawing is a stretchable SVG without text; the text around it is HTML, so that it keeps its
size on small screens. Horizontal coordinates are 0 to 1000.
"""

import math
from dataclasses import dataclass

import numpy as np

from motifmine.records.fit import FitRecord, Trace
from motifmine.types import Floats, Indices, Indices32

STRIP_COLUMNS = 800  # columns of a strip; occurrences in the same column become one mark
STRIP_ROWS = 300  # most documents shown in a strip

# approximate limit of documents in all strips together; each strip shows at least 12
ALL_ROWS = 12_000

# approximate limit of marks in all strips together, of 18 bytes; with more, columns are wider
MOST_MARKS = 120_000

FEWEST_COLUMNS = 60

ROW_HEIGHT = 20  # height of a strip's row in units of its drawing

_CLOCK_STEPS = (
    *(10, 15, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600 * hours for hours in (1, 2, 4, 6, 12, 24, 48, 96, 168, 336, 672)),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strip:
    """The occurrences of one motif, a row per document."""

    svg: str
    documents: Indices
    """Documents shown, in the order of the rows."""
    n_left_out: int
    """Documents that are not shown."""
    first_s: float
    """Time at the left edge, seconds of the recording; negative where motifs start before it."""
    last_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line and the limits of its axes."""

    svg: str
    first_x: float
    last_x: float
    lowest_y: float
    highest_y: float


def drawing(inside: str, *, height: int, width: int = 1000, top: int = 0, kind: str = "") -> str:
    """Return marks as a drawing that takes any size, which screen readers pass over."""
    style = f' class="{kind}"' if kind else ""
    return (
        f'<svg{style} viewBox="0 {top} {width} {height}" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false">{inside}</svg>'
    )


def format_points(x: Floats, y: Floats) -> str:
    """Return the points of a line, or of a path after its "M"."""
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def draw_occurrence_strip(record: FitRecord, motif: int) -> Strip:
    """Return the start times of a motif in each document; the height of a mark is the weight.

    All strips of a record share one time axis. Marks in the same of up to `STRIP_COLUMNS` columns
    are one mark, as high as the highest; of more than `STRIP_ROWS` documents, those with the most
    occurrences are shown.
    """
    found = record.occurrences
    mine = np.flatnonzero(found.motif == motif)
    first_s, last_s = _find_time_range(record)
    most = min(STRIP_ROWS, max(12, ALL_ROWS // max(len(record.motifs), 1)))
    # thousands of rows would be a page that no browser scrolls
    documents = _choose_documents(found.document[mine], len(record.recordings), most)
    n_columns, most_marks = STRIP_COLUMNS, MOST_MARKS // max(len(record.motifs), 1)
    if len(mine) > most_marks:
        n_columns = min(n_columns, max(FEWEST_COLUMNS, most_marks // len(documents)))
    place = (found.start_s[mine] - first_s) / (last_s - first_s) * n_columns
    column = np.clip(place.astype(np.int64), 0, n_columns - 1)
    weight = found.weight[mine] / max(float(found.weight[mine].max(initial=0.0)), 1e-300)
    rows = []
    # a row for the documents that are not shown, too, which is not drawn
    row_of = np.full(len(record.recordings), len(documents))
    row_of[documents] = np.arange(len(documents))
    heights = np.zeros((len(documents) + 1, n_columns))
    # not their sum: two occurrences in a column of a long recording are no larger one
    np.maximum.at(heights.reshape(-1), row_of[found.document[mine]] * n_columns + column, weight)
    for row, document in enumerate(documents):
        edges = np.array(record.recordings[document].extent_s(record.bin_s))
        left, right = 1000 * (edges - first_s) / (last_s - first_s)
        rows.append(_draw_row(row, heights[row], left=left, right=right))
    return Strip(
        svg=drawing("".join(rows), height=ROW_HEIGHT * len(documents), kind="marks"),
        documents=documents,
        n_left_out=len(record.recordings) - len(documents),
        first_s=first_s,
        last_s=last_s,
    )


def draw_trace(trace: Trace) -> Curve | None:
    """Return the log-likelihood over iterations, None when fewer than two are finite."""
    good = np.isfinite(trace.log_likelihood)
    x = trace.iteration[good].astype(np.float64)
    y = trace.log_likelihood[good]
    if len(x) < 2:
        return None
    # The first iterations are far below the rest; without them the axis resolves the others.
    floor = float(np.percentile(y, 2)) if len(y) > 50 else float(y.min())
    low, high = min(floor, float(y[-1])), float(y.max())
    keep = np.unique(np.round(np.linspace(0, len(x) - 1, 500)).astype(np.int64))
    across = 1000 * (x - x[0]) / max(float(x[-1] - x[0]), 1e-300)
    down = 190 - 180 * np.clip((y - low) / max(high - low, 1e-300), -0.05, 1)
    line = f'<polyline points="{format_points(across[keep], down[keep])}"/>'
    svg = drawing(line, height=200, kind="curve")
    return Curve(svg=svg, first_x=float(x[0]), last_x=float(x[-1]), lowest_y=low, highest_y=high)


def choose_ticks(length: float, most: int) -> list[float]:
    """Return round numbers from 0 to `length`, at most about `most` of them.

    Examples
    --------
    >>> choose_ticks(3.0, 5)
    [0.0, 1.0, 2.0, 3.0]
    """
    if not (np.isfinite(length) and length > 0):
        return [0.0]
    rough = length / max(most, 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    return [float(round(i * step, 9)) for i in range(int(length / step * (1 + 1e-9)) + 1)]


def choose_time_ticks(first_s: float, last_s: float, most: int) -> list[tuple[float, str]]:
    """Return round times of an axis as (position from 0 to 1, label).

    Parameters
    ----------
    first_s, last_s : float, seconds
    most : int
        Largest number of labels, about.

    Examples
    --------
    >>> choose_time_ticks(0.0, 240.0, 3)
    [(0.0, '0:00'), (0.5, '2:00'), (1.0, '4:00')]
    """
    length = last_s - first_s
    steps = (*(m * 10.0**p for p in range(-4, 1) for m in (1, 2, 5)), *_CLOCK_STEPS)
    step = next((s for s in steps if length / s <= most), length / most)
    first = max(math.ceil(first_s / step - 1e-9), 0)
    times = [i * step for i in range(first, int(last_s / step + 1e-9) + 1)]
    return [((time - first_s) / length, _format_tick(time, step, last_s)) for time in times]


def _format_tick(time: float, step: float, last_s: float) -> str:
    """Return the label of a tick: seconds below two minutes, else minutes, or hours and minutes."""
    if last_s < 120 or step < 1:
        return f"{round(time, 4):.10g} s"
    minutes, seconds = divmod(round(time), 60)
    if last_s < 3600:
        return f"{minutes}:{seconds:02d}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if step < 60 else f"{hours}:{minutes:02d} h"


def _find_time_range(record: FitRecord) -> tuple[float, float]:
    """Return the time axis of all strips, seconds."""
    starts = record.occurrences.start_s
    extents = [recording.extent_s(record.bin_s) for recording in record.recordings]
    first_s = min([begin for begin, _ in extents], default=0.0)
    last_s = max([end for _, end in extents], default=0.0)
    first_s = min(first_s, float(starts.min(initial=np.inf)))
    last_s = max(last_s, float(starts.max(initial=-np.inf)))
    return first_s, max(last_s, first_s + record.bin_s)


def _choose_documents(document: Indices32, n_documents: int, most: int) -> Indices:
    """Return the `most` documents with the most occurrences, ascending."""
    often = np.bincount(document, minlength=n_documents)
    return np.sort(np.argsort(-often, kind="stable")[:most]).astype(np.int64)


def _draw_row(row: int, heights: Floats, *, left: float, right: float) -> str:
    """Return one document: its extent as a bar, its occurrences as marks on it."""
    base = (row + 1) * ROW_HEIGHT - 2
    bar = f'<path class="extent" d="M{left:.1f} {base}H{right:.1f}"/>'
    width = 1000 / len(heights)
    marks = "".join(
        f"M{(i + 0.5) * width:.6g} {base}v-{max(heights[i] * (ROW_HEIGHT - 3), 4):.3g}"
        for i in np.flatnonzero(heights)
    )
    return bar + (f'<path d="{marks}"/>' if marks else "")
