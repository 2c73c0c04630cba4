"""Pixels as cameras have them: oblong, interlaced, deep; and pictures that are damaged."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from motifmine.io.video.clips import read_span
from motifmine.io.video.damage import drop_broken, is_broken
from motifmine.io.video.pixels import PictureReader, Stretch, choose_pixels, find_aspect
from motifmine.io.video.reader import open_video
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Pixels
from tests.helpers.clips import extract_video, moving_square, write_clip

RATE = 25


def write_raw(
    path: Path,
    pictures: Sequence[NDArray[Any]],
    *,
    codec: str = "ffv1",
    pixels: str = "gray",
    aspect: Fraction = Fraction(1),
    options: dict[str, str] | None = None,
) -> Path:
    """Encode pictures of any depth, 25 a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, options=options or {})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = pixels
        stream.codec_context.sample_aspect_ratio = aspect
        for index, picture in enumerate(pictures):
            form = pixels if pixels.startswith("gray") else "gray"
            frame = av.VideoFrame.from_ndarray(picture, format=form).reformat(format=pixels)
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_lumas(path: Path) -> list[Pixels]:
    with open_video(path) as reader:
        return [frame.luma.copy() for frame in reader.frames()]


def count_directions(table: ObservationTable) -> Floats:
    """The share of every direction, array (8,)."""
    total = np.bincount(table.word % 8, table.count, minlength=8)
    return np.asarray(total / total.sum(), dtype=np.float64)


@pytest.mark.parametrize("aspect", [Fraction(2), Fraction(16, 11), Fraction(1, 2)])
def test_oblong_pixels_are_made_square_before_flow(aspect: Fraction, tmp_path: Path) -> None:
    # 45 degrees as shown: in stored pixels less to the right where they are wide
    step = (2 / float(aspect), 2.0) if aspect > 1 else (2.0, 2 * float(aspect))
    path = write_raw(
        tmp_path / "wide.mkv",
        moving_square(50, step=step),
        codec="libx264",
        pixels="yuv420p",
        aspect=aspect,
    )
    table = extract_video(path)
    assert count_directions(table)[1] > 0.7  # down and right
    recording = table.recordings[0]
    assert recording.width_px == round(160 * aspect)
    assert f"pixels of {aspect.numerator}:{aspect.denominator} made square" in recording.notes
    pictures = [picture for _, picture in read_span(path, 0.0, 0.2)]
    assert pictures[0].shape[1] / pictures[0].shape[0] == pytest.approx(
        160 * aspect / 120, rel=0.03
    )


@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(135, 136), Fraction(0), Fraction(50)])
def test_square_unknown_and_absurd_pixels_stay(aspect: Fraction, tmp_path: Path) -> None:
    path = write_raw(tmp_path / "square.mkv", moving_square(3), aspect=aspect or Fraction(1))
    with open_video(path) as reader:
        assert find_aspect(reader.choice.stream) == 1
        assert next(reader.frames()).luma.shape == (120, 160)
        assert reader.notes == ()


