"""Motifs whose occurrences are slower or faster: each occurs at several tempos, tied to one.

Nothing but a start's tempo is added to the model, so EM remains EM: an observation belongs to a
motif, a start and a tempo, and the counts at all tempos go back to the motif (`learn_at_tempos`).
The search begins with windows that recur, for windows drawn at random lead to motifs that have the
occurrences of two; it looks at bins as long as the motif's detail needs, which makes it cheap.
"""

from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from motifmine.models.excerpt import coarsen, part_of_time
from motifmine.models.plsm.centring import crop_motifs, settle
from motifmine.models.plsm.em import infer_starts
from motifmine.models.plsm.heldout import hidden_score, hide_observations
from motifmine.models.plsm.occurrence_windows import canvas_of
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.pruning import prune_motifs
from motifmine.models.plsm.recurring_windows import choose_windows
from motifmine.models.plsm.spec import PlsmSpec, Priors
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Floats32

S = TypeVar("S", bound=PlsmSpec)

STEP = 0.12
"""Ratio of neighbouring tempos, log: the ends of a motif are at most 6 % of it away."""
REACHES = (2, 4)
"""Tempos on either side of the usual one, .8-1.3 and .6-1.6, that are tried."""
SEARCH_BINS = 25
"""Bins of a motif in which it is searched."""
SHARES_OF_SEEDS = (1.4, 1.2, 1.7)
"""Windows that the search begins with, times the number of motifs, in turns."""
RESTARTS, RESTARTS_TO_DECIDE = 6, 2
AT_ONCE, N_DECISIONS = 3, 9
"""Times that observations are hidden and motifs searched to decide the tempos, where these agree
and where they do not."""
SURE = 2.0
"""Standard errors that tempos must gain where they do not each time."""
LEAST_SPARSITY = 4.0
"""A start may be at any of several tempos, so chance finds more of them."""
HIDDEN_SHARE = 0.1
N_DECIDE = 60_000
"""Approximate number of observations that decide the tempos."""
LENGTHS_TO_DECIDE = 200
MOST_CELLS = 5e7
"""Cells of all windows of a search in coarse bins, of which there are a few copies, at most."""
LEAST_GAIN = 0.05
"""Nats per hidden observation that tempos must gain."""


class Searched(NamedTuple):
    """What a search at several tempos found."""

    value: float
    """Log-likelihood, nats."""
    problem: Problem
    state: State


def tempos_of(steps: int) -> Floats:
    """Return tempos, float64 array (2 * steps + 1,), 1 in the middle."""
    tempos: Floats = np.exp(STEP * np.arange(-steps, steps + 1))
    return tempos


def with_tempos(spec: S, table: ObservationTable, n_motifs: int, seed: int) -> tuple[S, str]:
    """Return the specification with the tempos that predict hidden observations best, and why."""
    rng = generator(seed, Stream.TEMPO)
    coarse, length = _coarse_part(spec, table, rng)
    gains: list[Floats] = []
    while len(gains) < N_DECISIONS:
        kept, hidden = hide_observations(coarse, HIDDEN_SHARE, rng)
        if len(kept.word) == 0 or len(hidden.word) == 0:
            return replace(spec, tempo="off"), ""
        scores = []
        for reach in (0, *REACHES):
            tempos, at = tempos_of(reach), seed + len(gains)
            found = _search(kept, length, spec.priors, n_motifs, tempos, at, RESTARTS_TO_DECIDE, 1)
            scores.append(hidden_score(hidden, found.problem, found.state))
        gains.append(np.subtract(scores[1:], scores[0]))
        best = int(np.mean(gains, axis=0).argmax())
        each = np.array(gains)[:, best]
        agree = bool(each.min() > 0 or each.max() <= 0)
        if len(gains) == AT_ONCE and agree:
            break
    gain = float(each.mean())
    # a search that went wrong gains or loses as much, but not every time
    if gain < LEAST_GAIN or (not agree and gain < SURE * each.std(ddof=1) / len(each) ** 0.5):
        return replace(spec, tempo="off"), ""
    tempos = tempos_of(REACHES[best])
    line = (
        f"motifs at tempos from {tempos[0]:.2f} to {tempos[-1]:.2f}: they predict held-out "
        f"observations better, by {gain:.3f} nats each"
    )
    return replace(spec, tempo_steps=REACHES[best]), line


