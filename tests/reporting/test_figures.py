from dataclasses import replace

import cv2
import numpy as np
import pytest

from motifmine.analysis.motif_views import MATRIX_ROWS, cell_activity, matrix_view
from motifmine.errors import DataError
from motifmine.records.fit import MotifSet
from motifmine.records.vocabulary import FlowGrid, Vocabulary
from motifmine.reporting.figures.images import encode_png
from motifmine.reporting.figures.motif_pictures import (
    colour_times,
    compose,
    draw_background,
    draw_labelled_matrix,
    draw_matrix,
    draw_overlay,
)
from motifmine.reporting.figures.svg import choose_ticks
from tests.helpers.fit_records import LENGTH, label_record, lane_record


def test_time_runs_from_violet_to_red() -> None:
    first, last = colour_times(np.array([0.0, 1.0]))
    assert first[2] > first[0] > first[1]
    assert last[0] > 200 and last[1] < 80 and last[2] < 80


def test_cell_time_is_the_mean_relative_time() -> None:
    activity = cell_activity(lane_record(), 0)
    np.testing.assert_allclose(activity.time[2, :LENGTH], np.arange(LENGTH))
    np.testing.assert_allclose(activity.strength.sum(), 1, rtol=1e-6)


def test_direction_two_points_down_the_picture() -> None:
    activity = cell_activity(lane_record(), 1)
    assert activity.down[3, 9] == pytest.approx(1)
    assert activity.right[3, 9] == pytest.approx(0, abs=1e-9)


def test_static_words_add_strength_without_motion() -> None:
    record = lane_record()
    phi = np.zeros_like(record.motifs.probability)
    phi[:, 0, 8 * 12 * 8 + 5] = 1  # the static word of row 0, column 5
    motifs = MotifSet(probability=phi, weight=record.motifs.weight)
    activity = cell_activity(replace(record, motifs=motifs), 0)
    assert (activity.strength[0, 5], activity.right[0, 5], activity.down[0, 5]) == (1, 0, 0)


def test_overlay_colours_the_motifs_cells_and_no_others() -> None:
    record = lane_record()
    overlay = draw_overlay(record, 0)
    side = overlay.shape[0] // 8
    alpha = overlay[..., 3].reshape(8, side, 12, side).max(axis=(1, 3))
    assert set(zip(*np.nonzero(alpha), strict=True)) == {(2, c) for c in range(LENGTH)}


def test_overlay_is_violet_where_the_motif_begins_and_red_where_it_ends() -> None:
    record = lane_record()
    overlay = draw_overlay(record, 0)
    side = overlay.shape[0] // 8
    top = 2 * side + side // 8
    begin, end = (overlay[top, c * side + side // 2, :3] for c in (0, LENGTH - 1))
    np.testing.assert_array_equal([begin, end], colour_times(np.array([0.0, 1.0])))


def test_scene_is_enlarged_and_keeps_its_light_and_dark() -> None:
    background = draw_background(lane_record())
    assert background.shape == (64 * 7, 96 * 7, 3)
    assert background[20 * 7, 10].mean() > background[40 * 7, 10].mean() + 50


def test_scene_without_a_mean_picture_is_drawn_on_grey() -> None:
    record = replace(lane_record(), picture=None)
    scene = draw_background(record)
    picture = compose(scene, draw_overlay(record, 0))
    assert picture.shape[1] == 96 * 7


def test_grid_that_does_not_fill_its_frame_is_drawn() -> None:
    record = lane_record()
    grid = FlowGrid(
        rows=8, columns=12, directions=8, cell_px=8, frame_width=100, frame_height=70, static=True
    )
    shown = replace(record, vocabulary=Vocabulary.of_grid(grid))
    assert draw_overlay(shown, 0).shape == (70 * 7, 700, 4)


def test_labels_have_no_scene() -> None:
    with pytest.raises(DataError, match="labels"):
        draw_overlay(label_record(), 0)


def test_matrix_rows_go_from_the_earliest_word_to_the_latest() -> None:
    view = matrix_view(label_record(), 1)
    assert view.words.tolist() == [3, 2, 1, 0]
    np.testing.assert_allclose(np.argmax(view.probability, axis=1), [0, 2, 4, 6])


def test_matrix_leaves_out_words_of_the_last_three_percent() -> None:
    record = label_record()
    phi = np.zeros_like(record.motifs.probability)
    phi[:, 0] = [0.5, 0.48, 0.01, 0.01]
    motifs = MotifSet(probability=phi, weight=record.motifs.weight)
    view = matrix_view(replace(record, motifs=motifs), 0)
    assert sorted(view.words.tolist()) == [0, 1]
    assert view.share == pytest.approx(0.98)


def test_matrix_of_many_words_adds_neighbours_and_loses_nothing() -> None:
    labels = tuple(str(i) for i in range(1000))
    record = label_record(labels=labels)
    phi = np.full_like(record.motifs.probability, 1 / (1000 * LENGTH))
    record = replace(record, motifs=MotifSet(probability=phi, weight=record.motifs.weight))
    view = matrix_view(record, 0)
    assert len(view.probability) == MATRIX_ROWS
    assert view.probability.sum() == pytest.approx(view.share, rel=1e-5)


def test_matrix_ink_is_clear_at_zero_and_full_at_the_top() -> None:
    ink = draw_matrix(matrix_view(label_record(), 0))[..., 3]
    assert ink[0, 0] == 255 and ink[0, -1] == 0


@pytest.mark.parametrize("record", [lane_record(), label_record()], ids=["scene", "labels"])
def test_matrix_picture_is_drawn_in_black_on_white(record: object) -> None:
    from motifmine.records.fit import FitRecord

    assert isinstance(record, FitRecord)
    picture = draw_labelled_matrix(record, 0)
    assert (picture[0] == 255).all()
    assert picture.min() < 60


def test_long_labels_outside_ascii_are_drawn() -> None:
    record = label_record(labels=("門" * 50, "ü", "", "x"))
    assert draw_labelled_matrix(record, 0).shape[1] < 900


def test_motif_without_mass_has_an_empty_matrix_and_scene() -> None:
    record = lane_record()
    empty = np.zeros_like(record.motifs.probability)
    record = replace(record, motifs=MotifSet(probability=empty, weight=np.zeros(2)))
    assert matrix_view(record, 0).probability.shape == (0, LENGTH)
    assert not draw_overlay(record, 0)[..., 3].any()
    assert draw_labelled_matrix(record, 0).size


def test_png_keeps_colours_in_order() -> None:
    picture = np.zeros((2, 3, 4), dtype=np.uint8)
    picture[..., 0], picture[..., 3] = 255, 128
    data = np.frombuffer(encode_png(picture), dtype=np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    assert decoded[0, 0].tolist() == [0, 0, 255, 128]  # OpenCV gives blue first


@pytest.mark.parametrize("length", [0.003, 0.25, 1.0, 7.3, 3600.0])
def test_ticks_are_few_and_inside(length: float) -> None:
    ticks = choose_ticks(length, 6)
    assert ticks[0] == 0 and ticks[-1] <= length * (1 + 1e-6)
    assert 2 <= len(ticks) <= 7
