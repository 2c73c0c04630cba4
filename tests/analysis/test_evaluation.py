"""Occurrences held against a truth: matching, offsets, scores, files and the command."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.agreement import Intervals, make_agreement
from motifmine.analysis.evaluation import (
    Evaluation,
    evaluate,
    evaluate_occurrences,
    match_true_motifs,
)
from motifmine.errors import DataError, FormatError
from motifmine.io.hdf5 import store
from motifmine.io.truth_files import read_true_motifs, read_truth
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.truth import Truth
from motifmine.reporting.figures.curves import draw_precision_recall
from motifmine.reporting.tables.evaluation import format_evaluation_json, format_evaluation_text
from motifmine.workflows.names import with_names
from tests.helpers.fit_records import BIN_S, label_record, lane_record

Run = Callable[..., Result]
FIT = Path("motifmine-work/fits/plsm-001.h5")


def truth_of(*rows: tuple[int, str, float]) -> Truth:
    document, label, start_s = zip(*rows, strict=True)
    return Truth(
        document=np.array(document, dtype=np.int64),
        label=label,
        start_s=np.array(start_s),
        end_s=np.full(len(rows), np.nan),
    )


def fit_of(*occurrences: tuple[int, float, int], names: tuple[str, ...] = ("day",)) -> FitRecord:
    """Return a fit of 2 motifs of 2 s; occurrences are (document, start in seconds, motif)."""
    bins = tuple((d, round(s / BIN_S), m) for d, s, m in occurrences)
    return lane_record(names=names, occurrences=bins)


def numbers(found: Evaluation) -> list[tuple[str, tuple[int, ...], int, int, int]]:
    return [(a.label, a.motifs, a.n_true, a.n_found, a.n_matched) for a in found.labels]


def test_labels_get_the_motifs_that_agree_with_them() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0), (0, 6, 0), (0, 2, 1), (0, 7.5, 1))
    truth = truth_of((0, "b", 1), (0, "b", 4), (0, "b", 6), (0, "a", 2), (0, "a", 7.5))
    found = evaluate(record, truth)
    assert numbers(found) == [("a", (1,), 2, 2, 2), ("b", (0,), 3, 3, 3)]
    assert found.overall.f1 == found.overall.curve.average_precision == 1.0


def test_a_constant_offset_is_removed_and_reported() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0), (0, 6.5, 0))
    (part,) = evaluate(record, truth_of((0, "x", 2.2), (0, "x", 5.3), (0, "x", 7.7))).labels
    assert part.n_matched == 3
    assert part.offsets_s == pytest.approx((1.2,))  # the median of 1.2, 1.3 and 1.2
    assert part.error_s == pytest.approx(0.0, abs=1e-9)


def test_what_was_under_way_when_the_recording_began_is_found_where_it_was_seen() -> None:
    # the motif begins 1 s before the events; the first occurrence is reported at 0 s
    record = fit_of((0, -0.75, 0), (0, 4, 0), (0, 6.5, 0), (0, 9, 0))
    reported = np.maximum(record.occurrences.start_s, 0)
    record = replace(record, occurrences=replace(record.occurrences, start_s=reported))
    truth = truth_of((0, "x", 0.25), (0, "x", 5), (0, "x", 7.5), (0, "x", 10))
    assert evaluate(record, truth, tolerance_s=0.2).overall.n_matched == 4


def test_an_offset_longer_than_the_motif_is_not_tried() -> None:
    record = fit_of((0, 1, 0), (0, 2, 0), (0, 3, 0))
    truth = truth_of((0, "x", 6), (0, "x", 7), (0, "x", 8))
    assert evaluate(record, truth).overall.n_matched < 3


def test_errors_count_in_precision_and_recall() -> None:
    record = fit_of((0, 0, 0), (0, 3, 0), (0, 6, 0), (0, 9, 0))
    (part,) = evaluate(record, truth_of((0, "x", 0), (0, "x", 3), (0, "x", 7.5))).labels
    assert (part.n_true, part.n_found, part.n_matched) == (3, 4, 2)
    assert [part.precision, part.recall] == pytest.approx([1 / 2, 2 / 3])
    assert part.f1 == pytest.approx(4 / 7)


def test_an_event_matches_once() -> None:
    record = fit_of((0, 1, 0), (0, 1.25, 0), (0, 1.5, 0))
    assert evaluate(record, truth_of((0, "x", 1))).overall.n_matched == 1


def test_the_tolerance_is_how_far_a_pair_may_be() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0), (0, 7, 0))
    truth = truth_of((0, "x", 1), (0, "x", 4), (0, "x", 7.75))
    assert evaluate(record, truth, tolerance_s=0.3).overall.n_matched == 2
    assert evaluate(record, truth, tolerance_s=0.4).overall.n_matched == 3
    with pytest.raises(DataError, match="tolerance_s is 0"):
        evaluate(record, truth, tolerance_s=0.0)


def test_nothing_of_two_recordings_matches() -> None:
    record = fit_of((0, 1, 0), (1, 5, 0), names=("a", "b"))
    assert evaluate(record, truth_of((0, "x", 5), (1, "x", 1))).overall.n_matched == 0
    assert evaluate(record, truth_of((0, "x", 1), (1, "x", 5))).overall.n_matched == 2


def test_a_recording_without_truth_does_not_count() -> None:
    record = fit_of((0, 1, 0), (1, 5, 0), (1, 8, 0), names=("a", "b"))
    found = evaluate(record, truth_of((0, "x", 1)))
    assert (found.overall.n_found, found.overall.f1, found.n_left_out) == (1, 1.0, 1)


def test_occurrences_of_motifs_without_a_label_are_false_and_in_the_table() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0), (0, 3, 1))
    found = evaluate(record, truth_of((0, "x", 1), (0, "x", 4)))
    assert (found.overall.n_found, found.overall.n_matched) == (3, 2)
    assert found.overall.precision == pytest.approx(2 / 3)
    assert [(part.motifs, part.n_found, part.n_matched) for part in found.others] == [((1,), 1, 0)]
    rows = [row.split() for row in format_evaluation_text(record, found).splitlines()]
    assert ["-", "2", "0", "1", "0", "0.00", "0.00", "0.00", "0.00"] in rows
    assert found.overall.curve.precision[-1] == pytest.approx(2 / 3)


def test_a_motif_with_the_name_of_a_label_is_matched_with_it() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0), (0, 9, 1))
    truth = truth_of((0, "x", 1), (0, "x", 4))
    assert evaluate(record, truth).labels[0].motifs == (0,)
    named = replace(record, names=("", "x"))
    assert evaluate(named, truth).labels[0].motifs == (1,)


def test_intervals_come_from_whole_recordings() -> None:
    starts = [(d, t, 0) for d in range(8) for t in (1, 4, 7)]
    record = fit_of(*starts, names=tuple(f"r{d}" for d in range(8)))
    half = truth_of(
        *((d, "x", t) for d in range(4) for t in (1, 4, 7)), *((d, "x", 30) for d in range(4, 8))
    )
    found = evaluate(record, half)
    assert found.intervals is not None
    low, high = found.intervals.precision
    assert low < found.overall.precision < high
    # whole recordings are right or wrong: eight draws of one half spread widely
    assert high - low > 0.4
    assert evaluate(record, truth_of((0, "x", 1))).intervals is None


def test_a_label_without_a_motif_lowers_the_overall_recall() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0))
    found = evaluate(record, truth_of((0, "x", 1), (0, "x", 4), (0, "y", 9)))
    assert numbers(found)[1] == ("y", (), 1, 0, 0)
    assert found.overall.recall == pytest.approx(2 / 3)


def test_many_gives_several_motifs_to_a_label_where_that_helps() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0), (0, 2, 1), (0, 7, 1))
    truth = truth_of((0, "x", 1), (0, "x", 4), (0, "x", 2.5), (0, "x", 7.5))
    assert evaluate(record, truth).overall.recall == 0.5
    (part,) = evaluate(record, truth, many=True).labels
    assert (part.motifs, part.f1) == ((0, 1), 1.0)
    assert part.offsets_s == pytest.approx((0.0, 0.5))


def test_many_leaves_out_a_motif_that_harms() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0), (0, 1, 1), (0, 4, 1))
    (part,) = evaluate(record, truth_of((0, "x", 1), (0, "x", 4)), many=True).labels
    assert len(part.motifs) == 1


def test_average_precision_is_the_area_of_steps() -> None:
    record = fit_of((0, 1, 0), (0, 4, 0), (0, 7, 0))
    scored = replace(record.occurrences, score=np.array([3.0, 1.0, 2.0]))
    truth = truth_of((0, "x", 1), (0, "x", 4))
    (part,) = evaluate(replace(record, occurrences=scored), truth, tolerance_s=0.1).labels
    assert part.curve.threshold.tolist() == [3, 2, 1]
    assert part.curve.precision.tolist() == [1, 0.5, pytest.approx(2 / 3)]
    assert part.curve.recall.tolist() == [0.5, 0.5, 1]
    assert part.curve.average_precision == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_the_curve_ends_at_the_precision_and_recall_of_all_occurrences() -> None:
    rng = np.random.default_rng(3)
    rows = [
        (0, float(t), int(m))
        for t, m in zip(rng.integers(0, 9, 30), rng.integers(0, 2, 30), strict=True)
    ]
    truth = truth_of(*((0, "ab"[m], t + rng.normal(0, 0.2)) for _, t, m in rows[:20]))
    found = evaluate(fit_of(*sorted(rows)), truth)
    for part in (*found.labels, found.overall):
        assert part.curve.precision[-1] == pytest.approx(part.precision)
        assert part.curve.recall[-1] == pytest.approx(part.recall)
        assert np.all(np.diff(part.curve.recall) >= 0)


def test_a_fit_without_occurrences_scores_nothing() -> None:
    found = evaluate(fit_of(), truth_of((0, "x", 1)))
    assert (found.overall.recall, found.overall.precision, found.overall.f1) == (0, 0, 0)
    assert found.overall.curve.average_precision == 0
    assert draw_precision_recall(found).shape[2] == 3


def test_true_motifs_are_matched_at_their_best_shift() -> None:
    record = lane_record()
    moved = np.zeros((2, 12, record.motifs.n_words), dtype=np.float32)
    moved[1, 2:10] = record.motifs.probability[0]
    moved[0, 0:8] = record.motifs.probability[1]
    match = match_true_motifs(record, moved)
    assert match.found.tolist() == [1, 0]
    assert match.cosine == pytest.approx([1, 1])
    assert match.shift.tolist() == [0, 2]


def test_true_motifs_of_another_vocabulary_are_refused() -> None:
    with pytest.raises(DataError, match="7 words and the fit"):
        match_true_motifs(lane_record(), np.ones((2, 8, 7), dtype=np.float32))


def test_true_motifs_may_know_words_that_the_fit_never_saw() -> None:
    record = label_record()
    wider = np.pad(record.motifs.probability, ((0, 0), (0, 0), (0, 3)))
    assert match_true_motifs(record, wider).cosine == pytest.approx([1, 1])


def test_true_motifs_come_from_npz_from_hdf5_and_from_a_fit(tmp_path: Path) -> None:
    motifs = lane_record().motifs.probability
    np.savez(tmp_path / "a.npz", motifs=motifs, shape=np.array([1, 2]))
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["deep/motifs"] = motifs
    store.write_fit(tmp_path / "c.h5", lane_record())
    for name in ("a.npz", "b.h5", "c.h5"):
        np.testing.assert_array_equal(read_true_motifs(tmp_path / name), motifs)


@pytest.mark.parametrize("content", [b"", b"no array", b"PK\x03\x04 broken"])
@pytest.mark.parametrize("name", ["x.npz", "x.h5"])
def test_a_file_without_motifs_is_an_error(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=name):
        read_true_motifs(tmp_path / name)


def test_pickles_in_npz_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", motifs=np.array([{"a": 1}], dtype=object))
    with pytest.raises(FormatError, match="cannot be read"):
        read_true_motifs(tmp_path / "x.npz")


CSV = "document,label,start_s,end_s\nnorth,left,1.5,2\nsouth.mp4,right,7,\n"


def test_truth_is_read_from_csv_and_json_alike(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "b.csv").write_text("\ufeff" + CSV.replace(",", ";"), encoding="utf-8")
    (tmp_path / "c.json").write_text(
        '[{"document": "north", "label": "left", "start_s": 1.5, "end_s": 2, "who": "me"},'
        '{"recording": "south", "document": 1, "label": "right", "start_s": 7}]'
    )
    for name in ("a.csv", "b.csv", "c.json"):
        truth = read_truth(tmp_path / name, lane_record())
        assert (truth.document.tolist(), truth.label) == ([0, 1], ("left", "right"))
        assert (truth.start_s.tolist(), truth.end_s[0]) == ([1.5, 7.0], 2.0)
        assert np.isnan(truth.end_s[1])


def test_truth_of_one_recording_need_not_name_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("label,start_s\nleft,1\n")
    assert read_truth(tmp_path / "t.csv", lane_record(names=("a",))).document.tolist() == [0]
    with pytest.raises(FormatError, match="line 2 names no document and the fit has 2 recordings"):
        read_truth(tmp_path / "t.csv", lane_record())


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.csv", "", "is empty .* expected CSV with the columns document, label, start_s"),
        ("t.csv", "document,label,start_s\n", "has no rows"),
        ("t.csv", "document,start_s\nnorth,1\n", "lacks label; .* found 'document', 'start_s'"),
        ("t.csv", CSV + "north,left,abc,\n", "t.csv, line 4, column 'start_s' is 'abc'"),
        ("t.csv", CSV + "\nnorth,left,nan,\n", "line 5, column 'start_s' is 'nan'"),
        ("t.csv", CSV + "north,,1,\n", "line 4, column 'label' is empty"),
        ("t.csv", CSV + "west,left,1,\n", "line 4, column 'document' is 'west', no recording"),
        ("t.csv", CSV + "north,left,1,0.5\n", "line 4, column 'end_s' is 0.5, before start_s, 1"),
        ("t.csv", CSV + "north,left,1\n", "line 4 has 3 cells and the header 4"),
        ("t.csv", CSV + "north,left,660,\n", "'start_s' is 660, past the end of 'north' at 10 s"),
        ("t.json", "{", "cannot be read as JSON"),
        ("t.json", "{}", "is not a JSON list"),
        ("t.json", "[3]", "entry 1 is 3; expected an object"),
        ("t.json", '[{"label": "x"}]', "entry 1 lacks start_s"),
        ("t.json", '[{"label": "x", "start_s": true, "document": "north"}]', "'start_s' is True"),
    ],
)
def test_bad_truth_is_reported_with_file_line_column_and_value(
    name: str, content: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=told):
        read_truth(tmp_path / name, lane_record())


def test_truth_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"document,label,start_s\nnorth,\xff,1\n")
    with pytest.raises(FormatError, match="cannot be read as CSV"):
        read_truth(tmp_path / "t.csv", lane_record())


@pytest.fixture
def judged(motifmine: Run) -> Run:
    """`motifmine` in a folder with a fit and a truth that names its recordings."""
    store.write_fit(FIT, with_names(lane_record(), {0: "<left>"}))
    Path("truth.csv").write_text(
        "document,label,start_s\nsouth,in,0.5\nsouth,in,7.5\nnorth,in,0\nnorth,out,1.5\n"
    )
    return motifmine


def test_the_example_prints_a_table_and_draws_the_curves(judged: Run) -> None:
    line = ("plsm-001", "--truth", "truth.csv", "--tolerance", "1s", "--picture", "curve.png")
    result = judged("evaluate", *line)
    assert result.exit_code == 0, result.stderr
    rows = [row.split() for row in result.stdout.splitlines()]
    assert rows[2][:2] == ["in", "1"] and "<left>" in result.stdout
    assert rows[4][:4] == ["all", "4", "4", "4"]
    picture = cv2.imread("curve.png")
    assert picture is not None and len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
    assert judged("evaluate", *line).exit_code == 1  # the picture is there already


def test_json_holds_the_table_and_the_curves(judged: Run) -> None:
    content = json.loads(judged("evaluate", "--truth", "truth.csv", "--json").stdout)
    assert content["overall"]["f1"] == 1.0
    assert [part["motifs"] for part in content["labels"]] == [[1], [2]]
    last = content["labels"][0]["curve"][-1]
    assert (last["precision"], last["recall"]) == (1.0, 1.0)


def test_true_motifs_stand_under_the_table(judged: Run) -> None:
    line = ("--truth", "truth.csv", "--true-motifs", FIT)
    assert "Mean cosine 1.000." in judged("evaluate", *line).stdout
    content = json.loads(judged("evaluate", *line, "--json").stdout)
    assert content["true_motifs"]["mean_cosine"] == pytest.approx(1.0, abs=1e-5)


def test_a_label_cannot_steer_the_terminal() -> None:
    record = fit_of((0, 1, 0))
    found = evaluate(record, truth_of((0, "\x1b[2Jx", 1)))
    assert "\x1b" not in format_evaluation_text(record, found)
    assert json.loads(format_evaluation_json(record, found))["labels"][0]["label"] == "\x1b[2Jx"


def occurrences_at(start_s: list[float], motif: list[int]) -> Evaluation:
    """Two of motif 0 or 1 in each of two documents, against three of `left` and one of `right`."""
    found = Occurrences(
        document=np.array([0, 0, 1, 1], dtype=np.int32),
        start_bin=np.zeros(4, dtype=np.int32),
        start_s=np.array(start_s),
        motif=np.array(motif, dtype=np.int32),
        weight=np.ones(4),
        score=np.ones(4),
    )
    truth = Truth(
        document=np.array([0, 0, 1, 1]),
        label=("left", "left", "left", "right"),
        start_s=np.array([10.0, 30.0, 12.0, 40.0]),
        end_s=np.full(4, np.nan),
    )
    return evaluate_occurrences(found, truth, n_motifs=2, n_documents=2, longest_offset_s=3.0)


def test_a_constant_offset_per_motif_is_removed() -> None:
    found = occurrences_at([12.0, 32.0, 14.0, 39.0], [1, 1, 1, 0])
    assert found.overall.f1 == 1.0
    assert [label.offsets_s for label in found.labels] == [
        pytest.approx((-2.0,), abs=0.5),
        pytest.approx((1.0,), abs=0.5),
    ]


def test_an_occurrence_off_by_more_than_the_tolerance_does_not_match() -> None:
    found = occurrences_at([12.0, 33.5, 14.0, 39.0], [1, 1, 1, 0])
    assert [label.n_matched for label in found.labels] == [2, 1]


def test_the_same_time_in_another_document_does_not_match() -> None:
    found = occurrences_at([10.0, 30.0, 13.9, 40.0], [1, 1, 1, 0])
    assert [label.n_matched for label in found.labels] == [2, 1]


def test_an_agreement_of_nothing_found_is_all_zero() -> None:
    part = make_agreement("x", (), (), [np.array([1.0])], [(np.zeros(0), np.zeros(0))], 0.5)
    assert (part.precision, part.recall, part.f1) == (0, 0, 0)
    assert np.isnan(part.error_s)


def test_intervals_of_a_fit_that_is_right_everywhere_are_narrow() -> None:
    record = fit_of((0, 1, 0), (1, 1, 0), names=("a", "b"))
    found = evaluate(record, truth_of((0, "x", 1), (1, "x", 1)))
    assert found.intervals == Intervals(precision=(1, 1), recall=(1, 1), f1=(1, 1))
