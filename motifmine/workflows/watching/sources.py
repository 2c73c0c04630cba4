"""Bins of sources that grow: text tables, words, video, folders of segments, standard input.

Every source calls `take` with its bins, one after the other, as soon as each is complete.
"""

import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import numpy as np

from motifmine.errors import DataError, FormatError
from motifmine.features.series.binning import DEFAULT_GAP, bin_series
from motifmine.features.series.decibels import ProgressReader
from motifmine.features.series.holding import HeldChannels
from motifmine.features.series.survey import make_options
from motifmine.features.series.trends import count_bins_before
from motifmine.features.video.extract import VideoDocuments
from motifmine.features.video.flow import BinRow
from motifmine.io.growing import POLL_S, GrowingFile, Prefixed, Stopped
from motifmine.io.hdf5 import reader as hdf5
from motifmine.io.hdf5 import store
from motifmine.io.readers import (
    COMPRESSED,
    OWN,
    natural_key,
    open_frames,
    reader_of_content,
    reader_of_name,
)
from motifmine.io.regular import check_input
from motifmine.io.series.cleaning import CleanReader
from motifmine.io.series.csv_reader import TextReader
from motifmine.io.series.open import open_series
from motifmine.io.tdoc import parse_line
from motifmine.io.video.live import PIPE, hide_credentials, is_live, open_live
from motifmine.records.fit import FitRecord
from motifmine.records.frames import FrameReader
from motifmine.records.series import BinnedSeries, SeriesReader
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats32, Indices32
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.extract_series import SeriesTask, encode_part
from motifmine.workflows.locate import find_settings

HEAD_LINES = 20  # lines of a text table from which its columns are recognised
# containers that can be decoded before they are complete; others are read as whole files
READABLE_WHILE_WRITTEN = (".mkv", ".webm", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".flv")
SETTLED_S = 2.0  # a segment that did not change for this time is complete, seconds
DOCUMENT_S = 3600.0  # video is cut after this time, to bound memory, seconds
# what `extract` offers, and `watch` does not
HOW_TO_SKIP = " (--on-bad skip excludes bad cells and rows)"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiveBin:
    """One complete time bin."""

    recording: str
    document: int
    """Number of the stretch without gaps in the recording."""
    start_s: float
    """Seconds of the recording."""
    start_utc: str
    """Wall-clock time of second 0 in ISO 8601, "" if unknown."""
    word: Indices32
    count: Floats32


