"""Noise of the sensor is averaged away, and only where there is some."""

from fractions import Fraction

import numpy as np
import pytest

from motifmine.features.video.flow import FlowWords
from motifmine.features.video.sensor_noise import LARGEST_PX, choose_smoothing, smooth
from motifmine.features.video.spec import FlowSpec
from tests.helpers.clips import frames_of, moving_square, scene


@pytest.mark.parametrize(
    ("deviation", "side"), [(0.0, 1), (0.5, 1), (3.0, 3), (6.0, 5), (30.0, LARGEST_PX)]
)
def test_the_square_grows_with_the_noise(deviation: float, side: int) -> None:
    rng = np.random.default_rng(1)
    one, other = (
        np.clip(scene() + rng.normal(0, deviation, (120, 160)), 0, 255).astype(np.uint8)
        for _ in range(2)
    )
    assert choose_smoothing(one, other, 6) == side
    if 1 < side < LARGEST_PX:
        left = np.abs(smooth(one, side).astype(int) - smooth(other, side))
        assert (left > 6).mean() < 0.02


def test_things_that_move_are_found_at_night() -> None:
    rng = np.random.default_rng(2)
    dark = [
        np.clip(0.45 * picture + rng.normal(0, 5, picture.shape), 0, 255).astype(np.uint8)
        for picture in moving_square(30, start=(10.0, 50.0), step=(3.0, 0.0))
    ]
    words = FlowWords(FlowSpec(), width=160, height=120, mean_gap_s=Fraction(2, 25))
    rows = list(words.rows(frames_of(dark)))
    word = np.concatenate([row.word for row in rows])
    count = np.concatenate([row.count for row in rows])
    row, _ = words.grid.cells()
    is_on_path = (row[word] >= 5) & (row[word] <= 9)
    assert count[is_on_path].sum() > 0.95 * count.sum()
    is_right = np.isin(word % 8, (7, 0, 1))
    assert count[is_on_path & is_right].sum() > 0.8 * count[is_on_path].sum()
