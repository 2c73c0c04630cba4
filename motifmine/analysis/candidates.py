"""Peaks of motifs and of their decoys that were found together."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.occurrences import join_occurrences, keep_occurrences
from motifmine.analysis.score_tables import score_table
from motifmine.records.fields import select_entries
from motifmine.records.fit import Occurrences
from motifmine.records.significance import ScoreTable
from motifmine.types import Floats, Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Peaks of motifs and of their decoys, in the same inference."""

    occurrences: Occurrences
    """In the documents of the whole table; `motif` is that of the whole fit, for decoys the motif
    that the decoy was made of."""
    copy: Indices
    """0 for peaks of motifs, 1, 2.. for those of their decoys, int64 array."""
    n_copies: Indices
    """Number of decoys that the peak's motif has; 0: it has no order in time, and its decoy is the
    motif again. int64 array."""
    n_whole: Indices
    """How many of these decoys, the first ones, keep what comes together, which the motif must
    surpass, too, int64 array; see `motifmine.analysis.common_instants`."""
    fold: Indices
    """Fold whose motif the peak is of: decoys of one fold are not those of another, int64 array."""
    mass: Floats
    """Observations that each motif, without decoys, explains inside the pieces, float64 (K,)."""

    @property
    def is_decoy(self) -> NDArray[np.bool_]:
        """Which peaks are of decoys."""
        return self.copy > 0

    @property
    def decoy_weight(self) -> Floats:
        """False peaks of motifs that each peak of a decoy counts as, float64 array.

        Decoys that keep what comes together break what each word does alone, the others break what
        comes together: from each score on, chance is what the kind finds that finds more, for each
        motif. An average of both would promise too few false ones.
        """
        score, motif = self.occurrences.score[self.is_decoy], self.occurrences.motif[self.is_decoy]
        n_whole, n_copies = self.n_whole[self.is_decoy], self.n_copies[self.is_decoy]
        weight = 1 / np.maximum(n_copies, 1)
        is_whole = self.copy[self.is_decoy] <= n_whole
        of_kind = 1 / np.maximum(np.where(is_whole, n_whole, n_copies - n_whole), 1)
        for k in np.unique(motif[n_whole > 0]):
            mine = np.flatnonzero(motif == k)
            mine = mine[np.argsort(-score[mine], kind="stable")]
            found = of_kind[mine] * np.stack([is_whole[mine], ~is_whole[mine]])
            weight[mine] = np.diff(found.cumsum(axis=1).max(axis=0), prepend=0.0)
        return weight

    @property
    def one_more(self) -> float:
        """False peaks of motifs that one decoy more would count as, where any decoy may be it."""
        return float(np.mean(1 / np.maximum(self.n_copies, 1))) if len(self.copy) else 1.0

    def of_motifs(self) -> Occurrences:
        """Return the peaks that are not of decoys."""
        return keep_occurrences(self.occurrences, ~self.is_decoy)

    def take_motifs(self, which: Indices) -> "Candidates":
        """Return the peaks of some motifs and of their decoys, numbered among these."""
        number = np.full(len(self.mass), -1, dtype=np.int64)
        number[which] = np.arange(len(which))
        motif = number[self.occurrences.motif].astype(np.int32)
        moved = replace(
            self, occurrences=replace(self.occurrences, motif=motif), mass=self.mass[which]
        )
        return moved.keep(motif >= 0)

    def score_table(self, target: Floats, hours: float) -> ScoreTable:
        """Return the false discovery rates of scores of motifs.

        Parameters
        ----------
        target : float64 array
            Scores of the candidates, nats.
        hours : float
            Time in which they were found.
        """
        return score_table(
            target,
            self.occurrences.score[self.is_decoy],
            decoy_weight=self.decoy_weight,
            one_more=self.one_more,
            hours=hours,
        )

    def keep(self, which: NDArray[np.bool_]) -> "Candidates":
        """Return some of the peaks."""
        return replace(
            self,
            occurrences=keep_occurrences(self.occurrences, which),
            copy=self.copy[which],
            n_copies=self.n_copies[which],
            n_whole=self.n_whole[which],
            fold=self.fold[which],
        )


def join_candidates(parts: list[Candidates], n_motifs: int) -> Candidates:
    """Return all candidates in the order of occurrences; mass is added up."""
    parts = parts or [no_candidates(n_motifs)]
    mass = np.sum([part.mass for part in parts], axis=0)
    # parts without any do not know of tempos
    parts = [part for part in parts if len(part.occurrences)] or parts[:1]
    joined = join_occurrences([part.occurrences for part in parts])
    # by document and start, whatever fold found them
    order = np.lexsort((joined.motif, joined.start_bin, joined.document))
    return Candidates(
        occurrences=select_entries(joined, "occurrence", order),
        copy=np.concatenate([part.copy for part in parts])[order],
        n_copies=np.concatenate([part.n_copies for part in parts])[order],
        n_whole=np.concatenate([part.n_whole for part in parts])[order],
        fold=np.concatenate([part.fold for part in parts])[order],
        mass=mass,
    )


def no_candidates(n_motifs: int) -> Candidates:
    """Return that nothing was found of `n_motifs` motifs."""
    none = np.zeros(0, np.int64)
    return Candidates(
        occurrences=Occurrences.none(),
        copy=none,
        n_copies=none,
        n_whole=none,
        fold=none,
        mass=np.zeros(n_motifs),
    )
