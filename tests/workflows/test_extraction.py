"""Many sources: one table each, outcomes, isolation, and nothing half-made."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.errors import DataError, MotifmineWarning, SpecError, VideoError
from motifmine.features.video.extract import extract_documents
from motifmine.features.video.spec import FlowSpec
from motifmine.io.hdf5.store import read_table
from motifmine.io.sources import expand_sources, make_recording_names, parse_start_from_name
from motifmine.parallel.isolated import IsolatedJobs, JobFailure, Report
from motifmine.progress import Progress
from motifmine.records.frames import FrameOptions
from motifmine.workflows.extract import extract_sources
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.find_scene import find_scene_of_tables
from motifmine.workflows.outcomes import Outcome
from motifmine.workflows.workspace import Workspace
from tests.helpers.clips import cut, extract_video, moving_square, scene, write_clip
from tests.helpers.paths import ROOT

Run = Callable[..., Result]


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder of three short clips of one scene."""
    folder = tmp_path / "cam3"
    folder.mkdir()
    for i in (1, 2, 10):
        write_clip(folder / f"clip{i}.mp4", moving_square(30 + i), faststart=True)
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "work")


def extract(workspace: Workspace, *sources: Path, **settings: object) -> list[Outcome]:
    return extract_sources(sources, workspace, ExtractionSettings(**settings), workers=2)  # type: ignore[arg-type]


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def test_a_table_holds_its_source(clips: Path, workspace: Workspace) -> None:
    (outcome,) = extract(workspace, clips / "clip1.mp4", start="2026-03-01T08:30:00")
    table = read_table(workspace.table_path("clip1"))
    (recording,) = table.recordings
    assert outcome.table_path == workspace.table_path("clip1")
    assert (recording.frames_expected, recording.frames_decoded) == (31, 31)
    assert recording.source == str((clips / "clip1.mp4").resolve())
    assert len(recording.source_digest) == 64
    assert recording.start_utc == "2026-03-01T08:30:00+00:00"
    assert outcome.n_observations == len(table.word) > 0
    assert recording.n_times == 5


def test_time_bins_follow_the_stamps_of_a_variable_frame_rate(tmp_path: Path) -> None:
    # the square moves during the first and the last second, with 3 s without a frame between
    times_s = [Fraction(i, 25) for i in range(25)] + [4 + Fraction(i, 10) for i in range(10)]
    path = write_clip(tmp_path / "a.mkv", moving_square(35, step=(1.5, 0)), times_s=times_s)
    table = extract_video(path)
    filled = np.flatnonzero(np.diff(table.offsets))
    assert table.n_times == 20
    assert set(filled.tolist()) <= {0, 1, 2, 3, 16, 17, 18, 19}
    assert {1, 2, 17, 18} <= set(filled.tolist())


def test_the_mean_picture_is_the_scene_in_working_size(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [scene()] * 60, pixels="yuvj420p")
    picture = extract_video(path, FlowSpec(width=80)).picture
    assert picture is not None
    assert picture.shape == (60, 80, 3)
    assert abs(float(picture.mean()) - float(scene().mean())) < 3


def test_outcomes_come_in_the_natural_order_of_the_files(clips: Path, workspace: Workspace) -> None:
    names = [outcome.source.name for outcome in extract(workspace, clips)]
    assert names == ["clip1.mp4", "clip2.mp4", "clip10.mp4"]


def test_tables_are_equal_to_the_byte_for_any_number_of_workers(
    clips: Path, tmp_path: Path
) -> None:
    for name, workers in (("one", 1), ("three", 3)):
        extract_sources([clips], Workspace(tmp_path / name), workers=workers)
    for path in Workspace(tmp_path / "one").table_paths():
        assert path.read_bytes() == Workspace(tmp_path / "three").table_path(path.stem).read_bytes()


def test_a_source_that_fails_does_not_stop_the_others(clips: Path, workspace: Workspace) -> None:
    (clips / "clip2.mp4").write_text("no video at all\n" * 50)
    outcomes = extract(workspace, clips, clips / "absent.mp4")
    assert statuses(outcomes) == ["ok", "failed", "ok", "failed"]
    assert "is a text file" in outcomes[1].reason
    assert "does not exist" in outcomes[3].reason
    assert [path.stem for path in workspace.table_paths()] == ["clip1", "clip10"]


