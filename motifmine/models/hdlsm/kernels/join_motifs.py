"""Join and part: two motifs whose occurrences stand side by side into one, and back.

A Gibbs sampler likes to find one motif as two that share its words or its bins, each with an
occurrence wherever the motif occurs. Merging motifs or occurrences alone cannot mend that, since
each makes the other worse. This Metropolis-Hastings move does both at once: all occurrences of the
second motif become the first's, and those that then start together become one. The way back parts
a motif by allocating its observations to two sides, one after the other.
"""

import math

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.models.hdlsm.kernels.random_draws import choose_with_log
from motifmine.models.hdlsm.kernels.reallocate import (
    allocate_tokens,
    draw_shift,
    log_shift,
    n_positive,
    paired_items,
    start_limits,
    sweep_shuffle,
)
from motifmine.models.hdlsm.kernels.shifts import (
    cell_range,
    log_motif,
    sum_of_sides,
    sweep_shift_cells,
)
from motifmine.models.hdlsm.kernels.split_merge_occurrences import (
    neighbours,
    nth_neighbour,
    start_window,
)
from motifmine.models.hdlsm.kernels.state import (
    ETA,
    GAMMA,
    MOTIFS,
    OCCURRENCES,
    Ints,
    Longs,
    Prior,
    State,
    Tokens,
    placements,
    sweep_place,
)


@kernel
def sweep_joins(
    tokens: Tokens, state: State, prior: Prior, n_tries: int, rng: np.random.Generator
) -> int:
    """Try `n_tries` times to join the motifs of two overlapping occurrences, or to part a motif.

    Changes `state`; returns how many proposals were accepted.
    """
    accepted = 0
    side = np.zeros(len(tokens.word), dtype=np.int64)
    for _ in range(n_tries):
        n = state.tally[OCCURRENCES]
        if n == 0 or state.tally[MOTIFS] == len(state.live):
            continue
        a = state.ids[rng.integers(0, n)]
        if rng.random() < 0.5:
            accepted += sweep_part(tokens, state, prior, a, side, rng)
            continue
        first, last = start_window(tokens, state.row[a], len(prior.shape))
        n = neighbours(state, a, first, last)
        if n == 0:
            continue
        b = nth_neighbour(state, a, first, int(rng.integers(0, n)))
        if state.motif[a] != state.motif[b]:
            accepted += sweep_join(tokens, state, prior, a, b, side, rng)
    return accepted


@kernel
def wide_log_weight(cells: Ints, prior: Prior, first: int) -> float:
    """Return the weight of step C for counts (W, 3 L), used from column `first` on."""
    total = 0.0
    for w in range(cells.shape[0]):
        for rt in range(len(prior.shape)):
            n = cells[w, first + rt]
            if n > 0:
                a = prior.hyper[ETA] * prior.shape[rt]
                total += math.lgamma(a + n) - math.lgamma(a)
    return total


@kernel
def log_parted(
    ours: Ints,
    theirs: Ints,
    joined: Ints,
    n_ours: int,
    n_theirs: int,
    n_joined: int,
    n: int,
    prior: Prior,
) -> float:
    """Return log p(parted) - log p(joined) of the restaurant of motifs and of their counts.

    `ours` and `theirs` are the counts of both motifs where they start, `n_ours` and `n_theirs`
    their occurrences; `joined` and `n_joined` those of the joined motif; `n` is the number of all
    occurrences when joined.
    """
    gamma = prior.hyper[GAMMA]
    more = n_ours + n_theirs - n_joined
    return (
        math.log(gamma)
        + math.lgamma(n_ours)
        + math.lgamma(n_theirs)
        - math.lgamma(n_joined)
        + math.lgamma(gamma + n)
        - math.lgamma(gamma + n + more)
        + log_motif(ours, prior)
        + log_motif(theirs, prior)
        - log_motif(joined, prior)
    )


@kernel
def sweep_join(
    tokens: Tokens,
    state: State,
    prior: Prior,
    a: int,
    b: int,
    side: Longs,
    rng: np.random.Generator,
) -> int:
    """Propose to join the motifs of `a` and `b`, these two in one place; 1 when accepted."""
    length = len(prior.shape)
    k, other = state.motif[a], state.motif[b]
    by = state.row[a] - state.row[b]
    ours, theirs, is_simple = paired_items(state, k, other, by)
    if not is_simple:
        return 0
    # counts in the frame of `k`, length bins of margin on either side
    wide = np.zeros((state.by_word.shape[0], 3 * length), dtype=np.int32)
    for w in range(len(wide)):
        for rt in range(length):
            wide[w, length + rt] += state.cells[k, w, rt]
            wide[w, length + rt - by] += state.cells[other, w, rt]
    lowest, highest = cell_range(wide)
    lowest, highest = lowest + length, highest - length
    lowest, highest = start_limits(tokens, state, ours, 0, lowest, highest)
    lowest, highest = start_limits(tokens, state, theirs, by, lowest, highest)
    if lowest > highest:
        return 0
    weight = np.empty(highest - lowest + 1)
    for c in range(len(weight)):
        weight[c] = wide_log_weight(wide, prior, length + lowest + c)
    c, log_q = choose_with_log(weight, len(weight), rng)
    both = lowest + c
    sweep_shuffle(ours, theirs, a, rng)
    log_back, log_p, cells, _ = allocate_tokens(
        tokens, state, prior, ours, theirs, both, by + both, side, True, rng
    )
    lowest, highest = cell_range(cells[0])
    lowest, highest = start_limits(tokens, state, ours, both, lowest, highest)
    log_back += log_shift(cells[0], prior, lowest, highest, -both)
    lowest, highest = cell_range(cells[1])
    lowest, highest = start_limits(tokens, state, theirs, by + both, lowest, highest)
    log_back += log_shift(cells[1], prior, lowest, highest, -by - both)
    n, n_joined = state.tally[OCCURRENCES], len(ours)
    n_after = n - state.motif_count[k] - state.motif_count[other] + n_joined
    first, last = start_window(tokens, state.row[a], length)
    log_q += -math.log(n) - math.log(neighbours(state, a, first, last))
    log_back += -math.log(n_after)
    joined = sum_of_sides(cells)
    log_p += log_parted(
        state.cells[k],
        state.cells[other],
        joined,
        state.motif_count[k],
        state.motif_count[other],
        n_joined,
        n_after,
        prior,
    )
    if math.log(1.0 - rng.random()) >= log_back - log_q - log_p:
        return 0
    sweep_join_places(tokens, state, prior, k, ours, theirs, both, by + both)
    return 1


