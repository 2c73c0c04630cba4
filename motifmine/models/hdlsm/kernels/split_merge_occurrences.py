"""Split-merge of occurrences: two occurrences of a document into one and back.

A Metropolis-Hastings move. A split allocates observations to two sides sequentially, as in Dahl's
sequentially allocated merge-split sampler (2005); see
`motifmine.models.hdlsm.kernels.split_merge_motifs`.
"""

import math

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.models.hdlsm.kernels.bookkeeping import (
    close_occurrence,
    count_listed_tokens,
    count_token,
    list_tokens,
    list_tokens_of_pair,
    open_occurrence,
    take_motif_slot,
)
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
)


@kernel
def propose_occurrence_moves(
    tokens: Tokens, state: State, prior: Prior, n_tries: int, rng: np.random.Generator
) -> int:
    """Propose `n_tries` times to merge two overlapping occurrences, or to split one in two.

    A split draws motif (from the Chinese restaurant process) and start (uniformly among those that
    overlap) of the new occurrence, then allocates the observations sequentially. A merge assigns
    all observations to the first occurrence. Returns the number of accepted proposals.
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
            accepted += _propose_occurrence_split(tokens, state, prior, o, token, rng)
        else:
            accepted += _propose_occurrence_merge(tokens, state, prior, o, token, rng)
    return accepted


@inner_kernel
def find_start_window(tokens: Tokens, row: int, length: int) -> tuple[int, int]:
    """Return first and last allowed start row that overlaps with a start at `row`."""
    d = tokens.row_document[row]
    first = max(row - length + 1, tokens.first_start[d])
    return first, min(row + length - 1, tokens.last_start[d])


@inner_kernel
def count_neighbours(state: State, first: int, last: int) -> int:
    """Count the other occurrences in the rows around one, `first` .. `last`."""
    # less the one in the middle
    n = -1
    for row in range(first, last + 1):
        p = state.head[row]
        while p >= 0:
            n += 1
            p = state.after[p]
    return n


@inner_kernel
def allocate_tokens_between(
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
    """Allocate observations, none of which is counted, to occurrences `o` and `p` sequentially.

    Parameters
    ----------
    token : int64 array, `n` in use
    mode : int
        0 draws, 1 follows `state.owner`, 2 assigns all to `o` (`p` is then ignored).

    Returns
    -------
    log_p, log_q : float
        Log predictive probability of the observations, and log probability of the choices, nats.
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
        # outside of its window an occurrence explains nothing
        y = 0.0
        rt_p = tokens.bin_row[i] + length - 1 - state.row[p]
        if mode < 2 and 0 <= rt_p < length:
            k = state.motif[p]
            y = (state.cells[k, w, rt_p] + eta * prior.shape[rt_p]) * state.inverse[k]
        goes_to_p = rng.random() * (x + y) < y if mode == 0 else mode == 1 and state.owner[i] == p
        if goes_to_p:
            count_token(state, prior, w, rt_p, p, 1)
            log_p += math.log(y)
            log_q += math.log(y / (x + y))
        else:
            count_token(state, prior, w, rt_o, o, 1)
            log_p += math.log(x)
            log_q += math.log(x / (x + y))
        if mode == 0:
            state.owner[i] = p if goes_to_p else o
    return log_p, log_q


@inner_kernel
def _log_occurrence_split_ratio(
    tokens: Tokens, state: State, prior: Prior, o: int, p: int, log_choices: float
) -> float:
    """Return log p(split) / p(merged) * q(merge) / q(split) without predictive terms, nats.

    For occurrences `o` and `p` in the split state; `log_choices` is the log probability of this
    allocation. The prior of the motif of `p` and of its start are part of the joint and of the
    proposal and cancel, except for the number of starts.
    """
    first, last = find_start_window(tokens, state.row[o], len(prior.shape))
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
    log_merge = -math.log(n) - math.log(count_neighbours(state, first, last))
    return log_joint + log_merge - log_split


@inner_kernel
def _propose_occurrence_split(
    tokens: Tokens, state: State, prior: Prior, o: int, token: Longs, rng: np.random.Generator
) -> int:
    """Propose to split occurrence `o`; return 1 if accepted."""
    length = len(prior.shape)
    n = list_tokens(tokens, state, o, length, token)
    first, last = find_start_window(tokens, state.row[o], length)
    row = int(rng.integers(first, last + 1))
    u = rng.random() * (state.tally[OCCURRENCES] + prior.hyper[GAMMA])
    k = -1
    for q in range(state.tally[MOTIFS]):
        u -= state.motif_count[state.live[q]]
        if u < 0.0:
            k = state.live[q]
            break
    # both predictives are computed by adding the observations again, one by one
    count_listed_tokens(tokens, state, prior, token[:n], o, -1)
    log_merged, _ = allocate_tokens_between(tokens, state, prior, o, o, token, n, 2, rng)
    count_listed_tokens(tokens, state, prior, token[:n], o, -1)
    p = open_occurrence(state, prior, row, k if k >= 0 else take_motif_slot(state))
    log_split, log_choices = allocate_tokens_between(tokens, state, prior, o, p, token, n, 0, rng)
    # an empty side is the merged state, which no merge leads back from
    if state.size[o] > 0 and state.size[p] > 0:
        log_ratio = log_split - log_merged
        log_ratio += _log_occurrence_split_ratio(tokens, state, prior, o, p, log_choices)
        if math.log(1.0 - rng.random()) < log_ratio:
            return 1
    # rejected: restore the merged state
    count_listed_tokens(tokens, state, prior, token[:n], -1, -1)
    close_occurrence(state, prior, p)
    for a in range(n):
        state.owner[token[a]] = o
    allocate_tokens_between(tokens, state, prior, o, o, token, n, 2, rng)
    return 0


@inner_kernel
def _propose_occurrence_merge(
    tokens: Tokens, state: State, prior: Prior, o: int, token: Longs, rng: np.random.Generator
) -> int:
    """Propose to merge an overlapping occurrence into `o`; return 1 if accepted."""
    length = len(prior.shape)
    first, last = find_start_window(tokens, state.row[o], length)
    n = count_neighbours(state, first, last)
    if n == 0:
        return 0
    p = find_neighbour(state, o, first, int(rng.integers(0, n)))
    n = list_tokens_of_pair(tokens, state, o, p, length, token)
    # the merged occurrence keeps the start of `o`, which must cover all observations
    for a in range(n):
        rt = tokens.bin_row[token[a]] + length - 1 - state.row[o]
        if rt < 0 or rt >= length:
            return 0
    count_listed_tokens(tokens, state, prior, token[:n], -1, -1)
    log_split, log_choices = allocate_tokens_between(tokens, state, prior, o, p, token, n, 1, rng)
    log_ratio = -_log_occurrence_split_ratio(tokens, state, prior, o, p, log_choices) - log_split
    count_listed_tokens(tokens, state, prior, token[:n], -1, -1)
    log_merged, _ = allocate_tokens_between(tokens, state, prior, o, o, token, n, 2, rng)
    if math.log(1.0 - rng.random()) < log_ratio + log_merged:
        close_occurrence(state, prior, p)
        for a in range(n):
            state.owner[token[a]] = o
        return 1
    # rejected: restore the split state
    count_listed_tokens(tokens, state, prior, token[:n], o, -1)
    allocate_tokens_between(tokens, state, prior, o, p, token, n, 1, rng)
    return 0


@inner_kernel
def find_neighbour(state: State, o: int, first: int, n: int) -> int:
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
