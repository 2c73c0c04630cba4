"""The Gibbs moves of HDLSM: every observation and every occurrence.

Step A and B of Emonet, Varadarajan and Odobez, CVPR 2011 and TPAMI 36(1), 2014, where motifs and
both Dirichlet processes are integrated out. A deviation: step B draws motif and start time of an
occurrence together, by the exact Dirichlet-multinomial predictive of all its observations (the
paper draws one given the other, from a product that ignores that equal observations attract each
other).
"""

import math

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.models.hdlsm.kernels.random_draws import draw_index, draw_log_index
from motifmine.models.hdlsm.kernels.state import (
    ALPHA,
    BACKGROUND,
    ETA,
    GAMMA,
    MOTIFS,
    NOISE,
    SEATED,
    SHARE,
    Longs,
    Prior,
    State,
    Tokens,
    members,
    sweep_add,
    sweep_add_noise,
    sweep_close,
    sweep_give_motif,
    sweep_leave_motif,
    sweep_link,
    sweep_open,
    sweep_remove,
    sweep_take_motif,
    sweep_unlink,
)


@kernel
def sweep_observations(
    tokens: Tokens, state: State, prior: Prior, begin: int, rng: np.random.Generator
) -> int:
    """Draw the occurrence of every observation from `begin` on, in order of time (step A).

    Changes `state`. Stops when no motif slot is spare; returns the observation to go on with, the
    number of observations when all are done.

    Notes
    -----
    Weights of an observation (w, t), itself not counted, eqs 9-17 of the supplement of CVPR 2011,
    where phi(w, rt) = (N(w, rt, k) + eta(w, rt)) / (N(k) + eta0):

        occurrence o:       N_jo phi_k(w, t - ost_o)
        new occurrence:     alpha / Lj / (M + gamma)
                            * sum_rt [ sum_k Nocc(k) phi_k(w, rt) + gamma eta(w, rt) / eta0 ]
        background (ours):  (Nbg_j + b0) (Nbg(w) + e_b) / (Nbg + e_b W) / T_j
    """
    length = len(prior.shape)
    n_words, capacity = state.by_word.shape
    eta, share = prior.hyper[ETA], prior.hyper[SHARE]
    owner, start, motif, size = state.owner, state.row, state.motif, state.size
    cells, inverse = state.cells, state.inverse
    alive = np.empty(len(start), dtype=np.int64)
    weight = np.empty(len(start) + 2)
    i = begin
    while i < len(owner):
        r, d = tokens.bin_row[i], tokens.document[i]
        lowest = max(0, r + length - 1 - tokens.last_start[d])
        highest = min(length - 1, r + length - 1 - tokens.first_start[d])
        opening = prior.hyper[ALPHA] / (tokens.last_start[d] - tokens.first_start[d] + 1)
        n = gather_alive(state, r, length, alive)
        while i < tokens.first[r + 1]:
            if state.tally[MOTIFS] == capacity:
                return i
            w, old = tokens.word[i], owner[i]
            if old >= 0:
                sweep_remove(state, prior, w, r + length - 1 - start[old], old)
                if size[old] == 0:
                    sweep_close(state, prior, old)
                    n = gather_alive(state, r, length, alive)
            elif old == BACKGROUND:
                sweep_add_noise(state, prior, w, d, -1)
            u = 0.0
            for c in range(n):
                o = alive[c]
                k, rt = motif[o], r + length - 1 - start[o]
                u += size[o] * (cells[k, w, rt] + eta * prior.shape[rt]) * inverse[k]
                weight[c] = u
            if share > 0.0:
                u += (
                    (state.noise_of_document[d] + share)
                    * (state.noise_of_word[w] + prior.noise_word)
                    / ((state.tally[NOISE] + prior.noise_word * n_words) * tokens.n_bins[d])
                )
            weight[n] = u
            u += opening * opening_sum(state, prior, w, lowest, highest)
            u *= rng.random()
            c = 0
            while c <= n and u >= weight[c]:
                c += 1
            if c == n:
                owner[i] = BACKGROUND
                sweep_add_noise(state, prior, w, d, 1)
            else:
                if c < n:
                    o = alive[c]
                else:
                    u = (u - weight[n]) / opening
                    k, rt = opening_draw(state, prior, w, lowest, highest, u, rng)
                    o = sweep_open(state, prior, r + length - 1 - rt, k)
                    alive[n] = o
                    n += 1
                owner[i] = o
                sweep_add(state, prior, w, r + length - 1 - start[o], o)
            i += 1
    return i


@kernel
def gather_alive(state: State, r: int, length: int, alive: Longs) -> int:
    """Return how many occurrences have bin row `r` in their window, and list them."""
    n = 0
    for row in range(r, r + length):
        o = state.head[row]
        while o >= 0:
            alive[n] = o
            n += 1
            o = state.after[o]
    return n


@kernel
def opening_sum(state: State, prior: Prior, w: int, lowest: int, highest: int) -> float:
    """Return sum_rt p(w, rt) of a new occurrence over all motifs and the allowed rt."""
    length, n_words = len(prior.shape), len(state.by_word)
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


