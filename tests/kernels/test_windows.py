"""Windows around the centres of motifs, against the formula."""

import numpy as np
import pytest

from motifmine.kernels.windows import sweep_windows


@pytest.mark.parametrize("turn", [0.0, 4.0])
def test_windows_are_nearly_gaussian_and_moments_are_those_inside(turn: float) -> None:
    rng = np.random.default_rng(0)
    motifs = rng.uniform(0, 1, (2, 3, 40)).astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi, 40)
    place = np.stack(
        [rng.uniform(0, 8, 40), rng.uniform(0, 9, 40), np.sin(angle), np.cos(angle)]
    ).astype(np.float32)
    place[2:, :5] = 0
    width = rng.uniform(1, 3, (2, 40)).astype(np.float32)
    centre = np.array([4.0, 4.5, 0.6, 0.8], np.float32) * np.ones((2, 3, 1), np.float32)
    moments, inside = np.zeros((2, 3, 5)), np.empty_like(motifs)
    sweep_windows(motifs, place, width, centre, 1.5, turn, moments, inside)
    down, right = place[0] - 4.0, place[1] - 4.5
    along, across = 0.6 * down + 0.8 * right, 0.8 * down - 0.6 * right
    distance = 0.5 * ((along / (1.5 * width[0])) ** 2 + (across / (1.5 * width[1])) ** 2)
    moves = np.square(place[2:]).sum(axis=0)
    distance += turn * (moves - 0.6 * place[2] - 0.8 * place[3])
    expected = motifs * (1 + distance / 16) ** -16
    assert inside == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert moments[:, :, 0] == pytest.approx(expected.sum(axis=2), rel=1e-4)
    assert moments[:, :, 1:] == pytest.approx(np.einsum("krw,iw->kri", expected, place), rel=1e-3)


def test_what_is_far_from_a_window_is_nothing_not_a_denormal_number() -> None:
    motifs = np.geomspace(1e-45, 1, 120, dtype=np.float32).reshape(1, 1, 120)
    place = np.zeros((4, 120), np.float32)
    place[1] = np.arange(120)
    inside = np.empty_like(motifs)
    centre, moments = np.zeros((1, 1, 4), np.float32), np.zeros((1, 1, 5))
    sweep_windows(motifs, place, np.ones((2, 120), np.float32), centre, 1.0, 0.0, moments, inside)
    assert not np.any((inside > 0) & (inside < np.finfo(np.float32).tiny))
