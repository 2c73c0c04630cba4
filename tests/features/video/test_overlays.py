"""Burnt-in clocks are found; lamps, text that stands still and things that move are not."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import cv2
import numpy as np
import pytest

from motifmine.features.video.flow import FlowWords
from motifmine.features.video.overlays import OverlayWatch, find_words, has_digits, list_boxes
from motifmine.features.video.spec import FlowSpec
from motifmine.kernels.ticks import (
    BEGIN,
    LAST,
    N_COLUMNS,
    OTHER,
    SECOND,
    TICK,
    TICKED,
    WHOLE,
    follow_changes,
)
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Floats, Pixels
from tests.helpers.clips import frames_of, scene

HEIGHT, WIDTH = 144, 256
RATE = 12.5
Draw = Callable[[Pixels, int], None]


def write_text(picture: Pixels, text: str, place: tuple[int, int], size: float = 0.5) -> None:
    for colour, thickness in ((0, 3), (255, 1)):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thickness)


def draw_clock(place: tuple[int, int], size: float, first_s: int = 58, form: str = "") -> Draw:
    def draw(picture: Pixels, index: int) -> None:
        second = int(index / RATE + 0.3) + first_s
        text = form + f"08:{second // 60:02d}:{second % 60:02d}"
        write_text(picture, text, place, size)

    return draw


def draw_car(picture: Pixels, index: int) -> None:
    texture = np.random.default_rng(0).integers(0, 255, (4, 8), dtype=np.uint8)
    x = round(index * 5.2) % (WIDTH + 80) - 40
    left, right = max(x, 0), min(x + 32, WIDTH)
    if left < right:
        car = cv2.resize(texture, (32, 16), interpolation=cv2.INTER_NEAREST)
        picture[90:106, left:right] = car[:, left - x : right - x]


def draw_lamp(picture: Pixels, index: int) -> None:
    """On for a second, off for a second: like a digit by its times."""
    cv2.circle(picture, (200, 40), 6, 250 if int(index / RATE) % 2 else 20, -1)


def draw_blinker(picture: Pixels, index: int) -> None:
    cv2.circle(picture, (200, 40), 6, 250 if int(2 * index / RATE) % 2 else 20, -1)


def draw_logo(picture: Pixels, index: int) -> None:
    write_text(picture, "CAM 3", (195, 20))


def watch(*draws: Draw, seconds: int = 25, noise: float = 1.0) -> tuple[FlowWords, Pixels]:
    """Words of a scene with a car and what is drawn, and the cells that were found."""
    rng = np.random.default_rng(2)
    pictures = []
    for index in range(round(seconds * RATE)):
        picture = scene(HEIGHT, WIDTH)
        for draw in (draw_car, *draws):
            draw(picture, index)
        noisy = picture + rng.normal(0, noise, picture.shape)
        pictures.append(np.clip(noisy, 0, 255).astype(np.uint8))
    words = FlowWords(FlowSpec(), width=WIDTH, height=HEIGHT, mean_gap_s=Fraction(2, 25))
    list(words.rows(frames_of(pictures, RATE)))
    assert words.overlays is not None
    cells = words.overlays.find_cells()
    return words, cells.reshape(words.grid.rows, words.grid.columns).astype(np.uint8)


@pytest.mark.parametrize(
    ("place", "size"), [((8, 20), 0.5), ((150, 20), 0.5), ((60, 138), 0.4), ((8, 24), 0.8)]
)
def test_a_clock_is_found_wherever_it_is(place: tuple[int, int], size: float) -> None:
    _, cells = watch(draw_clock(place, size))
    rows, columns = np.nonzero(cells)
    assert len(rows) >= 2
    # nothing but the clock: cells of its line and its length
    assert (rows * 8 >= place[1] - 24 * size - 8).all() and (rows * 8 <= place[1] + 8).all()
    length = cv2.getTextSize("08:00:00", cv2.FONT_HERSHEY_SIMPLEX, size, 3)[0][0]
    assert (columns * 8 >= place[0] - 8).all() and (columns * 8 <= place[0] + length + 8).all()
    # seconds and their tens
    assert np.ptp(columns) * 8 >= 14 * size


def test_a_clock_with_a_date_next_to_a_logo() -> None:
    _, cells = watch(draw_clock((4, 20), 0.4, form="2026-03-14 "), draw_logo)
    columns = np.nonzero(cells)[1] * 8
    assert len(columns)
    assert columns.min() > 80  # the date stands still


@pytest.mark.parametrize("draw", [draw_lamp, draw_blinker, draw_logo])
def test_lamps_and_logos_are_no_clocks(draw: Draw) -> None:
    assert not watch(draw)[1].any()


def test_a_scene_without_a_clock_has_none() -> None:
    assert not watch()[1].any()


def test_a_lane_next_to_a_clock_keeps_its_words() -> None:
    words, cells = watch(draw_clock((60, 86), 0.5))
    assert cells.any()
    assert not cells[12:].any()  # the car covers rows 11 to 13; the clock ends in row 11
    assert find_words(words.grid, cells.ravel().astype(bool)).sum() == 8 * cells.sum()
    assert words.overlays is not None


def test_a_few_seconds_are_too_short_to_know_a_clock() -> None:
    assert not watch(draw_clock((8, 20), 0.5), seconds=4)[1].any()


def test_boxes_are_runs_of_cells() -> None:
    grid = FlowGrid(
        rows=2, columns=4, directions=8, cell_px=8, frame_width=32, frame_height=16, static=False
    )
    cells = np.array([0, 1, 1, 0, 1, 0, 0, 1], dtype=bool)
    assert list_boxes(grid, cells) == "8,0,16,8;0,8,8,8;24,8,8,8"
    assert list_boxes(grid, ~cells & cells) == ""
    assert not OverlayWatch(grid, np.zeros(512, dtype=np.int32)).find_cells().any()


def test_a_digit_has_ten_states_and_a_lamp_two() -> None:
    rng = np.random.default_rng(0)
    digits = [rng.integers(0, 255, (8, 8), dtype=np.uint8) for _ in range(10)]
    assert has_digits([digits[i % 10] for i in range(24)])
    assert has_digits([digits[i % 10] for i in range(6)])
    assert not has_digits([digits[i % 2] for i in range(24)])
    assert not has_digits([digits[i % 7] for i in range(24)])


def count_changes(times_s: Sequence[float], pixels: Sequence[int]) -> Floats:
    """The state of twelve cells of three pixels each after changes of some pixels."""
    state = np.zeros((12, N_COLUMNS))
    state[:, [LAST, BEGIN, TICK]] = -np.inf
    cell_of_pixel = np.repeat(np.arange(12, dtype=np.int32), 3)
    for time_s in times_s:
        follow_changes(state, np.array(pixels), cell_of_pixel, time_s, 3, 0.25, 0.1)
    return state


def test_changes_are_counted_by_their_intervals() -> None:
    state = count_changes((0.0, 0.08, 1.0, 2.0, 4.0, 4.5), range(3))
    assert state[0, [SECOND, WHOLE, OTHER]].tolist() == [2, 3, 1]
    assert state[1, [SECOND, WHOLE, OTHER]].tolist() == [0, 0, 0]
    assert state[0, TICKED] == 0
    assert state[0, TICK] == 4.0


def test_seconds_are_not_counted_from_the_refinement_of_a_digit() -> None:
    refined = [t for second in range(10) for t in (second, second + 0.4)]
    state = count_changes(refined, range(3))
    assert state[0, [SECOND, WHOLE, OTHER]].tolist() == [9, 9, 10]
    # what passed before the clock is seen must not be counted from for ever
    assert count_changes((0.6, 1.0, 2.0, 3.0, 4.0), range(3))[0, SECOND] == 2


def test_a_pulse_of_the_encoder_makes_no_cell_tick() -> None:
    assert count_changes(range(8), range(36))[:, WHOLE].tolist() == [0] * 12
