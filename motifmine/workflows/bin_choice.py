"""Choice of the length of time bins: that in which motifs describe a recording shortest.

Of sampled channels, two lengths are compared. Motifs are grown at both, of the length that is
chosen in each, on the beginning of a recording. In finer bins there are as many more observations
of the same thing, so that what motifs save is compared by observation. Where five samples a bin are
fine enough, finer bins save 30 % less to 15 % more: less than before is averaged, and each motif
has more cells to describe. Where steps of a motif are shorter than a bin, they save half as much
again.

Events are the same number in all bins. What motifs save against the rates of labels is then a ratio
of likelihoods of one point process, which can be compared between bins as it is: bins that hide
the order of events save less, and so do those in which one motif's events scatter over many bins.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from motifmine.features.series.bin_length import round_up
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
from motifmine.records.series import Chunk, EventChunk, SeriesReader, WrappingReader, select_rows
from motifmine.records.settings import Preparation
from motifmine.records.table import ObservationTable, join_tables, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.workflows.extract_series import SeriesTask, encode_part
from motifmine.workflows.specify import size_choice, specify_model

LEAST_GAIN = 1.25  # ratio of savings per observation from which finer bins are taken
STRETCH_BINS = 2000  # longest stretch that is compared, in the usual bins: a hundred usual lengths
LEAST_BINS = 200  # shortest document, in the finest bins: less holds too few of anything
STRETCH_OBSERVATIONS = 10_000  # in the usual bins; more would take longer than a fit may
STRETCH_EVENTS = 5000  # first events that lengths of bins are compared on
LEAST_NATS = 20.0  # and how much more is saved at least
PATIENCE = 2  # lengths in one direction that save no more than the best before it is given up
# next length before rounding up to 1, 2, 5, 10..., and the ratio of savings from which it is taken:
# finer bins cost time
FINER, COARSER = (1 / 2.6, 1.1), (1.1, 1.02)
MOST_STRETCH_BINS = 1 << 19
MOST_MOTIF_BINS = 150  # length of motifs beyond which no finer bins are tried: fits would take long


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
    least = LEAST_BINS * min(job.bins) / usual_s
    if usual.document_lengths.max(initial=0) < least or not len(usual.word):
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
    savings = []
    for table in (usual, finer):
        saving, total, _ = _measure_saving(table)
        savings.append(saving / total)
    # where nothing recurs at either, the usual bins stay
    return savings[1] > LEAST_GAIN * max(savings[0], 0.0)


def _measure_saving(table: ObservationTable) -> tuple[float, float, float]:
    """Return how many nats motifs save, of how many observations, and their length in seconds."""
    choice = size_choice(DEFAULT_MODEL)
    spec = specify_model(FitRequest(model=DEFAULT_MODEL), table.vocabulary, table.bin_s)
    spec, _ = choice.choose_length(table, spec, seed=0)
    counts = Preparation().resolve(table).apply(table)
    saving = choice.compute_saving(counts, spec, seed=0)
    return saving, counts.total, spec.motif_length * table.bin_s


def choose_event_bins(events: EventChunk, n_labels: int, usual_s: float) -> float:
    """Return the length of the time bins in which motifs describe events shortest, seconds.

    Parameters
    ----------
    events : EventChunk
        The first of a recording.
    n_labels : int
        Number of labels.
    usual_s : float
        Length that is kept where nothing recurs in it or in its neighbours, seconds.
    """
    first = select_rows(events, slice(STRETCH_EVENTS))
    best_s, (most, usual_length_s) = usual_s, _measure_event_saving(first, n_labels, usual_s)
    for step, least_ratio in (FINER, COARSER):
        bin_s, length_s, n_worse = best_s, usual_length_s, 0
        while n_worse < PATIENCE:
            bin_s = round_up(step * bin_s)
            if length_s / bin_s > MOST_MOTIF_BINS:
                break
            saving, length_s = _measure_event_saving(first, n_labels, bin_s)
            if saving > max(least_ratio * most, most + LEAST_NATS):
                best_s, most, n_worse = bin_s, saving, 0
            else:
                n_worse += 1
        if best_s != usual_s:
            break
    return best_s


def _measure_event_saving(events: EventChunk, n_labels: int, bin_s: float) -> tuple[float, float]:
    """Return how many nats motifs save in such bins, 0 for none, and their length in seconds."""
    time = np.floor(events.time_s / bin_s).astype(np.int64)
    n_times = int(time[-1] - time[0] + 1)
    # too short for a recurrence, or too fine for a table
    if not LEAST_BINS <= n_times <= MOST_STRETCH_BINS:
        return 0.0, bin_s
    table = table_from_rows(
        time=time - time[0],
        word=events.label,
        count=events.count,
        n_times=n_times,
        vocabulary=Vocabulary.of_labels([str(label) for label in range(n_labels)]),
        bin_s=bin_s,
        name="stretch",
    )
    saving, _, length_s = _measure_saving(table)
    return max(saving, 0.0), length_s
