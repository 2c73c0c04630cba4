"""Choice between two lengths of time bins of sampled channels: which lets motifs describe more.

Motifs of one length in seconds are grown at both, on the beginning of a recording. In finer bins
there are as many more observations of the same thing, so that what motifs save is compared by
observation. Where five samples a bin are fine enough, finer bins save 30 % less to 15 % more:
less than before is averaged, and each motif has more cells to describe. Where steps of a motif are
shorter than a bin, they save half as much again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from motifmine.features.series.binning import bin_series
from motifmine.features.series.survey import (
    SeriesSettings,
    make_options,
    merge_surveys,
    survey_values,
)
from motifmine.io.series.open import open_series
from motifmine.models import DEFAULT_MODEL
from motifmine.models.request import FitRequest
from motifmine.parallel.isolated import Report
from motifmine.progress import Progress
from motifmine.records.series import Chunk, SeriesReader, WrappingReader, select_rows
from motifmine.records.settings import Preparation
from motifmine.records.table import ObservationTable, join_tables
from motifmine.workflows.extract_series import SeriesTask, encode_part
from motifmine.workflows.specify import size_choice, specify_model

LEAST_GAIN = 1.25  # ratio of savings per observation from which finer bins are taken
STRETCH_BINS = 2000  # longest stretch that is compared, in the usual bins: a hundred usual lengths
LEAST_BINS = 200  # shortest document: less holds too few occurrences of anything
STRETCH_OBSERVATIONS = 10_000  # in the usual bins; more would take longer than a fit may


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchJob:
    """One source whose beginning is to be binned."""

    path: Path
    settings: SeriesSettings
    bins: tuple[float, float]
    """Usual and finer time bin, seconds."""


class Stretch(WrappingReader):
    """The beginning of a series, in memory."""

    def __init__(self, reader: SeriesReader, duration_s: float) -> None:
        super().__init__(reader)
        self._chunks = list(_cut(reader, duration_s))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows of the stretch."""
        yield from self._chunks


def _cut(reader: SeriesReader, duration_s: float) -> Iterator[Chunk]:
    """Yield the rows of channels up to `duration_s` seconds after the first."""
    end_s = None
    for chunk in reader.chunks():
        if not len(chunk.time_s):
            continue
        end_s = float(chunk.time_s[0]) + duration_s if end_s is None else end_s
        yield select_rows(chunk, slice(int(chunk.time_s.searchsorted(end_s))))
        if chunk.time_s[-1] >= end_s:
            return


def read_stretches(job: StretchJob, report: Report) -> list[ObservationTable] | None:
    """Return the beginning of a source in both bins; None if it is too short to compare them."""

    def on_position(position_s: float) -> None:
        report(Progress(position_s, source=job.path))

    # the cache of bins is for the bins that are taken
    job = replace(job, settings=replace(job.settings, spool=None))
    usual_s = job.bins[0]
    with open_series(job.path, make_options(job.settings)) as opened:
        stretch = Stretch(opened, STRETCH_BINS * usual_s)
    usual = _bin_stretch(job, stretch, usual_s)
    if usual.document_lengths.max(initial=0) < LEAST_BINS or not len(usual.word):
        return None
    on_position(0.0)
    share = STRETCH_OBSERVATIONS / max(len(usual.word), 1)
    if share < 1:
        stretch = Stretch(stretch, max(share * usual.n_times, LEAST_BINS) * usual_s)
    return [_bin_stretch(job, stretch, bin_s) for bin_s in job.bins]


def _bin_stretch(job: StretchJob, stretch: Stretch, bin_s: float) -> ObservationTable:
    found = survey_values(job.path, stretch, job.settings, bin_s=bin_s, stream=0)
    scene = merge_surveys([found], job.settings, None)
    task = SeriesTask(path=job.path, name="0", start_utc="", settings=job.settings, scene=scene)
    parts = bin_series(
        stretch, bin_s=bin_s, max_gap_s=job.settings.max_gap_s, hold=job.settings.hold
    )
    return join_tables(
        [
            encode_part(replace(task, name=str(number)), stretch, part)[0]
            for number, part in enumerate(parts)
        ]
    )


def is_finer_better(usual: ObservationTable, finer: ObservationTable) -> bool:
    """Return whether motifs shorten the description of the finer table clearly more."""
    choice = size_choice(DEFAULT_MODEL)
    spec = specify_model(FitRequest(model=DEFAULT_MODEL), usual.vocabulary, usual.bin_s)
    spec, _ = choice.choose_length(usual, spec, seed=0)
    length_s = spec.motif_length * usual.bin_s
    savings = []
    for table in (usual, finer):
        counts = Preparation().resolve(table).apply(table)
        same = replace(spec, motif_length=round(length_s / table.bin_s))
        savings.append(choice.compute_saving(counts, same, seed=0) / counts.total)
    # where nothing recurs at either, the usual bins stay
    return savings[1] > LEAST_GAIN * max(savings[0], 0.0)
