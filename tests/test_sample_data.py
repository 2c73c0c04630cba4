"""The rendered junction: the whole job, and what it finds against what was rendered."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.evaluation import Evaluation, evaluate
from motifmine.io.hdf5.store import read_fit, read_table
from motifmine.io.truth_files import read_truth
from motifmine.records.fit import FitRecord
from tests.helpers.paths import SAMPLES

Run = Callable[..., Result]


def agreement(record: FitRecord) -> Evaluation:
    return evaluate(record, read_truth(SAMPLES / "junction_truth.csv", record))


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory, command: object
) -> tuple[Result, FitRecord, Path]:
    """The result of `motifmine demo` in an empty folder."""
    from click.testing import CliRunner

    folder = tmp_path_factory.mktemp("demo") / "work"
    result = CliRunner().invoke(command, ["demo", "-w", str(folder)])  # type: ignore[arg-type]
    assert result.exit_code == 0, result.stderr
    return result, read_fit(folder / "fits/demo.h5"), folder


@pytest.mark.long
def test_the_demo_ends_with_the_motif_table_and_the_report(
    demo: tuple[Result, FitRecord, Path],
) -> None:
    result, record, folder = demo
    lines = result.stdout.splitlines()
    rows = [line for line in lines if re.match(r" *\d+ +[\d.]+ %", line)]
    assert len(rows) == len(record.motifs) + 3
    assert lines[-1] == f"report: {folder / 'reports/demo/report.html'}"
    assert (folder / "reports/demo/report.html").is_file()


@pytest.mark.long
def test_occurrences_match_the_rendered_traffic(demo: tuple[Result, FitRecord, Path]) -> None:
    assert agreement(demo[1]).overall.f1 >= 0.9


@pytest.mark.long
def test_happenings_at_the_station_are_found(demo: tuple[Result, FitRecord, Path]) -> None:
    record = read_fit(demo[2] / "station/fits/demo.h5")
    truth = read_truth(SAMPLES / "station_truth.csv", record)
    assert evaluate(record, truth, tolerance_s=60.0).overall.f1 >= 0.95


@pytest.mark.long
def test_every_route_has_a_motif_of_its_own(demo: tuple[Result, FitRecord, Path]) -> None:
    labels = agreement(demo[1]).labels
    assert len({label.motifs for label in labels}) == len(labels) == 7
    assert all(label.motifs and label.recall >= 0.6 for label in labels)


@pytest.mark.long
def test_occurrences_moved_in_time_do_not_match(demo: tuple[Result, FitRecord, Path]) -> None:
    """The measure itself can fail: shifted differently in every clip, agreement is chance."""
    from dataclasses import replace

    record = demo[1]
    found = record.occurrences
    moved = replace(found, start_s=(found.start_s + 7.3 * (1 + found.document)) % 50)
    assert agreement(replace(record, occurrences=moved)).overall.f1 < 0.7


@pytest.mark.long
def test_names_give_the_wall_clock(demo: tuple[Result, FitRecord, Path]) -> None:
    assert demo[1].recordings[0].start_utc.startswith("2026-03-14T08:00:00")


def test_the_week_of_a_home_is_read_as_it_was_simulated(motifmine: Run) -> None:
    result = motifmine("extract", str(SAMPLES / "home.csv.gz"))
    assert result.exit_code == 0, result.stderr
    for note in (
        "clocks were set back by an hour on 2026-10-25",
        "-127 (",
        "hold until the next: all channels",
        "4 of states, 4 of measurements, 3 of levels",
        "time bins of 180 s",
    ):
        assert note in result.stderr
    table = read_table(Path("motifmine-work/tables/home.h5"))
    assert table.n_documents == 1 and table.series is not None
    assert table.n_times == pytest.approx(7 * 24 * 20, rel=0.01)
    layout = table.vocabulary.layout.series_channels()
    assert layout is not None
    column = dict(zip(layout.channels, table.series.T, strict=True))
    assert np.nanmin(column["temperature"]) > 0
    # the plug of the dryer is unavailable for six hours, the others never
    missing = {name: np.isnan(values).sum() for name, values in column.items()}
    assert missing["plug.dryer"] == pytest.approx(120, abs=3)
    assert missing["plug.washer"] <= 1 and missing["plug.fridge"] <= 1


@pytest.mark.long
@pytest.mark.release
def test_programmes_are_found_whatever_their_speed(motifmine: Run) -> None:
    """Speeds are .7 to 1.4; motifs have one, so that the start of a programme is off."""
    assert motifmine("extract", str(SAMPLES / "home.csv.gz")).exit_code == 0
    assert motifmine("fit", "--model", "plsm").exit_code == 0
    record = read_fit(Path("motifmine-work/fits/plsm-001.h5"))
    truth = read_truth(SAMPLES / "home_truth.csv", record)
    f1 = {score.label: score.f1 for score in evaluate(record, truth, tolerance_s=600.0).labels}
    assert f1["washer"] >= 0.9 and f1["dishwasher"] >= 0.9
    assert f1["dryer"] >= 0.8
