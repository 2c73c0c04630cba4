"""Fits as sources: their occurrences become tables whose words are motifs."""

import time
from collections.abc import Sequence
from pathlib import Path

from motifmine.analysis.occurrence_table import make_occurrence_table
from motifmine.errors import MotifmineError
from motifmine.io.hdf5 import store
from motifmine.workflows.outcomes import Outcome
from motifmine.workflows.workspace import Workspace


def extract_fits(
    paths: Sequence[Path], workspace: Workspace, *, bin_s: float | None, force: bool
) -> list[Outcome]:
    """Write a table for each recording of fits; a fit that fails does not stop the others.

    The workspace is another one than theirs. Time bins are half as long as the motifs of the fits
    unless their length is given, seconds; starts are spread over neighbouring bins.
    """
    found = []
    for path in paths:
        try:
            found += _extract_fit(path, workspace, bin_s, force)
        except MotifmineError as error:
            found.append(Outcome(source=path, status="failed", reason=str(error)))
    return found


def _extract_fit(
    path: Path, workspace: Workspace, bin_s: float | None, force: bool
) -> list[Outcome]:
    began = time.monotonic()
    table = make_occurrence_table(store.read_fit(path), bin_s, is_spread=True)
    there = workspace.table_paths()
    vocabulary = store.read_table_vocabulary(there[0]) if there else table.vocabulary
    if difference := table.vocabulary.difference(vocabulary):
        reason = (
            f"the tables of {workspace.root} have other words than the motifs of {path}: "
            f"{difference}; choose another folder with --workspace"
        )
        return [Outcome(source=path, status="failed", reason=reason)]
    outcomes = []
    for document, recording in enumerate(table.recordings):
        written = workspace.table_path(recording.name)
        single = table.document(document)
        store.write_table(written, single, force=force)
        outcomes.append(
            Outcome(
                source=path,
                status="ok",
                table_path=written,
                document=recording.name,
                recorded_s=single.n_times * single.bin_s,
                elapsed_s=time.monotonic() - began,
                n_observations=len(single.word),
            )
        )
    return outcomes
