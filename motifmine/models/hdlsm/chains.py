"""Chains of the HDLSM sampler: from a table to tokens, and from tokens to recorded sweeps."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from motifmine.models.hdlsm.kernels.bookkeeping import get_assignments, set_assignments
from motifmine.models.hdlsm.kernels.gibbs import sweep_observations, sweep_occurrences
from motifmine.models.hdlsm.kernels.hyperparameters import (
    log_joint,
    resample_document_priors,
    resample_eta,
    resample_gamma,
)
from motifmine.models.hdlsm.kernels.join_motifs import propose_joins
from motifmine.models.hdlsm.kernels.shifts import sweep_shifts
from motifmine.models.hdlsm.kernels.split_merge_motifs import propose_motif_moves
from motifmine.models.hdlsm.kernels.split_merge_occurrences import propose_occurrence_moves
from motifmine.models.hdlsm.kernels.state import (
    ALPHA,
    ETA,
    GAMMA,
    IN_BACKGROUND,
    MOTIFS,
    OCCURRENCES,
    SHARE,
    Prior,
    State,
    Tokens,
    make_empty_state,
)
from motifmine.records.start_layout import document_rows
from motifmine.records.table import ObservationTable
from motifmine.time_limit import is_time_up
from motifmine.types import Floats, Indices, Indices32

# values of alpha, gamma, eta0 and b0 when they are resampled, equally probable a priori
GRID = 10.0 ** np.linspace(-2, 4, 61)
BACKGROUND_PRIOR = 1.0  # e_b: pseudo-count of every word in the background
MOTIF_MOVES, OCCURRENCE_MOVES, JOIN_MOVES = 5, 20, 20  # number of split-merge proposals per sweep
ETA_EVERY = 5  # sweeps per update of eta0: its conditional costs as much as a sweep
FIRST_CAPACITY = 32  # initial number of motif slots; doubled whenever they are used up
START_SWEEPS = 100  # sweeps of every start before the best one is chosen
LEAST_SHARE = 0.01  # least share of the observations of a motif that is counted in `n_motifs`


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Number of sweeps of a chain, and which of them are kept."""

    sweeps: int
    burn_in: int
    """Leading sweeps that are discarded."""
    n_kept: int
    """Sweeps whose assignments are kept, evenly spaced after the burn-in."""
    is_fixed: bool
    """Do not resample the hyper-parameters."""
    starts: int = 1
    """Runs of `start_sweeps` sweeps, of which the most probable is continued."""
    without_background: int = 0
    """Leading sweeps of every start without a background, not more than the burn-in."""

    @property
    def start_sweeps(self) -> int:
        """Sweeps of every start; they are part of the burn-in."""
        return min(START_SWEEPS, self.burn_in)

    @property
    def sweeps_with_starts(self) -> int:
        """Total number of sweeps, including those of abandoned starts."""
        return self.sweeps + (self.starts - 1) * self.start_sweeps


class Sweep(NamedTuple):
    """Assignments of one sweep, from which all counts can be recomputed."""

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
    """Result of one chain."""

    record: Floats
    """One row per sweep, columns as in `SWEEP_COLUMNS`, float64 array (sweeps, columns)."""
    best: Sweep
    """The sweep of highest joint probability after the burn-in. Earlier sweeps are excluded: the
    state with everything in the background can have a high density."""
    kept: list[Sweep]
    seconds: Floats
    """Seconds since the fit began, after every sweep, float64 array (sweeps,)."""


