"""Motifs and occurrences as text tables, CSV and JSON.

Motifs count from 1 here, as in reports and names of clips; they count from 0 in HDF5 alone.
"""

import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.reporting.rows import (
    list_motifs,
    tabulate_occurrences,
)
from motifmine.reporting.sentences.significance import significance_sentences
from motifmine.reporting.tables.encoding import encode_json_rows
from motifmine.reporting.text_table import (
    escape_undecodable,
    format_decimals,
    join_texts,
    map_texts,
    text_columns,
    text_table,
)
from motifmine.reporting.times import format_times
from motifmine.types import Floats

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 1 << 18  # occurrences that are formatted at once
SECONDS = ("start_s", "end_s")  # columns of the CSV file with three decimals
PROBABILITIES = ("false_probability", "false_per_hour", "probability", "tempo")

# columns of text tables that are omitted when they are empty
WHERE_KNOWN = ("name", "end", "wall clock", "stability", "found again", "p", "recurs", "false")

NUMBERING = "Motifs are numbered from 1, the heaviest first."


def encode_occurrences_csv(record: FitRecord) -> bytes:
    """Return all occurrences as CSV; motifs count from 1, documents from 0."""
    from pyarrow import csv  # noqa: PLC0415 (takes a while to import)

    # the library quotes all texts or none
    names = "".join((*record.names, *(recording.name for recording in record.recordings)))
    quoting = "needed" if set(names) & set('",\r\n') else "none"
    buffer = io.BytesIO()
    head = tabulate_occurrences(record, np.arange(0)).column_names
    buffer.write(f"{','.join(head)}\n".encode())
    options = csv.WriteOptions(include_header=False, quoting_style=quoting)
    for table in _tabulate_in_parts(record):
        csv.write_csv(_round_columns(table), buffer, options)
    return buffer.getvalue()


def _tabulate_in_parts(record: FitRecord) -> Iterator["pa.Table"]:
    """Yield the occurrences as columns; of a year all would take several times a file's memory."""
    for first in range(0, len(record.occurrences), ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE, len(record.occurrences))
        yield tabulate_occurrences(record, np.arange(first, last))


def _round_columns(table: "pa.Table") -> "pa.Table":
    """Return a table of occurrences with as many digits as its CSV has."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    for place, name in enumerate(table.column_names):
        column = table[name]
        if name in SECONDS:
            # floats would be printed with all digits: 0.30000000000000004
            column = column.cast(pa.decimal128(20, 3))
        elif name in ("weight", "score"):
            column = pa.array(_round_digits(column.to_numpy(), 6), from_pandas=True)
        elif name in PROBABILITIES:
            values = column.to_numpy()
            # three decimals, of small ones two digits
            three = pa.array(np.rint(1000 * values) / 1000, from_pandas=True)
            column = three.cast(pa.decimal128(20, 3)).cast(pa.string())
            is_small = (values > 0) & (values < 0.01)
            small = pa.array([f"{value:.2g}" for value in values[is_small].tolist()], pa.string())
            column = pc.replace_with_mask(column, pa.array(is_small), small)
        table = table.set_column(place, name, column)
    return table


def format_occurrences_json(record: FitRecord) -> str:
    """Return all occurrences as a JSON list; motifs count from 1, documents from 0."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    # columns hold valid UTF-8 only; names of files may be any bytes, which JSON can escape
    names = [_quote(recording.name) for recording in record.recordings]
    parts = []
    for table in _tabulate_in_parts(record):
        pieces: list[object] = []
        for name, column in zip(table.column_names, table.columns, strict=True):
            if name == "recording":
                texts = pa.array(names, pa.string()).take(table["document"])
            elif pa.types.is_floating(column.type):
                # numbers that are not finite, which JSON cannot hold, are null
                finite = pc.if_else(pc.is_finite(column), column, None)
                texts = pc.fill_null(finite.cast(pa.string()), "null")
            elif name == "motif_name":
                texts = map_texts(column, _quote)
            elif pa.types.is_string(column.type):
                texts = pc.binary_join_element_wise('"', column, '"', "")
            else:
                texts = column.cast(pa.string())
            pieces += [f'{", " if pieces else "{"}"{name}": ', texts]
        parts.append(join_texts(pc.binary_join_element_wise(*pieces, "},\n", "")))
    return "[\n" + "".join(parts).removesuffix(",\n") + "\n]\n" if parts else "[]\n"


def _quote(text: str) -> str:
    return escape_undecodable(json.dumps(text, ensure_ascii=False))


def format_motifs_json(record: FitRecord) -> str:
    """Return the motifs as a JSON list of objects; `motif` counts from 1 (`number` is the same)."""
    return encode_json_rows(
        [
            {"motif": row.number, "number": row.number}
            | {name: value for name, value in asdict(row).items() if name != "motif"}
            for row in list_motifs(record)
        ]
    )


def format_motifs_text(record: FitRecord) -> str:
    """Return the motifs as an aligned text table, numbered from 1, or why there is none."""
    if not len(record.motifs):
        return "\n".join(["no motifs", *significance_sentences(record)]) + "\n"
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
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)

    found = record.occurrences
    known = tabulate_occurrences(record)
    columns = {
        "recording": known["recording"],
        "start": known["start_time"],
        "end": None if found.end_s is None else format_times(found.end_s),
        "wall clock": known["start_utc"],
        "motif": known["motif"].cast(pa.string()),
        "name": known["motif_name"],
        "weight": format_decimals(found.weight),
        "score": format_decimals(found.score),
        "false": None
        if found.false_probability is None
        else format_decimals(100 * found.false_probability, " %"),
    }
    shown = {name: column for name, column in columns.items() if column is not None}
    numbers, names = ("start", "end", "motif", "weight", "score", "false"), ("recording", "name")
    table = text_columns(shown, numbers=numbers, names=names, where_known=WHERE_KNOWN)
    return table + NUMBERING + "\n"


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


def _round_digits(values: Floats, n_digits: int) -> Floats:
    """Return values rounded to a number of significant digits; NaN where not finite."""
    values = np.where(np.isfinite(values), values, np.nan)
    # zero has no logarithm
    size = np.floor(np.log10(np.maximum(np.abs(values), 1e-300)))
    # further powers of ten are not finite
    scale = 10.0 ** np.clip(n_digits - 1 - size, -300, 300)
    rounded: Floats = np.rint(values * scale) / scale
    return rounded
