"""Split-merge of motifs: two motifs into one and back, as a Metropolis-Hastings move.

A split allocates occurrences to two sides sequentially, as in Dahl's sequentially allocated
merge-split sampler (2005), so that the probability of proposing a given split is the product of
the allocation probabilities. A merge computes the probability of proposing the reverse split.
"""

import math

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.models.hdlsm.kernels.bookkeeping import get_assignments, list_tokens, set_assignments
from motifmine.models.hdlsm.kernels.gibbs import group_tokens
from motifmine.models.hdlsm.kernels.random_draws import (
    choose,
    choose_with_log,
    log_choice_probability,
)
from motifmine.models.hdlsm.kernels.reallocate import limit_shifts
from motifmine.models.hdlsm.kernels.shifts import (
    add_sides,
    fill_shift_weights,
    find_shift_range,
    log_motif_probability,
    log_shift_weight,
    shift_cells,
    sum_counts,
)
from motifmine.models.hdlsm.kernels.state import (
    ETA,
    GAMMA,
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
def propose_motif_moves(
    tokens: Tokens, state: State, prior: Prior, n_tries: int, rng: np.random.Generator
) -> int:
    """Propose `n_tries` times to merge the motifs of two occurrences, or to split their common one.

    A pair of occurrences (a, b) is drawn uniformly. If their motifs differ, b's motif is shifted,
    with probability proportional to the joint of the merged motif, and merged into a's. If they are
    the same, b starts a new motif, the other occurrences are allocated to either motif
    sequentially, and the new motif is shifted as in step C. Returns the number of accepted
    proposals.
    """
    accepted = 0
    n = state.tally[OCCURRENCES]
    if n < 2:
        return 0
    item = np.empty(n, dtype=np.int64)
    side = np.empty(len(state.row), dtype=np.int64)
    for _ in range(n_tries):
        a = state.ids[rng.integers(0, n)]
        b = state.ids[rng.integers(0, n)]
        # a split needs a free slot; kernels cannot enlarge the state
        if a == b or state.tally[MOTIFS] == len(state.live):
            continue
        if state.motif[a] == state.motif[b]:
            accepted += _propose_motif_split(tokens, state, prior, a, b, item, side, rng)
        else:
            accepted += _propose_motif_merge(tokens, state, prior, a, b, item, side, rng)
    return accepted


@inner_kernel
def _list_shuffled_occurrences(
    state: State, a: int, b: int, item: Longs, rng: np.random.Generator
) -> int:
    """List the occurrences of the motifs of `a` and `b`, except these two, in random order."""
    n = 0
    for q in range(state.tally[OCCURRENCES]):
        o = state.ids[q]
        if o not in (a, b) and (
            state.motif[o] == state.motif[a] or state.motif[o] == state.motif[b]
        ):
            item[n] = o
            n += 1
    for i in range(n - 1, 0, -1):
        j = rng.integers(0, i + 1)
        item[i], item[j] = item[j], item[i]
    return n


@inner_kernel
def allocate_occurrences(
    tokens: Tokens,
    state: State,
    prior: Prior,
    a: int,
    b: int,
    item: Longs,
    n_items: int,
    side: Longs,
    offset: int,
    is_forced: bool,
    rng: np.random.Generator,
) -> tuple[float, Ints, Longs]:
    """Allocate occurrences to the side of `a` (0) or of `b` (1) sequentially.

    Parameters
    ----------
    item : int64 array, `n_items` in use
    side : int64 array (O,)
        Side of every occurrence: read if `is_forced`, else written.
    offset : int
        Bins added to the starts of occurrences whose motif is not that of `a`.

    Returns
    -------
    log_q : float
        Log probability of the allocation.
    cells : int32 array (2, W, L)
        Counts of both sides.
    occurrences : int64 array (2,)
        Number of occurrences on both sides.
    """
    length = len(prior.shape)
    n_words = state.by_word.shape[0]
    cells = np.zeros((2, n_words, length), dtype=np.int32)
    size, occurrences = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    most = 0
    for q in range(state.tally[OCCURRENCES]):
        most = max(most, state.size[state.ids[q]])
    token = np.empty(most, dtype=np.int64)
    word, bin_row, count = np.empty_like(token), np.empty_like(token), np.empty_like(token)
    side[a], side[b] = 0, 1
    weight = np.empty(2)
    log_q = 0.0
    # `a` and `b` are on their sides from the start, so they take no part in the proposal
    for x in range(-2, n_items):
        o = item[x] if x >= 0 else (a if x == -2 else b)
        n = list_tokens(tokens, state, o, length, token)
        m = group_tokens(tokens, token, n, word, bin_row, count)
        row = state.row[o] + (0 if state.motif[o] == state.motif[a] else offset)
        if x >= 0:
            for s in range(2):
                # the conditional of step B given the occurrences allocated so far: proposals are
                # near the posterior
                weight[s] = math.log(occurrences[s])
                weight[s] += math.lgamma(prior.hyper[ETA] + size[s])
                weight[s] -= math.lgamma(prior.hyper[ETA] + size[s] + n)
                weight[s] += _log_rising_cells(cells[s], prior, row, word, bin_row, count, m)
            if not is_forced:
                side[o] = choose(weight, 2, rng)
            log_q += log_choice_probability(weight, 2, side[o])
        s = side[o]
        for c in range(m):
            cells[s, word[c], bin_row[c] + length - 1 - row] += count[c]
        size[s] += n
        occurrences[s] += 1
    return log_q, cells, occurrences


@inner_kernel
def _log_rising_cells(
    cells: Ints, prior: Prior, row: int, word: Longs, bin_row: Longs, count: Longs, m: int
) -> float:
    """Return the log of the product over cells of the rising factorials of N(w, rt) + eta."""
    length = len(prior.shape)
    total, product = 0.0, 1.0
    for c in range(m):
        rt = bin_row[c] + length - 1 - row
        x = prior.hyper[ETA] * prior.shape[rt] + cells[word[c], rt]
        for _ in range(count[c]):
            product *= x
            x += 1.0
            if product < 1e-200 or product > 1e200:
                total += math.log(product)
                product = 1.0
    return total + math.log(product)


@inner_kernel
def _fill_merge_weights(
    fixed: Ints, moved: Ints, prior: Prior, lowest: int, highest: int, weight: Reals
) -> None:
    """Write the log weight of the merged motif for every shift of the moved one's starts."""
    n_words, length = fixed.shape
    eta = prior.hyper[ETA]
    for by in range(lowest, highest + 1):
        total = 0.0
        for w in range(n_words):
            for rt in range(length):
                n = moved[w, rt]
                if n > 0:
                    x = eta * prior.shape[rt - by] + fixed[w, rt - by]
                    total += math.lgamma(x + n) - math.lgamma(x)
        weight[by - lowest] = total


@inner_kernel
def _propose_motif_split(
    tokens: Tokens,
    state: State,
    prior: Prior,
    a: int,
    b: int,
    item: Longs,
    side: Longs,
    rng: np.random.Generator,
) -> int:
    """Propose to split the common motif of `a` and `b`; return 1 if accepted."""
    length = len(prior.shape)
    k = state.motif[a]
    n_items = _list_shuffled_occurrences(state, a, b, item, rng)
    log_q, cells, occurrences = allocate_occurrences(
        tokens, state, prior, a, b, item, n_items, side, 0, False, rng
    )
    weight = np.empty(4 * length)
    moved = _list_moved(item, n_items, b, side)
    lowest, highest = find_shift_range(cells[1])
    lowest, highest = limit_shifts(tokens, state, moved, 0, lowest, highest)
    fill_shift_weights(cells[1], prior, lowest, highest, weight)
    chosen, log_chosen = choose_with_log(weight, highest - lowest + 1, rng)
    log_q += log_chosen
    by = lowest + chosen
    log_ratio = _log_split_ratio(state.cells[k], cells, occurrences, prior, by)
    # reverse move: the shift that brings the new motif back
    shift_cells(cells[1], by)
    _fill_merge_weights(cells[0], cells[1], prior, lowest - by, highest - by, weight)
    log_back = log_choice_probability(weight, highest - lowest + 1, -lowest)
    if math.log(1.0 - rng.random()) >= log_ratio + log_back - log_q:
        return 0
    _move_occurrences(tokens, state, prior, moved, state.tally[MOTIFS], by)
    return 1


@inner_kernel
def _list_moved(item: Longs, n_items: int, b: int, side: Longs) -> Longs:
    """List the occurrences of side 1, `b` first."""
    moved = np.empty(n_items + 1, dtype=np.int64)
    moved[0] = b
    n = 1
    for x in range(n_items):
        if side[item[x]] == 1:
            moved[n] = item[x]
            n += 1
    return moved[:n]


@inner_kernel
def _log_split_ratio(merged: Ints, cells: Ints, occurrences: Longs, prior: Prior, by: int) -> float:
    """Return log p(split) - log p(merged), where the split moves starts of side 1 by `by`."""
    eta = prior.hyper[ETA]
    return (
        math.log(prior.hyper[GAMMA])
        + math.lgamma(occurrences[0])
        + math.lgamma(occurrences[1])
        - math.lgamma(occurrences[0] + occurrences[1])
        + log_motif_probability(cells[0], prior)
        + math.lgamma(eta)
        - math.lgamma(eta + sum_counts(cells[1]))
        + log_shift_weight(cells[1], prior, by)
        - log_motif_probability(merged, prior)
    )


@inner_kernel
def _move_occurrences(
    tokens: Tokens, state: State, prior: Prior, moved: Longs, number: int, by: int
) -> None:
    """Assign motif number `number` to the occurrences `moved`, and move their starts by `by`."""
    # rebuilt from assignments: accepted moves are rare, and no count can be forgotten
    owner, row, motif = get_assignments(state)
    for o in moved:
        row[state.ids_at[o]] += by
        motif[state.ids_at[o]] = number
    set_assignments(tokens, state, prior, owner, row, motif)


@inner_kernel
def _propose_motif_merge(
    tokens: Tokens,
    state: State,
    prior: Prior,
    a: int,
    b: int,
    item: Longs,
    side: Longs,
    rng: np.random.Generator,
) -> int:
    """Propose to merge the motif of `b` into that of `a`; return 1 if accepted."""
    length = len(prior.shape)
    ka, kb = state.motif[a], state.motif[b]
    n_items = _list_shuffled_occurrences(state, a, b, item, rng)
    for x in range(n_items):
        side[item[x]] = 1 if state.motif[item[x]] == kb else 0
    weight = np.empty(4 * length)
    moved = _list_moved(item, n_items, b, side)
    lowest, highest = find_shift_range(state.cells[kb])
    lowest, highest = limit_shifts(tokens, state, moved, 0, lowest, highest)
    n_shifts = highest - lowest + 1
    _fill_merge_weights(state.cells[ka], state.cells[kb], prior, lowest, highest, weight)
    chosen, log_q = choose_with_log(weight, n_shifts, rng)
    by = lowest + chosen
    # reverse move: allocation in the merged position, then the shift back
    log_back, cells, occurrences = allocate_occurrences(
        tokens, state, prior, a, b, item, n_items, side, by, True, rng
    )
    fill_shift_weights(cells[1], prior, lowest - by, highest - by, weight)
    log_back += log_choice_probability(weight, n_shifts, -lowest)
    joined = add_sides(cells)
    log_ratio = -_log_split_ratio(joined, cells, occurrences, prior, -by)
    if math.log(1.0 - rng.random()) >= log_ratio + log_back - log_q:
        return 0
    _move_occurrences(tokens, state, prior, moved, state.live_at[ka], by)
    return 1
