"""Motifs at several tempos: resampling, EM, the search, and what follows in fits and files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifmine.analysis.matching import match_motifs
from motifmine.analysis.occurrences import find_occurrences
from motifmine.io.hdf5 import store
from motifmine.models.excerpt import coarsen
from motifmine.models.plsm import em, recurring_windows, tempo
from motifmine.models.plsm.model import Plsm, PlsmFit
from motifmine.models.plsm.occurrence_windows import canvas_of
from motifmine.models.plsm.problem import flat_start, prepare_em
from motifmine.models.plsm.spec import Priors
from motifmine.records.fit import FitRecord, separate_tempos
from motifmine.records.settings import Preparation
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.tempo import at_tempos, learn_at_tempos, longest_window, resampling
from motifmine.records.vocabulary import Vocabulary
from motifmine.simulation import simulate
from motifmine.types import Floats, Indices, Indices32
from motifmine.workflows.mine import Prepared, add_measures, locate
from tests.helpers.tables import table_of_rows

LENGTH = 20
TEMPOS = tempo.tempos_of(2)


def played(n_occurrences: int, seed: int) -> tuple[ObservationTable, Indices, Floats]:
    """Return a table of two motifs at tempos from .8 to 1.25, their starts, and their tempos."""
    rng = np.random.default_rng(seed)
    time, word, starts, speeds = [], [], [], []
    at = 10
    for motif in rng.permutation(np.arange(n_occurrences) % 2):
        speed = np.exp(rng.uniform(np.log(0.8), np.log(1.25)))
        # each motif is a path through ten words of its own
        relative = np.sort(rng.uniform(0, LENGTH, 120))
        time.append(at + (relative / speed).astype(np.int64))
        word.append(10 * motif + (relative / LENGTH * 10).astype(np.int64))
        starts.append(at)
        speeds.append(speed)
        at += int(LENGTH / speed) + int(rng.integers(3, 15))
    n_times = at + LENGTH
    time.append(rng.integers(0, n_times, 200))
    word.append(rng.integers(0, 20, 200))
    table = table_of_rows(np.concatenate(time), np.concatenate(word), n_times=n_times, n_words=20)
    return table, np.array(starts), np.array(speeds)


def follows(found: Floats, true: Floats, motif: Indices32) -> bool:
    """Return whether tempos of each motif follow the true ones; which is its usual is arbitrary."""
    return all(
        np.corrcoef(np.log(found[motif == k]), np.log(true[motif == k]))[0, 1] > 0.8
        for k in np.unique(motif)
    )


@pytest.fixture(scope="module")
def drawn() -> tuple[ObservationTable, Indices, Floats]:
    return played(40, 0)


@pytest.fixture(scope="module")
def fitted(drawn: tuple[ObservationTable, Indices, Floats]) -> PlsmFit:
    model = Plsm(n_motifs=2, motif_length=LENGTH, activity="sparse", tempo="auto")
    return model.fit(drawn[0], seed=0)


def test_resampling_keeps_all_mass_and_tempo_1_changes_nothing() -> None:
    matrices = resampling(30, (0.8, 1.0, 2.0))
    np.testing.assert_allclose(matrices[:, :, :20].sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(matrices[1], np.eye(30))


def test_a_motif_twice_as_fast_takes_half_as_long() -> None:
    motif = np.zeros((1, 8, 2), np.float32)
    motif[0, :4, 0], motif[0, 4:, 1] = 0.125, 0.125
    fast = at_tempos(motif, np.array([1.0, 2.0]))[1]
    np.testing.assert_allclose(fast[:4], [[0.25, 0], [0.25, 0], [0, 0.25], [0, 0.25]])
    assert fast[4:].sum() == 0


def test_counts_at_all_tempos_go_back_to_the_motif_they_came_from() -> None:
    rng = np.random.default_rng(1)
    motif = np.zeros((1, longest_window(10, TEMPOS), 3), np.float32)
    motif[:, :10] = rng.dirichlet(np.ones(30)).reshape(1, 10, 3)
    every = at_tempos(motif, TEMPOS)
    learned = learn_at_tempos(motif, 7 * every, every, TEMPOS)
    np.testing.assert_allclose(learned, 7 * len(TEMPOS) * motif, rtol=1e-4, atol=1e-6)


def test_em_at_several_tempos_never_lowers_the_likelihood(
    drawn: tuple[ObservationTable, Indices, Floats],
) -> None:
    problem = prepare_em(
        drawn[0], LENGTH, Priors(sparsity=0.0), most_motifs=2, n_threads=1, tempos=TEMPOS
    )
    rng = np.random.default_rng(0)
    motifs = rng.gamma(5.0, size=(2, LENGTH, 20)).astype(np.float32)
    state = flat_start(problem, motifs, problem.word_shares())
    none = np.zeros(problem.layout.n_rows, np.float32)
    values = []
    for _ in range(15):
        state, value = em.step(problem, state, none)
        values.append(value)
    # arrays of 32 bits: equal to within their rounding
    assert np.diff(values).min() > -1e-5 * abs(values[0])


def test_windows_that_recur_are_those_of_both_motifs(
    drawn: tuple[ObservationTable, Indices, Floats],
) -> None:
    problem = prepare_em(
        drawn[0], LENGTH, Priors(sparsity=4.0), most_motifs=2, n_threads=1, tempos=TEMPOS
    )
    rng = np.random.default_rng(0)
    seeds = recurring_windows.choose_windows(problem, canvas_of(problem), LENGTH, 2, rng)
    first = seeds[:, :, :10].sum(axis=(1, 2)) / seeds.sum(axis=(1, 2))
    assert sorted(np.round(first)) == [0, 1]


def test_tempos_are_chosen_where_they_pay_and_occurrences_have_their_own(
    drawn: tuple[ObservationTable, Indices, Floats], fitted: PlsmFit
) -> None:
    table, starts, speeds = drawn
    assert fitted.motifs.tempos is not None
    assert "tempos" in fitted.decisions[0]
    found = find_occurrences(table, fitted.motifs, fitted.background, fitted.activations)
    strong = found.weight > 60
    assert strong.sum() == len(starts)
    assert np.abs(found.start_bin[strong] - starts).max() <= 6
    assert found.tempo is not None
    assert follows(found.tempo[strong], speeds, found.motif[strong])


@pytest.mark.parametrize(
    ("gains", "n_tried", "chosen"),
    [
        ([0.2, 0.1, 0.2], 3, 2),
        ([-0.2, -0.1, -0.2], 3, None),
        ([0.2, -0.1, 0.3, 0.2, 0.1, 0.3, 0.2, 0.2, 0.1], 9, 2),
        ([0.2, -0.1, 0.3, -0.2, 0.3, -0.3, 0.2, 0.4, -0.2], 9, None),
        ([0.04, 0.02, 0.03], 3, None),
    ],
)
def test_tempos_are_tried_more_often_where_a_few_searches_disagree(
    drawn: tuple[ObservationTable, Indices, Floats],
    monkeypatch: pytest.MonkeyPatch,
    gains: list[float],
    n_tried: int,
    chosen: int | None,
) -> None:
    # the second set of tempos never gains
    scores = [value for gain in gains for value in (0.0, gain, -1.0)]
    monkeypatch.setattr(tempo, "_search", lambda *_: tempo.Searched(0.0, None, None))  # type: ignore[arg-type]
    monkeypatch.setattr(tempo, "hidden_score", lambda *_: scores.pop(0))
    spec = Plsm(n_motifs=2, motif_length=LENGTH, tempo="auto")
    assert tempo.with_tempos(spec, drawn[0], 2, 0)[0].tempo_steps == chosen
    assert len(scores) == 3 * (len(gains) - n_tried)


@pytest.mark.long
def test_tempo_off_and_data_of_one_tempo_give_the_same_fit() -> None:
    table = simulate(n_motifs=2, n_times=600, seed=2).table
    off = Plsm(n_motifs=2, motif_length=10, activity="sparse").fit(table)
    auto = Plsm(n_motifs=2, motif_length=10, activity="sparse", tempo="auto").fit(table)
    assert auto.motifs.tempos is None
    np.testing.assert_array_equal(auto.motifs.probability, off.motifs.probability)
    np.testing.assert_array_equal(auto.activations.mass, off.activations.mass)


def record_of(fit: PlsmFit, table: ObservationTable) -> FitRecord:
    record = FitRecord(
        provenance=fit.provenance,
        motifs=fit.motifs,
        background=fit.background,
        activations=fit.activations,
        occurrences=find_occurrences(table, fit.motifs, fit.background, fit.activations),
        trace=fit.trace,
        log_likelihood=0.0,
        n_observations=table.total,
        bin_s=table.bin_s,
        vocabulary=table.vocabulary,
        recordings=table.recordings,
        picture=None,
    )
    return add_measures(record, Prepared.of(table, Preparation(counts="raw")))


def test_a_file_keeps_tempos_and_new_recordings_get_theirs(
    drawn: tuple[ObservationTable, Indices, Floats], fitted: PlsmFit, tmp_path: Path
) -> None:
    record = record_of(fitted, drawn[0])
    store.write_fit(tmp_path / "fit.h5", record)
    back = store.read_fit(tmp_path / "fit.h5")
    np.testing.assert_array_equal(back.motifs.tempos, fitted.motifs.tempos)
    np.testing.assert_array_equal(back.activations.tempo, fitted.activations.tempo)
    np.testing.assert_array_equal(back.occurrences.tempo, record.occurrences.tempo)
    table, starts, speeds = played(20, 5)
    found = locate(replace(back, significance=None), table).occurrences
    strong = found.weight > 60
    assert found.tempo is not None
    assert strong.sum() == len(starts)
    assert follows(found.tempo[strong], speeds, found.motif[strong])


def test_motifs_at_each_tempo_explain_what_the_fit_explains(fitted: PlsmFit) -> None:
    motifs, activations = separate_tempos(fitted.motifs, fitted.activations)
    assert fitted.motifs.tempos is not None
    assert len(motifs) == 2 * len(fitted.motifs.tempos)
    assert activations.motif.max() < len(motifs)
    np.testing.assert_allclose(motifs.probability.sum(axis=(1, 2)), 1, rtol=0.02)


def test_coarse_bins_hold_the_same_counts(drawn: tuple[ObservationTable, Indices, Floats]) -> None:
    table = drawn[0]
    coarse = coarsen(table, 3)
    assert coarse.n_times == -(-table.n_times // 3)
    dense = np.pad(table.dense(), ((0, 0), (0, -table.n_times % 3)))
    np.testing.assert_array_equal(coarse.dense(), dense.reshape(20, -1, 3).sum(axis=2))


@pytest.mark.statistical
def test_long_motifs_of_few_words_are_each_found_from_windows_that_recur() -> None:
    rng = np.random.default_rng(4)
    # five shapes of one channel, above and below its mean
    shapes = np.repeat(rng.integers(0, 2, (5, 15)), 4, axis=1)
    order = rng.permutation(np.repeat(np.arange(5), 6))
    word = np.concatenate([shapes[motif] for motif in order])
    time = np.arange(len(word)) + 15 * (np.arange(len(word)) // 60)
    table = table_from_rows(
        time=time,
        word=word,
        count=rng.poisson(3.0, len(word)),
        n_times=75 * len(order),
        vocabulary=Vocabulary.of_labels(["above", "below"]),
        bin_s=1.0,
        name="channel",
    )
    spec = Plsm(n_motifs=5, motif_length=60)
    assert tempo.is_searched_coarsely(spec, table)
    assert not tempo.is_searched_coarsely(replace(spec, motif_length=49), table)
    fit = spec.fit(table)
    true = np.array([np.eye(2)[shape] for shape in shapes], np.float32)
    assert match_motifs(true, fit.motifs.probability).cosine.min() > 0.9
