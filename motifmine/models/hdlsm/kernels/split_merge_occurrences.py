"""Merge and split of occurrences: two of a document into one and back, by Metropolis-Hastings.

A split allocates one observation after the other to one of two sides, as in Dahl's sequentially
allocated merge-split sampler (2005); see `motifmine.models.hdlsm.kernels.split_merge_motifs`.
"""

import math

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.models.hdlsm.kernels.state import (
    ALPHA,
    ETA,
    GAMMA,
    MOTIFS,
    OCCURRENCES,
    Longs,
    Prior,
    State,
    Tokens,
    members,
    members_of_both,
    sweep_add,
    sweep_close,
    sweep_open,
    sweep_remove,
    sweep_take_motif,
)


@kernel
def sweep_occurrence_pairs(
    tokens: Tokens, state: State, prior: Prior, n_tries: int, rng: np.random.Generator
) -> int:
    """Try `n_tries` times to merge two occurrences that overlap, or to split one in two.

    Changes `state`; returns how many proposals were accepted. A split draws motif (from the Chinese
    restaurant) and start (uniform among those that overlap) of the new occurrence, then allocates
    the observations one after the other; a merge gives all observations to the first occurrence,
    as it is.
    """
    accepted = 0
    most = 0
    for q in range(state.tally[OCCURRENCES]):
        most += state.size[state.ids[q]]
    token = np.empty(most, dtype=np.int64)
    for _ in range(n_tries):
        n = state.tally[OCCURRENCES]
        if n == 0 or state.tally[MOTIFS] == len(state.live):
            continue
        o = state.ids[rng.integers(0, n)]
        if rng.random() < 0.5:
            accepted += sweep_split_occurrence(tokens, state, prior, o, token, rng)
        else:
            accepted += sweep_merge_occurrences(tokens, state, prior, o, token, rng)
    return accepted


@kernel
def start_window(tokens: Tokens, row: int, length: int) -> tuple[int, int]:
    """Return first and last allowed start row that overlaps with a start at `row`."""
    d = tokens.row_document[row]
    first = max(row - length + 1, tokens.first_start[d])
    return first, min(row + length - 1, tokens.last_start[d])


@kernel
def neighbours(state: State, o: int, first: int, last: int) -> int:
    """Return how many other occurrences start in the rows `first` .. `last`."""
    n = -1
    for row in range(first, last + 1):
        p = state.head[row]
        while p >= 0:
            n += 1
            p = state.after[p]
    return n


