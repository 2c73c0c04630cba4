"""Motifs merged, or taken out of others that contain them."""

import numpy as np

from motifmine.analysis.matching import match_motifs
from motifmine.models.plsm import containment
from motifmine.models.plsm.em import infer_starts
from motifmine.models.plsm.occurrence_windows import find_peaks
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.spec import Priors
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.types import Floats32
from tests.helpers.tables import table_of_counts

LENGTH, N_WORDS = 8, 24


def draw_motifs(rng: np.random.Generator) -> Floats32:
    """Return a hi-hat, a kick and a snare, each of its own words."""
    motifs = np.zeros((3, LENGTH, N_WORDS), np.float32)
    for motif, words in zip(motifs, np.split(np.arange(N_WORDS), 3), strict=True):
        motif[:, words] = rng.dirichlet(np.full(LENGTH * len(words), 0.5)).reshape(LENGTH, -1)
    return motifs


def draw_table(motifs: Floats32, rng: np.random.Generator) -> ObservationTable:
    """Return a table in which the hi-hat sounds alone, with each kick, and with each snare."""
    counts = rng.poisson(0.02, (700, N_WORDS))
    for number, first in enumerate(range(10, 680, 18)):
        together = [0] if number % 2 else [0, 1 + number // 2 % 2]
        counts[first : first + LENGTH] += rng.poisson(60 * motifs[together].sum(axis=0))
    return table_of_counts(counts)


def inferred(table: ObservationTable, motifs: Floats32) -> tuple[Problem, State]:
    problem = prepare_em(table, LENGTH, Priors(sparsity=2.0), most_motifs=4, n_threads=1)
    flat = flat_start(problem, motifs, problem.word_shares())
    return problem, infer_starts(problem, flat, n_iterations=12, n_ramp=4)


def test_what_always_sounds_with_a_hihat_is_taken_apart() -> None:
    rng = generator(5)
    true = draw_motifs(rng)
    table = draw_table(true, rng)
    both = np.stack([true[0], (true[0] + true[1]) / 2, (true[0] + true[2]) / 2])
    problem, state = inferred(table, both)
    apart = containment.shorten_description(problem, state, LENGTH)
    assert match_motifs(true, state.motifs).cosine.min() < 0.75
    assert match_motifs(true, apart.motifs).cosine.min() > 0.85
    n_hihats = [len(find_peaks(problem, some.starts[:, 0]).row) for some in (state, apart)]
    # 38 sound, every second one with a drum
    assert n_hihats[0] == 19
    assert n_hihats[1] >= 35


def test_motifs_with_some_words_in_common_are_left_alone() -> None:
    rng = generator(6)
    true = draw_motifs(rng)
    # each has half of the first one: none contains another
    alike = np.stack([(true[1] + true[0]) / 2, (true[2] + true[0]) / 2])
    problem, state = inferred(draw_table(true, rng), alike)
    assert containment.shorten_description(problem, state, LENGTH) is state


def test_two_motifs_of_one_pattern_are_merged_where_that_shortens_the_description() -> None:
    rng = generator(8)
    true = draw_motifs(rng)
    # the kick once more, as one occurrence looks: by the likelihood alone both would stay
    once = rng.poisson(60 * true[1:2]).astype(np.float32)
    twice = np.concatenate([true, (once + 0.01) / (once + 0.01).sum()])
    problem, state = inferred(draw_table(true, rng), twice)
    merged = containment.shorten_description(problem, state, LENGTH)
    assert merged.n_motifs == 3
    assert match_motifs(true, merged.motifs).cosine.min() > 0.85


def test_a_part_is_found_at_its_lag_only_where_it_is_as_strong_as_alone() -> None:
    rng = generator(7)
    hat, kick, _ = draw_motifs(rng)
    hat[-2:] = 0
    hat /= hat.sum()
    late = containment.moved(hat, 2)
    np.testing.assert_array_equal(containment.moved(late, -2), hat)
    _, state = inferred(draw_table(np.stack([hat, kick, kick]), rng), np.stack([hat, hat]))
    state = state._replace(motifs=np.stack([(late + kick) / 2, hat]))
    share, shift = containment.contained_shares(state, np.array([100.0, 50.0]))
    np.testing.assert_allclose(share, np.array([[0.0, 0.5], [0.0, 0.0]]), atol=0.01)
    assert shift[0, 1] == 2
    assert not containment.contained_shares(state, np.array([100.0, 90.0]))[0].any()
