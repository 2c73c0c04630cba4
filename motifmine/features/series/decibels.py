"""Wrapper of series readers that reports progress and converts sound to decibels."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from motifmine.records.series import (
    Chunk,
    SampleChunk,
    SeriesHeader,
    SeriesReader,
    WrappingReader,
)
from motifmine.types import Floats

QUIET = 10 ** (-70 / 20)  # reference amplitude of decibels, relative to a full-scale sine: -70 dB

OnProgress = Callable[[float], None]  # called with the position in the recording, seconds


class ProgressReader(WrappingReader):
    """A series reader that reports progress, and gives sound in decibels."""

    def __init__(self, reader: SeriesReader, on_progress: OnProgress) -> None:
        super().__init__(reader)
        self.on_progress = on_progress

    @property
    def header(self) -> SeriesHeader:
        """That of the wrapped reader, with the unit of sound."""
        header = self.reader.header
        return replace(header, units=("dB",) * len(header.units)) if self.is_sound else header

    @property
    def is_sound(self) -> bool:
        """Whether the values are amplitudes of mel bands."""
        return bool(self.reader.header.centres_hz)

    def chunks(self) -> Iterator[Chunk]:
        """Yield all chunks; values of sound are in decibels above `QUIET`."""
        centres_hz = np.array(self.reader.header.centres_hz)
        for chunk in self.reader.chunks():
            if len(chunk.time_s):
                self.on_progress(float(chunk.time_s[-1]))
            if isinstance(chunk, SampleChunk) and len(centres_hz):
                level = compute_sound_level(chunk.value, centres_hz)
                chunk = replace(chunk, value=level)  # noqa: PLW2901
            yield chunk


def compute_sound_level(strength: Floats, centres_hz: Floats) -> Floats:
    """Return the level of mel bands in decibels above `QUIET`, 0 for silence.

    Notes
    -----
    Amplitudes are multiplied by the square root of the relative band width, because magnitudes of
    a spectrum add up in this way; without it, high frequencies would be underrepresented.
    """
    width = np.gradient(centres_hz) if len(centres_hz) > 1 else np.ones(1)
    level: Floats = 20 * np.log10(1 + strength * np.sqrt(width / width.min()) / QUIET)
    return level
