"""Hypothesis strategies: small tables of observations, and motifs."""

import numpy as np
from hypothesis import strategies as st

from motifmine.records.table import ObservationTable, join_tables
from motifmine.types import Floats32
from tests.helpers.tables import table_of_rows


@st.composite
def documents(draw: st.DrawFn, *, n_words: int, name: str = "document") -> ObservationTable:
    """A table of one document of up to 12 time bins, which may hold nothing."""
    n_times = draw(st.integers(1, 12))
    cell = st.tuples(st.integers(0, n_times - 1), st.integers(0, n_words - 1), st.integers(1, 9))
    rows = np.array(draw(st.lists(cell, max_size=20)), dtype=np.int64).reshape(-1, 3)
    return table_of_rows(
        rows[:, 0], rows[:, 1], n_times=n_times, n_words=n_words, count=rows[:, 2], name=name
    )


@st.composite
def tables(draw: st.DrawFn) -> ObservationTable:
    """A table of up to four documents over the same words."""
    n_words = draw(st.integers(1, 6))
    n_documents = draw(st.integers(1, 4))
    parts = [draw(documents(n_words=n_words, name=f"document {d}")) for d in range(n_documents)]
    return join_tables(parts)


@st.composite
def motifs(draw: st.DrawFn, *, n_words: int) -> Floats32:
    """Up to three motifs (K, L, W), each summing to 1."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 5)), n_words)
    size = int(np.prod(shape))
    cells = np.array(draw(st.lists(st.integers(0, 5), min_size=size, max_size=size)), np.float32)
    cells = cells.reshape(shape) + np.float32(0.01)
    scaled: Floats32 = cells / cells.sum(axis=(1, 2), keepdims=True)
    return scaled