Take = Callable[[LiveBin], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is followed, and how it ends."""

    record: FitRecord
    """The fit; the source has its words and bins."""
    take: Take
    stop: threading.Event
    idle_s: float
    """Files that did not grow, and folders without a new one, for this time are complete."""
    on_wait: Callable[[], None]
    on_message: Callable[[str], None]

    def follow(self, address: str) -> None:
        """Read a source to its end, or until it is stopped (`Stopped`).

        Raises `MotifmineError` when it cannot be read, or is not of the fit's scene.
        """
        path = Path(address)
        if address != PIPE and is_live(address):
            self._follow_camera(address)
        elif address != PIPE and path.is_dir():
            self._follow_folder(path)
        else:
            self._follow_file(None if address == PIPE else path)

    def _follow_file(self, path: Path | None) -> None:
        settings = find_settings(self.record)
        if path is not None and not path.exists():
            # not an empty one, which may grow
            check_input(path, "a file that grows, a folder of files, or - for a pipe")
        if path is not None and hdf5.read_file_format(path) == store.TABLE_FORMAT:
            self._take_table(path)
        elif self.record.vocabulary.layout.picture_grid() is not None:
            if path is not None and path.suffix.lower() not in READABLE_WHILE_WRITTEN:
                with open_frames(path, settings.frames) as reader:
                    self._take_video(reader, path.stem, "", settings)
            else:
                self._follow_video(PIPE, _name(path), settings, self._open(path))
        elif "series" in self.record.provenance.spec.table:
            self._follow_series(path, settings)
        else:
            self._follow_words(self._open(path), _name(path))

    def _open(self, path: Path | None) -> GrowingFile:
        return GrowingFile(path, self.stop, self.idle_s, self.on_wait)

    def _follow_folder(self, folder: Path) -> None:
        """Read the files of a folder in natural order; each is a recording of its own."""
        done: set[Path] = set()
        quiet_s = 0.0
        while not self.stop.is_set():
            # hidden: files that are being copied, as rsync names them
            files = [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
            waiting = sorted(set(files) - done, key=lambda p: natural_key(p.name))
            # a recorder opens the next segment when it closes one
            ready = [p for p in waiting if p != waiting[-1] or _is_settled(p, self.idle_s)]
            for path in ready:
                # complete, so nothing is waited for
                replace(self, idle_s=0.0)._follow_file(path)
                done.add(path)
            quiet_s = 0.0 if ready else quiet_s + POLL_S
            if not waiting and quiet_s >= self.idle_s:
                return
            self.on_wait()
            self.stop.wait(POLL_S)
        raise Stopped

    def _take_table(self, path: Path) -> None:
        table = store.read_table(path)
        self.record.scene.check(table.scene, str(path))
        recording = table.recordings[0]
        for number, start_s in enumerate(recording.bin_start_s.tolist()):
            part = slice(table.offsets[number], table.offsets[number + 1])
            self._take(
                recording.name, 0, start_s, recording.start_utc, table.word[part], table.count[part]
            )

    def _follow_words(self, file: GrowingFile, name: str) -> None:
        """Read lines of `word:count`."""
        carry, number = b"", 0
        while block := file.read():
            # a block ends anywhere; the rest of a line comes with the next one
            *lines, carry = (carry + block).split(b"\n")
            for line in lines:
                if not line.startswith(b"#"):
                    self._take_line(file.name, name, number, line)
                    number += 1
        # a last line without its end: the file is complete now
        if carry:
            self._take_line(file.name, name, number, carry)

    def _take_line(self, file: str, name: str, number: int, line: bytes) -> None:
        entries = sorted(parse_line(Path(file), number + 1, line.decode("utf-8", "replace")))
        word = np.array([word for word, count in entries if count > 0], dtype=np.int32)
        count = np.array([count for _, count in entries if count > 0], dtype=np.float32)
        self._take(name, 0, number * self.record.bin_s, "", word, count)

    def _follow_series(self, path: Path | None, settings: ExtractionSettings) -> None:
        vocabulary = self.record.vocabulary
        series = replace(settings.series, options=make_options(settings.series))
        if series.options.is_events is None:
            is_events = vocabulary.layout.series_channels() is None
            series = replace(series, options=replace(series.options, is_events=is_events))
        name = _name(path)
        task = SeriesTask(
            path=Path(path or "standard input"),
            name=name,
            start_utc="",
            settings=series,
            scene=self.record.scene,
        )
        if path is not None and not is_growing_text(path):
            with open_series(path, series.options) as reader:
                # gives sound in decibels
                self._take_rows(ProgressReader(reader, lambda _: None), task)
            return
        file = self._open(path)
        head = file.read_lines(HEAD_LINES)
        if b"\0" in head:
            raise FormatError(
                f"{file.name} gives no text, and rows of text are what is read of a pipe. Write "
                "segments into a folder, as 'ffmpeg -f segment' does, and watch the folder"
            )
        with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
            # columns are recognised by the beginning, which a pipe gives only once
            beginning = Path(folder) / (path.name if path is not None else "stdin.csv")
            beginning.write_bytes(head)
            growing = cast(IO[bytes], Prefixed(head, file))
            with _name_in_errors(beginning, file.name):
                text = TextReader(beginning, series.options, growing=growing)
                text.path = task.path
                self._take_rows(CleanReader(text, series.options.missing), task)

    def _take_rows(self, reader: SeriesReader, task: SeriesTask) -> None:
        for document, part in self._parts(reader, task):
            table, _ = encode_part(task, reader, part)
            last = slice(table.offsets[-2], None)
            start_utc = reader.header.start_utc
            start_s = float(part.bin_start_s[-1])
            self._take(task.name, document, start_s, start_utc, table.word[last], table.count[last])

    def _parts(self, reader: SeriesReader, task: SeriesTask) -> Iterator[tuple[int, BinnedSeries]]:
        """Yield the number of the document and every bin, with those before it in front.

        One, for changes; of channels whose trend is taken out as many as it depends on.
        """
        bin_s = task.scene.bin_s
        n_before = max(1, count_bins_before(task.scene.vocabulary.layout))
        held = HeldChannels(task.settings.hold, bin_s)
        before: BinnedSeries | None = None
        document = 0
        # documents of one bin: each is complete when the next one begins
        for part in bin_series(
            reader, bin_s=bin_s, max_gap_s=task.settings.max_gap_s, document_s=bin_s, hold=held
        ):
            if before is not None:
                # silence of what is sent on change, and of events, is no gap
                is_sampled = not (reader.header.is_events or held.any)
                gap_s = task.settings.max_gap_s or (DEFAULT_GAP * bin_s if is_sampled else math.inf)
                step_s = part.bin_start_s[0] - before.bin_start_s[-1]
                document += bool(step_s > gap_s + bin_s)
                n_missed = round(step_s / bin_s) - 1
                is_same = part.channels == before.channels and step_s <= gap_s + bin_s
                if is_same and n_missed < n_before:
                    part = _put_before(before, part, n_before, n_missed)  # noqa: PLW2901
            yield document, part
            before = part

    def _follow_camera(self, address: str) -> None:
        settings = find_settings(self.record)
        if self.record.vocabulary.layout.picture_grid() is None:
            raise DataError(f"{hide_credentials(address)} is a camera, and the fit is not of video")
        self._follow_video(address, hide_credentials(address), settings, None)

    def _follow_video(
        self, address: str, name: str, settings: ExtractionSettings, file: GrowingFile | None
    ) -> None:
        with open_live(address, settings.frames, self.stop, self.on_message, file=file) as reader:
            began = datetime.fromtimestamp(reader.began_at, UTC).isoformat(timespec="milliseconds")
            start_utc = began if file is None or file.path is None else ""
            self._take_video(reader, name, start_utc, settings)
        if self.stop.is_set():
            raise Stopped

    def _take_video(
        self, reader: FrameReader, name: str, start_utc: str, settings: ExtractionSettings
    ) -> None:
        """Take the bins of a video; its documents are those that `extract` would make."""
        scene = replace(self.record.scene, size_px=self.record.recordings[0].size_px, advice="")
        n_documents = 0

        def accept(found: Vocabulary, found_px: tuple[int, int]) -> None:
            nonlocal n_documents
            n_documents += 1
            scene.refuse_other(replace(scene, vocabulary=found, size_px=found_px), Path(name))

        def take_row(start_s: float, row: BinRow) -> None:
            self._take(name, n_documents - 1, start_s, start_utc, row.word, row.count)

        documents = VideoDocuments(
            reader=reader,
            spec=replace(settings.spec, bin_s=self.record.bin_s),
            options=settings.frames,
            threads=1,
            accept=accept,
            on_row=take_row,
        )
        # rows were taken one by one; the table of an hour is of no use
        for _ in documents.read(reader.frames(), DOCUMENT_S):
            pass

    def _take(
        self,
        recording: str,
        document: int,
        start_s: float,
        start_utc: str,
        word: Indices32,
        count: Floats32,
    ) -> None:
        if self.stop.is_set():
            raise Stopped
        if len(word) and word.max() >= self.record.motifs.n_words:
            raise DataError(
                f"{recording} has word {word.max()} at {start_s:g} s, and the fit has "
                f"{self.record.motifs.n_words} words: it is of another scene"
            )
        self.take(
            LiveBin(
                recording=recording,
                document=document,
                start_s=start_s,
                start_utc=start_utc,
                word=word,
                count=count,
            )
        )


@contextmanager
def _name_in_errors(path: Path, name: str) -> Iterator[None]:
    """Let errors about the copy of a beginning name the source."""
    try:
        yield
    except (DataError, FormatError) as error:
        text = str(error).replace(str(path), name).replace(HOW_TO_SKIP, "")
        raise type(error)(text) from error


def is_growing_text(path: Path) -> bool:
    """Return whether rows can be read while a file of a series grows; others are read whole."""
    if path.suffix.lower() in COMPRESSED:
        return False
    return (reader_of_name(path) or reader_of_content(path)) is OWN["text"]


def _name(path: Path | None) -> str:
    return "stdin" if path is None else path.stem


def _is_settled(path: Path, idle_s: float) -> bool:
    """Return whether a file has not changed for some time."""
    return time.time() - path.stat().st_mtime >= min(SETTLED_S, idle_s)


def _put_before(
    before: BinnedSeries, part: BinnedSeries, n_before: int, n_missed: int
) -> BinnedSeries:
    """Return a bin with the last of those before it, and empty ones for those that were missed."""
    bin_s = (part.bin_start_s[0] - before.bin_start_s[-1]) / (n_missed + 1)
    n_channels = part.value.shape[1]
    gap = {
        "bin_start_s": before.bin_start_s[-1] + bin_s * np.arange(1, n_missed + 1),
        "value": np.full((n_missed, n_channels), np.nan, np.float32),
        "samples": np.zeros((n_missed, n_channels), np.int32),
    }
    joined = {
        key: np.concatenate([getattr(before, key), empty, getattr(part, key)])[-n_before - 1 :]
        for key, empty in gap.items()
    }
    return BinnedSeries(**joined, channels=part.channels)
