"""The rendered junction: the whole job, and what it finds against what was rendered."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.evaluation import evaluate
from motifmine.analysis.matching import OccurrenceMatch, match_occurrences
from motifmine.io.hdf5.store import read_fit
from motifmine.io.truth_files import read_truth
from motifmine.records.fit import FitRecord
from tests.helpers.paths import SAMPLES

Run = Callable[..., Result]


def agreement(record: FitRecord, tolerance_s: float = 0.5) -> OccurrenceMatch:
    with (SAMPLES / "junction_truth.csv").open() as file:
        truth = list(csv.DictReader(file))
    names = [recording.name for recording in record.recordings]
    found = record.occurrences
    return match_occurrences(
        true_document=np.array([names.index(row["document"]) for row in truth]),
        true_start_s=np.array([float(row["start_s"]) for row in truth]),
        true_label=[row["label"] for row in truth],
        document=found.document.astype(np.int64),
        start_s=found.start_s,
        motif=found.motif.astype(np.int64),
        n_motifs=len(record.motifs),
        tolerance_s=tolerance_s,
        longest_offset_s=3.0,
    )


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
    assert sum(line.strip()[:1].isdigit() for line in lines) == len(record.motifs) + 3
    assert lines[-1] == f"report: {folder / 'reports/demo/report.html'}"
    assert (folder / "reports/demo/report.html").is_file()


def test_occurrences_match_the_rendered_traffic(demo: tuple[Result, FitRecord, Path]) -> None:
    assert agreement(demo[1]).f1 >= 0.9


def test_happenings_at_the_station_are_found(demo: tuple[Result, FitRecord, Path]) -> None:
    record = read_fit(demo[2] / "station/fits/demo.h5")
    truth = read_truth(SAMPLES / "station_truth.csv", record)
    assert evaluate(record, truth, tolerance_s=60.0).overall.f1 >= 0.95


def test_every_route_has_a_motif_of_its_own(demo: tuple[Result, FitRecord, Path]) -> None:
    match = agreement(demo[1])
    assert len(set(match.motif.tolist())) == len(match.label) == 7
    assert np.all(match.n_matched >= 0.6 * match.n_true)


def test_occurrences_moved_in_time_do_not_match(demo: tuple[Result, FitRecord, Path]) -> None:
    """The measure itself can fail: shifted differently in every clip, agreement is chance."""
    from dataclasses import replace

    record = demo[1]
    found = record.occurrences
    moved = replace(found, start_s=(found.start_s + 7.3 * (1 + found.document)) % 50)
    assert agreement(replace(record, occurrences=moved)).f1 < 0.7


def test_names_give_the_wall_clock(demo: tuple[Result, FitRecord, Path]) -> None:
    assert demo[1].recordings[0].start_utc.startswith("2026-03-14T08:00:00")
