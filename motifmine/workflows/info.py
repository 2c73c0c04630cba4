"""A few facts about a table, a fit or a workspace."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.errors import FormatError, WorkspaceError
from motifmine.io.hdf5 import reader as hdf5
from motifmine.io.hdf5 import store
from motifmine.records.topics import find_innermost
from motifmine.workflows.workspace import Workspace


def summarise(path: Path) -> dict[str, Any]:
    """Return what a file or a workspace holds, as names and plain values.

    Raises `FormatError` when the file is none of ours, `WorkspaceError` when there is no such file
    or folder.
    """
    if path.is_dir():
        return _summarise_workspace(Workspace(path))
    if not path.exists():
        raise WorkspaceError(f"{path} does not exist; expected a table, a fit or a workspace")
    found = hdf5.read_file_format(path)
    if found == store.TABLE_FORMAT:
        return _summarise_table(path)
    if found == store.FIT_FORMAT:
        return _summarise_fit(path)
    raise FormatError(
        f"{path} holds {found or 'no format attribute'}; expected {store.TABLE_FORMAT} or "
        f"{store.FIT_FORMAT}"
    )


def _summarise_workspace(workspace: Workspace) -> dict[str, Any]:
    paths = workspace.table_paths()
    headers = [store.read_table_header(path) for path in paths]
    vocabulary = workspace.vocabulary()
    fits = sorted(path.stem for path in (workspace.root / "fits").glob("*.h5"))
    return {
        "workspace": str(workspace.root),
        "tables": len(paths),
        # from the headers: tables of an archive would take minutes to read
        "hours": round(sum(h["n_times"] * h["bin_s"] for h in headers) / 3600, 4),
        "words": vocabulary.n_words if vocabulary else 0,
        "kind": vocabulary.kind if vocabulary else "",
        "fits": ", ".join(fits),
    }


def _summarise_table(path: Path) -> dict[str, Any]:
    table = store.read_table(path)
    recording = table.recordings[0]
    facts: dict[str, Any] = {
        "format": store.TABLE_FORMAT,
        "recording": recording.name,
        "source": recording.source,
        "start_utc": recording.start_utc,
        "time_bins": table.n_times,
        "bin_s": table.bin_s,
        "length_s": round(table.n_times * table.bin_s, 3),
        "kind": table.vocabulary.kind,
        "words": table.n_words,
        "words_seen": len(np.unique(table.word)),
        "observations": len(table.word),
        "total_count": round(table.total, 3),
    }
    facts |= find_innermost(table.vocabulary).layout.facts()
    if recording.frames_decoded >= 0:
        facts["frames_expected"] = recording.frames_expected
        facts["frames_decoded"] = recording.frames_decoded
    if np.isfinite(recording.truncated_at_s):
        facts["truncated_at_s"] = recording.truncated_at_s
    return facts


def _summarise_fit(path: Path) -> dict[str, Any]:
    # activations and times of a year of recordings would take half a minute to read
    record = store.read_fit(path, with_documents=False)
    return {
        "format": store.FIT_FORMAT,
        "model": record.provenance.model,
        "spec": json.dumps(record.provenance.spec.plain()),
        "seed": record.provenance.seed,
        "motifs": len(record.motifs),
        "motif_length_s": record.motifs.motif_length * record.bin_s,
        "documents": len(record.provenance.inputs),
        "hours": round(store.read_fit_bins(path) * record.bin_s / 3600, 4),
        "occurrences": len(record.occurrences),
        "background_share": round(record.background.weight, 4),
        "log_likelihood": record.log_likelihood,
        "elapsed_s": round(record.provenance.elapsed_s, 3),
        "motifmine_version": record.provenance.motifmine_version,
    }
