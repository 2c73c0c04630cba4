"""Motifs that look alike: one event is one occurrence, and confusion has its number."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from motifmine.analysis.alike_motifs import find_confusions, join_alike
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord, MotifSet
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections import alike_motifs
from motifmine.reporting.sentences.motifs import alike_sentences
from motifmine.simulation import simulate
from motifmine.workflows.mine import mine
from tests.helpers.fit_records import lane_record, occurrences_at


def shapes(mix: float) -> np.ndarray:
    """Return three motifs of 6 bins x 8 words: the second is mostly the first, two bins later."""
    rng = np.random.default_rng(2)
    motifs = np.zeros((3, 6, 8))
    for motif in motifs:
        motif[np.arange(4), rng.permutation(8)[:4]] = 0.25
    motifs[1] = (1 - mix) * motifs[1] + mix * np.roll(motifs[0], 2, axis=0)
    return motifs.astype(np.float32)


def motif_set(mix: float) -> MotifSet:
    return MotifSet(probability=shapes(mix), weight=np.full(3, 0.3))


def test_one_event_that_alike_motifs_share_is_one_occurrence() -> None:
    # relative time r of the second is r - 2 of the first: it starts two bins before the first
    found = occurrences_at(
        [50, 48, 50, 100, 120], [0, 1, 2, 0, 1], weight=10.0, score=[9, 5, 7, 3, 4]
    )
    joined = join_alike(found, motif_set(0.8))
    assert joined.start_bin.tolist() == [50, 50, 100, 120]
    assert joined.motif.tolist() == [0, 2, 0, 1]
    assert joined.weight.tolist() == [20.0, 10.0, 10.0, 10.0]


def test_motifs_that_differ_keep_their_occurrences() -> None:
    found = occurrences_at([50, 48], [0, 1], weight=10.0, score=[9, 5])
    assert len(join_alike(found, motif_set(0.0))) == 2


@cache
def mined() -> FitRecord:
    """Return a fit of three motifs; the tests replace these and the weights."""
    drawn = simulate(n_motifs=3, motif_length=6, n_words=8, n_times=600, seed=1)
    return mine(drawn.table, Plsm(n_motifs=3, motif_length=6))


def with_motifs(mix: float, weight: float) -> FitRecord:
    record = mined()
    assert len(record.motifs) == 3
    found = replace(record.occurrences, weight=np.full(len(record.occurrences), weight))
    return replace(record, motifs=motif_set(mix), occurrences=found)


@pytest.mark.parametrize(
    ("mix", "weight"), [pytest.param(0.6, 40.0, marks=pytest.mark.long), (0.97, 5.0)]
)
def test_the_more_alike_and_the_smaller_the_more_are_taken_for_each_other(
    mix: float, weight: float
) -> None:
    pairs = find_confusions(with_motifs(mix, weight))
    pair = next(pair for pair in pairs if (pair.first, pair.second) == (0, 1))
    assert pair.shift_s == -2.0
    if weight > 10:
        assert max(pair.first_taken, pair.second_taken) < 0.02
    else:
        assert 0.1 < (pair.first_taken + pair.second_taken) / 2 < 0.6


def test_confusion_is_said_the_worst_first_and_only_where_there_is_some() -> None:
    record = with_motifs(0.97, 5.0)
    lines = alike_sentences(record, find_confusions(record))
    assert "motif 1 and motif 2 look alike" in lines[0]
    assert "the other way" in lines[0]
    clear = with_motifs(0.6, 40.0)
    assert alike_sentences(clear, find_confusions(clear)) == []
    assert alike_motifs.section(ReportContext(lane_record())) == ""
    assert "taken for the other" in alike_motifs.section(ReportContext(record))
