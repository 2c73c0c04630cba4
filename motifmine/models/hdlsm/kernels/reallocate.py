"""Sequential allocation of the observations of one or two motifs to two sides.

Building blocks of the moves in `motifmine.models.hdlsm.kernels.join_motifs`. A *place* is a start
row at which the first motif, the second motif, or both start.
"""

import math

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.models.hdlsm.kernels.bookkeeping import list_tokens_of_pair
from motifmine.models.hdlsm.kernels.random_draws import choose, log_choice_probability
from motifmine.models.hdlsm.kernels.shifts import fill_shift_weights
from motifmine.models.hdlsm.kernels.state import (
    ALPHA,
    ETA,
    OCCURRENCES,
    Ints,
    Longs,
    Prior,
    State,
    Tokens,
)


@inner_kernel
def _find_occurrence(state: State, k: int, row: int) -> int:
    """Return the occurrence of motif `k` at `row`, -1 for none, -2 for more than one."""
    found = -1
    if row < 0 or row >= len(state.head):
        return found
    o = state.head[row]
    while o >= 0:
        if state.motif[o] == k:
            if found >= 0:
                return -2
            found = o
        o = state.after[o]
    return found


@inner_kernel
def pair_occurrences(state: State, k: int, other: int, by: int) -> tuple[Longs, Longs, bool]:
    """List the places where motif `k`, or motif `other` shifted by `by`, starts.

    Parameters
    ----------
    other : int
        Slot of the second motif, -1 for none.
    by : int
        Bins that are added to the start rows of the second motif.

    Returns
    -------
    ours, theirs : int64 arrays (places,)
        Occurrence of `k` and of `other` at every place, -1 for none.
    is_simple : bool
        Whether no place has two occurrences of the same motif.
    """
    n = state.motif_count[k] + (state.motif_count[other] if other >= 0 else 0)
    ours = np.full(n, -1, dtype=np.int64)
    theirs = np.full(n, -1, dtype=np.int64)
    n = 0
    for q in range(state.tally[OCCURRENCES]):
        o = state.ids[q]
        row = state.row[o]
        if state.motif[o] == k:
            partner = _find_occurrence(state, other, row - by) if other >= 0 else -1
            # -2: two of one motif at a row, whose observations could be divided in many ways
            if _find_occurrence(state, k, row) == -2 or partner == -2:
                return ours, theirs, False
            ours[n], theirs[n] = o, partner
            n += 1
        elif state.motif[o] == other:
            if _find_occurrence(state, other, row) == -2:
                return ours, theirs, False
            if _find_occurrence(state, k, row + by) == -1:
                theirs[n] = o
                n += 1
    return ours[:n], theirs[:n], True


@kernel
def shuffle_pairs(ours: Longs, theirs: Longs, a: int, rng: np.random.Generator) -> None:
    """Shuffle the places in place, with that of occurrence `a` first.

    Parameters
    ----------
    ours : int64 array
        Occurrence of the first motif at every place, -1 for none; reordered.
    theirs : int64 array
        Occurrence of the second motif at every place, -1 for none; reordered.
    a : int
        Occurrence whose place comes first.
    """
    for x in range(len(ours)):
        if ours[x] == a:
            ours[0], ours[x] = ours[x], ours[0]
            theirs[0], theirs[x] = theirs[x], theirs[0]
    for x in range(len(ours) - 1, 1, -1):
        y = rng.integers(1, x + 1)
        ours[x], ours[y] = ours[y], ours[x]
        theirs[x], theirs[y] = theirs[y], theirs[x]


