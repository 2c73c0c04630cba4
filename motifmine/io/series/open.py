"""Opening a series of sensors, whatever its file is."""

from pathlib import Path
from typing import Literal

from motifmine.errors import FormatError
from motifmine.io.series.options import SeriesOptions
from motifmine.records.series import SeriesReader

__all__ = [
    "SERIES_SUFFIXES",
    "SeriesKind",
    "SeriesOptions",
    "open_series",
    "series_kind",
    "split_inner",
]

SeriesKind = Literal["text", "parquet", "npy", "npz", "hdf5", "audio"]

SUFFIXES: dict[SeriesKind, tuple[str, ...]] = {
    "text": (".csv", ".tsv", ".txt", ".dat"),
    "parquet": (".parquet", ".pq"),
    "npy": (".npy",),
    "npz": (".npz",),
    "hdf5": (".h5", ".hdf5", ".hdf", ".nwb"),
    "audio": (".wav", ".flac", ".ogg", ".aiff", ".aif", ".mp3"),
}
KINDS: dict[str, SeriesKind] = {end: kind for kind, ends in SUFFIXES.items() for end in ends}
SERIES_SUFFIXES = frozenset(KINDS)
"""Endings of the files that `open_series` reads."""
MAGIC: tuple[tuple[bytes, SeriesKind], ...] = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"PAR1", "parquet"),
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "npz"),
    (b"fLaC", "audio"),
    (b"OggS", "audio"),
)


def open_series(path: str | Path, options: SeriesOptions | None = None) -> SeriesReader:
    """Return a reader of the series at `path`, told apart by its name, else by its first bytes.

    Parameters
    ----------
    path : path
        A table of text (CSV, TSV and the like), Parquet, NPY, NPZ, HDF5 (`file.h5:/path` names a
        dataset or group in it), NWB, or a sound file.
    options : SeriesOptions
        None recognises everything.

    Raises
    ------
    FormatError
        When there is no such file, it is empty, or not what its name says.
    DataError
        When its columns cannot be told apart, naming what would help.
    """
    options = options or SeriesOptions()
    file, inner = split_inner(path)
    _refuse_nothing(file)
    kind = series_kind(file) or _kind_by_content(file)
    if kind == "parquet":
        from motifmine.io.series.parquet_files import open_parquet  # noqa: PLC0415

        return open_parquet(file, options)
    if kind in ("npy", "npz"):
        from motifmine.io.series.numpy_files import open_npy, open_npz  # noqa: PLC0415

        return open_npy(file, options) if kind == "npy" else open_npz(file, options)
    if kind == "hdf5":
        from motifmine.io.series.hdf5_files import open_hdf5  # noqa: PLC0415

        return open_hdf5(file, inner, options)
    if kind == "audio":
        from motifmine.io.series.audio import AudioReader  # noqa: PLC0415

        return AudioReader(file, options)
    from motifmine.io.series.csv_reader import TextReader  # noqa: PLC0415

    return TextReader(file, options)


def series_kind(path: str | Path) -> SeriesKind | None:
    """Return the kind of series that a file's name promises, None for another kind of file."""
    return KINDS.get(split_inner(path)[0].suffix.lower())


def split_inner(path: str | Path) -> tuple[Path, str]:
    """Return the file and the path inside it that `file.h5:/path` names; "" for the whole file."""
    text = str(path)
    file, colon, inner = text.rpartition(":")
    is_inner = colon and Path(file).suffix.lower() in SUFFIXES["hdf5"] and not Path(text).exists()
    return (Path(file), inner) if is_inner else (Path(path), "")


def _refuse_nothing(path: Path) -> None:
    """Raise `FormatError` when there is no file, or nothing in it."""
    if path.is_dir():
        raise FormatError(f"{path} is a folder; name a file")
    if not path.exists():
        raise FormatError(f"{path} does not exist")
    if path.is_file() and not path.stat().st_size:
        raise FormatError(f"{path} is empty; expected a series")


def _kind_by_content(path: Path) -> SeriesKind:
    """Return the kind that a file's first bytes tell; a table of text when they tell nothing."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "audio"
    return next((kind for magic, kind in MAGIC if head.startswith(magic)), "text")
