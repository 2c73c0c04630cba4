"""Joint split-merge of motifs and their occurrences, as a Metropolis-Hastings move.

A Gibbs sampler often finds one motif as two that share its words or its bins, each with an
occurrence wherever the motif occurs. Merging only the motifs, or only the occurrences, does not
help: each lowers the joint probability without the other. This move does both at once: all
occurrences of the second motif are assigned to the first, and those that then start together are
merged ("join"). The reverse move splits a motif by allocating its observations to two sides
sequentially ("part").
"""

import math

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.models.hdlsm.kernels.bookkeeping import get_assignments, set_assignments
from motifmine.models.hdlsm.kernels.random_draws import choose_with_log
from motifmine.models.hdlsm.kernels.reallocate import (
    allocate_tokens,
    count_positive,
    draw_shift,
    limit_shifts,
    log_shift_probability,
    pair_occurrences,
    shuffle_pairs,
)
from motifmine.models.hdlsm.kernels.shifts import (
    add_sides,
    find_shift_range,
    log_motif_probability,
    shift_cells,
)
from motifmine.models.hdlsm.kernels.split_merge_occurrences import (
    count_neighbours,
    find_neighbour,
    find_start_window,
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
)


@kernel
def propose_joins(
    tokens: Tokens, state: State, prior: Prior, n_tries: int, rng: np.random.Generator
) -> int:
    """Propose `n_tries` times to join the motifs of two overlapping occurrences, or to part one.

    Returns the number of accepted proposals.
    """
    accepted = 0
    side = np.zeros(len(tokens.word), dtype=np.int64)
    for _ in range(n_tries):
        n = state.tally[OCCURRENCES]
        if n == 0 or state.tally[MOTIFS] == len(state.live):
            continue
        a = state.ids[rng.integers(0, n)]
        if rng.random() < 0.5:
            accepted += _propose_part(tokens, state, prior, a, side, rng)
            continue
        first, last = find_start_window(tokens, state.row[a], len(prior.shape))
        n = count_neighbours(state, first, last)
        if n == 0:
            continue
        b = find_neighbour(state, a, first, int(rng.integers(0, n)))
        if state.motif[a] != state.motif[b]:
            accepted += _propose_join(tokens, state, prior, a, b, side, rng)
    return accepted


@inner_kernel
def _log_padded_weight(cells: Ints, prior: Prior, first: int) -> float:
    """Return the log weight of step C for counts (W, 3 L), used from column `first` on."""
    total = 0.0
    for w in range(cells.shape[0]):
        for rt in range(len(prior.shape)):
            n = cells[w, first + rt]
            if n > 0:
                a = prior.hyper[ETA] * prior.shape[rt]
                total += math.lgamma(a + n) - math.lgamma(a)
    return total


