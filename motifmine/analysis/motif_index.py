"""Where motifs have each word, and which of them look alike: what the filter looks up."""

import numpy as np

from motifmine.kernels.filtering import Alike, WordEntries
from motifmine.kernels.similarity import shifted_cosines
from motifmine.records.fit import MotifSet

NEAR_BINS, ALIKE = 2, 0.5  # bins that alike starts are apart at most, and their cosine at least
LEAST_PROBABILITY = 1e-7  # smaller entries of motifs are ignored


def index_words(motifs: MotifSet) -> WordEntries:
    """Return where motifs have each word."""
    by_word = np.ascontiguousarray(motifs.probability.transpose(2, 1, 0))
    word, time, motif = np.nonzero(by_word > LEAST_PROBABILITY)
    return WordEntries(
        offsets=np.searchsorted(word, np.arange(motifs.n_words + 1)).astype(np.int64),
        motif=motif.astype(np.int32),
        time=time.astype(np.int32),
        probability=by_word[word, time, motif].astype(np.float64),
    )


def find_alike(motifs: MotifSet) -> Alike:
    """Return which motifs look like which, some bins later."""
    cosine, shift = shifted_cosines(motifs.probability, motifs.probability)
    is_near = np.abs(shift) <= NEAR_BINS
    motif, at, other = np.nonzero(cosine[is_near].transpose(1, 0, 2) >= ALIKE)
    by = shift[is_near][at]
    itself = (by == 0) & (motif == other)
    offsets = np.searchsorted(motif[~itself], np.arange(len(motifs) + 1))
    return Alike(offsets.astype(np.int64), other[~itself], by[~itself])
