"""Extraction of the observation table of one video, in this process."""

import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from motifmine.errors import MotifmineWarning, SpecError, VideoError
from motifmine.features.video.camera import Camera
from motifmine.features.video.changes import ChangeWords
from motifmine.features.video.flow import BinRow, FlowWords
from motifmine.features.video.observations import ObservationStore
from motifmine.features.video.overlays import find_words, list_boxes
from motifmine.features.video.part import Part
from motifmine.features.video.rate import describe_bin, refuse_low_rate
from motifmine.features.video.spec import FlowSpec, parse_area
from motifmine.files import sha256
from motifmine.io.readers import holds_stills, open_frames
from motifmine.io.sources import digest_source
from motifmine.parallel.threads import n_cores
from motifmine.progress import Progress
from motifmine.records.frames import FrameOptions, FrameReader, VideoFrame
from motifmine.records.settings import sort_plain_values
from motifmine.records.table import (
    ObservationTable,
    Recording,
    bin_starts,
)
from motifmine.records.vocabulary import Vocabulary
from motifmine.validation import make_record

REPORT_EVERY_S = 0.25


def extract_documents(
    path: Path,
    spec: FlowSpec | None = None,
    *,
    name: str = "",
    start_utc: str = "",
    strict: bool = False,
    threads: int | None = None,
    options: FrameOptions | None = None,
    document_s: float | None = None,
    folder: Path | None = None,
    accept: Callable[[Vocabulary, tuple[int, int]], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Iterator[ObservationTable]:
    """Extract the words of one video, and yield the table of each of its documents.

    A document ends where the time stamps jump or the camera turns away. Sets the number of threads
    of OpenCV to 1 for the whole process.

    Parameters
    ----------
    spec : FlowSpec
        None uses the defaults.
    name : str
        Name of the recording; "" uses the file's name without suffix. All documents have it.
    start_utc : str
        Wall-clock time of the first frame, ISO 8601; "" if unknown.
    strict : bool
        Raise for a damaged or truncated video instead of keeping what could be read.
    threads : int or None
        Number of threads that compute flow in addition to the decoder; the table does not depend on
        it. None uses the number of cores.
    options : FrameOptions or None
        How the file is read; None takes the defaults.
    document_s : float or None
        Longest document, seconds; None: no limit.
    folder : Path or None
        For observations that are too many for memory, see `ObservationStore`.
    accept : callable, optional
        Called with the vocabulary and the size of the pictures (width, height) before the
        extraction of a document; raises to refuse it.

    Raises
    ------
    VideoError, FormatError
        If the file cannot be read as a video.
    SpecError
        If the settings are invalid for a video of this size.

    Warns
    -----
    MotifmineWarning
        For each kind of loss of data.
    """
    spec, options = spec or FlowSpec(), options or FrameOptions()
    with open_frames(path, options) as reader, ThreadPoolExecutor(1) as aside:
        # in parallel with decoding: reading a large file again takes as long as its disk does
        digest = aside.submit(digest_source, path)
        scene = Recording(
            name=name or path.stem,
            bin_start_s=np.zeros(0),
            source=str(path.resolve()),
            start_utc=start_utc or (reader.created if holds_stills(path) else ""),
        )
        part = Part.of_options(options, scene.start_utc)
        watched = _report_progress(part.choose(reader.frames()), reader, on_progress)
        tables = VideoDocuments(
            reader=reader,
            spec=spec,
            options=options,
            threads=threads or n_cores(),
            accept=accept,
            folder=folder,
        )
        for table, is_last in _mark_last(tables.read(watched, document_s, part)):
            recording = replace(table.recordings[0], source_digest=digest.result())
            if is_last:
                _report_losses(reader, strict)
                recording = replace(
                    recording,
                    truncated_at_s=reader.truncated_at_s,
                    losses="; ".join(_describe_losses(reader)),
                    frames_damaged=reader.frames_damaged,
                    frames_expected=-1 if recording.bin_start_s[0] else reader.frames_expected,
                )
            kept = ("name", "source", "start_utc")
            yield table.of_recording(replace(recording, **{k: getattr(scene, k) for k in kept}))


@dataclass(slots=True, kw_only=True)
class VideoDocuments:
    """Makes the tables of the documents of one video, one after the other."""

    reader: FrameReader
    spec: FlowSpec
    options: FrameOptions
    threads: int
    accept: Callable[[Vocabulary, tuple[int, int]], None] | None
    on_row: Callable[[float, BinRow], None] | None = None
    """Called with every time bin as it is complete, and when it begins, seconds; the tables have no
    words then."""
    folder: Path | None = None
    """For observations that are too many for memory, see `ObservationStore`."""
    repaired: int = 0
    """Time stamps that were repaired in the documents so far."""

    def read(
        self, frames: Iterable[VideoFrame], document_s: float | None, part: Part | None = None
    ) -> Iterator[ObservationTable]:
        """Yield the table of every document.

        Parameters
        ----------
        frames : iterable of VideoFrame
        document_s : float or None
            Longest document, seconds.
        part : Part or None
            A document ends with each of its stretches.
        """
        # with threads inside OpenCV, flow would depend on how many of them divide the picture
        cv2.setNumThreads(1)
        for _, document in groupby(frames, DocumentOf(document_s, part)):
            yield from self._read_document(document)

    def _read_document(self, frames: Iterator[VideoFrame]) -> Iterator[ObservationTable]:
        """Yield the tables of a stretch without jumps: one, or one each time the scene is seen."""
        first: VideoFrame | None = next(frames)
        camera: Camera | None = None
        while first is not None:
            table, words = self._make_table(first, frames, camera)
            camera = words.camera
            first = words.find_return(frames) if camera.is_away else None
            bin_note = describe_bin(self.reader, self.spec, words.bin_s)
            notes = ", ".join([*self.reader.notes, *words.notes, *bin_note])
            yield table.of_recording(replace(table.recordings[0], notes=notes))

    def _make_table(
        self, first: VideoFrame, document: Iterator[VideoFrame], camera: Camera | None
    ) -> tuple[ObservationTable, FlowWords]:
        reader, spec = self.reader, self.spec
        height, width = first.luma.shape
        refuse_low_rate(reader, spec)
        make = ChangeWords if spec.words == "changes" else FlowWords
        words = make(
            spec,
            width=width,
            height=height,
            mean_gap_s=reader.mean_gap_s,
            start_s=first.time_s,
            camera=camera,
        )
        vocabulary = Vocabulary.of_grid(words.grid)
        if self.accept is not None:
            self.accept(vocabulary, (width, height))
        # the frame that ends a document is that of the next one: facts are noted at its own frames
        n_frames, origin_s, repaired = 0, reader.origin_s, 0

        def note(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
            nonlocal n_frames, origin_s, repaired
            for frame in frames:
                n_frames, origin_s, repaired = n_frames + 1, reader.origin_s, reader.stamps_repaired
                yield frame

        rows = words.rows(note(chain([first], document)), self.threads)
        if self.on_row is not None:
            for row in rows:
                self.on_row(float(first.time_s) + row.time * words.bin_s, row)
        seen = ObservationStore(self.folder)
        for row in rows:
            seen.add(row)
        overlays = ""
        if words.overlays is not None and (cells := words.overlays.find_cells()).any():
            overlays = list_boxes(words.grid, cells)
            seen = seen.without(find_words(words.grid, cells))
        word, count = seen.observations()
        recording = Recording(
            name="document",
            bin_start_s=float(first.time_s) + bin_starts(words.n_times, words.bin_s),
            origin_s=origin_s,
            frames_decoded=n_frames,
            stamps_repaired=repaired - self.repaired,
            overlays=overlays,
            width_px=width,
            height_px=height,
        )
        self.repaired = repaired
        table = ObservationTable(
            offsets=seen.offsets(words.n_times),
            word=word,
            count=count,
            recordings=(recording,),
            vocabulary=vocabulary,
            bin_s=words.bin_s,
            spec=video_spec_to_values(replace(spec, bin_s=words.bin_s), self.options),
            picture=words.mean.picture(),
        )
        return table, words


@dataclass(slots=True)
class DocumentOf:
    """Returns the number of the document of a frame; called with every frame in order."""

    longest_s: float | None = None
    part: Part | None = None
    number: int = -1
    _of_reader: tuple[int, int | None] = (-1, None)
    _start_s: Fraction = Fraction(0)

    def __call__(self, frame: VideoFrame) -> int:
        """Return the number of the document, from 0."""
        is_long = self.longest_s is not None and frame.time_s - self._start_s >= self.longest_s
        part = self.part
        stretch = part.number_at(float(frame.time_s)) if part and part.said else 0
        of_reader = frame.document, stretch
        if of_reader != self._of_reader or is_long:
            self.number += 1
            self._of_reader, self._start_s = of_reader, frame.time_s
        return self.number


def _mark_last(tables: Iterator[ObservationTable]) -> Iterator[tuple[ObservationTable, bool]]:
    """Yield every table and whether it is the last."""
    before: ObservationTable | None = None
    for table in tables:
        if before is not None:
            yield before, False
        before = table
    if before is not None:
        yield before, True


def flow_spec_to_values(spec: FlowSpec) -> dict[str, Any]:
    """Return a FlowSpec as plain values, including digests of the content of the masks."""
    values = asdict(spec)
    if spec.mask:
        paths = map(Path, spec.mask)
        values["mask_digest"] = [sha256(path) if path.is_file() else "" for path in paths]
    return sort_plain_values(values)


def video_spec_to_values(spec: FlowSpec, options: FrameOptions) -> dict[str, Any]:
    """Return the settings of a table of video as plain values: of its words and of its frames."""
    return {**flow_spec_to_values(spec), "frames": asdict(options)}


def parse_frame_options(plain: Mapping[str, Any]) -> FrameOptions:
    """Return the FrameOptions from `video_spec_to_values`; older tables have none."""
    return make_record(FrameOptions, plain.get("frames", {}), "the frames of a table's settings")


def parse_flow_spec(plain: Mapping[str, Any]) -> FlowSpec:
    """Return the FlowSpec from `flow_spec_to_values`."""
    values = {f.name: plain[f.name] for f in fields(FlowSpec) if f.name in plain}
    try:
        for name in ("roi", "exclude"):
            areas = values.get(name) or ()
            # older tables have one region of interest and one mask
            values[name] = tuple(
                map(parse_area, [areas] if areas and isinstance(areas[0], int) else areas)
            )
        mask = values.get("mask") or ()
        values["mask"] = (mask,) if isinstance(mask, str) else tuple(mask)
    except (TypeError, ValueError, LookupError) as error:
        raise SpecError(f"the settings of a table hold no areas and masks: {error}") from error
    return make_record(FlowSpec, values, "the settings of a table")


def _report_progress(
    frames: Iterator[VideoFrame],
    reader: FrameReader,
    on_progress: Callable[[Progress], None] | None,
) -> Iterator[VideoFrame]:
    """Yield frames unchanged, and report progress several times per second."""
    began = last = time.monotonic()
    for frame in frames:
        yield frame
        now = time.monotonic()
        if on_progress is not None and now - last >= REPORT_EVERY_S:
            last = now
            rate = reader.frames_decoded / (now - began)
            position_s, path = float(frame.time_s), reader.path
            on_progress(Progress(position_s, reader.duration_s, source=path, frames_per_s=rate))


def _report_losses(reader: FrameReader, strict: bool) -> None:
    """Warn about losses, or raise `VideoError` if `strict`."""
    for loss in _describe_losses(reader):
        if strict:
            raise VideoError(f"{reader.path} {loss}; refused because of --strict")
        warnings.warn(f"{reader.path} {loss}", MotifmineWarning, stacklevel=3)


def _describe_losses(reader: FrameReader) -> Iterator[str]:
    if math.isfinite(reader.truncated_at_s):
        promised = f" of {reader.duration_s:.2f} s" if math.isfinite(reader.duration_s) else ""
        yield (
            f"breaks off after frame {reader.frames_decoded - 1} "
            f"at {reader.truncated_at_s:.2f} s{promised}"
        )
    if reader.frames_damaged:
        yield f"has {reader.frames_damaged} damaged packets or pictures"
