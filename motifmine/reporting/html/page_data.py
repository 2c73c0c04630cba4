"""What the page's script knows of a fit: one inert block of JSON.

The block holds names, extents and occurrences in columns, and each motif's activity. Nothing in
it can end the element that holds it, and the script takes names as text only. Its size is
bounded: about 20 bytes an occurrence, and `PLAY_ENTRIES` and `OBSERVED_ENTRIES` entries of about
6 bytes for what motifs do and for what single occurrences explain.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import numpy as np

from motifmine.analysis.explained import Explained
from motifmine.analysis.motif_views import matrix_view
from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import FlowGrid
from motifmine.records.wall_clock import clock_start
from motifmine.reporting.figures.activity import (
    LEVELS,
    grid_activity,
    matrix_activity,
    motif_activity,
)
from motifmine.reporting.html import elements
from motifmine.reporting.text_table import printable
from motifmine.types import Floats

PLAY_ENTRIES = 240_000
"""Active cells of all motifs together that the page holds."""

OBSERVED_ENTRIES = 80_000
"""Active cells of what single occurrences explain, all together."""

OBSERVED_MOST = 500
"""Active cells of what one occurrence explains."""

PLAY_MOST = 2_000
"""Active cells of one motif."""


def page_data(
    record: FitRecord, folder: Path, explained: Mapping[int, Explained] | None = None
) -> str:
    """Return the data block of a report.

    Parameters
    ----------
    record : FitRecord
    folder : Path
        Where the report will lie: videos are named relative to it.
    explained : mapping of int to Explained, or None
        What single occurrences (by index) explain.
    """
    grid = record.vocabulary.layout.picture_grid()
    found = record.occurrences
    extents = [recording.extent_s(record.bin_s) for recording in record.recordings]
    clocks = [clock_start(recording) for recording in record.recordings]
    n_documents = len(record.recordings)
    content = {
        "bin_s": record.bin_s,
        "n_bins": record.motifs.motif_length,
        "levels": LEVELS,
        "motifs": [elements.motif_title(record, m) for m in range(len(record.motifs))],
        "recordings": {
            "name": [printable(recording.name) for recording in record.recordings],
            "from_ms": [round(1000 * first) for first, _ in extents],
            "to_ms": [round(1000 * last) for _, last in extents],
            "clock_ms": [None if c is None else round(1000 * c.timestamp()) for c in clocks],
            "video": [
                "" if grid is None else video_address(r.source, folder) for r in record.recordings
            ],
        },
        "occurrences": {
            "offsets": np.searchsorted(found.document, np.arange(n_documents + 1)).tolist(),
            "motif": found.motif.tolist(),
            "step_ms": _steps_ms(record).tolist(),
            "weight": _rounded(found.weight),
            "score": _rounded(found.score),
        },
        "scene": None if grid is None else _scene(grid),
        "play": _play(record),
        "observed": _observed(record, explained or {}),
    }
    return inert_json(content)


def inert_json(content: object) -> str:
    r"""Return JSON in ASCII that cannot end the script element around it.

    Examples
    --------
    >>> inert_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def video_address(source: str, folder: Path) -> str:
    """Return the address of a file relative to a folder, "" without a file.

    Examples
    --------
    >>> video_address("/archive/a #1.mp4", Path("/work/reports/fit"))
    '../../../archive/a%20%231.mp4'
    """
    if not source:
        return ""
    try:
        path = Path(os.path.relpath(source, folder)).as_posix()
    except ValueError:  # another drive of this machine; one of another machine is out of reach
        address = Path(source).absolute().as_uri()
        return address if address.startswith("file:///") else ""
    # What begins with a dot is never taken for the name of a protocol.
    return quote(os.fsencode(path if path.startswith("..") else f"./{path}"), safe="/")


def _steps_ms(record: FitRecord) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return start times in milliseconds, each less the one before it in its document."""
    start = np.round(1000 * record.occurrences.start_s).astype(np.int64)
    step = np.diff(start, prepend=0)
    is_first = np.diff(record.occurrences.document, prepend=-1) != 0
    return np.where(is_first, start, step)


def _rounded(values: Floats) -> list[float | None]:
    """Return numbers with three digits, None for what JSON cannot hold."""
    return [float(f"{v:.3g}") if math.isfinite(v) else None for v in values.tolist()]


def _scene(grid: FlowGrid) -> dict[str, int]:
    return {
        "rows": grid.rows,
        "columns": grid.columns,
        "directions": grid.directions,
        "cell": grid.cell_px,
        "width": grid.frame_width,
        "height": grid.frame_height,
    }


def _play(record: FitRecord) -> list[dict[str, object]]:
    """Return each motif's activity, [] for words that have no place in a picture."""
    grid = record.vocabulary.layout.picture_grid()
    if grid is None or not len(record.motifs):
        return []
    most = min(PLAY_MOST, PLAY_ENTRIES // len(record.motifs))
    return [
        motif_activity(record, motif, most=most).packed(grid.directions)
        for motif in range(len(record.motifs))
    ]


def _observed(
    record: FitRecord, explained: Mapping[int, Explained]
) -> dict[str, dict[str, object]]:
    """Return what occurrences explain: over the scene, or else over the matrix of their motif."""
    grid = record.vocabulary.layout.picture_grid()
    n_bins = record.motifs.motif_length
    most = min(OBSERVED_MOST, OBSERVED_ENTRIES // max(len(explained), 1))
    packed = {}
    for index, found in explained.items():
        if grid is not None:
            activity = grid_activity(
                grid, found.time, found.word, found.mass, n_bins=n_bins, most=most
            )
            packed[str(index)] = activity.packed(grid.directions)
        else:
            view = matrix_view(record, int(record.occurrences.motif[index]))
            cells = matrix_activity(view, found.time, found.word, found.mass, most=most)
            packed[str(index)] = cells
    return packed
