"""Decisions at a fixed lag: once each, at the peak, and not of two alike motifs."""

import numpy as np
import pytest

from motifmine.analysis.filtering import MotifFilter, StartPrior
from motifmine.analysis.live_occurrences import Decided, OccurrenceDecider
from motifmine.records.fit import MotifSet

LENGTH, N_WORDS = 6, 12


def make_filter(*shapes: np.ndarray) -> MotifFilter:
    probability = np.stack(shapes).astype(np.float32)
    probability /= probability.sum(axis=(1, 2), keepdims=True)
    ones = np.ones(len(shapes))
    prior = StartPrior(share=0.02 * ones, usual=30 * ones, spread=0.3 * ones)
    motifs = MotifSet(probability=probability, weight=ones / len(shapes))
    return MotifFilter(motifs, prior, np.full(N_WORDS, 0.05))


def diagonal(first: int) -> np.ndarray:
    shape = np.full((LENGTH, N_WORDS), 1e-9)
    shape[np.arange(LENGTH), first + np.arange(LENGTH)] = 1.0
    return shape


def run(online: MotifFilter, counts: np.ndarray) -> list[tuple[int, Decided]]:
    """Return what is decided, each with the bin after which it was."""
    decider = OccurrenceDecider(online, 10.0)
    found = []
    for number, row in enumerate(counts):
        word = np.flatnonzero(row).astype(np.int32)
        online.step(word, row[word])
        found += [(number, one) for one in decider.decide()]
    return found + [(len(counts), one) for one in decider.finish()]


@pytest.mark.parametrize("start", [0, 7, 33])
def test_an_occurrence_is_decided_once_a_length_after_its_start(start: int) -> None:
    counts = np.zeros((60, N_WORDS))
    counts[start : start + LENGTH] += 5 * diagonal(3).round()
    ((after, found),) = run(make_filter(diagonal(3), diagonal(0)[::-1]), counts)
    assert (found.start_bin, found.motif, after) == (start, 0, start + LENGTH)
    assert found.weight == pytest.approx(30, rel=0.1)
    assert found.score > 40


def test_the_rest_of_a_document_is_decided_at_its_end() -> None:
    counts = np.zeros((20, N_WORDS))
    counts[16:20] += 8 * diagonal(3).round()[:4]
    ((after, found),) = run(make_filter(diagonal(3), diagonal(0)[::-1]), counts)
    assert (found.start_bin, after) == (16, 20)


def test_of_alike_motifs_at_one_time_the_better_one_is_decided() -> None:
    other = diagonal(3)
    # nearly the same words, another weight at the end
    other[4:] *= 0.3
    counts = np.zeros((60, N_WORDS))
    counts[20 : 20 + LENGTH] += (12 * other).round()
    found = run(make_filter(diagonal(3), other), counts)
    assert [(one.start_bin, one.motif) for _, one in found] == [(20, 1)]


def test_what_goes_on_is_seen_with_its_share() -> None:
    online = make_filter(diagonal(3), diagonal(0)[::-1])
    decider = OccurrenceDecider(online, 10.0)
    for row in 5 * diagonal(3).round()[:3]:
        word = np.flatnonzero(row).astype(np.int32)
        online.step(word, row[word])
    start, motif, score, shown = decider.going_on()
    best = score.argmax()
    assert (start[best], motif[best]) == (0, 0)
    assert shown[best] == pytest.approx(0.5, abs=0.01)
    assert score[best] > 20
