"""Figures of how occurrences agree with a truth: counts, curves and intervals."""

from dataclasses import dataclass

import numpy as np

from motifmine.analysis.matching import match_times
from motifmine.seeding import Stream, generator
from motifmine.types import Floats

MOST_THRESHOLDS = 200  # points of a precision-recall curve at most
N_RESAMPLES = 1000  # resampled lists of recordings that intervals come from


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
    """Agreement of occurrences with events of the truth, for one label or all."""

    label: str
    """"" for all labels together."""
    motifs: tuple[int, ...]
    """Motifs, counted from 0, that are assigned to the label; () for none."""
    offsets_s: tuple[float, ...]
    """Offset that is added to the starts of each of these motifs, seconds."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """95 % intervals from resampling recordings, (lowest, highest)."""

    precision: tuple[float, float]
    recall: tuple[float, float]
    f1: tuple[float, float]


def make_agreement(
    label: str,
    motifs: tuple[int, ...],
    offsets_s: tuple[float, ...],
    true: list[Floats],
    found: list[tuple[Floats, Floats]],
    tolerance: float,
) -> Agreement:
    """Return the agreement of true times with times and scores of occurrences.

    Parameters
    ----------
    label, motifs, offsets_s
        See `Agreement`.
    true : list of float arrays
        Times of events, one array per label.
    found : list of (times, scores)
        Occurrences assigned to these labels.
    tolerance : float
        In the unit of the times.
    """
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


def bootstrap_intervals(
    true: list[Floats], found: list[Floats], tolerance: float, apart: float
) -> Intervals | None:
    """Return bootstrap intervals of the overall figures, from recordings drawn with replacement.

    Parameters
    ----------
    true, found : lists of float arrays
        Times by label; those of document d are shifted by `apart` times d.
    tolerance, apart : float
        In the unit of the times.
    """
    columns: list[list[Floats]] = [[], [], []]
    for events, times in zip(true, found, strict=True):
        left, _ = match_times(events, times, tolerance)
        for column, values in zip(columns, (events, times, events[left]), strict=True):
            column.append(values)
    # documents are set so far apart that the time alone gives the document
    document = [np.round(np.concatenate(column) / apart).astype(np.int64) for column in columns]
    number = np.unique(document[0])
    if len(number) < 2:
        return None
    counts = np.stack([(d[:, None] == number).sum(axis=0) for d in document], axis=1)
    rng = generator(0, Stream.EVALUATION)
    drawn = rng.integers(0, len(number), (N_RESAMPLES, len(number)))
    n_true, n_found, n_matched = counts[drawn].sum(axis=1).T
    figures = {
        "precision": n_matched / np.maximum(n_found, 1),
        "recall": n_matched / np.maximum(n_true, 1),
        "f1": 2 * n_matched / np.maximum(n_true + n_found, 1),
    }
    bounds = {name: np.quantile(values, (0.025, 0.975)) for name, values in figures.items()}
    return Intervals(**{name: (float(low), float(high)) for name, (low, high) in bounds.items()})


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
