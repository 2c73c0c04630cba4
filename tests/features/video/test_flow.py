"""Words of video: the right cell, the right direction, the right time bin."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from motifmine.errors import FormatError, SpecError
from motifmine.features.video.extract import flow_spec_to_values, parse_flow_spec
from motifmine.features.video.flow import BinRow, FlowWords
from motifmine.features.video.mask import make_watch_mask
from motifmine.features.video.spec import FlowSpec
from motifmine.io.video.reader import Frame
from motifmine.kernels.motion import count_moving_pixels, count_still_pixels
from motifmine.types import Floats
from tests.helpers.clips import frames_of, moving_square, scene
from tests.reference.flow import count_moving, count_standing

pytestmark = pytest.mark.kernel

HEIGHT, WIDTH = 120, 160
COMPASS = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]


def words_of(frames: Iterable[Frame], threads: int = 1, **fields: Any) -> tuple[FlowWords, Floats]:
    """Words of frames, counted as float array (T, rows, columns, words of a cell)."""
    words = FlowWords(FlowSpec(**fields), width=WIDTH, height=HEIGHT, mean_gap_s=Fraction(2, 25))
    rows = list(words.rows(frames, threads))
    grid = words.grid
    dense = np.zeros((words.n_times, grid.n_words))
    for row in rows:
        dense[row.time, row.word] = row.count
    moving = dense[:, : grid.rows * grid.columns * grid.directions]
    return words, moving.reshape(words.n_times, grid.rows, grid.columns, grid.directions)


@pytest.mark.parametrize("direction", range(8))
def test_a_square_that_moves_gives_words_of_its_direction(direction: int) -> None:
    dx, dy = COMPASS[direction]
    _, counts = words_of(frames_of(moving_square(16, step=(2.0 * dx, 2.0 * dy))))
    assert counts.sum() > 0
    assert counts[..., direction].sum() > 0.8 * counts.sum()


def test_words_lie_in_the_cells_that_the_square_passes() -> None:
    _, counts = words_of(frames_of(moving_square(16, start=(40, 48), step=(2, 0))))
    passed = counts[:, 6:9, 5:12].sum()
    assert passed > 0.9 * counts.sum()


def test_a_still_scene_has_no_words() -> None:
    _, counts = words_of(frames_of([scene()] * 20))
    assert counts.sum() == 0


def test_flicker_below_the_least_change_has_no_words() -> None:
    pictures = [scene() + np.uint8(5 * (i % 2)) for i in range(20)]
    _, counts = words_of(frames_of(pictures), change=6)
    assert counts.sum() == 0


def test_what_is_slower_than_the_least_speed_has_no_words() -> None:
    # 1 px a frame at 12.5 Hz is 12.5 px a second
    pictures = moving_square(16, step=(1, 0))
    _, slow = words_of(frames_of(pictures), speed_px_s=20.0)
    _, quick = words_of(frames_of(pictures), speed_px_s=6.0)
    assert slow.sum() < 0.05 * quick.sum()


def test_speed_is_counted_per_second_not_per_frame() -> None:
    # the same pictures at 5 a second: 5 px a second
    _, counts = words_of(frames_of(moving_square(16, step=(1, 0)), rate=5), speed_px_s=10.0)
    assert counts.sum() < 20


def test_only_the_roi_has_words() -> None:
    pictures = moving_square(30, start=(10, 48), step=(3, 0))
    _, counts = words_of(frames_of(pictures), roi=((80, 0, 80, 120),))
    assert counts[:, :, :10].sum() == 0
    assert counts[:, :, 10:].sum() > 0


def test_excluded_boxes_have_no_words() -> None:
    pictures = moving_square(30, start=(10, 48), step=(3, 0))
    _, counts = words_of(frames_of(pictures), exclude=((0, 0, 80, 120), (152, 0, 8, 120)))
    assert counts[:, :, :10].sum() == counts[:, :, 19].sum() == 0
    assert counts[:, :, 10:19].sum() > 0


def test_several_regions_and_polygons_and_masks_hold_together(tmp_path: Path) -> None:
    for name, columns in (("one", slice(0, 8)), ("two", slice(152, 160))):
        mask = np.full((HEIGHT, WIDTH), 255, dtype=np.uint8)
        mask[:, columns] = 0
        cv2.imwrite(str(tmp_path / f"{name}.png"), mask)
    spec = FlowSpec(
        roi=((0, 0, 20, 120), ((40, 0), (159, 0), (159, 119))),
        exclude=((100, 0, 10, 120), ((120, 0), (140, 0), (130, 20))),
        mask=(str(tmp_path / "one.png"), str(tmp_path / "two.png")),
    )
    watched = make_watch_mask(spec, spec.grid(WIDTH, HEIGHT), WIDTH, HEIGHT)
    assert watched[60, 10] and watched[30, 90]
    # outside both regions, in either mask, in the excluded box, in the excluded polygon
    for row, column in ((60, 30), (100, 60), (60, 3), (2, 156), (20, 105), (5, 130)):
        assert not watched[row, column], (row, column)
    assert parse_flow_spec(json.loads(json.dumps(flow_spec_to_values(spec)))) == spec


def test_settings_of_older_tables_are_read() -> None:
    old = {"roi": [0, 0, 8, 8], "exclude": [[1, 2, 3, 4]], "mask": "m.png", "width": 96}
    spec = parse_flow_spec(old)
    assert spec == FlowSpec(roi=((0, 0, 8, 8),), exclude=((1, 2, 3, 4),), mask=("m.png",), width=96)
    assert parse_flow_spec({"roi": None, "mask": None}) == FlowSpec()


def test_what_the_mask_blackens_has_no_words(tmp_path: Path) -> None:
    mask = np.full((HEIGHT, WIDTH), 255, dtype=np.uint8)
    mask[:, 80:] = 0
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    pictures = moving_square(30, start=(10, 48), step=(3, 0))
    _, counts = words_of(frames_of(pictures), mask=(str(tmp_path / "mask.png"),))
    assert counts[:, :, 10:].sum() == 0
    assert counts[:, :, :10].sum() > 0


def test_a_box_counts_in_pixels_of_the_video_not_of_the_working_frame() -> None:
    spec = FlowSpec(width=80, roi=((80, 60, 80, 60),))
    watched = make_watch_mask(spec, spec.grid(WIDTH, HEIGHT), WIDTH, HEIGHT)
    assert watched.shape == (60, 80)
    assert watched[30:, 40:].all()
    assert watched.sum() == 30 * 40


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "mask.png"), np.ones((10, 10), dtype=np.uint8))
    with pytest.raises(FormatError, match="10x10 px; the video has 160x120 px"):
        words_of(frames_of([scene()]), mask=(str(tmp_path / "mask.png"),))


def test_a_mask_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_text("no picture")
    with pytest.raises(FormatError, match="is not a picture"):
        words_of(frames_of([scene()]), mask=(str(tmp_path / "mask.png"),))


def test_boxes_that_leave_nothing_are_refused() -> None:
    with pytest.raises(SpecError, match="exclude the whole frame"):
        words_of(frames_of([scene()]), roi=((500, 0, 10, 10),))


@pytest.mark.parametrize(
    "fields",
    [
        {"bin_s": 0.0}, {"bin_s": float("nan")}, {"rate_hz": -1.0}, {"width": 8}, {"cell_px": 0},
        {"directions": 0}, {"speed_px_s": -1.0}, {"change": -1}, {"roi": ((0, 0, 0, 5),)},
        {"exclude": ((-1, 0, 5, 5),)}, {"roi": (((0, 0), (5, 5)),)},
        {"roi": (((0, 0), (5, 5), (-3, 5)),)},
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        FlowSpec(**fields)


def test_a_video_too_small_for_flow_is_refused() -> None:
    with pytest.raises(SpecError, match="too small"):
        FlowSpec().grid(40, 16)


def test_a_narrow_video_is_not_enlarged() -> None:
    grid = FlowSpec(width=352).grid(WIDTH, HEIGHT)
    assert (grid.frame_width, grid.frame_height, grid.rows, grid.columns) == (160, 120, 15, 20)


def test_a_wide_video_is_reduced_and_its_last_cells_may_be_partial() -> None:
    grid = FlowSpec().grid(1280, 720)
    assert (grid.frame_width, grid.frame_height, grid.rows, grid.columns) == (352, 198, 25, 44)


def test_words_fall_into_the_bin_of_the_later_frame() -> None:
    # still until 1.0 s, then one move of a frame at 1.04 s, which is bin 2 of 0.5 s
    pictures = moving_square(2, step=(3, 0))
    frames = list(frames_of([pictures[0], pictures[0], pictures[1], pictures[1]]))
    times = [Fraction(0), Fraction(98, 100), Fraction(104, 100), Fraction(2)]
    moved = [replace(f, time_s=t) for f, t in zip(frames, times, strict=True)]
    words, counts = words_of(moved, bin_s=0.5, rate_hz=25.0)
    assert words.n_times == 5
    assert np.flatnonzero(counts.sum(axis=(1, 2, 3))).tolist() == [2]


def test_a_frame_exactly_on_the_edge_belongs_to_the_later_bin() -> None:
    words = FlowWords(FlowSpec(bin_s=0.1), width=WIDTH, height=HEIGHT, mean_gap_s=Fraction(1, 10))
    list(words.rows(frames_of([scene()] * 4, rate=10)))
    assert words.n_times == 4


def test_neighbours_across_a_long_gap_are_not_compared() -> None:
    pictures = moving_square(2, step=(3, 0))
    frames = [
        replace(frame, time_s=Fraction(t))
        for frame, t in zip(frames_of(pictures), (0, 1), strict=True)
    ]
    _, counts = words_of(frames)
    assert counts.sum() == 0


def test_frames_are_compared_at_the_working_rate() -> None:
    # 50 frames a second, of which every fourth is used: 8 px between neighbours
    spec = FlowSpec()
    words = FlowWords(spec, width=WIDTH, height=HEIGHT, mean_gap_s=Fraction(1, 50))
    used = list(words._pairs(frames_of([scene()] * 41, rate=50)))
    assert [pair.after.time_s for pair in used] == [Fraction(i, 50) for i in range(4, 41, 4)]


def test_a_stopped_object_has_static_words_where_it_stands() -> None:
    moving = moving_square(40, start=(4, 48), step=(2, 0))
    words, _ = words_of(frames_of([scene()] * 40 + moving + moving[-1:] * 60), static=True)
    grid = words.grid
    rows = list(
        FlowWords(
            FlowSpec(static=True), width=WIDTH, height=HEIGHT, mean_gap_s=Fraction(2, 25)
        ).rows(frames_of([scene()] * 40 + moving + moving[-1:] * 60))
    )
    first_static = grid.rows * grid.columns * grid.directions
    last = rows[-1]
    assert (last.word >= first_static).all()
    cell = last.word[np.argsort(last.count)[-4:]] - first_static
    assert set((cell // grid.columns).tolist()) <= {6, 7, 8}
    assert set((cell % grid.columns).tolist()) <= {10, 11, 12, 13}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(5, 8), (10, 16), (11, 17)])
def test_moving_pixels_are_those_of_the_plain_count(seed: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    n_cells, n_pixels = 7, 300
    directions = int(rng.integers(1, 13))
    turns = 2 * np.pi * np.arange(directions) / directions
    compass = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    flow = rng.normal(size=(5, 8, 2)).astype(np.float32)
    enlarged = shape[0] // 5 * np.asarray(cv2.resize(flow, shape[::-1])).reshape(-1, 2)
    places = rng.integers(0, len(enlarged), n_pixels).astype(np.int32)
    cells = rng.integers(0, n_cells, n_pixels).astype(np.int32)
    pixels = np.flatnonzero(rng.random(n_pixels) < 0.5)
    found = count_moving_pixels(pixels, flow, *shape, places, cells, n_cells, compass, 0.7)
    plain = count_moving(pixels, enlarged, places, cells, n_cells, directions, 0.7)
    assert found.reshape(n_cells, directions).tolist() == plain
    still = count_still_pixels(pixels, flow, *shape, places, cells, n_cells, 0.7)
    assert still.tolist() == count_standing(pixels, enlarged, places, cells, n_cells, 0.7)


def bytes_of(rows: Iterator[BinRow]) -> list[tuple[int, bytes, bytes]]:
    return [(row.time, row.word.tobytes(), row.count.tobytes()) for row in rows]


def test_rows_do_not_depend_on_the_number_of_threads() -> None:
    results = [
        bytes_of(
            FlowWords(
                FlowSpec(static=True), width=WIDTH, height=HEIGHT, mean_gap_s=Fraction(2, 25)
            ).rows(frames_of(moving_square(60)), threads)
        )
        for threads in (1, 1, 3)
    ]
    assert results[0] == results[1] == results[2]
    assert results[0]


def test_a_bin_is_given_out_before_the_next_but_few_frames_are_read() -> None:
    read = 0

    def counted() -> Iterator[Frame]:
        nonlocal read
        for frame in frames_of(moving_square(200)):
            read += 1
            yield frame

    words = FlowWords(FlowSpec(), width=WIDTH, height=HEIGHT, mean_gap_s=Fraction(2, 25))
    first = next(words.rows(counted()))
    assert first.time == 0
    assert read < 12
