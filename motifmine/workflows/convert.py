"""Tables and fits of earlier versions, written again in the layout of this one."""

import os
from collections.abc import Iterator
from pathlib import Path

from motifmine.errors import WorkspaceError
from motifmine.io.hdf5 import store
from motifmine.parallel.scratch import lock_folder
from motifmine.workflows.workspace import Workspace


def convert(path: Path) -> Iterator[Path]:
    """Write a table or fit, or all of a workspace, in today's layout, and yield each.

    Files are replaced one by one, atomically; their time of modification is kept, as the newest
    fit of a workspace is the one that commands use.

    Raises `FormatError` when a file is missing, damaged or none of ours; it stays as it is;
    `WorkspaceError` when a folder has none.
    """
    if path.is_dir():
        workspace = Workspace(path)
        paths = [*workspace.table_paths(), *workspace.fit_paths()]
        if not paths:
            raise WorkspaceError(f"{path} has no tables and no fits; name a workspace or a file")
    else:
        paths = [path]
    for each in paths:
        _convert_file(each)
        yield each


def _convert_file(path: Path) -> None:
    found = store.recognise_file(path)
    with lock_folder(path.parent):
        made = path.stat()
        if found == store.TABLE_FORMAT:
            store.write_table(path, store.read_table(path), force=True)
        else:
            store.write_fit(path, store.read_fit(path), force=True)
        os.utime(path, ns=(made.st_atime_ns, made.st_mtime_ns))
