"""Arrivals and departures of real footage, found without labels and held against the truth."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

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
@pytest.mark.release
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
    # of arrivals and departures, six each, one event is worth .1
    assert min(part["f1"] for part in found["labels"]) >= 0.7


@pytest.mark.long
def test_taking_and_putting_are_found_wherever_the_bottle_stands(
    motifmine: Run, shared_data: Path
) -> None:
    truth = json.loads((shared_data / "video/bottles_gt.json").read_text())
    with Path("truth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("document", "label", "start_s"))
        for label in ("take", "put"):
            writer.writerows(("bottles", label, frame / truth["fps"]) for _, frame in truth[label])
    # one cell is the whole picture: what counts is where to things move, not where they are; hands
    # that fill the picture look like motion of the camera
    line = ("extract", shared_data / "video/bottles.mp4", "--cell", "352", "--stabilise", "off")
    result = motifmine(*line)
    assert result.exit_code == 0, result.stderr
    result = motifmine("fit", "--model", "plsm", "--motifs", "2")
    assert result.exit_code == 0, result.stderr
    result = motifmine("evaluate", "--truth", "truth.csv", "--json")
    found = json.loads(result.stdout)["overall"]
    assert found["true"] == 8
    # seven are listed, and five of them right: two of the eight were at one instant
    assert found["f1"] >= 0.65
