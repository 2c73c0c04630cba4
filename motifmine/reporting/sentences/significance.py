"""Motifs that are not reported and occurrences that are not sure, as sentences."""

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.records.settings import Detection
from motifmine.records.significance import Significance


def significance_sentences(record: FitRecord) -> list[str]:
    """Return sentences on motifs that were excluded, and on occurrences that are not significant.

    Examples
    --------
    A sentence reads "3 motifs are not reported: they do not recur in data they were not learned
    from".
    """
    tested = record.significance
    if tested is None:
        return []
    sentences = []
    if n_others := tested.n_unreplicated - (tested.n_undirected or 0):
        sentences.append(_describe_unreplicated(n_others))
    if tested.n_undirected:
        sentences.append(_describe_undirected(tested.n_undirected))
    if tested.n_companions:
        sentences.append(_describe_companions(tested.n_companions))
    if tested.n_untested:
        sentences.append(_describe_untested(tested.n_untested))
    elif len(record.motifs) == 0 and tested.n_candidates == 0:
        sentences.append(_none_recurs(record))
    elif len(record.occurrences) == 0:
        sentences.append(_none_sure(tested))
    # the fit raises the share where else nothing would be reported
    share = record.provenance.spec.detection.false_share
    if len(record.occurrences) and share > Detection().false_share:
        sentences.append(f"one in {1 / share:.0f} occurrences may be false: they are few, or weak")
    return sentences


def _none_recurs(record: FitRecord) -> str:
    """Return what is likely to help: of things that move, the data have decided the length."""
    settings = record.provenance.spec.settings
    if settings.get("activity") == "moving" and settings.get("longest_s"):
        recorded_s = sum(recording.n_times for recording in record.recordings) * record.bin_s
        return (
            f"no motif recurs: too few things pass along each path in {recorded_s:.0f} s; "
            "more recordings of the same camera help"
        )
    return "no motif recurs; try another motif length or time bin, or more recordings"


def _describe_unreplicated(number: int) -> str:
    if number == 1:
        return "1 motif is not reported: it does not recur in data it was not learned from"
    return f"{number} motifs are not reported: they do not recur in data they were not learned from"


def _describe_undirected(number: int) -> str:
    what, they = ("1 motif is", "it") if number == 1 else (f"{number} motifs are", "they")
    return (
        f"{what} not reported: {they} may fit as well backward in time, as what only rises and "
        "falls together does; to show an order takes ten occurrences"
    )


def _describe_untested(number: int) -> str:
    what, they = ("1 motif is", "it") if number == 1 else (f"{number} motifs are", "they")
    return (
        f"{what} not reported: the recordings are too short to test whether {they} recur"
        f"{'s' * (number == 1)} (each half must hold a motif's length); more recordings help"
    )


def _describe_companions(number: int) -> str:
    if number == 1:
        return "1 motif is not reported: it is part of another one, with which it always occurs"
    return (
        f"{number} motifs are not reported: they are parts of others, with which they always occur"
    )


def _none_sure(tested: Significance) -> str:
    """Return how many candidates there are, and at what setting they come."""
    if tested.n_candidates == 0 or len(tested.scores) == 0:
        return "no occurrence is sure"
    scores = tested.scores
    at = np.flatnonzero(scores.false_probability < 0.5)
    rate = float(scores.false_per_hour[at[0]]) if len(at) else float(scores.false_per_hour[0])
    return (
        f"{tested.n_candidates} candidate occurrences, none sure; they come with --false-alarms "
        # a little more: with just this rate rounding could exclude them again
        f"{max(rate, 0.1) * 1.01:.2g}"
    )
