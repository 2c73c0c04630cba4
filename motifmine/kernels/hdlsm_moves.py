"""Merge and split moves of HDLSM: two motifs into one and back, two occurrences into one and back.

Metropolis-Hastings moves on the collapsed joint. Splits allocate one item after the other to one of
two sides, as in Dahl's sequentially allocated merge-split sampler (2005), so that the probability
of proposing a given split is the product of the allocation probabilities; a merge computes what it
would have cost to propose the split that it undoes.
"""

import math

import numpy as np

from motifmine.jit import kernel
from motifmine.kernels.hdlsm import (
    cell_range,
    document_of_row,
    gather_cells,
    shift_log_weight,
    sweep_shift_cells,
)
from motifmine.kernels.hdlsm_state import (
    ALPHA,
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
    sweep_add,
    sweep_close,
    sweep_drop_motif,
    sweep_link,
    sweep_open,
    sweep_remove,
    sweep_take_motif,
    sweep_unlink,
)


@kernel
def log_choice(weight: Reals, n: int, chosen: int) -> float:
    """Return the log probability of `chosen` among `n` log weights."""
    top = weight[0]
    for i in range(1, n):
        top = max(top, weight[i])
    total = 0.0
    for i in range(n):
        total += math.exp(weight[i] - top)
    return weight[chosen] - top - math.log(total)


@kernel
def choose(weight: Reals, n: int, rng: np.random.Generator) -> int:
    """Return i < n with probability ~ exp(weight[i]); `weight` is kept."""
    u = math.log(1.0 - rng.random())
    for i in range(n - 1):
        p = math.exp(log_choice(weight, n, i))
        if i == 0:
            u = math.exp(u)
        u -= p
        if u <= 0.0:
            return i
    return n - 1


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
def shuffled_items(
    state: State, a: int, b: int, item: Longs, rng: np.random.Generator
) -> int:
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
def log_motif(cells: Ints, prior: Prior) -> float:
    """Return the log Dirichlet-multinomial of the counts (W, L) of one motif."""
    eta = prior.hyper[ETA]
    return math.lgamma(eta) - math.lgamma(eta + cells.sum()) + shift_log_weight(cells, prior, 0)


@kernel
def shifts_allowed(
    tokens: Tokens, state: State, cells: Ints, side: Longs, moved: Longs, n_moved: int
) -> tuple[int, int]:
    """Return lowest and highest increment of the starts `side` of the occurrences `moved`."""
    lowest, highest = cell_range(cells)
    for x in range(n_moved):
        row = side[moved[x]]
        d = document_of_row(tokens, row)
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
    moved, rows = moved_items(state, item, n_items, b, side)
    lowest, highest = shifts_allowed(tokens, state, cells[1], rows, moved, len(moved))
    for by in range(lowest, highest + 1):
        weight[by - lowest] = shift_log_weight(cells[1], prior, by)
    chosen = choose(weight, highest - lowest + 1, rng)
    log_q += log_choice(weight, highest - lowest + 1, chosen)
    by = lowest + chosen
    log_ratio = log_split_ratio(state.cells[k], cells, occurrences, prior, by)
    # the way back: the shift that brings the new motif back to where it came from
    shifted = cells[1].copy()
    sweep_shift_cells(shifted, by)
    merge_log_weights(cells[0], shifted, prior, lowest - by, highest - by, weight)
    log_back = log_choice(weight, highest - lowest + 1, -lowest)
    if math.log(1.0 - rng.random()) >= log_ratio + log_back - log_q:
        return 0
    sweep_move_items(state, moved, k, sweep_take_motif(state), by, cells[1])
    sweep_recount(state, prior)
    return 1


@kernel
def moved_items(
    state: State, item: Longs, n_items: int, b: int, side: Longs
) -> tuple[Longs, Longs]:
    """Return the occurrences of side 1, and the start row of every occurrence."""
    moved = np.empty(n_items + 1, dtype=np.int64)
    moved[0] = b
    n = 1
    for x in range(n_items):
        if side[item[x]] == 1:
            moved[n] = item[x]
            n += 1
    return moved[:n], state.row.astype(np.int64)


