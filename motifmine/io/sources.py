"""Expansion of files, folders and patterns to recordings; their names and start times."""

import glob
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from motifmine.errors import DataError, SpecError
from motifmine.files import sha256
from motifmine.io.readers import (
    COMPRESSED,
    Gives,
    holds_stills,
    is_still,
    natural_key,
    reader_of_name,
    split_part,
)

# file systems take 255 bytes; suffix, number of the document and temporary names are added
MAX_NAME_BYTES = 200
# of one letter it is a drive of Windows
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)
# regular expressions for the directives of a `--name-time` pattern
DIRECTIVES = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{2}", "d": r"\d{2}", "j": r"\d{3}", "H": r"\d{2}",
    "M": r"\d{2}", "S": r"\d{2}", "f": r"\d{1,6}", "b": "[A-Za-z]{3}", "z": r"[+-]\d{4}|Z",
    "%": "%",
}  # fmt: skip


def expand_sources(sources: Sequence[str | Path]) -> list[Path]:
    """Expand `sources` to files, each once, in order; files of a folder are sorted naturally.

    Parameters
    ----------
    sources : paths
        Files, folders (their videos and `.tdoc` files or, if there are none, their series; not
        those of sub-folders) and patterns such as `cam3/*/*.mp4`. A folder of still pictures, and a
        pattern such as `cam3/*.jpg`, are one recording and returned unchanged. A path that does not
        exist is returned unchanged; opening it raises the appropriate error.

    Raises
    ------
    DataError
        If a folder or a pattern has no recordings, a path is a link to itself, a name is empty, or
        a source is an address.
    """
    found: dict[Path, Path] = {}
    for source in sources:
        # it would be the current folder: what a script passes whose variable is not set
        if source == "":
            raise DataError("the name of a source is empty; name a file, a folder or a pattern")
        refuse_address(source)
        for path in _list_files(Path(source)):
            try:
                found.setdefault(path.resolve(), path)
            except RuntimeError as error:  # before Python 3.13
                raise DataError(f"{path} is a link to itself; name the recording") from error
    return _join_stills(list(found.values()))


def refuse_address(source: str | Path) -> None:
    """Raise `DataError` if a source is an address; the message has no credentials of it."""
    if (found := ADDRESS.match(str(source))) and not Path(source).exists():
        raise DataError(
            f"an address of {found[1]} is not read here; name a file (extract and watch read "
            "cameras by rtsp://, rtsps://, http://, https://, tcp:// and udp://)"
        )


def _join_stills(paths: Sequence[Path]) -> list[Path]:
    """Return paths with the pictures of a folder, as a shell lists them, replaced by the folder."""
    stills = [path for path in paths if is_still(path.name) and path.is_file()]
    if len(stills) < 2:
        return list(paths)
    joined: dict[Path, None] = {}
    for path in paths:
        joined[path.parent if path in stills else path] = None
    for folder in {path.parent for path in stills}:
        others = {p for p in folder.iterdir() if is_still(p.name)} - set(stills)
        if others:
            raise DataError(
                f"{folder} holds {len(others)} more pictures than those that are named; name the "
                "folder, or a pattern in quotes, which then is one recording"
            )
    return list(joined)


def _list_files(source: Path) -> list[Path]:
    if source.is_dir():
        present = [p for p in source.iterdir() if p.is_file()]
        files = [p for p in present if is_recording(p.name)]
        # a table in a folder of videos is likely to be annotation; in other folders it is a series
        series = [p for p in present if gives(p.name, "series")]
        if not files and sum(is_still(p.name) for p in present) > len(series):
            return [source]
        files = files or series
        hint = "name its files, or a pattern such as '{0}/*/*.mp4' for sub-folders"
    elif not source.exists() and glob.has_magic(str(source)):
        matches = glob.glob(str(source), recursive=True)  # noqa: PTH207  (absolute patterns)
        files = [Path(match) for match in matches if Path(match).is_file()]
        if files and holds_stills(source):
            return [source]
        hint = "check it with 'ls'; ** matches any number of folders"
    else:
        return [source]
    if not files:
        raise DataError(f"{source} has no recordings; {hint.format(source)}")
    return sorted(files, key=lambda path: natural_key(str(path)))


def is_recording(name: str) -> bool:
    """Return whether a file is a video or a list of words by its suffix."""
    return gives(name, "frames", "words")


def gives(name: str, *sorts: Gives) -> bool:
    """Return whether a file has one of the given contents by its suffix."""
    entry = reader_of_name(name)
    return entry is not None and entry.gives in sorts


