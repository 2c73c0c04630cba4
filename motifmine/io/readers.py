"""Registry of readers: an entry per format with its suffixes, its content and its reader.

Other packages add formats by entry points of the group `motifmine.readers`, whose object is a
`ReaderEntry`. This is the only list of formats, for folders, patterns, archives and `extract`.
"""

import glob
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
from motifmine.records.frames import FrameOptions, FrameReader

GROUP = "motifmine.readers"  # group of the entry points of readers in other packages
MOST_CONTROL = 0.05  # control characters of a text, of all
HEAD_BYTES = 4096  # number of bytes at the beginning of a file for recognising its content

# suffixes of compressed files; the suffix before it gives the format
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

STILL_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")
Kind = Literal["flow-grid", "channels", "labels"]  # kinds of words that are extracted from sources
Gives = Literal["frames", "series", "words"]
# kinds of words for the content of a reader, the default first
KINDS: dict[Gives, tuple[Kind, ...]] = {
    "frames": ("flow-grid",),
    "series": ("channels", "labels"),
    "words": ("labels",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderEntry:
    """A file format and its reader."""

    suffixes: tuple[str, ...]
    """Suffixes of files, lower case, with the dot."""
    gives: Gives
    """`frames` of a video, samples or events of a `series`, or `words` of a text corpus."""
    open: str
    """`module:function`, imported when a file is opened. For frames, (path, options) returns a
    `FrameReader`; for a series, (path, options) returns a `SeriesReader`; for words,
    (path, bin_s=, n_words=) returns an `ObservationTable`."""
    signature: bytes = b""
    """Regular expression for the first bytes of files; empty: recognised by suffix only."""
    may_be_compressed: bool = False
    """Whether the file may be compressed, as `log.csv.gz`."""
    has_parts: bool = False
    """Whether `file:/path` is a part of a file."""

    @property
    def kind(self) -> Kind:
        """Default kind of words."""
        return KINDS[self.gives][0]

    def load(self) -> Callable[..., Any]:
        """Return the function that opens a file."""
        module, _, name = self.open.partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return found


def _endings(names: str) -> tuple[str, ...]:
    return tuple(f".{name}" for name in names.split())


def _series(open_: str, suffixes: str, **more: Any) -> ReaderEntry:
    return ReaderEntry(
        suffixes=_endings(suffixes), gives="series", open=f"motifmine.io.series.{open_}", **more
    )


# the readers of this package
OWN = {
    "video": ReaderEntry(
        suffixes=_endings(
            "3gp asf avi dav flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
        ),
        gives="frames",
        open="motifmine.io.video.reader:open_video",
    ),
    # recognised by `reader_for`: a zip file in a folder of videos is likely to be something else
    "stills": ReaderEntry(
        suffixes=(), gives="frames", open="motifmine.io.video.stills:open_stills"
    ),
    "playlist": ReaderEntry(
        suffixes=(), gives="frames", open="motifmine.io.video.playlist:open_playlist"
    ),
    "tdoc": ReaderEntry(suffixes=(".tdoc",), gives="words", open="motifmine.io.tdoc:read_tdoc"),
    "text": _series("csv_reader:TextReader", "csv tsv txt dat", may_be_compressed=True),
    "parquet": _series("arrow_files:open_parquet", "parquet pq", signature=rb"PAR1"),
    "npy": _series("numpy_files:open_npy", "npy", signature=rb"\x93NUMPY"),
    "npz": _series("numpy_files:open_npz", "npz", signature=rb"PK\x03\x04"),
    "hdf5": _series(
        "hdf5_files:open_hdf5",
        "h5 hdf5 hdf nwb",
        signature=rb"\x89HDF\r\n\x1a\n",
        has_parts=True,
    ),
    "feather": _series("arrow_files:open_feather", "feather arrow", signature=rb"ARROW1"),
    "jsonl": _series(
        "table_files:open_json_lines",
        "jsonl ndjson",
        signature=rb'\s*(\{\s*"|\[\s*[\[{])',
        may_be_compressed=True,
    ),
    "sqlite": _series(
        "table_files:open_sqlite",
        "sqlite sqlite3 db",
        signature=rb"SQLite format 3\0",
        has_parts=True,
    ),
    "matlab": _series("table_files:open_matlab", "mat", signature=rb"MATLAB 5\.0 MAT-file"),
    "elan": _series("annotation_files:open_eaf", "eaf"),
    "textgrid": _series("annotation_files:open_textgrid", "textgrid"),
    "boris": _series("annotation_files:open_boris", "boris", has_parts=True),
    "excel": _series("table_files:open_excel", "xlsx xlsm"),
    "edf": _series("signal_files:open_edf", "edf bdf"),
    "midi": _series("signal_files:open_midi", "mid midi", signature=rb"MThd"),
    "other": _series("other_files:refuse", "xls ods rds pkl sav"),
    "audio": _series(
        "audio:AudioReader", "wav flac ogg aiff aif mp3", signature=rb"fLaC|OggS|RIFF....WAVE"
    ),
}


@cache
def all_readers() -> dict[str, ReaderEntry]:
    """Return all readers by name, with those of other packages last.

    Warns
    -----
    MotifmineWarning
        For a reader of another package that cannot be loaded; it is excluded.
    """
    found = dict(OWN)
    for point in entry_points(group=GROUP):
        try:
            entry = point.load()
        except Exception as error:  # another package may raise anything
            entry = error
        if isinstance(entry, ReaderEntry):
            # our own formats cannot be replaced by another package
            found.setdefault(point.name, entry)
        else:
            warnings.warn(
                f"the reader {point.name} is excluded: {point.value} cannot be loaded as a "
                f"motifmine.io.readers.ReaderEntry: {entry}",
                MotifmineWarning,
                stacklevel=2,
            )
    return found


def reader_of_name(path: str | Path) -> ReaderEntry | None:
    """Return the reader for the suffix of a file, None if it is unknown."""
    file = split_part(path)[0]
    suffix, is_compressed = file.suffix.lower(), False
    if suffix in COMPRESSED:
        suffix, is_compressed = Path(file.stem).suffix.lower(), True
    return next(
        (
            entry
            for entry in all_readers().values()
            if suffix in entry.suffixes and (entry.may_be_compressed or not is_compressed)
        ),
        None,
    )


def reader_of_content(path: Path) -> ReaderEntry:
    """Return the reader whose signature matches the first bytes of a file, by default text."""
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
    """Return the reader of a source for a kind of words.

    Without a kind: by the suffix, or else a table if it is a text, or a video.
    """
    if kind in (None, "flow-grid") and holds_stills(path):
        return OWN["stills"]
    # like a zip file only where it is named: its segments lie in the same folder
    if kind in (None, "flow-grid") and path.suffix.lower() == ".m3u8":
        return OWN["playlist"]
    named = reader_of_name(path)
    if named is not None and (kind is None or kind in KINDS[named.gives]):
        return named
    if kind == "channels":
        return OWN["text"]
    if kind == "labels":
        return OWN["tdoc"]
    return reader_of_content(path) if kind is None and holds_text(path) else OWN["video"]


def holds_text(path: Path) -> bool:
    """Return whether the first bytes of a file are text in UTF-8, almost without control codes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        # a multi-byte character may be cut at the end of the block
        text = head[: max(1, len(head) - 3)].decode("utf-8")
    except UnicodeDecodeError:
        return False
    # playlists with a single control character must not pass for video
    odd = sum(not (letter.isprintable() or letter in "\t\n\r\f") for letter in text)
    return bool(text) and odd <= len(text) * MOST_CONTROL


def is_still(name: str) -> bool:
    """Return whether a file is a still picture by its suffix."""
    return name.lower().endswith(STILL_SUFFIXES) and not Path(name).name.startswith(".")


def holds_stills(path: Path) -> bool:
    """Return whether a source is a folder, a pattern or a zip file of still pictures."""
    if path.suffix.lower() == ".zip" or path.is_dir():
        return True
    return glob.has_magic(str(path)) and is_still(path.name) and not path.exists()


def natural_key(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts `clip2` before `clip10`."""
    parts = re.split(r"(\d+)", text)
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]


def split_part(path: str | Path) -> tuple[Path, str]:
    """Split `file.h5:/path` into the file and the path inside it, "" for the whole file."""
    text = str(path)
    file, colon, inner = text.rpartition(":")
    suffix = Path(file).suffix.lower()
    has_parts = any(e.has_parts and suffix in e.suffixes for e in all_readers().values())
    # a file may have a colon in its name
    is_part = colon and has_parts and not Path(text).exists()
    return (Path(file), inner) if is_part else (Path(path), "")


def open_frames(path: Path, options: FrameOptions | None = None) -> FrameReader:
    """Open a video with the reader for its suffix, or else with FFmpeg.

    Raises `VideoError` or `FormatError` if the file cannot be read as a video.
    """
    reader: FrameReader = reader_for(path, "flow-grid").load()(path, options or FrameOptions())
    return reader
