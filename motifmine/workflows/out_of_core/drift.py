"""How the motifs of a saved fit change over an archive whose tables stay in their files."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from motifmine.analysis.drift import measure_drift_of_documents
from motifmine.io.hdf5 import changes, store
from motifmine.records.fit import Activations, FitRecord
from motifmine.records.table import ObservationTable, Recording
from motifmine.workflows.own_tables import read_own_table


def add_drift(path: Path, tables: Mapping[str, Path]) -> FitRecord:
    """Add drift to a saved fit; return it without its documents.

    Every table is read once, one at a time. Recordings whose table was removed or has changed are
    excluded.
    """
    record = store.read_fit(path, without=store.DOCUMENTS)
    recordings = store.read_fit_recordings(path)
    drift = measure_drift_of_documents(
        _documents(path, record, recordings, tables),
        recordings,
        record.motifs,
        record.background,
        bin_s=record.bin_s,
        time_zone=record.time_zone,
    )
    if drift is None:
        return record
    changes.write_part(path, "drift", drift)
    return store.read_fit(path, without=store.DOCUMENTS)


def _documents(
    path: Path,
    record: FitRecord,
    recordings: tuple[Recording, ...],
    tables: Mapping[str, Path],
) -> Iterator[tuple[ObservationTable | None, Activations]]:
    """Yield every document, prepared as in the fit, with its activations."""
    preparation = record.provenance.spec.preparation
    for recording, activations in zip(recordings, store.read_fit_activations(path), strict=True):
        table = read_own_table(record, recording, tables.get(recording.name))
        yield None if table is None else preparation.apply_counts(table), activations
