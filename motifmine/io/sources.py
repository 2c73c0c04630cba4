"""Which recordings are meant by files, folders and patterns; their names and start times."""

import glob
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from motifmine.errors import DataError, SpecError
from motifmine.io.readers import Gives, reader_of_name

DIRECTIVES = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{2}", "d": r"\d{2}", "j": r"\d{3}", "H": r"\d{2}",
    "M": r"\d{2}", "S": r"\d{2}", "f": r"\d{1,6}", "b": "[A-Za-z]{3}", "z": r"[+-]\d{4}|Z",
    "%": "%",
}  # fmt: skip
"""What the directives of a `--name-time` pattern look like in a file name."""


def expand_sources(sources: Sequence[str | Path]) -> list[Path]:
    """Return the files that `sources` mean, each once, in order; a folder sorts naturally.

    Parameters
    ----------
    sources : paths
        Files, folders (their videos and `.tdoc` files or, where there are none, their series; not
        those of sub-folders) and patterns such as `cam3/*/*.mp4`. What cannot be found is returned
        as it is: reading it will tell.

    Raises
    ------
    DataError
        When a folder or a pattern holds no recording.
    """
    found: dict[Path, Path] = {}
    for source in sources:
        for path in _files_of(Path(source)):
            found.setdefault(path.resolve(), path)
    return list(found.values())


def _files_of(source: Path) -> list[Path]:
    if source.is_dir():
        present = [p for p in source.iterdir() if p.is_file()]
        files = [p for p in present if is_recording(p.name)]
        # beside videos a table of numbers is about them; alone it is a series
        files = files or [p for p in present if gives(p.name, "series")]
        hint = "name its files, or a pattern such as '{0}/*/*.mp4' for sub-folders"
    elif not source.exists() and glob.has_magic(str(source)):
        matches = glob.glob(str(source), recursive=True)  # noqa: PTH207  (absolute patterns)
        files = [Path(match) for match in matches if Path(match).is_file()]
        hint = "check it with 'ls'; ** stands for any number of folders"
    else:
        return [source]
    if not files:
        raise DataError(f"{source} holds no recording; {hint.format(source)}")
    return sorted(files, key=lambda path: natural_key(str(path)))


def is_recording(name: str) -> bool:
    """Return whether a file's name promises a recording of its own: a video or a list of words."""
    return gives(name, "frames", "words")


def gives(name: str, *sorts: Gives) -> bool:
    """Return whether a file's name promises one of some sorts of content."""
    entry = reader_of_name(name)
    return entry is not None and entry.gives in sorts


def natural_key(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts `clip2` before `clip10`."""
    parts = re.split(r"(\d+)", text)
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]


def recording_names(paths: Sequence[Path]) -> list[str]:
    """Return a name for every path that can be a file name, no two alike.

    It is the name of the file without its ending; where several share it, their folder's name is
    put in front.

    Raises
    ------
    DataError
        When that does not tell two paths apart.
    """
    names = [safe_name(path.stem) for path in paths]
    shared = {name for name, n in Counter(names).items() if n > 1}
    names = [
        safe_name(f"{path.resolve().parent.name}-{path.stem}") if name in shared else name
        for path, name in zip(paths, names, strict=True)
    ]
    for name, n in Counter(names).items():
        if n > 1:
            same = [str(p) for p, other in zip(paths, names, strict=True) if other == name]
            raise DataError(
                f"{same[0]} and {same[1]} would both be called {name!r}; rename one, or extract "
                "them into different folders with --workspace"
            )
    return names


def safe_name(name: str) -> str:
    """Return the name with everything replaced that some file system or HDF5 gives a meaning."""
    return re.sub(r"[^\w.+-]", "_", name).lstrip(".") or "recording"


def start_from_name(path: Path, pattern: str) -> str:
    """Return the wall-clock start that a file's name tells, in ISO 8601, UTC.

    Parameters
    ----------
    path : Path
    pattern : str
        As for `datetime.strptime`, searched anywhere in the name: `%Y%m%d%H%M`. Without `%z` the
        time is taken as UTC.

    Raises
    ------
    SpecError
        When the pattern holds a directive that a file name cannot tell.
    DataError
        When the name does not hold such a time.
    """
    if start := time_in(path.name, pattern):
        return start
    raise DataError(f"the name of {path} holds no time like {pattern!r} (--name-time)")


def time_in(text: str, pattern: str) -> str:
    """Return the first time like `pattern` in a text, ISO 8601, UTC; "" when there is none.

    Raises
    ------
    SpecError
        When the pattern holds a directive that a name cannot tell.
    """
    for match in re.finditer(f"(?=({_expression(pattern)}))", text):
        try:
            return in_utc(datetime.strptime(match[1], pattern))
        except ValueError:
            continue
    return ""


def _expression(pattern: str) -> str:
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


def in_utc(moment: datetime) -> str:
    """Return a moment in ISO 8601, UTC; one without a zone is taken as UTC."""
    known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return known.isoformat()
