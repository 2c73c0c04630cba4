"""Small videos made for the tests, whole and broken ones."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from motifmine.io.video.reader import Frame
from motifmine.types import Pixels

RATE = 25


def scene(height: int = 120, width: int = 160) -> Pixels:
    """A still background with soft texture."""
    y, x = np.mgrid[:height, :width]
    picture: Pixels = (90 + 12 * np.sin(x / 9) + 12 * np.cos(y / 7)).astype(np.uint8)
    return picture


def moving_square(
    n_frames: int,
    *,
    start: tuple[float, float] = (70.0, 50.0),
    step: tuple[float, float] = (2.0, 0.0),
    side: int = 24,
    height: int = 120,
    width: int = 160,
) -> list[Pixels]:
    """Pictures of a textured square that moves by `step` (x, y) pixels a frame."""
    texture = np.random.default_rng(0).integers(120, 255, (side // 4, side // 4), dtype=np.uint8)
    square = texture.repeat(4, axis=0).repeat(4, axis=1)
    pictures = []
    for i in range(n_frames):
        picture = scene(height, width)
        x, y = round(start[0] + i * step[0]), round(start[1] + i * step[1])
        x, y = x % (width - side), y % (height - side)
        picture[y : y + side, x : x + side] = square
        pictures.append(picture)
    return pictures


def frames_of(pictures: Sequence[Pixels], rate: float = 12.5) -> Iterator[Frame]:
    """The pictures as decoded frames of a video, `rate` a second."""
    for index, picture in enumerate(pictures):
        yield Frame(
            index=index,
            time_s=index / Fraction(rate),
            luma=picture,
            source=av.VideoFrame.from_ndarray(picture, format="gray"),
        )


def write_clip(
    path: Path,
    pictures: Sequence[Pixels] | None = None,
    *,
    times_s: Sequence[Fraction] | None = None,
    faststart: bool = False,
    codec: str = "libx264",
    pixels: str = "yuv420p",
) -> Path:
    """Encode pictures (default: 100 of a moving square), 25 a second or at `times_s`."""
    pictures = moving_square(100) if pictures is None else pictures
    options = {"movflags": "faststart"} if faststart else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = pixels
        tick = Fraction(1, RATE if times_s is None else 1000)
        stream.time_base = stream.codec_context.time_base = tick
        if codec == "libx264":
            stream.options = {"crf": "16", "g": "12", "bf": "0"}
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format=pixels)
            time_s = Fraction(index, RATE) if times_s is None else times_s[index]
            frame.pts, frame.time_base = round(time_s / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """Encode half a second of sound without a picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        assert isinstance(stream, av.AudioStream)
        sound = np.zeros((1, 4000), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def cut(path: Path, share: float) -> Path:
    """Keep only the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path
