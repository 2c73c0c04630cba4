"""Gibbs sweeps of HDLSM over all observations (step A) and all occurrences (step B).

Emonet, Varadarajan and Odobez, CVPR 2011 and TPAMI 36(1), 2014, with motifs and both Dirichlet
processes integrated out. A deviation: step B draws motif and start time of an occurrence jointly,
from the exact Dirichlet-multinomial predictive of all its observations. The paper draws one given
the other, from a product that treats the observations as independent given the counts.
"""

import math

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.models.hdlsm.kernels.bookkeeping import (
    assign_motif,
    close_occurrence,
    count_background,
    count_listed_tokens,
    count_token,
    link_occurrence,
    list_tokens,
    open_occurrence,
    take_motif_slot,
    unassign_motif,
    unlink_occurrence,
)
from motifmine.models.hdlsm.kernels.random_draws import draw_index, draw_log_index
from motifmine.models.hdlsm.kernels.state import (
    ALPHA,
    BACKGROUND,
    ETA,
    GAMMA,
    IN_BACKGROUND,
    MOTIFS,
    SEATED,
    SHARE,
    Longs,
    Prior,
    State,
    Tokens,
)


@kernel
def sweep_observations(
    tokens: Tokens, state: State, prior: Prior, begin: int, rng: np.random.Generator
) -> int:
    """Resample the occurrence of every observation from `begin` on, in order of time (step A).

    Stops when no motif slot is free. Returns the observation to continue with, which is the number
    of observations when the sweep is complete.

    Notes
    -----
    Weights of an observation (w, t) that is not counted itself, eqs 9-17 of the CVPR supplement,
    where phi(w, rt) = (N(w, rt, k) + eta(w, rt)) / (N(k) + eta0):

        occurrence o:       N_jo phi_k(w, t - ost_o)
        new occurrence:     alpha / Lj / (M + gamma)
                            * sum_rt [ sum_k Nocc(k) phi_k(w, rt) + gamma eta(w, rt) / eta0 ]
        background (ours):  (Nbg_j + b0) (Nbg(w) + e_b) / (Nbg + e_b W) / T_j
    """
    length = len(prior.shape)
    capacity = state.by_word.shape[1]
    eta, share = prior.hyper[ETA], prior.hyper[SHARE]
    owner, start, motif, size = state.owner, state.row, state.motif, state.size
    cells, inverse = state.cells, state.inverse
    covering = np.empty(len(start), dtype=np.int64)
    weight = np.empty(len(start) + 2)
    i = begin
    while i < len(owner):
        r, d = tokens.bin_row[i], tokens.document[i]
        # relative times of a new occurrence whose start is inside the allowed rows
        lowest = max(0, r + length - 1 - tokens.last_start[d])
        highest = min(length - 1, r + length - 1 - tokens.first_start[d])
        opening = prior.hyper[ALPHA] / (tokens.last_start[d] - tokens.first_start[d] + 1)
        n = _list_covering_occurrences(state, r, length, covering)
        while i < tokens.first[r + 1]:
            if state.tally[MOTIFS] == capacity:
                return i
            w, old = tokens.word[i], owner[i]
            if old >= 0:
                count_token(state, prior, w, r + length - 1 - start[old], old, -1)
                if size[old] == 0:
                    close_occurrence(state, prior, old)
                    n = _list_covering_occurrences(state, r, length, covering)
            elif old == BACKGROUND:
                count_background(state, prior, w, d, -1)
            # cumulative weights: occurrences, then background, then a new occurrence
            u = 0.0
            for c in range(n):
                o = covering[c]
                k, rt = motif[o], r + length - 1 - start[o]
                u += size[o] * (cells[k, w, rt] + eta * prior.shape[rt]) * inverse[k]
                weight[c] = u
            if share > 0.0:
                u += _weigh_background(tokens, state, prior, w, d)
            weight[n] = u
            # the weight of a new occurrence, at most `opening`, is needed for draws beyond the rest
            u = rng.random() * (u + opening)
            if u >= weight[n]:
                total = weight[n] + opening * _sum_opening_weights(state, prior, w, lowest, highest)
                u = u if u < total else rng.random() * total
            c = 0
            while c <= n and u >= weight[c]:
                c += 1
            if c == n:
                owner[i] = BACKGROUND
                count_background(state, prior, w, d, 1)
            else:
                if c < n:
                    o = covering[c]
                else:
                    u = (u - weight[n]) / opening
                    k, rt = _draw_opening(state, prior, w, lowest, highest, u, rng)
                    o = open_occurrence(state, prior, r + length - 1 - rt, k)
                    covering[n] = o
                    n += 1
                owner[i] = o
                count_token(state, prior, w, r + length - 1 - start[o], o, 1)
            i += 1
    return i


