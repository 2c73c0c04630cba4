"""Motifs and occurrences as rows: for people (text tables) and for machines (CSV, JSON).

In files a motif counts from 0, as in HDF5 (`motif`); where people read, it counts from 1
(`number`), and the table's caption says so.
"""

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from motifmine.errors import DataError
from motifmine.motifs import FitRecord
from motifmine.table import Recording

OCCURRENCE_COLUMNS = (
    "document",
    "recording",
    "motif",
    "start_bin",
    "start_s",
    "start_time",
    "start_utc",
    "weight",
    "score",
)
"""Columns of the CSV file and keys of the JSON objects, in this order."""

NUMBERING = "Motifs are numbered from 1, the heaviest first (in files they count from 0)."

_NUMERIC = re.compile(r"-?[\d.,:]+( ?(%|s|h))?|-?")


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
    """Index, counts from 0 as in files."""
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
    """Index, counts from 0 as in files."""
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


def format_time(seconds: float) -> str:
    """Return seconds as `HH:MM:SS.mmm`, with a minus sign before the recording's beginning.

    Examples
    --------
    >>> format_time(3723.4567), format_time(-0.25)
    ('01:02:03.457', '-00:00:00.250')
    """
    milliseconds = round(abs(seconds) * 1000)
    sign = "-" if seconds < 0 and milliseconds else ""
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def format_length(seconds: float) -> str:
    """Return a length of time as a person would say it.

    Examples
    --------
    >>> [format_length(s) for s in (2.25, 59.96, 1830.0, 100_000.0)]
    ['2.25 s', '1 min', '30 min 30 s', '27 h 47 min']
    """
    if round(seconds, 1) < 60:
        return f"{round(seconds, 2 if seconds < 10 else 1):g} s"
    whole = round(seconds)
    (large, small), units = (
        (divmod(whole, 60), ("min", "s"))
        if whole < 3600
        else (divmod(round(seconds / 60), 60), ("h", "min"))
    )
    return f"{large:,} {units[0]}" + (f" {small} {units[1]}" if small else "")


def wall_clock(recording: Recording, seconds: float) -> str:
    """Return an instant of a recording in ISO 8601 (UTC), "" if its start is unknown.

    Raises
    ------
    DataError
        When `start_utc` is no time.
    """
    return _wall_clock(_clock_start(recording), seconds)


def motif_rows(record: FitRecord) -> list[MotifRow]:
    """Return one row per motif, heaviest first.

    First and last time go by the wall clock when every recording has one, else by the order of
    the documents.
    """
    found = record.occurrences
    clock = _clock_starts(record.recordings)
    hours = record.duration_s() / 3600
    extent = record.motifs.extent_bins()
    if all(start is not None for start in clock):
        base = np.array([0.0 if start is None else start.timestamp() for start in clock])
        order = np.argsort(base[found.document] + found.start_s, kind="stable")
    else:
        order = np.lexsort((found.start_s, found.document))
    rows = []
    for motif in range(len(record.motifs)):
        mine = order[found.motif[order] == motif]
        ends = [_moment(record, clock, int(mine[i])) for i in (0, -1) if len(mine)]
        rows.append(
            MotifRow(
                motif=motif,
                share=float(record.motifs.weight[motif]),
                occurrences=len(mine),
                per_hour=len(mine) / hours if hours > 0 else 0.0,
                duration_s=float(extent[motif]) * record.bin_s,
                first=ends[0] if ends else None,
                last=ends[-1] if ends else None,
            )
        )
    return rows


def occurrence_rows(record: FitRecord) -> list[OccurrenceRow]:
    """Return one row per occurrence, sorted by document, start and motif."""
    found = record.occurrences
    clock = _clock_starts(record.recordings)
    names = [recording.name for recording in record.recordings]
    columns = (found.document, found.motif, found.start_bin, found.start_s)
    return [
        OccurrenceRow(
            document=document,
            recording=names[document],
            motif=motif,
            start_bin=start_bin,
            start_s=round(start_s, 3),
            start_time=format_time(start_s),
            start_utc=_wall_clock(clock[document], start_s),
            weight=weight,
            score=score,
        )
        for document, motif, start_bin, start_s, weight, score in zip(
            *(column.tolist() for column in (*columns, found.weight, found.score)), strict=True
        )
    ]


