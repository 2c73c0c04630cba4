"""Opening a series of sensors, whatever its file is."""

from pathlib import Path

from motifmine.errors import FormatError
from motifmine.io.readers import reader_of_content, reader_of_name, split_part
from motifmine.io.series.options import SeriesOptions
from motifmine.records.series import SeriesReader


def open_series(path: str | Path, options: SeriesOptions | None = None) -> SeriesReader:
    """Return a reader of the series at `path`, told apart by its name, else by its first bytes.

    Parameters
    ----------
    path : path
        A table of text (CSV, TSV and the like), Parquet, NPY, NPZ, HDF5 (`file.h5:/path` names a
        dataset or group in it), NWB, a sound file, or what another package's reader reads.
    options : SeriesOptions
        None recognises everything.

    Raises
    ------
    FormatError
        When there is no such file, it is empty, or not what its name says.
    DataError
        When its columns cannot be told apart, naming what would help.
    """
    file = split_part(path)[0]
    _refuse_nothing(file)
    entry = reader_of_name(path)
    if entry is None or entry.gives != "series":
        entry = reader_of_content(file)
    reader: SeriesReader = entry.load()(Path(path), options or SeriesOptions())
    return reader


def _refuse_nothing(path: Path) -> None:
    """Raise `FormatError` when there is no file, or nothing in it."""
    if path.is_dir():
        raise FormatError(f"{path} is a folder; name a file")
    if not path.exists():
        raise FormatError(f"{path} does not exist")
    if path.is_file() and not path.stat().st_size:
        raise FormatError(f"{path} is empty; expected a series")
