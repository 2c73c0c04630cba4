"""What HDLSM found: motifs, when they occur, and what the chains say of themselves."""

import time
from dataclasses import dataclass, replace

import numpy as np

from motifmine.models.fitted import FittedModel, provenance_of
from motifmine.models.hdlsm.chains import RECORDED, Chain, state_of
from motifmine.models.hdlsm.fold_in import locate_by_sampling
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
from motifmine.models.hdlsm.spec import HdlsmSpec
from motifmine.models.hdlsm.summary import posterior_record
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
class HdlsmFit(FittedModel):
    """Motifs that HDLSM found, when they occur, and how sure that is."""

    spec: HdlsmSpec
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

    def posterior_of(self, occurrences: Occurrences) -> Posterior:
        """Return the posterior as a saved fit keeps it, for occurrences of this fit."""
        record = np.stack([getattr(self.sampler, name) for name in RECORDED], axis=2)
        return posterior_record(
            self.posterior, record, self.spec.burn_in or 0, self.activations, occurrences
        )

    def findings(self) -> dict[str, object]:
        """Return what the chains say of themselves, plain values for a fit file."""
        posterior = self.posterior
        number, times = np.unique(posterior.n_motifs, return_counts=True)
        share = times / posterior.n_motifs.size
        return {
            "agreement": posterior.sentence,
            "number_of_motifs": {
                str(int(n)): round(float(p), 3) for n, p in zip(number, share, strict=True)
            },
            "r_hat": _rounded(posterior.statistics, posterior.r_hat),
            "effective_sweeps": _rounded(posterior.statistics, posterior.effective_sweeps),
        }


def _rounded(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return {name: round(float(v), 3) for name, v in zip(names, values, strict=True)}


def package_chains(
    spec: HdlsmSpec,
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
        provenance=provenance_of(
            "hdlsm", spec, table, seed=seed, elapsed_s=time.perf_counter() - began
        ),
        sampler=SamplerTrace(**{name: record[:, :, c] for c, name in enumerate(RECORDED)}),
        posterior=posterior,
    )
