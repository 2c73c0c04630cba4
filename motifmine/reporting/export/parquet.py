"""Occurrences as a Parquet file, with the columns of the CSV file and native types."""

import io
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, get_type_hints

from motifmine.reporting.rows import WHERE_TESTED, OccurrenceRow
from motifmine.reporting.text_table import escape_undecodable


def encode_parquet(rows: Sequence[OccurrenceRow]) -> bytes:
    """Return occurrences as a Parquet file, see `occurrences_to_arrow`."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (takes a while to import)

    buffer = io.BytesIO()
    pq.write_table(occurrences_to_arrow(rows), buffer)
    return buffer.getvalue()


def occurrences_to_arrow(rows: Sequence[OccurrenceRow]) -> Any:
    """Return occurrences as a `pyarrow.Table`.

    `start_utc` is a time stamp (milliseconds, UTC), null where the wall clock is unknown; all else
    is as in the CSV file.
    """
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)

    types: dict[type, Any] = {int: pa.int64(), float: pa.float64(), str: pa.string()}
    kinds = get_type_hints(OccurrenceRow)
    columns = {}
    for item in fields(OccurrenceRow):
        values = [getattr(row, item.name) for row in rows]
        if item.name in WHERE_TESTED:
            if any(value is not None for value in values):
                columns[item.name] = pa.array(values, pa.float64())
            continue
        if item.name == "start_utc":
            moments = [datetime.fromisoformat(value) if value else None for value in values]
            columns[item.name] = pa.array(moments, pa.timestamp("ms", tz="UTC"))
        elif kinds[item.name] is str:
            columns[item.name] = pa.array(
                [escape_undecodable(value) for value in values], pa.string()
            )
        else:
            columns[item.name] = pa.array(values, types[kinds[item.name]])
    return pa.table(columns)
