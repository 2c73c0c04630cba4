"""Vocabularies of every kind in files, fits that grow, and readers of frames."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from motifmine.errors import FormatError, WorkspaceError
from motifmine.io.hdf5.incremental import open_growing_fit
from motifmine.io.hdf5.reader import Reader
from motifmine.io.hdf5.store import read_fit, write_fit
from motifmine.io.hdf5.vocabulary import MAX_DEPTH, read_vocabulary, write_vocabulary
from motifmine.io.video.reader import open_video
from motifmine.records.fit import Activations
from motifmine.records.frames import FrameReader
from motifmine.records.vocabulary import Channels, FlowGrid, Topics, Vocabulary
from tests.helpers.clips import write_clip
from tests.helpers.fit_records import lane_record

GRID = FlowGrid(
    rows=2, columns=3, directions=4, cell_px=8, frame_width=24, frame_height=16, static=True
)
LABELS = Vocabulary.of_labels(["door", "lämp", ""])
CHANNELS = Channels(
    channels=("a", "b"),
    units=("°C", ""),
    words="levels",
    per_channel=2,
    coding=np.array([[0.5], [1.5]]),
)


def topics_over(inner: Vocabulary) -> Vocabulary:
    loadings = np.full((2, inner.n_words), 1 / inner.n_words, np.float32)
    layout = Topics(model="plsa", loadings=loadings, inner=inner)
    return Vocabulary(labels=("topic 1", "topic 2"), layout=layout)


def through_a_file(path: Path, vocabulary: Vocabulary) -> Vocabulary:
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "test/1"
        write_vocabulary(file.create_group("vocabulary"), vocabulary)
    with Reader(path, "test/1") as reader:
        return read_vocabulary(reader)


@pytest.mark.parametrize(
    "vocabulary",
    [
        Vocabulary.of_grid(GRID),
        LABELS,
        Vocabulary(labels=("a 1", "a 2", "b 1", "b 2"), layout=CHANNELS),
        topics_over(LABELS),
        topics_over(topics_over(Vocabulary.of_grid(GRID))),
    ],
    ids=["grid", "labels", "channels", "topics", "topics of topics"],
)
def test_a_vocabulary_comes_back_as_it_was_written(vocabulary: Vocabulary, tmp_path: Path) -> None:
    again = through_a_file(tmp_path / "a.h5", vocabulary)
    assert again.labels == vocabulary.labels
    assert vocabulary.difference(again) == ""


def test_topics_that_go_too_deep_are_refused(tmp_path: Path) -> None:
    deep = LABELS
    for _ in range(MAX_DEPTH + 1):
        deep = topics_over(deep)
    with pytest.raises(FormatError, match="unknown kind 'topics'"):
        through_a_file(tmp_path / "a.h5", deep)


def one_start(start: int) -> Activations:
    return Activations(
        offsets=np.array([0, 1]),
        start=np.array([start], np.int32),
        motif=np.zeros(1, np.int32),
        mass=np.ones(1, np.float32),
    )


def test_a_fit_grows_by_its_documents_and_another_by_more_of_them(tmp_path: Path) -> None:
    record = lane_record()
    path, longer = tmp_path / "fit.h5", tmp_path / "longer.h5"
    with open_growing_fit(path, force=False) as fit:
        for recording, start in zip(record.recordings, (3, 7), strict=True):
            fit.add([recording], one_start(start))
        fit.finish(record)
    assert read_fit(path).activations.start.tolist() == [3, 7]
    third = replace(record.recordings[0], name="third")
    inputs = (*record.provenance.inputs, ("third", "0" * 64))
    with open_growing_fit(longer, force=False, base=path) as fit:
        fit.add([third], one_start(9))
        fit.finish(replace(record, provenance=replace(record.provenance, inputs=inputs)))
    assert read_fit(longer).activations.start.tolist() == [3, 7, 9]
    assert [r.name for r in read_fit(longer).recordings] == ["north", "south", "third"]
    with pytest.raises(WorkspaceError, match="--force"), open_growing_fit(path, force=False):
        pass


def test_the_reader_of_videos_is_a_reader_of_frames(tmp_path: Path) -> None:
    opened: FrameReader = open_video(write_clip(tmp_path / "a.mkv"))
    with opened as reader:
        times = [frame.time_s for frame in reader.frames()]
    assert times == sorted(times)
    assert reader.frames_decoded == len(times) == 100
    assert reader.frames_damaged == reader.stamps_repaired == 0


def test_time_bins_that_are_stored_alike_are_one_array_and_others_are_not(tmp_path: Path) -> None:
    record = lane_record(names=("monday", "tuesday", "sunday"))
    days = list(record.recordings)
    for place, begin_s in enumerate((0.0, 0.0, 0.5)):
        bins = begin_s + np.arange(3000.0)
        days[place] = replace(days[place], bin_start_s=bins)
    write_fit(tmp_path / "fit.h5", replace(record, recordings=tuple(days)))
    monday, tuesday, sunday = read_fit(tmp_path / "fit.h5").recordings
    assert tuesday.bin_start_s is monday.bin_start_s
    np.testing.assert_array_equal(monday.bin_start_s, days[0].bin_start_s)
    np.testing.assert_array_equal(sunday.bin_start_s, days[2].bin_start_s)
