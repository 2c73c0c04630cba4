"""Merge and split of motifs: two motifs into one and back, as a Metropolis-Hastings move.

A split allocates one occurrence after the other to one of two sides, as in Dahl's sequentially
allocated merge-split sampler (2005), so that the probability of proposing a given split is the
product of the allocation probabilities; a merge computes what it would have cost to propose the
split that it undoes.
"""

import math

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.models.hdlsm.kernels.gibbs import gather_cells
from motifmine.models.hdlsm.kernels.random_draws import choose, choose_with_log, log_choice
from motifmine.models.hdlsm.kernels.shifts import (
    cell_range,
    log_motif,
    n_counted,
    shift_log_weight,
    shift_log_weights,
    sum_of_sides,
    sweep_shift_cells,
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
    members,
    placements,
    sweep_place,
)


@kernel
def sweep_motif_pairs(
    tokens: Tokens, state: State, prior: Prior, n_tries: int, rng: np.random.Generator
) -> int:
    """Try `n_tries` times to merge the motifs of two occurrences, or to split their common one.

    Changes `state`; returns how many proposals were accepted. A pair of occurrences (a, b) is drawn
    uniformly. Of different motifs, b's motif is shifted by d with probability ~ the joint of the
    merged motif and all its occurrences become a's. Of one motif, b founds a new motif, the other
    occurrences are allocated to either one after the other, and the new motif is shifted as in
    step C.
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
        if a == b or state.tally[MOTIFS] == len(state.live):
            continue
        if state.motif[a] == state.motif[b]:
            accepted += sweep_split_motif(tokens, state, prior, a, b, item, side, rng)
        else:
            accepted += sweep_merge_motifs(tokens, state, prior, a, b, item, side, rng)
    return accepted


@kernel
def shuffled_items(state: State, a: int, b: int, item: Longs, rng: np.random.Generator) -> int:
    """List the occurrences of the motifs of `a` and `b`, without these, in random order."""
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


@kernel
def allocate(
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
    """Allocate occurrences to the side of `a` (0) or of `b` (1), one after the other.

    Parameters
    ----------
    item : int64 array, `n_items` in use
    side : int64 array (O,)
        Side of every occurrence: read when `is_forced`, else written.
    offset : int
        Bins added to the start of those occurrences whose motif is not that of `a`.

    Returns
    -------
    log probability of the allocation; the counts of both sides, int32 array (2, W, L); occurrences
    of both sides, int64 array (2,)
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
    for x in range(-2, n_items):
        o = item[x] if x >= 0 else (a if x == -2 else b)
        n = members(tokens, state, o, length, token)
        m = gather_cells(tokens, token, n, word, bin_row, count)
        row = state.row[o] + (0 if state.motif[o] == state.motif[a] else offset)
        if x >= 0:
            for s in range(2):
                weight[s] = math.log(occurrences[s])
                weight[s] += math.lgamma(prior.hyper[ETA] + size[s])
                weight[s] -= math.lgamma(prior.hyper[ETA] + size[s] + n)
                weight[s] += log_rising_cells(cells[s], prior, row, word, bin_row, count, m)
            if not is_forced:
                side[o] = choose(weight, 2, rng)
            log_q += log_choice(weight, 2, side[o])
        s = side[o]
        for c in range(m):
            cells[s, word[c], bin_row[c] + length - 1 - row] += count[c]
        size[s] += n
        occurrences[s] += 1
    return log_q, cells, occurrences


@kernel
def log_rising_cells(
    cells: Ints, prior: Prior, row: int, word: Longs, bin_row: Longs, count: Longs, m: int
) -> float:
    """Return the log of prod over listed cells of the rising factorials of N(w, rt) + eta."""
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


@kernel
def shifts_allowed(tokens: Tokens, state: State, cells: Ints, moved: Longs) -> tuple[int, int]:
    """Return lowest and highest increment of the starts of the occurrences `moved`.

    `cells` are their counts as if the starts were in place; see
    `motifmine.models.hdlsm.kernels.gibbs`.
    """
    lowest, highest = cell_range(cells)
    for o in moved:
        row = state.row[o]
        d = tokens.row_document[row]
        lowest = max(lowest, tokens.first_start[d] - row)
        highest = min(highest, tokens.last_start[d] - row)
    return lowest, highest


@kernel
def merge_log_weights(
    fixed: Ints, moved: Ints, prior: Prior, lowest: int, highest: int, weight: Reals
) -> None:
    """Write the log weight of the merged motif for every increment of the moved one's starts."""
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


