"""Encoding of uint8 arrays (row, column, rgb) or (row, column, rgba) as PNG, WebP and JPEG."""

import cv2
import numpy as np

from motifmine.errors import DataError
from motifmine.types import Pixels

WEBP_QUALITY = 88


def encode_png(picture: Pixels) -> bytes:
    """Return an rgb or rgba picture as PNG."""
    return _encode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 4])


def encode_webp(picture: Pixels) -> bytes:
    """Return an rgb or rgba picture as WebP."""
    return _encode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])


def encode_jpeg(picture: Pixels, quality: int = 86) -> bytes:
    """Return an rgb picture as JPEG."""
    return _encode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])


def shrink(picture: Pixels, width: int) -> Pixels:
    """Return an rgb picture scaled down to a width in pixels."""
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return np.asarray(
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def _encode(kind: str, picture: Pixels, options: list[int]) -> bytes:
    order = [2, 1, 0, 3][: picture.shape[2]]  # OpenCV expects bgr(a)
    written, data = cv2.imencode(kind, np.ascontiguousarray(picture[..., order]), options)
    if not written:
        raise DataError(f"a picture of shape {picture.shape} cannot be written as {kind}")
    return bytes(data)