# statistics of a sweep that do not depend on labels; `concentration` is the sum of squared shares
# of the motifs
SWEEP_COLUMNS = (
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


def expand_tokens(
    table: ObservationTable, motif_length: int, scale: float, rng: np.random.Generator
) -> tuple[Tokens, Indices]:
    """Expand counts into tokens; also return the words that occur, int64 array (W,).

    Counts are multiplied by `scale` and rounded stochastically, which preserves their expectation
    and leaves integers unchanged. Words are renumbered among those that occur.

    Parameters
    ----------
    scale : float
        Factor of all counts, > 0.
    """
    scaled = table.count.astype(np.float64) * scale
    count = np.floor(scaled + rng.random(len(scaled))).astype(np.int64)
    # products such as 3 * (1 / 3) must not be rounded at random because of their last digit
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


def compute_eta_shape(motif_length: int, n_words: int, ramp: float) -> Floats:
    """Return eta(w, rt) / eta0: uniform over words, linear in relative time, float64 array (L,).

    Parameters
    ----------
    ramp : float
        How far eta falls from the first bin to the end, 0 <= ramp < 1.
    """
    fall = 1.0 - ramp * np.arange(motif_length) / motif_length
    shape: Floats = fall / fall.sum() / n_words
    return shape


class Run(NamedTuple):
    """A running chain; lists get one entry per sweep."""

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
    """Run several starts from an empty state, then continue the most probable one.

    Parameters
    ----------
    began : float
        Clock value at the start of the fit, seconds, see `time.perf_counter`.
    on_sweep : callable
        Called with the joint log probability, nats, after every sweep.
    """

    def advance(run: Run) -> Run:
        return _advance_run(tokens, run, schedule, rng, began, on_sweep)

    def start() -> Run:
        run = _start_run(tokens, prior, n_words)
        for _ in range(schedule.start_sweeps):
            run = advance(run)
            if is_time_up():
                break
        return run

    run = start()
    for _ in range(schedule.starts - 1):
        if is_time_up():
            break
        run = max(run, start(), key=average_late_log_joint)
    kept: list[Sweep] = []
    best: Sweep | None = None
    keep = set(choose_kept_sweeps(schedule).tolist())
    for sweep in range(len(run.record), schedule.sweeps):
        # the first sweep must be done, and nothing else once the time is up
        if sweep and is_time_up():
            break
        run = advance(run)
        value = run.record[-1][0]
        is_best = sweep >= schedule.burn_in and (best is None or value > best.log_joint)
        if is_best or sweep in keep:
            now = Sweep(*get_assignments(run.state), run.prior.hyper.copy(), value)
            best = now if is_best else best
            kept += [now] if sweep in keep else []
    if best is None:  # the time was up before the end of the burn-in
        best = Sweep(*get_assignments(run.state), run.prior.hyper.copy(), run.record[-1][0])
    return Chain(np.array(run.record), best, kept or [best], np.array(run.seconds))


def cut_chains(chains: list[Chain], schedule: Schedule) -> tuple[list[Chain], Schedule]:
    """Return chains cut to one number of sweeps, without those that hardly began, and a schedule.

    A chain that had not half of the sweeps of the longest one says nothing about its mixing.
    """
    longest = max(len(chain.record) for chain in chains)
    if longest == schedule.sweeps and all(len(chain.record) == longest for chain in chains):
        return chains, schedule
    chains = [chain for chain in chains if 2 * len(chain.record) >= longest]
    n = min(len(chain.record) for chain in chains)
    chains = [
        chain._replace(record=chain.record[:n], seconds=chain.seconds[:n]) for chain in chains
    ]
    return chains, replace(schedule, sweeps=n, burn_in=min(schedule.burn_in, n // 2))


def _start_run(tokens: Tokens, prior: Prior, n_words: int) -> Run:
    """Return a chain before its first sweep, with its own copy of the hyper-parameters."""
    own = prior._replace(hyper=prior.hyper.copy())
    return Run(make_empty_state(tokens, own, n_words, FIRST_CAPACITY), own, [], [])


def _advance_run(
    tokens: Tokens,
    run: Run,
    schedule: Schedule,
    rng: np.random.Generator,
    began: float,
    on_sweep: Callable[[float], None],
) -> Run:
    """Run one more sweep and return the chain; everything in `run` is changed."""
    prior = run.prior
    is_first = len(run.record) < min(schedule.without_background, schedule.burn_in)
    share = float(prior.hyper[SHARE])
    if is_first:
        prior.hyper[SHARE] = 0.0
    state = run_sweep(tokens, run.state, prior, rng)
    if not (schedule.is_fixed or is_first):
        resample_document_priors(tokens, state, prior, GRID, rng)
        resample_gamma(state, prior, GRID, rng)
        if len(run.record) % ETA_EVERY == 0:
            resample_eta(state, prior, GRID, rng)
    # evaluated with the prior that the sweep used; b0 is restored afterwards
    value = log_joint(tokens, state, prior)
    run.record.append(_summarise_sweep(state, prior, value))
    if is_first:
        prior.hyper[SHARE] = share
    run.seconds.append(time.perf_counter() - began)
    on_sweep(value)
    return run._replace(state=state)


def average_late_log_joint(run: Run) -> float:
    """Average the log joint probability over the last fifth of the sweeps, nats."""
    values = [row[0] for row in run.record]
    return float(np.mean(values[-max(1, len(values) // 5) :])) if values else -np.inf


def choose_kept_sweeps(schedule: Schedule) -> Indices:
    """Return the indices of the sweeps that are kept, including the last."""
    n = min(schedule.n_kept, schedule.sweeps - schedule.burn_in)
    return np.round(np.linspace(schedule.sweeps - 1, schedule.burn_in, n)).astype(np.int64)


def run_sweep(tokens: Tokens, state: State, prior: Prior, rng: np.random.Generator) -> State:
    """Run all moves once; the returned state is a new one if motif slots were added."""
    done = 0
    while (done := sweep_observations(tokens, state, prior, done, rng)) < len(tokens.word):
        state = _add_motif_slots(tokens, state, prior)
    done = 0
    while (done := sweep_occurrences(tokens, state, prior, done, rng)) < len(state.row):
        state = _add_motif_slots(tokens, state, prior)
        # slots are renumbered with the new state, so step B starts over; observations are not
        done = 0
    if prior.learn:
        sweep_shifts(tokens, state, prior, rng)
        propose_motif_moves(tokens, state, prior, MOTIF_MOVES, rng)
        propose_occurrence_moves(tokens, state, prior, OCCURRENCE_MOVES, rng)
        propose_joins(tokens, state, prior, JOIN_MOVES, rng)
    return state


def _add_motif_slots(tokens: Tokens, state: State, prior: Prior) -> State:
    """Return a copy of the state with twice as many motif slots."""
    bigger = make_empty_state(tokens, prior, len(state.by_word), 2 * len(state.live))
    set_assignments(tokens, bigger, prior, *get_assignments(state))
    return bigger


def rebuild_state(tokens: Tokens, prior: Prior, n_words: int, sweep: Sweep) -> State:
    """Rebuild the state of a recorded sweep."""
    state = make_empty_state(tokens, prior, n_words, int(sweep.motif.max(initial=0)) + 1)
    set_assignments(tokens, state, prior, sweep.owner, sweep.row, sweep.motif)
    return state


def _summarise_sweep(state: State, prior: Prior, value: float) -> tuple[float, ...]:
    """Return the statistics of a sweep in the order of `SWEEP_COLUMNS`."""
    n = max(len(state.owner), 1)
    share = state.motif_size[state.live[: state.tally[MOTIFS]]] / n
    return (
        value,
        int(np.sum(share >= LEAST_SHARE)),
        int(state.tally[OCCURRENCES]),
        float(state.tally[IN_BACKGROUND] / n),
        float(np.sum(share**2)),
        *(float(prior.hyper[h]) for h in (ALPHA, GAMMA, ETA, SHARE)),
    )
