"""A fit as people use it from Python: labelled motifs, occurrences as a data frame, a report."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.analysis import comparison, evaluation
from motifmine.analysis.comparison import Comparison
from motifmine.analysis.evaluation import Evaluation
from motifmine.api.plots import Plots, find_recording
from motifmine.api.tables import Data, as_frame, as_table
from motifmine.errors import DataError
from motifmine.files import write_text
from motifmine.io.hdf5 import store
from motifmine.io.truth_files import check_columns, parse_truth, read_truth
from motifmine.models.registry import locate_motifs
from motifmine.records.fit import FitRecord, MotifSet
from motifmine.records.table import ObservationTable
from motifmine.records.truth import Truth
from motifmine.reporting.export.formats import occurrences_to_arrow, write_occurrences
from motifmine.reporting.html.page import render_report, write_report
from motifmine.reporting.rows import list_motifs, list_occurrences
from motifmine.types import Floats
from motifmine.validation import check_argument_types, require_package
from motifmine.workflows.explain import explain_heaviest
from motifmine.workflows.mine import locate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Motifs(MotifSet):
    """Motifs with the labels of their axes."""

    record: FitRecord
    """The fit that they are of."""

    @property
    def bin_s(self) -> float:
        """Length of a time bin, seconds."""
        return self.record.bin_s

    @property
    def words(self) -> tuple[str, ...]:
        """Labels of the words, length W."""
        return self.record.vocabulary.labels

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the motifs, `motif 1` where none was given, length K."""
        return tuple(self.record.title_of(motif) for motif in range(len(self)))

    def to_xarray(self) -> Any:
        """Return the motifs as an `xarray.DataArray` (motif, relative_time, word), times in s."""
        xarray = require_package("xarray", "to_xarray", "motifmine[notebook]")
        return xarray.DataArray(
            self.probability,
            dims=("motif", "relative_time", "word"),
            coords={
                "motif": list(self.names),
                "relative_time": np.arange(self.motif_length) * self.bin_s,
                "word": list(self.words),
                "weight": ("motif", self.weight),
            },
            name="probability",
            attrs={"relative_time_unit": "s"},
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Fit:
    """Motifs that recur, and when each occurred.

    `motifmine.load_fit` reads one from a file.
    """

    record: FitRecord
    """Everything there is, as in the file of a fit."""
    table: ObservationTable | None = None
    """What it was fitted to; None for a fit from a file."""

    @property
    def motifs(self) -> Motifs:
        """The motifs, heaviest first."""
        found = self.record.motifs
        values = {item.name: getattr(found, item.name) for item in fields(MotifSet)}
        return Motifs(record=self.record, **values)

    @property
    def occurrences(self) -> Any:
        """One row an occurrence, with the columns of the CSV file, as a pandas data frame."""
        return self.to_dataframe("pandas")

    @check_argument_types
    def to_dataframe(self, library: str = "pandas") -> Any:
        """Return the occurrences as a data frame of `pandas`, `polars` or `pyarrow`.

        Raises
        ------
        MissingExtraError
            When the library is not installed.
        """
        # from Arrow every library makes frames without copies of texts
        arrow = occurrences_to_arrow(self.record)
        if library == "pandas":
            require_package("pandas", "a pandas data frame", "motifmine[notebook]")
            return arrow.to_pandas()
        if library == "polars":
            return require_package("polars", "a polars data frame", "polars").from_arrow(arrow)
        if library == "pyarrow":
            return arrow
        raise DataError(f"{library!r} is no library of data frames; pandas, polars or pyarrow")

    @check_argument_types
    def to_pynapple(self, document: int = 0) -> dict[str, Any]:
        """Return the occurrences of a recording as a `pynapple.IntervalSet` of each motif.

        Parameters
        ----------
        document : int
            Index of the recording.
        """
        pynapple = require_package("pynapple", "to_pynapple", "pynapple")
        find_recording(self.record, document)
        mine = np.flatnonzero(self.record.occurrences.document == document)
        rows = list_occurrences(self.record, mine)
        return {
            self.record.title_of(motif): pynapple.IntervalSet(
                # rows number motifs from 1
                start=[row.start_s for row in rows if row.motif == motif + 1],
                end=[row.end_s for row in rows if row.motif == motif + 1],
            )
            for motif in range(len(self.record.motifs))
        }

    def transform(self, data: Data) -> Any:
        """Return the observations that each motif explains by its starts, motifs held fixed.

        Float array (T, K): row t is the mass of the starts in time bin t; of starts before the
        document, row 0 has the mass. A list of them for several documents.
        """
        table, record = self._table(data), self.record
        prepared = record.provenance.spec.preparation.apply_counts(table)
        found = locate_motifs(record, prepared).activations
        parts: list[Floats] = []
        for document, n_times in enumerate(table.document_lengths.tolist()):
            length = record.motifs.motif_length
            starts = found.dense(
                document, n_motifs=len(record.motifs), n_times=n_times, motif_length=length
            ).T
            # a motif may have begun before the recording did: its first row has that mass, so that
            # rows are the time bins of the data
            starts[length - 1] += starts[: length - 1].sum(axis=0)
            parts.append(starts[length - 1 :])
        # as in scikit-learn: an array for an array
        return parts[0] if len(parts) == 1 else parts

    def locate(self, data: Data) -> "Fit":
        """Return the occurrences of these motifs in other data, motifs held fixed.

        Raises
        ------
        DataError
            When the data have other words or time bins.
        """
        table = self._table(data)
        return Fit(record=locate(self.record, table), table=table)

    def score(self, data: Data) -> float:
        """Return the log-likelihood per observation of other data, nats; higher is better."""
        table = self._table(data)
        # roots of counts, where the fit had them: likelihoods of other counts are not comparable
        prepared = self.record.provenance.spec.preparation.apply_counts(table)
        return locate_motifs(self.record, prepared).log_likelihood / prepared.total

    def evaluate(self, truth: Any, *, tolerance_s: float = 0.5, many: bool = False) -> Evaluation:
        """Return how the occurrences agree with a truth, see `motifmine.evaluate`.

        Parameters
        ----------
        truth : Truth, path or data frame
        tolerance_s : float
            Seconds, > 0.
        many : bool
            Assign several motifs to one label where that raises its F1.
        """
        return evaluate(self, truth, tolerance_s=tolerance_s, many=many)

    @check_argument_types
    def report(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the interactive report and return the path of its page.

        Parameters
        ----------
        path : path
            The page, `x.html`: one self-contained file; or a folder, which gets the page and its
            pictures as PNG.
        force : bool
            Replace an existing report.

        Raises
        ------
        WorkspaceError
            When it exists, or cannot be written.
        """
        target = Path(path)
        # what single occurrences explain needs the observations, which a fit's file has not
        seen = {} if self.table is None else explain_heaviest(self.record, self.table)
        if target.suffix != ".html":
            return write_report(self.record, target, explained=seen, force=force)
        # absolute, as addresses of videos are relative to the page
        page = render_report(self.record, target.parent.resolve(), target.stem, explained=seen)
        write_text(target, page, force=force)
        return target

    @check_argument_types
    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the fit as HDF5, which every command of motifmine reads, and return the path.

        Raises
        ------
        WorkspaceError
            When the file exists and `force` is not set, or cannot be written.
        """
        store.write_fit(Path(path), self.record, force=force)
        return Path(path)

    @check_argument_types
    def export(self, path: str | Path, form: str, *, force: bool = False) -> list[Path]:
        """Write the occurrences in a format of `motifmine occurrences --format`.

        Parameters
        ----------
        path : path
            File, or for formats of one recording a folder.
        form : str
            `csv`, `json`, `parquet`, `srt`, `vtt`, `eaf`, `boris`, `labels` or `nwb`.
        force : bool
            Overwrite what exists.
        """
        return write_occurrences(self.record, form, Path(path), force=force)

    @property
    def plot(self) -> Plots:
        """Figures of matplotlib: `fit.plot.motifs()`, `fit.plot.occurrences()`."""
        return Plots(self.record)

    def _table(self, data: Data) -> ObservationTable:
        """Return data as a table of the fit's scene; an array without labels has the fit's."""
        record = self.record
        table = as_table(data, bin_s=record.bin_s, words=record.vocabulary.labels)
        # motifs of other words or bins would be found nowhere, without a word why
        self.record.scene.check(table.scene, "the table")
        return table

    def __repr__(self) -> str:
        return repr(self.record).replace("FitRecord", "Fit", 1)

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{row.number}</td><td>{100 * row.share:.1f} %</td>"
            f"<td>{row.occurrences}</td><td>{row.duration_s:.3g} s</td></tr>"
            for row in list_motifs(self.record)
        )
        head = "<tr><th>motif</th><th>share</th><th>occurrences</th><th>90 % within</th></tr>"
        return f"<p>{self!r}</p><table>{head}{cells}</table>"


@check_argument_types
def load_fit(path: str | Path) -> Fit:
    """Return a fit from its file.

    Raises
    ------
    FormatError
        When it is no fit of motifmine, or damaged.
    """
    return Fit(record=store.read_fit(Path(path)))


@check_argument_types
def evaluate(
    fit: Fit | FitRecord, truth: Any, *, tolerance_s: float = 0.5, many: bool = False
) -> Evaluation:
    """Return how the occurrences of a fit agree with a truth.

    Motifs and labels are matched, and each motif gets a constant offset, as by `motifmine
    evaluate`, see `motifmine.analysis.evaluation.evaluate`.

    Parameters
    ----------
    fit : Fit
        Or its record.
    truth : Truth, path or data frame
        A CSV or JSON file, or a frame, has the columns `label`, `start_s` and optionally `document`
        and `end_s`.
    tolerance_s : float
        Seconds, > 0.
    many : bool
        Assign several motifs to one label where that raises its F1.

    Raises
    ------
    FormatError
        When the truth cannot be read, or is of other recordings.
    DataError
        When the tolerance is not positive, or the truth is none of these.
    """
    record = _record_of(fit)
    return evaluation.evaluate(record, _as_truth(truth, record), tolerance_s=tolerance_s, many=many)


@check_argument_types
def compare_fits(
    fits: Sequence[Fit | FitRecord], *, least: float = comparison.LEAST_SIMILARITY
) -> Comparison:
    """Return which motifs of the first fit are found in the others.

    See `motifmine.analysis.comparison.compare_fits`.

    Parameters
    ----------
    fits : sequence of Fit
        Two or more, or their records.
    least : float
        Smallest similarity of a match, 0 to 1.

    Raises
    ------
    DataError
        When there are fewer than two, or they are over different words or time bins.
    """
    return comparison.compare_fits([_record_of(fit) for fit in fits], least=least)


def _record_of(fit: object) -> FitRecord:
    if not isinstance(fit, Fit | FitRecord):
        raise DataError(f"{type(fit).__name__} is no fit; give what 'fit' or 'load_fit' returned")
    return fit.record if isinstance(fit, Fit) else fit


def _as_truth(truth: Any, record: FitRecord) -> Truth:
    if isinstance(truth, Truth):
        return truth
    if isinstance(truth, str | Path):
        return read_truth(Path(truth), record)
    frame = as_frame(truth)
    check_columns("the data frame", frame.columns)
    rows = (
        # pandas has NaN, which is not itself, where nothing is given
        (f"row {number}", {k: v if v == v else None for k, v in row.items()})  # noqa: PLR0124
        for number, row in enumerate(frame.iter_rows(named=True))
    )
    return parse_truth("the data frame", rows, record)
