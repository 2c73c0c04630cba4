"""Opening a series of sensor values, independent of the file format."""

from dataclasses import replace
from pathlib import Path

from motifmine.errors import FormatError
from motifmine.io.readers import reader_of_content, reader_of_name, split_part
from motifmine.io.regular import refuse_special_file
from motifmine.io.series.cleaning import CleanReader
from motifmine.io.series.joining import JoinedReader
from motifmine.io.series.options import SeriesOptions
from motifmine.records.series import SeriesReader


def open_series(path: str | Path, options: SeriesOptions | None = None) -> SeriesReader:
    """Return a reader of the series at `path`; its format is given by its suffix or first bytes.

    Parameters
    ----------
    path : path
        A text table (CSV, TSV), Parquet, NPY, NPZ, HDF5 (`file.h5:/path` names a dataset or group),
        NWB, a sound file, or a format of another package's reader.
    options : SeriesOptions or None
        None recognises everything from the file.

    Raises
    ------
    FormatError
        If the file does not exist, is empty, or does not match its suffix.
    DataError
        If the roles of columns cannot be recognised; the message names the option to use.
    """
    options = options or SeriesOptions()
    if options.join:
        alone = replace(options, join=())
        paths = [Path(path), *map(Path, options.join)]
        return JoinedReader(paths, lambda one: open_series(one, alone))
    file = split_part(path)[0]
    _check_file(file)
    entry = reader_of_name(path)
    if entry is None or entry.gives != "series":
        entry = reader_of_content(file)
    reader: SeriesReader = entry.load()(Path(path), options)
    return CleanReader(reader, options.missing)


def _check_file(path: Path) -> None:
    """Raise `FormatError` if the file does not exist or is empty."""
    refuse_special_file(path)
    if path.is_dir():
        raise FormatError(f"{path} is a folder; name a file")
    if not path.exists():
        raise FormatError(f"{path} does not exist")
    if path.is_file() and not path.stat().st_size:
        raise FormatError(f"{path} is empty; expected a series")