def occurrences_csv(record: FitRecord) -> str:
    """Return all occurrences as CSV text; motifs and documents count from 0."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(OCCURRENCE_COLUMNS)
    writer.writerows(
        (
            row.document,
            row.recording,
            row.motif,
            row.start_bin,
            f"{row.start_s:.3f}",
            row.start_time,
            row.start_utc,
            _plain_number(row.weight),
            _plain_number(row.score),
        )
        for row in occurrence_rows(record)
    )
    return _encodable(buffer.getvalue())


def occurrences_json(record: FitRecord) -> str:
    """Return all occurrences as a JSON list of objects; motifs and documents count from 0."""
    rows = [
        {name: _finite(getattr(row, name)) for name in OCCURRENCE_COLUMNS}
        for row in occurrence_rows(record)
    ]
    return _json_lines(rows)


def motifs_json(record: FitRecord) -> str:
    """Return the motifs as a JSON list of objects.

    `motif` counts from 0 as in files, `number` from 1 as in tables and reports.
    """
    rows = [
        {"motif": row.motif, "number": row.number, **_finite_fields(row)}
        for row in motif_rows(record)
    ]
    return _json_lines(rows)


def motifs_text(record: FitRecord) -> str:
    """Return the motifs as an aligned table for people, numbered from 1."""
    columns = ("motif", "share", "occurrences", "per hour", "90 % within", "first", "last")
    rows = [
        (
            str(row.number),
            f"{100 * row.share:.1f} %",
            str(row.occurrences),
            f"{row.per_hour:.1f}",
            f"{row.duration_s:.2f} s",
            str(row.first or "-"),
            str(row.last or "-"),
        )
        for row in motif_rows(record)
    ]
    return text_table(columns, rows) + NUMBERING + "\n"


def occurrences_text(record: FitRecord) -> str:
    """Return all occurrences as an aligned table for people; motifs numbered from 1."""
    columns = ("recording", "start", "wall clock", "motif", "weight", "score")
    rows = [
        (
            row.recording,
            row.start_time,
            row.start_utc,
            str(row.motif + 1),
            f"{row.weight:.1f}",
            f"{row.score:.1f}",
        )
        for row in occurrence_rows(record)
    ]
    shown = [i for i, name in enumerate(columns) if name != "wall clock" or any(r[i] for r in rows)]
    table = text_table([columns[i] for i in shown], [[row[i] for i in shown] for row in rows])
    return table + NUMBERING + "\n"


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned plain-text table; columns of numbers stand to the right.

    Control characters are written as escapes, so that a name cannot steer the terminal.

    Examples
    --------
    >>> print(text_table(("name", "length"), [("a", "9.5 s"), ("bb", "10.0 s")]), end="")
    name  length
    ----  ------
    a      9.5 s
    bb    10.0 s
    """
    cells = [[printable(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(_width(cell) for cell in column) for column in zip(*cells, strict=True)]
    right = [
        bool(rows) and all(_NUMERIC.fullmatch(cell) for cell in column)
        for column in zip(*cells[1:], strict=True)
    ] or [False] * len(columns)
    cells.insert(1, ["-" * width for width in widths])
    lines = []
    for row in cells:
        padded = (
            " " * (width - _width(cell)) + cell if is_right else cell + " " * (width - _width(cell))
            for cell, width, is_right in zip(row, widths, right, strict=True)
        )
        lines.append("  ".join(padded).rstrip() + "\n")
    return "".join(lines)


def printable(text: str) -> str:
    r"""Return text on one line, with control characters and bad bytes written as escapes.

    Examples
    --------
    >>> printable("a\x1b[31m\n")
    'a\\x1b[31m\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _width(text: str) -> int:
    """Return the columns of a terminal that text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _clock_starts(recordings: Sequence[Recording]) -> list[datetime | None]:
    """Return the wall-clock time of second 0 of each recording, None where unknown."""
    return [_clock_start(recording) for recording in recordings]


def _clock_start(recording: Recording) -> datetime | None:
    if not recording.start_utc:
        return None
    try:
        start = datetime.fromisoformat(recording.start_utc)
        # A time without a zone is UTC, as the field's name says.
        return start.replace(tzinfo=start.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"start_utc of recording {recording.name!r} is {recording.start_utc!r}, "
            "which is no time in ISO 8601"
        ) from error


def _wall_clock(start: datetime | None, seconds: float) -> str:
    """Return the wall-clock time of an instant in ISO 8601 (UTC), "" if unknown."""
    if start is None:
        return ""
    moment = start + timedelta(milliseconds=round(seconds * 1000))
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _moment(record: FitRecord, clock: Sequence[datetime | None], occurrence: int) -> Moment:
    document = int(record.occurrences.document[occurrence])
    start_s = float(record.occurrences.start_s[occurrence])
    return Moment(
        document=document,
        recording=record.recordings[document].name,
        start_s=round(start_s, 3),
        start_utc=_wall_clock(clock[document], start_s),
    )


def _plain_number(value: float) -> str:
    """Return a number with six digits, "" when it is not finite."""
    return f"{value:.6g}" if math.isfinite(value) else ""


def _finite(value: object) -> object:
    """Return value, None for a float that JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _finite_fields(row: MotifRow) -> dict[str, object]:
    return {name: _finite(value) for name, value in asdict(row).items() if name != "motif"}


def _json_lines(rows: Sequence[dict[str, object]]) -> str:
    """Return a JSON list with one object a line."""
    if not rows:
        return "[]\n"
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return _encodable("[\n" + ",\n".join(lines) + "\n]\n")


def _encodable(text: str) -> str:
    """Return text that UTF-8 can hold: bytes of a file name that were none become escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
