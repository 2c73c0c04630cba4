"""PLSM as a whole: its likelihood, relations that must hold, edges, and what it refuses."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motifmine.errors import DataError, SpecError
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.plsm.em import iterate, step
from motifmine.models.plsm.model import Plsm, fold_in
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em
from motifmine.models.plsm.spec import Priors
from motifmine.records.start_layout import start_layout
from motifmine.records.table import (
    ObservationTable,
    bin_starts,
    join_tables,
    table_from_rows,
)
from motifmine.seeding import generator
from motifmine.simulation import Simulation, simulate
from tests.helpers.paths import ROOT
from tests.helpers.tables import table_of_rows

PLAIN = {"activity": "dense", "sparsity": 0.0, "background": 0.0, "drop_surplus": False}


def plain(**changes: object) -> Plsm:
    return Plsm(**{**PLAIN, "restarts": 1, "iterations": 60, **changes})  # type: ignore[arg-type]


def posed(table: ObservationTable, length: int, sparsity: float = 0.0) -> Problem:
    priors = Priors(sparsity=sparsity, background=0.0)
    return prepare_em(table, length, priors, most_motifs=4, n_threads=1)


def random_state(problem: Problem, n_motifs: int, seed: int) -> State:
    shape = (n_motifs, problem.layout.motif_length, problem.n_words)
    motifs = generator(seed).gamma(5.0, size=shape).astype(np.float32)
    motifs /= motifs.sum(axis=(1, 2), keepdims=True)
    return flat_start(problem, motifs, problem.word_shares())


@pytest.mark.parametrize("seed", range(20))
def test_the_log_likelihood_never_falls_without_sparsity(seed: int) -> None:
    truth = simulate(n_motifs=2, motif_length=5, n_words=9, n_times=120, n_documents=2, seed=seed)
    problem = posed(truth.table, 6)
    state = random_state(problem, 3, seed)
    none = problem.thresholds(3)
    last = -np.inf
    for _ in range(60):
        state, value = step(problem, state, none)
        assert value >= last - 1e-6 * abs(value)
        last = value


def test_the_masses_add_up_to_the_observations(small: Simulation) -> None:
    fit = Plsm(n_motifs=3, motif_length=8).fit(small.table)
    explained = fit.activations.mass.sum() / (1 - fit.background.weight)
    assert explained == pytest.approx(small.table.total, rel=1e-4)
    np.testing.assert_allclose(fit.motifs.probability.sum(axis=(1, 2)), 1, rtol=1e-4)
    assert fit.motifs.weight.sum() + fit.background.weight == pytest.approx(1, rel=1e-4)
    assert np.all(np.diff(fit.motifs.weight) <= 0)


def test_with_motifs_of_one_bin_it_is_plsa(small: Simulation) -> None:
    """L = 1: p(w|t) = sum_z p(z|t) p(w|z), checked against PLSA's own EM on the dense counts."""
    table = small.table.document(0)
    problem = posed(table, 1)
    state = random_state(problem, 3, 1)
    topics = state.motifs[:, 0].astype(np.float64)
    mixture = state.starts.T.astype(np.float64)
    counts = table.dense()
    for _ in range(15):
        state, _ = iterate(problem, state, 1)
        rate = topics.T @ mixture
        ratio = np.divide(counts, rate, out=np.zeros_like(counts), where=rate > 0)
        topics, mixture = topics * (mixture @ ratio.T), mixture * (topics @ ratio)
        topics /= topics.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(state.motifs[:, 0], topics, rtol=2e-3, atol=1e-5)
    np.testing.assert_allclose(state.starts.T, mixture, rtol=2e-3, atol=1e-3)


def test_permuting_words_permutes_motifs(small: Simulation) -> None:
    order = generator(3).permutation(small.table.n_words)
    rows = small.table.row_of_observation()
    permuted = replace(
        table_from_rows(
            time=rows,
            word=order[small.table.word],
            count=small.table.count,
            n_times=small.table.n_times,
            vocabulary=small.table.vocabulary,
        ),
        recordings=small.table.recordings,
    )
    ours, theirs = posed(small.table, 8), posed(permuted, 8)
    state = random_state(ours, 3, 2)
    moved = state.motifs.copy()
    moved[:, :, order] = state.motifs
    one, _ = iterate(ours, state, 10)
    two, _ = iterate(theirs, state._replace(motifs=moved), 10)
    np.testing.assert_allclose(two.motifs[:, :, order], one.motifs, rtol=2e-3, atol=1e-6)


