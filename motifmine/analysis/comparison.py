"""Motifs that several fits have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.analysis.matching import match_motifs
from motifmine.errors import DataError
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.records.fit import FitRecord
from motifmine.records.topics import unfold_record
from motifmine.types import Floats, Floats32, Indices

LEAST_SIMILARITY = 0.8  # smallest cosine at the best shift of motifs that are regarded as the same


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counterparts:
    """The motifs of one fit that match those of the first."""

    motif: Indices
    """Motif of this fit for every motif of the first, -1 for none, int64 array (K,)."""
    similarity: Floats
    """Cosine with its partner at their best shift, also where it is too small for a match,
    float64 array (K,); 0 where there are too few motifs for a partner."""
    shift_s: Floats
    """Delay of occurrences in this fit, seconds, 0 for none, float64 array (K,)."""
    unmatched: Indices
    """Motifs of this fit that match none of the first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """The motifs of a first fit in other fits."""

    others: tuple[Counterparts, ...]
    """One per fit, without the first."""
    least: float
    """Smallest similarity of a match."""

    @property
    def mean_similarity(self) -> Floats:
        """Mean of the similarities over the other fits, float64 array (K,)."""
        mean: Floats = np.mean([other.similarity for other in self.others], axis=0)
        return mean

    @property
    def n_found(self) -> Indices:
        """Number of other fits that have a counterpart, int64 array (K,)."""
        found: Indices = np.sum([other.motif >= 0 for other in self.others], axis=0)
        return found


def compare_fits(
    records: Sequence[FitRecord],
    *,
    least: float = LEAST_SIMILARITY,
    titles: Sequence[str] | None = None,
) -> Comparison:
    """Return which motifs of the first fit are found in the others.

    Motifs are matched one to one by the cosine at their best shift; they may have different
    lengths. Motifs over topics are compared by the words of the topics.

    Parameters
    ----------
    records : sequence of FitRecord
        Two or more.
    least : float
        Smallest similarity of a match, 0 to 1.
    titles : sequence of str or None
        Names of the fits in errors.

    Raises
    ------
    DataError
        When there are fewer than two, or they are over different words or time bins.

    Examples
    --------
    >>> from motifmine import Plsm, compare_fits, simulate
    >>> table = simulate(n_motifs=2, n_times=600, seed=2).table
    >>> fits = [Plsm(n_motifs=2, motif_length=length).fit(table).record for length in (10, 12)]
    >>> compare_fits(fits).n_found.tolist()
    [1, 1]
    """
    if len(records) < 2:
        raise DataError(f"{len(records)} fits cannot be compared; name two or more")
    if not 0 <= least <= 1:
        raise DataError(f"least is {least}; a similarity lies between 0 and 1")
    # topics of two fits are other topics; their words are the same
    records = [unfold_record(record) for record in records]
    first = records[0]
    titles = titles or [f"fit {number}" for number in range(1, len(records) + 1)]
    for title, other in zip(titles[1:], records[1:], strict=True):
        if difference := first.vocabulary.difference(other.vocabulary):
            raise DataError(f"{title} has other words than {titles[0]}: it has {difference}")
        if other.bin_s != first.bin_s:
            raise DataError(
                f"time bins of {title} last {other.bin_s} s, those of {titles[0]} {first.bin_s} s; "
                "compare fits with the same time bin"
            )
    n_words = max(record.motifs.n_words for record in records)
    wide = [_pad_words(record.motifs.probability, n_words) for record in records]
    return Comparison(
        others=tuple(_find_counterparts(wide[0], other, first.bin_s, least) for other in wide[1:]),
        least=least,
    )


def find_best_similarity(reference: Floats32, found: Floats32) -> Floats:
    """Return the similarity of each reference motif to the most similar found one, float64 (K,)."""
    if not len(found):
        return np.zeros(len(reference))
    best: Floats = max_shifted_cosine(reference, found)[0].max(axis=1)
    return best


def _pad_words(motifs: Floats32, n_words: int) -> Floats32:
    """Return motifs padded to a longer vocabulary, whose further words have probability 0."""
    return np.pad(motifs, ((0, 0), (0, 0), (0, n_words - motifs.shape[2])))


def _find_counterparts(
    reference: Floats32, found: Floats32, bin_s: float, least: float
) -> Counterparts:
    motif = np.full(len(reference), -1, dtype=np.int64)
    similarity, shift_s = np.zeros(len(reference)), np.zeros(len(reference))
    if len(reference) and len(found):
        match = match_motifs(reference, found)
        same = match.cosine >= least
        similarity[match.reference] = match.cosine
        motif[match.reference[same]] = match.found[same]
        shift_s[match.reference[same]] = bin_s * match.shift[same]
    return Counterparts(
        motif=motif,
        similarity=similarity,
        shift_s=shift_s,
        unmatched=np.setdiff1d(np.arange(len(found)), motif),
    )
