"""How well the occurrences of a fit agree with what really happened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from motifmine.analysis.agreement import (
    Agreement,
    Intervals,
    bootstrap_intervals,
    make_agreement,
)
from motifmine.analysis.matching import MotifMatch, match_motifs, match_times
from motifmine.errors import DataError
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.truth import Truth
from motifmine.types import Floats, Floats32, Indices

CANDIDATES = 12  # offsets that are tried out of those that bring most pairs within the tolerance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """Agreement of a fit with a truth, by label and over all."""

    labels: tuple[Agreement, ...]
    others: tuple[Agreement, ...]
    """Motifs without a label, one entry each; all of their occurrences are false positives."""
    overall: Agreement
    """Of all occurrences, those of `others` too."""
    intervals: Intervals | None
    """Of `overall`; None where fewer than two recordings have a truth."""
    tolerance_s: float
    n_left_out: int
    """Recordings that the truth does not name, which are ignored."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    """Match of one motif with one label."""

    offset_s: float = 0.0
    n_matched: int = 0


def evaluate(
    record: FitRecord, truth: Truth, *, tolerance_s: float = 0.5, many: bool = False
) -> Evaluation:
    """Return how the occurrences of a fit agree with a truth.

    A motif may begin earlier or later than the annotated time of an event, so each motif gets one
    constant offset to its label: of those up to the motif's length, the one with most pairs within
    the tolerance, refined to the median of their distances. Then an occurrence and a true event
    match when they are within the tolerance; each matches once. Motifs with the name of a label
    are assigned to it. Occurrences of motifs without a label are false positives. What was under
    way when the recording began counts from where it began, not from the start of the recording.

    Parameters
    ----------
    record : FitRecord
    tolerance_s : float, seconds, > 0
    many : bool
        Assign several motifs to one label where that raises its F1; a motif is assigned to at most
        one label. Without it labels and motifs are matched one to one.

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
    >>> from motifmine import Plsm, Truth, evaluate, simulate
    >>> drawn = simulate(n_motifs=2, n_times=600, seed=2)
    >>> record = Plsm(n_motifs=2, motif_length=10).fit(drawn.table).record
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
    found = record.occurrences
    first_s = np.array([recording.extent_s(record.bin_s)[0] for recording in record.recordings])
    # reported starts are clipped to the recording, which would move them against the motif's offset
    before_s = first_s[found.document] + record.bin_s * found.start_bin
    start_s = np.where(found.start_bin < 0, np.minimum(found.start_s, before_s), found.start_s)
    return evaluate_occurrences(
        replace(found, start_s=start_s),
        truth,
        n_motifs=len(record.motifs),
        n_documents=len(record.recordings),
        longest_offset_s=record.motifs.motif_length * record.bin_s,
        names=record.names,
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
    names: Sequence[str] = (),
    tolerance_s: float = 0.5,
    many: bool = False,
) -> Evaluation:
    """Return how occurrences that need not be those of a fit agree with a truth; see `evaluate`.

    Parameters
    ----------
    n_motifs, n_documents : int
        Of all, also of those without an occurrence.
    longest_offset_s : float, seconds
        Offsets of motifs to labels are tried from minus this to plus this.
    names : sequence of str
        One for each motif, "" for none, or empty.
    tolerance_s : float, seconds, > 0

    Raises
    ------
    DataError
        When the tolerance is not positive.
    """
    if not (np.isfinite(tolerance_s) and tolerance_s > 0):
        raise DataError(f"tolerance_s is {tolerance_s}; it must be more than 0")
    # a recording that the truth does not name was not annotated: nothing found there is false
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
    chosen = _one_to_one(true, mine, pairs, [_find_named(names, label) for label in labels])
    if many:
        _add_motifs(chosen, true, mine, pairs, starts, tolerance_s)
    parts = [
        _collect_times(mine, starts, chosen[label], pairs[label]) for label in range(len(labels))
    ]
    agreements = tuple(
        make_agreement(
            labels[label],
            chosen[label],
            tuple(pairs[label][motif].offset_s for motif in chosen[label]),
            [true[label]],
            [(parts[label][0], found.score[parts[label][1]])],
            tolerance_s,
        )
        for label in range(len(labels))
    )
    claimed = {motif for motifs in chosen for motif in motifs}
    rest = [motif for motif in range(n_motifs) if motif not in claimed and len(mine[motif])]
    none = np.zeros(0)
    unwanted = [(np.sort(starts[mine[k]]), found.score[mine[k]]) for k in rest]
    scored = [(times, found.score[which]) for times, which in parts] + unwanted
    events_of = true + [none] * len(rest)
    return Evaluation(
        labels=agreements,
        others=tuple(
            make_agreement("", (k,), (0.0,), [none], [part], tolerance_s)
            for k, part in zip(rest, unwanted, strict=True)
        ),
        overall=make_agreement("", (), (), events_of, scored, tolerance_s),
        intervals=bootstrap_intervals(
            events_of, [times for times, _ in scored], tolerance_s, apart
        ),
        tolerance_s=tolerance_s,
        n_left_out=n_documents - len(np.unique(truth.document)),
    )


