"""Occurrences as a project of BORIS, the behaviour coding tool."""

import json
import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from motifmine.records.fit import FitRecord
from motifmine.records.table import Recording
from motifmine.records.wall_clock import clock_start
from motifmine.reporting.export.intervals import (
    Span,
    find_media,
    guess_media_type,
    make_distinct_titles,
    remove_overlap,
)

PROJECT_VERSION = "7.0"
# keyboard shortcuts of the behaviours; motifs beyond these have none
KEYS = string.digits[1:] + string.ascii_lowercase
NO_FRAME = "NA"
# frames per second, the most frequent first
USUAL_RATES = (25.0, 30.0, 29.97, 24.0, 23.976, 50.0, 60.0, 59.94, 15.0, 12.5, 20.0, 10.0, 5.0)


def format_boris(record: FitRecord, spans: Mapping[int, Sequence[Span]]) -> str:
    """Return occurrences as a BORIS project with one behaviour per motif.

    Each recording is an observation. An occurrence is a state event: a row where it starts and a
    row where it stops. BORIS pairs such rows in order of time, so an occurrence stops where the
    next one of its motif starts.

    Notes
    -----
    One JSON document of `project_format_version` 7.0, with the keys that BORIS 8 writes itself.
    """
    made = datetime.now(UTC)
    codes = _make_codes(record)
    project = {
        "time_format": "hh:mm:ss",
        "project_date": _format_date(made),
        "project_name": f"motifmine {record.provenance.model}",
        "project_description": "",
        "project_format_version": PROJECT_VERSION,
        "subjects_conf": {},
        "behaviors_conf": {
            str(motif): _make_behaviour(code, KEYS[motif : motif + 1])
            for motif, code in enumerate(codes)
        },
        "behavioral_categories": [],
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
        "observations": {
            name: _make_observation(record, record.recordings[document], found, codes, made)
            for (document, found), name in zip(
                spans.items(), _make_names(record, list(spans)), strict=True
            )
        },
    }
    # BORIS opens projects in the encoding of the locale, so only ASCII is safe
    return json.dumps(project, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _make_codes(record: FitRecord) -> list[str]:
    """Return a code per motif; the pipe, invalid in codes of BORIS, becomes a broken bar."""
    return [title.replace("|", "¦") for title in make_distinct_titles(record)]


def _make_behaviour(code: str, key: str) -> dict[str, Any]:
    return {
        "type": "State event",
        "key": key,
        "code": code,
        "description": "",
        "color": "",
        "category": "",
        "modifiers": {},
        "excluded": "",
        "coding map": "",
    }


def _make_names(record: FitRecord, documents: Sequence[int]) -> list[str]:
    """Return one distinct name per observation, without blanks at its ends."""
    names: list[str] = []
    for document in documents:
        name = record.recordings[document].name.strip() or f"recording {document}"
        names.append(f"{name} ({document})" if name in names else name)
    return names


def _make_observation(
    record: FitRecord,
    recording: Recording,
    spans: Sequence[Span],
    codes: Sequence[str],
    made: datetime,
) -> dict[str, Any]:
    path = find_media(recording)
    shared = {
        "date": _format_date(clock_start(recording) or made),
        "description": "",
        "time offset": 0.0,
        "events": _make_events(spans, codes, *([NO_FRAME] if path else [])),
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "close_behaviors_between_videos": False,
    }
    if path is None:
        # without a file there is nothing to play: a live observation opens without one
        return {"file": [], "type": "LIVE", "scan_sampling_time": 0, **shared}
    name, kind = str(path), guess_media_type(recording)
    return {
        # BORIS has eight players, and reads the list of each
        "file": {"1": [name], **{str(player): [] for player in range(2, 9)}},
        "type": "MEDIA",
        "media_info": {
            "length": {name: round(record.bin_s * recording.n_times, 3)},
            "fps": {name: _estimate_frame_rate(recording, record.bin_s)},
            "hasVideo": {name: kind.startswith("video/")},
            "hasAudio": {name: kind.startswith("audio/")},
            "offset": {"1": 0.0},
        },
        **shared,
    }


def _estimate_frame_rate(recording: Recording, bin_s: float) -> float:
    """Return the frame rate, as exactly as the length in whole time bins allows."""
    frames, length_s = max(recording.frames_decoded, 0), bin_s * recording.n_times
    lowest, highest = frames / length_s, frames / max(length_s - bin_s, bin_s)
    usual = [rate for rate in USUAL_RATES if lowest - 1e-6 <= rate <= highest]
    return usual[0] if usual else round(lowest, 3)


def _make_events(spans: Sequence[Span], codes: Sequence[str], *frame: str) -> list[list[object]]:
    """Return rows of time in seconds, subject, code, modifier, comment (and the frame)."""
    rows: list[tuple[float, list[object]]] = []
    for motif, code in enumerate(codes):
        for span in remove_overlap([span for span in spans if span.motif == motif]):
            start_s, end_s = span.start_ms / 1000, span.end_ms / 1000
            rows.append((start_s, [start_s, "", code, "", f"score {span.score:.6g}", *frame]))
            rows.append((end_s, [end_s, "", code, "", "", *frame]))
    # by time alone, and stable: where an occurrence ends as the next begins, the end comes first,
    # else BORIS would pair the two starts
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _format_date(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")
