"""PLSA: the kernels against their slow twin, what EM promises, topics that are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from motifmine.errors import DataError, SpecError
from motifmine.models.plsm import em
from motifmine.models.plsm import problem as plsm_problem
from motifmine.models.plsm.spec import Priors
from motifmine.models.topics import plsa
from motifmine.models.topics.plsa import N_FOLD_IN, Plsa, State, infer_shares, run_em_step
from motifmine.models.topics.windows import Windows, cut_windows, make_single_bin_windows
from motifmine.records.table import ObservationTable, join_tables, table_from_rows
from motifmine.records.vocabulary import FlowGrid, Topics, Vocabulary
from motifmine.seeding import generator
from tests.helpers.tables import table_of_counts
from tests.reference import plsa as twin

pytestmark = pytest.mark.kernel

SHAPES = [(1, 1, 1), (1, 6, 2), (7, 1, 3), (9, 12, 1), (20, 15, 4), (6, 30, 17)]


def scattered(
    seed: int, n_times: int, n_words: int, density: float = 0.5, name: str = "a"
) -> ObservationTable:
    """Return a table of random counts; some bins are empty, the first never."""
    rng = generator(seed)
    time, word = np.nonzero(rng.random((n_times, n_words)) < density)
    time, word = np.append(time, 0), np.append(word, 0)
    count = rng.gamma(2.0, size=len(time)) + 0.1
    vocabulary = Vocabulary.of_labels([f"w{w}" for w in range(n_words)])
    return table_from_rows(
        time=time, word=word, count=count, n_times=n_times, vocabulary=vocabulary, bin_s=0.25,
        name=name,
    )  # fmt: skip


def dicts(windows: Windows) -> list[dict[int, float]]:
    edges = windows.offsets
    return [
        {int(windows.word[i]): float(windows.count[i]) for i in range(edges[m], edges[m + 1])}
        for m in range(len(windows))
    ]


def random_state(seed: int, windows: Windows, n_topics: int) -> State:
    rng = generator(seed)
    shares = rng.dirichlet(np.ones(n_topics), size=len(windows))
    loadings = rng.dirichlet(np.ones(windows.n_words), size=n_topics)
    return State(shares.astype(np.float32), np.ascontiguousarray(loadings.T, dtype=np.float32))


@pytest.mark.parametrize("sparsity", [0.0, 0.8])
@pytest.mark.parametrize(("n_times", "n_words", "n_topics"), SHAPES)
def test_an_iteration_equals_its_slow_twin(
    n_times: int, n_words: int, n_topics: int, sparsity: float
) -> None:
    windows = cut_windows(scattered(n_times, n_times, n_words), 1, 1000)
    state = random_state(3, windows, n_topics)
    new, value = run_em_step(windows, state, sparsity=sparsity)
    shares, loadings, expected = twin.em_step(
        dicts(windows),
        state.shares.astype(np.float64),
        state.loadings.T.astype(np.float64),
        sparsity,
    )
    np.testing.assert_allclose(new.shares, shares, rtol=2e-4, atol=1e-6)
    np.testing.assert_allclose(new.loadings.T, loadings, rtol=2e-4, atol=1e-6)
    assert value == pytest.approx(expected, rel=1e-5, abs=1e-4)


def test_fold_in_equals_its_slow_twin() -> None:
    table = scattered(4, 12, 10, density=0.4)
    loadings = generator(1).dirichlet(np.ones(10), size=5).astype(np.float32)
    windows = make_single_bin_windows(table)
    filled = np.diff(windows.offsets) > 0
    found = infer_shares(windows, loadings)
    bins = [window for window in dicts(windows) if window]
    expected = twin.infer_shares(bins, loadings.astype(np.float64), N_FOLD_IN)
    np.testing.assert_allclose(found[filled], expected, rtol=1e-3, atol=1e-5)
    assert not found[~filled].any()


@pytest.mark.parametrize("seed", range(20))
def test_the_likelihood_never_falls(seed: int) -> None:
    windows = cut_windows(scattered(seed, 40, 25, density=0.3), 1, 1000)
    state = random_state(seed, windows, 5)
    values = []
    for _ in range(40):
        state, value = run_em_step(windows, state)
        values.append(value)
    assert (np.diff(values) >= -1e-6 * abs(values[-1])).all()


def test_plsm_with_motifs_of_one_bin_is_plsa() -> None:
    table = scattered(8, 30, 12, density=0.6)
    windows = cut_windows(table, 1, 1000)
    state = random_state(5, windows, 3)
    problem = plsm_problem.prepare_em(
        table, 1, Priors(sparsity=0.0, background=0.0), most_motifs=3, n_threads=1
    )
    totals = np.bincount(table.row_of_observation(), weights=table.count, minlength=table.n_times)
    filled = np.flatnonzero(totals)
    starts = np.zeros((table.n_times, 3), np.float32)
    starts[filled] = state.shares * totals[filled, None]
    motifs = np.ascontiguousarray(state.loadings.T[:, None, :])
    plsm = plsm_problem.State(motifs, starts, np.full(12, 1 / 12), np.zeros(1))
    threshold = np.zeros(problem.layout.n_rows, np.float32)
    for _ in range(15):
        state, value = run_em_step(windows, state)
        plsm, other = em.step(problem, plsm, threshold)
    np.testing.assert_allclose(plsm.motifs[:, 0], state.loadings.T, rtol=2e-3, atol=1e-5)
    where = np.where(totals[filled] > 0, totals[filled], 1)
    # p(w,t|d) = p(w|t) p(t|d), where p(t|d) is the bin's part of the document
    assert other == pytest.approx(
        value + float(np.sum(where * np.log(where / where.sum()))), rel=1e-5
    )


def spots(n_times: int = 600, seed: int = 0) -> tuple[ObservationTable, NDArray[np.int64]]:
    """Return a table in which five groups of six words come and go together, and the groups."""
    rng = generator(seed)
    group = np.repeat(np.arange(5), 6)
    active = rng.random((n_times, 5)) < 0.3
    counts = rng.poisson(4.0 * active[:, group] + 0.02)
    table = table_of_counts(counts, bin_s=0.5)
    return table, group


@pytest.mark.parametrize("seed", range(5))
def test_words_that_go_together_become_one_topic(seed: int) -> None:
    table, group = spots(seed=seed)
    fit = Plsa(n_topics=5, window_bins=1).fit(table, seed=seed)
    held = np.array([[topic[group == g].sum() for g in range(5)] for topic in fit.loadings])
    assert sorted(held.argmax(axis=1)) == [0, 1, 2, 3, 4]
    assert held.max(axis=1).min() > 0.95


def test_loadings_and_weights_sum_to_one() -> None:
    fit = Plsa(n_topics=4).fit(spots()[0], seed=1)
    np.testing.assert_allclose(fit.loadings.sum(axis=1), 1, atol=1e-6)
    assert fit.weight.sum() == pytest.approx(1, abs=1e-5)
    assert (np.diff(fit.weight) <= 0).all()


def test_projection_keeps_what_was_observed_in_every_bin() -> None:
    table = spots()[0]
    topics = Plsa(n_topics=5).fit(table, seed=0).project(table)
    for bins in (table, topics):
        assert bins.n_times == 600
    rows = [
        np.bincount(t.row_of_observation(), weights=t.count, minlength=t.n_times)
        for t in (table, topics)
    ]
    np.testing.assert_allclose(rows[0], rows[1], rtol=1e-5)
    assert isinstance(topics.vocabulary.layout, Topics)
    assert topics.recordings == table.recordings


def test_words_that_no_topic_holds_are_dropped() -> None:
    table, _ = spots()
    seen = table.with_counts(np.where(table.word < 24, table.count, np.float32(0)))
    topics = Plsa(n_topics=4).fit(seen, seed=0).project(table)
    assert topics.total == pytest.approx(seen.total, rel=1e-5)


def test_any_number_of_threads_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plsa, "CHUNK_WORK", 500.0)
    table = spots()[0]
    fits = [Plsa(n_topics=5, iterations=8).fit(table, seed=2, n_threads=n) for n in (1, 2)]
    assert fits[0].loadings.tobytes() == fits[1].loadings.tobytes()


def test_the_same_seed_gives_the_same_bytes() -> None:
    table = spots()[0]
    fits = [Plsa(n_topics=5, iterations=5).fit(table, seed=7) for _ in range(2)]
    assert fits[0].loadings.tobytes() == fits[1].loadings.tobytes()


def test_topics_of_moving_spots_are_one_place_and_direction() -> None:
    grid = FlowGrid(
        rows=4, columns=10, directions=8, cell_px=8, frame_width=80, frame_height=32
    )  # fmt: skip
    rng = generator(3)
    times: list[int] = []
    words: list[int] = []
    for _ in range(100):
        row, way = [(1, 0), (2, 4)][rng.integers(2)]
        start = int(rng.integers(0, 1480))
        for i in range(10):
            column = i if way == 0 else 9 - i
            times += [start + 2 * i] * 3
            words += [(row * 10 + column) * 8 + way] * 3
    table = table_from_rows(
        time=np.array(times),
        word=np.array(words),
        count=np.ones(len(times)),
        n_times=1500,
        vocabulary=Vocabulary.of_grid(grid),
        bin_s=0.25,
    )
    loadings = Plsa(n_topics=10).fit(table, seed=0).loadings
    ways = np.arange(grid.n_words) % 8
    of_one_way = np.array([[topic[ways == d].sum() for d in (0, 4)] for topic in loadings]).max(1)
    columns = grid.cells()[1]
    spread = [np.sqrt(t @ columns**2 - (t @ columns) ** 2) for t in loadings.astype(np.float64)]
    assert of_one_way.min() > 0.9
    assert max(spread) < 1.5


def test_windows_end_at_the_edges_of_documents() -> None:
    parts = [scattered(s, 5, 4, density=1.0, name=f"d{s}") for s in (1, 2)]
    windows = cut_windows(join_tables(parts), 3, 1000)
    totals = np.add.reduceat(windows.count, windows.offsets[:-1])
    expected = [part.dense()[:, a:b].sum() for part in parts for a, b in ((0, 3), (3, 5))]
    np.testing.assert_allclose(totals, expected, rtol=1e-5)


def test_of_too_many_windows_evenly_spread_ones_are_taken() -> None:
    table = scattered(1, 100, 5, density=1.0)
    windows = cut_windows(table, 1, 10)
    expected = [table.dense()[:, t].sum() for t in range(0, 100, 10)]
    totals = np.add.reduceat(windows.count, windows.offsets[:-1])
    np.testing.assert_allclose(totals, expected, rtol=1e-5)


def test_more_topics_than_words_are_refused_with_the_numbers() -> None:
    with pytest.raises(DataError, match="40 topics are too many for 100 windows with 5 words"):
        Plsa(window_bins=1).fit(scattered(1, 100, 5, density=1.0))


@pytest.mark.parametrize(
    "wrong", [{"n_topics": 0}, {"iterations": 0}, {"window_bins": 0}, {"sparsity": -1.0}]
)
def test_a_specification_out_of_range_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SpecError, match=next(iter(wrong))):
        Plsa(**wrong)
