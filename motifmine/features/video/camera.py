"""Motion of the camera inside a recording: found against the scene, and taken out of the frames.

Every working frame is compared with a slow background of the scene, in blocks (see
`kernels.alignment`). As long as the camera stands still, a comparison at a quarter of the working
size is all that happens, and the frames are used as they are. Once it moves, every frame is placed
at half the working size and warped back onto the scene, so that cells stay with the scene.
"""

import math
from copy import copy
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from motifmine.features.video.background import SlowBackground
from motifmine.features.video.pose import STILL, Pose, everywhere, warp_back
from motifmine.kernels.alignment import compare_structure, fit_similarity, sum_blocks
from motifmine.types import Floats, Floats32, Pixels

HALF = 2
"""Working frames are reduced by this for flow, and by this again for the comparison."""
LEAST_WIDTH_PX = 80
"""Narrower pictures are not reduced further."""
BLOCK_PX = 8
"""Side of a block at any size, pixels."""
LEAST_CONTRAST = 3.0
"""Standard deviation of a block that shows structure, grey levels; weaker ones are not compared."""
LEAST_BLOCKS = 8
LEAST_SHARE = 0.2
LEAST_SPREAD = 0.17
"""Blocks with structure must be this many and this share of all, and be spread over the picture:
standard deviation of their positions relative to its sides, which is .29 if they are everywhere.
Otherwise they may belong to one thing that moves."""
SAME_CORRELATION = 0.6
"""A block shows the same structure as the background if they correlate by this."""
LEAST_AGREEMENT = 0.5
"""Least share of blocks that show the same structure once the picture is placed."""
NOTICED_PX = 0.35
"""Motion over the picture (root mean square) from which a camera is taken to move, pixels of the
working frame; flow between two frames is counted from 0.5 on at the default speed and rate."""
EXPECTED = 0.02
LEAST_GAIN = 0.5
LEAST_VOTES = 0.6
LEAST_VOTERS = 4
LEAST_VOTING = 0.1
LEAST_QUARTERS = 3
"""A camera has moved if the scene fits better at its new pose on all sides. Blocks vote whose
misfit a true motion would lower by `EXPECTED` of their contrast, and vote for it if at least
`LEAST_GAIN` of that is seen. In every quarter of the picture that has `LEAST_VOTERS` and in which
`LEAST_VOTING` of the blocks vote, and there must be three for the sky often fills one, this share
must be for it: a hand or a lorry that moves before a camera on a tripod pulls the fit, but the
quarters without it do not follow."""
CALM_PX = 0.15
CALM_S = Fraction(20)
"""A camera that moved less than this for so long stands still again."""
LOST_AGREEMENT = 0.15
LOST_S = Fraction(3)
"""A camera is turned away if so few blocks show the scene for so long."""


