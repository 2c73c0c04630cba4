"""PLSM over documents that stay in their files: map-reduce, stochastic EM, and updates."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.matching import match_motifs
from motifmine.errors import DataError, SpecError, WorkspaceError
from motifmine.io.hdf5 import store
from motifmine.models.plsm.em import climb, infer_starts
from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.out_of_core import PlsmOutOfCore
from motifmine.models.plsm.problem import flat_start, prepare_em
from motifmine.models.request import FitRequest
from motifmine.models.statistics import (
    Parameters,
    Statistics,
    add_statistics,
    blend_statistics,
)
from motifmine.parallel.dask_cluster import open_mapper
from motifmine.parallel.mappers import Mapper, open_process_mapper, sort_results
from motifmine.records.fit import FitRecord
from motifmine.records.settings import Preparation, Rate
from motifmine.records.table import ObservationTable, Recording, table_from_rows
from motifmine.seeding import generator
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.mine import mine
from motifmine.workflows.out_of_core import census as document_groups
from motifmine.workflows.out_of_core.batch_em import EmTask, climb_groups
from motifmine.workflows.out_of_core.census import (
    Group,
    Reading,
    group_documents,
    reading_for,
    take_census,
)
from motifmine.workflows.out_of_core.commands import update_fit
from motifmine.workflows.out_of_core.fit import fit_files
from motifmine.workflows.out_of_core.online_em import batches_of
from motifmine.workflows.out_of_core.update import update_file
from motifmine.workflows.run import FitRun
from motifmine.workflows.workspace import Workspace

Run = Callable[..., Result]
SPEC = Plsm(n_motifs=3, motif_length=8, activity="sparse", restarts=1, rounds=3, iterations=30)
N_OLD = 12
"""Documents of the first fits; the rest are added later."""


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate(n_motifs=3, motif_length=8, n_words=18, n_times=200, n_documents=16, seed=5)


@pytest.fixture(scope="module")
def paths(truth: Simulation, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("scene") / "tables"
    found = []
    for number in range(truth.table.n_documents):
        document = truth.table.document(number)
        found.append(folder / f"{document.recordings[0].name}.h5")
        store.write_table(found[-1], document)
    return found


@pytest.fixture(scope="module")
def parameters(truth: Simulation) -> Parameters:
    """Noise that EM can begin with."""
    rng = np.random.default_rng(3)
    motifs = rng.gamma(5.0, size=truth.motifs.probability.shape).astype(np.float32)
    motifs += 40 * truth.motifs.probability
    motifs /= motifs.sum(axis=(1, 2), keepdims=True)
    return Parameters(motifs, np.full(18, 1 / 18))


def reading_of(paths: Sequence[Path]) -> Reading:
    return reading_for(take_census(paths, Preparation(), map), Preparation())


def em_task(paths: Sequence[Path], scratch: Path) -> EmTask:
    priors = replace(SPEC, sparsity=2.0, background="learned").priors
    learner = PlsmOutOfCore(priors=priors, iterations=8, tolerance=0.0, n_settle=5, n_ramp=2)
    return EmTask(reading=reading_of(paths), learner=learner, scratch=scratch)


def climbed(
    paths: Sequence[Path], parameters: Parameters, scratch: Path, mapper: Mapper, most: int
) -> tuple[Parameters, list[float]]:
    census = take_census(paths, Preparation(), map)
    groups = group_documents(census.documents, n_motifs=3, motif_length=8, most=most)
    values: list[float] = []
    found, _ = climb_groups(
        groups,
        em_task(paths, scratch),
        parameters,
        mapper,
        on_value=values.append,
    )
    return found, values


def serial_climb(
    table: ObservationTable, parameters: Parameters, task: EmTask
) -> tuple[Parameters, list[float]]:
    assert isinstance(task.learner, PlsmOutOfCore)
    problem = prepare_em(table, 8, task.learner.priors, most_motifs=3, n_threads=1)
    state = flat_start(problem, parameters.motifs, parameters.words)
    state = infer_starts(problem, state, n_iterations=5, n_ramp=2)
    values: list[float] = []
    state = climb(problem, state, n_iterations=8, tolerance=0.0, on_value=values.append)
    return Parameters(state.motifs, state.background_word), values


def shuffled(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
    """A mapper whose workers finish in any order."""
    results = [function(item) for item in items]
    for place in np.random.default_rng(1).permutation(len(results)):
        yield results[place]


def fit_streamed(
    paths: Sequence[Path], target: Path, *, spec: Plsm = SPEC, mapper: Mapper = map, **asked: Any
) -> FitRecord:
    """Fit table files; without further words by EM to convergence."""
    scratch = target.parent / "scratch"
    scratch.mkdir(exist_ok=True, parents=True)
    request = FitRequest.of("plsm", **(asked or BATCH))
    return fit_files(paths, spec, request, target, scratch=scratch, mapper=mapper)


STOCHASTIC: dict[str, Any] = {"online": True}
BATCH: dict[str, Any] = {"stream": True}


def same_fit(one: Path, other: Path) -> bool:
    """Whether two fits hold the same bytes, but for the seconds they took."""
    a, b = store.read_fit(one), store.read_fit(other)
    arrays = [
        (getattr(getattr(a, part), item.name), getattr(getattr(b, part), item.name))
        for part in ("motifs", "activations", "occurrences")
        for item in fields(getattr(a, part))
    ]
    arrays.append((a.trace.log_likelihood, b.trace.log_likelihood))
    return a.provenance.spec == b.provenance.spec and all(
        x is y is None or x.tobytes() == y.tobytes() for x, y in arrays
    )


def test_one_group_gives_the_bytes_of_serial_em(
    truth: Simulation, paths: list[Path], parameters: Parameters, tmp_path: Path
) -> None:
    found, values = climbed(paths, parameters, tmp_path, map, most=100)
    wanted, wanted_values = serial_climb(truth.table, parameters, em_task(paths, tmp_path))
    assert values == wanted_values
    assert found.motifs.tobytes() == wanted.motifs.tobytes()
    assert found.words.tobytes() == wanted.words.tobytes()


def test_many_groups_differ_from_serial_em_by_rounding_alone(
    truth: Simulation, paths: list[Path], parameters: Parameters, tmp_path: Path
) -> None:
    found, values = climbed(paths, parameters, tmp_path, map, most=3)
    wanted, wanted_values = serial_climb(truth.table, parameters, em_task(paths, tmp_path))
    assert np.allclose(values, wanted_values, rtol=1e-6)
    assert np.abs(found.motifs - wanted.motifs).max() < 1e-4


@pytest.mark.release
@pytest.mark.long
def test_map_reduce_has_the_same_bytes_at_one_worker_and_at_three(
    paths: list[Path], parameters: Parameters, tmp_path: Path
) -> None:
    one, values = climbed(paths, parameters, tmp_path, map, most=3)
    with open_process_mapper(3) as mapper:
        other, other_values = climbed(paths, parameters, tmp_path, mapper, most=3)
    assert values == other_values
    assert one.motifs.tobytes() == other.motifs.tobytes()
    assert one.words.tobytes() == other.words.tobytes()


@pytest.mark.long
@pytest.mark.parametrize("asked", [STOCHASTIC | {"batch_documents": 5}, BATCH])
def test_a_fit_has_the_same_bytes_in_whatever_order_the_work_is_done(
    asked: dict[str, Any], paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_groups, "GROUP_OBSERVATIONS", 700)
    monkeypatch.setattr(document_groups, "LISTED_AT_ONCE", 2)
    one, other = tmp_path / "one.h5", tmp_path / "other.h5"
    fit_streamed(paths[:N_OLD], one, **asked)
    fit_streamed(paths[:N_OLD], other, mapper=shuffled, **asked)
    assert same_fit(one, other)


def test_results_are_put_in_order_as_they_come() -> None:
    assert list(sort_results([(2, "c"), (0, "a"), (1, "b")])) == ["a", "b", "c"]


def test_a_step_done_twice_gives_the_same(
    paths: list[Path], parameters: Parameters, tmp_path: Path
) -> None:
    def twice(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        for item in items:
            function(item)
            yield function(item)

    one, _ = climbed(paths, parameters, tmp_path, map, most=3)
    other, _ = climbed(paths, parameters, tmp_path, twice, most=3)
    assert one.motifs.tobytes() == other.motifs.tobytes()


def test_the_rate_is_that_of_online_lda() -> None:
    rate = Rate(delay=4.0, forgetting=0.5001)
    assert rate.at(0) == pytest.approx(4**-0.5001)
    assert rate.at(12) == pytest.approx(16**-0.5001)


@pytest.mark.parametrize("setting", [{"forgetting": 0.5}, {"forgetting": 1.1}, {"delay": 0.9}])
def test_a_rate_that_does_not_converge_is_refused(setting: dict[str, float]) -> None:
    with pytest.raises(SpecError, match="must be"):
        Rate(**setting)


def test_blending_weighs_batches_by_their_observations_not_their_number() -> None:
    old = Statistics(np.full((1, 16), 4.0), np.array([4.0]), -8.0, 8.0)
    new = Statistics(np.full((1, 16), 30.0), np.array([0.0]), -90.0, 30.0)
    mixed = blend_statistics(old, new, 0.25)
    assert mixed.cells[0, 0] == pytest.approx(0.75 * 0.5 + 0.25 * 1.0)
    assert mixed.words[0] == pytest.approx(0.75 * 0.5)
    assert mixed.total == 1.0


def test_statistics_of_motifs_give_these_motifs(fitted: Path) -> None:
    record = store.read_fit(fitted)
    learner = PlsmOutOfCore.of(SPEC, 1, 1.0)
    parameters = learner.resume(record)
    kept = learner.statistics_of(parameters, record)
    again = learner.maximise(parameters, kept)
    assert np.allclose(again.motifs, parameters.motifs, atol=1e-6)
    assert np.allclose(again.words, parameters.words, atol=1e-6)
    assert kept.cells.sum() + kept.words.sum() == pytest.approx(1.0, abs=1e-5)
    assert add_statistics(learner.no_statistics(parameters), []).total == 0.0


def test_a_pass_sees_every_document_once_in_random_order(paths: list[Path]) -> None:
    documents = take_census(paths, Preparation(), map).documents
    batches = batches_of(documents, 5, generator(1))
    assert [len(batch) for batch in batches] == [5, 5, 5, 1]
    seen = [document.name for batch in batches for document in batch]
    assert seen != sorted(seen)
    assert sorted(seen) == [document.name for document in documents]


def test_groups_hold_all_documents_in_order_and_no_more_than_fits(paths: list[Path]) -> None:
    documents = take_census(paths, Preparation(), map).documents
    large = [replace(document, n_observations=90_000) for document in documents]
    groups = group_documents(large, n_motifs=3, motif_length=8)
    assert all(len(group.paths) == 2 for group in groups)
    assert [path for group in groups for path in group.paths] == paths
    assert group_documents(documents[:2], n_motifs=3, motif_length=8) == [
        Group(0, tuple(paths[:2]))
    ]


def test_online_comes_close_to_the_batch_fit(
    truth: Simulation, paths: list[Path], tmp_path: Path
) -> None:
    held = truth.table.documents(range(N_OLD, 16))
    fit_streamed(paths[:N_OLD], tmp_path / "online.h5", online=True, passes=3, batch_documents=3)
    online = store.read_fit(tmp_path / "online.h5")
    batch = SPEC.fit(truth.table.documents(range(N_OLD)), seed=0)
    as_batch = replace(batch, motifs=online.motifs, background=online.background)
    assert as_batch.score(held) > 1.01 * batch.score(held)


@pytest.mark.parametrize("asked", [STOCHASTIC | {"batch_documents": 3}, BATCH])
def test_variational_inference_over_files_comes_to_the_bound_of_that_in_memory(
    asked: dict[str, Any], truth: Simulation, paths: list[Path], tmp_path: Path
) -> None:
    spec = replace(SPEC, activity="auto", sparsity=2.0, inference="vb")
    place = tmp_path / "fit.h5"
    fit_streamed(paths, place, spec=spec, **asked)
    record = store.read_fit(place)
    learner = PlsmOutOfCore.of(spec, 1, truth.table.total)
    posterior = learner.resume(record)
    assert posterior.worth is not None
    mass = record.motifs.weight * record.n_observations
    assert posterior.worth[:3] == pytest.approx(mass, rel=0.1)
    [line] = record.provenance.spec.notes.decisions
    assert line.startswith("variational posterior: weights of motifs are known to")
    documents = (truth.table.document(d) for d in range(truth.table.n_documents))
    bound = sum(learner.infer(document, posterior).log_likelihood for document in documents)
    in_memory = spec.fit(truth.table, seed=0).trace.losses
    assert in_memory is not None
    # nats per observation
    assert abs(bound - in_memory[-1, 0]) / truth.table.total < 0.01


@pytest.mark.long
@pytest.mark.parametrize("asked", [STOCHASTIC, BATCH])
def test_a_fit_over_files_finds_what_the_fit_in_memory_finds(
    asked: dict[str, Any], truth: Simulation, paths: list[Path], tmp_path: Path
) -> None:
    place = tmp_path / "fit.h5"
    fit_streamed(paths, place, **asked)
    found = store.read_fit(place)
    wanted = mine(truth.table, SPEC)
    match = match_motifs(wanted.motifs.probability, found.motifs.probability)
    assert len(found.motifs) == len(wanted.motifs) == 3
    assert list(np.argsort(-found.motifs.weight)) == [0, 1, 2]
    assert match.cosine.min() > 0.97
    assert len(found.occurrences) == pytest.approx(len(wanted.occurrences), rel=0.05)
    assert found.n_observations == pytest.approx(truth.table.total)
    assert [r.name for r in found.recordings] == [r.name for r in truth.table.recordings]


@pytest.fixture(scope="module")
def fitted(paths: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fit of the first documents."""
    folder = tmp_path_factory.mktemp("fitted")
    place = folder / "old.h5"
    fit_streamed(paths[:N_OLD], place, online=True, passes=2, batch_documents=4)
    return place


