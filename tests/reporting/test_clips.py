"""Clips: the right stretch of the right video, the motif over it, files that players take."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.drawing import Start, draw_from_fit
from motifmine.errors import DataError, VideoError
from motifmine.io.hdf5 import store
from motifmine.io.video.clips import read_span, write_clip
from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.clips import (
    MARGIN_S,
    MotifBrush,
    choose_examples,
    write_clips,
)
from motifmine.reporting.figures.film import write_film
from motifmine.reporting.figures.motif_pictures import draw_background
from motifmine.simulation import Simulation
from motifmine.workflows.workspace import Workspace
from tests.helpers.paths import CLIP

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def record(junction: Workspace) -> FitRecord:
    return store.read_fit(junction.find_fit())


def test_a_span_begins_and_ends_where_it_is_asked_to() -> None:
    whole = [(time, picture.copy()) for time, picture in read_span(CLIP, 0.0, 20.0)]
    span = list(read_span(CLIP, 13.0, 14.0))
    assert [time for time, _ in span] == [time for time, _ in whole if 13.0 <= time < 14.0]
    np.testing.assert_array_equal(span[0][1], next(p for t, p in whole if t >= 13.0))


def test_a_clip_is_h264_in_mp4_with_the_pictures_given(tmp_path: Path) -> None:
    pictures = [np.full((64, 96, 3), 20 * i, dtype=np.uint8) for i in range(10)]
    write_clip(tmp_path / "a.mp4", pictures, Fraction(25))
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        shown = [frame.to_ndarray(format="rgb24").mean() for frame in container.decode(stream)]
    np.testing.assert_allclose(shown, np.arange(10) * 20, atol=3)


def test_no_frame_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no frames to write"):
        write_clip(tmp_path / "a.mp4", [], Fraction(25))
    assert list(tmp_path.iterdir()) == []


def test_the_best_the_median_and_the_weakest_are_chosen(record: FitRecord) -> None:
    examples = choose_examples(record, 0)
    assert [example.rank for example in examples] == ["best", "median", "weakest"]
    scores = [example.score for example in examples]
    assert scores == sorted(scores, reverse=True)


def test_a_motif_is_drawn_where_it_is_active_and_nowhere_else(record: FitRecord) -> None:
    grey = np.full((288, 352, 3), 128, dtype=np.uint8)
    brush = MotifBrush(record, 0)
    during = brush.draw(grey, brush.length_s / 2)[:-10]
    changed = (during != 128).any(axis=2).mean()
    assert 0.001 < changed < 0.6
    np.testing.assert_array_equal(brush.draw(grey, -2.0)[:-10], grey[:-10])


def test_clips_last_as_long_as_the_motif_and_its_margins(record: FitRecord, tmp_path: Path) -> None:
    (sheet,) = write_clips(record, tmp_path, motifs=[0])
    assert cv2.imread(str(sheet)) is not None
    files = sorted(path.name for path in tmp_path.glob("*.mp4"))
    assert files == [f"motif-01-{rank}.mp4" for rank in ("best", "median", "weakest")]
    example = choose_examples(record, 0)[0]
    with av.open(str(tmp_path / files[0])) as container:
        n_frames = sum(1 for _ in container.decode(video=0))
    length = record.motifs.motif_length * record.bin_s + MARGIN_S + min(MARGIN_S, example.start_s)
    assert n_frames == pytest.approx(25 * length, abs=2)


def test_what_is_drawn_at_given_starts_becomes_a_film(record: FitRecord, tmp_path: Path) -> None:
    start = Start(document="film", motif=0, start_bin=2)
    table = draw_from_fit(record, starts=(start,), seed=1).table
    write_film(record, table, tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as container:
        rate = container.streams.video[0].average_rate
        frames = [f.to_ndarray(format="rgb24").astype(int) for f in container.decode(video=0)]
    assert len(frames) == table.n_times
    assert float(rate or 0) == pytest.approx(1 / record.bin_s, rel=0.01)
    background = draw_background(record)[: frames[0].shape[0], : frames[0].shape[1]]
    changed = [(abs(frame - background).max(axis=2) > 60).mean() for frame in frames]
    # after the occurrence there is background alone
    assert max(changed[2:10]) > 2 * np.mean(changed[13:])


def test_a_source_that_is_gone_is_named(record: FitRecord, tmp_path: Path) -> None:
    moved = tuple(replace(r, source="/nowhere/clip.mp4") for r in record.recordings)
    lost = replace(record, recordings=moved)
    with pytest.raises(VideoError, match=r"/nowhere/clip\.mp4.*--sources"):
        write_clips(lost, tmp_path, motifs=[0])
    named = tuple(replace(r, source=f"/nowhere/{CLIP.name}") for r in record.recordings)
    assert write_clips(replace(record, recordings=named), tmp_path, motifs=[0], sources=CLIP.parent)


def test_a_motif_that_does_not_exist_is_refused(record: FitRecord, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no motif 8"):
        write_clips(record, tmp_path, motifs=[7])


def test_a_fit_without_pictures_has_no_clips(
    small: Simulation, tmp_path: Path, motifmine: Run
) -> None:
    store.write_table(tmp_path / "motifmine-work/tables/a.h5", small.table.document(0))
    assert motifmine("fit", "--model", "plsm", "--motifs", "3").exit_code == 0
    result = motifmine("clips")
    assert result.exit_code == 1
    assert "clips need video" in result.stderr


def test_the_command_writes_into_the_workspace(
    record: FitRecord, tmp_path: Path, motifmine: Run
) -> None:
    store.write_fit(tmp_path / "motifmine-work/fits/day.h5", record)
    result = motifmine("clips", "day", "--motif", "2")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "motifmine-work/clips/day/motif-02.jpg").is_file()
    assert "exists already" in motifmine("clips", "day", "--motif", "2").stderr
