"""Arrivals and departures of real footage, found without labels and held against the truth."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from motifmine.analysis.evaluation import evaluate_occurrences
from motifmine.analysis.occurrences import find_occurrences, keep_occurrences
from motifmine.io.hdf5.store import read_fit
from motifmine.io.truth_files import read_truth
from motifmine.models.plsm.model import Plsm
from motifmine.records.settings import Preparation
from motifmine.workflows.workspace import Workspace

Run = Callable[..., Result]
VIDEO = "one_by_one_person"


def write_truth(path: Path, shared_data: Path) -> None:
    """Write the frames at which people pass a line of the picture as times."""
    truth = json.loads((shared_data / f"video/{VIDEO}_gt.json").read_text())
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("document", "label", "start_s"))
        for label in ("arrive", "leave"):
            for frame in truth[f"{label}_frames"]:
                writer.writerow((VIDEO, label, frame / truth["fps"]))


@pytest.mark.long
def test_arrivals_and_departures_are_found_without_labels(
    motifmine: Run, shared_data: Path
) -> None:
    write_truth(Path("truth.csv"), shared_data)
    for line in (
        ("extract", shared_data / f"video/{VIDEO}.mp4"),
        ("fit", "--model", "plsm"),
    ):
        result = motifmine(*line)
        assert result.exit_code == 0, result.stderr
    result = motifmine("evaluate", "--truth", "truth.csv", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["overall"]["true"] == 12
    assert found["overall"]["f1"] >= 0.8
    assert min(part["f1"] for part in found["labels"]) >= 0.8


def test_taking_and_putting_are_found_wherever_the_bottle_stands(
    motifmine: Run, shared_data: Path
) -> None:
    """The model finds both; eight events in 40 s are too few to confirm that they recur."""
    truth = json.loads((shared_data / "video/bottles_gt.json").read_text())
    with Path("truth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("document", "label", "start_s"))
        for label in ("take", "put"):
            writer.writerows(("bottles", label, frame / truth["fps"]) for _, frame in truth[label])
    # one cell is the whole picture: what counts is where to things move, not where they are
    result = motifmine("extract", shared_data / "video/bottles.mp4", "--cell", "352")
    assert result.exit_code == 0, result.stderr
    result = motifmine("fit", "--model", "plsm", "--motifs", "2")
    assert "no motif recurs" in result.stderr
    table = Preparation().apply(Workspace(Path("motifmine-work")).read_tables(None))
    fit = Plsm(n_motifs=2, motif_length=12).fit(table, seed=0)
    peaks = find_occurrences(table, fit.motifs, fit.background, fit.activations)
    heaviest = keep_occurrences(peaks, peaks.weight >= 0.25 * peaks.weight.max())
    record = read_fit(Path("motifmine-work/fits/plsm-001.h5"))
    found = evaluate_occurrences(
        heaviest,
        read_truth(Path("truth.csv"), record),
        n_motifs=2,
        n_documents=1,
        longest_offset_s=3.0,
    )
    assert found.overall.n_true == 8
    assert found.overall.f1 >= 0.8
