"""Specification of the words of a video."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from motifmine.errors import SpecError
from motifmine.records.layouts import ChangeGrid
from motifmine.records.vocabulary import FlowGrid

Area = tuple[Any, ...]
"""A box `(x, y, width, height)` or a polygon `((x, y), (x, y), (x, y), ...)`, pixels."""
MIN_SIDE_PX = 24
"""Least width and height of a working frame for optical flow, pixels."""
MIN_GAP_SHARE = Fraction(4, 5)
"""Least time between used frames, relative to the requested one: 30 Hz gives 15 Hz, not 10."""
DEFAULT_BIN_S = 0.25
"""Length of a time bin where the frame rate allows it, seconds."""
LEAST_FRAMES = 3
"""Least number of compared frames in a time bin: fewer make counts a matter of chance."""
LEAST_RATE_HZ = 4
"""Fewer frames a second are too few for optical flow: what moves is elsewhere in the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSpec:
    """Specification of words of kind `flow-grid`."""

    bin_s: float | None = None
    """Length of a time bin, seconds, > 0; None: 0.25, or longer for a low frame rate."""
    words: Literal["flow", "changes"] = "flow"
    """Motion per cell and direction, or foreground per cell: for time-lapse."""
    width: int = 352
    """Largest width of the working frame, pixels."""
    rate_hz: float = 12.5
    """Largest rate of compared frames, frames per second."""
    cell_px: int = 8
    """Side of a cell, pixels of the working frame."""
    directions: int = 8
    """Number of directions; the first points right."""
    speed_px_s: float = 6.0
    """Slower pixels are still; pixels of the working frame per second."""
    change: int = 6
    """Pixels count as moving only if their luma changes by more between frames, grey levels."""
    static: bool = False
    """Whether static foreground has a word in each cell."""
    roi: tuple[Area, ...] = ()
    """Regions of interest, in pixels of the video as it is shown; none: all of the picture."""
    exclude: tuple[Area, ...] = ()
    """Areas to exclude, as `roi`."""
    mask: tuple[str, ...] = ()
    """Paths of pictures of the video's size; pixels that are black in one are excluded."""
    stabilise: Literal["auto", "off"] = "auto"
    """Whether motion of the camera is taken out where there is any."""
    overlays: Literal["auto", "off"] = "auto"
    """Whether cells of clocks that are burnt into the picture are excluded."""

    def __post_init__(self) -> None:
        positive = {"bin_s": self.bin_s, "rate_hz": self.rate_hz}
        for name, value in positive.items():
            if value is not None and not (math.isfinite(value) and value > 0):
                raise SpecError(f"{name} is {value}; it must be positive")
        least = {
            "width": MIN_SIDE_PX, "cell_px": 1, "directions": 1, "speed_px_s": 0, "change": 0
        }  # fmt: skip
        for name, smallest in least.items():
            if not getattr(self, name) >= smallest:
                raise SpecError(f"{name} is {getattr(self, name)}; it must be at least {smallest}")
        for area in (*self.exclude, *self.roi):
            _check_area(area)

    def grid(self, width: int, height: int) -> FlowGrid:
        """Return the grid of words for a video of this size in pixels.

        Raises
        ------
        SpecError
            If the video is too small for optical flow.
        """
        working_width = min(self.width, width)
        working_height = round(height * working_width / width)
        if min(working_width, working_height) < MIN_SIDE_PX:
            raise SpecError(
                f"a working frame of {working_width}x{working_height} px is too small for optical "
                f"flow; it needs at least {MIN_SIDE_PX} px on either side"
            )
        is_flow = self.words == "flow"
        return (FlowGrid if is_flow else ChangeGrid)(
            rows=-(-working_height // self.cell_px),
            columns=-(-working_width // self.cell_px),
            directions=self.directions if is_flow else 0,
            cell_px=self.cell_px,
            frame_width=working_width,
            frame_height=working_height,
            static=self.static or not is_flow,
        )

    def choose_bin_s(self, gap_s: Fraction) -> float:
        """Return the length of a time bin: the given one, else at least three compared frames.

        Parameters
        ----------
        gap_s : Fraction
            Usual time between frames, seconds.
        """
        if self.bin_s is not None:
            return self.bin_s
        least_s = float(LEAST_FRAMES * self.compared_gap_s(gap_s))
        # 24 frames a second need 0.25 s, and a bit more where stamps are rounded
        return DEFAULT_BIN_S if least_s < 1.05 * DEFAULT_BIN_S else math.ceil(1000 * least_s) / 1000

    def compared_gap_s(self, gap_s: Fraction) -> Fraction:
        """Return the time between frames that are compared, seconds.

        Parameters
        ----------
        gap_s : Fraction
            Usual time between all frames, seconds.
        """
        return gap_s * max(1, math.ceil(MIN_GAP_SHARE / Fraction(self.rate_hz) / gap_s))


def is_box(area: Area) -> bool:
    """Return whether an area is a box and not a polygon."""
    return isinstance(area[0], int)


def parse_area(plain: Any) -> Area:
    """Return an area from lists, as in files."""
    return tuple(
        tuple(map(int, each)) if isinstance(each, list | tuple) else int(each) for each in plain
    )


def _check_area(area: Area) -> None:
    """Raise `SpecError` for a box or polygon that is empty or begins outside of the picture."""
    numbers = np.array(area)
    if is_box(area):
        if numbers.shape != (4,) or numbers[:2].min() < 0 or numbers[2:].min() < 1:
            raise SpecError(f"the box {area} is empty or begins outside the picture; x,y,w,h")
    elif len(area) < 3 or numbers.shape[1:] != (2,) or numbers.min() < 0:
        raise SpecError(f"the polygon {area} has fewer than 3 points, or some outside the picture")
