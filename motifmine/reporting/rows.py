"""Motifs and occurrences as rows, with names, times and statistics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.records.wall_clock import clock_starts
from motifmine.reporting.times import format_clock_time, format_time
from motifmine.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One instant of one recording."""

    document: int
    recording: str
    start_s: float
    """Seconds of the recording; negative before its first bin."""
    start_utc: str
    """The same on the wall clock in ISO 8601, "" if unknown."""

    def __str__(self) -> str:
        return self.start_utc or f"{format_time(self.start_s)} in {self.recording}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MotifRow:
    """What there is to say about one motif."""

    motif: int
    """Index, counts from 0 as in HDF5."""
    share: float
    """Share of all observations, 0 to 1."""
    occurrences: int
    per_hour: float
    """Occurrences per hour of recording."""
    duration_s: float
    """Length of the shortest stretch that holds 90 % of the motif's mass, seconds."""
    first: Moment | None
    """Start of the earliest occurrence, None when there is none."""
    last: Moment | None
    name: str = ""
    """What people call it, "" without a name."""
    stability: float | None = None
    """Mean similarity with the motif most like it in refits to resampled data, 0 to 1."""
    found_again: float | None = None
    """Share of these refits that hold it, 0 to 1."""
    p_value: float | None = None
    """Probability that chance gives as much evidence in data it was not learned from."""
    recurring_share: float | None = None
    """Share of what it explained there that its sure occurrences hold, 0 to 1."""

    @property
    def number(self) -> int:
        """The motif's number for people: counts from 1."""
        return self.motif + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRow:
    """One occurrence with all its times; the fields are the columns of the CSV file."""

    document: int
    recording: str
    motif: int
    """The motif's number for people: counts from 1, as in tables and reports."""
    start_bin: int
    start_s: float
    """Seconds of the recording, to the millisecond; negative before its first bin."""
    start_time: str
    """The same as HH:MM:SS.mmm."""
    start_utc: str
    """The same on the wall clock in ISO 8601, "" if unknown."""
    weight: float
    """Observations that the occurrence explains."""
    score: float
    """Log-likelihood ratio of having it against leaving it out, nats."""
    end_s: float
    """The occurrence's own end where the model gives one, else when 90 % of the motif are over, or
    the recording is, seconds of the recording; see `MotifSet.span_bins`."""
    motif_name: str
    """What people call the motif, "" without a name."""
    false_probability: float | None = None
    """Probability that the occurrence is false; None where it was not tested."""
    false_per_hour: float | None = None
    """False occurrences of at least this score that are expected in an hour; None: not tested."""
    probability: float | None = None
    """Probability of the occurrence by the sweeps that have it; None where nothing was sampled."""
    tempo: float | None = None
    """Speed relative to the motif: 2 is half as long; None where motifs have one tempo."""


WHERE_TESTED = ("false_probability", "false_per_hour", "probability", "tempo")
"""Fields of occurrences that only some fits have: tested, sampled, or of several tempos."""


def list_motifs(record: FitRecord) -> list[MotifRow]:
    """Return one row per motif, heaviest first.

    First and last time go by the wall clock when every recording has one, else by the order of
    the documents.
    """
    found = record.occurrences
    clock = clock_starts(record.recordings)
    hours = record.duration_s() / 3600
    extent = record.motifs.extent_bins()
    steady, tested = record.stability, record.significance
    if all(start is not None for start in clock):
        base = np.array([0.0 if start is None else start.timestamp() for start in clock])
        order = np.argsort(base[found.document] + found.start_s, kind="stable")
    else:
        order = np.lexsort((found.start_s, found.document))
    rows = []
    for motif in range(len(record.motifs)):
        mine = order[found.motif[order] == motif]
        ends = [_make_moment(record, clock, int(mine[i])) for i in (0, -1) if len(mine)]
        rows.append(
            MotifRow(
                motif=motif,
                share=float(record.motifs.weight[motif]),
                occurrences=len(mine),
                per_hour=len(mine) / hours if hours > 0 else 0.0,
                duration_s=float(extent[motif]) * record.bin_s,
                first=ends[0] if ends else None,
                last=ends[-1] if ends else None,
                name=record.name_of(motif),
                stability=None if steady is None else float(steady.similarity[motif]),
                found_again=None if steady is None else float(steady.share[motif]),
                p_value=None if tested is None else float(tested.p_value[motif]),
                recurring_share=None
                if tested is None or np.isnan(tested.p_value[motif])
                else float(tested.recurring_share[motif]),
            )
        )
    return rows


def list_occurrences(record: FitRecord) -> list[OccurrenceRow]:
    """Return one row per occurrence, sorted by document, start and motif."""
    found = record.occurrences
    clock = clock_starts(record.recordings)
    names = [recording.name for recording in record.recordings]
    sampled = record.posterior
    probability = (
        [None] * len(found) if sampled is None else sampled.occurrence_probability.tolist()
    )
    rows = []
    first_s = [recording.extent_s(record.bin_s)[0] for recording in record.recordings]
    end_s = _end_s(record)
    for i, sure in enumerate(probability):
        document, motif = int(found.document[i]), int(found.motif[i])
        # fits of older versions have starts before the recording
        start_s = max(float(found.start_s[i]), first_s[document])
        rows.append(
            OccurrenceRow(
                document=document,
                recording=names[document],
                motif=motif + 1,
                start_bin=int(found.start_bin[i]),
                start_s=round(start_s, 3),
                start_time=format_time(start_s),
                start_utc=format_clock_time(clock[document], start_s),
                weight=float(found.weight[i]),
                score=float(found.score[i]),
                end_s=round(float(end_s[i]), 3),
                motif_name=record.name_of(motif),
                false_probability=_value(found.false_probability, i),
                false_per_hour=_value(found.false_per_hour, i),
                probability=sure,
                tempo=_value(found.tempo, i),
            )
        )
    return rows


def _value(column: Floats | None, at: int) -> float | None:
    return None if column is None else float(column[at])


def _end_s(record: FitRecord) -> Floats:
    """Return when every occurrence ends: by itself, or with 90 % of its motif or the recording."""
    found = record.occurrences
    if found.end_s is not None:
        return found.end_s
    n_bins = record.motifs.span_bins()[1][found.motif]
    if found.tempo is not None:
        n_bins = np.maximum(np.rint(n_bins / found.tempo), 1).astype(np.int64)
    last = found.start_bin + n_bins - 1
    end_s = np.zeros(len(found))
    for document, recording in enumerate(record.recordings):
        mine = found.document == document
        inside = np.clip(last[mine], 0, recording.n_times - 1)
        end_s[mine] = recording.bin_start_s[inside] + record.bin_s
    return end_s


def _make_moment(record: FitRecord, clock: Sequence[datetime | None], occurrence: int) -> Moment:
    document = int(record.occurrences.document[occurrence])
    start_s = float(record.occurrences.start_s[occurrence])
    return Moment(
        document=document,
        recording=record.recordings[document].name,
        start_s=round(start_s, 3),
        start_utc=format_clock_time(clock[document], start_s),
    )
