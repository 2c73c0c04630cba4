"""Parts of the picture that are not watched: masks, regions of interest and excluded boxes."""

from pathlib import Path

import cv2
import numpy as np

from motifmine.errors import FormatError, SpecError
from motifmine.features.video.spec import Area, FlowSpec, is_box
from motifmine.io.regular import check_input
from motifmine.records.vocabulary import FlowGrid
from motifmine.types import Pixels


def make_watch_mask(spec: FlowSpec, grid: FlowGrid, width: int, height: int) -> Pixels:
    """Return 1 for pixels of the working frame that are not excluded, uint8 array (H, W).

    Parameters
    ----------
    width, height : int
        Size of the video, pixels.

    Raises
    ------
    SpecError
        If `roi`, `exclude` and `mask` exclude the whole frame.
    FormatError
        If the mask is not a picture of the video's size.
    """
    watched = np.ones((height, width), dtype=np.uint8)
    for path in spec.mask:
        watched &= read_mask(Path(path), width, height)
    if spec.roi:
        inside = np.zeros_like(watched)
        for area in spec.roi:
            _fill(inside, area, 1)
        watched &= inside
    for area in spec.exclude:
        _fill(watched, area, 0)
    size = (grid.frame_width, grid.frame_height)
    small = resize(watched, size, cv2.INTER_NEAREST)
    if not small.any():
        raise SpecError(f"roi, exclude and mask exclude the whole frame of {width}x{height} px")
    return small


def read_mask(path: Path, width: int, height: int) -> Pixels:
    """Read a mask: 1 where the picture at `path` is not black, uint8 array (height, width).

    Parameters
    ----------
    width, height : int
        Size of the video, which the picture must have, pixels.

    Raises
    ------
    FormatError
        If the file is not a picture of that size.
    """
    check_input(path, "a mask, a picture of the video's size")
    data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise FormatError(f"{path} is not a picture; expected a mask, a PNG for example")
    if picture.shape != (height, width):
        raise FormatError(
            f"the mask {path} is {picture.shape[1]}x{picture.shape[0]} px; the video has "
            f"{width}x{height} px; draw the mask on a frame of the video"
        )
    return (picture > 0).astype(np.uint8)


def _fill(picture: Pixels, area: Area, value: int) -> None:
    """Set the pixels of a picture that are in a box or a polygon."""
    if is_box(area):
        x, y, width, height = area
        picture[y : y + height, x : x + width] = value
    else:
        cv2.fillPoly(picture, [np.array(area, dtype=np.int32)], (value,))


def resize(image: Pixels, size: tuple[int, int], how: int = cv2.INTER_AREA) -> Pixels:
    """Resize a grey picture.

    Parameters
    ----------
    image : uint8 array (row, column)
    size : (int, int)
        Width and height of the result, pixels.
    how : int
        Interpolation of OpenCV.
    """
    picture: Pixels = np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.uint8)
    return picture
