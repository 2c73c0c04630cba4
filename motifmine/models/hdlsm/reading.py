"""What a state of the HDLSM sampler says: motifs that recur, their occurrences, the background."""

import numpy as np

from motifmine.models.hdlsm.chains import NOISE_WORD
from motifmine.models.hdlsm.kernels.state import MOTIFS, OCCURRENCES, State, Tokens
from motifmine.records.fit import Activations, Background
from motifmine.records.start_layout import start_of_row
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices

LEAST_OCCURRENCES = 3
"""What occurs less often does not recur: it is sampled but is not reported as a motif."""


def reported_motifs(state: State) -> Indices:
    """Return the numbers of the motifs that recur, heaviest first; all of them if none does."""
    live = state.live[: state.tally[MOTIFS]]
    order = np.argsort(-state.motif_size[live], kind="stable")
    recurs = state.motif_count[live[order]] >= LEAST_OCCURRENCES
    chosen: Indices = order[recurs] if np.any(recurs) else order
    return chosen.astype(np.int64)


def found_occurrences(state: State, order: Indices) -> tuple[Indices, Indices, Indices]:
    """Return start row, place of the motif in `order`, and size of occurrences, by row and motif.

    Occurrences of one motif that start together are one.
    """
    rank = np.full(len(state.live), -1, dtype=np.int64)
    rank[state.live[order]] = np.arange(len(order))
    ids = state.ids[: state.tally[OCCURRENCES]]
    ids = ids[rank[state.motif[ids]] >= 0]
    n = max(len(order), 1)
    key, inverse = np.unique(
        state.row[ids] * np.int64(n) + rank[state.motif[ids]], return_inverse=True
    )
    size = np.bincount(inverse, weights=state.size[ids], minlength=len(key)).astype(np.int64)
    return key // n, key % n, size


def over_vocabulary(
    probability: Floats | Floats32, words: Indices, table: ObservationTable
) -> Floats32:
    """Return motifs over all words, float32 array (K, L, W), from those over the words seen."""
    whole = np.zeros((*probability.shape[:2], table.n_words), dtype=np.float32)
    whole[:, :, words] = probability
    return whole


def background_of(state: State, words: Indices, table: ObservationTable) -> Background:
    """Return the background; without any observations in it, even over the words seen."""
    whole = np.zeros(table.n_words, dtype=np.float32)
    count = state.noise_of_word + NOISE_WORD
    whole[words] = count / count.sum()
    return Background(probability=whole, weight=float(state.noise_of_word.sum() / len(state.owner)))


def activations_of(
    tokens: Tokens, row: Indices, motif: Indices, mass: Floats, motif_length: int
) -> Activations:
    """Return occurrences, sorted by start row, as sparse activations."""
    document = tokens.row_document[row]
    n_documents = len(tokens.n_bins)
    return Activations(
        offsets=np.searchsorted(document, np.arange(n_documents + 1)).astype(np.int64),
        start=start_of_row(row - tokens.first_start[document], motif_length).astype(np.int32),
        motif=motif.astype(np.int32),
        mass=mass.astype(np.float32),
    )
