"""Live sources: cameras by address, a capture device, and a pipe on standard input.

A thread connects, reads and decodes; it connects again with a growing pause when the source is
lost. Every connection begins a new document, at the time that it had on the clock.
"""

import math
import queue
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from motifmine.errors import MotifmineError, VideoError
from motifmine.io.video.keeping import VideoKeeper
from motifmine.io.video.pixels import PictureReader, find_aspect
from motifmine.io.video.reader import Frame, VideoReader
from motifmine.io.video.streams import Packets, choose_stream
from motifmine.records.frames import FrameOptions, ReaderCounts

ADDRESS = re.compile(r"(rtsps?|https?|tcp|udp)://.+", re.IGNORECASE)
PARAMETERS = re.compile(r"[?#;&]|(?<=/)[^/?#;&]*=")
"""Where the parameters of an address begin; recorders take some, and passwords, as the path."""
CHANNEL = re.compile(
    r"(?<![a-z])((?:channel|camera|ch|stream|subtype|profile)=\d\d?)(?![0-9a-z])", re.IGNORECASE
)
DEVICE = re.compile(r"/dev/video\d+")
PIPE = "-"
PROTOCOLS = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy"
"""What FFmpeg may open for an address; no files, whatever a stream says."""
SILENCE_S = 10.0
"""Time without a packet after which a connection is lost, seconds."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Pause before the source is connected again; it doubles with every failure."""
MOST_WAITING = 64
"""Frames that wait for their flow; a source that is faster is read more slowly."""
POLL_S = 0.2


def is_live(source: str) -> bool:
    """Return whether a source is a camera by address, a capture device or a pipe."""
    return source == PIPE or bool(ADDRESS.fullmatch(source) or DEVICE.fullmatch(source))


def hide_credentials(address: str) -> str:
    """Return an address without user, password and parameters, of which only a channel is kept."""
    if not ADDRESS.fullmatch(address):
        return address
    scheme, _, rest = address.partition("://")
    # a password may hold what ends the name of a host elsewhere: "/", "?" and "#"
    rest = rest.rpartition("@")[2]
    place = PARAMETERS.split(rest, 1)[0]
    # the cameras of a recorder often differ in a number only
    channel = "&".join(CHANNEL.findall(rest[len(place) :]))
    return f"{scheme.lower()}://{place}{'?' * bool(channel)}{channel}"