def digest_source(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of a folder of pictures."""
    path = split_part(path)[0]
    if path.is_file() or not holds_stills(path):
        return sha256(path)
    found = path.iterdir() if path.is_dir() else map(Path, glob.glob(str(path)))  # noqa: PTH207
    files = sorted(item for item in found if item.is_file() and is_still(item.name))
    lines = "".join(f"{sha256(item)} {item.name}\n" for item in files)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def stamp_source(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is written or replaced, () where it cannot be known."""
    try:
        found = split_part(path)[0].stat()
    except OSError:
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ino


def make_recording_names(paths: Sequence[Path]) -> list[str]:
    """Return a distinct name for every path that is valid as a file name.

    It is the name of the file without suffix; if several files have the same name, it is prefixed
    with the names of as many of their folders as are needed, or else followed by their suffix.

    Raises `DataError` if names are not distinct even so.
    """
    # a pattern of still pictures is named after their folder
    patterns = [is_still(path.name) and not path.exists() and holds_stills(path) for path in paths]
    paths = [p.parent.resolve() if of else p for p, of in zip(paths, patterns, strict=True)]
    bare = [p.with_suffix("") if p.suffix.lower() in COMPRESSED else p for p in paths]
    stems = [path.resolve().stem for path in bare]
    names = [make_safe_name(stem) for stem in stems]
    folders = [path.resolve().parent.parts for path in paths]
    for depth in range(1, 1 + max(map(len, folders), default=0)):
        shared = _find_shared(names)
        if not shared:
            return names
        names = [
            make_safe_name("-".join([*parts[-depth:], stem])) if name in shared else name
            for stem, parts, name in zip(stems, folders, names, strict=True)
        ]
    shared = _find_shared(names)
    names = [
        make_safe_name(path.name.replace(".", "-")) if name in shared else name
        for path, name in zip(paths, names, strict=True)
    ]
    for name, n in Counter(names).items():
        if n > 1:
            same = [str(p) for p, other in zip(paths, names, strict=True) if other == name]
            raise DataError(
                f"{same[0]} and {same[1]} would both be named {name!r}; rename one, or extract "
                "them into different folders with --workspace"
            )
    # these differ in upper and lower case alone
    shared = _find_shared(names)
    return [
        f"{name}-{hashlib.sha256(name.encode()).hexdigest()[:8]}" if name in shared else name
        for name in names
    ]


def _find_shared(names: Sequence[str]) -> set[str]:
    """Return the names that some file system takes for the same as another one."""
    counts = Counter(name.casefold() for name in names)
    return {name for name in names if counts[name.casefold()] > 1}


def make_safe_name(name: str) -> str:
    """Replace all characters that are special in a file system or in HDF5; shorten long names."""
    safe = re.sub(r"[^\w.+-]", "_", name).lstrip(".") or "recording"
    if len(encoded := safe.encode()) <= MAX_NAME_BYTES:
        return safe
    # the digest keeps two long names with the same beginning apart
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    return f"{encoded[: MAX_NAME_BYTES - 9].decode(errors='ignore')}-{digest}"


def parse_start_from_name(path: Path, pattern: str) -> str:
    """Parse the wall-clock start from a file's name, ISO 8601, UTC.

    The pattern is as for `datetime.strptime`, searched anywhere in the name; without `%z` the time
    is in UTC.

    Raises `SpecError` if the pattern has a directive that is not supported, `DataError` if the name
    has no such time.
    """
    if start := find_time(path.name, pattern):
        return start
    raise DataError(f"the name of {path} has no time like {pattern!r} (--name-time)")


def find_time(text: str, pattern: str) -> str:
    """Return the first time like `pattern` in a text, ISO 8601, UTC; "" if there is none.

    Raises `SpecError` if the pattern has a directive that is not supported.
    """
    # a look-ahead, so that matches may overlap: the first one need not be a valid time
    for match in re.finditer(f"(?=({_make_expression(pattern)}))", text):
        try:
            return to_utc(datetime.strptime(match[1], pattern))
        except ValueError:
            continue
    return ""


def _make_expression(pattern: str) -> str:
    parts = re.split(r"%(.)", pattern)
    for directive in parts[1::2]:
        if directive not in DIRECTIVES:
            raise SpecError(
                f"--name-time cannot read %{directive}; it knows "
                + " ".join(f"%{letter}" for letter in DIRECTIVES)
            )
    return "".join(
        f"(?:{DIRECTIVES[part]})" if i % 2 else re.escape(part) for i, part in enumerate(parts)
    )


def to_utc(moment: datetime) -> str:
    """Convert a moment to ISO 8601, UTC; one without a zone is in UTC."""
    known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return known.isoformat()