@inner_kernel
def _log_part_ratio(
    ours: Ints,
    theirs: Ints,
    joined: Ints,
    n_ours: int,
    n_theirs: int,
    n_joined: int,
    n: int,
    prior: Prior,
) -> float:
    """Return log p(parted) - log p(joined) of motif assignments and counts.

    `ours` and `theirs` are the counts of both motifs at their own starts, `n_ours` and `n_theirs`
    the numbers of their occurrences; `joined` and `n_joined` are those of the joined motif; `n` is
    the number of all occurrences after joining.
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
        + log_motif_probability(ours, prior)
        + log_motif_probability(theirs, prior)
        - log_motif_probability(joined, prior)
    )


@inner_kernel
def _propose_join(
    tokens: Tokens,
    state: State,
    prior: Prior,
    a: int,
    b: int,
    side: Longs,
    rng: np.random.Generator,
) -> int:
    """Propose to join the motifs of `a` and `b`, with `a` and `b` merged; return 1 if accepted."""
    length = len(prior.shape)
    k, other = state.motif[a], state.motif[b]
    by = state.row[a] - state.row[b]
    ours, theirs, is_simple = pair_occurrences(state, k, other, by)
    if not is_simple:
        return 0
    # counts aligned with `k`, padded by `length` bins on either side
    wide = np.zeros((state.by_word.shape[0], 3 * length), dtype=np.int32)
    for w in range(len(wide)):
        for rt in range(length):
            wide[w, length + rt] += state.cells[k, w, rt]
            wide[w, length + rt - by] += state.cells[other, w, rt]
    lowest, highest = find_shift_range(wide)
    # from columns of the padded counts to shifts of the joined motif
    lowest, highest = lowest + length, highest - length
    lowest, highest = limit_shifts(tokens, state, ours, 0, lowest, highest)
    lowest, highest = limit_shifts(tokens, state, theirs, by, lowest, highest)
    if lowest > highest:
        return 0
    weight = np.empty(highest - lowest + 1)
    for c in range(len(weight)):
        weight[c] = _log_padded_weight(wide, prior, length + lowest + c)
    c, log_q = choose_with_log(weight, len(weight), rng)
    both = lowest + c
    shuffle_pairs(ours, theirs, a, rng)
    log_back, log_p, cells, _ = allocate_tokens(
        tokens, state, prior, ours, theirs, both, by + both, side, True, rng
    )
    lowest, highest = find_shift_range(cells[0])
    lowest, highest = limit_shifts(tokens, state, ours, both, lowest, highest)
    log_back += log_shift_probability(cells[0], prior, lowest, highest, -both)
    lowest, highest = find_shift_range(cells[1])
    lowest, highest = limit_shifts(tokens, state, theirs, by + both, lowest, highest)
    log_back += log_shift_probability(cells[1], prior, lowest, highest, -by - both)
    n, n_joined = state.tally[OCCURRENCES], len(ours)
    n_after = n - state.motif_count[k] - state.motif_count[other] + n_joined
    first, last = find_start_window(tokens, state.row[a], length)
    # the pair was chosen as an occurrence and one of its neighbours
    log_q += -math.log(n) - math.log(count_neighbours(state, first, last))
    log_back += -math.log(n_after)
    joined = add_sides(cells)
    log_p += _log_part_ratio(
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
    _apply_join(tokens, state, prior, k, ours, theirs, both, by + both)
    return 1


@inner_kernel
def _apply_join(
    tokens: Tokens,
    state: State,
    prior: Prior,
    k: int,
    ours: Longs,
    theirs: Longs,
    by: int,
    other_by: int,
) -> None:
    """Assign all occurrences to motif `k`, merge those at one place, and move starts."""
    owner, row, motif = get_assignments(state)
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
    set_assignments(tokens, state, prior, owner, row, motif)


@inner_kernel
def _propose_part(
    tokens: Tokens, state: State, prior: Prior, a: int, side: Longs, rng: np.random.Generator
) -> int:
    """Propose to part the motif of `a`, and `a` itself, in two; return 1 if accepted."""
    length = len(prior.shape)
    k = state.motif[a]
    ours, theirs, is_simple = pair_occurrences(state, k, -1, 0)
    if not is_simple:
        return 0
    shuffle_pairs(ours, theirs, a, rng)
    log_q, log_p, cells, here = allocate_tokens(
        tokens, state, prior, ours, theirs, 0, 0, side, False, rng
    )
    # `a` is first; the reverse move starts from a pair that overlaps, so both sides must exist
    if here[0, 0] == 0 or here[1, 0] == 0:
        return 0
    n, n_joined = state.tally[OCCURRENCES], len(ours)
    n_ours, n_theirs = count_positive(here[0]), count_positive(here[1])
    items = np.full((2, n_joined), -1, dtype=np.int64)
    for x in range(n_joined):
        for s in range(2):
            if here[s, x] > 0:
                items[s, x] = ours[x]
    shift = np.zeros(2, dtype=np.int64)
    parted = cells.copy()
    for s in range(2):
        lowest, highest = find_shift_range(cells[s])
        lowest, highest = limit_shifts(tokens, state, items[s], 0, lowest, highest)
        shift[s] = draw_shift(cells[s], prior, lowest, highest, rng)
        log_q += log_shift_probability(cells[s], prior, lowest, highest, shift[s])
        shift_cells(parted[s], shift[s])
    # the reverse move only joins motifs of occurrences that overlap
    if abs(shift[0] - shift[1]) >= length:
        return 0
    joined = add_sides(cells)
    log_p += _log_part_ratio(parted[0], parted[1], joined, n_ours, n_theirs, n_joined, n, prior)
    # reverse move: choose both parts of `a`, then the shift of the joined motif
    lowest, highest = find_shift_range(joined)
    lowest, highest = limit_shifts(tokens, state, ours, 0, lowest, highest)
    log_back = log_shift_probability(joined, prior, lowest, highest, 0)
    log_back -= math.log(n + n_ours + n_theirs - n_joined)
    log_q -= math.log(n)
    level = math.log(1.0 - rng.random()) + log_q - log_p - log_back
    # the remaining term, -log(close), is not positive and costly: reject without it if possible
    if level >= 0.0:
        return 0
    owner, row, motif = _assign_parts(state, side, k, shift)
    close = _count_close_starts(tokens, row, owner, state.ids_at[a], length)
    if level >= -math.log(close):
        return 0
    set_assignments(tokens, state, prior, owner, row, motif)
    return 1


@inner_kernel
def _assign_parts(state: State, side: Longs, k: int, shift: Longs) -> tuple[Ints, Longs, Longs]:
    """Return assignments in which side 1 of motif `k` is a new motif; sides move by `shift`.

    Occurrence o of motif `k` becomes o (side 0) and O + o (side 1); either may be empty.
    """
    owner, row, motif = get_assignments(state)
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


@inner_kernel
def _count_close_starts(tokens: Tokens, row: Longs, owner: Ints, o: int, length: int) -> int:
    """Count the other, non-empty occurrences that start within a motif length of `o`."""
    owns = np.zeros(len(row), dtype=np.bool_)
    for p in owner:
        if p >= 0:
            owns[p] = True
    first, last = find_start_window(tokens, row[o], length)
    n = -1
    for p in range(len(row)):
        if owns[p] and first <= row[p] <= last:
            n += 1
    return n
