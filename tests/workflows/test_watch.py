"""`motifmine watch`: what is decided, when, how runs follow each other, and what is refused."""

import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from click.testing import Result
from scipy.io import wavfile

from motifmine.analysis.motif_selection import keep_motifs
from motifmine.errors import FormatError
from motifmine.io.hdf5 import store
from motifmine.io.tdoc import write_tdoc
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord, MotifSet
from motifmine.records.table import ObservationTable, cut_documents
from motifmine.simulation import simulate
from motifmine.workflows.mine import locate, mine
from motifmine.workflows.watching.anomalies import AnomalyFollower
from motifmine.workflows.watching.early import Early
from motifmine.workflows.watching.output import Lines, Position
from motifmine.workflows.watching.sources import LiveBin, Source
from motifmine.workflows.watching.watch import watch_source
from motifmine.workflows.workspace import Workspace
from tests.helpers.paths import ROOT

Run = Callable[..., Result]
LENGTH = 10
Scene = tuple[Path, FitRecord, ObservationTable, ObservationTable]
SCHEMA = json.loads((ROOT / "docs/schemas/watch.json").read_text())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A fit of half of a simulated document, the other half as words, and both tables."""
    folder = tmp_path_factory.mktemp("watch")
    halves = cut_documents(simulate(n_motifs=2, n_times=900, seed=2).table, 500)
    learnt, new = halves.document(0), halves.document(1)
    record = mine(learnt, Plsm(n_motifs=2, motif_length=LENGTH))
    store.write_fit(folder / "fit.h5", record)
    write_tdoc(folder / "new.tdoc", new)
    return folder, record, new, learnt


@pytest.fixture
def here(scene: Scene, motifmine: Run) -> Path:
    """The current folder, with copies of the fit and the words."""
    for name in ("fit.h5", "new.tdoc"):
        shutil.copy(scene[0] / name, name)
    return Path()


def events(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        jsonschema.validate(event, SCHEMA)
    return found


def starts(found: list[dict[str, Any]]) -> list[tuple[float, int]]:
    return [(event["start_s"], event["motif"]) for event in found]


def begin(*arguments: str, stdin: int | None = None) -> subprocess.Popen[str]:
    """Begin a watch that runs next to the test."""
    with Path("out.jsonl").open("a") as out, Path("err.txt").open("a") as err:
        return subprocess.Popen(
            [sys.executable, "-m", "motifmine_cli", "watch", *arguments],
            stdin=stdin,
            stdout=out,
            stderr=err,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"{what}: {Path('err.txt').read_text()}"
        time.sleep(0.05)


def test_it_finds_what_locate_finds(here: Path, motifmine: Run, scene: Scene) -> None:
    result = motifmine("watch", "fit.h5", "new.tdoc", "--idle", "1ms")
    assert result.exit_code == 0, result.stderr
    found = events(result.stdout)
    located = locate(scene[1], scene[2]).occurrences
    expected = [(s, m + 1) for s, m in zip(located.start_bin, located.motif, strict=True)]
    assert len(expected) > 25
    near = [
        any(m == motif and abs(s - start) <= 2 for s, m in expected)
        for start, motif in starts(found)
    ]
    # watch keeps to the least score of the fit, locate to what the whole recording says
    assert sum(near) > 0.9 * max(len(expected), len(found))
    assert [event["number"] for event in found] == list(range(1, len(found) + 1))
    again = motifmine("watch", "fit.h5", "new.tdoc", "--idle", "1ms")
    assert again.stdout == ""
    text = motifmine(
        "watch", "fit.h5", "new.tdoc", "--idle", "1ms", "--restart", "--format", "text"
    )
    assert len(text.stdout.splitlines()) == len(found)
    assert "motif 1" in text.stdout


def test_early_ones_come_before_their_end_and_are_as_likely_as_they_say(
    here: Path, motifmine: Run, scene: Scene
) -> None:
    options = ("watch", "fit.h5", "new.tdoc", "--idle", "1ms", "--early", "0.8")
    refused = motifmine(*options)
    assert refused.exit_code == 1
    assert "--early learns from the tables of the fit's own recordings" in refused.stderr
    name = scene[1].recordings[0].name
    store.write_table(Path(f"motifmine-work/tables/{name}.h5"), scene[3])
    found = events(motifmine(*options).stdout)
    early = [event for event in found if event["event"] == "early"]
    decided = [event for event in found if event["event"] == "occurrence"]
    assert len(decided) > 25
    confirmed = [
        event
        for event in early
        if any(
            one["motif"] == event["motif"] and abs(one["start_s"] - event["start_s"]) <= 2
            for one in decided
        )
    ]
    assert len(confirmed) > 0.8 * len(decided)
    assert len(confirmed) > 0.7 * len(early)
    assert all(event["probability"] >= 0.8 for event in early)
    # an announcement of what is decided already would be none
    first = [
        min(e["number"] for e in early if abs(e["start_s"] - one["start_s"]) <= 2)
        for one in decided
        if any(abs(e["start_s"] - one["start_s"]) <= 2 for e in early)
    ]
    assert len(first) > 0.8 * len(decided)


@pytest.mark.long
def test_anomalies_are_those_of_the_whole_and_survive_an_interruption(
    here: Path, motifmine: Run
) -> None:
    lines = Path("new.tdoc").read_text().splitlines(keepends=True)
    # words in an order that no motif has
    odd = [f"{7 * i % 20}:9\n" for i in range(12)]
    Path("odd.tdoc").write_text("".join([*lines[:200], *odd, *lines[212:]]))
    options = ("--idle", "1ms", "--anomalies")
    whole = motifmine("watch", "fit.h5", "odd.tdoc", *options)
    found = [event for event in events(whole.stdout) if event["event"] == "anomaly"]
    hits = [event for event in found if event["start_s"] < 212 and event["end_s"] > 200]
    assert hits
    assert max(event["surprise"] for event in found) == max(e["surprise"] for e in hits)
    listed = json.loads(motifmine("anomalies", "fit.h5", "odd.tdoc", "--format", "json").stdout)
    assert abs(listed[0]["start_s"] - hits[0]["start_s"]) <= LENGTH
    Path("motifmine-work").rename("before")
    Path("odd.tdoc").rename("all.tdoc")
    text = Path("all.tdoc").read_text().splitlines(keepends=True)
    parts = []
    for end in (205, 400):
        # the first file ends like one that is interrupted: nothing of its rest is decided
        Path("odd.tdoc").write_text("".join(text[:end]))
        parts.append(run_until("odd.tdoc", is_last=end == 400))
    again = [event for part in parts for event in events(part) if event["event"] == "anomaly"]
    assert [(e["start_s"], e["end_s"], e["sense"]) for e in again] == [
        (e["start_s"], e["end_s"], e["sense"]) for e in found
    ]


def run_until(source: str, *, is_last: bool) -> str:
    """Watch in this process, and interrupt it where all was read unless it is the last run."""
    output = io.BytesIO()

    timer = threading.Timer(2.0, os.kill, [os.getpid(), signal.SIGINT])
    if not is_last:
        timer.start()
    watch_source(
        Workspace(Path("motifmine-work")),
        "fit.h5",
        source,
        output,
        idle_s=0.0 if is_last else math.inf,
        anomalies=True,
        on_message=lambda _: None,
    )
    return output.getvalue().decode()


def test_fits_that_cannot_be_followed_are_refused(here: Path, scene: Scene, motifmine: Run) -> None:
    _, record, _, learnt = scene
    with pytest.raises(FormatError, match="no scale of anomalies"):
        AnomalyFollower(replace(record, anomalies=None))
    workspace = Workspace(Path("motifmine-work"))
    store.write_table(workspace.table_path(record.recordings[0].name), learnt)
    assert Early.of_workspace(workspace, record, 0.9).scale.probability.max() > 0.9
    untested = replace(record, significance=None, predictive=None, segments=None)
    store.write_fit(Path("none.h5"), keep_motifs(untested, np.zeros(0, dtype=np.int64)))
    result = motifmine("watch", "none.h5", "new.tdoc")
    assert result.stderr == "Error: none.h5 has no motifs to watch for\n"


@pytest.mark.long
def test_each_is_printed_a_motif_and_a_bin_after_its_end(here: Path, motifmine: Run) -> None:
    whole = events(motifmine("watch", "fit.h5", "new.tdoc", "--idle", "1ms").stdout)
    lines = Path("new.tdoc").read_text().splitlines(keepends=True)
    Path("grow.tdoc").write_text("")
    run = begin("fit.h5", "grow.tdoc")
    try:
        for n_lines in (100, 250):
            with Path("grow.tdoc").open("a") as file:
                file.writelines(lines[0 if n_lines == 100 else 100 : n_lines])
            due = [event for event in whole if event["start_s"] + 2 * LENGTH + 1 <= n_lines]
            wait_for(lambda due=due: len(printed()) >= len(due), "no event")  # type: ignore[misc]
            assert starts(printed()[: len(due)]) == starts(due)
    finally:
        run.send_signal(signal.SIGINT)
    assert run.wait(20) == 0
    assert Path("err.txt").read_text() == ""
    # what is not complete is not decided by the end of the run
    assert all(event["start_s"] + LENGTH <= 250 for event in printed())


def printed() -> list[dict[str, Any]]:
    # the last line may still be written
    return events(Path("out.jsonl").read_text().rpartition("\n")[0])


@pytest.mark.long
def test_a_killed_run_goes_on_without_a_double_or_a_hole(here: Path, motifmine: Run) -> None:
    whole = events(motifmine("watch", "fit.h5", "new.tdoc", "--idle", "1ms").stdout)
    lines = Path("new.tdoc").read_text().splitlines(keepends=True)
    for n_lines in (90, 200, 330):
        with Path("grow.tdoc").open("w" if n_lines == 90 else "a") as file:
            file.writelines(lines[{90: 0, 200: 90, 330: 200}[n_lines] : n_lines])
        before = len(Path("out.jsonl").read_text()) if n_lines > 90 else 0
        run = begin("fit.h5", "grow.tdoc")
        wait_for(lambda n=before: len(Path("out.jsonl").read_text()) > n, "no event")  # type: ignore[misc]
        run.kill()
        run.wait(20)
    with Path("grow.tdoc").open("a") as file:
        file.writelines(lines[330:])
    run = begin("fit.h5", "grow.tdoc", "--idle", "300ms")
    assert run.wait(60) == 0
    found = events(Path("out.jsonl").read_text())
    assert starts(found) == starts(whole)
    assert [event["number"] for event in found] == [event["number"] for event in whole]


def test_what_a_killed_run_wrote_last_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with path.open("ab") as stream:
        first = Lines(stream, Position())
        first.write("one")
        saved = replace(first.position)
        first.write("two")
        stream.write(b"thr")
    with path.open("ab") as stream:
        second = Lines(stream, saved)
        for line in ("two", "three", "four"):
            second.write(line)
    assert path.read_text() == "one\ntwo\nthree\nfour\n"
    assert (second.position.n_lines, second.position.n_bytes) == (4, 19)


@pytest.mark.long
def test_standard_input_is_read_to_its_end_and_twice_gives_nothing_new(here: Path) -> None:
    for _ in range(2):
        with Path("new.tdoc").open() as file:
            run = subprocess.run(
                [sys.executable, "-m", "motifmine_cli", "watch", "fit.h5", "-"],
                stdin=file,
                capture_output=True,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                timeout=60,
                check=True,
            )
            if not Path("first").exists():
                Path("first").write_text(run.stdout)
    assert len(events(Path("first").read_text())) > 25


def test_segments_of_a_folder_are_recordings_of_their_own(here: Path, motifmine: Run) -> None:
    Path("segments").mkdir()
    lines = Path("new.tdoc").read_text().splitlines(keepends=True)
    for number in range(1, 3):
        part = lines[200 * (number - 1) : 200 * number]
        Path(f"segments/part{number}.tdoc").write_text("".join(part))
    found = events(motifmine("watch", "fit.h5", "segments", "--idle", "200ms").stdout)
    assert {event["recording"] for event in found} == {"part1", "part2"}
    assert max(event["start_s"] for event in found) < 200
    Path("segments/part10.tdoc").write_text("".join(lines[:200]))
    more = events(motifmine("watch", "fit.h5", "segments", "--idle", "200ms").stdout)
    first = [(s, m) for s, m in starts(found) if s < 150]
    assert {event["recording"] for event in more} == {"part10"}
    assert [(s, m) for s, m in starts(more) if s < 150] == first[: len(first) // 2] or first


def test_bad_input_is_refused_in_a_line(here: Path, motifmine: Run, tmp_path: Path) -> None:
    other = simulate(n_motifs=2, n_words=33, n_times=60, seed=1).table
    store.write_table(Path("other.h5"), other.document(0))
    Path("large.tdoc").write_text("900:2\n")
    Path("bad.tdoc").write_text("0:1\nno words\n")
    for source, says in [
        ("other.h5", "it is of another scene"),
        ("large.tdoc", "large has word 900 at 0 s, and the fit has 20 words"),
        ("bad.tdoc", "neither word:count"),
        ("nothing.tdoc", "does not exist"),
        ("rtsp://localhost/stream", "the fit is not of video"),
    ]:
        result = motifmine("watch", "fit.h5", source, "--idle", "1ms")
        assert (result.exit_code, result.stdout) == (1, "")
        assert says in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_source_that_has_become_shorter_since_the_last_run_is_said_to_be(
    here: Path, motifmine: Run
) -> None:
    lines = Path("new.tdoc").read_text().splitlines(keepends=True)
    source, call = Path("new.tdoc"), ("watch", "fit.h5", "new.tdoc", "--idle", "1ms")
    source.write_text("".join(lines[:100]))
    assert events(motifmine(*call).stdout)
    assert "ends before" not in motifmine(*call).stderr
    source.write_text("".join(lines[:60]))
    again = motifmine(*call)
    assert (again.exit_code, again.stdout) == (0, "")
    assert "new ends before 00:01:39.000, up to where it was read before" in again.stderr


@pytest.mark.long
def test_a_file_that_is_cut_ends_the_watch_and_keeps_what_was_decided(here: Path) -> None:
    shutil.copy("new.tdoc", "grow.tdoc")
    run = begin("fit.h5", "grow.tdoc")
    wait_for(lambda: len(events(Path("out.jsonl").read_text())) > 20, "no event")
    Path("grow.tdoc").write_text("0:1\n")
    assert run.wait(20) == 1
    assert "was cut from" in Path("err.txt").read_text()
    assert len(events(Path("out.jsonl").read_text())) > 20


@pytest.mark.long
def test_bins_of_a_log_are_those_of_its_table(motifmine: Run) -> None:
    rng = np.random.default_rng(0)
    rows = ["time_s,flow,level"]
    # a gap, and samples that are missing
    for t in [*range(300), *range(400, 600)]:
        level = "" if 50 < t < 55 else f"{np.sin(t / 9) + rng.normal(0, 0.1):.3f}"
        rows.append(f"{t},{5 * (t % 60 < 9) + rng.normal(0, 0.3):.3f},{level}")
    Path("log.csv").write_text("\n".join(rows) + "\n")
    assert motifmine("extract", "log.csv", "--bin", "2s").exit_code == 0
    assert (
        motifmine("fit", "--model", "plsm", "--motifs", "1", "--motif-length", "10s").exit_code == 0
    )
    record = store.read_fit(Path("motifmine-work/fits/plsm-001.h5"))
    taken: list[LiveBin] = []
    source = Source(
        record=record,
        take=taken.append,
        stop=threading.Event(),
        idle_s=0.0,
        on_wait=lambda: None,
        on_message=lambda _: None,
    )
    source.follow("log.csv")
    tables = [store.read_table(path) for path in sorted(Path("motifmine-work/tables").glob("*"))]
    assert [row.document for row in taken] == [
        number for number, table in enumerate(tables) for _ in range(table.n_times)
    ]
    starts_s = np.concatenate([table.recordings[0].bin_start_s for table in tables])
    assert [row.start_s for row in taken] == pytest.approx(starts_s)
    assert np.array_equal(
        np.concatenate([row.word for row in taken]), np.concatenate([t.word for t in tables])
    )
    assert np.concatenate([row.count for row in taken]) == pytest.approx(
        np.concatenate([t.count for t in tables])
    )
    # bins are what is tested; whether they hold a motif is not
    flat = np.full((1, 5, record.vocabulary.n_words), 0.2 / record.vocabulary.n_words, np.float32)
    motifs = MotifSet(probability=flat, weight=np.ones(1))
    bare = replace(record, motifs=motifs, segments=None, significance=None)
    store.write_fit(Path("any.h5"), bare)
    with Path("log.csv").open("a") as file:
        file.write("590,1,1\n")
    back = motifmine("watch", "any.h5", "log.csv", "--idle", "1ms")
    assert back.exit_code == 1
    assert "590" in back.stderr
    assert len(back.stderr.splitlines()) == 1


def test_a_source_is_watched_from_python_until_it_ends(here: Path) -> None:
    output = io.BytesIO()
    watch_source(
        Workspace(here), "fit.h5", "new.tdoc", output, idle_s=0.0, on_message=lambda _: None
    )
    found = events(output.getvalue().decode())
    assert len(found) > 5


def test_a_folder_of_sound_files_is_watched_as_extract_reads_them(motifmine: Run) -> None:
    rng = np.random.default_rng(0)
    time_s = np.arange(8 * 8000) / 8000
    beat = np.sin(2 * np.pi * 800 * time_s) * (time_s % 1 < 0.1) + 0.01 * rng.standard_normal(64000)
    Path("segments").mkdir()
    for name in ("a1.wav", "a2.wav"):
        wavfile.write(Path("segments") / name, 8000, (8000 * beat).astype(np.int16))
    assert motifmine("extract", "segments/a1.wav", "--bin", "50ms").exit_code == 0
    fitted = motifmine(
        "fit", "--model", "plsm", "--motifs", "1", "--motif-length", "300ms", "--seed", "1"
    )
    assert fitted.exit_code == 0, fitted.stderr
    found = motifmine("watch", "plsm-001", "segments", "--idle", "0.1s")
    assert found.exit_code == 0, found.stderr
    seen = starts(events(found.stdout))
    assert 12 <= len(seen) <= 16
    located = motifmine("locate", "plsm-001", "segments/a2.wav", "--format", "json")
    theirs = [(event["start_s"], event["motif"]) for event in json.loads(located.stdout)]
    assert len(set(seen) & set(theirs)) >= 0.8 * len(theirs)