@kernel
def sweep_split_motif(
    tokens: Tokens,
    state: State,
    prior: Prior,
    a: int,
    b: int,
    item: Longs,
    side: Longs,
    rng: np.random.Generator,
) -> int:
    """Propose to split the common motif of `a` and `b`; return 1 when it is accepted."""
    length = len(prior.shape)
    k = state.motif[a]
    n_items = shuffled_items(state, a, b, item, rng)
    log_q, cells, occurrences = allocate(
        tokens, state, prior, a, b, item, n_items, side, 0, False, rng
    )
    weight = np.empty(4 * length)
    moved = moved_items(item, n_items, b, side)
    lowest, highest = shifts_allowed(tokens, state, cells[1], moved)
    shift_log_weights(cells[1], prior, lowest, highest, weight)
    chosen, log_chosen = choose_with_log(weight, highest - lowest + 1, rng)
    log_q += log_chosen
    by = lowest + chosen
    log_ratio = log_split_ratio(state.cells[k], cells, occurrences, prior, by)
    # the way back: the shift that brings the new motif back to where it came from
    sweep_shift_cells(cells[1], by)
    merge_log_weights(cells[0], cells[1], prior, lowest - by, highest - by, weight)
    log_back = log_choice(weight, highest - lowest + 1, -lowest)
    if math.log(1.0 - rng.random()) >= log_ratio + log_back - log_q:
        return 0
    sweep_move_items(tokens, state, prior, moved, state.tally[MOTIFS], by)
    return 1


@kernel
def moved_items(item: Longs, n_items: int, b: int, side: Longs) -> Longs:
    """Return the occurrences of side 1, `b` first."""
    moved = np.empty(n_items + 1, dtype=np.int64)
    moved[0] = b
    n = 1
    for x in range(n_items):
        if side[item[x]] == 1:
            moved[n] = item[x]
            n += 1
    return moved[:n]


@kernel
def log_split_ratio(merged: Ints, cells: Ints, occurrences: Longs, prior: Prior, by: int) -> float:
    """Return log p(split) - log p(merged); the starts of side 1 are moved by `by` in the split."""
    eta = prior.hyper[ETA]
    return (
        math.log(prior.hyper[GAMMA])
        + math.lgamma(occurrences[0])
        + math.lgamma(occurrences[1])
        - math.lgamma(occurrences[0] + occurrences[1])
        + log_motif(cells[0], prior)
        + math.lgamma(eta)
        - math.lgamma(eta + n_counted(cells[1]))
        + shift_log_weight(cells[1], prior, by)
        - log_motif(merged, prior)
    )


@kernel
def sweep_move_items(
    tokens: Tokens, state: State, prior: Prior, moved: Longs, number: int, by: int
) -> None:
    """Give the occurrences `moved` the motif of this number in `live`, and move their starts."""
    owner, row, motif = placements(state)
    for o in moved:
        row[state.ids_at[o]] += by
        motif[state.ids_at[o]] = number
    sweep_place(tokens, state, prior, owner, row, motif)


@kernel
def sweep_merge_motifs(
    tokens: Tokens,
    state: State,
    prior: Prior,
    a: int,
    b: int,
    item: Longs,
    side: Longs,
    rng: np.random.Generator,
) -> int:
    """Propose to merge the motif of `b` into that of `a`; return 1 when it is accepted."""
    length = len(prior.shape)
    ka, kb = state.motif[a], state.motif[b]
    n_items = shuffled_items(state, a, b, item, rng)
    for x in range(n_items):
        side[item[x]] = 1 if state.motif[item[x]] == kb else 0
    weight = np.empty(4 * length)
    moved = moved_items(item, n_items, b, side)
    lowest, highest = shifts_allowed(tokens, state, state.cells[kb], moved)
    n_shifts = highest - lowest + 1
    merge_log_weights(state.cells[ka], state.cells[kb], prior, lowest, highest, weight)
    chosen, log_q = choose_with_log(weight, n_shifts, rng)
    by = lowest + chosen
    # the way back: allocation in the merged position, then the shift back
    log_back, cells, occurrences = allocate(
        tokens, state, prior, a, b, item, n_items, side, by, True, rng
    )
    shift_log_weights(cells[1], prior, lowest - by, highest - by, weight)
    log_back += log_choice(weight, n_shifts, -lowest)
    joined = sum_of_sides(cells)
    log_ratio = -log_split_ratio(joined, cells, occurrences, prior, -by)
    if math.log(1.0 - rng.random()) >= log_ratio + log_back - log_q:
        return 0
    sweep_move_items(tokens, state, prior, moved, state.live_at[ka], by)
    return 1
