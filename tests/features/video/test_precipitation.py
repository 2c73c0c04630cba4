"""Rain and snow are no motion, and what moves in a dry scene is left as it is."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from motifmine.features.video.flow import FlowWords
from motifmine.features.video.precipitation import blocks_of, drop_precipitation
from motifmine.features.video.spec import FlowSpec
from motifmine.kernels.motion import find_brief
from motifmine.types import Floats, Pixels
from tests.helpers.clips import frames_of, moving_square
from tests.reference import flow as reference

LEVELS = 6


def raining(pictures: list[Pixels], n_drops: int = 25) -> list[Pixels]:
    """Draw streaks that are each seen in one frame."""
    rng = np.random.default_rng(3)
    found = []
    for picture in pictures:
        layer = np.zeros_like(picture)
        for _ in range(n_drops):
            x, y = int(rng.integers(160)), int(rng.integers(-8, 120))
            cv2.line(layer, (x, y), (x + 2, y + 12), 35, 1, cv2.LINE_AA)
        found.append(np.asarray(cv2.add(picture, layer), dtype=np.uint8))
    return found


def count_rows(pictures: list[Pixels]) -> Floats:
    """Return the count of the words in each row of cells."""
    words = FlowWords(FlowSpec(), width=160, height=120, mean_gap_s=Fraction(2, 25))
    total = np.zeros(words.grid.rows)
    row, _ = words.grid.cells()
    for each in words.rows(frames_of(pictures)):
        np.add.at(total, row[each.word], each.count)
    return total


def test_a_thing_in_the_rain_is_all_that_moves() -> None:
    dry = moving_square(30, start=(10.0, 50.0), step=(3.0, 0.0))
    clean, wet = count_rows(dry), count_rows(raining(dry))
    is_on_path = clean > 0.05 * clean.max()
    assert wet[~is_on_path].sum() < 0.15 * wet.sum()
    assert 0.7 * clean.sum() < wet.sum() < 1.2 * clean.sum()


def test_brief_pixels_are_those_of_the_plain_twin() -> None:
    rng = np.random.default_rng(0)
    # of few levels, so that about half are alike, and some far apart in either direction
    pictures = [rng.choice([3, 8, 13, 250], 400).astype(np.uint8) for _ in range(4)]
    pixels = np.flatnonzero(rng.random(400) < 0.5)
    found = find_brief(pixels, (pictures[0], pictures[1], pictures[2], pictures[3]), LEVELS)
    assert found.tolist() == reference.find_brief(pixels, pictures, LEVELS)
    assert 0.2 < found.mean() < 0.95


@pytest.mark.parametrize("n_seen", [1, 2])
def test_only_what_is_seen_once_and_everywhere_is_dropped(n_seen: int) -> None:
    still = np.full((60, 80), 100, dtype=np.uint8)
    drop = still.copy()
    drop[::3, ::3] = 150
    pictures = [still, still, drop, drop if n_seen == 2 else still]
    changed = np.flatnonzero(drop != still)
    kept = drop_precipitation(changed, pictures, blocks_of(80, 60), LEVELS)
    assert len(kept) == (0 if n_seen == 1 else len(changed))


def test_water_that_glitters_at_one_place_is_left() -> None:
    still = np.full((180, 180), 100, dtype=np.uint8)
    glitter = still.copy()
    glitter[:60, :60:2] = 150
    changed = np.flatnonzero(glitter != still)
    kept = drop_precipitation(changed, [still, still, glitter, still], blocks_of(180, 180), LEVELS)
    assert np.array_equal(kept, changed)


def test_specks_that_stay_go_with_the_drops_and_a_thing_does_not() -> None:
    still = np.full((90, 120), 100, dtype=np.uint8)
    lasting = still.copy()
    lasting[40:56, 40:56] = 150
    lasting[20, 20:23] = lasting[70, 90] = 150
    falling = lasting.copy()
    falling[2::9, 2::9] = 150
    changed = np.flatnonzero(falling != still)
    pictures = [still, still, falling, lasting]
    kept = drop_precipitation(changed, pictures, blocks_of(120, 90), LEVELS)
    rows, columns = np.divmod(kept, 120)
    assert rows.min() >= 40 and rows.max() < 56
    assert columns.min() >= 40 and len(kept) > 0.95 * 16 * 16
