"""Times of frames: repaired stamps, clocks that restart or wrap, and jumps that end a document."""

import itertools
from fractions import Fraction

import pytest

from motifmine.io.video.clock import WRAPS_S, FrameClock, Stamped

STEADY = [40 * i for i in range(10)]
"""Stamps of ten frames, ms."""


def stamp_frames(*stamps_ms: float | None, gap_ms: int = 40) -> tuple[list[Stamped], int]:
    """Return frames with these stamps, stamped, and how many stamps were repaired."""
    clock = FrameClock(gap_s=Fraction(gap_ms, 1000))
    found: list[Stamped] = []
    for index, ms in enumerate(stamps_ms):
        found += clock.push(None if ms is None else Fraction(ms) / 1000, index)
    found += clock.flush()
    assert [frame.item for frame in found] == list(range(len(stamps_ms)))
    assert all(a.time_s < b.time_s for a, b in itertools.pairwise(found))
    return found, clock.repaired


def times_of(*stamps_ms: float | None) -> tuple[list[float], int]:
    """Return times in ms of frames 40 ms apart, and how many stamps were repaired."""
    found, repaired = stamp_frames(*stamps_ms)
    return [float(frame.time_s * 1000) for frame in found], repaired


def test_a_missing_stamp_is_filled_in_and_the_next_one_holds() -> None:
    assert times_of(0, 40, None, 120) == ([0, 40, 80, 120], 1)


def test_a_repeated_stamp_is_put_before_the_next_one_which_holds() -> None:
    assert times_of(0, 40, 40, 80) == ([0, 40, 60, 80], 1)


def test_a_stamp_that_runs_backward_a_little_is_put_in_between() -> None:
    assert times_of(0, 40, 20, 80) == ([0, 40, 60, 80], 1)


def test_a_clock_that_restarts_continues_from_there() -> None:
    assert times_of(8000, 8040, 9080, 0, 40, 80) == ([0, 40, 1080, 1120, 1160, 1200], 1)


def test_no_stamps_at_all_give_the_usual_gaps() -> None:
    assert times_of(None, None, None) == ([0, 40, 80], 3)


@pytest.mark.parametrize("far_ms", [10**9, 3600_000, 30_000, -30_000, -(10**9)])
@pytest.mark.parametrize("n_frames", [1, 2])
def test_a_few_frames_stamped_far_away_are_repaired(far_ms: int, n_frames: int) -> None:
    stamps = [*STEADY[:4], *(far_ms + 40 * i for i in range(n_frames)), *STEADY[4 + n_frames :]]
    found, repaired = stamp_frames(*stamps)
    assert [float(frame.time_s * 1000) for frame in found] == pytest.approx(STEADY, abs=20)
    assert repaired == n_frames
    assert {frame.document for frame in found} == {0}


def test_a_first_frame_stamped_far_away_does_not_make_a_document() -> None:
    found, repaired = stamp_frames(0, *(3600_000 + ms for ms in STEADY))
    assert {frame.document for frame in found} == {0}
    assert (repaired, float(found[-1].time_s)) == (1, 0.4)
    # second 0 in the clock of the frames that are stamped rightly
    assert float(found[-1].origin_s + found[-1].time_s) == 3600.36


def test_a_last_frame_stamped_far_away_is_no_document() -> None:
    found, repaired = stamp_frames(*STEADY, 3600_000)
    assert ({frame.document for frame in found}, repaired) == ({0}, 1)
    assert float(found[-1].time_s) == 0.4


def test_stamps_without_any_order_are_all_repaired() -> None:
    garbage = [(7919 * 10**6 * i) % 104_729_000 for i in range(1, 30)]
    found, repaired = stamp_frames(*STEADY, *garbage)
    assert float(found[-1].time_s) == pytest.approx(0.04 * 38)
    assert repaired == 29


@pytest.mark.parametrize("jump_ms", [11_000, 600_000, 20 * 3600_000])
def test_a_jump_ahead_begins_a_document_at_its_time(jump_ms: int) -> None:
    found, repaired = stamp_frames(*STEADY, *(jump_ms + ms for ms in STEADY))
    assert [frame.document for frame in found] == [0] * 10 + [1] * 10
    assert (float(found[10].time_s * 1000), repaired) == (jump_ms, 0)
    assert {frame.origin_s for frame in found} == {0}


@pytest.mark.parametrize("back_ms", [-11_000, -600_000, 10**12])
def test_a_clock_that_was_set_begins_a_document_right_away(back_ms: int) -> None:
    found, repaired = stamp_frames(*STEADY, *(back_ms + ms for ms in STEADY))
    assert [frame.document for frame in found] == [0] * 10 + [1] * 10
    assert (float(found[10].time_s), repaired) == (0.4, 0)
    assert float(found[10].origin_s + found[10].time_s) * 1000 == back_ms


@pytest.mark.parametrize("gap_ms", [9_000, 400])
def test_a_shorter_pause_stays_in_the_document(gap_ms: int) -> None:
    found, repaired = stamp_frames(*STEADY, *(gap_ms + 400 + ms for ms in STEADY))
    assert ({frame.document for frame in found}, repaired) == ({0}, 0)


def test_frames_of_a_time_lapse_are_no_jumps() -> None:
    found, repaired = stamp_frames(*(3600_000 * i for i in range(8)), gap_ms=3600_000)
    assert ({frame.document for frame in found}, repaired) == ({0}, 0)
    assert float(found[-1].time_s) == 7 * 3600


@pytest.mark.parametrize("span_s", WRAPS_S)
def test_a_clock_that_wraps_runs_on(span_s: Fraction) -> None:
    before = [float(span_s * 1000) - 200 + 40 * i for i in range(5)]
    found, repaired = stamp_frames(*before, *STEADY)
    assert ({frame.document for frame in found}, repaired) == ({0}, 0)
    assert float(found[-1].time_s) == pytest.approx(0.56)