def interlace(pictures: Sequence[Pixels]) -> list[Pixels]:
    """Weave every two pictures into one: even lines of the first, odd lines of the second."""
    woven = []
    for first, second in zip(pictures[::2], pictures[1::2], strict=True):
        picture = first.copy()
        picture[1::2] = second[1::2]
        woven.append(picture)
    return woven


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_of_interlaced_pictures_one_field_is_used(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "interlaced.mkv"
    options = {
        "libx264": {"x264-params": "tff=1", "crf": "16"},
        "mpeg2video": {"flags": "+ildct+ilme", "top": "1", "b": "4M"},
    }[codec]
    woven = interlace(moving_square(100, step=(1.5, 1.5)))
    write_raw(path, woven, codec=codec, pixels="yuv420p", options=options)
    table = extract_video(path)
    assert "interlaced, one field used" in table.recordings[0].notes
    assert count_directions(table)[1] > 0.8
    luma = read_lumas(path)[10]
    assert luma.shape == (120, 160)
    # combs are differences between neighbouring lines that the lines two apart do not have
    near, far = (np.abs(luma[k:].astype(int) - luma[:-k]).mean() for k in (1, 2))
    assert near < far


@pytest.mark.parametrize(
    ("form", "low", "step"),
    [
        ("gray10le", 300, 0.3),
        ("gray12le", 1500, 0.5),
        ("gray16le", 30_000, 4.0),
        ("gray16be", 30_000, 4.0),
        ("gray16le", 0, 257.0),
    ],
)
def test_deep_grey_is_stretched_and_gives_the_words_of_8_bits(
    form: str, low: int, step: float, tmp_path: Path
) -> None:
    pictures = moving_square(50)
    deep = [(low + picture * step).astype(np.uint16) for picture in pictures]
    codec, suffix = ("rawvideo", "nut") if form.endswith("be") else ("ffv1", "mkv")
    table = extract_video(write_raw(tmp_path / f"deep.{suffix}", deep, codec=codec, pixels=form))
    plain = extract_video(write_raw(tmp_path / "plain.mkv", pictures))
    assert "stretched" in table.recordings[0].notes
    assert table.total == pytest.approx(plain.total, rel=0.25)
    assert count_directions(table)[0] > 0.9
    assert table.picture is not None
    assert np.ptp(table.picture.astype(int)) > 100


def test_deep_grey_of_nothing_but_noise_gives_no_word(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.normal(30_000, 4, (120, 160)).astype(np.uint16) for _ in range(40)]
    table = extract_video(write_raw(tmp_path / "noise.mkv", noise, pixels="gray16le"))
    assert table.total < 50


def test_what_lies_outside_of_the_usual_values_is_still_seen() -> None:
    stretch = Stretch(low=100.0, high=200.0)
    levels = stretch.apply(np.array([[100.0, 200.0, 210.0, 0.0, 1000.0, np.nan]]))[0]
    assert levels.tolist() == [32, 223, 242, 0, 255, 0]


def test_a_recording_of_one_value_has_a_range(tmp_path: Path) -> None:
    flat = [np.full((48, 64), 500, dtype=np.uint16)] * 5
    path = write_raw(tmp_path / "flat.mkv", flat, pixels="gray16le")
    with open_video(path) as reader:
        stretch = choose_pixels(path, reader.choice.stream).stretch
    assert stretch is not None
    assert stretch.high > stretch.low


def damage(path: Path, n_places: int, seed: int = 4) -> Path:
    """Overwrite stretches of a file by random bytes, not those at its beginning and end."""
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(4096, len(data) - 4096, n_places):
        data[at : at + 120] = rng.bytes(120)
    broken = path.with_name(f"broken{path.suffix}")
    broken.write_bytes(data)
    return broken


def test_broken_pictures_of_mjpeg_are_excluded_and_counted(tmp_path: Path) -> None:
    pictures = moving_square(150)
    whole = write_raw(
        tmp_path / "whole.avi", pictures, codec="mjpeg", pixels="yuvj420p", options={"q": "3"}
    )
    table, plain = extract_video(damage(whole, 15)), extract_video(whole)
    recording = table.recordings[0]
    assert 5 <= recording.frames_damaged <= 20
    assert 140 <= recording.frames_decoded + recording.frames_damaged <= 150
    assert plain.recordings[0].frames_damaged == 0
    assert len(table.word) == pytest.approx(len(plain.word), rel=0.15)


def test_pictures_of_h264_that_the_decoder_marks_are_excluded(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mkv", moving_square(150))
    broken = damage(whole, 6)
    with pytest.warns(UserWarning, match="damaged"):
        table = extract_video(broken)
    assert table.recordings[0].frames_damaged > 0
    assert table.total < 1.3 * extract_video(whole).total


def test_a_single_picture_that_differs_is_broken_and_a_pan_or_a_new_scene_is_not() -> None:
    pictures = [picture[::8, ::8] for picture in moving_square(3)]
    half = pictures[1].copy()
    half[8:] = 255 - half[8:]
    assert is_broken(pictures[0], half, pictures[2])
    assert not is_broken(*pictures)
    other = np.asarray(255 - pictures[1], dtype=np.uint8)
    assert not is_broken(pictures[0], other, other)
    assert not is_broken(pictures[0], pictures[1][:4], pictures[2])


def test_no_picture_is_lost_at_the_ends() -> None:
    pictures = moving_square(4)
    broken: list[int] = []
    kept = list(drop_broken(pictures, lambda picture: picture, lambda: broken.append(1)))
    assert len(kept) == 4
    assert not broken


def test_pictures_in_colour_have_the_asked_size() -> None:
    picture = av.VideoFrame.from_ndarray(moving_square(1)[0], format="gray")
    assert PictureReader().read_colour(picture, 80, 60).shape == (60, 80, 3)
