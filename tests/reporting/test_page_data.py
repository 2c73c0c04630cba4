import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motifmine.analysis.explained import Explained, Rival
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.reporting.figures.activity import LEVELS, measure_motif_activity
from motifmine.reporting.html import context
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.page_data import encode_inert_json, make_page_data, make_video_address
from tests.helpers.fit_records import label_record, lane_record

FOLDER = Path("/work/reports/fit")


def content(record: FitRecord, **more: Any) -> Any:
    return json.loads(make_page_data(ReportContext(record), FOLDER, **more))


def test_nothing_in_the_block_can_end_its_element() -> None:
    name = "</script><!--<script>&"
    text = encode_inert_json({name: name})
    assert not set("<>&") & set(text) and json.loads(text) == {name: name}


def test_occurrences_come_back_from_their_steps() -> None:
    record = lane_record()
    columns = content(record)["occurrences"]
    starts = [
        start
        for first, last in zip(columns["offsets"], columns["offsets"][1:], strict=False)
        for start in np.cumsum(columns["step_ms"][first:last])
    ]
    np.testing.assert_allclose(starts, 1000 * record.occurrences.start_s)
    assert columns["motif"] == record.occurrences.motif.tolist()


def test_of_too_many_occurrences_the_heaviest_of_each_motif_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = lane_record()
    found = record.occurrences
    found = replace(found, weight=np.array([1.0, 2.0, 3.0, 4.0]))
    monkeypatch.setattr(context, "MOST_OCCURRENCES", 2)
    columns = content(replace(record, occurrences=found))["occurrences"]
    heaviest = {m: found.weight[found.motif == m].max() for m in (0, 1)}
    assert dict(zip(columns["motif"], columns["weight"], strict=True)) == heaviest
    assert columns["offsets"][-1] == 2


def test_a_score_that_is_no_number_becomes_null() -> None:
    record = lane_record()
    found = replace(record.occurrences, score=np.array([np.nan, np.inf, 1.0, 2.0]))
    columns = content(replace(record, occurrences=found))["occurrences"]
    assert columns["score"] == [None, None, 1.0, 2.0]


def test_names_go_with_the_motifs() -> None:
    record = replace(lane_record(), names=("left turn", ""))
    assert content(record)["motifs"] == ["Motif 1: left turn", "Motif 2"]


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("", ""),
        ("/archive/cam 3/a#1?.mp4", "../../../archive/cam%203/a%231%3F.mp4"),
        ("/work/reports/fit/javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("/archive/cam\udcff.mp4", "../../../archive/cam%FF.mp4"),
    ],
)
def test_address_of_a_video_is_relative_and_quoted(source: str, address: str) -> None:
    assert make_video_address(source, FOLDER) == address


def test_motif_of_a_lane_is_active_in_one_cell_at_a_time() -> None:
    activity = measure_motif_activity(lane_record(), 0, most=100)
    np.testing.assert_array_equal(activity.offsets, np.arange(9))
    np.testing.assert_array_equal(activity.cell, 2 * 12 + np.arange(8))
    assert set(activity.level.tolist()) == {LEVELS} and set(activity.direction.tolist()) == {0}
    assert activity.share == pytest.approx(1)


def test_packed_activity_can_be_unpacked() -> None:
    activity = measure_motif_activity(lane_record(), 1, most=100)
    packed = activity.packed(8)
    value = np.array(packed["value"])
    np.testing.assert_array_equal(value // 9, activity.level)
    np.testing.assert_array_equal(value % 9 - 1, activity.direction)
    assert packed["cell"] == activity.cell.tolist()  # one cell in each bin: nothing to subtract


def test_only_the_strongest_cells_are_kept() -> None:
    record = lane_record()
    phi = record.motifs.probability.copy()
    phi[0, 3] *= 5
    record = replace(record, motifs=replace(record.motifs, probability=phi))
    activity = measure_motif_activity(record, 0, most=1)
    assert activity.cell.tolist() == [2 * 12 + 3] and activity.share == pytest.approx(5 / 12)


def explained(time: list[int], word: list[int], mass: list[float]) -> Explained:
    return Explained(
        time=np.array(time),
        word=np.array(word),
        mass=np.array(mass),
        seen=9.0,
        background=1.0,
        score=6.0,
        score_alone=41.0,
        rivals=(Rival(motif=0, mass=2.0, score_with=6.0, score_without=41.0),),
    )


def test_what_an_occurrence_explains_is_drawn_over_the_scene() -> None:
    found = explained([1, 1], [0, 8], [2.0, 4.0])
    packed = content(lane_record(), explained={2: found})["observed"]["2"]
    assert packed["offsets"] == [0, 0, 2, 2, 2, 2, 2, 2, 2] and packed["cell"] == [0, 1]


def test_the_motif_of_an_explained_occurrence_is_right_where_others_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = lane_record()
    record = replace(record, occurrences=replace(record.occurrences, weight=np.arange(4.0)))
    found = {3: explained([1], [0], [2.0])}
    (whole,) = content(record, explained=found)["observed"].values()
    monkeypatch.setattr(context, "MOST_OCCURRENCES", 2)
    (part,) = content(record, explained=found)["observed"].values()
    assert part["lines"] == whole["lines"]


def test_what_an_occurrence_of_labels_explains_is_drawn_over_its_matrix() -> None:
    found = explained([0, 7], [0, 3], [2.0, 1.0])
    packed = content(label_record(), explained={0: found})["observed"]["0"]
    assert (packed["row"], packed["bin"], packed["rows"]) == ([0, 3], [0, 7], 4)
    assert packed["level"] == [LEVELS, -(-LEVELS // 2)] and packed["share"] == 100


def test_block_of_100_000_occurrences_stays_small() -> None:
    random = np.random.default_rng(0)
    n = 100_000
    document = np.sort(random.integers(0, 2, n)).astype(np.int32)
    start = np.sort(random.integers(0, 1_000_000, n)).astype(np.int32)
    found = Occurrences(
        document=document,
        start_bin=start,
        start_s=start * np.float64(0.25),
        motif=random.integers(0, 2, n).astype(np.int32),
        weight=random.uniform(1, 900, n),
        score=random.uniform(1, 900, n),
    )
    record = replace(lane_record(), occurrences=found)
    assert len(make_page_data(ReportContext(record), FOLDER)) < 2_500_000
