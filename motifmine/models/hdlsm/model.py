"""HDLSM, Hierarchical Dirichlet Latent Semantic Motifs, sampled with its number of motifs.

Emonet, Varadarajan and Odobez: CVPR 2011, pp. 3233-3240; IEEE Transactions on Pattern Analysis and
Machine Intelligence 36(1):140-156, 2014.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace

import numpy as np

from motifmine.errors import DataError, SpecError
from motifmine.models.checks import check_size
from motifmine.models.hdlsm.chains import (
    NOISE_WORD,
    RECORDED,
    Chain,
    Schedule,
    eta_shape,
    run_chain,
    state_of,
    tokens_of,
)
from motifmine.models.hdlsm.fold_in import fold_in
from motifmine.models.hdlsm.kernels.state import ETA, Prior, Tokens
from motifmine.models.hdlsm.posterior import (
    HdlsmPosterior,
    most_typical,
    probabilities,
    summarise_chains,
)
from motifmine.models.hdlsm.reading import (
    activations_of,
    background_of,
    found_occurrences,
    over_vocabulary,
    reported_motifs,
)
from motifmine.models.hdlsm.summary import posterior_record
from motifmine.models.protocol import Located, Progress
from motifmine.records.fit import (
    Activations,
    Background,
    MotifSet,
    Occurrences,
    Provenance,
    Trace,
)
from motifmine.records.posterior import Posterior
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator, resolve_seed
from motifmine.types import Floats, Indices
from motifmine.version import __version__

MOST_OBSERVATIONS = 200_000
"""Counts are scaled down to this many observations unless `count_scale` says otherwise."""
SWEEPS, FEWER_SWEEPS = 1000, 500
WITHOUT_BACKGROUND = 5
MANY_OBSERVATIONS = 50_000
"""Chains run for fewer sweeps where more than so many observations are sampled."""
TOPICS_PER_BIN = 20.0
"""Mean observations of a time bin that tables of topics are scaled down to."""
CHAIN_STREAM, COUNT_STREAM = 0, 1
"""First keys of the random streams of a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdlsm:
    """The specification of an HDLSM fit.

    `background=False` is the paper's model; the background is ours: a share of each document's
    observations that no motif explains, flat in time. Without it the noise gets motifs of its own.

    Examples
    --------
    >>> from motifmine import simulate
    >>> from motifmine.models.hdlsm.model import Hdlsm
    >>> table = simulate(n_motifs=2, n_times=300, seed=1).table
    >>> fit = Hdlsm(motif_length=10, chains=1, sweeps=100, burn_in=60).fit(table, seed=0)
    >>> fit.motifs
    MotifSet(2 motifs of 10 bins x 20 words)
    """

    motif_length: int = 20
    """Length of the motifs in time bins, > 0."""
    chains: int = 4
    """Independent chains, > 0."""
    sweeps: int | None = None
    """Sweeps of every chain, > 0; None takes 1000, or 500 where more than 50,000 observations are
    sampled."""
    burn_in: int | None = None
    """Sweeps of these that are not looked at, 0 <= burn_in < sweeps; None takes half of them."""
    starts: int = 4
    """Runs of the first 100 sweeps of every chain (fewer with a shorter burn-in), > 0; the most
    probable one goes on. A chain alone may need long to find a motif that it missed."""
    without_background: int | None = None
    """First sweeps of every start that have no background, >= 0; None takes 5 for topics, 0 for
    all else. Where nothing has a motif yet the background takes nearly all there is, and may give
    it back only over a thousand sweeps; but without it noise gets motifs, which may stay."""
    kept: int = 20
    """Sweeps of every chain that the posterior is made of, > 0."""
    background: bool = True
    """Let observations belong to no motif; False is the model as published."""
    alpha: float = 10.0
    """Concentration of the occurrences of a document, > 0 (alpha in the papers)."""
    gamma: float = 2.0
    """Concentration of the motifs, > 0 (gamma in the papers)."""
    eta: float = 10.0
    """Pseudo-observations of every motif, all cells together, > 0 (eta in the papers)."""
    ramp: float = 0.0
    """How far eta falls from the first relative-time bin to the end, 0 (flat) <= ramp < 1. The
    papers let it fall, which draws motifs to the beginning of their window; but a motif found from
    its middle on then has a hard time to grow toward its beginning. On simulated data 0.5 was as
    good as 0; 0.9 gave too many motifs."""
    background_strength: float = 10.0
    """Pseudo-observations of the background of every document, > 0."""
    fix_hyperparameters: bool = False
    """Hold alpha, gamma, eta and background_strength; False draws them with everything else, each
    log-uniform over 0.01 .. 10,000 a priori, from where they are set."""
    count_scale: float | None = None
    """Counts are multiplied by this, > 0, and rounded at random (whole numbers stay); None takes 1,
    or less when that would be more than 200,000 observations or, of topics, more than 20 a time
    bin: so strong that an occurrence stands out, so weak that chains can still change it."""

    def __post_init__(self) -> None:
        for name in ("motif_length", "chains", "sweeps", "starts", "kept"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SpecError(f"{name} is {value}; it must be 1 or more")
        if self.burn_in is not None and not 0 <= self.burn_in < (self.sweeps or FEWER_SWEEPS):
            raise SpecError(
                f"burn_in is {self.burn_in}; it must be 0 or more and below sweeps, which are "
                f"{self.sweeps or FEWER_SWEEPS}"
            )
        for name in ("alpha", "gamma", "eta", "background_strength", "count_scale"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise SpecError(f"{name} is {value}; it must be a positive number")
        if self.without_background is not None and self.without_background < 0:
            raise SpecError(
                f"without_background is {self.without_background}; it must be 0 or more"
            )
        if not 0 <= self.ramp < 1:
            raise SpecError(f"ramp is {self.ramp}; it must be 0 or more and below 1")

    def fit(
        self,
        table: ObservationTable,
        *,
        seed: int | None = 0,
        on_iteration: Callable[[Progress], None] | None = None,
    ) -> "HdlsmFit":
        """Return the most probable sweep of the most typical chain, and what all chains say.

        The result does not depend on the number of threads: every chain has a random stream of its
        own, keyed by seed and chain. `on_iteration` is called from the chains' threads, one at a
        time.

        Raises
        ------
        DataError
            When the table is too small for the specification.
        """
        began = time.perf_counter()
        check_size(table, n_motifs=1, motif_length=self.motif_length)
        seed = resolve_seed(seed)
        scale = self.count_scale or default_scale(table)
        tokens, words = tokens_of(table, self.motif_length, scale, generator(seed, COUNT_STREAM))
        schedule = self.schedule(len(tokens.word), table.vocabulary.layout.topics() is not None)
        spec = replace(
            self,
            count_scale=scale,
            sweeps=schedule.sweeps,
            burn_in=schedule.burn_in,
            without_background=schedule.without_background,
        )
        if len(tokens.word) == 0:
            raise DataError(f"count_scale {scale:g} leaves no observations; use a larger one")
        prior = self.prior(len(words))
        chains = run_chains(
            schedule, spec.chains, tokens, prior, len(words), seed, began, on_iteration
        )
        return package(spec, table, tokens, words, prior, chains, seed, began)

    def schedule(self, n_observations: int, is_topics: bool = False) -> Schedule:
        """Return how the chains run over so many observations, of topics or of words."""
        without = WITHOUT_BACKGROUND if is_topics else 0
        sweeps = self.sweeps or (FEWER_SWEEPS if n_observations > MANY_OBSERVATIONS else SWEEPS)
        return Schedule(
            sweeps=sweeps,
            burn_in=sweeps // 2 if self.burn_in is None else self.burn_in,
            n_kept=self.kept,
            is_fixed=self.fix_hyperparameters,
            starts=self.starts,
            without_background=(
                without if self.without_background is None else self.without_background
            ),
        )

    def told(self, table: ObservationTable) -> str:
        """Return what happens to the counts of `table`, for people; "" when nothing does."""
        scale = self.count_scale or default_scale(table)
        if scale == 1:
            return ""
        return f"counts times {scale:.3g}: {table.total * scale:.0f} observations are sampled"

    def prior(self, n_words: int) -> Prior:
        """Return the hyper-parameters as the kernels take them."""
        share = self.background_strength if self.background else 0.0
        return Prior(
            hyper=np.array([self.alpha, self.gamma, self.eta, share]),
            shape=eta_shape(self.motif_length, n_words, self.ramp),
            noise_word=NOISE_WORD,
            learn=1,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SamplerTrace:
    """Label-free numbers of every sweep of every chain, float64 arrays (chains, sweeps)."""

    log_joint: Floats
    """Log probability of observations and assignments given the hyper-parameters, nats."""
    n_motifs: Floats
    """Motifs that hold 1 % of the observations or more."""
    n_occurrences: Floats
    background_share: Floats
    concentration: Floats
    """Sum of the squared shares of the motifs."""
    alpha: Floats
    gamma: Floats
    eta: Floats
    background_strength: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HdlsmFit:
    """Motifs that HDLSM found, when they occur, and how sure that is."""

    spec: Hdlsm
    """As asked, `count_scale` as it was used."""
    motifs: MotifSet
    """Of that sweep; words that never occur have probability 0."""
    background: Background
    activations: Activations
    """One entry for every occurrence of that sweep."""
    trace: Trace
    """Log joint probability of the chain that has that sweep."""
    provenance: Provenance
    sampler: SamplerTrace
    posterior: HdlsmPosterior

    def transform(self, table: ObservationTable) -> Activations:
        """Return the activations of the documents of `table`, motifs held fixed."""
        return self.locate(table).activations

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Return where the motifs are active in `table`, motifs held fixed.

        `reckoned_total` is not used: no prior here depends on it.
        """
        return locate_by_sampling(
            self.motifs,
            self.background,
            table,
            self.provenance.seed,
            count_scale=self.spec.count_scale or 1.0,
        )

    def score(self, table: ObservationTable) -> float:
        """Return the log-likelihood per observation of `table`, nats; higher is better."""
        return self.locate(table).log_likelihood / table.total

    def posterior_of(self, occurrences: Occurrences) -> Posterior:
        """Return the posterior as a saved fit keeps it, for occurrences of this fit."""
        record = np.stack([getattr(self.sampler, name) for name in RECORDED], axis=2)
        return posterior_record(
            self.posterior, record, self.spec.burn_in or 0, self.activations, occurrences
        )

    @property
    def model_state(self) -> None:
        """Nothing: motifs, background and settings are enough to find the motifs elsewhere."""

    def findings(self) -> dict[str, object]:
        """Return what the chains say of themselves, plain values for a fit file."""
        posterior = self.posterior
        number, times = np.unique(posterior.n_motifs, return_counts=True)
        share = times / posterior.n_motifs.size
        return {
            "agreement": posterior.sentence,
            "number_of_motifs": {
                int(n): round(float(p), 3) for n, p in zip(number, share, strict=True)
            },
            "r_hat": _rounded(posterior.statistics, posterior.r_hat),
            "effective_sweeps": _rounded(posterior.statistics, posterior.effective_sweeps),
        }


def _rounded(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return {name: round(float(v), 3) for name, v in zip(names, values, strict=True)}


def locate_by_sampling(
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
    seed: int,
    *,
    count_scale: float = 1.0,
) -> Located:
    """Return where given motifs are active in `table`, by sampling, motifs held fixed."""
    activations, value = fold_in(motifs, background, table, seed=seed, count_scale=count_scale)
    explained = float(activations.mass.sum(dtype=np.float64))
    weight = max(0.0, 1.0 - explained / max(table.total, 1e-9))
    return Located(
        activations=activations,
        background=Background(probability=background.probability, weight=weight),
        log_likelihood=value,
    )


def default_scale(table: ObservationTable) -> float:
    """Return 1, or what brings a table down to the observations that a chain can handle.

    Those are `MOST_OBSERVATIONS`, of topics `TOPICS_PER_BIN` a time bin (Emonet's program scales
    counts alike).
    """
    most = float(MOST_OBSERVATIONS)
    if table.vocabulary.layout.topics() is not None:
        most = min(most, TOPICS_PER_BIN * table.n_times)
    return min(1.0, most / table.total)


def run_chains(
    schedule: Schedule,
    n_chains: int,
    tokens: Tokens,
    prior: Prior,
    n_words: int,
    seed: int,
    began: float,
    on_iteration: Callable[[Progress], None] | None,
) -> list[Chain]:
    """Return all chains, run side by side in threads."""
    lock = threading.Lock()
    done = 0
    total = n_chains * schedule.sweeps_with_starts

    def on_sweep(value: float) -> None:
        nonlocal done
        with lock:
            done += 1
            if on_iteration is not None:
                on_iteration(Progress(done, total, value))

    def run(chain: int) -> Chain:
        rng = generator(seed, CHAIN_STREAM, chain)
        return run_chain(tokens, prior, n_words, schedule, rng, began, on_sweep)

    with ThreadPoolExecutor(max_workers=min(n_chains, os.cpu_count() or 1)) as pool:
        return list(pool.map(run, range(n_chains)))


def package(
    spec: Hdlsm,
    table: ObservationTable,
    tokens: Tokens,
    words: Indices,
    prior: Prior,
    chains: list[Chain],
    seed: int,
    began: float,
) -> HdlsmFit:
    """Return the records of finished chains."""
    view = table.vocabulary.layout.comparison_matrix(words)
    winner = chains[most_typical(chains, tokens, prior, len(words), view)]
    best = winner.best
    own = prior._replace(hyper=best.hyper)
    state = state_of(tokens, own, len(words), best)
    order = reported_motifs(state)
    probability = probabilities(state, float(best.hyper[ETA]), prior.shape)[order]
    share = state.motif_size[state.live[order]] / len(tokens.word)
    row, motif, size = found_occurrences(state, order)
    posterior = summarise_chains(
        chains,
        tokens,
        prior,
        probability,
        share,
        np.stack([row, motif], axis=1),
        spec.burn_in or 0,
        view,
    )
    posterior = replace(
        posterior,
        motif_mean=over_vocabulary(posterior.motif_mean, words, table),
        motif_spread=over_vocabulary(posterior.motif_spread, words, table),
    )
    record = np.stack([chain.record for chain in chains])
    return HdlsmFit(
        spec=spec,
        motifs=MotifSet(probability=over_vocabulary(probability, words, table), weight=share),
        background=background_of(state, words, table),
        activations=activations_of(
            tokens, row, motif, size / (spec.count_scale or 1.0), spec.motif_length
        ),
        trace=Trace(
            iteration=np.arange(len(winner.seconds)),
            log_likelihood=winner.record[:, RECORDED.index("log_joint")],
            seconds=winner.seconds,
        ),
        provenance=Provenance(
            motifmine_version=__version__,
            model="hdlsm",
            spec=json.dumps(asdict(spec)),
            seed=seed,
            inputs=tuple((r.name, r.source_digest) for r in table.recordings),
            elapsed_s=time.perf_counter() - began,
        ),
        sampler=SamplerTrace(**{name: record[:, :, c] for c, name in enumerate(RECORDED)}),
        posterior=posterior,
    )
