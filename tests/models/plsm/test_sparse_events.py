"""Motifs of events, most bins of whose tables are empty."""

from dataclasses import replace

import numpy as np
import pytest

from motifmine.analysis.matching import match_motifs
from motifmine.models.plsm.em import normalised
from motifmine.models.plsm.growth import grow_motifs
from motifmine.models.plsm.length import choose_length
from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.problem import prepare_em
from motifmine.models.plsm.sparse_events import count_of_event, follower_seeds
from motifmine.models.plsm.spec import Priors
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.simulation import simulate
from motifmine.types import Floats32
from tests.helpers.tables import table_of_rows

N_TIMES, N_WORDS, LENGTH = 4000, 10, 30
VISITS = (((0, 0), (7, 1), (13, 2), (24, 3)), ((0, 4), (3, 5), (9, 4)))
"""Lag and word of the events of two motifs."""


def visits(seed: int, n: int = 40, n_background: int = 300) -> ObservationTable:
    """Return `n` occurrences of each motif among as many other events, a bin early or late."""
    rng = generator(seed)
    rows = [(int(rng.integers(N_TIMES)), int(rng.integers(N_WORDS))) for _ in range(n_background)]
    for motif in VISITS:
        for start in rng.integers(0, N_TIMES - LENGTH, n).tolist():
            rows += [(start + lag + int(rng.integers(2)), word) for lag, word in motif]
    time, word = np.array(rows).T
    return table_of_rows(time, word, n_times=N_TIMES, n_words=N_WORDS, name="visits")


def true_motifs() -> Floats32:
    """Return the motifs of `VISITS`, float32 array (2, L, W)."""
    motifs = np.zeros((len(VISITS), LENGTH, N_WORDS), np.float32)
    for motif, cells in zip(motifs, VISITS, strict=True):
        for lag, word in cells:
            motif[lag : lag + 2, word] += 0.5 / len(cells)
    return motifs


def test_a_sparse_table_is_recognised() -> None:
    assert count_of_event(visits(0)) == 1
    assert count_of_event(simulate(n_motifs=2, n_times=300, seed=0).table) == 0


def test_the_length_is_that_from_the_first_event_to_the_last() -> None:
    bins = choose_length(visits(1)).bins
    assert bins is not None
    assert 24 <= bins <= 37


def test_what_follows_a_word_surely_is_a_seed() -> None:
    priors = Priors(sparsity=2.0, least_count=1.0)
    problem = prepare_em(visits(2), 2 * LENGTH, priors, most_motifs=8, n_threads=1)
    seeds = follower_seeds(problem)
    np.testing.assert_allclose(seeds.sum(axis=(1, 2)), 1, rtol=1e-5)
    # lags from the words around it vary twice as much as within a motif
    assert match_motifs(true_motifs(), seeds).cosine.min() > 0.5


def test_seeds_are_the_same_where_an_event_is_several_observations() -> None:
    table, found = visits(2), []
    for count in (1.0, 16.0):
        many = replace(table, count=np.full_like(table.count, count))
        priors = Priors(sparsity=2.0, least_count=count)
        problem = prepare_em(many, 2 * LENGTH, priors, most_motifs=8, n_threads=1)
        found.append(follower_seeds(problem))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def test_what_nothing_follows_gives_the_rates_of_words() -> None:
    rng = generator(3)
    table = visits(0, n=0, n_background=int(rng.integers(200, 300)))
    priors = Priors(sparsity=2.0, least_count=1.0)
    problem = prepare_em(table, 8, priors, most_motifs=4, n_threads=1)
    (seed,) = follower_seeds(problem)
    np.testing.assert_allclose(seed.sum(axis=0), problem.word_shares(), rtol=1e-5)


def test_single_events_are_neither_starts_nor_cells() -> None:
    counts = np.array([[[0.9, 3.0], [0.4, 2.0]]])
    np.testing.assert_allclose(normalised(counts, 1.0), [[[0, 2 / 3], [0, 1 / 3]]], rtol=1e-6)
    problem = prepare_em(
        visits(0), LENGTH, Priors(sparsity=2.0, least_count=1.0), most_motifs=2, n_threads=1
    )
    assert problem.thresholds(2).min() == 1


@pytest.mark.statistical
@pytest.mark.parametrize("n_motifs", [None, 2])
def test_motifs_of_events_are_found_among_as_many_others(n_motifs: int | None) -> None:
    table = visits(4)
    fit = Plsm(motif_length=LENGTH, n_motifs=n_motifs).fit(table, seed=0)
    assert len(fit.motifs) == 2
    assert match_motifs(true_motifs(), fit.motifs.probability).cosine.min() > 0.7
    assert fit.spec.least_count == 1
    # 80 occurrences of three and four events, each in one or two bins; no start for each event
    assert len(fit.activations.start) < 160


@pytest.mark.statistical
def test_motifs_that_begin_with_one_word_come_apart_and_those_of_another_pace_do_not() -> None:
    kinds = ("0112", "3413", "3042")
    rng = generator(5)
    rows = [(int(rng.integers(N_TIMES)), int(rng.integers(N_WORDS))) for _ in range(300)]
    for kind in kinds:
        for start in rng.integers(0, N_TIMES - LENGTH, 60).tolist():
            pace = rng.uniform(0.85, 1.15)
            rows += [
                (start + round(lag * pace), int(word))
                for lag, word in zip((0, 3, 8, 14), kind, strict=True)
            ]
    time, word = np.array(rows).T
    table = table_of_rows(time, word, n_times=N_TIMES, n_words=N_WORDS, name="sessions")
    priors = Priors(sparsity=2.0, least_count=1.0)
    found = grow_motifs(table, 20, priors, 0, n_threads=1, on_round=lambda _: None)
    events = np.round(4 * found.motifs.sum(axis=1)).astype(int).tolist()
    assert sorted(events) == sorted(
        np.bincount([int(word) for word in kind], minlength=N_WORDS).tolist() for kind in kinds
    )
