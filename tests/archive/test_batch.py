"""Archives: planned by camera, run so that nothing is lost, done twice or different when killed."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.motif_selection import keep_motifs
from motifmine.archive.executor import run_queue
from motifmine.archive.jobs import make_lost_record
from motifmine.archive.journal import MAX_SEGMENTS, JobRecord, Journal, lock_results
from motifmine.archive.plan import format_plan, parse_plan
from motifmine.archive.queue import JobQueue, RunOptions
from motifmine.archive.scan import make_distinct_names
from motifmine.archive.scene_fit import SceneJob
from motifmine.archive.storage import Storage
from motifmine.archive.transfer import fetch_tables, open_workspace, publish_results
from motifmine.errors import DataError, FormatError, WorkspaceError
from motifmine.io.hdf5 import store
from motifmine.parallel.dask_cluster import remote_cluster
from motifmine.workflows.out_of_core.update import update_file
from motifmine.workflows.workspace import Workspace
from tests.helpers import archives
from tests.helpers.archives import (
    batch_line,
    make_archive,
    plan_of,
    products,
    results,
    run_disturbed,
    run_here,
    street,
)
from tests.helpers.clips import moving_square, write_clip

N_KILLS = int(os.environ.get("MOTIFMINE_KILLS", "2"))
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive") / "cameras")


@pytest.fixture(scope="module")
def undisturbed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a run without Dask, one job after the other."""
    output = tmp_path_factory.mktemp("undisturbed") / "results"
    run_here(archive, output)
    return output


