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
from motifmine.reporting.rows import clip_starts, list_motifs, tabulate_occurrences
from motifmine.reporting.sentences.significance import significance_sentences
from motifmine.reporting.tables.encoding import encode_json_rows
from motifmine.reporting.text_table import (
    escape_undecodable,
    format_decimals,
    join_texts,
    map_texts,
    measure_columns,
    text_heads,
    text_rows,
    text_table,
)
from motifmine.reporting.times import format_times
from motifmine.types import Floats, Indices

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 1 << 18  # occurrences that are formatted at once
SECONDS = ("start_s", "end_s")  # columns of the CSV file with three decimals
PROBABILITIES = ("false_probability", "false_per_hour", "probability", "tempo")

# columns of text tables that are omitted when they are empty
WHERE_KNOWN = ("name", "end", "wall clock", "stability", "found again", "p", "recurs", "false")

NUMBERING = "Motifs are numbered from 1, the heaviest first."


def stream_csv(record: FitRecord) -> Iterator[bytes]:
    """Yield all occurrences as CSV, part by part; motifs count from 1, documents from 0."""
    from pyarrow import csv  # noqa: PLC0415 (takes a while to import)

    # the library quotes all texts or none
    names = "".join((*record.names, *(recording.name for recording in record.recordings)))
    quoting = "needed" if set(names) & set('",\r\n') else "none"
    yield f"{','.join(tabulate_occurrences(record, np.arange(0)).column_names)}\n".encode()
    options = csv.WriteOptions(include_header=False, quoting_style=quoting)
    for at in _parts(record):
        buffer = io.BytesIO()
        csv.write_csv(_round_columns(tabulate_occurrences(record, at)), buffer, options)
        yield buffer.getvalue()


def _parts(record: FitRecord) -> Iterator[Indices]:
    """Yield the occurrences in parts: those of a year would take several times a file's memory."""
    for first in range(0, len(record.occurrences), ROWS_AT_ONCE):
        yield np.arange(first, min(first + ROWS_AT_ONCE, len(record.occurrences)))


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


def stream_json(record: FitRecord) -> Iterator[bytes]:
    """Yield all occurrences as a JSON list, part by part; motifs count from 1, documents from 0."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    # columns hold valid UTF-8 only; names of files may be any bytes, which JSON can escape
    names = [_quote(recording.name) for recording in record.recordings]
    opening = b"[\n"
    for at in _parts(record):
        table = tabulate_occurrences(record, at)
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
        yield opening
        yield join_texts(pc.binary_join_element_wise(*pieces, "},\n", ""))[: -len(opening)]
        opening = b",\n"
    yield b"\n]\n" if len(record.occurrences) else b"[]\n"


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


def stream_text(record: FitRecord) -> Iterator[bytes]:
    """Yield all occurrences as an aligned table for people, part by part; motifs from 1."""
    numbers, names = ("start", "end", "motif", "weight", "score", "false"), ("recording", "name")
    widest = _format_columns(record, _find_widest(record))
    cells = measure_columns(widest, numbers=numbers, names=names, where_known=WHERE_KNOWN)
    yield text_heads(cells).encode()
    for at in _parts(record):
        yield text_rows(_format_columns(record, at), cells, names)
    yield f"{NUMBERING}\n".encode()


def _format_columns(record: FitRecord, at: Indices) -> "dict[str, pa.ChunkedArray]":
    """Return the columns of some occurrences as texts."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)

    found = record.occurrences
    known = tabulate_occurrences(record, at)
    columns = {
        "recording": known["recording"],
        "start": known["start_time"],
        "end": None if found.end_s is None else format_times(found.end_s[at]),
        "wall clock": known["start_utc"],
        "motif": known["motif"].cast(pa.string()),
        "name": known["motif_name"],
        "weight": format_decimals(found.weight[at]),
        "score": format_decimals(found.score[at]),
        "false": None
        if found.false_probability is None
        else format_decimals(100 * found.false_probability[at], " %"),
    }
    return {name: column for name, column in columns.items() if column is not None}


def _find_widest(record: FitRecord) -> Indices:
    """Return occurrences among which are the longest texts of all columns, int64 array.

    They are the first of each recording and motif, and those with the least and the largest numbers
    and all kinds of numbers that are not finite.
    """
    found = record.occurrences
    numbers = (clip_starts(record, found), found.end_s, found.weight, found.score)
    widest = []
    for index in (found.document, found.motif):
        first = np.full(int(index.max(initial=-1)) + 1, -1)
        first[index[::-1]] = np.arange(len(index))[::-1]
        widest.append(first[first >= 0])
    for values in (*numbers, found.false_probability):
        if values is not None and len(values):
            finite = np.isfinite(values)
            odd = np.flatnonzero(~finite)
            known = np.where(finite, values, 0)
            edges = np.array([known.argmin(), known.argmax()])
            widest += [edges, odd[np.unique(values[odd], return_index=True)[1]]]
    return np.unique(np.concatenate(widest)).astype(np.int64)


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