@dataclass(slots=True)
class Level:
    """The background at one size, and pictures placed against it."""

    scale: float
    """Size of the working frame relative to it."""
    reference: Floats32

    @property
    def columns(self) -> int:
        """Blocks in a row."""
        return int(self.reference.shape[1]) // BLOCK_PX

    def place(self, picture: Floats32, pose: Pose, steps: int) -> tuple[Pose, float]:
        """Refine a pose; return it and the share of blocks that then show the background.

        Parameters
        ----------
        picture : float32 array (h, w)
            Of the size of the level.
        pose : Pose
            Where to begin.
        steps : int
            Comparisons, > 0; each but the last improves the pose.
        """
        height, width = self.reference.shape
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        for step in range(steps):
            warped, inside = warp_back(picture, pose, self.scale)
            sums = sum_blocks(self.reference, warped, inside, BLOCK_PX)
            if step == steps - 1:
                break
            pose = pose.then(self._fit(sums, centre))
        return pose, self._measure_agreement(sums)

    def compare(self, picture: Floats32) -> tuple[Pose, float]:
        """Return the motion of a picture to first order, and its agreement as it is."""
        height, width = self.reference.shape
        sums = sum_blocks(self.reference, picture, everywhere(width, height), BLOCK_PX)
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        return self._fit(sums, centre), self._measure_agreement(sums)

    def has_moved(self, picture: Pixels, before: Pose, after: Pose) -> bool:
        """Return whether the scene is nearer to the background at a new pose, on all sides.

        Parameters
        ----------
        picture : uint8 array (h, w)
            Of the size of the level.
        before, after : Pose
            Blocks vote for the second one or against it.
        """
        at_before, at_after = (
            sum_blocks(
                self.reference, *warp_back(picture.astype(np.float32), pose, self.scale), BLOCK_PX
            )
            for pose in (before, after)
        )
        least = LEAST_CONTRAST**2
        seen = (at_before[:, 6:8] >= least).all(axis=1) & (at_after[:, 6:8] >= least).all(axis=1)
        block = np.arange(len(at_before))
        column, row = block % self.columns, block // self.columns
        rows, side = len(block) // self.columns, BLOCK_PX * self.scale
        at = side * ((column + 0.5 - self.columns / 2) + 1j * (row + 0.5 - rows / 2))
        motion = ((after.turn - before.turn) * at + after.shift - before.shift) / self.scale
        right, down = motion.real, motion.imag
        xx, xy, yy = at_before[:, :3].T
        expected = xx * right**2 + 2 * xy * right * down + yy * down**2
        votes = seen & (expected > EXPECTED * at_before[:, 6])
        # to first order only: far away there is not more to gain than the misfit
        most = np.minimum(expected, at_before[:, 5])
        is_for = at_before[:, 5] - at_after[:, 5] > LEAST_GAIN * most
        quarter = 2 * (row >= rows / 2) + (column >= self.columns / 2)
        n_votes = np.bincount(quarter[votes], minlength=4)
        n_for = np.bincount(quarter[votes & is_for], minlength=4)
        has_vote = n_votes >= np.maximum(LEAST_VOTERS, LEAST_VOTING * np.bincount(quarter))
        is_right = n_for >= LEAST_VOTES * n_votes
        return bool(has_vote.sum() >= LEAST_QUARTERS and is_right[has_vote].all())

    def _fit(self, sums: Floats, centre: Floats) -> Pose:
        right, down, growth, turn = fit_similarity(
            sums, self.columns, BLOCK_PX, centre, LEAST_CONTRAST**2
        )
        return Pose(complex(right, down) * self.scale, complex(1 + growth, turn))

    def _measure_agreement(self, sums: Floats) -> float:
        """Return the share of blocks that show the background, NaN where it has few or clustered.

        Where the structure has gone, in the dark or in fog, nothing says that the camera moved.
        """
        least = max(LEAST_BLOCKS, LEAST_SHARE * len(sums))
        seen, same = compare_structure(sums, self.columns, LEAST_CONTRAST**2, SAME_CORRELATION)
        if seen[0] < least or seen[1] < LEAST_SPREAD:
            return math.nan
        agreement = float(same[0] / seen[0])
        # what agrees may be one thing that has moved, and the rest of the scene hides
        is_one_thing = agreement >= LEAST_AGREEMENT and same[1] < LEAST_SPREAD
        return math.nan if is_one_thing else agreement


