"""Small videos made for the tests, whole and broken ones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition

from motifmine.features.video.extract import extract_documents
from motifmine.features.video.spec import FlowSpec
from motifmine.io.video.reader import Frame
from motifmine.records.table import ObservationTable, document_name, join_tables
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
            source=av.VideoFrame.from_ndarray(picture, format="gray"),
        )


def write_clip(
    path: Path,
    pictures: Sequence[Pixels] | None = None,
    *,
    times_s: Sequence[Fraction] | None = None,
    faststart: bool = False,
    movflags: str = "",
    codec: str = "libx264",
    pixels: str = "yuv420p",
) -> Path:
    """Encode pictures (default: 100 of a moving square), 25 a second or at `times_s`."""
    pictures = moving_square(100) if pictures is None else pictures
    movflags = "faststart" if faststart else movflags
    options = {"movflags": movflags} if movflags else {}
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


def write_streams(
    path: Path,
    sizes: Sequence[tuple[tuple[int, int], int]],
    *,
    n_sounds: int = 0,
    chapters: int = 0,
    cover: Disposition | None = None,
) -> Path:
    """Encode several video streams, ((width, height), number of frames) each, 25 a second.

    Parameters
    ----------
    path : Path
    sizes : sequence
    n_sounds : int
        Silent tracks of sound.
    chapters : int
        One a second.
    cover : Disposition or None
        Mark of the first stream, which is MJPEG then.
    """
    with av.open(str(path), "w") as container:
        streams = []
        for i, ((width, height), _) in enumerate(sizes):
            is_cover = cover is not None and i == 0
            stream = container.add_stream("mjpeg" if is_cover else "libx264", rate=RATE)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuvj420p" if is_cover else "yuv420p"
            if is_cover and cover is not None:
                stream.disposition = cover.value  # type: ignore[assignment]  # PyAV 17 takes numbers only
            else:
                stream.options = {"bf": "0", "g": "12", "crf": "20"}
            streams.append(stream)
        sounds = []
        for _ in range(n_sounds):
            sound = container.add_stream("aac", rate=8000)
            assert isinstance(sound, av.AudioStream)
            sounds.append(sound)
        if chapters:
            second = {"time_base": Fraction(1), "metadata": {}}
            container.set_chapters(
                [{"id": i, "start": i, "end": i + 1, **second} for i in range(chapters)]  # type: ignore[typeddict-item]
            )
        longest = max(n_frames for _, n_frames in sizes)
        for index in range(longest):
            for stream, ((width, height), n_frames) in zip(streams, sizes, strict=True):
                if index < n_frames:
                    picture = moving_square(1, side=24, width=width, height=height)[0]
                    picture = np.roll(picture, 2 * index, axis=1)
                    frame = av.VideoFrame.from_ndarray(picture, format="gray")
                    frame = frame.reformat(format=stream.pix_fmt)
                    frame.pts, frame.time_base = index, Fraction(1, RATE)
                    container.mux(stream.encode(frame))
        for sound in sounds:
            silence = np.zeros((1, 8000 * longest // RATE), dtype=np.float32)
            part = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            part.rate = 8000
            container.mux(sound.encode(part))
        for stream in streams:
            container.mux(stream.encode(None))
        for sound in sounds:
            container.mux(sound.encode(None))
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


def extract_video(path: Path, spec: FlowSpec | None = None, **settings: Any) -> ObservationTable:
    """Extract the words of one video, see `extract_documents`; several documents are joined."""
    tables = list(extract_documents(path, spec, **settings))
    if len(tables) == 1:
        return tables[0]
    names = [document_name(t.recordings[0].name, i) for i, t in enumerate(tables, start=1)]
    return join_tables(
        [
            table.of_recording(replace(table.recordings[0], name=name))
            for table, name in zip(tables, names, strict=True)
        ]
    )


def thin_out(table: ObservationTable) -> ObservationTable:
    """Return a sixth of the observations, which fits take less time for."""
    keep = np.arange(len(table.word)) % 6 == 0
    edges = np.concatenate([[0], np.cumsum(keep)])
    offsets = edges[table.offsets]
    return replace(table, offsets=offsets, word=table.word[keep], count=table.count[keep])