def is_searched_coarsely(spec: PlsmSpec, table: ObservationTable) -> bool:
    """Return whether motifs are longer than their detail needs, and all windows fit in memory."""
    factor, share = coarseness(spec.motif_length), N_DECIDE / max(len(table.word), 1)
    n_rows = min(table.n_times, max(share * table.n_times, LENGTHS_TO_DECIDE * spec.motif_length))
    # a window is half as long again as a motif
    return factor > 1 and n_rows / factor * 1.5 * SEARCH_BINS * table.n_words <= MOST_CELLS


def coarseness(motif_length: int) -> int:
    """Return how many bins are one in the search."""
    return max(1, motif_length // SEARCH_BINS)


def _coarse_part(
    spec: PlsmSpec, table: ObservationTable, rng: np.random.Generator
) -> tuple[ObservationTable, int]:
    """Return the part of a table that is searched, in coarse bins, and the length of motifs in it.

    Bins are as coarse as `coarseness` says.
    """
    part = part_of_time(table, spec.motif_length, N_DECIDE, LENGTHS_TO_DECIDE, rng)
    factor = coarseness(spec.motif_length)
    # rounded up: a motif must fit into its coarse bins
    return coarsen(part, factor), -(-spec.motif_length // factor)


def search_at_tempos(
    spec: PlsmSpec, table: ObservationTable, n_motifs: int, seed: int, *, n_threads: int
) -> tuple[Floats32, Floats]:
    """Return motifs (K, L, W) and the words of the background (W,), before EM on everything."""
    rng = generator(seed, Stream.TEMPO_PART)
    coarse, length = _coarse_part(spec, table, rng)
    found = _search(
        coarse,
        length,
        spec.priors,
        n_motifs,
        tempos_of(spec.tempo_steps or 0),
        seed,
        RESTARTS,
        n_threads,
    )
    motifs = crop_motifs(found.state.usual[:, : found.problem.usual_length], length)
    factor = coarseness(spec.motif_length)
    fine = np.repeat(motifs, factor, axis=1)[:, : spec.motif_length] / factor
    total = fine.sum(axis=(1, 2), keepdims=True)
    # a motif that lost all its starts in the search is empty
    lives = total[:, 0, 0] > 0
    return fine[lives] / total[lives], found.state.background_word


def _search(
    table: ObservationTable,
    motif_length: int,
    priors: Priors,
    n_motifs: int,
    tempos: Floats,
    seed: int,
    n_restarts: int,
    n_threads: int,
) -> Searched:
    """Return the most likely of several searches."""
    problem = prepare_em(
        table,
        # room on either side, so that a window that is off can be re-centred
        motif_length + 2 * ((motif_length + 3) // 4),
        replace(priors, sparsity=max(priors.sparsity, LEAST_SPARSITY)),
        most_motifs=2 * n_motifs,
        n_threads=n_threads,
        tempos=tempos,
    )
    canvas = canvas_of(problem)
    best: Searched | None = None
    for restart in range(n_restarts):
        share = SHARES_OF_SEEDS[restart % len(SHARES_OF_SEEDS)]
        n_seeds = int(np.ceil(share * n_motifs))
        rng = generator(seed, Stream.TEMPO_RESTART, restart)
        seeds = choose_windows(problem, canvas, motif_length, n_seeds, rng)
        state = flat_start(problem, seeds, problem.word_shares())
        state = infer_starts(problem, state, n_iterations=12, n_ramp=4, learn_after=4)
        state, _ = settle(problem, state, motif_length, 10)
        state = prune_motifs(problem, state, n_motifs)
        state, value = settle(problem, state, motif_length, 15)
        if best is None or value > best.value:
            best = Searched(value, problem, state)
    assert best is not None, "there is at least one search"
    return best
