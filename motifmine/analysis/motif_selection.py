"""A fit with only some of its motifs."""

from dataclasses import is_dataclass, replace

import numpy as np

from motifmine.records.fields import select_entries
from motifmine.records.fit import Activations, Background, FitRecord, MotifSet
from motifmine.types import Indices


def keep_motifs(record: FitRecord, kept: Indices) -> FitRecord:
    """Return a new fit without the motifs that are not among `kept`, and without their occurrences.

    What they explained counts as background.
    """
    number = np.full(len(record.motifs), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    is_kept = number[record.occurrences.motif] >= 0
    found = select_entries(record.occurrences, "occurrence", is_kept)
    posterior, state = record.posterior, record.model_state
    if posterior is not None:
        posterior = select_entries(posterior, "occurrence", is_kept)
        posterior = select_entries(posterior, "motif", kept)
    if is_dataclass(state) and not isinstance(state, type):
        state = select_entries(state, "motif", kept)
    return replace(
        record,
        motifs=select_entries(record.motifs, "motif", kept),
        background=widen_background(record.background, record.motifs, kept),
        activations=keep_activations(record.activations, number),
        occurrences=replace(found, motif=number[found.motif].astype(np.int32)),
        posterior=posterior,
        model_state=state,
    )


def widen_background(background: Background, motifs: MotifSet, kept: Indices) -> Background:
    """Return the background with what motifs that are not kept explain, words and share.

    Parameters
    ----------
    motifs : MotifSet
        All of the fit, (K, L, W).
    kept : int64 array
        Numbers of the motifs that stay.
    """
    weight = motifs.weight.copy()
    weight[kept] = 0.0
    dropped = float(weight.sum())
    if dropped <= 0:
        return background
    # a background without these words would leave them to the motifs that are kept
    words = weight @ motifs.probability.sum(axis=1, dtype=np.float64)
    words += background.weight * background.probability
    return replace(
        background,
        probability=(words / words.sum()).astype(np.float32),
        weight=min(background.weight + dropped, 1.0),
    )


def keep_activations(activations: Activations, number: Indices) -> Activations:
    """Return the activations of the kept motifs.

    The new number of a motif is -1 where it is not kept.
    """
    motif = number[activations.motif]
    keep = motif >= 0
    before = np.concatenate([[0], np.cumsum(keep)])
    return Activations(
        offsets=before[activations.offsets].astype(np.int64),
        start=activations.start[keep],
        motif=motif[keep].astype(np.int32),
        mass=activations.mass[keep],
        tempo=None if activations.tempo is None else activations.tempo[keep],
    )
