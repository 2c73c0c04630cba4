"""Occurrences as they happen: decided one motif length after their start, and not taken back.

A start is decided when it and its neighbours are complete, by the same score and against the same
threshold as in recordings that are located as a whole (`motifmine.analysis.occurrences`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from motifmine.analysis.alike_motifs import SAME, WITHIN_BINS
from motifmine.analysis.filtering import MotifFilter
from motifmine.analysis.occurrences import SPREAD_BINS
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.types import Floats, Indices

NEVER = -(1 << 40)  # start of an occurrence that has not been
LITTLE = 0.05  # mass of a start, in usual ones, below which it is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An occurrence; bins count from the beginning of the document."""

    start_bin: int
    motif: int
    weight: float
    """Observations that it explains."""
    score: float
    """Log-likelihood ratio, nats."""


class OccurrenceDecider:
    """Decides occurrences from a filter, after every bin.

    Parameters
    ----------
    least_score : float
        Nats.
    last : int64 array (K,) or None
        Start of each motif's last occurrence; None: there was none.

    Attributes
    ----------
    last : int64 array (K,)
    """

    def __init__(
        self, online: MotifFilter, least_score: float, last: Indices | None = None
    ) -> None:
        self.online = online
        self.least_score = least_score
        self.last = np.full(online.n_motifs, NEVER) if last is None else last
        cosine, self.shift = max_shifted_cosine(
            online.motifs.probability, online.motifs.probability
        )
        self.is_alike = (cosine >= SAME) & ~np.eye(online.n_motifs, dtype=np.bool_)

    def decide(self) -> list[Decided]:
        """Return the occurrences that the filter's last bin decides."""
        return self._decide_row(SPREAD_BINS)

    def finish(self) -> list[Decided]:
        """Return the occurrences of the rest of a document, which has ended."""
        rows = range(SPREAD_BINS + 1, self.online.n_rows)
        found = [one for row in rows for one in self._decide_row(row)]
        self.last[:] = NEVER
        return found

    def _decide_row(self, row: int) -> list[Decided]:
        online = self.online
        start = online.first_bin + row
        total = self.totals()
        apart = online.apart
        at = online.apart + 1 + row
        near = slice(at, at + apart + 1)
        among_highest = total[near] >= total[near].max(axis=0) * (1 - 1e-9)
        # of neighbours with equal sums the one that holds most mass itself is the peak
        own = np.where(among_highest, online.state.mass[near], -1.0)
        is_peak = (own.argmax(axis=0) == 0) & (total[at] > 0)
        motif = np.flatnonzero(is_peak & (self.last < start - apart))
        score = online.score(np.full(len(motif), row), motif)
        found = []
        best_first = np.argsort(-score, kind="stable")
        for k, value in zip(motif[best_first].tolist(), score[best_first].tolist(), strict=True):
            if value >= self.least_score and not self._is_other(k, start, row, value):
                self.last[k] = start
                found.append(
                    Decided(start_bin=start, motif=k, weight=float(total[at, k]), score=value)
                )
        return found

    def going_on(self) -> tuple[Indices, Indices, Floats, Floats]:
        """Return the starts that are not decided yet, as far as they can be seen, arrays (n,).

        Start (bin of the document), motif, score so far in nats, and share of the motif shown.
        """
        online = self.online
        total, mass = self.totals(), online.state.mass
        size = 2 * online.apart + 1
        among_highest = total >= maximum_filter1d(total, size, axis=0) * (1 - 1e-9)
        own = np.where(among_highest, mass, -1.0)
        is_peak = (own >= maximum_filter1d(own, size, axis=0)) & (total > 0) & (own > 0)
        row, motif = np.nonzero(is_peak[-online.n_rows + SPREAD_BINS + 1 :])
        row += SPREAD_BINS + 1
        start = online.first_bin + row
        keep = self.last[motif] < start - online.apart
        row, motif, start = row[keep], motif[keep], start[keep]
        return start, motif, online.score(row, motif), online.state.shown[row, motif]

    def totals(self) -> Floats:
        """Return the mass of starts with their neighbours, (longer rows, K)."""
        mass = self.online.state.mass
        # smaller masses only mend others, or are kept because something could still come of them
        mass = np.where(mass < LITTLE * self.online.prior.usual, 0.0, mass)
        total = mass.copy()
        for by in range(1, SPREAD_BINS + 1):
            total[by:] += mass[:-by]
            total[:-by] += mass[by:]
        return total

    def _is_other(self, motif: int, start: int, row: int, score: float) -> bool:
        """Return whether an alike motif explains the same event, and better."""
        for other in np.flatnonzero(self.is_alike[motif]).tolist():
            # relative time r of the other is r + shift of the motif, which starts earlier by it
            theirs = start - int(self.shift[motif, other])
            if abs(self.last[other] - theirs) <= WITHIN_BINS:
                return True
            rows = row + theirs - start + np.arange(-WITHIN_BINS, WITHIN_BINS + 1)
            rows = rows[(rows >= 0) & (rows < self.online.n_rows)]
            if len(rows) and self.online.score(rows, np.full(len(rows), other)).max() > score:
                return True
        return False
