"""Fits of the auto-encoder: recovery, repetition, edges, interruption, refusals."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from motifmine.analysis.matching import match_motifs
from motifmine.analysis.occurrences import find_occurrences
from motifmine.errors import DataError, FitError, MotifmineWarning, SpecError
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.networks import NetworkFit
from motifmine.models.protocol import FitContext
from motifmine.models.tcae import fitting as tcae_fitting
from motifmine.models.tcae.model import Tcae
from motifmine.models.tcae.objective import Objective
from motifmine.progress import Progress
from motifmine.records.table import ObservationTable, join_tables, table_from_rows
from motifmine.simulation import Simulation, simulate
from motifmine.types import Indices
from tests.helpers.tables import table_of_rows

pytestmark = pytest.mark.usefixtures("one_thread")

SPEC = Tcae(n_motifs=8, motif_length=8, epochs=8, device="cpu")
SHORT = replace(SPEC, epochs=7, n_motifs=4)


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate(n_motifs=3, motif_length=8, n_words=24, n_times=1500, n_documents=2, seed=5)


@pytest.fixture(scope="module")
def fit(truth: Simulation) -> NetworkFit:
    return SPEC.fit(truth.table, seed=0)


def same(one: NetworkFit, other: NetworkFit) -> bool:
    return (
        np.array_equal(one.motifs.probability, other.motifs.probability)
        and np.array_equal(one.activations.mass, other.activations.mass)
        and np.array_equal(one.model_state.filters, other.model_state.filters)
        and np.array_equal(one.trace.log_likelihood, other.trace.log_likelihood)
    )


def test_surplus_filters_die_and_motifs_are_found(truth: Simulation, fit: NetworkFit) -> None:
    assert len(fit.motifs) == 3
    match = match_motifs(truth.motifs.probability, fit.motifs.probability)
    assert match.cosine.min() > 0.95


def test_records_keep_their_promises(truth: Simulation, fit: NetworkFit) -> None:
    assert fit.motifs.probability.sum(axis=(1, 2)) == pytest.approx(np.ones(3), abs=1e-5)
    assert fit.motifs.probability.min() >= 0
    assert np.all(np.diff(fit.motifs.weight) <= 0)
    assert fit.motifs.weight.sum() + fit.background.weight == pytest.approx(1, abs=0.01)
    assert fit.background.weight == pytest.approx(0.1, abs=0.06)
    mass = fit.activations.mass.sum() / truth.table.total
    assert mass == pytest.approx(fit.motifs.weight.sum(), abs=1e-3)
    assert fit.trace.log_likelihood[-1] > fit.trace.log_likelihood[0]


def test_occurrences_are_where_they_were_drawn(truth: Simulation, fit: NetworkFit) -> None:
    found = find_occurrences(truth.table, fit.motifs, fit.background, fit.activations)
    match = match_motifs(truth.motifs.probability, fit.motifs.probability)
    hits = 0
    drawn = truth.occurrences
    for document, start, motif, weight in zip(
        drawn.document, drawn.start_bin, drawn.motif, drawn.weight, strict=True
    ):
        pair = int(np.flatnonzero(match.reference == motif)[0])
        at = start + match.shift[pair]
        here = (found.document == document) & (found.motif == match.found[pair])
        near = here & (np.abs(found.start_bin - at) <= 1) & (found.weight > 0.2 * weight)
        hits += bool(near.any())
    assert hits / len(drawn) > 0.93


def test_same_seed_same_bytes_and_torchs_own_stream_is_left_alone(truth: Simulation) -> None:
    before = torch.random.get_rng_state()
    assert same(SHORT.fit(truth.table, seed=3), SHORT.fit(truth.table, seed=3))
    assert torch.equal(before, torch.random.get_rng_state())


def test_number_of_threads_changes_no_byte_and_is_left_as_it_was(truth: Simulation) -> None:
    fits = []
    for n in (1, 2):
        torch.set_num_threads(n)
        fits.append(replace(SHORT, epochs=3).fit(truth.table.document(0), seed=3))
        assert torch.get_num_threads() == n
    torch.set_num_threads(1)
    assert same(*fits)


def test_transform_of_the_training_table_gives_its_activations(
    truth: Simulation, fit: NetworkFit
) -> None:
    again = fit.transform(truth.table)
    assert again.mass.sum() == pytest.approx(fit.activations.mass.sum(), rel=0.01)
    dense = [a.dense(0, n_motifs=3, n_times=1500, motif_length=8) for a in (again, fit.activations)]
    assert np.abs(dense[0] - dense[1]).sum() < 0.02 * dense[1].sum()


def test_a_shifted_document_has_shifted_activations(truth: Simulation, fit: NetworkFit) -> None:
    one = truth.table.document(0)
    lead = table_from_rows(
        time=np.concatenate([one.row_of_observation() + 13]),
        word=one.word,
        count=one.count,
        n_times=1513,
        vocabulary=one.vocabulary,
    )
    ours, theirs = fit.transform(lead), fit.transform(one)
    big = theirs.mass > 1
    assert set(zip(theirs.start[big] + 13, theirs.motif[big], strict=True)) <= set(
        zip(ours.start, ours.motif, strict=True)
    )


def test_a_motif_that_crosses_either_edge_is_found(fit: NetworkFit) -> None:
    motif = fit.motifs.probability[0]
    start_of = []
    for first in (-3, 20 - 5):
        r, word = np.nonzero(motif > 0.01)
        time, count = r + first, np.ceil(200 * motif[r, word])
        inside = (time >= 0) & (time < 20)
        table = table_of_rows(
            time[inside], word[inside], n_times=20, n_words=24, count=count[inside]
        )
        found = fit.transform(table)
        start_of.append((int(found.start[found.mass.argmax()]), found.motif[found.mass.argmax()]))
    assert start_of == [(-3, 0), (15, 0)]


def test_documents_without_observations_are_allowed(truth: Simulation, fit: NetworkFit) -> None:
    one = truth.table.document(0)
    empty = one.with_counts(np.zeros_like(one.count))
    both = fit.transform(join_tables([empty, one]))
    assert both.offsets[1] == 0
    assert both.offsets[2] > 0
    assert np.isfinite(fit.score(join_tables([empty, one])))


def nested(seed: int) -> tuple[ObservationTable, np.ndarray, Indices]:
    """A, B, and C which is A with B five bins later; the truth of A and B, and C's starts."""
    rng = np.random.default_rng(seed)
    n_words, length, n_times = 30, 15, 3000
    motifs, path = np.zeros((3, length, n_words)), rng.permutation(n_words)
    for r in range(8):
        for k in range(2):
            motifs[k, r, path[10 * k + r]] += 0.6
            motifs[k, r, path[10 * k + r + 1]] += 0.4
    motifs[2, :8] += motifs[0, :8]
    motifs[2, 5:13] += motifs[1, :8]
    rows, starts = [], np.zeros(0, np.int64)
    for k in range(3):
        starts = rng.choice(n_times - length, size=60, replace=False)
        for start in starts:
            size = rng.poisson(80 if k == 2 else 40)
            cell = rng.choice(length * n_words, size=size, p=(motifs[k] / motifs[k].sum()).ravel())
            rows.append(np.stack([start + cell // n_words, cell % n_words], axis=1))
    noise = rng.integers([n_times, n_words], size=(1500, 2))
    time, word = np.concatenate([*rows, noise]).T
    table = table_of_rows(time, word, n_times=n_times, n_words=n_words)
    return table, motifs[:2].astype(np.float32), np.sort(starts)


@pytest.mark.long
@pytest.mark.statistical
def test_nested_motifs_are_taken_apart() -> None:
    table, parts, unions = nested(0)
    found = Tcae(motif_length=15, device="cpu", epochs=15).fit(table, seed=0)
    cosine, shift = max_shifted_cosine(parts, found.motifs.probability)
    which = cosine.argmax(axis=1)
    assert cosine.max(axis=1).min() > 0.95
    assert which[0] != which[1]
    dense = found.activations.dense(
        0, n_motifs=len(found.motifs), n_times=table.n_times, motif_length=15
    )
    explained = 0
    for start in unions:
        masses = []
        for part, by in ((0, 0), (1, 5)):
            at = start + by + shift[part, which[part]] + 14
            masses.append(dense[which[part], max(0, at - 1) : at + 2].sum())
        explained += min(masses) > 10
    assert explained / len(unions) > 0.9
    assert found.motifs.weight[which].sum() > 0.7


@pytest.mark.long
@pytest.mark.statistical
def test_each_part_of_the_recipe_prunes() -> None:
    """Plain ReLU is redundant, the whole recipe is not (docs/tcae-ablation.md)."""
    table = simulate(n_motifs=3, motif_length=8, n_words=24, n_times=3000, noise=0.2, seed=2).table
    spec = Tcae(n_motifs=8, motif_length=10, epochs=12, device="cpu")
    whole = spec.fit(table, seed=0)
    relu = replace(spec, energy_share=1.0, inhibition=0.0, group_lasso=0.0)
    plain = replace(relu, learning_rate=0.002).fit(table, seed=0)
    assert 3 <= len(whole.motifs) <= 4 < len(plain.motifs)


@pytest.mark.long
def test_resumed_run_equals_an_uninterrupted_one(truth: Simulation, tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"

    def die(progress: Progress) -> None:
        if progress.done == 6:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        SHORT.fit(truth.table, context=FitContext(checkpoint=path), seed=1, on_progress=die)
    assert torch.load(path, weights_only=True)["best_epoch"] >= 0
    resumed = SHORT.fit(truth.table, context=FitContext(checkpoint=path), seed=1)
    assert same(resumed, SHORT.fit(truth.table, seed=1))
    with pytest.raises(DataError, match="another specification, seed or table"):
        SHORT.fit(truth.table, context=FitContext(checkpoint=path), seed=2)
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a checkpoint"):
        SHORT.fit(truth.table, context=FitContext(checkpoint=path), seed=1)


def test_ctrl_c_keeps_the_best_so_far(truth: Simulation) -> None:
    with pytest.warns(MotifmineWarning, match="Ctrl-C"):
        stopped = SHORT.fit(truth.table, seed=1, on_progress=press_at(4))
    assert stopped.notes["interrupted"]
    assert len(stopped.trace.iteration) == 4 + 1
    with pytest.raises(KeyboardInterrupt):
        _interrupted_at_once(truth.table)


def press_at(epoch: int) -> Callable[[Progress], None]:
    def press(progress: Progress) -> None:
        if progress.done == epoch:
            raise KeyboardInterrupt

    return press


def _interrupted_at_once(table: ObservationTable) -> None:
    with pytest.MonkeyPatch.context() as patch:

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Objective, "loss", interrupt)
        SHORT.fit(table, seed=1)


def test_nan_loss_stops_with_the_epoch_and_what_to_try(truth: Simulation) -> None:
    with pytest.raises(FitError, match=r"at epoch \d+; try a learning_rate below 1e\+20"):
        replace(SHORT, learning_rate=1e20).fit(truth.table, seed=0)


def test_too_strong_a_group_lasso_is_an_error(truth: Simulation) -> None:
    with pytest.raises(FitError, match="try a group_lasso below 1000"):
        replace(SHORT, group_lasso=1000.0).fit(truth.table, seed=0)


def test_a_run_too_large_for_the_memory_is_refused_with_sizes(truth: Simulation) -> None:
    with pytest.raises(DataError, match=r"needs about \d+\.\d GiB but cpu has .* GiB free"):
        replace(SHORT, batch_windows=10**9).fit(truth.table, seed=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_motifs", 0),
        ("motif_length", 0),
        ("energy_share", 0.0),
        ("open_share", 1.1),
        ("touch_up", -1),
        ("group_lasso", -1.0),
        ("learning_rate", float("nan")),
        ("device", "tpu"),
        ("dtype", "float16"),
    ],
)
def test_specification_is_checked(name: str, value: object) -> None:
    with pytest.raises(SpecError, match=name):
        Tcae(**{name: value})  # type: ignore[arg-type]


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused(truth: Simulation) -> None:
    with pytest.raises(SpecError, match="has 0 cuda devices"):
        replace(SHORT, device="cuda:1").fit(truth.table, seed=0)
    with pytest.raises(SpecError, match="mixed needs a CUDA device"):
        replace(SHORT, dtype="mixed").fit(truth.table, seed=0)


@pytest.mark.long
def test_numbers_of_64_bits_find_the_motifs_too(truth: Simulation) -> None:
    found = replace(SPEC, dtype="float64").fit(truth.table, seed=0)
    match = match_motifs(truth.motifs.probability, found.motifs.probability)
    assert match.cosine.min() > 0.9


def test_the_network_learns_a_single_batch_by_heart() -> None:
    table = simulate(n_motifs=2, motif_length=6, n_words=16, n_times=120, noise=0.0, seed=1).table
    spec = Tcae(n_motifs=30, motif_length=12, group_lasso=0.0, inhibition=0.0, energy_share=1.0)
    rng = tcae_fitting.make_torch_generator(0)
    objective = tcae_fitting.build_objective(spec, table, torch.device("cpu"), rng)
    optimiser = torch.optim.Adam(objective.network.parameters(), lr=0.002)
    chosen = np.arange(len(objective.windows))
    for _ in range(600):
        optimiser.zero_grad()
        loss = objective.loss(chosen)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert loss.item() < 0.25


def test_importing_the_model_does_not_import_torch() -> None:
    code = "import sys, motifmine.models.tcae.model; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("dtype", ["float32", "mixed"])
def test_gpu_finds_the_same_motifs(truth: Simulation, fit: NetworkFit, dtype: str) -> None:
    found = replace(SPEC, device="cuda", dtype=dtype).fit(truth.table, seed=0)  # type: ignore[arg-type]
    assert len(found.motifs) == len(fit.motifs)
    match = match_motifs(fit.motifs.probability, found.motifs.probability)
    assert match.cosine.min() > 0.99