@kernel
def opening_draw(
    state: State,
    prior: Prior,
    w: int,
    lowest: int,
    highest: int,
    u: float,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Return motif and relative time of a new occurrence; `u` < `opening_sum` is uniform.

    A new motif takes a spare slot.
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
        motif = sweep_take_motif(state)
    elif motif < 0:
        motif = state.live[state.tally[MOTIFS] - 1]
    weight = np.empty(highest - lowest + 1)
    for rt in range(lowest, highest + 1):
        weight[rt - lowest] = state.cells[motif, w, rt] + eta * prior.shape[rt]
    return motif, lowest + draw_index(weight, len(weight), rng)


@kernel
def gather_cells(
    tokens: Tokens, token: Longs, n: int, word: Longs, bin_row: Longs, count: Longs
) -> int:
    """Return how many distinct (word, bin row) `n` observations have, and list them."""
    m = -1
    for a in range(n):
        w, r = tokens.word[token[a]], tokens.bin_row[token[a]]
        if m >= 0 and word[m] == w and bin_row[m] == r:
            count[m] += 1
        else:
            m += 1
            word[m], bin_row[m], count[m] = w, r, 1
    return m + 1


@kernel
def log_rising(a: float, n: int, learn: int) -> float:
    """Return log(a (a + 1) .. (a + n - 1)), or n log a when nothing is learned."""
    if learn == 0:
        return n * math.log(a)
    return math.lgamma(a + n) - math.lgamma(a)


@kernel
def log_block(
    state: State,
    prior: Prior,
    k: int,
    row: int,
    word: Longs,
    bin_row: Longs,
    count: Longs,
    m: int,
) -> float:
    """Return the log of prod over cells of the rising factorials of N(w, rt, k) + eta(w, rt).

    With a start at `row`; `k` is -1 for a new motif. Products are kept until they leave the range
    of floating-point numbers, which spares most logarithms.
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
            if product < 1e-200 or product > 1e200:
                total += math.log(product)
                product = 1.0
    return total + math.log(product)


@kernel
def sweep_occurrences(
    tokens: Tokens, state: State, prior: Prior, begin: int, rng: np.random.Generator
) -> int:
    """Draw motif and start time of every occurrence together, from slot `begin` on (step B).

    Changes `state`. Stops when no motif slot is spare; returns the slot to go on with, the number
    of slots when all are done.

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
        if state.tally[MOTIFS] == len(state.live):
            return o
        n = members(tokens, state, o, length, token)
        m = gather_cells(tokens, token, n, word, bin_row, count)
        sweep_lift(tokens, state, prior, o, token, n)
        d = tokens.document[token[0]]
        first = max(bin_row[m - 1], tokens.first_start[d])
        last = min(bin_row[0] + length - 1, tokens.last_start[d])
        n_live = state.tally[MOTIFS]
        c = 0
        for q in range(n_live + 1):
            k = state.live[q] if q < n_live else -1
            base = opening_log_weight(state, prior, k, n)
            for row in range(first, last + 1):
                weight[c] = base + log_block(state, prior, k, row, word, bin_row, count, m)
                c += 1
        c = draw_log_index(weight, c, rng)
        q = c // (last - first + 1)
        k = state.live[q] if q < n_live else sweep_take_motif(state)
        sweep_lower(tokens, state, prior, o, first + c % (last - first + 1), k, token, n)
    return len(state.row)


@kernel
def opening_log_weight(state: State, prior: Prior, k: int, n: int) -> float:
    """Return log Nocc(k) less the log of the denominator for `n` observations; k is -1 if new."""
    if k < 0:
        if prior.hyper[GAMMA] <= 0.0:
            return -np.inf
        return math.log(prior.hyper[GAMMA]) - log_rising(prior.hyper[ETA], n, prior.learn)
    return math.log(state.motif_count[k]) - log_rising(
        prior.hyper[ETA] + state.motif_size[k], n, prior.learn
    )


@kernel
def sweep_lift(tokens: Tokens, state: State, prior: Prior, o: int, token: Longs, n: int) -> None:
    """Take occurrence `o` with its `n` observations out of all counts and off its row."""
    length = len(prior.shape)
    for a in range(n):
        i = token[a]
        sweep_remove(state, prior, tokens.word[i], tokens.bin_row[i] + length - 1 - state.row[o], o)
    sweep_leave_motif(state, prior, o)
    sweep_unlink(state, o)


@kernel
def sweep_lower(
    tokens: Tokens,
    state: State,
    prior: Prior,
    o: int,
    row: int,
    k: int,
    token: Longs,
    n: int,
) -> None:
    """Put back what `sweep_lift` took out, with motif `k` at `row`."""
    length = len(prior.shape)
    sweep_link(state, o, row)
    sweep_give_motif(state, prior, o, k)
    for a in range(n):
        i = token[a]
        sweep_add(state, prior, tokens.word[i], tokens.bin_row[i] + length - 1 - row, o)
