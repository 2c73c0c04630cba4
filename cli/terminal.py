"""Text on a terminal: names of files must not move its cursor or hide themselves."""

import io
import os
import re
import sys
from contextlib import suppress
from typing import Any, TextIO

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed
    "\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"  # direction of text, line breaks
    "\ud800-\udfff]"  # bytes of names that are not UTF-8
)


LONGEST = 2000  # longest message, characters


def escape(text: str) -> str:
    """Return text whose control and direction characters are written as their numbers."""
    return UNSAFE.sub(_escape, text)


def shorten(line: str) -> str:
    """Return a message without its middle where damaged values make it very long."""
    if len(line) <= LONGEST:
        return line
    return f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    # Python's place for a byte that is not UTF-8: show the byte itself
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class EscapingStream:
    """A text stream that escapes what is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text, escaped."""
        return self._stream.write(escape(text))

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the stream underneath."""
        return getattr(self._stream, name)


def protect_streams() -> None:
    """Escape what this process writes to a terminal, and keep bytes of names elsewhere."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):
            continue
        # names of files that are not UTF-8 come out as they are on the disk
        stream.reconfigure(errors="surrogateescape")
        if stream.isatty():
            setattr(sys, name, EscapingStream(stream))


def discard_unwritten() -> None:
    """Drop output that cannot be written: Python would try again as it ends, and complain, too."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