def match_true_motifs(record: FitRecord, motifs: Floats32) -> MotifMatch:
    """Return the one-to-one match of true motifs with those of a fit, by best-shift cosine.

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
    # an offset in the middle of gaps that spread by twice the tolerance pairs all of them
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
    return _settle(true, found, best, tolerance)


def _settle(true: Floats, found: Floats, best: _Pair, tolerance: float) -> _Pair:
    """Return the pair with the median of its distances as offset, if that pairs as many."""
    left, right = match_times(true, found + best.offset_s, tolerance)
    if not len(left):
        return best
    middle = float(np.median(true[left] - found[right]))
    if len(match_times(true, found + middle, tolerance)[0]) < best.n_matched:
        return best
    return _Pair(offset_s=middle, n_matched=best.n_matched)


def _find_named(names: Sequence[str], label: str) -> tuple[int, ...]:
    """Return the motifs that have the name of a label."""
    return tuple(motif for motif, name in enumerate(names) if name == label)


def _one_to_one(
    true: list[Floats],
    mine: list[Indices],
    pairs: list[list[_Pair]],
    named: list[tuple[int, ...]],
) -> list[tuple[int, ...]]:
    """Return the motif of every label in a tuple, () for a label that no motif is left for.

    Labels that motifs are named after have these.
    """
    f1 = np.array(
        [
            [2 * p.n_matched / max(len(t) + len(m), 1) for p, m in zip(row, mine, strict=True)]
            for row, t in zip(pairs, true, strict=True)
        ]
    )
    taken = [motif for motifs in named for motif in motifs]
    # names that people gave take precedence over the best match
    f1[:, taken] = 0.0
    f1[[label for label, motifs in enumerate(named) if motifs]] = 0.0
    chosen = list(named)
    for label, motif in zip(*linear_sum_assignment(-f1), strict=True):
        if f1[label, motif] > 0:
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
        times, _ = _collect_times(mine, starts, motifs, pairs[label])
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
        # greedy: each motif is given once, to the label that it helps most
        if gain <= 0:
            return
        chosen[label] = (*chosen[label], motif)


def _collect_times(
    mine: list[Indices], starts: Floats, motifs: tuple[int, ...], pairs: list[_Pair]
) -> tuple[Floats, Indices]:
    """Return the times of some motifs' occurrences with their offsets, sorted, and which."""
    which = np.concatenate([np.zeros(0, dtype=np.int64), *(mine[motif] for motif in motifs)])
    times = np.concatenate(
        [np.zeros(0), *(starts[mine[motif]] + pairs[motif].offset_s for motif in motifs)]
    )
    order = np.argsort(times, kind="stable")
    return times[order], which[order]