@inner_kernel
def allocate_tokens(
    tokens: Tokens,
    state: State,
    prior: Prior,
    ours: Longs,
    theirs: Longs,
    by: int,
    other_by: int,
    side: Longs,
    is_forced: bool,
    rng: np.random.Generator,
) -> tuple[float, float, Ints, Longs]:
    """Allocate the observations of all places to two sides sequentially.

    Parameters
    ----------
    ours, theirs : int64 arrays
        Occurrences by place, see `pair_occurrences`; -1 for none.
    by, other_by : int
        Bins to add to the start rows of both for the common place.
    side : int64 array (N,)
        Side of every observation: written; when `is_forced`, the owner decides.

    Returns
    -------
    log_q : float
        Log probability of the allocation.
    log_p : float
        log p(parted) - log p(joined) of the assignment of observations within documents.
    cells : int32 array (2, W, L)
        Counts of both sides.
    here : int64 array (2, places)
        Observations of both sides, by place.
    """
    length = len(prior.shape)
    eta = prior.hyper[ETA]
    cells = np.zeros((2, state.by_word.shape[0], length), dtype=np.int32)
    size = np.zeros(2, dtype=np.int64)
    here = np.zeros((2, len(ours)), dtype=np.int64)
    token = np.empty(len(tokens.word), dtype=np.int64)
    log_q, log_p = 0.0, 0.0
    for x in range(len(ours)):
        n = list_tokens_of_pair(tokens, state, ours[x], theirs[x], length, token)
        row = state.row[ours[x]] + by if ours[x] >= 0 else state.row[theirs[x]] + other_by
        for y in range(n):
            i = token[y]
            w, rt = tokens.word[i], tokens.bin_row[i] + length - 1 - row
            p0 = (here[0, x] + 1) * (cells[0, w, rt] + eta * prior.shape[rt]) / (size[0] + eta)
            p1 = (here[1, x] + 1) * (cells[1, w, rt] + eta * prior.shape[rt]) / (size[1] + eta)
            if is_forced:
                s = 1 if state.owner[i] == theirs[x] else 0
            else:
                s = 1 if rng.random() * (p0 + p1) < p1 else 0
            log_q += math.log((p1 if s == 1 else p0) / (p0 + p1))
            side[i] = s
            cells[s, w, rt] += 1
            here[s, x] += 1
            size[s] += 1
        # one occurrence has become two: a table of the restaurant more, with a start of its own
        if here[0, x] > 0 and here[1, x] > 0:
            d = tokens.row_document[row]
            log_p += math.log(
                prior.hyper[ALPHA] / (tokens.last_start[d] - tokens.first_start[d] + 1)
            )
            log_p += math.lgamma(here[0, x]) + math.lgamma(here[1, x]) - math.lgamma(n)
    return log_q, log_p, cells, here


@inner_kernel
def count_positive(numbers: Longs) -> int:
    """Count the numbers above 0."""
    n = 0
    for x in numbers:
        n += x > 0
    return n


@inner_kernel
def limit_shifts(
    tokens: Tokens, state: State, items: Longs, by: int, lowest: int, highest: int
) -> tuple[int, int]:
    """Restrict shifts to those that keep the starts of `items`, moved by `by`, inside documents.

    `by` is added to the start rows before the shift.
    """
    for o in items:
        if o >= 0:
            row = state.row[o]
            d = tokens.row_document[row]
            lowest = max(lowest, tokens.first_start[d] - row - by)
            highest = min(highest, tokens.last_start[d] - row - by)
    return lowest, highest


@inner_kernel
def log_shift_probability(
    cells: Ints, prior: Prior, lowest: int, highest: int, chosen: int
) -> float:
    """Return the log probability that step C shifts counts (W, L) by `chosen`."""
    weight = np.empty(highest - lowest + 1)
    fill_shift_weights(cells, prior, lowest, highest, weight)
    return log_choice_probability(weight, len(weight), chosen - lowest)


@inner_kernel
def draw_shift(
    cells: Ints, prior: Prior, lowest: int, highest: int, rng: np.random.Generator
) -> int:
    """Draw a shift of counts (W, L) as in step C."""
    weight = np.empty(highest - lowest + 1)
    fill_shift_weights(cells, prior, lowest, highest, weight)
    return lowest + choose(weight, len(weight), rng)