@pytest.fixture
def own(archive: Path, undisturbed: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of archive and results that a test may change."""
    shutil.copytree(archive, tmp_path / "own")
    shutil.copytree(undisturbed, tmp_path / "results")
    return tmp_path / "own", tmp_path / "results"


# the plan


def test_folders_that_are_dates_make_no_scenes(archive: Path, tmp_path: Path) -> None:
    scenes = plan_of(archive, tmp_path / "none").scenes
    assert [(scene.name, len(scene.files)) for scene in scenes] == [("north", 2), ("south", 4)]


def test_a_pattern_groups_by_what_it_finds(archive: Path, tmp_path: Path) -> None:
    plan = plan_of(archive, tmp_path / "none", scenes=r"2026030(\d)0[01]")
    assert [(scene.name, len(scene.files)) for scene in plan.scenes] == [("1", 4)]
    assert len(plan.excluded) == 2


def test_pictures_distinguish_scenes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for place in range(2):
        ground = rng.integers(40, 200, (15, 20), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        for clip in range(3):
            ground = np.roll(ground, 1, axis=1)
            lit = np.clip(ground.astype(int) + 15 * clip, 0, 255).astype(np.uint8)
            write_clip(tmp_path / f"{clip}-{place}.mkv", [lit] * 5)
    plan = plan_of(tmp_path, tmp_path / "none", scenes="auto")
    found = [{file.path[2] for file in scene.files} for scene in plan.scenes]
    assert found == [{"0"}, {"1"}]


def test_a_plan_survives_its_file(archive: Path, tmp_path: Path) -> None:
    plan = plan_of(archive, tmp_path / "none")
    assert parse_plan(format_plan(plan), "here") == plan


def test_a_damaged_plan_is_named() -> None:
    with pytest.raises(FormatError, match=r"there holds 'no format'; expected motifmine\.plan/1"):
        parse_plan("{}", "there")


def test_times_come_from_names(archive: Path, tmp_path: Path) -> None:
    first = plan_of(archive, tmp_path / "none").scenes[0].files[0]
    assert (first.start_utc, first.time_from) == ("2026-03-01T00:00:00+00:00", "name")


def test_names_differ_on_any_file_system_and_stay() -> None:
    names = make_distinct_names({"a/B": "a-B", "a-b": "a-b", "c": "c" * 300}, {"a-b": "a-b"})
    assert len({name.casefold() for name in names.values()}) == 3
    assert names["a-b"] == "a-b"
    assert max(map(len, names.values())) < 200


def test_a_file_that_is_being_written_is_left_for_the_next_run(tmp_path: Path) -> None:
    write_clip(tmp_path / "whole.mkv", moving_square(5))
    growing, has_ended = tmp_path / "growing.mkv", threading.Event()

    def write() -> None:
        with growing.open("wb") as file:
            while not has_ended.wait(0.01):
                file.write(b"more")
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.05)
    try:
        plan = plan_of(tmp_path, tmp_path / "none")
    finally:
        has_ended.set()
        writer.join()
    assert [item.path for item in plan.excluded] == ["growing.mkv"]
    assert [file.path for file in plan.scenes[0].files] == ["whole.mkv"]


def test_an_archive_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="contain no recordings"):
        plan_of(tmp_path, tmp_path / "none")


@pytest.mark.long
def test_results_of_another_archive_are_not_mixed_in(undisturbed: Path, tmp_path: Path) -> None:
    write_clip(tmp_path / "east.mkv", moving_square(5))
    with pytest.raises(WorkspaceError, match="results of another archive"):
        plan_of(tmp_path, undisturbed)


# what a run makes


def test_every_scene_has_tables_a_fit_and_a_report(undisturbed: Path) -> None:
    found = results(undisturbed)
    for name in (
        "north/tables/202603010000.h5",
        "north/fits/plsm.h5",
        "south/reports/plsm/report.html",
        "south/scene.json",
        "index.html",
        "plan.json",
        "status.json",
    ):
        assert name.replace("tables/", "tables/2026-03-") in found or name in found


def test_broken_files_are_listed_and_cost_only_themselves(own: tuple[Path, Path]) -> None:
    state, _ = run_here(*own)
    assert [(t.path, t.status) for t in state.troubles] == [
        ("south/2026/03/202603012200.mkv", "partial"),
        ("south/2026/03/202603012300.mkv", "failed"),
    ]
    assert state.troubles[1].reason == (
        "south/2026/03/202603012300.mkv is a text file; expected a video file"
    )
    assert [scene.fit for scene in state.scenes] == ["ok", "ok"]
    page = (own[1] / "index.html").read_text()
    assert "202603012300.mkv is a text file" in page
    assert 'href="./north/reports/plsm/report.html"' in page


def test_a_second_run_has_nothing_to_do(own: tuple[Path, Path]) -> None:
    assert run_here(*own)[1] == []


def test_what_failed_is_tried_again_when_asked(own: tuple[Path, Path]) -> None:
    records = run_here(*own, RunOptions(retry_failed=True))[1]
    assert [record.status for record in records] == ["failed"]


@pytest.mark.long
def test_a_new_file_and_its_scene_are_all_that_is_done(own: tuple[Path, Path]) -> None:
    write_clip(own[0] / "north/202603020000.mkv", street(60, step=(3.0, 0.0)))
    records = run_here(*own)[1]
    assert [record.job for record in records] == ["north/202603020000", "north"]
    assert len(store.read_fit(own[1] / "north/fits/plsm.h5").recordings) == 3


@pytest.fixture
def busy(tmp_path: Path) -> tuple[Path, Path]:
    """An archive whose one motif comes again often enough to be reported, and its results."""
    archive, output = tmp_path / "busy", tmp_path / "busy-results"
    (archive / "north").mkdir(parents=True)
    for day in (1, 2):
        write_clip(archive / f"north/2026030{day}0000.mkv", 12 * street(60))
    run_here(archive, output)
    assert store.read_n_motifs(output / "north/fits/plsm.h5") > 0
    return archive, output


@pytest.mark.long
def test_an_update_learns_a_new_file_and_reads_no_other_table(busy: tuple[Path, Path]) -> None:
    own = busy
    write_clip(own[0] / "north/202603030000.mkv", 12 * street(60))
    fit = own[1] / "north/fits/plsm.h5"
    before = store.read_fit(fit)
    for table in (own[1] / "north/tables").glob("*.h5"):
        table.write_bytes(bytes(table.stat().st_size))
    records = run_here(*own, RunOptions(is_update=True))[1]
    after = store.read_fit(fit)
    assert [(record.job, record.status, record.n_added) for record in records] == [
        ("north/202603030000", "ok", 0),
        ("north", "ok", 1),
    ]
    assert after.provenance.inputs[:2] == before.provenance.inputs
    assert len(after.recordings) == 3
    assert {*before.occurrences.start_s} <= {*after.occurrences.start_s}


def drop_all_motifs(fit: Path) -> None:
    """Make a fit one in which no motif recurs."""
    record = keep_motifs(store.read_fit(fit), np.zeros(0, dtype=np.int64))
    store.write_fit(fit, replace(record, significance=None, segments=None), force=True)


@pytest.mark.release
@pytest.mark.long
def test_a_fit_without_motifs_is_fitted_again_and_not_updated(own: tuple[Path, Path]) -> None:
    drop_all_motifs(own[1] / "north/fits/plsm.h5")
    write_clip(own[0] / "north/202603020000.mkv", street(60, step=(3.0, 0.0)))
    records = run_here(*own, RunOptions(is_update=True))[1]
    assert [(record.status, record.n_added) for record in records] == [("ok", 0), ("ok", 0)]


@pytest.mark.long
def test_an_update_has_the_same_bytes_each_time(busy: tuple[Path, Path], tmp_path: Path) -> None:
    write_clip(busy[0] / "north/202603030000.mkv", 12 * street(60))
    shutil.copytree(busy[1], tmp_path / "other")
    run_here(*busy, RunOptions(is_update=True))
    run_here(busy[0], tmp_path / "other", RunOptions(is_update=True))
    assert archives.differences(busy[1], tmp_path / "other") == []
    assert run_here(*busy)[1] == []


def test_nothing_is_added_to_a_fit_without_motifs(own: tuple[Path, Path]) -> None:
    fit, table = own[1] / "north/fits/plsm.h5", next((own[1] / "north/tables").glob("*.h5"))
    drop_all_motifs(fit)
    with pytest.raises(DataError, match="has no motifs to update"):
        update_file(fit, [table], fit.with_name("other.h5"))


@pytest.mark.parametrize(
    "name", ["202603020000", pytest.param("202603010000", marks=pytest.mark.long)]
)
def test_a_fit_of_tables_that_changed_is_made_again(own: tuple[Path, Path], name: str) -> None:
    folder = own[0] / "north/2026/03"
    write_clip(folder / "202603020000.mkv", street(60, step=(3.0, 0.0)))
    run_here(*own)
    write_clip(folder / f"{name}.mkv", street(40, step=(3.0, 0.0)))
    records = run_here(*own, RunOptions(is_update=True))[1]
    assert [record.n_added for record in records] == [0, 0]


@pytest.mark.release
@pytest.mark.long
def test_an_archive_fitted_online_has_the_same_bytes_each_time(
    archive: Path, undisturbed: Path, tmp_path: Path
) -> None:
    shutil.copytree(undisturbed, tmp_path / "one")
    shutil.copytree(undisturbed, tmp_path / "two")
    for output in (tmp_path / "one", tmp_path / "two"):
        records = run_here(archive, output, fit={"online": True, "passes": 2})[1]
        assert [record.status for record in records] == ["ok", "ok"]
    assert archives.differences(tmp_path / "one", tmp_path / "two") == []
    streaming = store.read_fit(tmp_path / "one/north/fits/plsm.h5").provenance.spec.streaming
    assert streaming is not None and streaming.passes == 2


@pytest.mark.parametrize(
    ("line", "status"), [(("--model", "hdlsm", "--online"), 1), (("--passes", "2"), 2)]
)
def test_settings_that_no_scene_could_be_fitted_with_are_refused_at_once(
    archive: Path, motifmine: Run, line: tuple[str, ...], status: int
) -> None:
    ran = motifmine("batch", archive, *line)
    assert ran.exit_code == status
    assert "--online" in ran.stderr
    assert not Path("motifmine-archive").exists()


@pytest.mark.long
def test_a_changed_file_is_done_again(own: tuple[Path, Path]) -> None:
    clip = own[0] / "north/2026/03/202603010000.mkv"
    before = store.read_table(own[1] / "north/tables/2026-03-202603010000.h5")
    write_clip(clip, street(40, step=(3.0, 0.0)))
    records = run_here(*own)[1]
    assert [record.job for record in records] == ["north/2026-03-202603010000", "north"]
    after = store.read_table(own[1] / "north/tables/2026-03-202603010000.h5")
    assert after.n_times < before.n_times


def test_a_touched_file_is_read_and_left(own: tuple[Path, Path]) -> None:
    (own[0] / "north/2026/03/202603010000.mkv").touch()
    before = products(own[1])
    records = run_here(*own)[1]
    assert [(record.kind, record.was_there) for record in records] == [("extract", True)]
    assert products(own[1]) == before


def test_the_table_of_a_file_that_is_gone_is_kept_and_used(own: tuple[Path, Path]) -> None:
    (own[0] / "north/2026/03/202603010000.mkv").unlink()
    state, records = run_here(*own)
    assert records == []
    assert state.scenes[0].ok == 2


@pytest.mark.release
@pytest.mark.long
def test_a_file_that_was_moved_counts_once(own: tuple[Path, Path]) -> None:
    folder = own[0] / "north/2026/03"
    (folder / "202603010000.mkv").rename(folder / "202603010005.mkv")
    run_here(*own)
    assert len(store.read_fit(own[1] / "north/fits/plsm.h5").recordings) == 2


def test_a_lost_table_is_made_again_and_the_fit_is_left(own: tuple[Path, Path]) -> None:
    table = own[1] / "north/tables/2026-03-202603010000.h5"
    before = products(own[1]), store.read_table(table)
    table.unlink()
    assert [record.kind for record in run_here(*own)[1]] == ["extract"]
    assert np.array_equal(store.read_table(table).count, before[1].count)
    assert products(own[1])["north/fits/plsm.h5"] == before[0]["north/fits/plsm.h5"]


@pytest.mark.release
@pytest.mark.long
def test_results_are_known_without_the_journal(own: tuple[Path, Path]) -> None:
    before = products(own[1])
    shutil.rmtree(own[1] / "journal")
    records = run_here(*own)[1]
    assert all(record.was_there for record in records if record.is_done)
    assert products(own[1]) == before


def test_half_written_files_of_a_killed_run_are_removed(own: tuple[Path, Path]) -> None:
    before = products(own[1])
    (own[1] / "north/tables/.x.h5.part-host-1").write_bytes(b"half")
    (own[1] / "north/reports/.plsm.old-host-1").mkdir()
    (own[1] / "north/.scratch/host-1").mkdir(parents=True)
    run_here(*own)
    assert products(own[1]) == before
    assert not (own[1] / "north/reports/.plsm.old-host-1").exists()
    assert not (own[1] / "north/.scratch").exists()


@pytest.mark.long
def test_a_jump_of_the_stamps_gives_two_documents_of_one_file(tmp_path: Path) -> None:
    archive, output = tmp_path / "archive", tmp_path / "out"
    (archive / "cam").mkdir(parents=True)
    times_s = [Fraction(i, 25) + (600 if i >= 50 else 0) for i in range(100)]
    write_clip(archive / "cam" / "a.mkv", street(100), times_s=times_s)
    assert [record.status for record in run_here(archive, output)[1]] == ["ok", "ok"]
    tables = sorted(path.name for path in (output / "cam/tables").iterdir())
    assert tables == ["a+0001.h5", "a+0002.h5"]
    fit = store.read_fit(output / "cam/fits/plsm.h5")
    assert [recording.name for recording in fit.recordings] == ["a+0001", "a+0002"]
    assert run_here(archive, output)[1] == []


@pytest.mark.long
def test_a_camera_without_motion_is_done_and_stays_done(motifmine: Run, tmp_path: Path) -> None:
    archive, output = tmp_path / "archive", tmp_path / "out"
    (archive / "cam").mkdir(parents=True)
    write_clip(archive / "cam" / "a.mkv", street(1) * 60)
    state, records = run_here(archive, output)
    assert [record.status for record in records] == ["ok", "ok"]
    assert not state.has_failed
    (trouble,) = state.troubles
    assert (trouble.path, trouble.status) == ("cam", "no motion")
    assert run_here(archive, output)[1] == []
    write_clip(archive / "cam" / "b.mkv", street(60))
    assert [record.job for record in run_here(archive, output)[1]] == ["cam/b", "cam"]
    assert store.read_n_motifs(output / "cam/fits/plsm.h5") >= 0


def test_unfinished_scenes_are_described(archive: Path, tmp_path: Path) -> None:
    queue = JobQueue(
        plan=plan_of(archive, tmp_path),
        output=Storage(str(tmp_path)),
        journal=Journal(Storage(str(tmp_path))),
    )
    queue.fill()
    lines = queue.describe_open()
    assert lines[0] == "north: 0 of 2 recordings extracted"
    assert len(lines) == 2


def test_fits_side_by_side_share_the_cores(
    own: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motifmine.archive.queue.n_cores", lambda: 4)
    plan, output = plan_of(*own), Storage(str(own[1]))
    for fit in own[1].glob("*/fits/*.h5"):
        fit.unlink()
    queue = JobQueue(
        plan=plan, output=output, journal=Journal(output), options=RunOptions(workers=2)
    )
    queue.fill()
    jobs = queue.take_jobs()
    first = next(jobs)
    queue.finish(first, make_lost_record(first, "its worker is gone"))
    second = next(jobs)
    assert isinstance(first, SceneJob)
    assert isinstance(second, SceneJob)
    assert (first.threads, second.threads) == (2, 4)
    assert first.key != second.key


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    place = Storage(str(tmp_path))
    with (
        lock_results(place),
        pytest.raises(WorkspaceError, match="is running in"),
        lock_results(place),
    ):
        pass


# the journal


def record(job: str, reason: str = "") -> JobRecord:
    return JobRecord(job=job, kind="extract", key="k", status="ok", reason=reason)


def test_the_journal_keeps_the_last_record_of_every_job(tmp_path: Path) -> None:
    journal = Journal(Storage(str(tmp_path)))
    for n in range(2 * MAX_SEGMENTS):
        journal.add(record(f"job {n % 7}", reason=str(n)))
        journal.flush()
    assert Journal(Storage(str(tmp_path))).records == journal.records
    assert len(list((tmp_path / "journal").iterdir())) <= MAX_SEGMENTS + 1


def test_a_damaged_line_costs_only_its_record(tmp_path: Path) -> None:
    journal = Journal(Storage(str(tmp_path)))
    journal.add(record("a"))
    journal.flush()
    (segment,) = (tmp_path / "journal").iterdir()
    segment.write_text('{"job": "b", "ki\n' + segment.read_text())
    assert list(Journal(Storage(str(tmp_path))).records) == ["a"]


# elsewhere


@pytest.mark.release
@pytest.mark.long
def test_an_archive_by_url_gives_the_same_tables(
    archive: Path, undisturbed: Path, tmp_path: Path
) -> None:
    output = tmp_path / "results"
    run_here(f"file://{archive}", f"file://{output}")
    ours, theirs = results(output), results(undisturbed)
    assert ours.keys() == theirs.keys()
    for name in ours:
        if "/tables/" in name:
            one, other = (store.read_table(root / name) for root in (output, undisturbed))
            assert np.array_equal(one.count, other.count)
            assert one.recordings[0].source.startswith("file://")


def test_a_place_in_memory_holds_what_was_published(tmp_path: Path) -> None:
    place = Storage("memory://archive/of/cameras")
    (tmp_path / "clip.mp4").write_bytes(b"0123456789")
    place.publish(tmp_path / "clip.mp4", "north/clip.mp4")
    place.write_text("results/plan.json", "{}")
    assert [(f.path, f.n_bytes) for f in place.list_files(exclude=place.subfolder("results"))] == [
        ("north/clip.mp4", 10)
    ]
    with place.local_copy("north/clip.mp4", lambda: None) as path:
        assert path.read_bytes() == b"0123456789"
    assert not path.exists()
    assert place.subfolder("north").list_sizes() == {"clip.mp4": 10}
    assert place.read_text("none") is None


@dataclass(frozen=True)
class Somewhere:
    """Where a job's results are."""

    output: Storage
    scene: str


def test_all_documents_of_a_recording_are_fetched_and_no_other_table(tmp_path: Path) -> None:
    job = Somewhere(Storage("memory://results/of/documents"), "north")
    workspace = Workspace(tmp_path / "w")
    workspace.tables.mkdir(parents=True)
    for name in ("a+0001.h5", "a+0002.h5", "ab.h5", "a+x.h5"):
        (workspace.tables / name).write_bytes(name.encode())
    publish_results(job, workspace, sorted(workspace.tables.iterdir()))
    with open_workspace(job.output, "north") as copy:
        fetch_tables(job, copy, ["a", "none"], lambda _: None)
        found = {path.name: path.read_bytes() for path in copy.tables.iterdir()}
    assert found == {"a+0001.h5": b"a+0001.h5", "a+0002.h5": b"a+0002.h5"}


def test_an_unknown_place_is_refused() -> None:
    with pytest.raises(WorkspaceError, match="no URL that fsspec can open"):
        Storage("gopher://x/y").list_files(exclude=Storage("/none"))


# on Dask


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A scheduler and two workers in processes of their own."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(archives.separate_cluster()).address


@pytest.mark.release
@pytest.mark.long
def test_a_cluster_that_runs_elsewhere_gives_the_same_bytes(
    archive: Path, undisturbed: Path, tmp_path: Path, scheduler: str
) -> None:
    with remote_cluster(scheduler, lambda _: None) as cluster:
        run_here(archive, tmp_path / "results", run_queue=lambda a: run_queue(a, cluster))
    assert results(tmp_path / "results") == results(undisturbed)


@pytest.mark.long
def test_two_workers_that_are_killed_end_in_the_bytes_of_one_loop(
    archive: Path, undisturbed: Path, tmp_path: Path
) -> None:
    output, rng, n_killed = tmp_path / "results", np.random.default_rng(N_KILLS), 0
    line = batch_line(archive, output, "--workers", "2")
    while n_killed < N_KILLS:
        killed, status = run_disturbed(line, rng, N_KILLS - n_killed)
        n_killed += killed
        assert status == 3
        assert archives.differences(output, undisturbed) == []
        archives.restart(output)


@pytest.mark.release
@pytest.mark.long
def test_a_cluster_whose_scheduler_and_workers_are_killed_ends_in_the_same_bytes(
    archive: Path, undisturbed: Path, tmp_path: Path
) -> None:
    output, rng, n_killed = tmp_path / "results", np.random.default_rng(N_KILLS + 1), 0
    with archives.separate_cluster() as cluster:
        line = batch_line(archive, output, "--scheduler", cluster.address)
        while n_killed < N_KILLS:
            killed, status = run_disturbed(
                line, rng, N_KILLS - n_killed, lambda pid: cluster.one_of(pid, rng)
            )
            n_killed += killed
            assert status == 3
            assert archives.differences(output, undisturbed) == []
            archives.restart(output)


# the command


def test_the_command_plans_runs_and_reports_failures(
    archive: Path, undisturbed: Path, motifmine: Run
) -> None:
    options = ("--name-time", "%Y%m%d%H%M", *archives.OPTIONS)
    planned = motifmine("batch", archive, *options, "--dry-run", "--format", "json")
    assert planned.exit_code == 0, planned.stderr
    Path("kept.json").write_text(planned.stdout)
    assert not Path("motifmine-archive").exists()
    ran = motifmine("batch", "--plan", "kept.json", "--workers", "1")
    assert ran.exit_code == 3
    assert ran.stdout.splitlines()[2].split()[:3] == ["north", "2", "2"]
    assert "failed: south/2026/03/202603012300.mkv: " in ran.stderr
    tables = {k: v for k, v in results(undisturbed).items() if k.endswith(".h5")}
    assert {k: v for k, v in results(Path("motifmine-archive")).items() if k in tables} == tables


def test_no_folder_is_wrong_usage(motifmine: Run) -> None:
    assert motifmine("batch").exit_code == 2


def test_help_does_not_load_dask() -> None:
    code = (
        "import sys, motifmine_cli.main as m\n"
        "m.main(['batch', '--help'], standalone_mode=False)\n"
        "heavy = ('dask', 'distributed', 'fsspec', 'torch', 'numba')\n"
        "print([x for x in heavy if x in sys.modules])"
    )
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert out.splitlines()[-1] == "[]"
