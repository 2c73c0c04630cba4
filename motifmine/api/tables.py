"""Tables of observations from arrays, data frames and recordings, without a workspace."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.errors import DataError, MotifmineError
from motifmine.features.series.survey import SeriesSettings
from motifmine.records.table import (
    ObservationTable,
    join_tables,
    table_from_rows,
)
from motifmine.records.vocabulary import Vocabulary
from motifmine.validation import check_argument_types
from motifmine.workflows.extract_jobs import ExtractionSettings
from motifmine.workflows.extract_topics import extract_recordings
from motifmine.workflows.workspace import Workspace

Data = Any
"""What a model is fitted to: a table, an array (time, word) of counts, dense or sparse, a data
frame or xarray of counts, or a sequence of these, one a document."""


class Table(ObservationTable):
    """An `ObservationTable` with constructors for arrays and data frames.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.random.default_rng(0).poisson(0.2, (200, 3))
    >>> Table.from_array(counts, bin_s=0.25, words=["door", "lift", "stairs"])
    Table(1 documents, 200 time bins of 0.25 s, 3 words, 120 observations)
    """

    __slots__ = ()

    @classmethod
    def of(cls, table: ObservationTable) -> "Table":
        """Return a table as one of this class; arrays are shared."""
        if isinstance(table, cls):
            return table
        # not `asdict`, which would copy the arrays
        return cls(**{item.name: getattr(table, item.name) for item in fields(ObservationTable)})

    @classmethod
    @check_argument_types
    def from_array(
        cls,
        counts: Data,
        *,
        bin_s: float = 1.0,
        words: Sequence[object] | None = None,
        name: str = "document",
    ) -> "Table":
        """Return the table of counts that are binned already.

        Parameters
        ----------
        counts : array (T, W), sparse matrix (T, W), or a sequence of these
            Counts of W words in T time bins, finite and >= 0; of a sequence each is a document.
        bin_s : float
            Length of a time bin, seconds, > 0.
        words : sequence, length W, or None
            Labels of the words, as texts; None: `word 1`, `word 2`, ...
        name : str
            Name of the document; those of a sequence are numbered.

        Raises
        ------
        DataError
            When an array has not two dimensions, or counts are negative or not finite.
        """
        # a list of rows of numbers is one document, a list of matrices several
        if isinstance(counts, list | tuple) and len(counts) and np.ndim(counts[0]) > 1:
            parts = [
                cls.from_array(part, bin_s=bin_s, words=words, name=f"{name}-{number:04d}")
                for number, part in enumerate(counts, start=1)
            ]
            widths = sorted({part.n_words for part in parts})
            if len(widths) > 1:
                raise DataError(f"arrays of one list have {widths} columns; give all words to each")
            return cls.of(join_tables(parts))
        time, word, value, shape = _entries(counts)
        labels = [
            *map(str, (f"word {i}" for i in range(1, shape[1] + 1)) if words is None else words)
        ]
        if len(labels) != shape[1]:
            raise DataError(
                f"there are {len(labels)} names of words for {shape[1]} columns of counts"
            )
        if twice := [label for label, n in Counter(labels).items() if n > 1]:
            raise DataError(f"several words are called {twice[0]!r}; give each a name of its own")
        table = table_from_rows(
            time=time,
            word=word,
            count=value,
            n_times=shape[0],
            vocabulary=Vocabulary.of_labels(labels),
            bin_s=bin_s,
            name=name,
        )
        return cls.of(table)

    @classmethod
    @check_argument_types
    def from_dataframe(
        cls,
        frame: Data,
        *,
        time: str | None = None,
        series: SeriesSettings | None = None,
        bin_s: float | None = None,
        name: str = "frame",
    ) -> "Table":
        """Return the table of a data frame of measured values, coded as `motifmine extract` does.

        Bins, gaps and the kind of words are decided by the data as for a file; counts that are
        binned already are for `from_array`.

        Parameters
        ----------
        frame : data frame
            Of pandas, polars, pyarrow or another library that narwhals reads; a column of times
            and one a channel.
        time : str or None
            Column of times; None: recognised. A pandas index of times is a column, too.
        series : SeriesSettings or None
            Settings of the extraction.
        bin_s : float or None
            Length of a time bin, seconds; None: by the sampling.
        name : str
            Name of the recording.

        Raises
        ------
        DataError
            When it is no data frame, or has no such column.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415 (takes a while to import)

        # through a file: recognition of times, gaps and kinds of words is that of `extract`, and
        # reads sources block by block
        columns = _arrow_of(frame, time)
        with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
            path = Path(folder) / "frame.parquet"
            pq.write_table(columns, path)
            try:
                table = extract(path, time_column=time, series=series, bin_s=bin_s)
            except MotifmineError as error:
                # nobody knows the file
                raise type(error)(str(error).replace(str(path), "the data frame")) from error
        recordings = [replace(r, name=r.name.replace("frame", name, 1)) for r in table.recordings]
        return replace(table, recordings=tuple(recordings))

    def __repr__(self) -> str:
        # only the name of the class: a recording may be called so, too
        return super().__repr__().replace("ObservationTable", "Table", 1)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(r.name)}</td><td>{r.n_times * self.bin_s:g} s</td></tr>"
            # a notebook shows the table whole, and archives have thousands
            for r in self.recordings[:20]
        )
        return f"<p>{self!r}</p><table><tr><th>document</th><th>length</th></tr>{rows}</table>"


