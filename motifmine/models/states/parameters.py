"""Parameters of hidden Markov and semi-Markov models, and counts as EM sees them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from motifmine.models.states.kernels import LEAST, LogTerms
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Indices

Emission = Literal["poisson", "categorical"]
# variance of the observations of a bin by their mean, below which they are not Poisson: as many are
# in every bin, and only the words differ
DISPERSION = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class States:
    """Parameters of a hidden semi-Markov model of K states over W words."""

    emission: Emission
    rate: Floats
    """Observations of a word in a bin, float64 array (K, W); probabilities of words where the
    emission is categorical."""
    initial: Floats
    """Of the first state of a document, float64 array (K,)."""
    transition: Floats
    """Of the next state, 0 on the diagonal, float64 array (K, K)."""
    hazard: Floats
    """Probability that a visit of this age ends, float64 array (K, D); the last age is that of all
    older visits."""

    @property
    def n_states(self) -> int:
        """Number of states."""
        return len(self.rate)

    @property
    def survival(self) -> Floats:
        """Probability that a visit lasts longer than d bins, float64 array (K, D)."""
        lasting = np.cumprod(1 - self.hazard, axis=1)
        return np.concatenate([np.ones((self.n_states, 1)), lasting[:, :-1]], axis=1)

    def log_terms(self) -> LogTerms:
        """Return logs of the first state and age, of transitions, of leaving and of staying."""
        # in the first bin a visit has lasted for some time, as at any other moment
        weight = self.survival.copy()
        weight[:, -1] /= self.hazard[:, -1]
        first = self.initial[:, None] * weight / weight.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            return LogTerms(
                initial=np.maximum(np.log(first), LEAST),
                transition=np.maximum(np.log(self.transition), LEAST),
                leave=np.log(self.hazard),
                stay=np.log1p(-self.hazard),
            )

    def log_emission(self, counts: csr_matrix) -> Floats:
        """Return the log-likelihood of every bin under every state, float64 array (T, K).

        Terms that are the same for all states are omitted.
        """
        found: Floats = counts @ np.log(self.rate).T
        return found - self.rate.sum(axis=1) if self.emission == "poisson" else found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """Counts of a table as EM sees them."""

    counts: csr_matrix
    """(T, W) of all documents."""
    edges: Indices
    """Bins of document d are `[d]:[d + 1]`, int64 array (D + 1,)."""
    emission: Emission
    is_seen: NDArray[np.bool_]
    """Bins whose words are used, bool array (T,)."""

    @classmethod
    def of(cls, table: ObservationTable) -> "Data":
        """Return the counts of a table, and the emission that suits them."""
        shape = (table.n_times, table.n_words)
        counts = csr_matrix((table.count.astype(np.float64), table.word, table.offsets), shape)
        totals = np.asarray(counts.sum(axis=1)).ravel()
        is_even = totals.var() < DISPERSION * max(totals.mean(), 1e-9)
        return cls(
            counts=counts,
            edges=table.document_offsets,
            emission="categorical" if is_even else "poisson",
            is_seen=np.ones(table.n_times, dtype=np.bool_),
        )

    @property
    def n_times(self) -> int:
        """Bins of all documents."""
        return int(self.edges[-1])

    def document_of(self, row: Indices) -> Indices:
        """Return the document of every row, int64 array."""
        found: Indices = np.searchsorted(self.edges, row, side="right") - 1
        return found

    @property
    def mean(self) -> Floats:
        """Mean observations of every word in a bin, float64 array (W,), > 0."""
        n_bins = max(int(self.is_seen.sum()), 1)
        total = np.asarray(self.counts[self.is_seen].sum(axis=0)).ravel()
        found: Floats = (total + 1e-3 * total.mean() + 1e-9) / n_bins
        return found
