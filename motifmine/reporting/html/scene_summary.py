"""Summary of one scene for the index page of an archive: numbers, sentences and a picture."""

import base64
import json
from dataclasses import asdict, dataclass, fields

import numpy as np

from motifmine.analysis.fit_statistics import FitStatistics
from motifmine.errors import FormatError
from motifmine.records.fit import FitRecord
from motifmine.reporting.figures.images import encode_jpeg, shrink
from motifmine.reporting.html.sections.unusual_days import describe_day

FACTS_FORMAT = "motifmine.scene/1"
PICTURE_PX = 320
MOST_DAYS = 5  # most unusual days listed
MOST_HOURS = 3  # most hours listed as the busiest of the day


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFacts:
    """Summary of a scene and its motifs."""

    hours: float
    """Hours recorded."""
    recordings: int
    days: int
    """Days with a recording, 0 without a wall clock."""
    first_day: str
    """ISO 8601, "" without a wall clock."""
    last_day: str
    time_zone: str
    motifs: int
    occurrences: int
    busiest_hours: tuple[int, ...]
    """Hours of the day with the most occurrences per hour recorded, the busiest first."""
    changed_motifs: int
    """Motifs that change over the archive."""
    unusual_days: tuple[str, ...]
    """Sentences on the most unusual days."""
    n_unusual: int
    """Number of unusual days, listed or not."""
    picture: str
    """JPEG of the scene in base64, "" without one."""


def summarise_scene(record: FitRecord) -> SceneFacts:
    """Return the summary of a scene from its fit."""
    statistics = FitStatistics(record)
    calendar, week, found = statistics.calendar, statistics.week, statistics.unusual_days
    days = np.unique(calendar.day) if calendar is not None else np.zeros(0, dtype=np.int64)
    dates = days.astype("datetime64[D]").astype(str).tolist()
    return SceneFacts(
        hours=round(record.duration_s() / 3600, 4),
        recordings=len(record.recordings),
        days=len(dates),
        first_day=dates[0] if dates else "",
        last_day=dates[-1] if dates else "",
        time_zone=record.time_zone,
        motifs=len(record.motifs),
        occurrences=len(record.occurrences),
        busiest_hours=() if week is None else week.busiest_hours(MOST_HOURS),
        changed_motifs=0 if record.drift is None else int(record.drift.changed.sum()),
        unusual_days=tuple(describe_day(record, day) for day in found[:MOST_DAYS]),
        n_unusual=len(found),
        picture=_encode_picture(record),
    )


def encode_facts(facts: SceneFacts, key: str = "") -> str:
    """Return the facts as JSON, with a key that identifies what they were made from."""
    return json.dumps({"format": FACTS_FORMAT, "key": key, **asdict(facts)}, indent=1) + "\n"


def decode_facts(text: str, place: str) -> SceneFacts:
    """Return the facts that `encode_facts` wrote.

    Raises `FormatError` when the text is something else; `place` is named in the message.
    """
    try:
        values = json.loads(text)
        if values.pop("format") != FACTS_FORMAT:
            raise KeyError("format")
        known = {item.name: values[item.name] for item in fields(SceneFacts)}
        for name in ("busiest_hours", "unusual_days"):
            known[name] = tuple(known[name])
        # the picture goes into a page unescaped, so it must be base64 and nothing else
        base64.b64decode(known["picture"], validate=True)
        return SceneFacts(**known)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{place} is no {FACTS_FORMAT}: {error!r}") from error


def decode_facts_key(text: str | None) -> str:
    """Return the key that facts were written with, "" when they are none."""
    try:
        return str(json.loads(text or "{}").get("key", ""))
    except (ValueError, AttributeError):
        return ""


def _encode_picture(record: FitRecord) -> str:
    if record.picture is None:
        return ""
    width = min(PICTURE_PX, record.picture.shape[1])
    data = encode_jpeg(shrink(record.picture, width), quality=78)
    return base64.b64encode(data).decode("ascii")
