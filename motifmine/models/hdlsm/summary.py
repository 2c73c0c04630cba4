"""The posterior of an HDLSM fit for storing, with the detected occurrences."""

import numpy as np

from motifmine.models.hdlsm.chains import SWEEP_COLUMNS
from motifmine.models.hdlsm.posterior import (
    STATISTICS,
    WITHIN_BINS,
    HdlsmPosterior,
    effective_sample_size,
    split_r_hat,
)
from motifmine.records.fit import Activations, Occurrences
from motifmine.records.posterior import Posterior
from motifmine.types import Floats, Indices, Indices32

SAVED_STATISTICS = ("n_motifs", *STATISTICS)  # statistics of sweeps that are stored


def build_posterior_record(
    posterior: HdlsmPosterior,
    record: Floats,
    burn_in: int,
    activations: Activations,
    occurrences: Occurrences,
) -> Posterior:
    """Build the record of a posterior that is stored with a fit.

    Parameters
    ----------
    record : float64 array (chain, sweep, column)
        Columns as in `motifmine.models.hdlsm.chains.SWEEP_COLUMNS`.
    activations : Activations
        Activations of the fit.
    occurrences : Occurrences
        Occurrences detected in these activations.
    """
    trace = record[:, :, [SWEEP_COLUMNS.index(name) for name in SAVED_STATISTICS]]
    after = trace[:, burn_in:]
    number = np.bincount(posterior.n_motifs.ravel())
    return Posterior(
        n_motifs=number / number.sum(),
        motif_mean=posterior.motif_mean,
        motif_spread=posterior.motif_spread,
        motif_presence=posterior.motif_presence,
        occurrence_probability=match_occurrence_probability(
            activations, posterior.occurrence_probability, occurrences
        ),
        statistics=SAVED_STATISTICS,
        trace=trace,
        burn_in=burn_in,
        r_hat=np.array([split_r_hat(after[:, :, c]) for c in range(len(SAVED_STATISTICS))]),
        effective_sweeps=np.array(
            [effective_sample_size(after[:, :, c]) for c in range(len(SAVED_STATISTICS))]
        ),
        chains_agree=posterior.chains_agree,
        sentence=posterior.sentence,
    )


def match_occurrence_probability(
    activations: Activations, probability: Floats, occurrences: Occurrences
) -> Floats:
    """Return the probability of occurrences, the highest one of their activations.

    These have the same motif and start within a bin; 0 if there is none.

    Parameters
    ----------
    probability : float64 array (A,)
        One entry for every activation.
    """
    document = np.repeat(np.arange(len(activations.offsets) - 1), np.diff(activations.offsets))
    width = 2 + int(np.abs(activations.start).max(initial=0))
    width += int(np.abs(occurrences.start_bin).max(initial=0)) + WITHIN_BINS
    n_motifs = 1 + max(activations.motif.max(initial=0), occurrences.motif.max(initial=0))
    ours = _key(document, activations.motif, activations.start, int(n_motifs), width)
    theirs = _key(
        occurrences.document, occurrences.motif, occurrences.start_bin, int(n_motifs), width
    )
    order = np.argsort(ours, kind="stable")
    best = np.zeros(len(theirs))
    for by in range(-WITHIN_BINS, WITHIN_BINS + 1):
        at = np.searchsorted(ours[order], theirs + by).clip(max=max(len(ours) - 1, 0))
        if len(ours):
            here = np.where(ours[order[at]] == theirs + by, probability[order[at]], 0.0)
            best = np.maximum(best, here)
    return best


def _key(
    document: Indices | Indices32,
    motif: Indices32,
    start: Indices32,
    n_motifs: int,
    width: int,
) -> Indices:
    """Encode document, motif and start as one integer, ascending with start."""
    which: Indices = document.astype(np.int64) * n_motifs + motif
    return which * (2 * width + 1) + start + width
