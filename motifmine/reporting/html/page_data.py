"""The data of a fit for the page's script, as one inert block of JSON.

The block holds names, extents and occurrences in columns, and each motif's activity. Nothing in
it can end the element that holds it, and the script uses names as text only. Its size is bounded:
`MOST_OCCURRENCES` (context.py) of about 27 bytes, and `ACTIVITY_ENTRIES` and `EXPLAINED_ENTRIES`
entries of about 6 bytes for the activity of motifs and for what single occurrences explain.
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
from motifmine.records.fields import select_entries
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.vocabulary import FlowGrid
from motifmine.records.wall_clock import clock_start
from motifmine.reporting.figures.activity import (
    LEVELS,
    measure_grid_activity,
    measure_matrix_activity,
    measure_motif_activity,
)
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.tables.explaining import explaining_sentences
from motifmine.reporting.text_table import escape_control
from motifmine.types import Floats, Indices

ACTIVITY_ENTRIES = 240_000  # most active cells of all motifs together
EXPLAINED_ENTRIES = 80_000  # most active cells of all explained observations together
EXPLAINED_MOST = 500  # most active cells of the observations that one occurrence explains
ACTIVITY_MOST = 2_000  # most active cells of one motif


def make_page_data(
    context: ReportContext, folder: Path, explained: Mapping[int, Explained] | None = None
) -> str:
    """Return the data block of a report.

    Addresses of videos are relative to the folder of the report.
    """
    record, shown = context.record, context.shown_occurrences
    grid = record.vocabulary.layout.picture_grid()
    found = select_entries(record.occurrences, "occurrence", shown)
    extents = [recording.extent_s(record.bin_s) for recording in record.recordings]
    clocks = [clock_start(recording) for recording in record.recordings]
    n_documents = len(record.recordings)
    content = {
        "bin_s": record.bin_s,
        "n_bins": record.motifs.motif_length,
        "levels": LEVELS,
        "motifs": [elements.motif_title(record, m) for m in range(len(record.motifs))],
        "recordings": {
            "name": [escape_control(recording.name) for recording in record.recordings],
            "from_ms": [round(1000 * first) for first, _ in extents],
            "to_ms": [round(1000 * last) for _, last in extents],
            "clock_ms": [None if c is None else round(1000 * c.timestamp()) for c in clocks],
            "video": [
                "" if grid is None else make_video_address(r.source, folder)
                for r in record.recordings
            ],
        },
        "occurrences": {
            "offsets": np.searchsorted(found.document, np.arange(n_documents + 1)).tolist(),
            "motif": found.motif.tolist(),
            "step_ms": _diff_starts(found).tolist(),
            "weight": _round(found.weight),
            "score": _round(found.score),
        },
        "scene": None if grid is None else _pack_scene(grid),
        "play": _pack_activity(record),
        "observed": _pack_explained(record, explained or {}, shown),
    }
    return encode_inert_json(content)


def encode_inert_json(content: object) -> str:
    r"""Return JSON in ASCII that cannot end the script element around it.

    Examples
    --------
    >>> encode_inert_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    # a name that holds </script> or <!-- would end the data
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def make_video_address(source: str, folder: Path) -> str:
    """Return the address of a file relative to a folder, "" without a file.

    Examples
    --------
    >>> make_video_address("/archive/a #1.mp4", Path("/work/reports/fit"))
    '../../../archive/a%20%231.mp4'
    """
    if not source:
        return ""
    try:
        path = Path(os.path.relpath(source, folder)).as_posix()
    except ValueError:  # another drive of this machine; one of another machine is out of reach
        address = Path(source).absolute().as_uri()
        return address if address.startswith("file:///") else ""
    # an address that begins with a dot is never parsed as a scheme
    return quote(os.fsencode(path if path.startswith("..") else f"./{path}"), safe="/")


def _diff_starts(found: Occurrences) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return start times as differences inside each document, int64 array (O,), milliseconds."""
    start = np.round(1000 * found.start_s).astype(np.int64)
    # differences have few digits, and there may be tens of thousands
    step = np.diff(start, prepend=0)
    is_first = np.diff(found.document, prepend=-1) != 0
    return np.where(is_first, start, step)


def _round(values: Floats) -> list[float | None]:
    """Return numbers with three significant digits, None where they are not finite."""
    # JSON has no NaN, and browsers stop at one
    return [float(f"{v:.3g}") if math.isfinite(v) else None for v in values.tolist()]


def _pack_scene(grid: FlowGrid) -> dict[str, int]:
    return {
        "rows": grid.rows,
        "columns": grid.columns,
        "directions": grid.directions,
        "cell": grid.cell_px,
        "width": grid.frame_width,
        "height": grid.frame_height,
    }


def _pack_activity(record: FitRecord) -> list[dict[str, object]]:
    """Return each motif's activity, [] for words that are not cells of a picture."""
    grid = record.vocabulary.layout.picture_grid()
    if grid is None or not len(record.motifs):
        return []
    most = min(ACTIVITY_MOST, ACTIVITY_ENTRIES // len(record.motifs))
    return [
        measure_motif_activity(record, motif, most=most).packed(grid.directions)
        for motif in range(len(record.motifs))
    ]


def _pack_explained(
    record: FitRecord, explained: Mapping[int, Explained], shown: Indices
) -> dict[str, dict[str, object]]:
    """Return the observations of occurrences over the scene, or else over the motif's matrix."""
    grid = record.vocabulary.layout.picture_grid()
    n_bins = record.motifs.motif_length
    most = min(EXPLAINED_MOST, EXPLAINED_ENTRIES // max(len(explained), 1))
    packed = {}
    for occurrence, found in explained.items():
        index = int(np.searchsorted(shown, occurrence))
        if shown[index : index + 1] != occurrence:
            continue
        if grid is not None:
            activity = measure_grid_activity(
                grid, found.time, found.word, found.mass, n_bins=n_bins, most=most
            )
            packed[str(index)] = activity.packed(grid.directions)
        else:
            view = matrix_view(record, int(record.occurrences.motif[occurrence]))
            cells = measure_matrix_activity(view, found.time, found.word, found.mass, most=most)
            packed[str(index)] = cells
        motif = int(record.occurrences.motif[occurrence])
        packed[str(index)]["lines"] = explaining_sentences(record, motif, found)
    return packed
