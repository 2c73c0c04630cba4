"""Real footage with nothing but defaults: motifs are lanes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.io.hdf5.store import read_fit
from motifmine.models.plsm.model import Plsm
from motifmine.records.fit import FitRecord
from motifmine.records.settings import Preparation
from motifmine.records.topics import unfold_record
from motifmine.records.vocabulary import FlowGrid
from motifmine.workflows.workspace import Workspace

pytestmark = pytest.mark.long
Run = Callable[..., Result]


def mined(motifmine: Run, source: Path) -> FitRecord:
    for line in (("extract", source), ("fit", "--model", "plsm"), ("show-motifs",)):
        result = motifmine(*line)
        assert result.exit_code == 0, result.stderr
    return read_fit(Path("motifmine-work/fits/plsm-001.h5"))


def share_toward(record: FitRecord, these: tuple[int, ...], others: tuple[int, ...]) -> np.ndarray:
    """Share of each motif's mass that moves in `these` directions, of what moves in either."""
    grid = record.vocabulary.layout
    assert isinstance(grid, FlowGrid)
    direction = np.arange(grid.rows * grid.columns * grid.directions) % grid.directions
    words = record.motifs.probability.sum(axis=1)
    one = words[:, np.isin(direction, these)].sum(axis=1)
    other = words[:, np.isin(direction, others)].sum(axis=1)
    return np.asarray(one / (one + other))


def upward_share(record: FitRecord) -> np.ndarray:
    """Share of each motif's mass that moves up the picture (of what moves up or down)."""
    return share_toward(record, (5, 6, 7), (1, 2, 3))


def along_the_lane(record: FitRecord) -> np.ndarray:
    """Correlation of the time and the row of each motif's cells, weighted by their mass."""
    positions = record.vocabulary.layout.positions()
    assert positions is not None
    rows = positions[:, 0]
    found = []
    for motif in record.motifs.probability.astype(float):
        mass = motif.ravel()
        time = np.repeat(np.arange(len(motif)), motif.shape[1])
        row = np.tile(rows, len(motif))
        cov = np.cov(np.stack([time, row]), aweights=mass)
        found.append(cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]))
    return np.array(found)


def test_motifs_of_a_motorway_are_lanes_of_one_carriageway(
    motifmine: Run, shared_data: Path
) -> None:
    """The left carriageway runs up the picture, the right one down; colour runs along the lane."""
    record = mined(motifmine, shared_data / "video/jamcam625")
    share = upward_share(record)
    one_sided = (share < 0.15) | (share > 0.85)
    assert one_sided.sum() >= 0.6 * len(share)
    assert (share > 0.85).any()
    assert (share < 0.15).any()
    runs = along_the_lane(record)
    signs = np.where(share > 0.5, -1, 1)
    assert np.mean((runs * signs)[one_sided] > 0.3) >= 0.7


def test_each_lane_of_a_boulevard_is_one_motif(motifmine: Run, shared_data: Path) -> None:
    """Of 17 s in which several cars pass all the time, on four lanes."""
    source = shared_data.parent / "cases/video"
    record = mined(motifmine, source / "boulevard.mp4")
    rows = (source / "boulevard_truth.csv").read_text().splitlines()
    # one car drives between two lanes
    Path("truth.csv").write_text("\n".join(row for row in rows if "L1L2" not in row))
    line = ("evaluate", "--truth", "truth.csv", "--tolerance", "500ms", "--json")
    found = json.loads(motifmine(*line).stdout)
    assert sorted(label["label"] for label in found["labels"]) == ["L1", "L2", "L3", "R1"]
    motifs = [label["motifs"] for label in found["labels"]]
    assert [len(each) for each in motifs] == [1, 1, 1, 1]
    assert len({each[0] for each in motifs}) == len(record.motifs) == 4
    assert found["overall"]["f1"] >= 0.9
    assert np.all(np.abs(along_the_lane(record)) > 0.6), "time runs along every lane"


def test_held_out_clips_are_predicted_better_than_by_plain_em(
    motifmine: Run, shared_data: Path
) -> None:
    assert motifmine("extract", shared_data / "video/jamcam625").exit_code == 0
    table = Preparation().apply(Workspace(Path("motifmine-work")).read_tables())
    held_out = list(range(2, 18, 3))
    train = table.documents([d for d in range(18) if d not in held_out])
    test = table.documents(held_out)
    shape = {"n_motifs": 10, "motif_length": 12}
    plain = Plsm(
        activity="dense",
        restarts=1,
        iterations=100,
        background=0.0,
        drop_surplus=False,
        **shape,  # type: ignore[arg-type]
    )
    # motifs of one moving thing are held to a path, which costs likelihood: the plain kind is asked
    ours = Plsm(activity="dense", **shape)  # type: ignore[arg-type]
    assert ours.fit(train).score(test) > plain.fit(train).score(test)


@pytest.mark.parametrize(("clip", "least"), [("road_bend.mp4", 1), ("traffic_overhead.mp4", 4)])
def test_short_clips_give_motifs_that_recur(
    clip: str, least: int, motifmine: Run, shared_data: Path
) -> None:
    record = mined(motifmine, shared_data / "video" / clip)
    times = np.bincount(record.occurrences.motif, minlength=len(record.motifs))
    assert len(record.motifs) >= least
    assert np.all(times >= 2)
    rightward = share_toward(record, (7, 0, 1), (3, 4, 5))
    assert np.all((rightward < 0.1) | (rightward > 0.9)), "no motif is of two directions"


@pytest.mark.release
def test_hdlsm_finds_lanes_through_topics(motifmine: Run, shared_data: Path) -> None:
    assert motifmine("extract", shared_data / "video/jamcam625").exit_code == 0
    options = ("--chains", "1", "--starts", "2", "--sweeps", "150", "--burn-in", "100")
    result = motifmine("fit", "--model", "hdlsm", *options)
    assert result.exit_code == 0, result.stderr
    assert "40 topics" in result.stderr
    record = unfold_record(read_fit(Path("motifmine-work/fits/hdlsm-001.h5")))
    share = upward_share(record)
    one_sided = (share < 0.15) | (share > 0.85)
    assert record.motifs.weight[one_sided].sum() >= 0.7 * record.motifs.weight.sum()
    assert (share > 0.85).any()
    assert (share < 0.15).any()
    runs = along_the_lane(record)
    signs = np.where(share > 0.5, -1, 1)
    assert np.mean((runs * signs)[one_sided] > 0.3) >= 0.7


def test_the_auto_encoder_finds_lanes_through_topics(motifmine: Run, shared_data: Path) -> None:
    """Motifs keep to one carriageway, and none takes all."""
    assert motifmine("extract", shared_data / "video/jamcam625").exit_code == 0
    result = motifmine("fit", "--model", "tcae", "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert "40 topics" in result.stderr
    record = unfold_record(read_fit(Path("motifmine-work/fits/tcae-001.h5")))
    share = upward_share(record)
    one_sided = (share < 0.15) | (share > 0.85)
    assert record.motifs.weight[one_sided].sum() >= 0.85 * record.motifs.weight.sum()
    assert record.motifs.weight.max() < 0.25
    assert (share > 0.85).sum() >= 2
    assert (share < 0.15).sum() >= 2
    runs = along_the_lane(record)
    signs = np.where(share > 0.5, -1, 1)
    assert np.mean((runs * signs)[one_sided] > 0.3) >= 0.6
