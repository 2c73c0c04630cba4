"""How well the occurrences of a fit agree with what really happened."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from motifmine.analysis.matching import MotifMatch, match_motifs, match_times
from motifmine.errors import DataError
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.truth import Truth
from motifmine.types import Floats, Floats32, Indices

MOST_THRESHOLDS = 200
"""Points of a precision-recall curve at most."""
CANDIDATES = 12
"""Offsets that are tried out of those that bring most pairs within the tolerance."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Precision and recall when only occurrences of at least a score count, highest first."""

    threshold: Floats
    """Score, nats, float64 array (points,)."""
    precision: Floats
    recall: Floats

    @property
    def average_precision(self) -> float:
        """Sum of precision over the steps of recall; recall that is never reached counts 0."""
        return float(np.sum(self.precision * np.diff(self.recall, prepend=0.0)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement:
    """How some occurrences agree with some of the truth."""

    label: str
    """"" for all labels together."""
    motifs: tuple[int, ...]
    """Motifs, counted from 0, that stand for the label; () when none does."""
    offsets_s: tuple[float, ...]
    """What was added to the starts of each of these motifs, seconds."""
    n_true: int
    n_found: int
    n_matched: int
    error_s: float
    """Median distance of the pairs after the offset, seconds; NaN without pairs."""
    curve: Curve

    @property
    def precision(self) -> float:
        """Share of the occurrences that are true; 0 without occurrences."""
        return self.n_matched / max(self.n_found, 1)

    @property
    def recall(self) -> float:
        """Share of the truth that was found."""
        return self.n_matched / max(self.n_true, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.n_matched / max(self.n_true + self.n_found, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """How a fit agrees with a truth, label by label and over all."""

    labels: tuple[Agreement, ...]
    overall: Agreement
    tolerance_s: float
    n_unclaimed: int
    """Occurrences of motifs that stand for no label; they count neither for nor against."""
    n_left_out: int
    """Recordings that the truth does not name; nothing in them counts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    """One motif held against one label."""

    offset_s: float = 0.0
    n_matched: int = 0


def evaluate(
    record: FitRecord, truth: Truth, *, tolerance_s: float = 0.5, many: bool = False
) -> Evaluation:
    """Return how the occurrences of a fit agree with a truth.

    A motif may begin earlier or later than what people call the moment of an event, so each motif
    gets one constant offset to its label: of those up to the motif's length the one that brings
    most pairs within the tolerance, refined to the median of their distances. An occurrence and a
    true event match when they lie within the tolerance then; each matches once.

    Parameters
    ----------
    record : FitRecord
    truth : Truth
    tolerance_s : float, seconds, > 0
    many : bool
        Let several motifs stand for one label where that raises its F1; a motif stands for one
        label at most in any case. Without it labels and motifs are matched one to one.

    Notes
    -----
    One to one by Hungarian assignment on F1. More motifs are added greedily, each time the one
    that raises a label's F1 most.

    Raises
    ------
    DataError
        When the tolerance is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from motifmine import Plsm, Truth, evaluate, mine, simulate
    >>> drawn = simulate(n_motifs=2, n_times=600, seed=2)
    >>> record = mine(drawn.table, Plsm(n_motifs=2, motif_length=10))
    >>> known = drawn.occurrences
    >>> truth = Truth(
    ...     document=known.document.astype(np.int64),
    ...     label=tuple("ab"[motif] for motif in known.motif),
    ...     start_s=known.start_s,
    ...     end_s=np.full(len(known), np.nan),
    ... )
    >>> evaluate(record, truth, tolerance_s=1.0).overall.f1 > 0.95
    True
    """
    return evaluate_occurrences(
        record.occurrences,
        truth,
        n_motifs=len(record.motifs),
        n_documents=len(record.recordings),
        longest_offset_s=record.motifs.motif_length * record.bin_s,
        tolerance_s=tolerance_s,
        many=many,
    )


def evaluate_occurrences(
    found: Occurrences,
    truth: Truth,
    *,
    n_motifs: int,
    n_documents: int,
    longest_offset_s: float,
    tolerance_s: float = 0.5,
    many: bool = False,
) -> Evaluation:
    """Return how occurrences that need not be those of a fit agree with a truth; see `evaluate`.

    Parameters
    ----------
    found : Occurrences
    truth : Truth
    n_motifs, n_documents : int
        Of all, also of those without an occurrence.
    longest_offset_s : float, seconds
        Offsets of motifs to labels are tried from minus this to plus this.
    tolerance_s : float, seconds, > 0
    many : bool

    Raises
    ------
    DataError
        When the tolerance is not positive.
    """
    if not (np.isfinite(tolerance_s) and tolerance_s > 0):
        raise DataError(f"tolerance_s is {tolerance_s}; it must be more than 0")
    judged = np.isin(found.document, truth.document)
    # documents are set so far apart that nothing of two of them can match
    times = np.concatenate([truth.start_s, found.start_s, [0.0]])
    apart = 4 * (np.ptp(times) + longest_offset_s + tolerance_s)
    events, starts = truth.start_s + apart * truth.document, found.start_s + apart * found.document
    labels = sorted(set(truth.label))
    of_label = np.array([labels.index(label) for label in truth.label], dtype=np.int64)
    true = [np.sort(events[of_label == label]) for label in range(len(labels))]
    mine = [np.flatnonzero(judged & (found.motif == motif)) for motif in range(n_motifs)]
    pairs = [
        [_best_offset(t, np.sort(starts[m]), tolerance_s, longest_offset_s) for m in mine]
        for t in true
    ]
    chosen = _one_to_one(true, mine, pairs)
    if many:
        _add_motifs(chosen, true, mine, pairs, starts, tolerance_s)
    parts = [_claimed(mine, starts, chosen[label], pairs[label]) for label in range(len(labels))]
    agreements = tuple(
        _agreement(
            labels[label],
            chosen[label],
            tuple(pairs[label][motif].offset_s for motif in chosen[label]),
            [true[label]],
            [(parts[label][0], found.score[parts[label][1]])],
            tolerance_s,
        )
        for label in range(len(labels))
    )
    scored = [(times, found.score[which]) for times, which in parts]
    return Evaluation(
        labels=agreements,
        overall=_agreement("", (), (), true, scored, tolerance_s),
        tolerance_s=tolerance_s,
        n_unclaimed=int(judged.sum()) - sum(len(which) for _, which in parts),
        n_left_out=n_documents - len(np.unique(truth.document)),
    )


def match_true_motifs(record: FitRecord, motifs: Floats32) -> MotifMatch:
    """Return the one-to-one match of true motifs with those of a fit, by best-shift cosine.

    Parameters
    ----------
    record : FitRecord
    motifs : float32 array (K, L, W)
        Words at the end of the vocabulary that the fit never saw may be more than the fit has.

    Raises
    ------
    DataError
        When there are fewer words than the fit has.
    """
    found = record.motifs.probability
    missing = motifs.shape[2] - found.shape[2]
    if missing < 0 or (missing > 0 and not record.vocabulary.layout.may_grow):
        raise DataError(
            f"the true motifs have {motifs.shape[2]} words and the fit {found.shape[2]}; they must "
            "be over the same vocabulary"
        )
    return match_motifs(motifs, np.pad(found, ((0, 0), (0, 0), (0, missing))))


def _best_offset(true: Floats, found: Floats, tolerance: float, longest: float) -> _Pair:
    """Return the offset of `found` that pairs most, both sorted; 0 when nothing pairs."""
    first = np.searchsorted(true, found - longest)
    last = np.searchsorted(true, found + longest, side="right")
    gaps = np.sort(
        np.concatenate(
            [true[a:b] - time for a, b, time in zip(first, last, found, strict=True)]
            or [np.zeros(0)]
        )
    )
    if not len(gaps):
        return _Pair()
    within = np.searchsorted(gaps, gaps + 2 * tolerance + 1e-9, side="right")
    most = within - np.arange(len(gaps))
    best = _Pair()
    for at in np.argsort(-most, kind="stable")[:CANDIDATES]:
        # each event pairs once, so there are no more pairs than gaps within the tolerance
        if most[at] <= best.n_matched:
            break
        middle = 0.5 * float(gaps[at] + gaps[within[at] - 1])
        for _ in range(2):
            left, right = match_times(true, found + middle, tolerance)
            if len(left) > best.n_matched:
                best = _Pair(offset_s=middle, n_matched=len(left))
            if len(left):
                middle = float(np.median(true[left] - found[right]))
    return _settled(true, found, best, tolerance)


def _settled(true: Floats, found: Floats, best: _Pair, tolerance: float) -> _Pair:
    """Return the pair with the median of its distances as offset, if that pairs as many."""
    left, right = match_times(true, found + best.offset_s, tolerance)
    if not len(left):
        return best
    middle = float(np.median(true[left] - found[right]))
    if len(match_times(true, found + middle, tolerance)[0]) < best.n_matched:
        return best
    return _Pair(offset_s=middle, n_matched=best.n_matched)


def _one_to_one(
    true: list[Floats], mine: list[Indices], pairs: list[list[_Pair]]
) -> list[tuple[int, ...]]:
    """Return the motif of every label in a tuple, () for a label that no motif is left for."""
    f1 = np.array(
        [
            [2 * p.n_matched / max(len(t) + len(m), 1) for p, m in zip(row, mine, strict=True)]
            for row, t in zip(pairs, true, strict=True)
        ]
    )
    chosen: list[tuple[int, ...]] = [()] * len(true)
    for label, motif in zip(*linear_sum_assignment(-f1), strict=True):
        if pairs[label][motif].n_matched:
            chosen[label] = (int(motif),)
    return chosen


def _add_motifs(
    chosen: list[tuple[int, ...]],
    true: list[Floats],
    mine: list[Indices],
    pairs: list[list[_Pair]],
    starts: Floats,
    tolerance: float,
) -> None:
    """Give free motifs to the labels whose F1 they raise most, changing `chosen` in place."""

    def f1(label: int, motifs: tuple[int, ...]) -> float:
        times, _ = _claimed(mine, starts, motifs, pairs[label])
        matched = len(match_times(true[label], times, tolerance)[0])
        return 2 * matched / max(len(true[label]) + len(times), 1)

    while True:
        taken = {motif for motifs in chosen for motif in motifs}
        gains = [
            (f1(label, (*chosen[label], motif)) - f1(label, chosen[label]), label, motif)
            for label in range(len(true))
            for motif in range(len(mine))
            if motif not in taken and pairs[label][motif].n_matched
        ]
        gain, label, motif = max(gains, default=(0.0, 0, 0))
        if gain <= 0:
            return
        chosen[label] = (*chosen[label], motif)


def _claimed(
    mine: list[Indices], starts: Floats, motifs: tuple[int, ...], pairs: list[_Pair]
) -> tuple[Floats, Indices]:
    """Return the times of some motifs' occurrences with their offsets, sorted, and which."""
    which = np.concatenate([np.zeros(0, dtype=np.int64), *(mine[motif] for motif in motifs)])
    times = np.concatenate(
        [np.zeros(0), *(starts[mine[motif]] + pairs[motif].offset_s for motif in motifs)]
    )
    order = np.argsort(times, kind="stable")
    return times[order], which[order]


def _agreement(
    label: str,
    motifs: tuple[int, ...],
    offsets_s: tuple[float, ...],
    true: list[Floats],
    found: list[tuple[Floats, Floats]],
    tolerance: float,
) -> Agreement:
    """Return the agreement of lists of true times with lists of times and scores, one a label."""
    pairs = [match_times(t, times, tolerance) for t, (times, _) in zip(true, found, strict=True)]
    errors = np.concatenate(
        [
            np.abs(t[left] - times[right])
            for t, (times, _), (left, right) in zip(true, found, pairs, strict=True)
        ]
    )
    return Agreement(
        label=label,
        motifs=motifs,
        offsets_s=offsets_s,
        n_true=sum(map(len, true)),
        n_found=sum(len(times) for times, _ in found),
        n_matched=sum(len(left) for left, _ in pairs),
        error_s=float(np.median(errors)) if len(errors) else float("nan"),
        curve=_curve(true, found, tolerance),
    )


def _curve(true: list[Floats], found: list[tuple[Floats, Floats]], tolerance: float) -> Curve:
    scores = np.unique(np.concatenate([score for _, score in found]))[::-1]
    if len(scores) > MOST_THRESHOLDS:
        scores = scores[np.linspace(0, len(scores) - 1, MOST_THRESHOLDS).round().astype(int)]
    n_true = sum(map(len, true))
    precision, recall = np.zeros(len(scores)), np.zeros(len(scores))
    for point, least in enumerate(scores):
        kept = [times[score >= least] for times, score in found]
        matched = sum(
            len(match_times(t, times, tolerance)[0]) for t, times in zip(true, kept, strict=True)
        )
        precision[point] = matched / max(sum(map(len, kept)), 1)
        recall[point] = matched / max(n_true, 1)
    return Curve(threshold=scores, precision=precision, recall=recall)
