"""Where motifs have each word, and which of them look alike: what the filter looks up."""

from dataclasses import dataclass

import numpy as np

from motifmine.kernels.similarity import shifted_cosines
from motifmine.records.fit import MotifSet
from motifmine.types import Floats, Indices, Indices32

NEAR_BINS, ALIKE = 2, 0.5  # bins that alike starts are apart at most, and their cosine at least
LEAST_PROBABILITY = 1e-7  # smaller entries of motifs are ignored


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WordEntries:
    """Where motifs have each word: entries of word w are `offsets[w]:offsets[w + 1]`, by time."""

    offsets: Indices
    motif: Indices32
    time: Indices32
    """Relative time, bins."""
    probability: Floats

    @classmethod
    def of_motifs(cls, motifs: MotifSet) -> "WordEntries":
        """Return the entries of motifs (K, L, W)."""
        by_word = np.ascontiguousarray(motifs.probability.transpose(2, 1, 0))
        word, time, motif = np.nonzero(by_word > LEAST_PROBABILITY)
        return cls(
            offsets=np.searchsorted(word, np.arange(motifs.n_words + 1)).astype(np.int64),
            motif=motif.astype(np.int32),
            time=time.astype(np.int32),
            probability=by_word[word, time, motif].astype(np.float64),
        )

    def arrays(self) -> tuple[Indices, Indices32, Indices32, Floats]:
        """Return all four arrays, as kernels take them."""
        return self.offsets, self.motif, self.time, self.probability


def find_alike(motifs: MotifSet) -> tuple[Indices, Indices, Indices]:
    """Return which motifs look like which, some bins later: offsets (K + 1,), motifs and bins."""
    cosine, shift = shifted_cosines(motifs.probability, motifs.probability)
    is_near = np.abs(shift) <= NEAR_BINS
    motif, at, other = np.nonzero(cosine[is_near].transpose(1, 0, 2) >= ALIKE)
    by = shift[is_near][at]
    itself = (by == 0) & (motif == other)
    offsets = np.searchsorted(motif[~itself], np.arange(len(motifs) + 1))
    return offsets.astype(np.int64), other[~itself], by[~itself]
