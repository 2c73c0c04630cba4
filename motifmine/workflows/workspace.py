"""A workspace: the folder that holds one scene's tables, fits and reports."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from motifmine.errors import DataError, WorkspaceError
from motifmine.features.video.registration import RegisteredTables, register_tables
from motifmine.files import refuse_overwriting
from motifmine.io.hdf5 import store
from motifmine.parallel.reservations import read_holder, reserve
from motifmine.parallel.scratch import own_path
from motifmine.records.table import ObservationTable, join_tables
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Pixels


@dataclass(frozen=True, slots=True)
class Workspace:
    """Plain files in one folder: `tables/`, `fits/` and `reports/`, with topics also `words/`."""

    root: Path
    folder: str = "tables"
    """Where under the root its tables are."""

    @property
    def tables(self) -> Path:
        """The folder of the tables."""
        return self.root / self.folder

    def words(self) -> "Workspace":
        """Return the workspace with the tables of words below its topics as its tables."""
        return replace(self, folder="words")

    def table_path(self, recording: str) -> Path:
        """Return where the table of a recording lives."""
        return self.tables / f"{recording}.h5"

    def table_paths(self) -> list[Path]:
        """Return all tables, in order of name."""
        # hidden: half-written files of commands that run, and of some file systems
        return sorted(p for p in self.tables.glob("*.h5") if not p.name.startswith("."))

    def fit_paths(self) -> list[Path]:
        """Return all fits, in order of name."""
        return sorted(p for p in (self.root / "fits").glob("*.h5") if not p.name.startswith("."))

    def vocabulary(self) -> Vocabulary | None:
        """Return the vocabulary that this workspace's tables share, None without tables."""
        paths = self.table_paths()
        return store.read_table_vocabulary(paths[0]) if paths else None

    def read_tables(
        self,
        paths: Sequence[Path] | None = None,
        *,
        reference: Pixels | None = None,
        on_message: Callable[[str], None] | None = None,
    ) -> ObservationTable:
        """Return the named tables, or all of the workspace, joined in order of name.

        Recordings of a moved camera are registered or excluded, see
        `motifmine.features.video.registration`.

        Parameters
        ----------
        paths : sequence of Path or None
            None: all tables.
        reference : uint8 array (row, column, rgb) or None
            Picture of the scene that cameras are registered to.

        Raises
        ------
        WorkspaceError
            When there is no table.
        DataError
            When no recording shows the scene, or they do not belong together.
        """
        found = self.read_registered(paths, reference=reference)
        if on_message is not None:
            for note in found.notes:
                on_message(note)
        return join_tables(found.tables)

    def read_registered(
        self, paths: Sequence[Path] | None = None, *, reference: Pixels | None = None
    ) -> RegisteredTables:
        """Return the named tables, or all of the workspace, in order of name and registered.

        Raises `WorkspaceError` when there is no table, `DataError` when no recording shows the
        scene.
        """
        paths = self.chosen_paths(paths)
        found = register_tables([store.read_table(path) for path in paths], reference)
        if not found.tables:
            raise DataError(f"no recording shows the scene: {'; '.join(found.notes)}")
        return found

    def chosen_paths(self, paths: Sequence[Path] | None) -> list[Path]:
        """Return the named tables, or all of the workspace, in order of name.

        Raises `WorkspaceError` when there is none.
        """
        # sorted: a fit does not depend on the order of the command line
        chosen = self.table_paths() if paths is None else sorted(paths, key=lambda p: p.name)
        if not chosen:
            raise WorkspaceError(
                f"{self.root} holds no tables; make some with 'motifmine extract SOURCE...'"
            )
        return chosen

    def fit_path(self, name: str) -> Path:
        """Return where the fit called `name` lives.

        Raises `WorkspaceError` when `name` is more than a file's name.
        """
        # bytes that are no text are shown by their numbers
        is_shown = all(c.isprintable() or "\udc80" <= c <= "\udcff" for c in name)
        # one that begins with - would be an option
        if not name or name.startswith((".", "-")) or "/" in name or not is_shown:
            raise WorkspaceError(
                f"{name!r} cannot name a fit; names become file names, so they must not be empty, "
                "begin with a dot or a dash, or hold a slash or a control character"
            )
        return self.root / "fits" / f"{name}.h5"

    def next_fit_name(self, model: str) -> str:
        """Return `<model>-<number>`, one above the highest number in use or reserved."""
        # also those that other commands are making, which are hidden until they are whole
        pattern = re.compile(rf"{re.escape(model)}-(\d+)\.h5|\.{re.escape(model)}-(\d+)\.h5\..+")
        found = (pattern.fullmatch(path.name) for path in (self.root / "fits").glob("*"))
        return f"{model}-{max((int(m[1] or m[2]) for m in found if m), default=0) + 1:03d}"

    @contextmanager
    def reserve_fit(self, name: str | None, model: str, *, force: bool = False) -> Iterator[Path]:
        """Yield where a new fit goes; other commands take other names meanwhile.

        Without a name: the next number of the model.

        Raises `WorkspaceError` when a fit of that name is there, or is being made by another
        process.
        """
        path = self.fit_path(self.next_fit_name(model) if name is None else name)
        refuse_overwriting(path, force=force or name is None)
        try:
            mark = reserve(path)
            # another command may have taken the number since it was chosen, or even be done with it
            while name is None and (mark is None or path.exists()):
                if mark is not None:
                    mark.unlink()
                path = self.fit_path(self.next_fit_name(model))
                mark = reserve(path)
        except OSError as error:
            raise WorkspaceError(
                f"{path.parent} cannot be written: {error.strerror or error}"
            ) from error
        if mark is None:
            raise WorkspaceError(
                f"{path.name} is being made by {read_holder(path)}; wait for it to end, or choose "
                "another name"
            )
        try:
            with own_path(mark):
                yield path
        finally:
            # nothing stays of a fit that failed in a folder without a workspace
            for folder in (path.parent, self.root):
                with suppress(OSError):
                    folder.rmdir()

    def find_fit(self, name: str | None = None) -> Path:
        """Return the fit called `name` (a name or a path), or the newest one.

        Raises `WorkspaceError` when there is no such fit.
        """
        fits = self.fit_paths()
        if name is not None:
            inside = [] if "/" in name else [self.fit_path(name)]
            found = [path for path in [Path(name), *inside] if path.is_file()]
            if not found:
                held = ", ".join(path.stem for path in fits) or "no fits"
                raise WorkspaceError(
                    f"there is no fit {name!r}, neither as a file nor in {self.root}, which holds "
                    f"{held}"
                )
            return found[0]
        if not fits:
            raise WorkspaceError(f"{self.root} holds no fits; make one with 'motifmine fit'")
        # the name decides where a copy gave all files the same time
        return max(fits, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def report_folder(self, fit_name: str) -> Path:
        """Return where the report of a fit lives."""
        return self.root / "reports" / fit_name
