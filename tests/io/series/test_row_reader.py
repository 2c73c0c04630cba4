"""What text tables and typed tables share: header, order, and chunks without empty blocks."""

from collections.abc import Iterator

import numpy as np
import pytest

from motifmine.errors import FormatError
from motifmine.io.series.column_names import Roles
from motifmine.io.series.options import BadRows
from motifmine.io.series.row_reader import RowReader
from motifmine.io.series.row_stream import ONE_LABEL, Rows
from motifmine.io.series.time_formats import TimeReading
from motifmine.records.series import Chunk

SAMPLES = Roles(time=0, values=(1,))
SPANS = Roles(time=0, values=(), end=1, is_events=True)


class Blocks(RowReader):
    """Rows from lists of times, a block each."""

    def __init__(self, roles: Roles, blocks: list[list[float]]) -> None:
        self.blocks = blocks
        super().__init__(
            names=("t", "speed"),
            units=("s", "m/s"),
            roles=roles,
            reading=TimeReading(form="number"),
            first_time=blocks[0][0],
            bad=BadRows("here", "fail"),
            row_noun="row",
            n_bytes=100,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        return ("from lists",)

    def _read_blocks(self) -> Iterator[Chunk]:
        for block in self.blocks:
            raw = np.array(block)
            yield self.stream.chunk(
                Rows(
                    raw=raw,
                    value=np.ones((len(raw), 1)),
                    code=np.zeros(len(raw) if self.roles.is_events else 0, np.int64),
                    label_names=(ONE_LABEL,) * self.roles.is_events,
                    n_read=len(raw),
                    end=raw + 0.5 if self.roles.end is not None else None,
                )
            )


def test_header_and_rows_of_all_blocks_but_empty_ones() -> None:
    with Blocks(SAMPLES, [[1.0, 2.0], [], [4.0]]) as reader:
        assert [chunk.time_s.tolist() for chunk in reader.chunks()] == [[1.0, 2.0], [4.0]]
        assert reader.header.channels == ("speed",) and reader.header.units == ("m/s",)
        assert reader.header.notes[0] == "from lists"


def test_samples_must_ascend_and_spans_of_small_files_are_sorted() -> None:
    with pytest.raises(FormatError, match="times must ascend"):
        list(Blocks(SAMPLES, [[3.0], [1.0]]).chunks())
    (chunk,) = Blocks(SPANS, [[3.0], [1.0, 2.0]]).chunks()
    assert chunk.time_s.tolist() == [1.0, 2.0, 3.0]
