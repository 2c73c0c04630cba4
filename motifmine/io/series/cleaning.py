"""Markers of missing values among the numbers of a channel: -9999 of loggers and the like."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motifmine.io.series.time_formats import parse_number
from motifmine.records.series import (
    Chunk,
    EventChunk,
    SampleChunk,
    SeriesHeader,
    SeriesReader,
    UpdateChunk,
    WrappingReader,
)
from motifmine.types import Floats

# what loggers, stations and integer sensors write for a missing value (85 and -127: DS18B20)
SENTINELS = (
    *(-9999.0, -99999.0, -999.0, -999.9, -99.0, -99.9, -9999.9, -6999.0, -7999.0, 7999.0),
    *(999.0, 999.9, 9999.0, 9999.9, 99999.0, 999999.0, -32768.0, 32767.0, 65535.0, -127.0, 85.0),
    *(1e20, -1e20, 1e30, -1e30, 3.4028234663852886e38, -3.4028234663852886e38),
)
OUTSIDE = 3.0  # ranges of the other values that a marker is away from them
FEWEST = 2  # a marker is repeated exactly; a real value that far outside is not
MOST_SHARE = 0.5  # share of a channel that may be missing: more often it may be the value at rest
KEEP = "none"


class CleanReader(WrappingReader):
    """A reader whose markers of missing values become NaN; closing it closes the wrapped one."""

    def __init__(self, reader: SeriesReader, missing: tuple[str, ...]) -> None:
        super().__init__(reader)
        numbers = (parse_number(text) for text in missing)
        self.given = np.array([number for number in numbers if number is not None])
        self.guesses = KEEP not in missing
        self.found: dict[tuple[int, float], int] = {}
        """How often a marker was recognised, by channel and value."""

    @property
    def header(self) -> SeriesHeader:
        """That of the wrapped reader, with a note on the markers recognised so far."""
        header = self.reader.header
        return replace(header, notes=(*header.notes, *self._describe()))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks, with NaN for markers."""
        for chunk in self.reader.chunks():
            if isinstance(chunk, EventChunk) or not len(chunk.time_s):
                yield chunk
            elif isinstance(chunk, SampleChunk):
                channels = enumerate(chunk.value.T)
                marked = [self._mark(column, channel) for channel, column in channels]
                if any(one is not None for one in marked):
                    value = chunk.value.copy()
                    for channel, one in enumerate(marked):
                        if one is not None:
                            value[one, channel] = np.nan
                    chunk = replace(chunk, value=value)  # noqa: PLW2901
                yield chunk
            else:
                yield self._clean_updates(chunk)

    def _clean_updates(self, chunk: UpdateChunk) -> UpdateChunk:
        order, starts = chunk.group()
        sorted_value = chunk.value[order]
        # a marker is the smallest or the largest value of its channel: few are looked at closely
        low = np.fmin.reduceat(sorted_value, starts)
        high = np.fmax.reduceat(sorted_value, starts)
        suspects = np.isin(low, SENTINELS) | np.isin(high, SENTINELS)
        suspects |= ((low[:, None] <= self.given) & (self.given <= high[:, None])).any(axis=1)
        suspects |= np.isin(chunk.channel[order[starts]], [channel for channel, _ in self.found])
        value = chunk.value
        ends = [*starts[1:].tolist(), len(order)]
        for at in np.flatnonzero(suspects).tolist():
            rows = order[starts[at] : ends[at]]
            one = self._mark(chunk.value[rows], int(chunk.channel[rows[0]]))
            if one is not None:
                value = value.copy() if value is chunk.value else value
                value[rows[one]] = np.nan
        return replace(chunk, value=value)

    def _mark(self, value: Floats, channel: int) -> NDArray[np.bool_] | None:
        """Return where values of a channel are markers, None if nowhere."""
        known = value[~np.isnan(value)]
        if not len(known):
            return None
        low, high = float(known.min()), float(known.max())
        marks = [mark for mark in self.given.tolist() if low <= mark <= high]
        if self.guesses:
            # a marker is the smallest or the largest value, which makes the usual chunk cheap
            candidates = [mark for mark in SENTINELS if mark in (low, high)]
            seen = [mark for at, mark in self.found if at == channel]
            candidates += [mark for mark in seen if mark not in candidates and low <= mark <= high]
            marks += [mark for mark in candidates if self._is_marker(mark, known, channel)]
        found = np.isin(value, marks) if marks else np.zeros(len(value), bool)
        return found if found.any() else None

    def _is_marker(self, mark: float, known: Floats, channel: int) -> bool:
        """Return whether a value is far outside the rest and repeated; remember it."""
        n = int((known == mark).sum())
        is_known = (channel, mark) in self.found
        if not is_known:
            others = known[~np.isin(known, SENTINELS)]
            if n < FEWEST or n > MOST_SHARE * len(known) or not len(others):
                return False
            low, high = float(others.min()), float(others.max())
            margin = OUTSIDE * max(high - low, 0.01 * max(abs(low), abs(high)), 1e-9)
            if low - margin <= mark <= high + margin:
                return False
        self.found[channel, mark] = self.found.get((channel, mark), 0) + n
        return n > 0

    def _describe(self) -> tuple[str, ...]:
        if not self.found:
            return ()
        names = self.reader.labels()
        listed = [f"{mark:g} ({n} times in {names[c]})" for (c, mark), n in self.found.items()]
        return (
            f"taken as missing, for they are far outside the rest: {', '.join(listed[:5])}; "
            f"--missing {KEEP} keeps them",
        )

    def __enter__(self) -> "CleanReader":
        self.reader.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.reader.__exit__(*error)