@check_argument_types
def extract(
    sources: str | Path | Sequence[str | Path],
    *,
    bin_s: float | None = None,
    time_column: str | None = None,
    series: SeriesSettings | None = None,
    settings: ExtractionSettings | None = None,
    workers: int | None = None,
) -> Table:
    """Return the table of recordings: what `motifmine extract` writes, in memory.

    Sources are read in processes of their own; a script that calls this needs the usual
    `if __name__ == "__main__":`.

    Parameters
    ----------
    sources : path or paths
        Videos, series, sounds, lists of events; files, folders and patterns.
    bin_s : float or None
        Length of a time bin, seconds; None: as `motifmine extract` chooses.
    time_column : str or None
        Column of times of a series; None: recognised.
    series : SeriesSettings or None
        Settings for series.
    settings : ExtractionSettings or None
        All settings; takes the place of the other ones.
    workers : int or None
        Sources that are read at a time; None: the number of cores.

    Raises
    ------
    MotifmineError
        When a source cannot be read: the error of its kind, such as `FormatError` or `VideoError`.
    """
    paths = [sources] if isinstance(sources, str | Path) else list(sources)
    if not paths:
        raise DataError("there are no sources; name at least one file")
    asked = settings or _settings(bin_s, time_column, series)
    # a workspace of its own: tables need not share words with those of any other
    with tempfile.TemporaryDirectory(prefix="motifmine-") as folder:
        workspace = Workspace(Path(folder))
        for outcome in extract_recordings(paths, workspace, asked, workers=workers):
            # unlike the command, which goes on: a script would take a part for the whole
            outcome.raise_failure()
        return Table.of(workspace.read_tables())


def as_table(
    data: Data, *, bin_s: float = 1.0, words: Sequence[object] | None = None
) -> ObservationTable:
    """Return the table of anything a model can be fitted to, see `Data`.

    Parameters
    ----------
    data : Data
    bin_s : float
        Length of the time bins of an array or frame, seconds.
    words : sequence of str or None
        Labels of the columns of an array without labels; None: they are numbered.

    Raises
    ------
    DataError
        When it is none of these, or its shape or values are invalid.
    """
    if isinstance(data, ObservationTable):
        return data
    # arrays have words by their place only, and are joined there
    if isinstance(data, list | tuple) and any(map(_has_labels, data)):
        return join_tables(_distinct([as_table(part, bin_s=bin_s, words=words) for part in data]))
    # xarray, by what it can do: importing it for a comparison of classes takes half a second
    if hasattr(data, "dims") and hasattr(data, "to_numpy"):
        labels = [str(label) for label in data[data.dims[-1]].to_numpy()]
        return Table.from_array(data.to_numpy(), bin_s=bin_s, words=labels)
    # a structured array has names, but no columns
    if hasattr(data, "columns") and not isinstance(data, np.ndarray):
        frame = as_frame(data)
        return Table.from_array(frame.to_numpy(), bin_s=bin_s, words=frame.columns)
    return Table.from_array(data, bin_s=bin_s, words=words)


