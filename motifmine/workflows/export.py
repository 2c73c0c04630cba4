"""Export of fits and tables to other programs; simulated tables and their truth for a workspace."""

from pathlib import Path

import numpy as np

from motifmine.analysis.drawing import Start, draw_from_fit
from motifmine.errors import WorkspaceError
from motifmine.files import open_atomic, refuse_overwriting, write_text
from motifmine.io.hdf5 import reader as hdf5
from motifmine.io.hdf5 import store
from motifmine.io.result_text import write_result_files
from motifmine.io.tdoc import write_tdoc
from motifmine.io.truth_files import read_starts
from motifmine.records.fit import FitRecord
from motifmine.records.topics import find_innermost
from motifmine.reporting.figures.film import write_film
from motifmine.simulation import Simulation
from motifmine.workflows.workspace import Workspace


def export_text(
    workspace: Workspace, source: str | None, output: Path | None, *, force: bool = False
) -> list[Path]:
    """Write a fit as the authors' four result files, or a table as `.tdoc`; return the paths.

    The source is a fit (name or path) or the path of a table; None: the newest fit. The output has
    no suffix; None: the name of the source, in the current folder.
    """
    # "." and ".." have no name that a suffix can be put behind
    if output is not None and output.name in ("", ".."):
        raise WorkspaceError(f"{output} is a folder; name the files to write in it without suffix")
    if source is not None and hdf5.read_file_format(Path(source)) == store.TABLE_FORMAT:
        path = (output or Path(Path(source).stem)).with_suffix(".tdoc")
        write_tdoc(path, store.read_table(Path(source)), force=force)
        return [path]
    fit = workspace.find_fit(source)
    return write_result_files(output or Path(fit.stem), store.read_fit(fit), force=force)


def draw_like(
    workspace: Workspace,
    name: str,
    *,
    starts: Path | None,
    n_times: int | None,
    n_documents: int | None,
    seed: int,
) -> tuple[Workspace, Simulation, FitRecord]:
    """Return tables drawn from a fit, the workspace that they belong to, and the fit.

    That is `simulated/<fit>` in the workspace of the fit: next to real recordings they would be
    fitted with these.
    """
    path = workspace.find_fit(name)
    record = store.read_fit(path)
    asked = (
        ()
        if starts is None
        else tuple(
            Start(document=document, motif=motif, start_bin=round(start_s / record.bin_s))
            for document, motif, start_s in read_starts(starts, record)
        )
    )
    drawn = draw_from_fit(record, n_times=n_times, n_documents=n_documents, starts=asked, seed=seed)
    return Workspace(workspace.root / "simulated" / path.stem), drawn, record


def write_films(
    workspace: Workspace, drawn: Simulation, record: FitRecord, *, force: bool
) -> list[Path]:
    """Write what was drawn from a fit of video over its scene, a film a document; return paths.

    Parameters
    ----------
    workspace : Workspace
    drawn : Simulation
    record : FitRecord
        The fit; of anything else than video, nothing is written.
    force : bool
    """
    if find_innermost(record.vocabulary).layout.picture_grid() is None:
        return []
    paths = []
    for table in drawn.table.each_document():
        paths.append(workspace.root / f"{table.recordings[0].name}.mp4")
        write_film(record, table, paths[-1], force=force)
    return paths


def write_simulation(workspace: Workspace, drawn: Simulation, *, force: bool) -> list[Path]:
    """Write simulated tables, `truth.csv` and `true-motifs.npz`; return their paths.

    Raises `WorkspaceError` when one of them exists and `force` is not set; then none is written.
    """
    names = [recording.name for recording in drawn.table.recordings]
    tables = [workspace.table_path(name) for name in names]
    truth, motifs = workspace.root / "truth.csv", workspace.root / "true-motifs.npz"
    for path in (*tables, truth, motifs):
        # all are looked at before the first is written
        refuse_overwriting(path, force=force)
    for table, path in zip(drawn.table.each_document(), tables, strict=True):
        store.write_table(path, table, force=force)
    found = drawn.occurrences
    rows = (
        f"{names[document]},motif {motif + 1},{start_s:g}\n"
        for document, motif, start_s in zip(found.document, found.motif, found.start_s, strict=True)
    )
    write_text(truth, "document,label,start_s\n" + "".join(rows), force=force)
    with open_atomic(motifs, force=force) as part, part.open("wb") as file:
        np.savez_compressed(file, motifs=drawn.motifs.probability)
    return [*tables, truth, motifs]
