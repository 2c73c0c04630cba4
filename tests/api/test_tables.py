"""Tables from arrays and data frames."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray as xr
from scipy.sparse import csr_array

from motifmine import Table
from motifmine.api.tables import as_table
from motifmine.errors import DataError

COUNTS = np.array([[0, 2], [1, 0], [0, 0], [3, 1.5]])
WORDS = ["door", "lift"]


def is_same(table: Any) -> bool:
    return bool(np.array_equal(table.dense().T, COUNTS) and list(table.vocabulary.labels) == WORDS)


@pytest.mark.parametrize("form", [np.array, csr_array, lambda a: a.tolist()])
def test_counts_of_an_array_are_kept(form: Any) -> None:
    table = Table.from_array(form(COUNTS), bin_s=0.5, words=WORDS)
    assert is_same(table)
    assert table.bin_s == 0.5
    assert table.recordings[0].bin_start_s.tolist() == [0, 0.5, 1, 1.5]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_columns_of_a_frame_of_counts_are_words(frame: Any) -> None:
    columns = dict(zip(WORDS, COUNTS.T, strict=True))
    assert is_same(as_table(frame(columns)))


def test_the_last_axis_of_an_xarray_names_the_words() -> None:
    array = xr.DataArray(COUNTS, dims=("time", "word"), coords={"word": WORDS})
    assert is_same(as_table(array))


def test_a_list_gives_a_document_each() -> None:
    table = as_table([COUNTS, COUNTS[:2]])
    assert table.document_lengths.tolist() == [4, 2]
    twice = as_table([Table.from_array(COUNTS), Table.from_array(COUNTS)])
    assert len({recording.name for recording in twice.recordings}) == 2


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.array([1.0, 2.0]), "1 dimensions"),
        (np.array([[1.0, -2.0]]), "not negative"),
        (np.array([[1.0, np.nan]]), "finite"),
        (np.array([["a", "b"]]), "no numbers"),
    ],
)
def test_other_arrays_are_refused(counts: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Table.from_array(counts)


def test_words_are_as_many_as_columns() -> None:
    with pytest.raises(DataError, match="3 names of words for 2 columns"):
        Table.from_array(COUNTS, words=["a", "b", "c"])


def _measured(library: str) -> Any:
    """Return five minutes of a temperature that rises and falls, sampled each second."""
    time = pd.date_range("2026-03-14", periods=300, freq="s")
    value = 20 + np.sin(np.arange(300) / 5)
    columns = {"t": time, "temp": value}
    return pd.DataFrame(columns) if library == "pandas" else pl.DataFrame(columns)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_measured_values_are_coded_as_from_a_file(library: str) -> None:
    table = Table.from_dataframe(_measured(library), time="t")
    assert isinstance(table, Table)
    assert table.vocabulary.kind == "channels"
    assert table.n_times * table.bin_s == pytest.approx(300, abs=5)
    assert all("temp" in label for label in table.vocabulary.labels)


def test_an_index_of_times_is_a_column() -> None:
    frame = _measured("pandas").set_index("t")
    assert len(Table.from_dataframe(frame, time="t").word) > 0


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="no column 'when'; columns are t, temp"):
        Table.from_dataframe(_measured("polars"), time="when")
    with pytest.raises(DataError, match="dict is no data frame"):
        Table.from_dataframe({"t": [1]}, time="t")
