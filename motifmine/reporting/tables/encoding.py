"""Rows and objects as CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, fields
from typing import Any

from motifmine.reporting.text_table import escape_undecodable


def encode_csv(columns: Sequence[object], rows: Iterable[Iterable[object]]) -> str:
    """Return CSV with a line of names; None is an empty cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return escape_undecodable(buffer.getvalue())


def encode_records(form: str, kind: type, rows: Sequence[Any]) -> str:
    """Return records of one class as CSV, with the names of its fields as columns, or as JSON.

    Parameters
    ----------
    form : {"csv", "json"}
    kind : type
        The dataclass, which has columns also where there are no rows.
    rows : sequence of records
    """
    if form == "json":
        return encode_json_rows([asdict(row) for row in rows])
    return encode_csv([item.name for item in fields(kind)], (astuple(row) for row in rows))


def encode_json(content: object) -> str:
    """Return indented JSON; numbers that are not finite, which JSON cannot hold, are null."""
    text = json.dumps(_replace_not_finite(content), indent=2, ensure_ascii=False, allow_nan=False)
    return escape_undecodable(text) + "\n"


def encode_json_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """Return a JSON list with one object per line; numbers that are not finite are null."""
    if not rows:
        return "[]\n"
    lines = (
        json.dumps(_replace_not_finite(row), ensure_ascii=False, allow_nan=False) for row in rows
    )
    return escape_undecodable("[\n" + ",\n".join(lines) + "\n]\n")


def _replace_not_finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _replace_not_finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_not_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
