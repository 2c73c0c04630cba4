"""Names that people give to the motifs of a fit."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from motifmine.errors import DataError
from motifmine.io.hdf5 import changes, store
from motifmine.records.fit import FitRecord
from motifmine.workflows.workspace import Workspace


def with_names(record: FitRecord, names: Mapping[int, str]) -> FitRecord:
    """Return the fit with some of its motifs named; the names of all others stay.

    Motifs count from 0; "" takes a name away.

    Raises `DataError` when there is no such motif, or a name is more than one line of text.
    """
    return replace(record, names=_change(record.names, names, len(record.motifs)))


def _change(before: tuple[str, ...], names: Mapping[int, str], n_motifs: int) -> tuple[str, ...]:
    """Return the names with some of them replaced, () where all are empty."""
    given = list(before or ("",) * n_motifs)
    for motif, name in names.items():
        if not 0 <= motif < n_motifs:
            raise DataError(
                f"there is no motif {motif + 1}: the fit has {n_motifs}, numbered from 1"
            )
        given[motif] = name.strip()
    return tuple(given) if any(given) else ()


def name_motifs(workspace: Workspace, fit: str, names: Mapping[int, str]) -> tuple[Path, FitRecord]:
    """Name motifs of a saved fit; return its path and what it holds now.

    The fit is rewritten atomically. It keeps its time of modification, so that naming the motifs
    of an old fit does not make it the newest one.
    """
    path = workspace.find_fit(fit)
    record = with_names(store.read_fit(path), names)
    # another command may have named other motifs since the fit was read
    n_motifs = len(record.motifs)
    kept = changes.change_names(path, lambda before: _change(before, names, n_motifs))
    return path, replace(record, names=kept)
