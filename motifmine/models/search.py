"""The search for PLSM motifs: seeds cut from the data, competition, merging and pruning, repeated.

EM from random tables ends in motifs that are cut off, found twice, or two in one. Here every round
adds more seeds than needed, each a window of the data. All motifs, old and new, then compete for every
start anew; duplicates are merged, those that explain least on their own are dropped, and the round
counts only if the likelihood rose. Motifs are learned in a window half as long again and re-centred,
so that none is cut.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from motifmine.kernels.plsm_search import drop_costs, motif_rates, window_counts
from motifmine.layout import phi_of
from motifmine.models.em import (
    Priors,
    Problem,
    State,
    background_rates,
    flat_start,
    infer_starts,
    iterate,
    pose,
)
from motifmine.similarity import shifted_cosine
from motifmine.table import Floats, Floats32, Indices, ObservationTable, cut_documents

FIRST_SEEDS = 3.0
"""Seeds of the first round, times the number of motifs."""
LATER_SEEDS = 1.0
"""Seeds of a later round, times the number of motifs."""
FLOOR_OF_SEED = 0.25
"""Share of the words' marginal that is mixed into a seed, so that no cell is closed."""
DUPLICATE_COSINE = 0.8
"""Best-shift cosine of two motifs that are one."""
LEAST_REST = 0.02
"""Share of its rate that an observation is taken to keep when a motif leaves."""
BINS_PER_CELL = 10
"""The search sees at least so many time bins for every motif and bin of its length."""
MARGIN_OF_GAIN = 1e-4
"""A round that raises the log-likelihood by a smaller share of it has not helped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """What the search is asked for."""

    n_motifs: int
    rounds: int
    """Rounds at most."""
    patience: int
    """Stop after so many rounds without a gain."""
    observations: int
    """About so many observations are searched, more when they cover too little time."""


def search_motifs(
    table: ObservationTable,
    motif_length: int,
    priors: Priors,
    settings: SearchSettings,
    rng: np.random.Generator,
    *,
    n_threads: int,
    on_round: Callable[[int, float], None],
) -> tuple[Floats32, Floats]:
    """Return motifs (K, L, W) and the words of the background (W,), before any EM on everything.

    `on_round` is called with the number of every round and the highest log-likelihood so far.
    """
    part = part_of_time(
        table, motif_length, settings.observations, BINS_PER_CELL * settings.n_motifs, rng
    )
    wide = motif_length + 2 * ((motif_length + 3) // 4)
    n_seeds = max(2, round(FIRST_SEEDS * settings.n_motifs))
    problem = pose(part, wide, priors, most_motifs=n_seeds, n_threads=n_threads)
    none = np.zeros((0, wide, table.n_words), np.float32)
    best, highest, waited = flat_start(problem, none, problem.word_shares()), -np.inf, 0
    for number in range(settings.rounds):
        state, value = _round(problem, best, settings.n_motifs, motif_length, n_seeds, rng)
        waited = 0 if value > highest + MARGIN_OF_GAIN * abs(value) else waited + 1
        if value > highest:
            best, highest = state, value
        on_round(number, highest)
        if waited >= settings.patience:
            break
        n_seeds = max(2, round(LATER_SEEDS * settings.n_motifs))
    return cropped(best.motifs, motif_length), best.background_word


def _round(
    problem: Problem,
    state: State,
    n_motifs: int,
    motif_length: int,
    n_seeds: int,
    rng: np.random.Generator,
) -> tuple[State, float]:
    """Add seeds, let all compete, prune back to `n_motifs`; return the state and its likelihood."""
    state = with_seeds(problem, state, n_seeds, rng)
    state = infer_starts(problem, state, n_iterations=12, n_ramp=4, learn_after=4)
    state, _ = settle(problem, state, motif_length, 10)
    return settle(problem, pruned(problem, state, n_motifs), motif_length, 15)


def part_of_time(
    table: ObservationTable,
    motif_length: int,
    n_observations: int,
    n_lengths: int,
    rng: np.random.Generator,
) -> ObservationTable:
    """Return random stretches of time, each a document of its own.

    They hold about `n_observations` observations, or more where `n_lengths` times the motif's
    length take more.
    """
    n_bins = n_lengths * motif_length
    share = max(n_observations / len(table.word), n_bins / max(table.n_times, 1))
    if share >= 1:
        return table
    pieces = cut_documents(table, 60 * motif_length)
    n_pieces = max(1, int(share * pieces.n_documents))
    chosen = np.sort(rng.choice(pieces.n_documents, size=n_pieces, replace=False))
    return pieces.documents(chosen.tolist())


def with_seeds(problem: Problem, state: State, n_seeds: int, rng: np.random.Generator) -> State:
    """Return old motifs and new ones at flat starts, new ones cut from the data.

    Half of the new ones are cut from what is unexplained, half from everything; without old motifs
    all from everything.
    """
    n_plain = n_seeds // 2 if state.n_motifs else n_seeds
    seeds = window_seeds(problem, problem.layout.count, n_plain, rng)
    if n_seeds > n_plain:
        unexplained = problem.layout.count * background_parts(problem, state)
        left = window_seeds(problem, unexplained, n_seeds - n_plain, rng)
        seeds = np.concatenate([seeds, left])
    return flat_start(problem, np.concatenate([state.motifs, seeds]), state.background_word)


def window_seeds(
    problem: Problem, weight: Floats32, n_seeds: int, rng: np.random.Generator
) -> Floats32:
    """Return windows of the weighted observations as motifs, float32 array (seeds, L, W).

    Dense windows are drawn more often: by the square of the weight that they cover.
    """
    layout = problem.layout
    level = np.zeros(layout.n_rows)
    level[layout.bin_row] = np.add.reduceat(weight.astype(np.float64), layout.offsets[:-1])
    cover = np.convolve(level, np.ones(layout.motif_length))[: len(level)] ** 2
    scarce = n_seeds > np.count_nonzero(cover)
    rows = rng.choice(len(cover), size=n_seeds, replace=scarce, p=cover / cover.sum())
    floor = FLOOR_OF_SEED / layout.motif_length * problem.word_shares()
    seeds = np.empty((n_seeds, layout.motif_length, problem.n_words), np.float32)
    for seed, row in zip(seeds, rows, strict=True):
        counts = window_counts(
            layout.bin_row,
            layout.offsets,
            layout.word,
            weight,
            row,
            layout.motif_length,
            problem.n_words,
        )
        seed[:] = counts / counts.sum() + floor
    seeds /= seeds.sum(axis=(1, 2), keepdims=True)
    return seeds


def background_parts(problem: Problem, state: State) -> Floats32:
    """Return the share of every observation that motifs leave to the background, float32 (N,)."""
    layout = problem.layout
    base = background_rates(problem, state)
    rate = motif_rates(
        layout.bin_row,
        layout.offsets,
        layout.word,
        state.starts,
        phi_of(state.motifs),
        layout.motif_length,
    )
    part: Floats32 = base / np.maximum(base + rate, np.float32(1e-30))
    return part


def settle(
    problem: Problem, state: State, motif_length: int, n_iterations: int
) -> tuple[State, float]:
    """Return the state after EM with re-centring before every fifth iteration, and its likelihood."""
    value = -np.inf
    for _ in range(0, n_iterations, 5):
        state, value = iterate(problem, recentred(problem, state, motif_length), 5)
    return state, value


def recentred(problem: Problem, state: State, motif_length: int) -> State:
    """Return motifs and starts moved so that each motif stands in the middle of its window.

    Starts are rolled over the rows as if documents were one: what crosses an edge is undone by the
    next pass.
    """
    motifs, starts = state.motifs.copy(), state.starts.copy()
    middle = (problem.layout.motif_length - motif_length) // 2
    shift = middle - heaviest_window(motifs, motif_length)
    for k in np.flatnonzero(shift):
        by = int(shift[k])
        moved = np.roll(motifs[k], by, axis=0)
        moved[slice(0, by) if by > 0 else slice(by, None)] = 1e-3 * state.background_word
        motifs[k] = moved / max(moved.sum(), 1e-30)
        starts[:, k] = np.roll(starts[:, k], -by)
    return state._replace(motifs=motifs, starts=starts)


def heaviest_window(motifs: Floats32, motif_length: int) -> Indices:
    """Return where the `motif_length` bins begin that hold most of each motif, int64 array (K,).

    Mass counts above the median over time of its word: what is there all the time has no place.
    """
    above = np.clip(motifs - np.median(motifs, axis=1, keepdims=True), 0, None).sum(axis=2)
    total = np.cumsum(np.pad(above, ((0, 0), (1, 0))), axis=1)
    return np.argmax(total[:, motif_length:] - total[:, :-motif_length], axis=1)


def cropped(motifs: Floats32, motif_length: int) -> Floats32:
    """Return the heaviest window of each motif, summing to 1."""
    rows = heaviest_window(motifs, motif_length)[:, None] + np.arange(motif_length)
    cut = np.take_along_axis(motifs, rows[:, :, None], axis=1)
    return cut / np.maximum(cut.sum(axis=(1, 2), keepdims=True), 1e-30)


def chosen(state: State, keep: Indices) -> State:
    """Return the state with the motifs `keep` only."""
    return state._replace(
        motifs=np.ascontiguousarray(state.motifs[keep]),
        starts=np.ascontiguousarray(state.starts[:, keep]),
    )


def merged(state: State, n_least: int) -> State:
    """Return the state with shifted copies folded into the heavier one, down to `n_least` motifs."""
    cosine, shift = shifted_cosine(state.motifs, state.motifs)
    starts = state.starts.copy()
    alive = np.ones(state.n_motifs, dtype=bool)
    order = np.argsort(-starts.sum(axis=0, dtype=np.float64), kind="stable")
    for place, i in enumerate(order):
        for j in order[place + 1 :]:
            alike = alive[i] and alive[j] and cosine[i, j] > DUPLICATE_COSINE
            if alike and alive.sum() > n_least:
                # relative time r of j is r + shift of i: a start s of j is the start s - shift of i
                starts[:, i] += np.roll(starts[:, j], -int(shift[i, j]))
                alive[j] = False
    if alive.all():
        return state
    return chosen(state._replace(starts=starts), np.flatnonzero(alive))


def pruned(problem: Problem, state: State, n_keep: int) -> State:
    """Return the state with duplicates merged and the cheapest motifs dropped, `n_keep` left."""
    state, _ = iterate(problem, merged(state, n_keep), 4)
    while state.n_motifs > n_keep:
        surplus = state.n_motifs - n_keep
        if surplus > 6:
            costs = contributions(problem, state)
            keep = np.sort(np.argsort(costs, kind="stable")[surplus // 3 :])
        else:
            keep = np.delete(np.arange(state.n_motifs), _cheapest(problem, state))
        state, _ = iterate(problem, chosen(state, keep), 4)
        state = merged(state, n_keep)
    return state


def contributions(problem: Problem, state: State) -> Floats:
    """Return the log-likelihood (nats) that each motif adds if none took over, float64 (K,)."""
    layout = problem.layout
    costs: Floats = drop_costs(
        layout.bin_row,
        layout.offsets,
        layout.word,
        layout.count,
        background_rates(problem, state),
        state.starts,
        phi_of(state.motifs),
        layout.motif_length,
        LEAST_REST,
    )
    return costs


def _cheapest(problem: Problem, state: State, n_try: int = 4) -> int:
    """Return the motif whose loss hurts least after three iterations without it.

    Tried are the `n_try` of lowest contribution.
    """
    everyone = np.arange(state.n_motifs)
    tried = np.argsort(contributions(problem, state), kind="stable")[:n_try]
    values = [
        iterate(problem, chosen(state, np.delete(everyone, k)), 3, learn_motifs=False)[1]
        for k in tried
    ]
    return int(tried[int(np.argmax(values))])


def net_gains(problem: Problem, state: State) -> Floats:
    """Return what each motif adds less what it costs to describe, nats, float64 array (K,).

    A start costs log(number of starts): where and which. A motif cell costs half the log of the
    motif's mass (as in BIC); as most cells are near 0, their number is the exponential of the
    motif's entropy. Neighbouring live starts count once.
    """
    on = state.starts > 0
    n_starts = np.count_nonzero(on & ~np.pad(on, ((1, 0), (0, 0)))[:-1], axis=0)
    mass = state.starts.sum(axis=0, dtype=np.float64)
    motifs = state.motifs.astype(np.float64)
    n_cells = np.exp(-(motifs * np.log(np.maximum(motifs, 1e-30))).sum(axis=(1, 2)))
    length = n_starts * np.log(state.starts.size) + 0.5 * n_cells * np.log(np.maximum(mass, 2.0))
    return contributions(problem, state) - length


def n_effective_starts(problem: Problem, state: State) -> Floats:
    """Return how many occurrences each motif's mass amounts to, float64 array (K,).

    It is (sum of a)^2 / (sum of a times the mass within half a motif of it): n for n equal
    occurrences apart, 1 for a single one however it is spread.
    """
    starts = state.starts.astype(np.float64)
    reach = max(1, problem.layout.motif_length // 2)
    total = np.cumsum(np.pad(starts, ((reach + 1, reach), (0, 0))), axis=0)
    near = total[2 * reach + 1 :] - total[: -2 * reach - 1]
    mass, together = starts.sum(axis=0), (starts * near).sum(axis=0)
    return np.divide(mass**2, together, out=np.zeros_like(mass), where=together > 0)
