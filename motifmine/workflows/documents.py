"""Tables of the documents of a source: their names, and writing them all or none."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from motifmine.errors import WorkspaceError
from motifmine.io.hdf5 import store
from motifmine.parallel.scratch import make_folder, scratch_folder
from motifmine.records.table import ObservationTable, Recording, document_name


def first_table(table_path: Path) -> Path | None:
    """Return the table of a source's first document, None when the source is not extracted yet.

    It is renamed last: where it exists, the others do.
    """
    first = table_path.with_name(f"{document_name(table_path.stem, 1)}.h5")
    found = [path for path in (table_path, first) if path.exists()]
    return found[0] if found else None


def document_tables(table_path: Path) -> list[Path]:
    """Return the tables of all documents of a source that are there, in order."""
    folder = table_path.parent
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return [folder / name for name in filter_tables(names, table_path.stem)]


def filter_tables(names: Iterable[str], source: str) -> list[str]:
    """Return those of the names of files that are tables of a source, in order."""
    # `+` and four digits or more: no name of a recording ends so by chance
    pattern = re.compile(rf"{re.escape(source)}(\+\d{{4,}})?\.h5")
    return sorted(filter(pattern.fullmatch, names))


def source_of_document(name: str, sources: Collection[str]) -> str:
    """Return the source that a document is of: the name without its number.

    A source may itself be called like a document.
    """
    return name if name in sources else re.sub(r"\+\d{4,}$", "", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTable:
    """The written table of a document."""

    path: Path
    recording: Recording
    bin_s: float
    n_observations: int
    is_one_of_several: bool
    """Whether the source has other documents."""
    brightness: float | None
    """Mean of the mean picture, grey levels; None without a picture."""


def write_documents(
    tables: Iterator[ObservationTable], table_path: Path, *, force: bool = False
) -> list[WrittenTable]:
    """Write the tables of all documents of a source and return them in order.

    They are renamed from temporary names when all are written, the first of them last.

    Raises `WorkspaceError` when such a table exists and `force` is not set.
    """
    source = table_path.stem
    placed: list[WrittenTable] = []
    with scratch_folder(table_path.parent.parent) as folder:
        for table, is_only in _with_ends(tables):
            name = source if is_only else document_name(source, len(placed) + 1)
            recording = replace(table.recordings[0], name=name)
            store.write_table(folder / f"{name}.h5", table.of_recording(recording), force=True)
            placed.append(
                WrittenTable(
                    path=table_path.with_name(f"{name}.h5"),
                    recording=recording,
                    bin_s=table.bin_s,
                    n_observations=len(table.word),
                    is_one_of_several=not is_only,
                    brightness=None if table.picture is None else float(table.picture.mean()),
                )
            )
        # another command may have written one meanwhile
        if not force and (there := document_tables(table_path)):
            raise WorkspaceError(f"{there[0]} exists already; overwrite it with --force")
        make_folder(table_path.parent)
        for path in document_tables(table_path):
            if path not in {table.path for table in placed}:
                path.unlink()
        # the first last: `first_table` takes its presence as a sign that the others are complete
        for written in reversed(placed):
            (folder / written.path.name).replace(written.path)
    return placed


def _with_ends(tables: Iterator[ObservationTable]) -> Iterator[tuple[ObservationTable, bool]]:
    """Yield every table and whether it is the only one."""
    first = next(tables)
    # one ahead: the name of the first depends on whether there is a second
    second = next(tables, None)
    yield first, second is None
    if second is not None:
        yield second, False
    for table in tables:
        yield table, False
