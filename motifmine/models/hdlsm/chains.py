"""Chains of the HDLSM sampler: from a table to observations, and from these to recorded sweeps."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from motifmine.models.hdlsm.kernels.gibbs import sweep_observations, sweep_occurrences
from motifmine.models.hdlsm.kernels.hyperparameters import (
    log_joint,
    sweep_document_priors,
    sweep_eta,
    sweep_gamma,
)
from motifmine.models.hdlsm.kernels.join_motifs import sweep_joins
from motifmine.models.hdlsm.kernels.shifts import sweep_shifts
from motifmine.models.hdlsm.kernels.split_merge_motifs import sweep_motif_pairs
from motifmine.models.hdlsm.kernels.split_merge_occurrences import sweep_occurrence_pairs
from motifmine.models.hdlsm.kernels.state import (
    ALPHA,
    ETA,
    GAMMA,
    MOTIFS,
    NOISE,
    OCCURRENCES,
    SHARE,
    Prior,
    State,
    Tokens,
    blank_state,
    placements,
    sweep_place,
)
from motifmine.records.start_layout import document_rows
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Indices, Indices32

GRID = 10.0 ** np.linspace(-2, 4, 61)
"""Values that alpha, gamma, eta0 and b0 may take when they are drawn, equally probable a priori."""
NOISE_WORD = 1.0
"""e_b: pseudo-observations of every word in the background."""
MOTIF_PAIRS, OCCURRENCE_PAIRS, JOINS = 5, 20, 20
"""Merge and split proposals of every sweep."""
ETA_EVERY = 5
"""eta0 is drawn in one sweep of so many: its conditional costs as much as a sweep."""
FIRST_CAPACITY = 32
"""Motif slots to begin with; doubled whenever they do not suffice."""
START_SWEEPS = 100
"""Sweeps after which it shows which of several starts is the best."""
LEAST_SHARE = 0.01
"""Share of the observations from which on a motif counts as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long a chain runs and what it keeps."""

    sweeps: int
    burn_in: int
    """Sweeps of these that come before anything is kept."""
    n_kept: int
    """Sweeps whose assignments are kept, evenly spaced after the burn-in."""
    is_fixed: bool
    """Hold the hyper-parameters."""
    starts: int = 1
    """Runs of the first `start_sweeps`, of which the most probable goes on."""
    without_background: int = 0
    """First sweeps of every start (of the burn-in at most) that have no background."""

    @property
    def start_sweeps(self) -> int:
        """Sweeps of every start; they are the first of the burn-in."""
        return min(START_SWEEPS, self.burn_in)

    @property
    def sweeps_with_starts(self) -> int:
        """All sweeps of a chain, those of starts that were given up among them."""
        return self.sweeps + (self.starts - 1) * self.start_sweeps


class Sweep(NamedTuple):
    """The assignments of one sweep, enough to make its counts again."""

    owner: Indices32
    """Occurrence of every observation, -1 for the background, int32 array (N,)."""
    row: Indices
    """Start row of every occurrence, int64 array (O,)."""
    motif: Indices
    """Motif of every occurrence, int64 array (O,)."""
    hyper: Floats
    """alpha, gamma, eta0, b0."""
    log_joint: float


class Chain(NamedTuple):
    """What one chain leaves behind."""

    record: Floats
    """One row per sweep, columns as in `RECORDED`, float64 array (sweeps, columns)."""
    best: Sweep
    """The sweep of highest joint probability after the burn-in. Earlier ones are no candidates:
    with everything in the background the density of that one state can be high."""
    kept: list[Sweep]
    seconds: Floats
    """Since the fit began, after every sweep, float64 array (sweeps,)."""


RECORDED = (
    "log_joint",
    "n_motifs",
    "n_occurrences",
    "background_share",
    "concentration",
    "alpha",
    "gamma",
    "eta",
    "background_strength",
)
"""Label-free numbers of a sweep; concentration is the sum of squared shares of the motifs."""


def tokens_of(
    table: ObservationTable, motif_length: int, scale: float, rng: np.random.Generator
) -> tuple[Tokens, Indices]:
    """Return single observations, and which words of the vocabulary occur, int64 array (W,).

    Counts are multiplied by `scale` and rounded at random so that their expectation stays; whole
    numbers stay what they are. Words are numbered by their place among those that occur.
    """
    scaled = table.count.astype(np.float64) * scale
    count = np.floor(scaled + rng.random(len(scaled))).astype(np.int64)
    count = np.where(np.abs(scaled - np.round(scaled)) < 1e-9, np.round(scaled), count)
    words, word = np.unique(table.word, return_inverse=True)
    lengths = table.document_lengths
    base = document_rows(lengths, motif_length)
    row = table.row_of_observation()
    document = np.searchsorted(table.document_offsets, row, side="right") - 1
    bin_row = row - table.document_offsets[document] + base[document]
    each = np.repeat(np.arange(len(count)), count.astype(np.int64))
    tokens = Tokens(
        word=word[each].astype(np.int32),
        bin_row=bin_row[each].astype(np.int32),
        document=document[each].astype(np.int32),
        first=np.searchsorted(bin_row[each], np.arange(base[-1] + 1)).astype(np.int64),
        first_start=np.ascontiguousarray(base[:-1], dtype=np.int64),
        last_start=np.ascontiguousarray(base[1:] - 1, dtype=np.int64),
        n_bins=lengths,
        row_document=np.repeat(np.arange(len(lengths)), np.diff(base)).astype(np.int32),
    )
    return tokens, words.astype(np.int64)


def eta_shape(motif_length: int, n_words: int, ramp: float) -> Floats:
    """Return eta(w, rt) / eta0: even over words, falling linearly with relative time, (L,)."""
    fall = 1.0 - ramp * np.arange(motif_length) / motif_length
    shape: Floats = fall / fall.sum() / n_words
    return shape


class Run(NamedTuple):
    """A chain under way; the lists grow."""

    state: State
    prior: Prior
    record: list[tuple[float, ...]]
    seconds: list[float]


def run_chain(
    tokens: Tokens,
    prior: Prior,
    n_words: int,
    schedule: Schedule,
    rng: np.random.Generator,
    began: float,
    on_sweep: Callable[[float], None],
) -> Chain:
    """Return a chain that goes on from the best of its starts, each with nothing placed at first.

    `began` is when the clock started; `on_sweep` is called with the joint log probability after
    every sweep.
    """

    def advanced(run: Run) -> Run:
        return next_sweep(tokens, run, schedule, rng, began, on_sweep)

    run = blank_run(tokens, prior, n_words)
    for _ in range(schedule.start_sweeps):
        run = advanced(run)
    for _ in range(schedule.starts - 1):
        other = blank_run(tokens, prior, n_words)
        for _ in range(schedule.start_sweeps):
            other = advanced(other)
        run = max(run, other, key=late_log_joint)
    kept: list[Sweep] = []
    best: Sweep | None = None
    keep = set(kept_sweeps(schedule).tolist())
    for sweep in range(schedule.start_sweeps, schedule.sweeps):
        run = advanced(run)
        value = run.record[-1][0]
        is_best = sweep >= schedule.burn_in and (best is None or value > best.log_joint)
        if is_best or sweep in keep:
            now = Sweep(*placements(run.state), run.prior.hyper.copy(), value)
            best = now if is_best else best
            kept += [now] if sweep in keep else []
    assert best is not None  # burn_in < sweeps
    return Chain(np.array(run.record), best, kept, np.array(run.seconds))


def blank_run(tokens: Tokens, prior: Prior, n_words: int) -> Run:
    """Return a chain of which no sweep is done, with hyper-parameters of its own."""
    own = prior._replace(hyper=prior.hyper.copy())
    return Run(blank_state(tokens, own, n_words, FIRST_CAPACITY), own, [], [])


def next_sweep(
    tokens: Tokens,
    run: Run,
    schedule: Schedule,
    rng: np.random.Generator,
    began: float,
    on_sweep: Callable[[float], None],
) -> Run:
    """Return the chain after one more sweep; everything in `run` is changed."""
    prior = run.prior
    is_first = len(run.record) < min(schedule.without_background, schedule.burn_in)
    share = float(prior.hyper[SHARE])
    if is_first:
        prior.hyper[SHARE] = 0.0
    state = one_sweep(tokens, run.state, prior, rng)
    if not (schedule.is_fixed or is_first):
        sweep_document_priors(tokens, state, prior, GRID, rng)
        sweep_gamma(state, prior, GRID, rng)
        if len(run.record) % ETA_EVERY == 0:
            sweep_eta(state, prior, GRID, rng)
    value = log_joint(tokens, state, prior)
    run.record.append(recorded(state, prior, value))
    if is_first:
        prior.hyper[SHARE] = share
    run.seconds.append(time.perf_counter() - began)
    on_sweep(value)
    return run._replace(state=state)


def late_log_joint(run: Run) -> float:
    """Return the mean log joint probability of the last fifth of the sweeps, nats."""
    values = [row[0] for row in run.record]
    return float(np.mean(values[-max(1, len(values) // 5) :])) if values else -np.inf


def kept_sweeps(schedule: Schedule) -> Indices:
    """Return the numbers of the sweeps that are kept, the last among them."""
    n = min(schedule.n_kept, schedule.sweeps - schedule.burn_in)
    return np.round(np.linspace(schedule.sweeps - 1, schedule.burn_in, n)).astype(np.int64)


def one_sweep(tokens: Tokens, state: State, prior: Prior, rng: np.random.Generator) -> State:
    """Return the state after all moves; it is a new one when motif slots had to be added."""
    done = 0
    while (done := sweep_observations(tokens, state, prior, done, rng)) < len(tokens.word):
        state = grown(tokens, state, prior)
    done = 0
    while (done := sweep_occurrences(tokens, state, prior, done, rng)) < len(state.row):
        state = grown(tokens, state, prior)
        done = 0
    if prior.learn:
        sweep_shifts(tokens, state, prior, rng)
        sweep_motif_pairs(tokens, state, prior, MOTIF_PAIRS, rng)
        sweep_occurrence_pairs(tokens, state, prior, OCCURRENCE_PAIRS, rng)
        sweep_joins(tokens, state, prior, JOINS, rng)
    return state


def grown(tokens: Tokens, state: State, prior: Prior) -> State:
    """Return the same state with twice the motif slots."""
    bigger = blank_state(tokens, prior, len(state.by_word), 2 * len(state.live))
    sweep_place(tokens, bigger, prior, *placements(state))
    return bigger


def state_of(tokens: Tokens, prior: Prior, n_words: int, sweep: Sweep) -> State:
    """Return the state of a recorded sweep."""
    state = blank_state(tokens, prior, n_words, int(sweep.motif.max(initial=0)) + 1)
    sweep_place(tokens, state, prior, sweep.owner, sweep.row, sweep.motif)
    return state


def recorded(state: State, prior: Prior, value: float) -> tuple[float, ...]:
    """Return a sweep's numbers in the order of `RECORDED`."""
    n = max(len(state.owner), 1)
    share = state.motif_size[state.live[: state.tally[MOTIFS]]] / n
    return (
        value,
        int(np.sum(share >= LEAST_SHARE)),
        int(state.tally[OCCURRENCES]),
        float(state.tally[NOISE] / n),
        float(np.sum(share**2)),
        *(float(prior.hyper[h]) for h in (ALPHA, GAMMA, ETA, SHARE)),
    )
