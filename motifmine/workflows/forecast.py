"""Forecasts by a fit of a workspace, and how well it predicts other recordings."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from motifmine.analysis.forecasting import (
    Forecast,
    make_forecaster,
    score_forecasts,
    usual_words,
)
from motifmine.errors import DataError
from motifmine.io.hdf5 import changes, store
from motifmine.parallel.memory import check_memory
from motifmine.records.fit import FitRecord
from motifmine.records.forecast import ForecastScores
from motifmine.records.table import ObservationTable, join_tables
from motifmine.workflows.workspace import Workspace

HORIZONS = (1, 2, 4, 8, 16)  # bins ahead that predictions are scored at


def forecast(workspace: Workspace, name: str | None, n_bins: int, table: Path | None) -> Forecast:
    """Return what a fit expects after the end of a recording.

    Without a name: of the newest fit; without a table: of its last recording, whose table must be
    in the workspace.
    """
    record = store.read_fit(workspace.find_fit(name))
    # rates of words and of motifs, what they are made from, and their rows as text
    check_memory(64 * n_bins * (record.motifs.n_words + len(record.motifs)), f"{n_bins} bins")
    path = table or workspace.table_path(record.recordings[-1].name)
    counts = _prepare(record, store.read_table(path))
    forecaster = make_forecaster(record)
    for begin, end in pairwise(counts.offsets.tolist()):
        forecaster.step(counts.word[begin:end], counts.count[begin:end])
    recording = counts.recordings[0]
    return Forecast(
        record=record,
        recording=recording.name,
        end_s=recording.extent_s(counts.bin_s)[1],
        expected=forecaster.predict(n_bins),
        going_on=forecaster.going_on(n_bins),
    )


def score_fits(
    workspace: Workspace, names: Sequence[str], tables: Sequence[Path], *, keep: bool = False
) -> ForecastScores:
    """Return how well fits predict tables that they have not learned from.

    Parameters
    ----------
    workspace : Workspace
    names : sequence of str
        Fits that share a vocabulary; counts are prepared as for the first.
    tables : sequence of Path
    keep : bool
        Write the scores into the first fit, whose report then draws them.

    Raises `DataError` when a table is one that a fit was learned from, or of another scene.
    """
    records = {name: store.read_fit(workspace.find_fit(name)) for name in names}
    first = next(iter(records.values()))
    table = join_tables([store.read_table(path) for path in tables])
    for name, record in records.items():
        known = {recording.name for recording in record.recordings}
        if used := sorted(known & {recording.name for recording in table.recordings}):
            raise DataError(f"{name} was learned from {used[0]}; score it on other tables")
        _prepare(record, table)
    longest = max(recording.n_times for recording in table.recordings)
    scores = score_forecasts(
        _prepare(first, table),
        {name: make_forecaster(record) for name, record in records.items()},
        usual_words(first),
        tuple(horizon for horizon in HORIZONS if horizon < max(longest, 2)),
    )
    if keep:
        changes.write_part(workspace.find_fit(names[0]), "forecast", scores)
    return scores


def _prepare(record: FitRecord, table: ObservationTable) -> ObservationTable:
    record.scene.check(table.scene, "the table")
    return record.provenance.spec.preparation.apply_counts(table)