@kernel
def log_split_ratio(
    merged: Ints, cells: Ints, occurrences: Longs, prior: Prior, by: int
) -> float:
    """Return log p(split) - log p(merged); the starts of side 1 are moved by `by` in the split."""
    eta = prior.hyper[ETA]
    return (
        math.log(prior.hyper[GAMMA])
        + math.lgamma(occurrences[0])
        + math.lgamma(occurrences[1])
        - math.lgamma(occurrences[0] + occurrences[1])
        + log_motif(cells[0], prior)
        + math.lgamma(eta)
        - math.lgamma(eta + cells[1].sum())
        + shift_log_weight(cells[1], prior, by)
        - log_motif(merged, prior)
    )


@kernel
def sweep_move_items(
    state: State, moved: Longs, source: int, target: int, by: int, cells: Ints
) -> None:
    """Give the occurrences `moved`, whose counts are `cells`, from one motif to another.

    Their starts move by `by`; `cells` is shifted accordingly.
    """
    state.cells[source] -= cells
    sweep_shift_cells(cells, by)
    state.cells[target] += cells
    for o in moved:
        sweep_unlink(state, o)
        sweep_link(state, o, state.row[o] + by)
        state.motif[o] = target
    for k, sign in ((source, -1), (target, 1)):
        state.motif_size[k] += sign * cells.sum()
        state.motif_count[k] += sign * len(moved)
        for w in range(len(state.by_word)):
            state.by_word[w, k] = state.cells[k, w].sum()
    if state.motif_count[source] == 0:
        sweep_drop_motif(state, source)


@kernel
def sweep_recount(state: State, prior: Prior) -> None:
    """Bring `state.inverse` in step with the sizes of the motifs."""
    for k in range(len(state.inverse)):
        state.inverse[k] = 1.0 / (state.motif_size[k] + prior.hyper[ETA])


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
    moved, rows = moved_items(state, item, n_items, b, side)
    lowest, highest = shifts_allowed(tokens, state, state.cells[kb], rows, moved, len(moved))
    n_shifts = highest - lowest + 1
    merge_log_weights(state.cells[ka], state.cells[kb], prior, lowest, highest, weight)
    chosen = choose(weight, n_shifts, rng)
    log_q = log_choice(weight, n_shifts, chosen)
    by = lowest + chosen
    # the way back: allocation in the merged position, then the shift back
    log_back, cells, occurrences = allocate(
        tokens, state, prior, a, b, item, n_items, side, by, True, rng
    )
    for c in range(n_shifts):
        weight[c] = shift_log_weight(cells[1], prior, lowest + c - by)
    log_back += log_choice(weight, n_shifts, -lowest)
    log_ratio = -log_split_ratio(cells[0] + cells[1], cells, occurrences, prior, -by)
    if math.log(1.0 - rng.random()) >= log_ratio + log_back - log_q:
        return 0
    sweep_move_items(state, moved, kb, ka, by, state.cells[kb].copy())
    sweep_recount(state, prior)
    return 1


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
    d = document_of_row(tokens, row)
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
def log_opening(state: State, prior: Prior, o: int) -> float:
    """Return the log probability that the restaurant of motifs gave `o` its motif, as the last."""
    others = state.motif_count[state.motif[o]] - 1
    weight = others if others > 0 else prior.hyper[GAMMA]
    return math.log(weight / (state.tally[OCCURRENCES] - 1 + prior.hyper[GAMMA]))


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
    d = document_of_row(tokens, state.row[o])
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
    row = rng.integers(first, last + 1)
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
    p = nth_neighbour(state, o, first, rng.integers(0, n))
    n_o, n_p = state.size[o], state.size[p]
    members(tokens, state, o, length, token)
    members(tokens, state, p, length, token[n_o:])
    for a in range(n_o, n_o + n_p):
        rt = tokens.bin_row[token[a]] + length - 1 - state.row[o]
        if rt < 0 or rt >= length:
            return 0
    n = n_o + n_p
    token[:n] = np.sort(token[:n])
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
        p = state.head[row]
        while p >= 0:
            if p != o:
                if n == 0:
                    return p
                n -= 1
            p = state.after[p]
        row += 1
