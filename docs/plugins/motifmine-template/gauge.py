"""A reader: files `.gauge`, a line per sample with time, depth and flow."""

import numpy as np

from motifmine.io.readers import ReaderEntry
from motifmine.records.series import SampleChunk, SeriesHeader


class GaugeReader:
    """A series in a file; a context manager, because files are closed at its end."""

    def __init__(self, path, options):
        self.rows = np.loadtxt(path, skiprows=1, ndmin=2)
        self.header = SeriesHeader(channels=("depth", "flow"), units=("m", ""))

    def chunks(self):
        """Yield samples in order of time; here all at once."""
        yield SampleChunk(time_s=self.rows[:, 0], value=self.rows[:, 1:])

    def labels(self):
        """Return the names of the channels."""
        return self.header.channels

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


ENTRY = ReaderEntry(
    suffixes=(".gauge",), gives="series", open="gauge:GaugeReader", signature=b"#GAUGE"
)