@kernel
def sweep_divide(
    tokens: Tokens,
    state: State,
    prior: Prior,
    o: int,
    p: int,
    token: Longs,
    n: int,
    mode: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Give observations, none of them counted, to occurrences `o` and `p` one after the other.

    Parameters
    ----------
    token : int64 array, `n` in use
    mode : int
        0 draws, 1 follows `state.owner`, 2 gives all to `o` (then `p` is not looked at).

    Returns
    -------
    log predictive probability of the observations; log probability of the choices, nats
    """
    length = len(prior.shape)
    eta = prior.hyper[ETA]
    log_p, log_q = 0.0, 0.0
    for a in range(n):
        i = token[a]
        w = tokens.word[i]
        rt_o = tokens.bin_row[i] + length - 1 - state.row[o]
        k = state.motif[o]
        x = (state.cells[k, w, rt_o] + eta * prior.shape[rt_o]) * state.inverse[k]
        y = 0.0
        rt_p = tokens.bin_row[i] + length - 1 - state.row[p]
        if mode < 2 and 0 <= rt_p < length:
            k = state.motif[p]
            y = (state.cells[k, w, rt_p] + eta * prior.shape[rt_p]) * state.inverse[k]
        goes_to_p = rng.random() * (x + y) < y if mode == 0 else mode == 1 and state.owner[i] == p
        if goes_to_p:
            sweep_add(state, prior, w, rt_p, p)
            log_p += math.log(y)
            log_q += math.log(y / (x + y))
        else:
            sweep_add(state, prior, w, rt_o, o)
            log_p += math.log(x)
            log_q += math.log(x / (x + y))
        if mode == 0:
            state.owner[i] = p if goes_to_p else o
    return log_p, log_q


@kernel
def sweep_discount(
    tokens: Tokens, state: State, prior: Prior, token: Longs, n: int, only: int
) -> None:
    """Take observations out of the counts of `only`, or of their owners when it is -1."""
    length = len(prior.shape)
    for a in range(n):
        i = token[a]
        o = only if only >= 0 else state.owner[i]
        sweep_remove(state, prior, tokens.word[i], tokens.bin_row[i] + length - 1 - state.row[o], o)


@kernel
def log_occurrence_split(
    tokens: Tokens, state: State, prior: Prior, o: int, p: int, log_choices: float
) -> float:
    """Return log p(split) / p(merged) * q(merge) / q(split) less predictive terms, nats.

    Of occurrences `o` and `p` in the split state; `log_choices` is the probability of allocating
    the observations like this. The restaurant's factor for the motif of `p` and its start appear
    in the joint and in the proposal and cancel, but for the number of starts.
    """
    first, last = start_window(tokens, state.row[o], len(prior.shape))
    d = tokens.row_document[state.row[o]]
    n = state.tally[OCCURRENCES]
    log_joint = (
        math.log(prior.hyper[ALPHA])
        - math.log(tokens.last_start[d] - tokens.first_start[d] + 1)
        + math.lgamma(state.size[o])
        + math.lgamma(state.size[p])
        - math.lgamma(state.size[o] + state.size[p])
    )
    log_split = -math.log(n - 1) - math.log(last - first + 1) + log_choices
    log_merge = -math.log(n) - math.log(neighbours(state, o, first, last))
    return log_joint + log_merge - log_split


@kernel
def sweep_split_occurrence(
    tokens: Tokens, state: State, prior: Prior, o: int, token: Longs, rng: np.random.Generator
) -> int:
    """Propose to split occurrence `o`; return 1 when it is accepted."""
    length = len(prior.shape)
    n = members(tokens, state, o, length, token)
    first, last = start_window(tokens, state.row[o], length)
    row = int(rng.integers(first, last + 1))
    u = rng.random() * (state.tally[OCCURRENCES] + prior.hyper[GAMMA])
    k = -1
    for q in range(state.tally[MOTIFS]):
        u -= state.motif_count[state.live[q]]
        if u < 0.0:
            k = state.live[q]
            break
    sweep_discount(tokens, state, prior, token, n, o)
    log_merged, _ = sweep_divide(tokens, state, prior, o, o, token, n, 2, rng)
    sweep_discount(tokens, state, prior, token, n, o)
    p = sweep_open(state, prior, row, k if k >= 0 else sweep_take_motif(state))
    log_split, log_choices = sweep_divide(tokens, state, prior, o, p, token, n, 0, rng)
    if state.size[o] > 0 and state.size[p] > 0:
        log_ratio = log_split - log_merged
        log_ratio += log_occurrence_split(tokens, state, prior, o, p, log_choices)
        if math.log(1.0 - rng.random()) < log_ratio:
            return 1
    sweep_discount(tokens, state, prior, token, n, -1)
    sweep_close(state, prior, p)
    for a in range(n):
        state.owner[token[a]] = o
    sweep_divide(tokens, state, prior, o, o, token, n, 2, rng)
    return 0


@kernel
def sweep_merge_occurrences(
    tokens: Tokens, state: State, prior: Prior, o: int, token: Longs, rng: np.random.Generator
) -> int:
    """Propose to merge an occurrence that overlaps into `o`; return 1 when it is accepted."""
    length = len(prior.shape)
    first, last = start_window(tokens, state.row[o], length)
    n = neighbours(state, o, first, last)
    if n == 0:
        return 0
    p = nth_neighbour(state, o, first, int(rng.integers(0, n)))
    n = members_of_both(tokens, state, o, p, length, token)
    for a in range(n):
        rt = tokens.bin_row[token[a]] + length - 1 - state.row[o]
        if rt < 0 or rt >= length:
            return 0
    sweep_discount(tokens, state, prior, token, n, -1)
    log_split, log_choices = sweep_divide(tokens, state, prior, o, p, token, n, 1, rng)
    log_ratio = -log_occurrence_split(tokens, state, prior, o, p, log_choices) - log_split
    sweep_discount(tokens, state, prior, token, n, -1)
    log_merged, _ = sweep_divide(tokens, state, prior, o, o, token, n, 2, rng)
    if math.log(1.0 - rng.random()) < log_ratio + log_merged:
        sweep_close(state, prior, p)
        for a in range(n):
            state.owner[token[a]] = o
        return 1
    sweep_discount(tokens, state, prior, token, n, o)
    sweep_divide(tokens, state, prior, o, p, token, n, 1, rng)
    return 0


@kernel
def nth_neighbour(state: State, o: int, first: int, n: int) -> int:
    """Return the `n`-th other occurrence that starts at row `first` or later."""
    row = first
    while True:
        p: int = state.head[row]
        while p >= 0:
            if p != o:
                if n == 0:
                    return p
                n -= 1
            p = state.after[p]
        row += 1
