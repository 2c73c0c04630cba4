"""The video of a live source, kept as it comes: packets are copied, not encoded again."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

SUFFIX = ".mkv"
"""Matroska takes what cameras send, and what was written of it plays after a crash."""


@dataclass(slots=True, kw_only=True)
class VideoKeeper:
    """Writes the packets of one stream to files, a new one after `longest_s` or a lost connection.

    A file begins with a key frame; its name has the time of that. When one cannot be written the
    video is kept no longer, and a message says so: words are recorded all the same.
    """

    folder: Path
    name: str
    longest_s: float
    on_message: Callable[[str], None]
    _output: Any = field(default=None, repr=False)
    _stream: Any = field(default=None, repr=False)
    _path: Path = Path()
    _began_s: float = 0.0
    _last_dts: float = -math.inf
    _has_failed: bool = False

    def put(self, packet: Any) -> None:
        """Write a packet that has been decoded, or begin the next file with it."""
        # a repeated or late packet is of no use to a player, and refused by the container
        if self._has_failed or packet.dts is None or packet.dts <= self._last_dts:
            return
        self._last_dts = packet.dts
        with self._noting_failure():
            source = packet.stream
            is_over = time.monotonic() - self._began_s >= self.longest_s
            if packet.is_keyframe and (self._output is None or is_over):
                self._end()
                self._begin(source)
            # what comes before the first key frame cannot be shown
            if self._output is not None:
                packet.stream = self._stream
                self._output.mux(packet)

    def close(self) -> None:
        """End the file; stamps may begin again after it."""
        self._last_dts = -math.inf
        with self._noting_failure():
            self._end()

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        try:
            yield
        except (OSError, FFmpegError, ValueError) as error:
            self._output, self._has_failed = None, True
            reason = getattr(error, "strerror", None) or str(error)
            self.on_message(f"the video is not kept any longer: {self.folder}: {reason}")

    def _end(self) -> None:
        if self._output is not None:
            output, self._output = self._output, None
            output.close()
            self._path.with_suffix(SUFFIX + ".part").rename(self._path)

    def _begin(self, source: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        moment = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        taken = [each.name for each in self.folder.glob(f"{self.name}-{moment}*")]
        # two connections in one second
        again = f"-{len(taken)}" if taken else ""
        self._path = self.folder / f"{self.name}-{moment}Z{again}{SUFFIX}"
        part = self._path.with_suffix(SUFFIX + ".part")
        self._output = av.open(str(part), "w", format="matroska")
        self._stream = self._output.add_stream_from_template(source)
        self._began_s = time.monotonic()
