"""Readers of series while they are read: they tell how far they are, and give sound in decibels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from motifmine.records.series import EventChunk, SampleChunk, SeriesHeader, SeriesReader
from motifmine.types import Floats

QUIET = 10 ** (-70 / 20)
"""Sound of this strength (1: a sine of full scale) counts as silence."""

Heard = Callable[[float], None]
"""Told the seconds of the recording that are done."""


@dataclass(frozen=True, slots=True)
class Listened:
    """A reader that tells how far it is, and gives sound in decibels."""

    reader: SeriesReader
    heard: Heard

    @property
    def header(self) -> SeriesHeader:
        """What is known of the series."""
        header = self.reader.header
        return replace(header, units=("dB",) * len(header.units)) if self.is_sound else header

    @property
    def is_sound(self) -> bool:
        """Whether the values are strengths of the bands of a sound."""
        return bool(self.reader.header.centres_hz)

    def chunks(self) -> Iterator[SampleChunk | EventChunk]:
        """Yield everything once; of sound, decibels above the quietest that matters."""
        centres_hz = np.array(self.reader.header.centres_hz)
        for chunk in self.reader.chunks():
            if len(chunk.time_s):
                self.heard(float(chunk.time_s[-1]))
            if isinstance(chunk, SampleChunk) and len(centres_hz):
                level = sound_level(chunk.value, centres_hz)
                chunk = replace(chunk, value=level)  # noqa: PLW2901
            yield chunk

    def labels(self) -> tuple[str, ...]:
        """Return the labels seen so far."""
        return self.reader.labels()

    def __enter__(self) -> "Listened":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the reader to the one who opened it."""


def sound_level(strength: Floats, centres_hz: Floats) -> Floats:
    """Return the level of mel bands in decibels above `QUIET`, 0 for silence.

    Parameters
    ----------
    strength : float array (n, band)
        Root of the power in each band.
    centres_hz : float array (band,)

    Notes
    -----
    Wide bands count for more, by the root of their width: magnitudes of a spectrum add up so, and
    without it high sounds would be drowned.
    """
    width = np.gradient(centres_hz) if len(centres_hz) > 1 else np.ones(1)
    level: Floats = 20 * np.log10(1 + strength * np.sqrt(width / width.min()) / QUIET)
    return level