@inner_kernel
def _weigh_background(tokens: Tokens, state: State, prior: Prior, w: int, d: int) -> float:
    """Return the weight of the background for word `w` in document `d`."""
    n_words = len(state.background_of_word)
    weight: float = (
        (state.background_of_document[d] + prior.hyper[SHARE])
        * (state.background_of_word[w] + prior.background_prior)
        / ((state.tally[IN_BACKGROUND] + prior.background_prior * n_words) * tokens.n_bins[d])
    )
    return weight


@inner_kernel
def _list_covering_occurrences(state: State, r: int, length: int, covering: Longs) -> int:
    """Write the occurrences whose window covers bin row `r` to `covering`; return their number."""
    n = 0
    for row in range(r, r + length):
        o = state.head[row]
        while o >= 0:
            covering[n] = o
            n += 1
            o = state.after[o]
    return n


@inner_kernel
def _sum_opening_weights(state: State, prior: Prior, w: int, lowest: int, highest: int) -> float:
    """Return sum_rt p(w, rt) of a new occurrence over all motifs and the allowed rt."""
    length, n_words = len(prior.shape), len(state.by_word)
    # away from document edges all relative times are allowed, and `by_word` is their sum
    is_whole = highest - lowest == length - 1
    share = 1.0 / n_words
    if not is_whole:
        share = 0.0
        for rt in range(lowest, highest + 1):
            share += prior.shape[rt]
    total: float = prior.hyper[GAMMA] * share
    share *= prior.hyper[ETA]
    for q in range(state.tally[MOTIFS]):
        k = state.live[q]
        n = state.by_word[w, k]
        if not is_whole:
            n = 0
            for rt in range(lowest, highest + 1):
                n += state.cells[k, w, rt]
        total += state.motif_count[k] * (n + share) * state.inverse[k]
    total /= state.tally[SEATED] + prior.hyper[GAMMA]
    return total


