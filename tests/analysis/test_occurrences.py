"""From activations to occurrences, and what chance alone would give."""

from dataclasses import replace

import numpy as np
import pytest

from motifmine.analysis.occurrences import (
    find_occurrences,
)
from motifmine.errors import SpecError
from motifmine.models.plsm.model import Plsm, PlsmFit
from motifmine.records.fit import Activations, Background, MotifSet, Occurrences
from motifmine.records.settings import Detection
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.seeding import generator
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.mine import locate, mine

N_TIMES, LENGTH = 20, 3
MOTIF = np.array([[[0.5, 0.0], [0.0, 0.25], [0.25, 0.0]]], dtype=np.float32)
EVEN = Background(probability=np.full(2, 0.5, dtype=np.float32), weight=0.1)


def table_at(*starts: int) -> ObservationTable:
    """A table with the cells of MOTIF, 4 times over, at every start."""
    cells = [(s + r, w, 4 * 4 * MOTIF[0, r, w]) for s in starts for r in range(3) for w in range(2)]
    inside = [c for c in cells if 0 <= c[0] < N_TIMES and c[2] > 0]
    time, word, count = np.array(inside, dtype=float).T
    return table_from_rows(
        time=time.astype(int),
        word=word.astype(int),
        count=count,
        n_times=N_TIMES,
        vocabulary=Vocabulary.of_labels(["a", "b"]),
        bin_s=0.5,
    )


def found_in(table: ObservationTable, entries: list[tuple[int, float]]) -> Occurrences:
    start, mass = np.array(entries, dtype=float).T
    activations = Activations(
        offsets=np.array([0, len(entries)]),
        start=start.astype(np.int32),
        motif=np.zeros(len(entries), dtype=np.int32),
        mass=mass.astype(np.float32),
    )
    motifs = MotifSet(probability=MOTIF, weight=np.ones(1))
    return find_occurrences(table, motifs, EVEN, activations)


def test_an_occurrence_holds_the_mass_at_all_tempos_and_starts_near_its_own() -> None:
    # a motif of 16 bins, which takes 20 at the slowest tempo
    probability = np.full((1, 20, 2), 1 / 40, dtype=np.float32)
    entries = [(34, 1, 9.0), (38, 0, 3.0), (40, 1, 2.0), (40, 2, 11.0), (41, 2, 8.0), (60, 0, 7.0)]
    start, tempo, mass = np.array(entries).T
    activations = Activations(
        offsets=np.array([0, len(entries)]),
        start=start.astype(np.int32),
        motif=np.zeros(len(entries), dtype=np.int32),
        mass=mass.astype(np.float32),
        tempo=tempo.astype(np.int32),
    )
    motifs = MotifSet(probability=probability, weight=np.ones(1), tempos=np.array([0.8, 1.0, 1.25]))
    table = table_from_rows(
        time=np.arange(100),
        word=np.arange(100) % 2,
        count=np.full(100, 2.0),
        n_times=100,
        vocabulary=Vocabulary.of_labels(["a", "b"]),
        bin_s=0.5,
    )
    found = find_occurrences(table, motifs, EVEN, activations)
    # a quarter of the motif apart there may be another; half of that on each side is this one's
    at = np.flatnonzero(found.start_bin == 40)
    assert found.weight[at].tolist() == [2 + 11 + 8 + 3]
    assert found.tempo is not None
    assert found.tempo[at].tolist() == [1.25]
    assert found.weight.sum() == mass.sum()


@pytest.mark.parametrize("start", [-2, -1, 0, 7, N_TIMES - LENGTH, N_TIMES - 1])
def test_a_single_start_is_found_wherever_it_is(start: int) -> None:
    found = found_in(table_at(start), [(start, 16.0)])
    assert found.start_bin.tolist() == [start]
    assert found.start_s.tolist() == [max(0.5 * start, 0.0)]
    assert found.weight.tolist() == [16.0]


def test_neighbouring_starts_are_one_occurrence_at_the_heaviest() -> None:
    found = found_in(table_at(7), [(6, 3.0), (7, 10.0), (8, 2.0)])
    assert (found.start_bin.tolist(), found.weight.tolist()) == ([7], [15.0])


def test_starts_apart_are_occurrences_of_their_own() -> None:
    assert found_in(table_at(4, 8), [(4, 9.0), (8, 7.0)]).start_bin.tolist() == [4, 8]


