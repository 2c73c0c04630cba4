"""What readers of text tables and of typed tables share: header, order of the rows, chunks."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from motifmine.io.series.column_names import Roles
from motifmine.io.series.options import BadRows
from motifmine.io.series.row_stream import RowStream
from motifmine.io.series.sorting import sort_if_small
from motifmine.io.series.time_formats import TimeReading
from motifmine.io.series.time_zones import make_clock
from motifmine.records.series import Chunk, SeriesHeader, SeriesReader


class RowReader(SeriesReader, ABC):
    """An open table of rows; a subclass reads and parses its blocks.

    Parameters
    ----------
    names, units : sequences of str
        Of all columns.
    first_time : int or float
        First raw time.
    row_noun : str
        What a row is called in messages: `line` or `row`.
    n_bytes : int
        Size of the file; rows of small files may be in any order.
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        units: Sequence[str],
        roles: Roles,
        reading: TimeReading,
        first_time: int | float,
        bad: BadRows,
        row_noun: str,
        n_bytes: int,
    ) -> None:
        self.roles = roles
        self._units = dict(zip(names, units, strict=True))
        self.stream = RowStream(
            clock=make_clock(reading, first_time, may_repeat=roles.is_events),
            is_events=roles.is_events,
            bad=bad,
            time_name="row" if roles.time is None else names[roles.time],
            row_noun=row_noun,
            roles=roles,
            names=tuple(names),
        )
        self.sorted = sort_if_small(self.stream, n_bytes, self._read_chunks)

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """What was decided about the table, for people."""

    @abstractmethod
    def _read_blocks(self) -> Iterator[Chunk]:
        """Yield the rows of the file block by block, as they are in the file."""

    @property
    def header(self) -> SeriesHeader:
        """What is known of the series."""
        return SeriesHeader(
            channels=self.labels(),
            units=tuple(self._units.get(label, "") for label in self.labels()),
            start_utc=self.stream.clock.start_utc,
            is_events=self.roles.is_events,
            is_open=self.stream.is_open,
            notes=(*self.notes, *self.stream.notes),
        )

    def labels(self) -> tuple[str, ...]:
        """Return the labels of the events, or the channels, that were read so far."""
        return self.stream.labels()

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows in order of time, one chunk per block of the file."""
        yield from self._read_chunks() if self.sorted is None else self.sorted

    def _read_chunks(self) -> Iterator[Chunk]:
        for chunk in self._read_blocks():
            if len(chunk.time_s):
                yield chunk
        self.stream.bad.warn()