@inner_kernel
def _draw_opening(
    state: State,
    prior: Prior,
    w: int,
    lowest: int,
    highest: int,
    u: float,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Draw motif and relative time of a new occurrence, given a uniform `u` below the weight sum.

    A new motif is allocated a free slot. `u` is uniform on [0, `_sum_opening_weights`).
    """
    eta = prior.hyper[ETA]
    share = 0.0
    for rt in range(lowest, highest + 1):
        share += prior.shape[rt]
    u *= state.tally[SEATED] + prior.hyper[GAMMA]
    motif = -1
    for q in range(state.tally[MOTIFS]):
        k = state.live[q]
        n = 0
        for rt in range(lowest, highest + 1):
            n += state.cells[k, w, rt]
        u -= state.motif_count[k] * (n + eta * share) * state.inverse[k]
        if u < 0.0:
            motif = k
            break
    if motif < 0 and prior.hyper[GAMMA] > 0.0:
        motif = take_motif_slot(state)
    elif motif < 0:
        # without new motifs (gamma = 0) rounding may leave u >= 0; the last motif takes it
        motif = state.live[state.tally[MOTIFS] - 1]
    weight = np.empty(highest - lowest + 1)
    for rt in range(lowest, highest + 1):
        weight[rt - lowest] = state.cells[motif, w, rt] + eta * prior.shape[rt]
    return motif, lowest + draw_index(weight, len(weight), rng)


@inner_kernel
def group_tokens(
    tokens: Tokens, token: Longs, n: int, word: Longs, bin_row: Longs, count: Longs
) -> int:
    """Group `n` observations by (word, bin row); return the number of groups.

    The first `n` entries of `token` are used; word, bin row and number of observations of every
    group are written to the last three arrays.
    """
    m = -1
    for a in range(n):
        w, r = tokens.word[token[a]], tokens.bin_row[token[a]]
        if m >= 0 and word[m] == w and bin_row[m] == r:
            count[m] += 1
        else:
            m += 1
            word[m], bin_row[m], count[m] = w, r, 1
    return m + 1


@inner_kernel
def _log_rising_factorial(a: float, n: int, learn: int) -> float:
    """Return log(a (a + 1) .. (a + n - 1)), or n log a if motifs are held fixed."""
    if learn == 0:
        return n * math.log(a)
    return math.lgamma(a + n) - math.lgamma(a)


@inner_kernel
def _log_rising_motif(
    state: State,
    prior: Prior,
    k: int,
    row: int,
    word: Longs,
    bin_row: Longs,
    count: Longs,
    m: int,
) -> float:
    """Return the log of the product over cells of the rising factorials of N(w, rt, k) + eta.

    For a start at `row`; `k` is -1 for a new motif.
    """
    total, product = 0.0, 1.0
    for c in range(m):
        rt = len(prior.shape) - 1 - (row - bin_row[c])
        a = prior.hyper[ETA] * prior.shape[rt]
        if k >= 0:
            a += state.cells[k, word[c], rt]
        for _ in range(count[c]):
            product *= a
            a += prior.learn
            # one logarithm per overflow instead of one per factor
            if product < 1e-200 or product > 1e200:
                total += math.log(product)
                product = 1.0
    return total + math.log(product)


@kernel
def sweep_occurrences(
    tokens: Tokens, state: State, prior: Prior, begin: int, rng: np.random.Generator
) -> int:
    """Resample motif and start time of every occurrence jointly, from slot `begin` on (step B).

    Stops when no motif slot is free. Returns the slot to continue with, which is the number of
    slots when the sweep is complete.

    Notes
    -----
    log weight(m, s) = log Nocc(m) (log gamma for a new motif)
        + lgamma(eta0 + N(m)) - lgamma(eta0 + N(m) + n)
        + sum over cells [ lgamma(eta + N(w, t - s, m) + c) - lgamma(eta + N(w, t - s, m)) ]
    """
    length = len(prior.shape)
    n_tokens = len(tokens.word)
    token = np.empty(n_tokens, dtype=np.int64)
    word, bin_row, count = np.empty_like(token), np.empty_like(token), np.empty_like(token)
    weight = np.empty((len(state.live) + 1) * length)
    for o in range(begin, len(state.row)):
        if state.size[o] == 0:
            continue
        # numba cannot enlarge the state: the caller does, and continues from here
        if state.tally[MOTIFS] == len(state.live):
            return o
        n = list_tokens(tokens, state, o, length, token)
        m = group_tokens(tokens, token, n, word, bin_row, count)
        count_listed_tokens(tokens, state, prior, token[:n], o, -1)
        unassign_motif(state, prior, o)
        unlink_occurrence(state, o)
        d = tokens.document[token[0]]
        # starts whose window covers the first and the last observation of the occurrence
        first = max(bin_row[m - 1], tokens.first_start[d])
        last = min(bin_row[0] + length - 1, tokens.last_start[d])
        n_live = state.tally[MOTIFS]
        c = 0
        for q in range(n_live + 1):
            k = state.live[q] if q < n_live else -1
            base = _log_opening_weight(state, prior, k, n)
            for row in range(first, last + 1):
                weight[c] = base + _log_rising_motif(state, prior, k, row, word, bin_row, count, m)
                c += 1
        c = draw_log_index(weight, c, rng)
        q = c // (last - first + 1)
        k = state.live[q] if q < n_live else take_motif_slot(state)
        link_occurrence(state, o, first + c % (last - first + 1))
        assign_motif(state, prior, o, k)
        count_listed_tokens(tokens, state, prior, token[:n], o, 1)
    return len(state.row)


@inner_kernel
def _log_opening_weight(state: State, prior: Prior, k: int, n: int) -> float:
    """Return log Nocc(k) minus the log denominator of `n` observations; `k` is -1 if new."""
    if k < 0:
        if prior.hyper[GAMMA] <= 0.0:
            return -np.inf
        return math.log(prior.hyper[GAMMA]) - _log_rising_factorial(
            prior.hyper[ETA], n, prior.learn
        )
    return math.log(state.motif_count[k]) - _log_rising_factorial(
        prior.hyper[ETA] + state.motif_size[k], n, prior.learn
    )