@pytest.mark.parametrize(("is_gathered", "n_found"), [(True, 2), (False, 1)])
def test_on_a_long_path_things_follow_one_another_closely(is_gathered: bool, n_found: int) -> None:
    """Four bins are a sixth of the motif: too near for two gestures, not for two cars."""
    table = table_at(4, 8)
    motifs = MotifSet(
        probability=np.pad(MOTIF, ((0, 0), (0, 21), (0, 0))).astype(np.float32), weight=np.ones(1)
    )
    activations = Activations(
        offsets=np.array([0, 2]),
        start=np.array([4, 8], dtype=np.int32),
        motif=np.zeros(2, dtype=np.int32),
        mass=np.array([16.0, 14.0], dtype=np.float32),
    )
    found = find_occurrences(table, motifs, EVEN, activations, is_gathered=is_gathered)
    assert len(found) == n_found


def test_the_score_is_the_log_likelihood_ratio_by_hand() -> None:
    table = table_at(7)
    found = found_in(table, [(7, 16.0)])
    per_bin = table.total / N_TIMES
    rest = per_bin * 0.5 * (EVEN.weight + 1e-3)
    expected = -16.0
    for r, w in [(0, 0), (1, 1), (2, 0)]:
        part = 16.0 * float(MOTIF[0, r, w])
        expected += 16 * float(MOTIF[0, r, w]) * np.log((part + rest) / rest)
    assert found.score[0] == pytest.approx(expected, rel=1e-5)


def test_a_start_without_observations_scores_below_zero() -> None:
    assert found_in(table_at(3), [(3, 16.0), (12, 5.0)]).score[1] < 0


def test_occurrences_are_sorted_by_document_then_start(small: Simulation) -> None:
    record = mine(small.table, Plsm(n_motifs=3, motif_length=8))
    key = record.occurrences.document * 10_000 + record.occurrences.start_bin
    assert np.all(np.diff(key) >= 0)
    assert set(record.occurrences.document.tolist()) == {0, 1}


@pytest.mark.long
def test_a_lower_rate_of_false_alarms_keeps_fewer_occurrences() -> None:
    table = simulate(noise=0.6, observations_per_bin=1.0, n_words=40, n_times=1500, seed=3).table
    spec = Plsm(n_motifs=4, motif_length=10, activity="sparse", rounds=2)
    many, few = (
        mine(table, spec, detection=Detection(false_alarms_per_hour=rate)) for rate in (500.0, 0.1)
    )
    assert len(few.occurrences) < len(many.occurrences)
    assert few.occurrences.score.min() > many.occurrences.score.min()


@pytest.mark.long
@pytest.mark.statistical
def test_chance_gives_about_as_many_occurrences_as_the_rate_says(small: Simulation) -> None:
    """Motifs located in noise of the same words: what passes at 50 an hour is of that order."""
    record = mine(
        small.table,
        Plsm(n_motifs=3, motif_length=8),
        detection=Detection(false_alarms_per_hour=50.0),
    )
    rng = generator(9)
    n_noise = round(record.background.weight * small.table.total * 25)
    words = rng.choice(18, size=n_noise, p=record.background.probability.astype(float))
    noise = table_from_rows(
        time=rng.integers(0, 20_000, n_noise),
        word=words,
        count=np.ones(n_noise),
        n_times=20_000,
        vocabulary=small.table.vocabulary,
    )
    assert len(locate(record, noise).occurrences) / (20_000 / 3600) < 200


@pytest.mark.parametrize("field", ["false_alarms_per_hour", "false_share"])
def test_detection_refuses_what_is_below_zero(field: str) -> None:
    with pytest.raises(SpecError, match=field):
        Detection(**{field: -1.0})


def test_motifs_are_located_in_documents_they_have_not_seen(small: Simulation) -> None:
    record = mine(small.table.document(0), Plsm(n_motifs=3, motif_length=8))
    there = locate(record, small.table.document(1))
    assert [r.name for r in there.recordings] == ["document-001"]
    true = small.occurrences.start_bin[small.occurrences.document == 1]
    hits = [np.abs(true - start).min() <= 3 for start in there.occurrences.start_bin]
    assert len(hits) > 20
    assert np.mean(hits) > 0.9


def test_a_fit_that_was_saved_locates_as_the_fit_itself(small: Simulation) -> None:
    spec = Plsm(n_motifs=3, motif_length=8)
    fit: PlsmFit = spec.fit(small.table)
    record = mine(small.table, spec)
    ours = fit.transform(small.table)
    theirs = locate(record, replace(small.table, spec={})).activations
    np.testing.assert_allclose(ours.mass, theirs.mass, rtol=1e-5)
