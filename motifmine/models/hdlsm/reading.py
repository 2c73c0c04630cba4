"""Estimates from a state of the HDLSM sampler: motifs that recur, occurrences, background."""

import numpy as np

from motifmine.models.checks import restore_words
from motifmine.models.hdlsm.chains import BACKGROUND_PRIOR
from motifmine.models.hdlsm.kernels.state import MOTIFS, OCCURRENCES, State, Tokens
from motifmine.records.fit import Activations, Background
from motifmine.records.start_layout import start_of_row
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Floats32, Indices

LEAST_OCCURRENCES = 3  # least number of occurrences of a motif that is reported


def select_recurring_motifs(state: State) -> Indices:
    """Select the motifs that recur, heaviest first; all of them if none does."""
    live = state.live[: state.tally[MOTIFS]]
    order = np.argsort(-state.motif_size[live], kind="stable")
    recurs = state.motif_count[live[order]] >= LEAST_OCCURRENCES
    chosen: Indices = order[recurs] if np.any(recurs) else order
    return chosen.astype(np.int64)


def collect_occurrences(state: State, order: Indices) -> tuple[Indices, Indices, Indices]:
    """Return start row, index of the motif in `order`, and size of occurrences, sorted.

    Occurrences of the same motif with the same start are merged.
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


def expand_to_vocabulary(
    probability: Floats | Floats32, words: Indices, table: ObservationTable
) -> Floats32:
    """Expand motifs over the words that occur to the whole vocabulary, float32 array (K, L, W).

    Parameters
    ----------
    probability : float array (K, L, W')
        Motifs over the words that occur.
    words : int64 array (W',)
        Indices of these words in the vocabulary.
    """
    return restore_words(probability, words, table.n_words)


def estimate_background(state: State, words: Indices, table: ObservationTable) -> Background:
    """Estimate the background, with the pseudo-counts of the prior.

    Parameters
    ----------
    words : int64 array (W',)
        Indices of the words that occur in the vocabulary.
    """
    whole = np.zeros(table.n_words, dtype=np.float32)
    count = state.background_of_word + BACKGROUND_PRIOR
    whole[words] = count / count.sum()
    return Background(
        probability=whole, weight=float(state.background_of_word.sum() / len(state.owner))
    )


def build_activations(
    tokens: Tokens, row: Indices, motif: Indices, mass: Floats, motif_length: int
) -> Activations:
    """Convert occurrences, sorted by start row, to sparse activations.

    Parameters
    ----------
    row : int64 array (A,)
        Start rows, ascending.
    motif : int64 array (A,)
    mass : float64 array (A,)
        Observations that are explained.
    """
    document = tokens.row_document[row]
    n_documents = len(tokens.n_bins)
    return Activations(
        offsets=np.searchsorted(document, np.arange(n_documents + 1)).astype(np.int64),
        start=start_of_row(row - tokens.first_start[document], motif_length).astype(np.int32),
        motif=motif.astype(np.int32),
        mass=mass.astype(np.float32),
    )
