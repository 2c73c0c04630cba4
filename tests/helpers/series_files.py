"""Writing small series to files and reading them back, for the tests of readers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from motifmine.records.series import EventChunk, SampleChunk, SeriesHeader
from motifmine.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read:
    """Everything that a reader gave."""

    header: SeriesHeader
    time_s: Floats
    value: Floats
    """Values of samples (n, channel), counts of events (n,)."""
    events: list[tuple[float, str]]


def read_all(path: Path | str, **options: Any) -> Read:
    """Read a series whole."""
    with open_series(path, SeriesOptions(**options)) as reader:
        chunks = list(reader.chunks())
        header, labels = reader.header, reader.labels()
    samples = [chunk for chunk in chunks if isinstance(chunk, SampleChunk)]
    happened = [chunk for chunk in chunks if isinstance(chunk, EventChunk)]
    values = [chunk.value for chunk in samples] + [chunk.count for chunk in happened]
    return Read(
        header=header,
        time_s=np.concatenate([chunk.time_s for chunk in chunks]) if chunks else np.empty(0),
        value=np.concatenate(values) if values else np.empty(0),
        events=[
            (float(time), labels[label])
            for chunk in happened
            for time, label in zip(chunk.time_s, chunk.label, strict=True)
        ],
    )


def read_text(folder: Path, text: str, name: str = "series.csv", **options: Any) -> Read:
    """Write a table of text and read it back."""
    path = folder / name
    path.write_bytes(text.encode())
    return read_all(path, **options)