class Camera:
    """Finds the pose of every working frame of one document, in order.

    Parameters
    ----------
    width, height : int
        Size of the working frame, pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pose = STILL
        """Of the last frame that could be placed."""
        self.n_frames = self.n_moved = 0
        """Frames that were looked at, and those that were warped."""
        self.n_lost = 0
        """Frames between others that do not show the scene."""
        self.n_blank = 0
        """Frames without structure, of a scene that has some: dark, fog, or no signal."""
        self.farthest_px = 0.0
        """Largest motion that was taken out, root mean square over the picture."""
        self.last_seen_s = Fraction(0)
        """When the scene was seen for the last time, seconds."""
        self.has_begun = False
        """Whether the last frame is the first that is warped: those before may be a little off."""
        self.is_away = False
        """Whether the camera has turned away for good, or further than a grid can bear."""
        self._most_structure = 0.0
        self._is_moving = False
        self._lost_since: Fraction | None = None
        self._n_lost_now = 0
        self._calm_since = Fraction(0)
        self._calm_pose = STILL
        self._background = SlowBackground()
        self._levels: tuple[Level, Level] | None = None

    def place(self, time_s: Fraction, half: Pixels, reduced: Pixels) -> Pose | None:
        """Return the pose of a working frame, None if it does not show the scene.

        `is_away` says whether the document ends here.

        Parameters
        ----------
        time_s : Fraction
            Time of the frame, seconds.
        half, reduced : uint8 arrays (row, column)
            The frame at half of the working size, and from `reduce_half`.
        """
        self.n_frames += 1
        if self._levels is None:
            self._update(time_s, half)
            self.last_seen_s = time_s
            return self.pose
        was_moving = self._is_moving
        look = self._search if self._is_moving else self._watch
        found = look(half, reduced)
        if found is None:
            since = self._lost_since = self._lost_since or time_s
            self._n_lost_now += 1
            self.is_away = self.is_away or time_s - since >= LOST_S
            return None
        if not found.is_small(self.width):
            self.is_away = True
            return None
        self.n_lost += self._n_lost_now
        self._lost_since, self._n_lost_now, self.last_seen_s = None, 0, time_s
        self._settle(time_s, found)
        self.has_begun = self._is_moving and not was_moving
        if self.pose != STILL:
            self.n_moved += 1
            self.farthest_px = max(self.farthest_px, self.pose.reach_px(self.width, self.height))
        self._update(time_s, half)
        return self.pose

    def is_back(self, half: Pixels, reduced: Pixels) -> bool:
        """Return whether a frame shows the scene again, at a pose that a grid can bear.

        Parameters
        ----------
        half, reduced : uint8 arrays (row, column)
            As for `place`.
        """
        found = self._search(half, reduced, is_lenient=False)
        return found is not None and found.is_small(self.width)

    def resume(self) -> "Camera":
        """Return a camera with the same scene, for the next document."""
        camera = copy(self)
        camera.n_frames = camera.n_moved = camera.n_lost = camera.n_blank = camera._n_lost_now = 0
        camera.farthest_px = 0.0
        camera.is_away, camera._is_moving, camera._lost_since = False, True, None
        return camera

    def renew(self) -> None:
        """Take the next frame as the background, because the light is another one."""
        self._background = SlowBackground()
        self._levels = None

    def _update(self, time_s: Fraction, half: Pixels) -> None:
        """Update the background if it is due, with the frame put back onto the scene."""
        if not self._background.is_due(time_s):
            return
        picture = half.astype(np.float32)
        if self.pose != STILL:
            picture, inside = warp_back(picture, self.pose, HALF)
            if self._levels is not None:
                picture = np.where(inside > 0, picture, self._levels[1].reference)
        background = self._background.update(time_s, picture)
        reduced = reduce_half(background).astype(np.float32)
        self._most_structure = max(self._most_structure, measure_structure(reduced))
        self._levels = (
            Level(self.width / reduced.shape[1], reduced),
            Level(HALF, background.astype(np.float32)),
        )

    def _watch(self, half: Pixels, reduced: Pixels) -> Pose | None:
        """Return the pose of a frame of a camera that stood still so far."""
        # every other frame is enough: shake goes on for longer than that
        if self.n_frames % 2 and self._lost_since is None:
            return self.pose
        assert self._levels is not None
        coarse, _ = self._levels
        picture = reduced.astype(np.float32)
        if self.pose != STILL:
            picture, _ = warp_back(picture, self.pose, coarse.scale)
        motion, agreement = coarse.compare(picture)
        if math.isnan(agreement):
            # a scene may have little: a road from above has it only where a car is
            usual = min(LEAST_SHARE, self._most_structure / 4)
            self.n_blank += 2 * int(measure_structure(picture) < usual)
            return self.pose
        is_still = motion.reach_px(self.width, self.height) < NOTICED_PX
        if is_still and agreement >= LEAST_AGREEMENT:
            return self.pose
        found = self._search(half, reduced)
        if (
            found is not None
            and self._differs(found, self.pose, NOTICED_PX)
            and self._levels[1].has_moved(half, self.pose, found)
        ):
            self._is_moving = True
            return found
        return None if found is None and agreement < LOST_AGREEMENT else self.pose

    def _search(self, half: Pixels, reduced: Pixels, *, is_lenient: bool = True) -> Pose | None:
        """Return the pose of a frame, from the last one or from anywhere; None if none is right.

        Without enough structure it is the last one if `is_lenient`.
        """
        assert self._levels is not None
        coarse, fine = self._levels
        picture, small = half.astype(np.float32), reduced.astype(np.float32)
        pose, _ = coarse.place(small, self.pose, 3)
        pose, agreement = fine.place(picture, pose, 3)
        if agreement >= LEAST_AGREEMENT:
            return pose
        if math.isnan(agreement) and is_lenient:
            return self.pose
        window = cv2.createHanningWindow(small.shape[::-1], cv2.CV_32F)
        # copies: at some sizes, 80 by 60 is one, OpenCV multiplies them by the window in place
        (right, down), _ = cv2.phaseCorrelate(coarse.reference.copy(), small.copy(), window)
        pose, _ = coarse.place(small, Pose(complex(right, down) * coarse.scale), 5)
        pose, agreement = fine.place(picture, pose, 3)
        return pose if agreement >= LEAST_AGREEMENT else None

    def _settle(self, time_s: Fraction, found: Pose) -> None:
        """Take over a pose; a camera that has not moved for long is taken to stand still."""
        if not self._is_moving:
            return
        self.pose = found
        if self._differs(found, self._calm_pose, CALM_PX):
            self._calm_since, self._calm_pose = time_s, found
        elif time_s - self._calm_since >= CALM_S:
            self._is_moving = False
            if not self._differs(found, STILL, NOTICED_PX):
                self.pose = STILL

    def _differs(self, one: Pose, other: Pose, least_px: float) -> bool:
        apart = Pose(one.shift - other.shift, 1 + one.turn - other.turn)
        return apart.reach_px(self.width, self.height) >= least_px


def measure_structure(picture: Floats32) -> float:
    """Return the share of blocks of a reduced picture that have structure."""
    height, width = picture.shape
    variances = sum_blocks(picture, picture, everywhere(width, height), BLOCK_PX)[:, 6]
    return float(np.mean(variances >= LEAST_CONTRAST**2))


def reduce_half(half: Pixels) -> Pixels:
    """Return a picture reduced to where its blocks are still many, uint8 array (row, column)."""
    height, width = half.shape
    if width < HALF * LEAST_WIDTH_PX:
        return half
    size = (width // HALF, height // HALF)
    return np.asarray(cv2.resize(half, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