@dataclass(slots=True, kw_only=True)
class LiveReader(ReaderCounts):
    """Reads a live source until it is stopped; made by `open_live`, see `FrameReader`."""

    address: str = field(repr=False)
    options: FrameOptions
    stop: threading.Event
    on_message: Callable[[str], None]
    file: Any = None
    """What is read instead of standard input, where the address is `-`; has a `name`."""
    keeper: VideoKeeper | None = None
    """Where the video goes, as it comes."""
    ends_s: float
    """Value of `time.monotonic` at which to end; infinite for never."""
    mean_gap_s: Fraction = Fraction(1, 25)
    duration_s: float = math.nan
    created: str = ""
    frames_expected: int = -1
    notes: tuple[str, ...] = ()
    has_connected: threading.Event = field(default_factory=threading.Event)
    began_s: float = 0.0
    """Values of `time.monotonic` and `time.time` at second 0."""
    began_at: float = 0.0
    _waiting: queue.Queue[Frame] = field(default_factory=lambda: queue.Queue(MOST_WAITING))
    _failure: MotifmineError | None = None
    _has_ended: bool = False
    _n_documents: int = 0
    _thread: threading.Thread | None = None

    @property
    def shown(self) -> str:
        """The address without credentials, for messages."""
        if self.address == PIPE:
            return "standard input" if self.file is None else str(self.file.name)
        return hide_credentials(self.address)

    @property
    def path(self) -> Path:
        """The same as a path, see `FrameReader`."""
        return Path(self.shown)

    def __enter__(self) -> "LiveReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        if self.keeper is not None and self._thread is not None:
            # or the last file would stay without its end
            self._thread.join(SILENCE_S)

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they come, until the source is stopped or ends."""
        while not self.stop.is_set() and time.monotonic() < self.ends_s:
            try:
                frame = self._waiting.get(timeout=POLL_S)
            except queue.Empty:
                if self._has_ended:
                    break
                continue
            self.frames_decoded += 1
            yield frame
        if self._failure is not None:
            raise self._failure

    def wait(self) -> None:
        """Wait for the first connection.

        Raises
        ------
        VideoError
            When there is none.
        """
        while not self.has_connected.wait(POLL_S):
            if self._has_ended or self.stop.is_set() or time.monotonic() >= self.ends_s:
                raise self._failure or VideoError(f"{self.shown} was not connected before the end")

    def start(self) -> None:
        """Read the source in a thread of its own until it is stopped."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        try:
            while not self.stop.is_set():
                before = self._n_documents
                reason = self._read_connection()
                if self.address == PIPE or not self.has_connected.is_set():
                    if not self.has_connected.is_set():
                        wanted = "; it is read as video" * (self.address == PIPE)
                        self._failure = VideoError(
                            f"{self.shown} cannot be opened: {reason}{wanted}"
                        )
                    return
                # a source that gave frames is tried again soon
                pause_s = FIRST_PAUSE_S if self._n_documents > before else 2 * pause_s
                pause_s = min(pause_s, LONGEST_PAUSE_S)
                if not self.stop.is_set():
                    self.on_message(f"{self.shown} is lost ({reason}); again in {pause_s:g} s")
                self.stop.wait(pause_s)
        except MotifmineError as error:
            self._failure = error
        finally:
            self._has_ended = True

    def _read_connection(self) -> str:
        """Read one connection to its end, and return why it ended."""
        try:
            with self._connect() as reader:
                first_s: float | None = None
                n_documents = self._n_documents
                for frame in reader.frames():
                    if first_s is None:
                        first_s = self._note_connection(reader)
                    self._n_documents = n_documents + frame.document + 1
                    shifted = frame.time_s + Fraction(first_s).limit_denominator(1000)
                    document = n_documents + frame.document
                    self._put(replace(frame, time_s=shifted, document=document))
                    if self.stop.is_set():
                        break
                self.frames_damaged += reader.frames_damaged
                self.stamps_repaired += reader.stamps_repaired
        except FFmpegError as error:
            # the text of the error itself names the address
            return error.strerror or type(error).__name__
        except VideoError:
            return "no frame could be decoded"
        except MotifmineError:
            if not self.has_connected.is_set():
                raise
            return "it has no such stream"
        finally:
            if self.keeper is not None:
                self.keeper.close()
        return "it ended"

    def _note_connection(self, reader: VideoReader) -> float:
        """Return the time of the first frame of a connection, seconds of the recording."""
        now = time.monotonic()
        if not self.has_connected.is_set():
            self.began_s, self.began_at = now, time.time()
            self.mean_gap_s, self.notes = reader.mean_gap_s, reader.notes
            self.has_connected.set()
        elif self._n_documents:
            self.on_message(f"{self.shown} is back after a gap")
        return now - self.began_s

    def _connect(self) -> VideoReader:
        source, options = self._choose_source()
        container = av.open(source, options=options, timeout=(SILENCE_S, SILENCE_S))
        try:
            packets = Packets(container.demux())
            choice = choose_stream(self.path, container, packets, self.options.stream)
        except BaseException:
            container.close()
            raise
        return VideoReader(
            path=self.path,
            container=container,
            choice=choice,
            packets=packets,
            pixels=PictureReader(aspect=find_aspect(choice.stream)),
            max_gap_s=Fraction(self.options.max_gap_s),
            duration_s=math.nan,
            frames_expected=-1,
            is_file=False,
            on_packet=None if self.keeper is None else self.keeper.put,
        )

    def _choose_source(self) -> tuple[Any, dict[str, str]]:
        """Return what FFmpeg opens, and with which options."""
        if self.address == PIPE:
            return sys.stdin.buffer if self.file is None else self.file, {}
        options = {"protocol_whitelist": PROTOCOLS}
        if self.address.lower().startswith("rtsp"):
            # over TCP no packet is lost, and no other port has to be open
            options["rtsp_transport"] = "tcp"
        return self.address, options

    def _put(self, frame: Frame) -> None:
        while not self.stop.is_set():
            try:
                self._waiting.put(frame, timeout=POLL_S)
            except queue.Full:
                continue
            return


def open_live(
    address: str,
    options: FrameOptions,
    stop: threading.Event,
    on_message: Callable[[str], None],
    *,
    for_s: float = math.inf,
    file: Any = None,
    keeper: VideoKeeper | None = None,
) -> LiveReader:
    """Connect a live source and wait for its first frame.

    Parameters
    ----------
    address : str
        Of a camera, or `-` for standard input.
    stop : Event
        Ends the source when it is set.
    for_s : float
        Longest time to read, seconds.
    file : object with `read` and `name`, or None
        Read instead of standard input.
    keeper : VideoKeeper or None
        What the video is given to, too.

    Raises
    ------
    VideoError
        When it cannot be opened; addresses in messages have no credentials.
    """
    if DEVICE.fullmatch(address):
        raise VideoError(
            f"{address}: this FFmpeg has no capture devices; pipe it, such as 'ffmpeg -f v4l2 -i "
            f"{address} -f mpegts - | motifmine extract -'"
        )
    reader = LiveReader(
        address=address,
        options=options,
        stop=stop,
        on_message=on_message,
        ends_s=time.monotonic() + for_s,
        file=file,
        keeper=keeper,
    )
    reader.start()
    reader.wait()
    return reader
