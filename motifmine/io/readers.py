"""Readers of sources by name: an entry for each says which files it reads, and what it gives.

A package of its own adds a format by an entry point of the group `motifmine.readers`, whose object
is a `ReaderEntry`. Nothing else lists formats: folders, patterns, archives and `extract` look here.
"""

import importlib
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

from motifmine.errors import MotifmineWarning
from motifmine.records.frames import FrameReader

GROUP = "motifmine.readers"
"""Group of entry points that readers of other packages are found by."""
HEAD_BYTES = 4096
"""Bytes at the beginning of a file that its content is recognised by."""

Kind = Literal["flow-grid", "channels", "labels"]
"""Kinds of words that sources are extracted to."""
Gives = Literal["frames", "series", "words"]
KINDS: dict[Gives, tuple[Kind, ...]] = {
    "frames": ("flow-grid",),
    "series": ("channels", "labels"),
    "words": ("labels",),
}
"""Kinds of words that each sort of reader can be extracted to, the usual one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderEntry:
    """A format of files, and what reads it."""

    suffixes: tuple[str, ...]
    """Endings of its files, lower case, with the dot."""
    gives: Gives
    """`frames` of a video, samples or events of a `series`, or `words` of a text corpus."""
    open: str
    """`module:function`, imported when a file is opened. Of frames: (path) returns a `FrameReader`;
    of a series: (path, options) returns a `SeriesReader`; of words: (path, bin_s=, n_words=)
    returns an `ObservationTable`."""
    signature: bytes = b""
    """Regular expression that the first bytes of its files match; empty: known by ending only."""
    has_parts: bool = False
    """Whether `file:/path` names a part of a file."""

    @property
    def kind(self) -> Kind:
        """The kind of words that its files are extracted to when nobody says."""
        return KINDS[self.gives][0]

    def load(self) -> Callable[..., Any]:
        """Return the function that opens a file."""
        module, _, name = self.open.partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return found


def _endings(names: str) -> tuple[str, ...]:
    return tuple(f".{name}" for name in names.split())


OWN = {
    "video": ReaderEntry(
        suffixes=_endings(
            "3gp asf avi dav flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
        ),
        gives="frames",
        open="motifmine.io.video.reader:open_video",
    ),
    "tdoc": ReaderEntry(suffixes=(".tdoc",), gives="words", open="motifmine.io.tdoc:read_tdoc"),
    "text": ReaderEntry(
        suffixes=_endings("csv tsv txt dat"),
        gives="series",
        open="motifmine.io.series.csv_reader:TextReader",
    ),
    "parquet": ReaderEntry(
        suffixes=_endings("parquet pq"),
        gives="series",
        open="motifmine.io.series.parquet_files:open_parquet",
        signature=rb"PAR1",
    ),
    "npy": ReaderEntry(
        suffixes=(".npy",),
        gives="series",
        open="motifmine.io.series.numpy_files:open_npy",
        signature=rb"\x93NUMPY",
    ),
    "npz": ReaderEntry(
        suffixes=(".npz",),
        gives="series",
        open="motifmine.io.series.numpy_files:open_npz",
        signature=rb"PK\x03\x04",
    ),
    "hdf5": ReaderEntry(
        suffixes=_endings("h5 hdf5 hdf nwb"),
        gives="series",
        open="motifmine.io.series.hdf5_files:open_hdf5",
        signature=rb"\x89HDF\r\n\x1a\n",
        has_parts=True,
    ),
    "audio": ReaderEntry(
        suffixes=_endings("wav flac ogg aiff aif mp3"),
        gives="series",
        open="motifmine.io.series.audio:AudioReader",
        signature=rb"fLaC|OggS|RIFF....WAVE",
    ),
}
"""The readers of this package."""


@cache
def all_readers() -> dict[str, ReaderEntry]:
    """Return all readers by name, those of other packages last.

    Warns
    -----
    MotifmineWarning
        For a reader of another package that cannot be loaded; it is left out.
    """
    found = dict(OWN)
    for point in entry_points(group=GROUP):
        try:
            entry = point.load()
        except Exception as error:  # whatever a package of someone else raises
            entry = error
        if isinstance(entry, ReaderEntry):
            found.setdefault(point.name, entry)
        else:
            warnings.warn(
                f"the reader {point.name} is left out, {point.value} cannot be loaded as a "
                f"motifmine.io.readers.ReaderEntry: {entry}",
                MotifmineWarning,
                stacklevel=2,
            )
    return found


def reader_of_name(path: str | Path) -> ReaderEntry | None:
    """Return the reader that a file's name promises, None for an unknown ending."""
    suffix = split_part(path)[0].suffix.lower()
    return next((entry for entry in all_readers().values() if suffix in entry.suffixes), None)


def reader_of_content(path: Path) -> ReaderEntry:
    """Return the reader whose signature a file's first bytes match, that of text otherwise."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return next(
        (
            entry
            for entry in all_readers().values()
            if entry.signature and re.match(entry.signature, head, re.DOTALL)
        ),
        OWN["text"],
    )


def reader_for(path: Path, kind: Kind | None = None) -> ReaderEntry:
    """Return the reader of a source that shall be extracted to words of a kind.

    Parameters
    ----------
    path : Path
        May name a part of a file.
    kind : `flow-grid`, `channels`, `labels` or None
        None: what the name promises, a video otherwise.
    """
    named = reader_of_name(path)
    if named is not None and (kind is None or kind in KINDS[named.gives]):
        return named
    if kind == "channels":
        return OWN["text"]
    return OWN["tdoc"] if kind == "labels" else OWN["video"]


def split_part(path: str | Path) -> tuple[Path, str]:
    """Return the file and the path inside it that `file.h5:/path` names; "" for the whole file."""
    text = str(path)
    file, colon, inner = text.rpartition(":")
    suffix = Path(file).suffix.lower()
    has_parts = any(e.has_parts and suffix in e.suffixes for e in all_readers().values())
    is_part = colon and has_parts and not Path(text).exists()
    return (Path(file), inner) if is_part else (Path(path), "")


def open_frames(path: Path) -> FrameReader:
    """Open a video by the reader that its name promises, else as FFmpeg recognises it.

    Raises
    ------
    VideoError, FormatError
        When the file cannot be read as a video.
    """
    reader: FrameReader = reader_for(path, "flow-grid").load()(path)
    return reader