def test_nothing_is_written_when_the_only_source_fails(
    tmp_path: Path, workspace: Workspace
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    assert statuses(extract(workspace, tmp_path / "a.mp4")) == ["failed"]
    assert not workspace.root.exists()


def test_a_second_run_skips_finished_sources(clips: Path, workspace: Workspace) -> None:
    extract(workspace, clips / "clip2.mp4")
    assert statuses(extract(workspace, clips)) == ["ok", "skipped", "ok"]


def test_other_settings_do_not_overwrite_a_table(clips: Path, workspace: Workspace) -> None:
    extract(workspace, clips / "clip2.mp4")
    (outcome,) = extract(workspace, clips / "clip2.mp4", spec=FlowSpec(change=9))
    assert outcome.status == "failed"
    assert "with other settings" in outcome.reason
    assert "--force" in outcome.reason


def test_force_overwrites_tables_even_with_another_grid(clips: Path, workspace: Workspace) -> None:
    extract(workspace, clips)
    outcomes = extract(workspace, clips, spec=FlowSpec(cell_px=16), force=True)
    assert statuses(outcomes) == ["ok"] * 3
    assert read_table(workspace.table_path("clip2")).n_words == 8 * 10 * 8


@pytest.mark.parametrize(
    ("spec", "difference"),
    [(FlowSpec(cell_px=16), "cell_px 16 instead of 8"), (FlowSpec(bin_s=0.5), "0.5 s instead")],
)
def test_another_scene_is_refused_with_the_difference(
    clips: Path, workspace: Workspace, spec: FlowSpec, difference: str
) -> None:
    extract(workspace, clips / "clip1.mp4")
    (outcome,) = extract(workspace, clips / "clip2.mp4", spec=spec)
    assert outcome.status == "failed"
    assert difference in outcome.reason
    assert "--workspace" in outcome.reason


def test_the_first_source_sets_the_scene_of_an_empty_workspace(
    clips: Path, workspace: Workspace
) -> None:
    write_clip(clips / "clip3.mp4", moving_square(30, width=192))
    outcomes = extract(workspace, clips)
    assert statuses(outcomes) == ["ok", "ok", "failed", "ok"]
    assert "clip3.mp4 does not belong to the scene of" in outcomes[2].reason
    assert "192x120 instead of 160x120" in outcomes[2].reason


def test_several_tdoc_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.tdoc").write_text("0:1 1:2\n\n1:1\n")
    (tmp_path / "b.tdoc").write_text("4:3\n")
    workspace = Workspace(tmp_path / "work")
    assert statuses(extract(workspace, tmp_path, label_bin_s=2.0)) == ["ok", "ok"]
    assert read_table(workspace.table_path("a")).n_words == 5
    assert read_table(workspace.table_path("a")).bin_s == 2.0


def test_a_cut_video_is_partial_and_its_table_says_where(tmp_path: Path) -> None:
    path = cut(write_clip(tmp_path / "a.mp4", faststart=True), 0.6)
    workspace = Workspace(tmp_path / "work")
    (outcome,) = extract(workspace, path)
    (recording,) = read_table(workspace.table_path("a")).recordings
    assert outcome.status == "partial"
    assert f"after frame {recording.frames_decoded - 1} at" in outcome.reason
    assert recording.truncated_at_s == pytest.approx(recording.frames_decoded * 0.04)
    assert recording.frames_decoded < recording.frames_expected == 100


def test_strict_refuses_a_cut_video(tmp_path: Path) -> None:
    path = cut(write_clip(tmp_path / "a.mp4", faststart=True), 0.6)
    with pytest.raises(VideoError, match="breaks off after frame"):
        extract_video(path, strict=True)


def test_a_cut_video_warns(tmp_path: Path) -> None:
    path = cut(write_clip(tmp_path / "a.mkv"), 0.6)
    with pytest.warns(MotifmineWarning, match="breaks off after frame"):
        extract_video(path)


def test_progress_reaches_the_end_of_the_recordings(clips: Path, workspace: Workspace) -> None:
    heard: list[tuple[Progress, float]] = []
    extract_sources([clips], workspace, on_progress=lambda now, share: heard.append((now, share)))
    assert {now.source.name for now, _ in heard if now.source} == {
        "clip1.mp4",
        "clip2.mp4",
        "clip10.mp4",
    }
    assert all(0 <= share <= 1 for _, share in heard)


def test_folders_and_patterns_are_expanded_once(clips: Path) -> None:
    (clips / "notes.txt").write_text("not a recording")
    pattern = str(clips / "clip*.mp4")
    names = [path.name for path in expand_sources([clips / "clip10.mp4", pattern, clips])]
    assert names == ["clip10.mp4", "clip1.mp4", "clip2.mp4"]


@pytest.mark.parametrize("source", ["", "*.mp4"])
def test_a_folder_or_pattern_without_recordings_is_an_error(tmp_path: Path, source: str) -> None:
    with pytest.raises(DataError, match="has no recordings"):
        expand_sources([tmp_path / source])


def test_names_that_clash_get_their_folder_in_front() -> None:
    paths = [Path("/a/mon/0800.mp4"), Path("/a/tue/0800.mp4"), Path("/a/tue/0900.mp4")]
    assert make_recording_names(paths) == ["mon-0800", "tue-0800", "0900"]


def test_names_get_as_many_folders_as_they_need_or_their_suffix() -> None:
    paths = [Path("/a/mon/0800.mp4"), Path("/b/mon/0800.avi")]
    assert make_recording_names(paths) == ["a-mon-0800", "b-mon-0800"]
    paths = [Path("/a/0800.mp4"), Path("/a/0800.avi"), Path("/b/0900.mp4")]
    assert make_recording_names(paths) == ["0800-mp4", "0800-avi", "0900"]


def test_ambiguous_names_are_refused() -> None:
    with pytest.raises(DataError, match="would both be named 'x_-mp4'"):
        make_recording_names([Path("/a/x:.mp4"), Path("/a/x;.mp4")])


def test_long_names_stay_apart() -> None:
    names = make_recording_names([Path("/a") / ("ü" * 120 + end) for end in ("1.mp4", "2.mp4")])
    assert len(set(names)) == 2
    assert max(len(name.encode()) for name in names) <= 200


def test_names_are_distinct_where_case_is_not_distinguished() -> None:
    paths = [Path(name) for name in ("/a/A.csv", "/a/a.csv", "/b/x.csv", "/c/X.csv", "/c/y.csv")]
    names = make_recording_names(paths)
    assert len({name.casefold() for name in names}) == 5
    assert names[2:] == ["b-x", "c-X", "y"]


def test_sources_are_read_where_processes_cannot_be_forked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    log = tmp_path / "log.csv"
    log.write_text("time,door\n" + "".join(f"{t},{int(t % 9 == 0)}\n" for t in range(200)))
    (outcome,) = extract(Workspace(tmp_path / "scene"), log)
    assert outcome.status == "ok"


def test_names_are_safe_as_files_and_in_hdf5() -> None:
    names = make_recording_names(
        [Path("/a/../x:y z.mp4"), Path("/a/.hidden.mp4"), Path("/a/été.mp4")]
    )
    assert names == ["x_y_z", "hidden", "été"]


def test_the_start_is_found_in_the_file_name() -> None:
    path = Path("625_201709210946.mp4")
    assert parse_start_from_name(path, "%Y%m%d%H%M") == "2017-09-21T09:46:00+00:00"


def test_a_file_name_without_a_time_is_an_error() -> None:
    with pytest.raises(DataError, match="has no time like"):
        parse_start_from_name(Path("clip.mp4"), "%Y%m%d")


def test_one_start_for_many_sources_is_refused(clips: Path, workspace: Workspace) -> None:
    with pytest.raises(SpecError, match="--start fits one source"):
        extract(workspace, clips, start="2026-03-01T08:30:00")


def block_on_one(job: int, report: Report) -> int:
    report("started")
    if job == 1:
        time.sleep(60)
    return job * 10


def crash_on_one(job: int, report: Report) -> int:
    if job == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    return job * 10


@pytest.mark.parametrize(
    ("function", "patience_s", "reason"),
    [(block_on_one, 5.0, "no progress for 5 s"), (crash_on_one, 60.0, "SIGSEGV")],
)
def test_a_process_that_hangs_or_crashes_fails_alone(
    function: Callable[[int, Report], int], patience_s: float, reason: str
) -> None:
    jobs = IsolatedJobs(function=function, workers=2, patience_s=patience_s, preload=())
    began = time.monotonic()
    endings = dict(jobs.run([0, 1, 2, 3], lambda *_: None))
    assert [endings[i] for i in (0, 2, 3)] == [0, 20, 30]
    failure = endings[1]
    assert isinstance(failure, JobFailure)
    assert reason in failure.reason
    assert time.monotonic() - began < 50


def find_nothing(job: int, report: Report) -> None:
    return None


def test_nothing_is_a_result_of_a_process() -> None:
    jobs = IsolatedJobs(function=find_nothing, workers=1, patience_s=60, preload=())
    assert list(jobs.run([0], lambda *_: None)) == [(0, None)]


@pytest.mark.long
def test_extraction_that_is_killed_leaves_only_whole_tables(clips: Path, tmp_path: Path) -> None:
    for i in range(3, 9):
        write_clip(clips / f"clip{i}.mp4", moving_square(60), faststart=True)
    workspace = Workspace(tmp_path / "work")
    code = (
        "from motifmine.workflows.extract import extract_sources; "
        "from motifmine.workflows.workspace import "
        f"Workspace; from pathlib import Path; extract_sources([Path({str(clips)!r})], "
        f"Workspace(Path({str(workspace.root)!r})))"
    )
    rng = np.random.default_rng(11)
    seen = set()
    for _ in range(20):
        process = subprocess.Popen([sys.executable, "-c", code])
        time.sleep(rng.uniform(0.3, 1.6))
        process.kill()
        process.wait()
        for path in workspace.table_paths():
            seen.add(read_table(path).recordings[0].name)
        if len(seen) > 6:
            for path in workspace.table_paths()[::2]:
                path.unlink()
    outcomes = extract(workspace, clips)
    assert {outcome.status for outcome in outcomes} <= {"ok", "skipped"}
    assert len(workspace.table_paths()) == 9


@pytest.mark.long
def test_ctrl_c_ends_with_130_and_leaves_no_half_file(clips: Path, tmp_path: Path) -> None:
    write_clip(clips / "long.mp4", moving_square(1500), faststart=True)
    code = "from motifmine_cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "extract", str(clips), "-w", str(tmp_path / "work")],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "work" / "tables").exists() and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "interrupted\n")
    left = [path.name for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert all(name.startswith("clip") for name in left)


def test_a_bare_number_is_refused_as_a_length(motifmine: Run, clips: Path) -> None:
    result = motifmine("extract", clips, "--bin", "0.5")
    assert result.exit_code == 2
    assert "did you mean 0.5s" in result.stderr


def test_the_command_names_each_outcome_and_ends_with_1_when_one_failed(
    motifmine: Run, clips: Path
) -> None:
    (clips / "clip2.mp4").write_bytes(b"")
    result = motifmine("extract", clips, "--bin", "500ms", "--cell", "16")
    assert result.exit_code == 1
    assert f"ok: {clips / 'clip1.mp4'}: 31 of 31 frames" in result.stdout
    assert f"failed: {clips / 'clip2.mp4'} is empty (0 bytes)" in result.stderr


def test_a_job_is_its_settings_and_nothing_else(clips: Path, workspace: Workspace) -> None:
    settings = ExtractionSettings(spec=FlowSpec(width=80))
    (outcome,) = extract_sources([clips / "clip1.mp4"], workspace, settings)
    (again,) = extract_sources([clips / "clip1.mp4"], workspace, replace(settings, patience_s=5.0))
    assert (outcome.status, again.status) == ("ok", "skipped")


def test_a_jump_of_the_stamps_makes_two_tables(tmp_path: Path, workspace: Workspace) -> None:
    times_s = [Fraction(i, 25) + (600 if i >= 40 else 0) for i in range(80)]
    path = write_clip(tmp_path / "a.mkv", moving_square(80), times_s=times_s)
    outcomes = extract(workspace, path, start="2026-03-01T08:30:00")
    tables = [read_table(path) for path in workspace.table_paths()]
    assert [path.stem for path in workspace.table_paths()] == ["a+0001", "a+0002"]
    assert [outcome.document for outcome in outcomes] == ["a+0001", "a+0002"]
    assert [outcome.frames_decoded for outcome in outcomes] == [40, 40]
    assert [outcome.recorded_s for outcome in outcomes] == pytest.approx([1.75, 1.75], abs=0.3)
    second = tables[1].recordings[0]
    assert second.bin_start_s[0] == pytest.approx(601.6)
    # seconds of the recording, so that both have the same second 0
    assert second.start_utc == tables[0].recordings[0].start_utc
    assert statuses(extract(workspace, path, start="2026-03-01T08:30:00")) == ["skipped"]


def test_a_longer_gap_is_allowed_by_max_gap(tmp_path: Path, workspace: Workspace) -> None:
    times_s = [Fraction(i, 25) + (15 if i >= 40 else 0) for i in range(80)]
    path = write_clip(tmp_path / "a.mkv", moving_square(80), times_s=times_s)
    assert len(extract(workspace, path, frames=FrameOptions(max_gap_s=20.0))) == 1


def test_a_long_video_is_cut_into_documents(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", moving_square(80))
    tables = list(extract_documents(path, document_s=1.0))
    assert [table.recordings[0].frames_decoded for table in tables] == [25, 25, 25, 5]
    starts = [table.recordings[0].bin_start_s[0] for table in tables]
    assert starts == pytest.approx([0.0, 1.0, 2.0, 3.0])


SILENT = {
    "nothing moves": ([scene()] * 40, "nothing moves in it"),
    "too dark": ([scene() // 12] * 40, "too dark"),
    "one frame": ([scene()], "one frame only"),
}


@pytest.mark.parametrize("case", SILENT)
def test_a_source_without_observations_is_a_warning_with_the_reason(
    motifmine: Run, tmp_path: Path, case: str
) -> None:
    pictures, reason = SILENT[case]
    path = write_clip(tmp_path / "a.mp4", pictures)
    result = motifmine("extract", path)
    assert (result.exit_code, result.stdout) == (0, "")
    (line,) = [line for line in result.stderr.splitlines() if not line.startswith("next: ")]
    assert line.startswith(f"warning: {path}: {len(pictures)} of {len(pictures)} frame")
    assert reason in line


def test_the_line_of_a_source_reports_what_was_decided() -> None:
    outcome = Outcome(
        source=Path("cam.mkv"),
        status="ok",
        frames_expected=1502,
        frames_decoded=1500,
        frames_damaged=2,
        recorded_s=60.0,
        notes=("stream 1 of 2", "sway up to 2 px removed"),
        n_observations=8930,
    )
    assert str(outcome) == (
        "ok: cam.mkv: 1500 of 1502 frames (2 damaged), 60.0 s, stream 1 of 2, "
        "sway up to 2 px removed, 8,930 observations"
    )


def test_the_scene_of_a_workspace_is_that_of_its_first_table(
    clips: Path, workspace: Workspace
) -> None:
    assert find_scene_of_tables(workspace, workspace.table_paths()) is None
    extract(workspace, clips / "clip1.mp4")
    scene = find_scene_of_tables(workspace, workspace.table_paths())
    assert scene is not None
    assert (scene.size_px, scene.bin_s) == ((160, 120), 0.25)


def test_nothing_in_the_current_folder_is_imported(tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "motifmine").mkdir(parents=True)
    (here / "motifmine/__init__.py").write_text("open('imported', 'w')")
    (here / "doc.tdoc").write_text("0:2 3:1\n1:4\n")
    # as the installed command: the folder of the script is first on the path, not the current one
    script = tmp_path / "bin/motifmine"
    script.parent.mkdir()
    script.write_text("from motifmine_cli.main import main\nmain()\n")
    done = subprocess.run(
        [sys.executable, str(script), "extract", "doc.tdoc"],
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (here / "imported").exists()