def _has_labels(data: Data) -> bool:
    return isinstance(data, ObservationTable) or hasattr(data, "dims") or hasattr(data, "columns")


def _distinct(tables: Sequence[ObservationTable]) -> list[ObservationTable]:
    """Return tables whose documents have names of their own."""
    # tables of several runs of a simulation are all called `document-000`
    names = [recording.name for table in tables for recording in table.recordings]
    if len(set(names)) == len(names):
        return list(tables)
    return [
        replace(
            table,
            recordings=tuple(replace(r, name=f"{r.name}-{number:04d}") for r in table.recordings),
        )
        for number, table in enumerate(tables, start=1)
    ]


def _settings(
    bin_s: float | None, time_column: str | None, series: SeriesSettings | None
) -> ExtractionSettings:
    asked = ExtractionSettings() if series is None else ExtractionSettings(series=series)
    if time_column is not None:
        options = replace(asked.series.options, time_column=time_column)
        asked = replace(asked, series=replace(asked.series, options=options))
    if bin_s is not None:
        # which kind of source it is turns out when it is read
        asked = replace(
            asked,
            spec=replace(asked.spec, bin_s=bin_s),
            series=replace(asked.series, bin_s=bin_s),
            label_bin_s=bin_s,
        )
    return asked


def _entries(
    counts: Data,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], tuple[int, int]]:
    """Return row, column and value of the entries that are not 0, and the shape."""
    # all sparse classes of SciPy; a dense copy may not fit in memory
    if hasattr(counts, "tocoo"):
        sparse = counts.tocoo()
        return sparse.row, sparse.col, _as_numbers(sparse.data), sparse.shape
    dense = _as_numbers(counts)
    if dense.ndim != 2:
        raise DataError(
            f"counts have {dense.ndim} dimensions; give an array (time bin, word), or a list of "
            "such arrays"
        )
    # NaN compares as not zero, and is refused with the other values that are not finite
    time, word = np.nonzero(dense)
    return time, word, dense[time, word], (dense.shape[0], dense.shape[1])


def _as_numbers(values: Any) -> NDArray[np.float64]:
    try:
        found = np.asarray(values)
        # NumPy would take the real part of complex numbers, and dates for numbers
        numbers = found.astype(np.float64) if found.dtype.kind in "biufO" else None
    except (TypeError, ValueError) as error:
        raise DataError(f"counts are no numbers: {error}") from error
    if numbers is None:
        raise DataError(f"counts are no numbers, but {found.dtype}")
    return numbers


def _arrow_of(frame: Data, time: str | None) -> Any:
    """Return a data frame as an Arrow table, a pandas index that has a name as a column."""
    if getattr(getattr(frame, "index", None), "name", None) is not None:
        # one without a name only numbers the rows
        frame = frame.reset_index()
    eager = as_frame(frame)
    if time is not None and time not in eager.columns:
        raise DataError(f"there is no column {time!r}; columns are {', '.join(eager.columns)}")
    try:
        return eager.to_arrow()
    # Arrow's errors are these, too
    except (TypeError, ValueError) as error:
        raise DataError(
            f"the data frame has values that are neither numbers, times nor texts: {error}"
        ) from error


def as_frame(frame: Data) -> Any:
    """Return a data frame of any library as one of narwhals.

    Raises `DataError` when it is none, or two columns have one name.
    """
    import narwhals.stable.v1 as nw  # noqa: PLC0415 (needed for data frames only)

    try:
        found = nw.from_native(frame, eager_only=True)
        # narwhals finds out of pandas' columns when they are asked for
        n_names = len(set(found.columns))
    except ValueError:
        n_names = 0
    except TypeError as error:
        raise DataError(
            f"{type(frame).__name__} is no data frame; give one of pandas, polars or pyarrow"
        ) from error
    if n_names < frame.shape[1]:
        raise DataError("two columns of the data frame have the same name; rename one")
    return found
