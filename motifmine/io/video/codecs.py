"""What the libraries for video can do on this machine."""

from importlib import import_module

from av.codec import codecs_available

EXPECTED = ("h264", "hevc", "av1", "vp9", "mpeg4", "mjpeg", "ffv1")
"""Decoders that recordings of cameras need."""


def describe_codecs() -> tuple[str, list[str]]:
    """Return how many codecs FFmpeg has, as text, and the expected ones that it lacks."""
    missing = [name for name in EXPECTED if name not in codecs_available]
    return f"{len(codecs_available)} of FFmpeg", missing


def opencv_problem() -> str:
    """Return why OpenCV cannot be imported, "" when it can."""
    try:
        import_module("cv2")
    except ImportError as error:
        return str(error)
    return ""
