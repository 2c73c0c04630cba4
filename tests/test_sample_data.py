"""The rendered junction: the whole job, and what it finds against what was rendered."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.analysis.evaluation import Evaluation, evaluate
from motifmine.io.hdf5.store import read_fit
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


def test_the_demo_ends_with_the_motif_table_and_the_report(
    demo: tuple[Result, FitRecord, Path],
) -> None:
    result, record, folder = demo
    lines = result.stdout.splitlines()
    rows = [line for line in lines if re.match(r" *\d+ +[\d.]+ %", line)]
    assert len(rows) == len(record.motifs) + 3
    assert lines[-1] == f"report: {folder / 'reports/demo/report.html'}"
    assert (folder / "reports/demo/report.html").is_file()


def test_occurrences_match_the_rendered_traffic(demo: tuple[Result, FitRecord, Path]) -> None:
    assert agreement(demo[1]).overall.f1 >= 0.9


def test_happenings_at_the_station_are_found(demo: tuple[Result, FitRecord, Path]) -> None:
    record = read_fit(demo[2] / "station/fits/demo.h5")
    truth = read_truth(SAMPLES / "station_truth.csv", record)
    assert evaluate(record, truth, tolerance_s=60.0).overall.f1 >= 0.95


def test_every_route_has_a_motif_of_its_own(demo: tuple[Result, FitRecord, Path]) -> None:
    labels = agreement(demo[1]).labels
    assert len({label.motifs for label in labels}) == len(labels) == 7
    assert all(label.motifs and label.recall >= 0.6 for label in labels)


def test_occurrences_moved_in_time_do_not_match(demo: tuple[Result, FitRecord, Path]) -> None:
    """The measure itself can fail: shifted differently in every clip, agreement is chance."""
    from dataclasses import replace

    record = demo[1]
    found = record.occurrences
    moved = replace(found, start_s=(found.start_s + 7.3 * (1 + found.document)) % 50)
    assert agreement(replace(record, occurrences=moved)).overall.f1 < 0.7


def test_names_give_the_wall_clock(demo: tuple[Result, FitRecord, Path]) -> None:
    assert demo[1].recordings[0].start_utc.startswith("2026-03-14T08:00:00")
