"""Sampling of all chains of HDLSM, in threads."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from motifmine.errors import DataError
from motifmine.models.checks import check_size
from motifmine.models.hdlsm.chains import (
    BACKGROUND_PRIOR,
    Chain,
    Schedule,
    compute_eta_shape,
    cut_chains,
    expand_tokens,
    run_chain,
)
from motifmine.models.hdlsm.fitted import HdlsmFit, build_fit
from motifmine.models.hdlsm.kernels.state import Prior, Tokens
from motifmine.models.hdlsm.spec import FEWER_SWEEPS, HdlsmSpec
from motifmine.parallel.threads import most_threads
from motifmine.progress import Progress
from motifmine.records.table import ObservationTable
from motifmine.seeding import Stream, generator, resolve_seed

MAX_OBSERVATIONS = 200_000  # counts are scaled down to this number of observations by default
SWEEPS = 1000
WITHOUT_BACKGROUND = 5
# number of observations above which chains run for fewer sweeps by default
MANY_OBSERVATIONS = 50_000
# observations per time bin that tables of topics are scaled down to by default
TOPICS_PER_BIN = 20.0


def sample_documents(
    spec: HdlsmSpec,
    table: ObservationTable,
    *,
    seed: int | None = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> HdlsmFit:
    """Sample all chains; return the most probable sweep of the most typical chain.

    Raises `DataError` if the table is too small for the specification.
    """
    began = time.perf_counter()
    check_size(table, n_motifs=1, motif_length=spec.motif_length)
    seed = resolve_seed(seed)
    scale = spec.count_scale or choose_count_scale(table)
    tokens, words = expand_tokens(table, spec.motif_length, scale, generator(seed, Stream.COUNT))
    schedule = make_schedule(spec, len(tokens.word), table.vocabulary.layout.topics() is not None)
    if len(tokens.word) == 0:
        raise DataError(f"count_scale {scale:g} leaves no observations; use a larger one")
    prior = make_prior(spec, len(words))
    chains = _run_chains(schedule, spec.chains, tokens, prior, len(words), seed, began, on_progress)
    chains, schedule = cut_chains(chains, schedule)
    resolved = replace(
        spec,
        chains=len(chains),
        count_scale=scale,
        sweeps=schedule.sweeps,
        burn_in=schedule.burn_in,
        without_background=min(schedule.without_background, schedule.burn_in),
    )
    return build_fit(resolved, table, tokens, words, prior, chains, seed, began)


def make_schedule(spec: HdlsmSpec, n_observations: int, is_topics: bool = False) -> Schedule:
    """Return the schedule of the chains for a number of observations."""
    without = WITHOUT_BACKGROUND if is_topics else 0
    sweeps = spec.sweeps or (FEWER_SWEEPS if n_observations > MANY_OBSERVATIONS else SWEEPS)
    return Schedule(
        sweeps=sweeps,
        burn_in=sweeps // 2 if spec.burn_in is None else spec.burn_in,
        n_kept=spec.kept,
        is_fixed=spec.fix_hyperparameters,
        starts=spec.starts,
        without_background=(
            without if spec.without_background is None else spec.without_background
        ),
    )


def make_prior(spec: HdlsmSpec, n_words: int) -> Prior:
    """Return the hyper-parameters for the kernels."""
    share = spec.background_strength if spec.background else 0.0
    return Prior(
        hyper=np.array([spec.alpha, spec.gamma, spec.eta, share]),
        shape=compute_eta_shape(spec.motif_length, n_words, spec.ramp),
        background_prior=BACKGROUND_PRIOR,
        learn=1,
    )


def choose_count_scale(table: ObservationTable) -> float:
    """Return the default factor of counts: 1, or less for tables with many observations.

    The limit is `MAX_OBSERVATIONS`, and for topics `TOPICS_PER_BIN` per time bin (the original
    program also scales counts).
    """
    most = float(MAX_OBSERVATIONS)
    if table.vocabulary.layout.topics() is not None:
        most = min(most, TOPICS_PER_BIN * table.n_times)
    return min(1.0, most / max(table.total, 1.0))


def _run_chains(
    schedule: Schedule,
    n_chains: int,
    tokens: Tokens,
    prior: Prior,
    n_words: int,
    seed: int,
    began: float,
    on_progress: Callable[[Progress], None] | None,
) -> list[Chain]:
    """Run all chains in parallel threads."""
    lock = threading.Lock()
    done = 0
    is_stopped = threading.Event()
    total = n_chains * schedule.sweeps_with_starts

    def on_sweep(value: float) -> None:
        nonlocal done
        if is_stopped.is_set():
            raise InterruptedError
        with lock:
            done += 1
            if on_progress is not None:
                on_progress(Progress(done, total, value))

    def run(chain: int) -> Chain:
        rng = generator(seed, Stream.CHAIN, chain)
        return run_chain(tokens, prior, n_words, schedule, rng, began, on_sweep)

    with ThreadPoolExecutor(max_workers=min(n_chains, most_threads())) as pool:
        try:
            return list(pool.map(run, range(n_chains)))
        except BaseException:
            # Ctrl-C, or a chain that failed: the pool waits for the others, which see it here
            is_stopped.set()
            raise
