"""Shifts of motifs against their occurrences (step C of HDLSM), and what counts of motifs weigh.

Emonet, Varadarajan and Odobez, CVPR 2011 and TPAMI 36(1), 2014. A deviation: a shift is weighed by
the whole change of the joint probability.
"""

import math

import numpy as np

from motifmine.kernels.jit import kernel
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
    sweep_link,
    sweep_unlink,
)


@kernel
def sweep_shifts(tokens: Tokens, state: State, prior: Prior, rng: np.random.Generator) -> None:
    """Draw a shift of every motif against all its occurrences (step C); changes `state`.

    Notes
    -----
    log weight(inc) = sum over cells [ lgamma(eta(w, rt - inc) + N) - lgamma(eta(w, rt - inc)) ]
    """
    length = len(prior.shape)
    lowest, highest = shift_ranges(tokens, state, length)
    weight = np.empty(2 * length + 1)
    shift = np.zeros(len(state.live), dtype=np.int64)
    for q in range(state.tally[MOTIFS]):
        k = state.live[q]
        n = highest[k] - lowest[k] + 1
        shift_log_weights(state.cells[k], prior, lowest[k], highest[k], weight)
        shift[k] = lowest[k] + draw_log_index(weight, n, rng)
        sweep_shift_cells(state.cells[k], shift[k])
    for q in range(state.tally[OCCURRENCES]):
        o = state.ids[q]
        by = shift[state.motif[o]]
        if by != 0:
            sweep_unlink(state, o)
            sweep_link(state, o, state.row[o] + by)


@kernel
def shift_ranges(tokens: Tokens, state: State, length: int) -> tuple[Longs, Longs]:
    """Return lowest and highest increment of the start rows of every motif, int64 arrays (K,).

    Every used relative time stays inside the motif, every start inside what is allowed.
    """
    n_slots = len(state.live)
    lowest = np.zeros(n_slots, dtype=np.int64)
    highest = np.zeros(n_slots, dtype=np.int64)
    for q in range(state.tally[MOTIFS]):
        k = state.live[q]
        lowest[k], highest[k] = cell_range(state.cells[k])
    for q in range(state.tally[OCCURRENCES]):
        o = state.ids[q]
        k, row = state.motif[o], state.row[o]
        d = tokens.row_document[row]
        lowest[k] = max(lowest[k], tokens.first_start[d] - row)
        highest[k] = min(highest[k], tokens.last_start[d] - row)
    return lowest, highest


@kernel
def cell_range(cells: Ints) -> tuple[int, int]:
    """Return lowest and highest increment of the start that keeps the counts (W, L) inside."""
    n_words, length = cells.shape
    first, last = length, -1
    for w in range(n_words):
        for rt in range(length):
            if cells[w, rt] > 0:
                first, last = min(first, rt), max(last, rt)
    return last - length + 1, first


@kernel
def shift_log_weight(cells: Ints, prior: Prior, by: int) -> float:
    """Return sum over cells of the log rising factorials of eta(w, rt - by)."""
    n_words, length = cells.shape
    total = 0.0
    for w in range(n_words):
        for rt in range(length):
            n = cells[w, rt]
            if n > 0:
                a = prior.hyper[ETA] * prior.shape[rt - by]
                total += math.log(a) if n == 1 else math.lgamma(a + n) - math.lgamma(a)
    return total


@kernel
def sweep_shift_cells(cells: Ints, by: int) -> None:
    """Move counts (W, L) from relative time rt to rt - by."""
    n_words, length = cells.shape
    for w in range(n_words):
        if by > 0:
            for rt in range(by, length):
                cells[w, rt - by] = cells[w, rt]
                cells[w, rt] = 0
        elif by < 0:
            for rt in range(length - 1 + by, -1, -1):
                cells[w, rt - by] = cells[w, rt]
                cells[w, rt] = 0


@kernel
def shift_log_weights(cells: Ints, prior: Prior, lowest: int, highest: int, weight: Reals) -> None:
    """Write the log weight of step C for every increment from `lowest` to `highest`."""
    for by in range(lowest, highest + 1):
        weight[by - lowest] = shift_log_weight(cells, prior, by)


@kernel
def log_motif(cells: Ints, prior: Prior) -> float:
    """Return the log Dirichlet-multinomial of the counts (W, L) of one motif."""
    eta = prior.hyper[ETA]
    return (
        math.lgamma(eta) - math.lgamma(eta + n_counted(cells)) + shift_log_weight(cells, prior, 0)
    )


@kernel
def sum_of_sides(cells: Ints) -> Ints:
    """Return `cells[0] + cells[1]`, int32 array (W, L)."""
    total: Ints = cells[0].copy()
    for w in range(total.shape[0]):
        for rt in range(total.shape[1]):
            total[w, rt] += cells[1, w, rt]
    return total


@kernel
def n_counted(cells: Ints) -> int:
    """Return the sum of counts (W, L)."""
    total = 0
    for w in range(cells.shape[0]):
        for rt in range(cells.shape[1]):
            total += cells[w, rt]
    return total
