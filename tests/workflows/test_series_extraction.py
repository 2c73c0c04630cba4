"""Series become tables: words and bins agreed by all, documents, resuming, bad input."""

import json
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.errors import FormatError, WorkspaceError
from motifmine.features.series.bin_length import choose_bin_s, round_up
from motifmine.features.series.survey import SeriesSettings
from motifmine.features.video.spec import FlowSpec
from motifmine.io.hdf5.store import read_fit, read_table
from motifmine.io.series.spool import cache_binned, is_cached, read_cached
from motifmine.parallel.scratch import scratch_folder
from motifmine.records.scene import Scene
from motifmine.records.series import BinnedSeries
from motifmine.records.vocabulary import Channels, PlainLabels, Vocabulary
from motifmine.workflows.documents import document_tables, first_table
from motifmine.workflows.extract import extract_sources, plan_jobs, run_job
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.extract_series import SeriesTask, series_tables
from motifmine.workflows.workspace import Workspace

Run = Callable[..., Result]


def write_csv(path: Path, time_s: np.ndarray, **columns: np.ndarray) -> Path:
    names = ["time_s", *columns]
    rows = np.stack([time_s, *columns.values()], axis=1)
    lines = [",".join(names), *(",".join(f"{x:.6g}" for x in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def pump(n: int = 600, *, seed: int = 0, shift: float = 0.0) -> dict[str, np.ndarray]:
    """Return two channels: `flow` bulges every 30 s, `level` follows 4 s later."""
    time = np.arange(n, dtype=float)
    rng = np.random.default_rng(seed)
    phase = (time + shift) % 30
    bulge = np.exp(-(((phase - 8) / 2) ** 2))
    later = np.exp(-(((phase - 12) / 2) ** 2))
    return {
        "time_s": time,
        "flow": 5 * bulge + rng.normal(0, 0.1, n),
        "level": 3 * later + rng.normal(0, 0.1, n),
    }


def write_wav(path: Path) -> None:
    """Write two seconds: 0.1 s of a sine of 1 kHz every half second."""
    rate = 16_000
    time = np.arange(2 * rate) / rate
    sound = 0.5 * np.sin(2 * np.pi * 1000 * time) * (time % 0.5 < 0.1) * (time >= 0.4)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((32767 * sound).astype("<i2").tobytes())


@pytest.mark.long
def test_the_three_lines_work_on_a_series(motifmine: Run) -> None:
    write_csv(Path("plant.csv"), **pump())
    result = motifmine("extract", "plant.csv")
    assert result.exit_code == 0, result.stderr
    assert "words: rectified" in result.stderr
    assert "time bins of 1 s" in result.stderr
    assert motifmine("fit", "--model", "plsm").exit_code == 0
    shown = motifmine("show-motifs")
    assert "flow rises by 5 for 3 s, 4 s later level rises by 3 for 3 s." in shown.stdout
    record = read_fit(Path("motifmine-work/fits/plsm-001.h5"))
    assert len(record.occurrences) == 20
    assert set(np.diff(record.occurrences.start_s)) == {30.0}
    assert record.segments is not None
    assert record.segments.mean.shape == (len(record.motifs), 20, 2)
    # the raw segment bulges by 5 where the motif says so
    assert record.segments.mean[0, :, 0].max() == pytest.approx(5, abs=0.3)
    page = Path("motifmine-work/reports/plsm-001/report.html").read_text()
    assert page.count('<figure class="segment">') == len(record.motifs)


def test_info_lists_channels_and_words(motifmine: Run) -> None:
    write_csv(Path("plant.csv"), **pump())
    motifmine("extract", "plant.csv")
    facts = json.loads(motifmine("info", "motifmine-work/tables/plant.h5", "--json").stdout)
    assert facts["channels"] == "flow, level"
    assert facts["words_by"] == "rectified"


def test_later_recordings_get_the_words_of_the_first(motifmine: Run) -> None:
    write_csv(Path("one.csv"), **pump())
    two = pump(seed=1)
    write_csv(Path("two.csv"), two["time_s"], level=100 * two["level"], flow=two["flow"])
    motifmine("extract", "one.csv")
    assert motifmine("extract", "two.csv").exit_code == 0
    tables = [read_table(Path(f"motifmine-work/tables/{name}.h5")) for name in ("one", "two")]
    assert tables[0].vocabulary == tables[1].vocabulary
    # the channels were put in order: the hundredfold level is at the limit, the flow is not
    assert tables[1].count[tables[1].word // 2 == 1].max() == 16
    assert tables[1].count[tables[1].word // 2 == 0].max() < 16


def test_sources_extracted_together_share_words_learned_from_all(motifmine: Run) -> None:
    low, high = pump(), pump(seed=1)
    write_csv(Path("a.csv"), low["time_s"], x=low["flow"])
    write_csv(Path("b.csv"), high["time_s"], x=high["flow"] + 10)
    assert motifmine("extract", "a.csv", "b.csv").exit_code == 0
    layout = read_table(Path("motifmine-work/tables/a.h5")).vocabulary.layout
    assert isinstance(layout, Channels)
    both = np.concatenate([low["flow"], high["flow"] + 10])
    np.testing.assert_allclose(layout.coding[0], [both.mean(), both.std()], rtol=1e-4)


def test_locate_codes_new_series_as_the_fit_did(motifmine: Run) -> None:
    write_csv(Path("plant.csv"), **pump())
    write_csv(Path("new.csv"), **pump(seed=2, shift=11))
    motifmine("extract", "plant.csv")
    motifmine("fit", "--model", "plsm")
    fit = read_fit(Path("motifmine-work/fits/plsm-001.h5"))
    result = motifmine("locate", "plsm-001", "new.csv", "--format", "json")
    assert result.exit_code == 0, result.stderr
    # what was under way when the recording began has the time at which that began
    starts = [row["start_s"] for row in json.loads(result.stdout) if row["start_s"] > 0]
    assert len(starts) >= 18  # of 20, and one may be less than sure
    shifted = (fit.occurrences.start_s[0] - 11) % 30
    assert all((start - shifted) % 30 in (0, 1, 29) for start in starts)


def test_a_long_gap_begins_a_new_document_with_times_right(motifmine: Run) -> None:
    columns = pump(300)
    columns["time_s"] = np.where(columns["time_s"] < 100, 0, 1000) + columns["time_s"]
    write_csv(Path("plant.csv"), **columns)
    result = motifmine("extract", "plant.csv", "--start", "2026-03-01T08:00:00")
    assert result.stdout.count("ok: ") == 2
    paths = sorted(Path("motifmine-work/tables").glob("*.h5"))
    assert [path.name for path in paths] == ["plant+0001.h5", "plant+0002.h5"]
    second = read_table(paths[1]).recordings[0]
    assert second.bin_start_s[0] == 1100
    assert second.start_utc == "2026-03-01T08:00:00+00:00"
    again = motifmine("extract", "plant.csv", "--start", "2026-03-01T08:00:00")
    assert again.exit_code == 0
    assert again.stdout.startswith("skipped")


def test_documents_have_the_length_asked_for(motifmine: Run) -> None:
    write_csv(Path("plant.csv"), **pump(300))
    motifmine("extract", "plant.csv", "--document", "2min")
    paths = sorted(Path("motifmine-work/tables").glob("*.h5"))
    assert [read_table(path).n_times for path in paths] == [120, 120, 60]


def test_force_leaves_no_documents_of_an_earlier_extraction(motifmine: Run) -> None:
    write_csv(Path("plant.csv"), **pump(300))
    motifmine("extract", "plant.csv", "--document", "1min")
    assert motifmine("extract", "plant.csv", "--force", "--words", "levels").exit_code == 0
    (path,) = Path("motifmine-work/tables").glob("*.h5")
    layout = read_table(path).vocabulary.layout
    assert path.name == "plant.h5"
    assert isinstance(layout, Channels)
    assert layout.words == "levels"


def test_a_table_set_counts_when_its_first_is_there(tmp_path: Path) -> None:
    for name in ("day+0002.h5", "day+0003.h5", "day+x.h5", "day2.h5"):
        (tmp_path / name).touch()
    assert first_table(tmp_path / "day.h5") is None
    (tmp_path / "day+0001.h5").touch()
    assert first_table(tmp_path / "day.h5") == tmp_path / "day+0001.h5"
    assert [p.name for p in document_tables(tmp_path / "day.h5")] == [
        f"day+000{i}.h5" for i in (1, 2, 3)
    ]


def test_a_series_that_fails_late_leaves_no_tables(motifmine: Run) -> None:
    write_csv(Path("one.csv"), **pump())
    motifmine("extract", "one.csv")
    path = write_csv(Path("two.csv"), **pump(seed=1))
    path.write_text(path.read_text() + "700,oops,1\n")
    result = motifmine("extract", "two.csv", "--document", "1min")
    assert result.exit_code == 1
    assert "line 602" in result.stderr
    assert [p.name for p in Path("motifmine-work/tables").iterdir()] == ["one.h5"]


def test_a_folder_of_series_is_a_source(motifmine: Run) -> None:
    Path("logs").mkdir()
    for name, seed in (("day2", 1), ("day1", 0)):
        write_csv(Path(f"logs/{name}.csv"), **pump(seed=seed))
    result = motifmine("extract", "logs")
    assert result.stdout.splitlines()[0].startswith("ok: logs/day1.csv")
    assert len(list(Path("motifmine-work/tables").glob("*.h5"))) == 2


def test_a_length_in_bins_needs_the_bins_length(motifmine: Run) -> None:
    write_csv(Path("plant.csv"), **pump(300))
    result = motifmine("extract", "plant.csv", "--document", "60bins")
    assert result.exit_code == 1
    assert "60bins needs --bin" in result.stderr
    assert motifmine("extract", "plant.csv", "--document", "60bins", "--bin", "2s").exit_code == 0
    assert len(list(Path("motifmine-work/tables").glob("*.h5"))) == 3


def test_sound_becomes_bands_in_decibels(motifmine: Run) -> None:
    write_wav(Path("beeps.wav"))
    result = motifmine("extract", "beeps.wav", "--bands", "20")
    assert result.exit_code == 0, result.stderr
    assert "words: counts (sound" in result.stderr
    table = read_table(Path("motifmine-work/tables/beeps.h5"))
    layout = table.vocabulary.layout
    assert isinstance(layout, Channels)
    assert layout.is_sound
    assert table.bin_s == 0.01
    loudest = table.word[table.count > 10]
    heard_hz = {float(layout.channels[word].split()[0]) for word in loudest}
    assert any(800 < hz < 1250 for hz in heard_hz)
    # a beep of 0.1 s begins every half second
    loud = np.zeros(table.n_times, dtype=bool)
    loud[table.row_of_observation()[table.count > 10]] = True
    begins = np.flatnonzero(np.diff(loud.astype(int)) == 1) + 1
    np.testing.assert_allclose(begins * 0.01, [0.5, 1.0, 1.5], atol=0.03)


def test_events_become_labels(motifmine: Run) -> None:
    rows = [
        f"{10 * i + lag:.1f},{name}" for i in range(40) for lag, name in ((0, "b10"), (2, "b9"))
    ]
    Path("bells.csv").write_text("time,label\n" + "\n".join(rows) + "\n")
    result = motifmine("extract", "bells.csv", "--bin", "1s")
    assert result.exit_code == 0, result.stderr
    table = read_table(Path("motifmine-work/tables/bells.h5"))
    assert isinstance(table.vocabulary.layout, PlainLabels)
    assert table.vocabulary.labels == ("b9", "b10")
    assert table.total == 80
    Path("more.csv").write_text("time,label\n0,b9\n5,a1\n6,b10\n")
    assert motifmine("extract", "more.csv").exit_code == 0
    later = read_table(Path("motifmine-work/tables/more.h5"))
    assert later.vocabulary.labels == ("b9", "b10", "a1")


def test_other_words_than_the_workspaces_are_refused(motifmine: Run) -> None:
    write_csv(Path("one.csv"), **pump())
    write_csv(Path("two.csv"), **pump(seed=1))
    motifmine("extract", "one.csv")
    result = motifmine("extract", "two.csv", "--words", "levels", "--bin", "5s")
    assert result.exit_code == 1
    assert "words by rectified instead of levels" in result.stderr
    assert "time bins of 1 s instead of 5 s" in result.stderr
    assert not Path("motifmine-work/tables/two.h5").exists()


def test_other_channels_than_the_workspaces_are_refused(motifmine: Run) -> None:
    write_csv(Path("one.csv"), **pump())
    columns = pump(seed=1)
    write_csv(Path("two.csv"), columns["time_s"], flow=columns["flow"])
    motifmine("extract", "one.csv")
    result = motifmine("extract", "two.csv")
    assert result.exit_code == 1
    assert "1 missing ('level')" in result.stderr
    assert "--columns" in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("time_s,x\n0,1\n1,oops\n2,3\n", "oops"),
        ("time_s,x\n0,1\n1,inf\n2,3\n", "inf"),
        ("time_s,x\n0,1\n2,1\n1,3\n3,4\n", "line 4"),
        ("time_s,x\n0,1\n1,1\n1,3\n3,4\n", "line 4"),
        ("time_s,x\n0,1\n1,2,3\n2,3\n", "line 3"),
    ],
)
def test_bad_input_is_reported_in_one_line_and_nothing_is_written(
    text: str, told: str, motifmine: Run
) -> None:
    Path("bad.csv").write_text(text)
    result = motifmine("extract", "bad.csv")
    assert result.exit_code == 1
    failed = [line for line in result.stderr.splitlines() if "bad.csv" in line]
    assert len(failed) == 1
    assert told in failed[0]
    assert not list(Path().glob("motifmine-work/tables/*"))


def test_bad_rows_can_be_skipped(motifmine: Run) -> None:
    columns = pump(100)
    path = write_csv(Path("plant.csv"), **columns)
    lines = path.read_text().splitlines()
    lines[50] = lines[50].replace(",", ",oops", 1)
    path.write_text("\n".join(lines) + "\n")
    assert motifmine("extract", "plant.csv").exit_code == 1
    result = motifmine("extract", "plant.csv", "--on-bad", "skip")
    assert result.exit_code == 0, result.stderr
    assert "partial" in result.stderr


def test_names_of_channels_are_data(motifmine: Run) -> None:
    columns = pump()
    text = write_csv(Path("plant.csv"), **columns).read_text()
    Path("plant.csv").write_text(text.replace("flow", "<script>alert(1)</script>", 1))
    assert motifmine("extract", "plant.csv").exit_code == 0
    assert motifmine("fit", "--model", "plsm").exit_code == 0
    assert motifmine("show-motifs").exit_code == 0
    page = Path("motifmine-work/reports/plsm-001/report.html").read_text()
    assert "<script>alert" not in page


@pytest.mark.parametrize(("period_s", "bin_s"), [(1 / 360, 0.02), (0.02, 0.1), (1, 1), (300, 300)])
def test_bins_hold_about_five_samples_of_fast_series(period_s: float, bin_s: float) -> None:
    assert choose_bin_s(period_s) == bin_s


def test_rounding_up_gives_round_numbers() -> None:
    assert [round_up(x) for x in (0.0139, 0.1, 0.1001, 3, 6, 70)] == [0.02, 0.1, 0.1, 5, 10, 100]


def test_what_waits_between_survey_and_words_is_what_was_binned_and_is_gone_afterwards(
    tmp_path: Path,
) -> None:
    parts = [
        BinnedSeries(
            bin_start_s=np.arange(3.0) + 10 * i,
            value=np.array([[i, np.nan], [1, 2], [3, 4]], dtype=np.float32),
            samples=np.ones((3, 2), dtype=np.int32),
        )
        for i in range(2)
    ]
    with scratch_folder(tmp_path / "work") as spool:
        source = tmp_path / "a.csv"
        assert list(cache_binned(parts[:1], spool, tmp_path / "b.csv")) == parts[:1]
        assert not is_cached(spool, source)
        assert list(cache_binned(parts, spool, source)) == parts
        assert is_cached(spool, source)
        for one, two in zip(read_cached(spool, source), parts, strict=True):
            np.testing.assert_array_equal(one.value, two.value)
            np.testing.assert_array_equal(one.bin_start_s, two.bin_start_s)
    assert not (tmp_path / "work").exists()


def test_a_source_whose_survey_failed_is_cached_again(tmp_path: Path) -> None:
    """A bad row after 8 MB fails the survey when documents are cached, and is read once more."""
    part = BinnedSeries(
        bin_start_s=np.arange(2.0),
        value=np.zeros((2, 1), np.float32),
        samples=np.ones((2, 1), np.int32),
    )

    def documents() -> Iterator[BinnedSeries]:
        yield part
        raise FormatError("line 690002")

    with scratch_folder(tmp_path / "work") as spool:
        for _ in range(2):
            with pytest.raises(FormatError, match="line 690002"):
                list(cache_binned(documents(), spool, tmp_path / "a.csv"))
        assert not is_cached(spool, tmp_path / "a.csv")


def test_a_series_is_refused_where_the_words_are_those_of_video(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "plant.csv", **pump())
    scene = Scene(vocabulary=Vocabulary.of_grid(FlowSpec(width=80).grid(160, 120)), bin_s=0.25)
    task = SeriesTask(path=path, name="plant", start_utc="", settings=SeriesSettings(), scene=scene)
    with pytest.raises(WorkspaceError, match="words of kind flow-grid"):
        next(series_tables(task, lambda _: None))


def test_a_file_that_changes_while_it_is_read_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    path, workspace = tmp_path / "log.csv", Workspace(tmp_path / "w")
    path.write_text("time,a\n" + "".join(f"{t},{t % 7}\n" for t in range(100)))
    settings = ExtractionSettings()
    with scratch_folder(workspace.root) as spool:
        settings = replace(settings, series=replace(settings.series, spool=spool))
        # the survey reads the rows, the job writes them
        (job,) = plan_jobs([path], workspace, settings, workers=1)
        with path.open("a") as file:
            file.write("100,1\n")
        outcome = run_job(job, lambda _: None)
    assert "changed while it was read" in outcome.reason
    assert read_table(workspace.table_path("log")).n_times == 100
    (again,) = extract_sources([path], workspace)
    assert again.status == "failed" and "from another file" in again.reason


def test_channels_that_only_a_later_log_has_are_excluded_with_a_line(motifmine: Run) -> None:
    def write(name: str, sensors: str) -> None:
        rows = [f"{10 * i},{sensors[i % len(sensors)]},{i % 7}.5\n" for i in range(120)]
        Path(name).write_text("time,sensor,value\n" + "".join(rows))

    write("a.csv", "ab")
    assert motifmine("extract", "a.csv").exit_code == 0
    write("b.csv", "abc")
    result = motifmine("extract", "b.csv")
    assert result.exit_code == 0
    assert "has channels that others do not have (c); excluded" in result.output
    write("c.csv", "xy")
    result = motifmine("extract", "c.csv")
    assert result.exit_code == 1
    assert "2 missing ('a'), 2 more ('x')" in result.output
