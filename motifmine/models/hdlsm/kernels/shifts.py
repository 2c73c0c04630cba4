"""Shifts of motifs relative to their occurrences (step C of HDLSM), and log weights of counts.

Emonet, Varadarajan and Odobez, CVPR 2011 and TPAMI 36(1), 2014. A deviation: the weight of a shift
is the full change of the joint probability.
"""

import math

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.models.hdlsm.kernels.bookkeeping import link_occurrence, unlink_occurrence
from motifmine.models.hdlsm.kernels.random_draws import draw_log_index
from motifmine.models.hdlsm.kernels.state import (
    ETA,
    MOTIFS,
    OCCURRENCES,
    Ints,
    Longs,
    Prior,
    Reals,
    State,
    Tokens,
)


@kernel
def sweep_shifts(tokens: Tokens, state: State, prior: Prior, rng: np.random.Generator) -> None:
    """Resample the shift of every motif relative to its occurrences (step C).

    Notes
    -----
    log weight(inc) = sum over cells [ lgamma(eta(w, rt - inc) + N) - lgamma(eta(w, rt - inc)) ]
    """
    length = len(prior.shape)
    lowest, highest = _find_shift_ranges(tokens, state)
    weight = np.empty(2 * length + 1)
    shift = np.zeros(len(state.live), dtype=np.int64)
    for q in range(state.tally[MOTIFS]):
        k = state.live[q]
        n = highest[k] - lowest[k] + 1
        fill_shift_weights(state.cells[k], prior, lowest[k], highest[k], weight)
        shift[k] = lowest[k] + draw_log_index(weight, n, rng)
        shift_cells(state.cells[k], shift[k])
    for q in range(state.tally[OCCURRENCES]):
        o = state.ids[q]
        # counts moved to earlier relative times, so starts move later by as much
        by = shift[state.motif[o]]
        if by != 0:
            unlink_occurrence(state, o)
            link_occurrence(state, o, state.row[o] + by)


@inner_kernel
def _find_shift_ranges(tokens: Tokens, state: State) -> tuple[Longs, Longs]:
    """Return the smallest and largest shift of the starts of every motif, int64 arrays (K,).

    Shifts keep all counts inside the motif and all starts inside their documents.
    """
    n_slots = len(state.live)
    lowest = np.zeros(n_slots, dtype=np.int64)
    highest = np.zeros(n_slots, dtype=np.int64)
    for q in range(state.tally[MOTIFS]):
        k = state.live[q]
        lowest[k], highest[k] = find_shift_range(state.cells[k])
    for q in range(state.tally[OCCURRENCES]):
        o = state.ids[q]
        k, row = state.motif[o], state.row[o]
        d = tokens.row_document[row]
        lowest[k] = max(lowest[k], tokens.first_start[d] - row)
        highest[k] = min(highest[k], tokens.last_start[d] - row)
    return lowest, highest


@inner_kernel
def find_shift_range(cells: Ints) -> tuple[int, int]:
    """Return the smallest and largest shift of the start that keeps the counts (W, L) inside."""
    n_words, length = cells.shape
    first, last = length, -1
    for w in range(n_words):
        for rt in range(length):
            if cells[w, rt] > 0:
                first, last = min(first, rt), max(last, rt)
    return last - length + 1, first


@inner_kernel
def log_shift_weight(cells: Ints, prior: Prior, by: int) -> float:
    """Return the sum over cells of the log rising factorials of eta(w, rt - by)."""
    n_words, length = cells.shape
    total = 0.0
    for w in range(n_words):
        for rt in range(length):
            n = cells[w, rt]
            if n > 0:
                a = prior.hyper[ETA] * prior.shape[rt - by]
                # counts of 1 are frequent, and lgamma is many times slower than log
                total += math.log(a) if n == 1 else math.lgamma(a + n) - math.lgamma(a)
    return total


@inner_kernel
def shift_cells(cells: Ints, by: int) -> None:
    """Move counts (W, L) from relative time rt to rt - by, in place."""
    n_words, length = cells.shape
    # the loops run away from the target, so that no count is overwritten before it is moved
    for w in range(n_words):
        if by > 0:
            for rt in range(by, length):
                cells[w, rt - by] = cells[w, rt]
                cells[w, rt] = 0
        elif by < 0:
            for rt in range(length - 1 + by, -1, -1):
                cells[w, rt - by] = cells[w, rt]
                cells[w, rt] = 0


@inner_kernel
def fill_shift_weights(cells: Ints, prior: Prior, lowest: int, highest: int, weight: Reals) -> None:
    """Write the log weight of step C for every shift from `lowest` to `highest`."""
    for by in range(lowest, highest + 1):
        weight[by - lowest] = log_shift_weight(cells, prior, by)


@inner_kernel
def log_motif_probability(cells: Ints, prior: Prior) -> float:
    """Return the log Dirichlet-multinomial of the counts (W, L) of one motif."""
    eta = prior.hyper[ETA]
    return (
        math.lgamma(eta) - math.lgamma(eta + sum_counts(cells)) + log_shift_weight(cells, prior, 0)
    )


@inner_kernel
def add_sides(cells: Ints) -> Ints:
    """Return `cells[0] + cells[1]`, int32 array (W, L)."""
    total: Ints = cells[0].copy()
    for w in range(total.shape[0]):
        for rt in range(total.shape[1]):
            total[w, rt] += cells[1, w, rt]
    return total


@inner_kernel
def sum_counts(cells: Ints) -> int:
    """Return the sum of counts (W, L)."""
    total = 0
    for w in range(cells.shape[0]):
        for rt in range(cells.shape[1]):
            total += cells[w, rt]
    return total
