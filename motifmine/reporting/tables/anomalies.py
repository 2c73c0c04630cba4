"""Anomalies as text table, CSV and JSON."""

from collections.abc import Callable
from dataclasses import dataclass

from motifmine.durations import format_seconds
from motifmine.records.anomalies import SENSES
from motifmine.records.fit import FitRecord
from motifmine.reporting.tables.encoding import encode_records
from motifmine.reporting.text_table import text_table
from motifmine.reporting.times import format_time, format_wall_clock

# meaning of the senses, plain text
MEANING = {
    "unexpected": "activity that no motif explains",
    "missing": "activity expected from the motifs is missing, or there is too little activity",
    "too many": "far more activity than usual",
    "implausible": "the critic of the fit finds it unlike the data",
}
ONCE = "an event that happened once"  # meaning of `once` after a sense


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyRow:
    """One anomaly; the fields are the columns of the CSV file. Documents count from 0."""

    document: int
    recording: str
    start_s: float
    end_s: float
    start_time: str
    start_utc: str
    sense: str
    surprise: float
    happened_once: bool | None = None
    """Whether it is an event that happened once; None: not known."""


def list_anomalies(record: FitRecord, singles: bool = False) -> list[AnomalyRow]:
    """Return the anomalies, the most surprising first; [] when they were not computed.

    Parameters
    ----------
    singles : bool
        Only events that happened once.
    """
    found = record.anomalies
    if found is None:
        return []
    recordings = [record.recordings[document] for document in found.document]
    return [
        AnomalyRow(
            document=int(found.document[i]),
            recording=recording.name,
            start_s=round(float(found.start_s[i]), 3),
            end_s=round(float(found.end_s[i]), 3),
            start_time=format_time(float(found.start_s[i])),
            start_utc=format_wall_clock(recording, float(found.start_s[i])),
            sense=SENSES[found.sense[i]],
            surprise=round(float(found.surprise[i]), 3),
            happened_once=None if found.happened_once is None else bool(found.happened_once[i]),
        )
        for i, recording in enumerate(recordings)
        if not singles or (found.happened_once is not None and found.happened_once[i])
    ]


def format_anomalies_text(record: FitRecord, singles: bool = False) -> str:
    """Return the anomalies as an aligned text table."""
    rows = list_anomalies(record, singles)
    if singles and not rows:
        return "No event happened once.\n"
    if not rows:
        return "No anomalies: the motifs explain all recordings as well as usual.\n"
    # many logs have no clock, and blanks take the room of what is known
    known = any(row.start_utc for row in rows)
    columns = ("recording", "start", *(["wall clock"] if known else []), "lasts", "sense")
    cells = [
        (
            row.recording,
            row.start_time,
            *([row.start_utc] if known else []),
            format_seconds(row.end_s - row.start_s),
            f"{row.sense}, once" if row.happened_once else row.sense,
            f"{row.surprise:.1f}",
        )
        for row in rows
    ]
    meanings = {**MEANING, **({"once": ONCE} if any(row.happened_once for row in rows) else {})}
    return text_table((*columns, "surprise"), cells) + "".join(
        f"{sense}: {meaning}\n" for sense, meaning in meanings.items()
    )


# writers by format
WRITERS: dict[str, Callable[[FitRecord, bool], str]] = {
    "table": format_anomalies_text,
    "csv": lambda record, singles: encode_records(
        "csv", AnomalyRow, list_anomalies(record, singles)
    ),
    "json": lambda record, singles: encode_records(
        "json", AnomalyRow, list_anomalies(record, singles)
    ),
}
