"""Motifs and occurrences as rows, with names, times and statistics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from motifmine.records.fields import select_entries
from motifmine.records.fit import FitRecord, Occurrences
from motifmine.records.wall_clock import clock_starts
from motifmine.reporting.text_table import escape_undecodable
from motifmine.reporting.times import (
    format_clock_time,
    format_clock_times,
    format_time,
    format_times,
)
from motifmine.types import Floats, Indices, Indices32

if TYPE_CHECKING:
    import pyarrow as pa


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
    base = np.array([np.nan if start is None else start.timestamp() for start in clock])
    has_clock = not np.isnan(base).any()
    rows = []
    for motif in range(len(record.motifs)):
        # in order of documents and starts
        mine = np.flatnonzero(found.motif == motif)
        if has_clock and len(mine):
            # recordings may lie in any order
            when = base[found.document[mine]] + found.start_s[mine]
            edges = mine[[when.argmin(), when.argmax()]]
        else:
            edges = mine[[0, -1]] if len(mine) else mine
        ends = [_make_moment(record, clock, int(edge)) for edge in edges]
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


def list_occurrences(record: FitRecord, chosen: Indices | None = None) -> list[OccurrenceRow]:
    """Return one row per occurrence, sorted by document, start and motif.

    With `chosen` only those of these indices, in their order.
    """
    rows = tabulate_occurrences(record, chosen).to_pylist()
    # columns hold valid UTF-8 only, names of files may be any bytes
    names = [recording.name for recording in record.recordings]
    return [OccurrenceRow(**row | {"recording": names[row["document"]]}) for row in rows]


def tabulate_occurrences(record: FitRecord, chosen: Indices | None = None) -> "pa.Table":
    """Return the fields of `list_occurrences` as columns, without those that the fit lacks.

    Recordings of a year have millions of occurrences, which are too many for rows.
    """
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)

    at = np.arange(len(record.occurrences)) if chosen is None else chosen
    found, sampled = select_entries(record.occurrences, "occurrence", at), record.posterior
    document, motif = found.document, found.motif
    start_s = clip_starts(record, found)
    recordings = [escape_undecodable(recording.name) for recording in record.recordings]
    motifs = [record.name_of(motif) for motif in range(len(record.motifs))]
    columns = {
        "document": pa.array(document, pa.int64()),
        "recording": _pick(recordings, document),
        "motif": pa.array(motif.astype(np.int64) + 1),
        "start_bin": pa.array(found.start_bin, pa.int64()),
        "start_s": pa.array(np.round(start_s, 3)),
        "start_time": format_times(start_s),
        "start_utc": format_clock_times(clock_starts(record.recordings), document, start_s),
        "weight": pa.array(found.weight, pa.float64()),
        "score": pa.array(found.score, pa.float64()),
        "end_s": pa.array(np.round(_end_s(record, found), 3)),
        "motif_name": _pick(motifs, motif),
    }
    where_known = {
        "false_probability": found.false_probability,
        "false_per_hour": found.false_per_hour,
        "probability": None if sampled is None else sampled.occurrence_probability[at],
        "tempo": found.tempo,
    }
    more = {
        name: pa.array(values, pa.float64())
        for name, values in where_known.items()
        if values is not None
    }
    return pa.table(columns | more)


def clip_starts(record: FitRecord, found: Occurrences) -> Floats:
    """Return when occurrences start: in fits of older versions also before the recording."""
    first_s = np.array([r.extent_s(record.bin_s)[0] for r in record.recordings])
    start_s: Floats = np.maximum(found.start_s, first_s[found.document])
    return start_s


def number_and_name(record: FitRecord, motif: int) -> str:
    """Return a motif's number, counted from 1, and its name."""
    return f"{motif + 1} {record.name_of(motif)}".rstrip()


def _pick(texts: Sequence[str], index: Indices32) -> "pa.Array":
    """Return a column of texts, given by their indices."""
    import pyarrow as pa  # noqa: PLC0415 (takes a while to import)

    return pa.array(texts, pa.string()).take(pa.array(index))


def _end_s(record: FitRecord, found: Occurrences) -> Floats:
    """Return when occurrences end: by themselves, or with 90 % of the motif or the recording."""
    if found.end_s is not None:
        return found.end_s
    n_bins = record.motifs.span_bins()[1][found.motif]
    if found.tempo is not None:
        n_bins = np.maximum(np.rint(n_bins / found.tempo), 1).astype(np.int64)
    last = found.start_bin + n_bins - 1
    end_s = np.zeros(len(found))
    for document in np.unique(found.document).tolist():
        recording, mine = record.recordings[document], found.document == document
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
