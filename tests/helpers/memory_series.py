"""A series whose chunks are given, for what reads any source."""

from collections.abc import Iterator
from dataclasses import dataclass

from motifmine.records.series import Chunk, EventChunk, SeriesHeader


@dataclass(frozen=True)
class Given:
    """A series in memory."""

    pieces: tuple[Chunk, ...]
    names: tuple[str, ...]

    @property
    def header(self) -> SeriesHeader:
        is_events = isinstance(self.pieces[0], EventChunk)
        return SeriesHeader(channels=self.names, units=("",) * len(self.names), is_events=is_events)

    def chunks(self) -> Iterator[Chunk]:
        yield from self.pieces

    def labels(self) -> tuple[str, ...]:
        return self.names

    def __enter__(self) -> "Given":
        return self

    def __exit__(self, *_: object) -> None: ...
