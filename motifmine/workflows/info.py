"""A few facts about a table, a fit or a workspace."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.errors import WorkspaceError
from motifmine.io.hdf5 import store
from motifmine.records.topics import find_innermost
from motifmine.workflows.workspace import Workspace


def summarise(path: Path) -> dict[str, Any]:
    """Return what a file or a workspace holds, as names and plain values.

    Raises `FormatError` when there is no such file, or it is none of ours; `WorkspaceError` when a
    folder has none.
    """
    if path.is_dir():
        return _summarise_workspace(Workspace(path))
    is_table = store.recognise_file(path) == store.TABLE_FORMAT
    return _summarise_table(path) if is_table else _summarise_fit(path)


def _summarise_workspace(workspace: Workspace) -> dict[str, Any]:
    paths, fits = workspace.table_paths(), workspace.fit_paths()
    if not paths and not fits:
        raise WorkspaceError(
            f"{workspace.root} has no tables and no fits; name a workspace or a file"
        )
    headers = [store.read_table_header(path) for path in paths]
    vocabulary = workspace.vocabulary()
    return {
        "workspace": str(workspace.root),
        "tables": len(paths),
        # from the headers: tables of an archive would take minutes to read
        "hours": round(sum(h["n_times"] * h["bin_s"] for h in headers) / 3600, 4),
        "words": vocabulary.n_words if vocabulary else 0,
        "kind": vocabulary.kind if vocabulary else "",
        "fits": ", ".join(path.stem for path in fits),
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
    # what grows with the recordings is counted: that of a year would take seconds to read
    record = store.read_fit(path, without=(*store.DOCUMENTS, "occurrences"))
    n_bins, n_occurrences = store.read_fit_size(path)
    return {
        "format": store.FIT_FORMAT,
        "model": record.provenance.model,
        "spec": json.dumps(record.provenance.spec.plain()),
        "seed": record.provenance.seed,
        "motifs": len(record.motifs),
        "motif_length_s": record.motifs.motif_length * record.bin_s,
        "documents": len(record.provenance.inputs),
        "hours": round(n_bins * record.bin_s / 3600, 4),
        "occurrences": n_occurrences,
        "background_share": round(record.background.weight, 4),
        "log_likelihood": record.log_likelihood,
        "elapsed_s": round(record.provenance.elapsed_s, 3),
        "motifmine_version": record.provenance.motifmine_version,
    }
