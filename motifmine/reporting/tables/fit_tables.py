"""Motifs and occurrences as text tables, CSV and JSON.

Motifs count from 1 here, as in reports and names of clips; they count from 0 in HDF5 alone.
"""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, fields

from motifmine.records.fit import FitRecord
from motifmine.reporting.rows import (
    WHERE_TESTED,
    MotifRow,
    OccurrenceRow,
    list_motifs,
    list_occurrences,
)
from motifmine.reporting.text_table import escape_undecodable, text_table
from motifmine.reporting.times import format_time

OCCURRENCE_COLUMNS = tuple(f.name for f in fields(OccurrenceRow) if f.name not in WHERE_TESTED)
"""Columns of the CSV file and keys of the JSON objects, in this order; followed by those of
`WHERE_TESTED` that are known."""

WHERE_KNOWN = ("name", "end", "wall clock", "stability", "found again", "p", "recurs", "false")
"""Columns of text tables that are omitted when they are empty."""

NUMBERING = "Motifs are numbered from 1, the heaviest first."


def format_occurrences_csv(record: FitRecord) -> str:
    """Return all occurrences as CSV text; motifs count from 1, documents from 0."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    more = list_tested_columns(record)
    writer.writerow((*OCCURRENCE_COLUMNS, *more))
    writer.writerows(
        (
            row.document,
            row.recording,
            row.motif,
            row.start_bin,
            f"{row.start_s:.3f}",
            row.start_time,
            row.start_utc,
            _format_number(row.weight),
            _format_number(row.score),
            f"{row.end_s:.3f}",
            row.motif_name,
            *(_format_share(getattr(row, name)) for name in more),
        )
        for row in list_occurrences(record)
    )
    return escape_undecodable(buffer.getvalue())


def format_occurrences_json(record: FitRecord) -> str:
    """Return all occurrences as a JSON list; motifs count from 1, documents from 0."""
    columns = (*OCCURRENCE_COLUMNS, *list_tested_columns(record))
    rows = [
        {name: _replace_not_finite(getattr(row, name)) for name in columns}
        for row in list_occurrences(record)
    ]
    return _format_json(rows)


def format_motifs_json(record: FitRecord) -> str:
    """Return the motifs as a JSON list of objects; `motif` counts from 1 (`number` is the same)."""
    rows = [
        {"motif": row.number, "number": row.number, **_list_fields(row)}
        for row in list_motifs(record)
    ]
    return _format_json(rows)


def format_motifs_text(record: FitRecord) -> str:
    """Return the motifs as an aligned text table, numbered from 1."""
    columns = (
        *("motif", "name", "share", "occurrences", "per hour", "90 % within"),
        *("p", "recurs", "stability", "found again", "first", "last"),
    )
    rows = [
        (
            str(row.number),
            row.name,
            f"{100 * row.share:.1f} %",
            str(row.occurrences),
            f"{row.per_hour:.1f}",
            f"{row.duration_s:.2f} s",
            _format_p_value(row.p_value),
            "" if row.recurring_share is None else f"{100 * row.recurring_share:.0f} %",
            "" if row.stability is None else f"{row.stability:.2f}",
            "" if row.found_again is None else f"{100 * row.found_again:.0f} %",
            str(row.first or "-"),
            str(row.last or "-"),
        )
        for row in list_motifs(record)
    ]
    return _format_known_columns(columns, rows) + NUMBERING + "\n"


def format_occurrences_text(record: FitRecord) -> str:
    """Return all occurrences as an aligned table for people; motifs numbered from 1."""
    columns = (
        *("recording", "start", "end", "wall clock", "motif", "name"),
        *("weight", "score", "false"),
    )
    has_ends = record.occurrences.end_s is not None
    rows = [
        (
            row.recording,
            row.start_time,
            format_time(row.end_s) if has_ends else "",
            row.start_utc,
            str(row.motif),
            row.motif_name,
            f"{row.weight:.1f}",
            f"{row.score:.1f}",
            "" if row.false_probability is None else f"{100 * row.false_probability:.1f} %",
        )
        for row in list_occurrences(record)
    ]
    return _format_known_columns(columns, rows) + NUMBERING + "\n"


def _format_known_columns(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the text table without those columns of `WHERE_KNOWN` that are empty."""
    shown = [
        i for i, name in enumerate(columns) if name not in WHERE_KNOWN or any(r[i] for r in rows)
    ]
    return text_table([columns[i] for i in shown], [[row[i] for i in shown] for row in rows])


def _format_p_value(p_value: float | None) -> str:
    """Return a p-value for people, "" where there is none."""
    if p_value is None or math.isnan(p_value):
        return ""
    return f"{p_value:.2g}"


def list_tested_columns(record: FitRecord) -> tuple[str, ...]:
    """Return the columns of `WHERE_TESTED` that the fit has."""
    has = {
        "false_probability": record.occurrences.false_probability is not None,
        "false_per_hour": record.occurrences.false_per_hour is not None,
        "probability": record.posterior is not None,
        "tempo": record.occurrences.tempo is not None,
    }
    return tuple(name for name in WHERE_TESTED if has[name])


def _format_share(value: float) -> str:
    """Return a probability or rate with three decimals, small ones with two digits."""
    return f"{value:.3f}" if value == 0 or value >= 0.01 else f"{value:.2g}"


def _format_number(value: float) -> str:
    """Return a number with six digits, "" when it is not finite."""
    return f"{value:.6g}" if math.isfinite(value) else ""


def _replace_not_finite(value: object) -> object:
    """Return value, None for NaN and infinities, which JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _list_fields(row: MotifRow) -> dict[str, object]:
    return {
        name: _replace_not_finite(value) for name, value in asdict(row).items() if name != "motif"
    }


def _format_json(rows: Sequence[dict[str, object]]) -> str:
    """Return a JSON list with one object per line."""
    if not rows:
        return "[]\n"
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return escape_undecodable("[\n" + ",\n".join(lines) + "\n]\n")
