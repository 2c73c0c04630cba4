"""The mean picture, the slow background, small pictures to compare scenes by."""

import os
import subprocess
import sys
from fractions import Fraction

import numpy as np

from motifmine.features.video import warm_up
from motifmine.features.video.background import MeanPicture, SlowBackground, make_thumbnail
from tests.helpers.clips import frames_of, moving_square, scene


def test_the_mean_is_that_of_one_picture_a_second() -> None:
    levels = [np.full((20, 32), level, np.uint8) for level in (10, 200, 30, 200)]
    mean = MeanPicture(32, 20)
    for frame in frames_of(levels, rate=1.5):
        mean.update(frame)
    assert mean.n_pictures == 2
    assert mean.picture().shape == (20, 32, 3)
    np.testing.assert_allclose(mean.picture(), 20, atol=2)


def test_what_passes_does_not_stay_in_the_background() -> None:
    background = SlowBackground()
    pictures = moving_square(100, step=(9.0, 0.0))
    for second, picture in enumerate(pictures):
        found = background.update(Fraction(second), picture)
    off = np.abs(found.astype(int) - scene().astype(int))
    assert np.mean(off > 10) < 0.02
    assert np.mean(np.abs(pictures[-1].astype(int) - scene().astype(int)) > 10) > 0.02


def test_between_two_looks_the_background_is_the_same_picture() -> None:
    background = SlowBackground()
    first = background.update(Fraction(0), scene())
    assert background.update(Fraction(1, 2), scene() + 50) is first
    assert background.update(Fraction(1), scene() + 50) is not first


def test_small_pictures_do_not_depend_on_the_light() -> None:
    one = make_thumbnail(scene(), (32, 24), blur=4.0)
    brighter = make_thumbnail(scene() + np.uint8(60), (32, 24), blur=4.0)
    assert one.shape == (24, 32)
    assert one.std() > 0
    np.testing.assert_allclose(brighter, one, atol=1)


def test_processes_that_are_forked_find_the_kernels_compiled() -> None:
    """A process that looks at a video compiles nothing that the import has not compiled."""
    code = (
        f"import {warm_up.__name__}\n"
        "from motifmine.kernels import motion\n"
        "kernels = (motion.count_moving_pixels, motion.count_still_pixels)\n"
        "print([len(kernel.signatures) for kernel in kernels])"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0"}
    out = subprocess.check_output([sys.executable, "-c", code], text=True, env=environment)
    assert out.strip() == "[1, 1]"
