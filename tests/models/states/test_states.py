"""Hidden Markov and semi-Markov models: kernels against enumeration, and what fits find."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix

from motifmine.errors import DataError, SpecError
from motifmine.models.registry import locate_motifs, own_occurrences
from motifmine.models.states.em import climb, expect, find_visits, initial_states, with_ages
from motifmine.models.states.fitting import choose_number
from motifmine.models.states.kernels import most_probable_visits
from motifmine.models.states.model import Hmm, Hsmm
from motifmine.models.states.parameters import Data, States
from motifmine.models.states.spec import StatesSpec
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.workflows.mine import locate, mine
from tests.helpers.tables import table_of_counts
from tests.reference.states import enumerate_paths


def random_states(rng: np.random.Generator, n_states: int, n_ages: int, n_words: int) -> States:
    transition = rng.random((n_states, n_states)) * (1 - np.eye(n_states))
    return States(
        emission="poisson",
        rate=rng.gamma(1.0, 1.0, (n_states, n_words)),
        initial=rng.dirichlet(np.ones(n_states)),
        transition=transition / transition.sum(axis=1, keepdims=True),
        hazard=rng.uniform(0.1, 0.9, (n_states, n_ages)),
    )


def data_of(counts: NDArray[np.int64]) -> Data:
    return Data(
        counts=csr_matrix(counts.astype(np.float64)),
        edges=np.array([0, len(counts)]),
        emission="poisson",
        is_seen=np.ones(len(counts), dtype=np.bool_),
    )


@pytest.mark.parametrize(("n_states", "n_ages", "n_times"), [(2, 1, 6), (2, 3, 6), (3, 4, 5)])
def test_recursions_agree_with_the_enumeration_of_all_paths(
    n_states: int, n_ages: int, n_times: int
) -> None:
    rng = np.random.default_rng(n_ages)
    states = random_states(rng, n_states, n_ages, 3)
    data = data_of(rng.poisson(1.0, (n_times, 3)))
    first_state, transition = (np.exp(term) for term in states.log_terms()[:2])
    likelihood = np.exp(states.log_emission(data.counts))
    plain = enumerate_paths(first_state, transition, states.hazard, likelihood)
    found = expect(states, data)
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-10)
    np.testing.assert_allclose(found.posterior, plain.posterior, atol=1e-10)
    for name in ("left", "stayed", "moved"):
        np.testing.assert_allclose(getattr(found.visits, name), getattr(plain, name), atol=1e-10)
    state, first = most_probable_visits(states.log_emission(data.counts), states.log_terms())
    path = np.repeat(state, np.diff(np.append(first, n_times)))
    assert path.tolist() == [k for k, _ in plain.best]
    firsts = [t for t in range(n_times) if t == 0 or path[t] != path[t - 1]]
    assert first.tolist() == firsts


def test_one_age_and_two_alike_are_the_same_model() -> None:
    rng = np.random.default_rng(3)
    states = random_states(rng, 7, 1, 12)
    # rates far apart: most states are impossible in most bins
    states = replace(states, rate=states.rate * 10.0 ** rng.integers(-6, 3, states.rate.shape))
    data = data_of(rng.poisson(2.0, (400, 12)))
    scaled, in_logs = expect(states, data), expect(with_ages(states, 2), data)
    assert scaled.log_likelihood == pytest.approx(in_logs.log_likelihood, rel=1e-12)
    np.testing.assert_allclose(scaled.posterior, in_logs.posterior, atol=1e-9)
    np.testing.assert_allclose(scaled.visits.moved, in_logs.visits.moved, atol=1e-7)
    np.testing.assert_allclose(scaled.visits.left[:, 0], in_logs.visits.left.sum(axis=1), atol=1e-7)
    np.testing.assert_allclose(
        scaled.visits.stayed[:, 0], in_logs.visits.stayed.sum(axis=1), atol=1e-7
    )


def simulated(
    seed: int, n_times: int = 3000
) -> tuple[ObservationTable, NDArray[np.int64], list[float]]:
    """Return a table of four states of gamma durations, the true path, and the mean durations."""
    rng = np.random.default_rng(seed)
    rate = rng.dirichlet(np.full(10, 0.3), size=4) * 3
    means = [8.0, 15.0, 22.0, 30.0]
    path: list[int] = []
    state = 0
    while len(path) < n_times:
        path += [state] * max(1, round(rng.gamma(10, means[state] / 10)))
        state = (state + int(rng.integers(1, 4))) % 4
    true = np.array(path[:n_times])
    counts = rng.poisson(rate[true])
    table = table_of_counts(counts, bin_s=2.0)
    return table, true, means


def confusion(path: NDArray[np.int64], true: NDArray[np.int64]) -> NDArray[np.int64]:
    found = np.zeros((path.max() + 1, true.max() + 1), dtype=np.int64)
    np.add.at(found, (path, true), 1)
    return found


def test_states_and_their_durations_are_those_of_the_simulation() -> None:
    covered = 0
    for seed in range(3):
        table, true, means = simulated(seed)
        fit = Hsmm(n_states=4).fit(table, seed=0)
        visits = fit.occurrences_in(table)
        assert visits.end_s is not None
        ends = np.round(visits.end_s / table.bin_s).astype(int)
        path = np.repeat(visits.motif, ends - visits.start_bin).astype(np.int64)
        assert visits.start_bin[0] == 0
        assert len(path) == table.n_times
        counted = confusion(path, true)
        own, other = linear_sum_assignment(-counted)
        assert counted[own, other].sum() > 0.95 * len(path)
        saved = fit.model_state
        for state, truth in zip(own, other, strict=True):
            low, high = saved.duration_low_s[state], saved.duration_high_s[state]
            covered += low <= 2 * means[truth] <= high
    # of twelve intervals of 95 % ten cover the truth with probability .98
    assert covered >= 10


def test_held_out_blocks_give_the_number_of_states() -> None:
    number, reason = choose_number(Data.of(simulated(0, n_times=1200)[0]), 0)
    assert number == 4
    assert reason.startswith("4 states by held-out log-likelihood")


def test_em_never_makes_the_data_less_probable_but_for_the_priors() -> None:
    table, _, _ = simulated(3, n_times=600)
    data = Data.of(table)
    rng = np.random.default_rng(0)
    states = with_ages(initial_states(data, rng.gamma(1, 1, (3, 10)), 10.0), 12)
    _, _, values = climb(states, data, most=15)
    assert np.all(np.diff(values) > -1e-3 * abs(values[0]))
    assert values[-1] > values[0]


def test_durations_that_are_not_geometric_are_better_explained_by_ages() -> None:
    table, _, _ = simulated(1)
    fits = [model(n_states=4).fit(table, seed=0) for model in (Hmm, Hsmm)]
    values = [fit.trace.log_likelihood[-1] for fit in fits]
    assert values[1] > values[0] + 50
    assert fits[0].model_state.hazard.shape[1] == 1


def test_measured_levels_are_categorical_and_counts_poisson() -> None:
    rng = np.random.default_rng(0)
    level = rng.integers(3, size=400)
    vocabulary = Vocabulary.of_labels(list("abc"))
    one = table_from_rows(
        time=np.arange(400), word=level, count=np.ones(400), n_times=400, vocabulary=vocabulary
    )
    assert Data.of(one).emission == "categorical"
    assert Data.of(simulated(0)[0]).emission == "poisson"


def test_occurrences_of_a_mined_table_are_visits_and_other_tables_get_theirs() -> None:
    table, _, _ = simulated(0, n_times=800)
    record = mine(table, Hsmm(n_states=4), seed=0)
    assert record.significance is None
    ends = record.occurrences.end_s
    assert ends is not None
    # visits follow one another without a gap, and hold all observations
    np.testing.assert_allclose(ends[:-1], record.occurrences.start_s[1:])
    assert record.occurrences.weight.sum() == pytest.approx(table.total)
    assert np.all(record.occurrences.motif[1:] != record.occurrences.motif[:-1])
    again = locate(record, table)
    np.testing.assert_array_equal(again.occurrences.motif, record.occurrences.motif)
    assert own_occurrences(record, table) is not None
    located = locate_motifs(record, table)
    assert located.activations.mass.sum() == pytest.approx(table.total, rel=1e-5)


def test_other_words_and_more_states_than_bins_are_refused() -> None:
    table, _, _ = simulated(0, n_times=60)
    fit = Hmm(n_states=2).fit(table)
    words = Vocabulary.of_labels([str(w) for w in range(11)])
    with pytest.raises(DataError, match="11 words but the states 10"):
        fit.locate(replace(table, vocabulary=words))
    with pytest.raises(DataError, match="70 states"):
        Hsmm(n_states=70).fit(table)
    with pytest.raises(SpecError, match="n_states is 0"):
        StatesSpec(n_states=0)


def test_documents_are_paths_of_their_own() -> None:
    table, _, _ = simulated(2, n_times=300)
    data = Data.of(table)
    two = replace(data, edges=np.array([0, 150, 300]))
    states = Hsmm(n_states=3).fit(table).model_state.as_states()
    parts = [
        replace(
            data, counts=data.counts[a:b], edges=np.array([0, b - a]), is_seen=data.is_seen[a:b]
        )
        for a, b in ((0, 150), (150, 300))
    ]
    alone = sum(expect(states, part).log_likelihood for part in parts)
    assert expect(states, two).log_likelihood == pytest.approx(alone)
    assert 150 in find_visits(states, two)[1]