def test_doubling_all_counts_leaves_motifs_unchanged(small: Simulation) -> None:
    ours = posed(small.table, 8)
    twice = posed(small.table.with_counts(small.table.count * 2), 8)
    state = random_state(ours, 3, 2)
    one, _ = iterate(ours, state, 10)
    two, _ = iterate(twice, state._replace(starts=state.starts * 2), 10)
    np.testing.assert_allclose(two.motifs, one.motifs, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(two.starts, 2 * one.starts, rtol=1e-3, atol=1e-4)


def test_documents_by_themselves_and_together_give_the_same_expectations(
    small: Simulation,
) -> None:
    together = posed(small.table, 8)
    state = random_state(together, 3, 2)
    after, value = iterate(together, state, 1, learn_motifs=False)
    alone = 0.0
    edges = start_layout(small.table, 8).document_rows
    for d in range(2):
        problem = posed(small.table.document(d), 8)
        part = state._replace(
            starts=np.ascontiguousarray(state.starts[edges[d] : edges[d + 1]]),
            background_mass=state.background_mass[d : d + 1],
        )
        found, value_alone = iterate(problem, part, 1, learn_motifs=False)
        alone += value_alone
        np.testing.assert_allclose(
            found.starts, after.starts[edges[d] : edges[d + 1]], rtol=1e-4, atol=1e-5
        )
    assert alone == pytest.approx(value, rel=1e-6)


def test_bins_put_before_a_document_move_its_occurrences(small: Simulation) -> None:
    table = small.table.document(0)
    n_before = 13
    later = replace(
        table,
        offsets=np.concatenate([np.zeros(n_before, np.int64), table.offsets]),
        recordings=(
            replace(table.recordings[0], bin_start_s=bin_starts(table.n_times + n_before, 1.0)),
        ),
    )
    fit = Plsm(n_motifs=3, motif_length=8).fit(small.table)
    here, there = fit.transform(table), fit.transform(later)
    strong = here.mass > 3
    assert strong.sum() > 20
    found = set(
        zip(there.start[there.mass > 1].tolist(), there.motif[there.mass > 1].tolist(), strict=True)
    )
    moved = zip((here.start[strong] + n_before).tolist(), here.motif[strong].tolist(), strict=True)
    assert set(moved) <= found


def test_transform_of_the_training_table_gives_the_fitted_activations(small: Simulation) -> None:
    fit = Plsm(n_motifs=3, motif_length=8).fit(small.table)
    again = fit.transform(small.table)
    shape = {"n_motifs": 3, "n_times": 400, "motif_length": 8}
    ours, theirs = fit.activations.dense(0, **shape), again.dense(0, **shape)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99


def test_fold_in_is_concave_two_beginnings_agree(small: Simulation) -> None:
    fit = plain(n_motifs=3, motif_length=8).fit(small.table)
    problem = posed(small.table, 8)
    values = []
    for seed in (1, 2):
        state = flat_start(problem, fit.motifs.probability, problem.word_shares())
        noise = generator(seed).gamma(0.5, size=state.starts.shape).astype(np.float32)
        state = state._replace(starts=state.starts * noise)
        values.append(iterate(problem, state, 3000, learn_motifs=False)[1])
    assert values[0] == pytest.approx(values[1], rel=2e-4)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_the_same_bytes_at_any_number_of_threads(n_threads: int, monkeypatch: object) -> None:
    truth = simulate(n_motifs=3, n_words=30, n_times=4000, n_documents=2, seed=1)
    from motifmine.models.plsm import em

    monkeypatch.setattr(em, "WORTH_THREADS", 0)  # type: ignore[attr-defined]
    spec = Plsm(n_motifs=3, motif_length=10, rounds=1, restarts=1, iterations=10)
    one, many = (spec.fit(truth.table, n_threads=n) for n in (1, n_threads))
    assert one.motifs.probability.tobytes() == many.motifs.probability.tobytes()
    assert one.activations.mass.tobytes() == many.activations.mass.tobytes()


ONE_FIT = """
import hashlib
from motifmine.models.plsm.model import Plsm
from motifmine.simulation import simulate
truth = simulate(n_motifs=4, motif_length=8, n_words=30, n_times=700, n_documents=2, seed=0)
fit = Plsm(n_motifs=6, motif_length=10, restarts=2).fit(truth.table, seed=0)
print(hashlib.sha256(fit.motifs.probability.tobytes()).hexdigest())
"""


@pytest.mark.long
@pytest.mark.release
def test_the_same_bytes_whether_kernels_were_compiled_or_loaded(tmp_path: Path) -> None:
    there = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", ONE_FIT]
    compiled, loaded = (subprocess.check_output(line, env=there, text=True) for _ in range(2))
    assert compiled == loaded


@pytest.mark.statistical
@pytest.mark.parametrize("seed", range(2))
def test_well_separated_motifs_and_their_occurrences_are_recovered(seed: int) -> None:
    from motifmine.workflows.mine import mine

    truth = simulate(n_motifs=4, motif_length=10, n_words=60, n_times=2000, noise=0.2, seed=seed)
    record = mine(truth.table, Plsm(n_motifs=4, motif_length=10))
    cosine, shift = max_shifted_cosine(truth.motifs.probability, record.motifs.probability)
    best = cosine.argmax(axis=1)
    assert sorted(best.tolist()) == [0, 1, 2, 3]
    assert cosine.max(axis=1).min() > 0.97
    found = set(
        zip(record.occurrences.start_bin.tolist(), record.occurrences.motif.tolist(), strict=True)
    )
    hits = 0
    heavy = truth.occurrences.weight >= 10
    for start, motif in zip(
        truth.occurrences.start_bin[heavy], truth.occurrences.motif[heavy], strict=True
    ):
        k = int(best[motif])
        at = int(start) - int(shift[motif, k]) * -1
        hits += any((at + by, k) in found for by in (-1, 0, 1))
    assert hits >= 0.95 * heavy.sum()


@pytest.mark.statistical
def test_pure_noise_gives_few_occurrences() -> None:
    from motifmine.workflows.mine import mine

    rng = generator(4)
    table = table_of_rows(
        rng.integers(0, 2000, 8000), rng.integers(0, 40, 8000), n_times=2000, n_words=40
    )
    record = mine(table, Plsm(n_motifs=4, motif_length=10))
    assert record.background.weight > 0.8
    json.dumps(record.provenance.spec.plain(), allow_nan=False)
    assert len(record.occurrences) < 20


@pytest.mark.statistical
def test_surplus_motifs_are_pruned() -> None:
    truth = simulate(n_motifs=3, motif_length=8, n_words=60, n_times=2000, seed=3)
    assert len(Plsm(n_motifs=7, motif_length=8).fit(truth.table).motifs) <= 4


def test_held_out_documents_are_predicted_better_than_by_random_motifs(small: Simulation) -> None:
    train, test = small.table.document(0), small.table.document(1)
    fit = Plsm(n_motifs=3, motif_length=8).fit(train)
    noise = plain(n_motifs=3, motif_length=8, iterations=1, background=0.01)
    assert fit.score(test) > noise.fit(train).score(test)
    assert fit.perplexity(test) == pytest.approx(np.exp(-fit.score(test)))


def table_of(time: list[int], word: list[int], n_times: int, n_words: int) -> ObservationTable:
    return table_of_rows(np.array(time), np.array(word), n_times=n_times, n_words=n_words)


@pytest.mark.parametrize("activity", ["auto", "sparse", "dense"])
@pytest.mark.parametrize(
    "table",
    [
        table_of([3], [0], 10, 1),
        table_of([3, 5, 7], [0, 0, 0], 10, 1),
        table_of(list(range(10)), list(range(10)), 10, 10),
        join_tables([table_of([3, 4], [0, 1], 10, 2), table_of([], [], 8, 2)]),
        join_tables([table_of([], [], 0, 2), table_of([1, 2], [0, 1], 6, 2)]),
    ],
    ids=["one observation", "one word", "all equal", "an empty document", "a document of no bins"],
)
@pytest.mark.filterwarnings("error")
def test_tiny_tables_give_finite_results(table: ObservationTable, activity: str) -> None:
    fit = Plsm(n_motifs=1, motif_length=4, activity=activity).fit(table)  # type: ignore[arg-type]
    assert np.all(np.isfinite(fit.motifs.probability))
    assert np.isfinite(fit.score(table))


def test_an_empty_table_is_refused(small: Simulation) -> None:
    with pytest.raises(DataError, match="no observations"):
        Plsm(n_motifs=1, motif_length=2).fit(table_of([], [], 10, 3))


def test_motifs_are_not_located_in_a_larger_vocabulary(small: Simulation) -> None:
    fit = plain(n_motifs=2, motif_length=4).fit(small.table)
    with pytest.raises(DataError, match="not made with the vocabulary"):
        fold_in(fit.spec.priors, fit.motifs, fit.background, table_of([1], [30], 10, 31))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_motifs", 0),
        ("motif_length", -1),
        ("iterations", 0),
        ("restarts", 0),
        ("rounds", 0),
        ("sparsity", -0.1),
        ("sparsity", float("nan")),
        ("background", 1.0),
        ("background", "much"),
        ("activity", "lively"),
        ("start", "anywhere"),
        ("tolerance", -1e-3),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(field: str, value: object) -> None:
    with pytest.raises(SpecError, match=f"{field} is"):
        Plsm(**{field: value})  # type: ignore[arg-type]
