"""Where the scene is in a picture of a camera that moves, and putting pictures back onto it."""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from motifmine.types import Floats32, Pixels

MOST_SHIFT = 0.12
MOST_TURN_DEG = 6.0
MOST_GROWTH = 0.1
"""Largest motion that a grid can bear: shift as a share of the picture's width, turn, growth."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the scene is in a picture: a point at `z` from the centre is seen at `turn z + shift`.

    Points are complex numbers, right + 1j * down, in pixels of the working frame.
    """

    shift: complex = 0j
    turn: complex = 1 + 0j

    def then(self, motion: "Pose") -> "Pose":
        """Return the pose of a picture whose content, put back by this pose, is at `motion`."""
        return Pose(self.shift + self.turn * motion.shift, self.turn * motion.turn)

    def matrix(self, width: int, height: int, scale: float = 1.0) -> Floats32:
        """Return the map from points of the scene to points of the picture.

        Parameters
        ----------
        width, height : int
            Size of the picture, pixels.
        scale : float
            Size of the working frame relative to it.

        Returns
        -------
        float32 array (2, 3)
            `point in picture = matrix @ (column, row, 1)`.
        """
        centre = complex(width - 1, height - 1) / 2
        at = centre - self.turn * centre + self.shift / scale
        turn = self.turn
        return np.array(
            [[turn.real, -turn.imag, at.real], [turn.imag, turn.real, at.imag]], dtype=np.float32
        )

    def reach_px(self, width: int, height: int) -> float:
        """Return how far points of a picture of this size are moved, root mean square."""
        return math.sqrt(
            abs(self.shift) ** 2 + abs(self.turn - 1) ** 2 * (width**2 + height**2) / 12
        )

    def is_small(self, width: int) -> bool:
        """Return whether a grid over a picture of this width can bear the motion."""
        turned = abs(math.degrees(math.atan2(self.turn.imag, self.turn.real)))
        return (
            abs(self.shift) <= MOST_SHIFT * width
            and turned <= MOST_TURN_DEG
            and abs(abs(self.turn) - 1) <= MOST_GROWTH
        )


STILL = Pose()


def put_back(picture: Pixels, pose: Pose) -> Pixels:
    """Return a picture of working size as a camera that has not moved would have seen it."""
    height, width = picture.shape[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    # the border is repeated: flow would see an edge to black as one that moves
    warped = cv2.warpAffine(
        picture,
        pose.matrix(width, height),
        (width, height),
        flags=flags,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, dtype=np.uint8)


def warp_back(picture: Floats32, pose: Pose, scale: float) -> tuple[Floats32, Floats32]:
    """Return a picture put back onto the scene, and 1 where it is known, two arrays of its size.

    Parameters
    ----------
    picture : float32 array (row, column)
    scale : float
        Size of the working frame relative to the picture.
    """
    height, width = picture.shape
    matrix = pose.matrix(width, height, scale)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(picture, matrix, (width, height), flags=flags)
    inside = cv2.warpAffine(everywhere(width, height), matrix, (width, height), flags=flags)
    return np.asarray(warped, dtype=np.float32), np.asarray(inside > 0.99, dtype=np.float32)


@cache
def everywhere(width: int, height: int) -> Floats32:
    """Return ones: all of a picture of this size is known, float32 array (height, width)."""
    return np.ones((height, width), dtype=np.float32)
