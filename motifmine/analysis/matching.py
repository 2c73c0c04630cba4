"""Found motifs against reference motifs, and found occurrences against a truth."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.types import Floats, Floats32, Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MotifMatch:
    """Which found motif is which reference motif."""

    reference: Indices
    """Index of the reference motif of each pair, int64 array (P,)."""
    found: Indices
    """Index of the found motif of each pair, int64 array (P,)."""
    cosine: Floats
    """Cosine of the pair at the best shift, float64 array (P,)."""
    shift: Indices
    """Relative time r of the found motif is r + shift of the reference, int64 array (P,)."""


def match_motifs(reference: Floats32, found: Floats32) -> MotifMatch:
    """Return the one-to-one match of motifs whose cosines add up to most.

    Notes
    -----
    Hungarian assignment on the best-shift cosine; motifs left over on either side are unmatched.
    """
    cosine, shift = max_shifted_cosine(reference, found)
    row, column = linear_sum_assignment(-cosine)
    return MotifMatch(
        reference=row, found=column, cosine=cosine[row, column], shift=shift[row, column]
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OccurrenceMatch:
    """How occurrences agree with a truth, labels matched to motifs one to one."""

    label: tuple[str, ...]
    motif: Indices
    """Motif of every label, -1 for a label without one, int64 array (labels,)."""
    offset_s: Floats
    """What was added to the motif's starts, seconds, float64 array (labels,)."""
    n_true: Indices
    n_found: Indices
    n_matched: Indices

    @property
    def f1(self) -> float:
        """F1 over all labels; occurrences of motifs without a label do not count."""
        return 2 * float(self.n_matched.sum()) / max(1, int(self.n_true.sum() + self.n_found.sum()))


def match_occurrences(
    *,
    true_document: Indices,
    true_start_s: Floats,
    true_label: list[str],
    document: Indices,
    start_s: Floats,
    motif: Indices,
    n_motifs: int,
    tolerance_s: float,
    longest_offset_s: float,
) -> OccurrenceMatch:
    """Return how found occurrences agree with a truth.

    Every label gets the motif, and every motif one constant offset, that agree with it best. A
    found occurrence and a true one match when they lie within `tolerance_s`; each matches once.

    Parameters
    ----------
    true_document, document : int arrays
        Documents by the same numbers.
    true_start_s, start_s : float arrays, seconds
    true_label : list of str
    motif : int array
    n_motifs : int
    tolerance_s : float, seconds
    longest_offset_s : float, seconds
        Offsets are tried from minus this to plus this.
    """
    labels = tuple(sorted(set(true_label)))
    of_label = np.array([labels.index(label) for label in true_label], dtype=np.int64)
    offsets = np.arange(-longest_offset_s, longest_offset_s + 1e-9, tolerance_s / 4)
    # documents are set so far apart that nothing of two of them can match
    apart = 4 * (max(np.ptp(true_start_s), np.ptp(start_s), 1.0) + 4 * longest_offset_s)
    truth, ours = true_start_s + apart * true_document, start_s + apart * document
    matched = np.zeros((len(labels), n_motifs), dtype=np.int64)
    offset = np.zeros((len(labels), n_motifs))
    for label in range(len(labels)):
        for k in range(n_motifs):
            mine = np.sort(ours[motif == k])
            theirs = np.sort(truth[of_label == label])
            counts = [_n_matched(theirs, mine + by, tolerance_s) for by in offsets]
            best = np.flatnonzero(np.array(counts) == max(counts))
            middle = best[len(best) // 2]
            matched[label, k], offset[label, k] = counts[middle], offsets[middle]
    n_true = np.bincount(of_label, minlength=len(labels))
    n_found = np.bincount(motif, minlength=n_motifs)
    f1 = 2 * matched / np.maximum(n_true[:, None] + n_found[None, :], 1)
    row, column = linear_sum_assignment(-f1)
    chosen = np.full(len(labels), -1, dtype=np.int64)
    chosen[row] = column
    has = chosen >= 0
    pick = np.arange(len(labels)), np.maximum(chosen, 0)
    return OccurrenceMatch(
        label=labels,
        motif=chosen,
        offset_s=np.where(has, offset[pick], 0.0),
        n_true=n_true,
        n_found=np.where(has, n_found[pick[1]], 0),
        n_matched=np.where(has, matched[pick], 0),
    )


def _n_matched(truth: Floats, found: Floats, tolerance: float) -> int:
    """Return how many of two sorted arrays can be paired within `tolerance`, each once."""
    return len(pair_up(truth, found, tolerance)[0])


def pair_up(truth: Floats, found: Floats, tolerance: float) -> tuple[Indices, Indices]:
    """Return the indices of as many pairs within `tolerance` as there can be, each entry once.

    Both arrays ascend, and so do the pairs.
    """
    i = j = 0
    left, right = [], []
    # plain floats: a loop over the elements of arrays takes several times as long
    true_times, found_times, reach = truth.tolist(), found.tolist(), tolerance + 1e-9
    while i < len(true_times) and j < len(found_times):
        gap = found_times[j] - true_times[i]
        if abs(gap) <= reach:
            left.append(i)
            right.append(j)
            i, j = i + 1, j + 1
        elif gap < 0:
            j += 1
        else:
            i += 1
    return np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)
