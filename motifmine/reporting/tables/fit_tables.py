"""Motifs and occurrences as rows: for people (text tables) and for machines (CSV, JSON).

In files a motif counts from 0, as in HDF5 (`motif`); where people read, it counts from 1
(`number`), and the table's caption says so.
"""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, fields

from motifmine.records.fit import FitRecord
from motifmine.reporting.rows import (
    MotifRow,
    OccurrenceRow,
    motif_rows,
    occurrence_rows,
)
from motifmine.reporting.text_table import text_table

OCCURRENCE_COLUMNS = tuple(f.name for f in fields(OccurrenceRow) if f.name != "probability")
"""Columns of the CSV file and keys of the JSON objects, in this order."""

SAMPLED_COLUMNS = (*OCCURRENCE_COLUMNS, "probability")
"""The same of a fit that was sampled."""

WHERE_KNOWN = ("name", "wall clock", "stability", "found again")
"""Columns of text tables that are left out when they tell nothing."""

NUMBERING = "Motifs are numbered from 1, the heaviest first (in files they count from 0)."


def occurrences_csv(record: FitRecord) -> str:
    """Return all occurrences as CSV text; motifs and documents count from 0."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(OCCURRENCE_COLUMNS if record.posterior is None else SAMPLED_COLUMNS)
    writer.writerows(
        (
            row.document,
            row.recording,
            row.motif,
            row.start_bin,
            f"{row.start_s:.3f}",
            row.start_time,
            row.start_utc,
            _plain_number(row.weight),
            _plain_number(row.score),
            f"{row.end_s:.3f}",
            row.motif_name,
            *(() if row.probability is None else (f"{row.probability:.3f}",)),
        )
        for row in occurrence_rows(record)
    )
    return _encodable(buffer.getvalue())


def occurrences_json(record: FitRecord) -> str:
    """Return all occurrences as a JSON list of objects; motifs and documents count from 0."""
    columns = OCCURRENCE_COLUMNS if record.posterior is None else SAMPLED_COLUMNS
    rows = [
        {name: _finite(getattr(row, name)) for name in columns} for row in occurrence_rows(record)
    ]
    return _json_lines(rows)


def motifs_json(record: FitRecord) -> str:
    """Return the motifs as a JSON list of objects.

    `motif` counts from 0 as in files, `number` from 1 as in tables and reports.
    """
    rows = [
        {"motif": row.motif, "number": row.number, **_finite_fields(row)}
        for row in motif_rows(record)
    ]
    return _json_lines(rows)


def motifs_text(record: FitRecord) -> str:
    """Return the motifs as an aligned table for people, numbered from 1."""
    columns = (
        *("motif", "name", "share", "occurrences", "per hour", "90 % within"),
        *("stability", "found again", "first", "last"),
    )
    rows = [
        (
            str(row.number),
            row.name,
            f"{100 * row.share:.1f} %",
            str(row.occurrences),
            f"{row.per_hour:.1f}",
            f"{row.duration_s:.2f} s",
            "" if row.stability is None else f"{row.stability:.2f}",
            "" if row.found_again is None else f"{100 * row.found_again:.0f} %",
            str(row.first or "-"),
            str(row.last or "-"),
        )
        for row in motif_rows(record)
    ]
    return _told_table(columns, rows) + NUMBERING + "\n"


def occurrences_text(record: FitRecord) -> str:
    """Return all occurrences as an aligned table for people; motifs numbered from 1."""
    columns = ("recording", "start", "wall clock", "motif", "name", "weight", "score")
    rows = [
        (
            row.recording,
            row.start_time,
            row.start_utc,
            str(row.motif + 1),
            row.motif_name,
            f"{row.weight:.1f}",
            f"{row.score:.1f}",
        )
        for row in occurrence_rows(record)
    ]
    return _told_table(columns, rows) + NUMBERING + "\n"


def _told_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the table without the columns of `WHERE_KNOWN` that are empty in all rows."""
    shown = [
        i for i, name in enumerate(columns) if name not in WHERE_KNOWN or any(r[i] for r in rows)
    ]
    return text_table([columns[i] for i in shown], [[row[i] for i in shown] for row in rows])


def _plain_number(value: float) -> str:
    """Return a number with six digits, "" when it is not finite."""
    return f"{value:.6g}" if math.isfinite(value) else ""


def _finite(value: object) -> object:
    """Return value, None for a float that JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _finite_fields(row: MotifRow) -> dict[str, object]:
    return {name: _finite(value) for name, value in asdict(row).items() if name != "motif"}


def _json_lines(rows: Sequence[dict[str, object]]) -> str:
    """Return a JSON list with one object a line."""
    if not rows:
        return "[]\n"
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return _encodable("[\n" + ",\n".join(lines) + "\n]\n")


def _encodable(text: str) -> str:
    """Return text that UTF-8 can hold: bytes of a file name that were none become escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