@kernel
def sweep_join_places(
    tokens: Tokens,
    state: State,
    prior: Prior,
    k: int,
    ours: Longs,
    theirs: Longs,
    by: int,
    other_by: int,
) -> None:
    """Give all occurrences to motif `k`, those of one place to one; starts move."""
    owner, row, motif = placements(state)
    target = np.arange(len(row))
    for x in range(len(ours)):
        if ours[x] >= 0:
            row[state.ids_at[ours[x]]] += by
        if theirs[x] >= 0:
            p = state.ids_at[theirs[x]]
            row[p] += other_by
            motif[p] = state.live_at[k]
            if ours[x] >= 0:
                target[p] = state.ids_at[ours[x]]
    for i in range(len(owner)):
        if owner[i] >= 0:
            owner[i] = target[owner[i]]
    sweep_place(tokens, state, prior, owner, row, motif)


@kernel
def sweep_part(
    tokens: Tokens, state: State, prior: Prior, a: int, side: Longs, rng: np.random.Generator
) -> int:
    """Propose to part the motif of `a` in two, and `a` with it; 1 when accepted."""
    length = len(prior.shape)
    k = state.motif[a]
    ours, theirs, is_simple = paired_items(state, k, -1, 0)
    if not is_simple:
        return 0
    sweep_shuffle(ours, theirs, a, rng)
    log_q, log_p, cells, here = allocate_tokens(
        tokens, state, prior, ours, theirs, 0, 0, side, False, rng
    )
    # `a` comes first
    if here[0, 0] == 0 or here[1, 0] == 0:
        return 0
    n, n_joined = state.tally[OCCURRENCES], len(ours)
    n_ours, n_theirs = n_positive(here[0]), n_positive(here[1])
    items = np.full((2, n_joined), -1, dtype=np.int64)
    for x in range(n_joined):
        for s in range(2):
            if here[s, x] > 0:
                items[s, x] = ours[x]
    shift = np.zeros(2, dtype=np.int64)
    parted = cells.copy()
    for s in range(2):
        lowest, highest = cell_range(cells[s])
        lowest, highest = start_limits(tokens, state, items[s], 0, lowest, highest)
        shift[s] = draw_shift(cells[s], prior, lowest, highest, rng)
        log_q += log_shift(cells[s], prior, lowest, highest, shift[s])
        sweep_shift_cells(parted[s], shift[s])
    if abs(shift[0] - shift[1]) >= length:
        return 0
    joined = sum_of_sides(cells)
    log_p += log_parted(parted[0], parted[1], joined, n_ours, n_theirs, n_joined, n, prior)
    # the way back: choosing both parts of `a`, and the shift of the joined motif
    lowest, highest = cell_range(joined)
    lowest, highest = start_limits(tokens, state, ours, 0, lowest, highest)
    log_back = log_shift(joined, prior, lowest, highest, 0)
    log_back -= math.log(n + n_ours + n_theirs - n_joined)
    log_q -= math.log(n)
    level = math.log(1.0 - rng.random()) + log_q - log_p - log_back
    # what is still missing is negative and costly
    if level >= 0.0:
        return 0
    owner, row, motif = parted_placements(state, side, k, shift)
    close = close_starts(tokens, row, owner, state.ids_at[a], length)
    if level >= -math.log(close):
        return 0
    sweep_place(tokens, state, prior, owner, row, motif)
    return 1


@kernel
def parted_placements(state: State, side: Longs, k: int, shift: Longs) -> tuple[Ints, Longs, Longs]:
    """Return placements in which side 1 of motif `k` is a new one; sides move by `shift`.

    Occurrence o of motif `k` becomes o (side 0) and O + o (side 1); either may be empty.
    """
    owner, row, motif = placements(state)
    n, number = len(row), state.live_at[k]
    new_row = np.concatenate((row, row))
    new_motif = np.concatenate((motif, motif))
    for o in range(n):
        if motif[o] == number:
            new_row[o] += shift[0]
            new_row[n + o] += shift[1]
            new_motif[n + o] = state.tally[MOTIFS]
    new_owner = owner.copy()
    for i in range(len(owner)):
        if owner[i] >= 0 and motif[owner[i]] == number and side[i] == 1:
            new_owner[i] = n + owner[i]
    return new_owner, new_row, new_motif


@kernel
def close_starts(tokens: Tokens, row: Longs, owner: Ints, o: int, length: int) -> int:
    """Return how many other occurrences that own something start within a motif of that of `o`."""
    owns = np.zeros(len(row), dtype=np.bool_)
    for p in owner:
        if p >= 0:
            owns[p] = True
    first, last = start_window(tokens, row[o], length)
    n = -1
    for p in range(len(row)):
        if owns[p] and first <= row[p] <= last:
            n += 1
    return n