def test_an_update_reads_the_new_documents_alone(
    fitted: Path, paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    read_table = store.read_table

    def noted(path: Path) -> ObservationTable:
        read.append(path)
        return read_table(path)

    monkeypatch.setattr(store, "read_table", noted)
    update_file(fitted, paths[N_OLD:], tmp_path / "new.h5")
    assert set(read) == set(paths[N_OLD:])


def test_an_update_finds_the_new_occurrences_and_keeps_the_old(
    truth: Simulation, fitted: Path, paths: list[Path], tmp_path: Path
) -> None:
    update_file(fitted, paths[N_OLD:], tmp_path / "new.h5")
    old, new = store.read_fit(fitted), store.read_fit(tmp_path / "new.h5")
    is_old = new.occurrences.document < N_OLD
    for item in fields(old.occurrences):
        before, after = getattr(old.occurrences, item.name), getattr(new.occurrences, item.name)
        assert before is after is None or after[is_old].tobytes() == before.tobytes()
    n_true = int((truth.occurrences.document >= N_OLD).sum())
    assert int((~is_old).sum()) == pytest.approx(n_true, rel=0.15)
    assert [name for name, _ in new.provenance.inputs] == [p.stem for p in paths]
    assert len(new.recordings) == len(paths)
    assert new.n_observations == pytest.approx(truth.table.total)


def test_an_update_keeps_the_activations_of_old_documents(
    fitted: Path, paths: list[Path], tmp_path: Path
) -> None:
    update_file(fitted, paths[N_OLD:], tmp_path / "new.h5")
    old = store.read_fit(fitted).activations
    new = store.read_fit(tmp_path / "new.h5").activations
    assert new.mass[: len(old.mass)].tobytes() == old.mass.tobytes()
    assert len(new.offsets) == len(paths) + 1


def test_an_update_goes_on_at_the_rate_that_the_fit_had_reached(
    fitted: Path, paths: list[Path], tmp_path: Path
) -> None:
    update_file(fitted, paths[N_OLD:], tmp_path / "new.h5")
    before, after = (
        store.read_fit(path).provenance.spec.streaming for path in (fitted, tmp_path / "new.h5")
    )
    assert before is not None and (before.n_steps, before.updates) == (6, 0)
    assert after is not None and (after.n_steps, after.updates) == (7, 1)
    old, new = (store.read_fit(path).motifs for path in (fitted, tmp_path / "new.h5"))
    moved = np.abs(new.probability - old.probability).sum(axis=(1, 2))
    assert np.all(moved > 0)
    assert np.all(moved <= 2 * Rate().at(6))


def test_two_updates_one_after_the_other_have_the_documents_of_both(
    fitted: Path, paths: list[Path], tmp_path: Path
) -> None:
    update_file(fitted, paths[N_OLD : N_OLD + 2], tmp_path / "a.h5")
    update_file(tmp_path / "a.h5", paths[N_OLD + 2 :], tmp_path / "b.h5")
    record = store.read_fit(tmp_path / "b.h5")
    assert [r.name for r in record.recordings] == [path.stem for path in paths]
    assert set(record.occurrences.document) == set(range(len(paths)))


def test_a_fit_made_in_memory_can_be_updated(
    truth: Simulation, paths: list[Path], tmp_path: Path
) -> None:
    store.write_fit(tmp_path / "old.h5", mine(truth.table.documents(range(N_OLD)), SPEC))
    record = update_file(tmp_path / "old.h5", paths[N_OLD:], tmp_path / "new.h5")
    assert set(record.occurrences.document) == set(range(len(paths)))


def test_a_document_is_not_added_twice(fitted: Path, paths: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="in the fit already"):
        update_file(fitted, paths[N_OLD - 1 :], tmp_path / "new.h5")


def test_a_document_of_another_scene_is_not_added(fitted: Path, tmp_path: Path) -> None:
    other = simulate(n_motifs=2, motif_length=5, n_words=18, n_times=60, bin_s=0.5).table
    store.write_table(tmp_path / "other.h5", other.of_recording(renamed(other, "stranger")))
    with pytest.raises(DataError, match=r"time bins of 0.5 s instead of 1 s"):
        update_file(fitted, [tmp_path / "other.h5"], tmp_path / "new.h5")


def test_words_that_the_fit_does_not_know_are_not_added(fitted: Path, tmp_path: Path) -> None:
    other = simulate(n_motifs=2, motif_length=5, n_words=20, n_times=60).table
    store.write_table(tmp_path / "other.h5", other.of_recording(renamed(other, "stranger")))
    with pytest.raises(DataError, match="20 words but the fit knows 18"):
        update_file(fitted, [tmp_path / "other.h5"], tmp_path / "new.h5")


def renamed(table: ObservationTable, name: str) -> Recording:
    return replace(table.recordings[0], name=name)


class Broken(Exception):
    pass


def breaking_after(n_calls: int) -> Mapper:
    """A mapper that fails in the middle of the work."""
    calls = iter(range(n_calls))

    def mapper(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        for item in items:
            if next(calls, None) is None:
                raise Broken
            yield function(item)

    return mapper


@pytest.mark.parametrize("n_calls", [1, 8, 25])
def test_a_fit_that_breaks_off_leaves_no_file(
    n_calls: int, paths: list[Path], tmp_path: Path
) -> None:
    place = tmp_path / "fits" / "fit.h5"
    asked = STOCHASTIC | {"passes": 2, "batch_documents": 1}
    with pytest.raises(Broken):
        fit_streamed(paths[:N_OLD], place, mapper=breaking_after(n_calls), **asked)
    assert [path.name for path in tmp_path.glob("fits/*")] == ["scratch"]


def test_an_update_that_breaks_off_leaves_the_old_fit_alone(
    fitted: Path, paths: list[Path], tmp_path: Path
) -> None:
    before = fitted.read_bytes()
    with pytest.raises(Broken):
        update_file(fitted, paths[N_OLD:], tmp_path / "new.h5", mapper=breaking_after(2))
    assert not (tmp_path / "new.h5").exists()
    assert fitted.read_bytes() == before


def test_an_empty_document_has_no_occurrences_and_does_no_harm(
    truth: Simulation, paths: list[Path], tmp_path: Path
) -> None:
    document = truth.table.document(0)
    silent = document.with_counts(np.zeros(len(document.word), np.float32))
    silent = silent.of_recording(renamed(silent, "silent"))
    store.write_table(tmp_path / "silent.h5", silent)
    everything = [*paths[:N_OLD], tmp_path / "silent.h5"]
    for asked in (STOCHASTIC | {"batch_documents": 1, "passes": 1}, BATCH):
        place = tmp_path / f"{len(asked)}.h5"
        record = fit_streamed(everything, place, **asked)
        assert N_OLD not in record.occurrences.document
        assert store.read_fit(place).recordings[N_OLD].name == "silent"


def test_two_tables_of_one_recording_are_refused(paths: list[Path], tmp_path: Path) -> None:
    store.write_table(tmp_path / "copy.h5", store.read_table(paths[0]))
    with pytest.raises(DataError, match="two tables are of the recording 'document-000'"):
        take_census([*paths, tmp_path / "copy.h5"], Preparation(), map)


def test_words_rare_in_the_whole_archive_are_excluded_everywhere(paths: list[Path]) -> None:
    census = take_census(paths, Preparation(), map)
    rare = int(np.argmin(census.seen))
    least = Preparation(least_bins=int(census.seen.min()) + 1)
    reading = reading_for(census, least)
    assert not reading.is_kept[rare]
    table = reading.read(paths)
    assert rare not in table.word
    assert reading.compact(table).n_words == int(reading.is_kept.sum())


def a_scene(truth: Simulation, folder: Path, which: Sequence[int]) -> Workspace:
    """Return a workspace that holds some of the documents."""
    workspace = Workspace(folder / "motifmine-work")
    for number in which:
        document = truth.table.document(number)
        store.write_table(workspace.table_path(document.recordings[0].name), document)
    return workspace


@pytest.mark.long
def test_two_dask_workers_give_the_bytes_of_one_process(
    paths: list[Path], parameters: Parameters, tmp_path: Path
) -> None:
    from distributed import LocalCluster

    one, values = climbed(paths, parameters, tmp_path, map, most=3)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        open_mapper(1, cluster.scheduler_address) as mapper,
    ):
        other, other_values = climbed(paths, parameters, tmp_path, mapper, most=3)
    assert values == other_values
    assert one.motifs.tobytes() == other.motifs.tobytes()
    assert one.words.tobytes() == other.words.tobytes()


def test_the_command_fits_online_and_adds_a_day(
    truth: Simulation, motifmine: Run, tmp_path: Path
) -> None:
    a_scene(truth, tmp_path, range(8))
    fit = ("fit", "--model", "plsm", "--motifs", "3", "--motif-length", "8bins")
    result = motifmine(*fit, "--online", "--passes", "1", "--batch-documents", "4", "--rounds", "2")
    assert result.exit_code == 0, result.stderr
    assert "plsm-001.h5" in result.stdout
    a_scene(truth, tmp_path, range(8, 10))
    result = motifmine("fit", "--update", "plsm-001", "--name", "tuesday")
    assert result.exit_code == 0, result.stderr
    assert "adding 2 documents to plsm-001" in result.stderr
    found = store.read_fit(tmp_path / "motifmine-work/fits/tuesday.h5")
    assert len(found.recordings) == 10
    again = motifmine("fit", "--update", "tuesday")
    assert again.exit_code == 1
    assert "all tables" in again.stderr
    assert not list(tmp_path.glob("motifmine-work/.scratch*"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--model", "plsm", "--passes", "2"),
        ("--model", "plsm", "--workers", "2"),
        ("--model", "plsm", "--online", "--stream"),
        ("--update", "plsm-001", "--model", "plsm"),
        (),
    ],
)
def test_options_that_contradict_each_other_are_wrong_usage(
    arguments: tuple[str, ...], motifmine: Run
) -> None:
    assert motifmine("fit", *arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--model", "hdlsm", "--online"),
        ("--model", "plsm", "--online", "--motifs", "auto"),
        ("--model", "plsm", "--online", "--passes", "0"),
    ],
)
def test_what_cannot_be_streamed_is_an_error(
    arguments: tuple[str, ...], motifmine: Run, truth: Simulation, tmp_path: Path
) -> None:
    a_scene(truth, tmp_path, range(2))
    result = motifmine("fit", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_a_fit_is_not_updated_in_place(truth: Simulation, paths: list[Path], fitted: Path) -> None:
    workspace = Workspace(fitted.parent)
    place = workspace.fit_path("old")
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(fitted.read_bytes())
    with pytest.raises(WorkspaceError, match="another name"):
        update_fit(workspace, "old", FitRun(tables=paths[N_OLD:], name="old", force=True))
    assert place.read_bytes() == fitted.read_bytes()


def test_what_is_odd_in_a_new_document_is_found(
    truth: Simulation, fitted: Path, tmp_path: Path
) -> None:
    document = truth.table.document(14)
    time, word = document.row_of_observation(), document.word.astype(np.int64)
    burst = np.repeat(np.arange(100, 112), 30)
    odd = table_from_rows(
        time=np.concatenate([time, burst]),
        word=np.concatenate([word, np.full(len(burst), 7)]),
        count=np.concatenate([document.count, np.ones(len(burst))]),
        n_times=document.n_times,
        vocabulary=document.vocabulary,
        name="odd",
    )
    store.write_table(tmp_path / "odd.h5", odd)
    update_file(fitted, [tmp_path / "odd.h5"], tmp_path / "new.h5")
    old, found = (store.read_fit(path).anomalies for path in (fitted, tmp_path / "new.h5"))
    assert old is not None
    assert found is not None
    assert found.document[0] == N_OLD
    assert found.start_s[0] < 106 < found.end_s[0]
    assert list(found.surprise) == sorted(found.surprise, reverse=True)
    assert int((found.document < N_OLD).sum()) == len(old)


def test_only_plsm_fits_are_updated(fitted: Path, paths: list[Path], tmp_path: Path) -> None:
    record = store.read_fit(fitted)
    other = replace(record, provenance=replace(record.provenance, model="tcae"))
    store.write_fit(tmp_path / "tcae.h5", other)
    with pytest.raises(SpecError, match="no tables can be added"):
        update_file(tmp_path / "tcae.h5", paths[N_OLD:], tmp_path / "new.h5")
