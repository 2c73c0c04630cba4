"""Result of an HDLSM fit: motifs, occurrences, and the posterior."""

import time
from dataclasses import dataclass, replace

import numpy as np

from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.hdlsm.chains import SWEEP_COLUMNS, Chain, rebuild_state
from motifmine.models.hdlsm.fold_in import locate_by_sampling
from motifmine.models.hdlsm.kernels.state import ETA, Prior, Tokens
from motifmine.models.hdlsm.posterior import (
    HdlsmPosterior,
    choose_typical_chain,
    compute_probability,
    summarise_chains,
)
from motifmine.models.hdlsm.reading import (
    build_activations,
    collect_occurrences,
    estimate_background,
    expand_to_vocabulary,
    select_recurring_motifs,
)
from motifmine.models.hdlsm.spec import HdlsmSpec
from motifmine.models.hdlsm.summary import build_posterior_record
from motifmine.models.protocol import Located
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
from motifmine.types import Floats, Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SamplerTrace:
    """Statistics of every sweep that do not depend on labels, float64 arrays (chains, sweeps)."""

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
class SampledFit(FittedModel):
    """Motifs that were sampled, of the documents together or in groups."""

    spec: HdlsmSpec
    """Specification with the resolved automatic values."""
    motifs: MotifSet
    """Words that do not occur have probability 0."""
    background: Background
    activations: Activations
    trace: Trace
    """Log joint probability, nats: of the selected chain, or the sum over groups."""
    provenance: Provenance

    def locate(self, table: ObservationTable, reckoned_total: Floats | None = None) -> Located:
        """Locate the motifs in `table`, motifs held fixed.

        `reckoned_total` is ignored: no prior of this model depends on it.
        """
        return locate_by_sampling(
            self.motifs,
            self.background,
            table,
            self.provenance.seed,
            count_scale=self.spec.count_scale or 1.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HdlsmFit(SampledFit):
    """Motifs and activations of the selected sweep, one entry per occurrence, and the posterior."""

    sampler: SamplerTrace
    posterior: HdlsmPosterior

    def posterior_of(self, occurrences: Occurrences) -> Posterior:
        """Return the posterior for storing, with the given occurrences of this fit."""
        record = np.stack([getattr(self.sampler, name) for name in SWEEP_COLUMNS], axis=2)
        return build_posterior_record(
            self.posterior, record, self.spec.burn_in or 0, self.activations, occurrences
        )

    def findings(self) -> dict[str, object]:
        """Return the diagnostics of the chains as plain values for the fit file."""
        posterior = self.posterior
        number, times = np.unique(posterior.n_motifs, return_counts=True)
        share = times / posterior.n_motifs.size
        return {
            "agreement": posterior.sentence,
            "number_of_motifs": {
                str(int(n)): round(float(p), 3) for n, p in zip(number, share, strict=True)
            },
            "r_hat": _round_values(posterior.statistics, posterior.r_hat),
            "effective_sweeps": _round_values(posterior.statistics, posterior.effective_sweeps),
        }


def _round_values(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return {name: round(float(v), 3) for name, v in zip(names, values, strict=True)}


def build_fit(
    spec: HdlsmSpec,
    table: ObservationTable,
    tokens: Tokens,
    words: Indices,
    prior: Prior,
    chains: list[Chain],
    seed: int,
    began: float,
) -> HdlsmFit:
    """Build the records of a fit from finished chains.

    Parameters
    ----------
    words : int64 array (W',)
        Indices of these words in the vocabulary.
    began : float
        Clock value at the start of the fit, seconds, see `time.perf_counter`.
    """
    view = table.vocabulary.layout.comparison_matrix(words)
    winner = chains[choose_typical_chain(chains, tokens, prior, len(words), view)]
    best = winner.best
    # hyper-parameters are resampled: those of this sweep belong to its counts
    own = prior._replace(hyper=best.hyper)
    state = rebuild_state(tokens, own, len(words), best)
    order = select_recurring_motifs(state)
    probability = compute_probability(state, float(best.hyper[ETA]), prior.shape)[order]
    share = state.motif_size[state.live[order]] / len(tokens.word)
    row, motif, size = collect_occurrences(state, order)
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
        motif_mean=expand_to_vocabulary(posterior.motif_mean, words, table),
        motif_spread=expand_to_vocabulary(posterior.motif_spread, words, table),
    )
    record = np.stack([chain.record for chain in chains])
    return HdlsmFit(
        spec=spec,
        motifs=MotifSet(probability=expand_to_vocabulary(probability, words, table), weight=share),
        background=estimate_background(state, words, table),
        activations=build_activations(
            # tokens back to observations of the table
            tokens,
            row,
            motif,
            size / (spec.count_scale or 1.0),
            spec.motif_length,
        ),
        trace=Trace(
            iteration=np.arange(len(winner.seconds)),
            log_likelihood=winner.record[:, SWEEP_COLUMNS.index("log_joint")],
            seconds=winner.seconds,
        ),
        provenance=provenance_of(
            "hdlsm", spec, table, seed=seed, elapsed_s=time.perf_counter() - began
        ),
        sampler=SamplerTrace(**{name: record[:, :, c] for c, name in enumerate(SWEEP_COLUMNS)}),
        posterior=posterior,
    )
