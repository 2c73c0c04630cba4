"""Stretches that motifs explain badly, as rows: for people and for machines."""

import csv
import io
import json
from dataclasses import asdict, dataclass, fields

from motifmine.records.anomalies import SENSES
from motifmine.records.fit import FitRecord
from motifmine.reporting.text_table import text_table
from motifmine.reporting.times import format_time, wall_clock

MEANING = {
    "unexpected": "something is there that no motif explains",
    "missing": "something is not there that motifs promise, or too little goes on",
    "too many": "far more goes on than usual",
}
"""What the senses mean, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyRow:
    """One stretch; documents count from 0."""

    document: int
    recording: str
    start_s: float
    end_s: float
    start_time: str
    start_utc: str
    sense: str
    surprise: float


COLUMNS = tuple(item.name for item in fields(AnomalyRow))


def anomaly_rows(record: FitRecord) -> list[AnomalyRow]:
    """Return the stretches, the most surprising first; none when the fit does not know them."""
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
            start_utc=wall_clock(recording, float(found.start_s[i])),
            sense=SENSES[found.sense[i]],
            surprise=round(float(found.surprise[i]), 3),
        )
        for i, recording in enumerate(recordings)
    ]


def anomalies_text(record: FitRecord) -> str:
    """Return the stretches as an aligned table for people."""
    rows = anomaly_rows(record)
    if not rows:
        return "The motifs explain everything as well as usual.\n"
    known = any(row.start_utc for row in rows)
    columns = ("recording", "start", *(["wall clock"] if known else []), "lasts", "sense")
    cells = [
        (
            row.recording,
            row.start_time,
            *([row.start_utc] if known else []),
            f"{row.end_s - row.start_s:.1f} s",
            row.sense,
            f"{row.surprise:.1f}",
        )
        for row in rows
    ]
    return text_table((*columns, "surprise"), cells) + "".join(
        f"{sense}: {meaning}\n" for sense, meaning in MEANING.items()
    )


def anomalies_csv(record: FitRecord) -> str:
    """Return the stretches as CSV text."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in anomaly_rows(record))
    return buffer.getvalue()


def anomalies_json(record: FitRecord) -> str:
    """Return the stretches as a JSON list of objects."""
    rows = [asdict(row) for row in anomaly_rows(record)]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


WRITERS = {"table": anomalies_text, "csv": anomalies_csv, "json": anomalies_json}
"""Text of the stretches by format."""
