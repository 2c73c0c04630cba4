"""Formats that hold series and are not read: what they are, and the way out."""

from pathlib import Path

from motifmine.errors import FormatError
from motifmine.io.series.options import SeriesOptions
from motifmine.records.series import SeriesReader

FORMATS = {
    ".xls": ("an old Excel workbook", "save the sheet as .xlsx or CSV"),
    ".ods": ("an OpenDocument table", "save the sheet as .xlsx or CSV"),
    ".rds": ("a file of R objects", "write the table as CSV or Parquet"),
    ".pkl": ("a Python pickle, which may run any program", "write the table as Parquet"),
    ".sav": ("an SPSS file", "export it as CSV"),
}


def refuse(path: Path, options: SeriesOptions) -> SeriesReader:
    """Raise `FormatError` with what the file is and how its content can be read.

    Raises
    ------
    FormatError
        Always.
    """
    what, way_out = FORMATS[path.suffix.lower()]
    raise FormatError(f"{path} is {what}, which is not read; {way_out}")
