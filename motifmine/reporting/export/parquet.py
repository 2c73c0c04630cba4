"""Occurrences as a Parquet file, with the columns of the CSV file and native types."""

import io
from typing import TYPE_CHECKING

from motifmine.records.fit import FitRecord
from motifmine.reporting.rows import tabulate_occurrences

if TYPE_CHECKING:
    import pyarrow as pa


def encode_parquet(record: FitRecord) -> bytes:
    """Return occurrences as a Parquet file, see `occurrences_to_arrow`."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (takes a while to import)

    buffer = io.BytesIO()
    pq.write_table(occurrences_to_arrow(record), buffer)
    return buffer.getvalue()


def occurrences_to_arrow(record: FitRecord) -> "pa.Table":
    """Return occurrences as a `pyarrow.Table`.

    `start_utc` is a time stamp (milliseconds, UTC), null where the wall clock is unknown; all else
    is as in the CSV file.
    """
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)
    import pyarrow.compute as pc  # noqa: PLC0415

    table = tabulate_occurrences(record)
    text = table["start_utc"]
    known = pc.if_else(pc.equal(text, ""), None, text)
    moment = known.cast(pa.timestamp("ms", tz="UTC"))
    return table.set_column(table.column_names.index("start_utc"), "start_utc", moment)
