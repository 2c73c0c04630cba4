"""Fits and tables out of a workspace, for other programs."""

from pathlib import Path

from motifmine.io import hdf5, store
from motifmine.io.authors import write_authors_files
from motifmine.io.tdoc import write_tdoc
from motifmine.workspace import Workspace


def export_text(
    workspace: Workspace, source: str | None, output: Path | None, *, force: bool = False
) -> list[Path]:
    """Write a fit as the authors' four result files, or a table as `.tdoc`; return the paths.

    Parameters
    ----------
    workspace : Workspace
    source : str or None
        A fit (name or path) or the path of a table; None takes the newest fit.
    output : Path or None
        Path without suffix; None takes the source's name, in the current folder.
    force : bool
        Overwrite what exists.
    """
    if source is not None and hdf5.file_format(Path(source)) == store.TABLE_FORMAT:
        path = (output or Path(Path(source).stem)).with_suffix(".tdoc")
        write_tdoc(path, store.read_table(Path(source)), force=force)
        return [path]
    fit = workspace.find_fit(source)
    return write_authors_files(output or Path(fit.stem), store.read_fit(fit), force=force)
