"""Opening a series of sensor values, independent of the file format."""

from dataclasses import replace
from pathlib import Path

from motifmine.io.readers import reader_of_content, reader_of_name, split_part
from motifmine.io.regular import check_input
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
    check_input(file, "a series, as a table of text or a sound file")
    entry = reader_of_name(path)
    if entry is None or entry.gives != "series":
        entry = reader_of_content(file)
    reader: SeriesReader = entry.load()(Path(path), options)
    return CleanReader(reader, options.missing)
