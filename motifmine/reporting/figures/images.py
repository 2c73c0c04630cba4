"""Pictures as files: uint8 arrays (row, column, rgb) or (row, column, rgba) to PNG, WebP, JPEG."""

import cv2
import numpy as np

from motifmine.errors import DataError
from motifmine.types import Pixels

WEBP_QUALITY = 88


def png_bytes(picture: Pixels) -> bytes:
    """Return an rgb or rgba picture as PNG."""
    return _encoded(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 4])


def webp_bytes(picture: Pixels) -> bytes:
    """Return an rgb or rgba picture as WebP."""
    return _encoded(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])


def jpeg_bytes(picture: Pixels, quality: int = 86) -> bytes:
    """Return an rgb picture as JPEG."""
    return _encoded(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])


def thumbnail(picture: Pixels, width: int) -> Pixels:
    """Return an rgb picture reduced to a width in pixels."""
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return np.asarray(
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def _encoded(kind: str, picture: Pixels, options: list[int]) -> bytes:
    order = [2, 1, 0, 3][: picture.shape[2]]
    written, data = cv2.imencode(kind, np.ascontiguousarray(picture[..., order]), options)
    if not written:
        raise DataError(f"a picture of shape {picture.shape} cannot be written as {kind}")
    return bytes(data)
