"""Annotations of people as events with their ends: ELAN, Praat TextGrid and BORIS projects."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from motifmine.errors import DataError, FormatError
from motifmine.io.readers import split_part
from motifmine.io.series.options import SeriesOptions
from motifmine.io.series.table_files import open_rows
from motifmine.io.series.typed_reader import TableReader

COLUMNS = ("start", "end", "label")
Event = tuple[float, float, str]  # start and end, seconds, and label
FIRST, LAST = "TIME_SLOT_REF1", "TIME_SLOT_REF2"
# an entry of a TextGrid in Praat's long form
ENTRY = re.compile(
    r'^\s*(name|xmin|xmax|number|time|text|mark)\s*=\s*("(?:[^"]|"")*"|\S+)', re.MULTILINE
)


def open_eaf(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of the annotations of an ELAN document that have a time.

    Raises `FormatError` if it is no ELAN document.
    """
    content = path.read_bytes()
    # entities could expand without end; ELAN writes none. UTF-16 has bytes 0, and others for these
    if any(mark in content for mark in (b"<!DOCTYPE", b"<!ENTITY", b"\0")):
        raise FormatError(f"{path} declares entities or is not UTF-8, as no ELAN document")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  (without entities, see above)
        times = {
            slot.attrib["TIME_SLOT_ID"]: float(slot.attrib["TIME_VALUE"]) / 1000
            for slot in root.iter("TIME_SLOT")
            if "TIME_VALUE" in slot.attrib
        }
        events = [
            (times[one.attrib[FIRST]], times[one.attrib[LAST]], _label(tier.attrib["TIER_ID"], one))
            for tier in root.iter("TIER")
            for one in tier.iter("ALIGNABLE_ANNOTATION")
            if one.attrib[FIRST] in times and one.attrib[LAST] in times
        ]
    # LookupError: of a key, or of the encoding that it declares
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise FormatError(f"{path} cannot be read as an ELAN document: {error}") from error
    return open_events(path, events, options)


def _label(tier: str, annotation: ElementTree.Element) -> str:
    """Return the value of an annotation, with its tier where that says something else."""
    return _name_label(tier, (annotation.findtext("ANNOTATION_VALUE") or "").strip())


def _name_label(tier: str, value: str) -> str:
    return f"{tier}: {value}" if value and value != tier else tier


def open_textgrid(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of the intervals and points of a Praat TextGrid in its long form.

    Raises `FormatError` if it is another file, damaged, or in Praat's short form.
    """
    content = path.read_bytes()
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content.decode(coding, errors="replace")
    if "ooTextFile" not in text[:200] or "item [" not in text:
        raise FormatError(f"{path} is no TextGrid in long form; save it from Praat as a text file")
    try:
        events = list(_textgrid_events(text))
    except ValueError as error:
        raise FormatError(f"{path} is a damaged TextGrid: {error}") from error
    return open_events(path, events, options)


def _textgrid_events(text: str) -> Iterator[Event]:
    tier, times = "", [0.0, 0.0]
    for name, raw in ENTRY.findall(text):
        value = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
        if name == "name":
            tier = value
        elif name == "xmin":
            times[0] = float(value)
        elif name == "xmax":
            times[1] = float(value)
        elif name in ("number", "time"):
            times = [float(value), float(value)]
        # stretches without a text are what lies between annotations
        elif name in ("text", "mark") and value.strip():
            yield times[0], times[1], _name_label(tier, value.strip())


def open_boris(path: Path, options: SeriesOptions) -> TableReader:
    """Return a reader of the events of an observation of a BORIS project.

    A state lasts from one event to the next of the same subject and behaviour.

    Raises `FormatError` if it is no BORIS project, `DataError` if it has several observations and
    none is named, or not the one that is named.
    """
    file, name = split_part(path)
    try:
        project = json.loads(file.read_bytes())
        observations: dict[str, Any] = project["observations"]
        kinds = {
            one["code"]: str(one.get("type", "")) for one in project["behaviors_conf"].values()
        }
        if not name and len(observations) == 1:
            (name,) = observations
        found = observations.get(name)
        events = [] if found is None else list(_boris_events(found["events"], kinds))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"{file} cannot be read as a BORIS project: {error!r}") from error
    if found is None:
        listed = ", ".join(observations) or "none"
        raise DataError(f"{file} has the observations {listed}; name one as {file}:NAME")
    return open_events(path, events, options)


def _boris_events(rows: list[list[Any]], kinds: dict[str, str]) -> Iterator[Event]:
    begun: dict[str, float] = {}
    for time, subject, behaviour, *_ in sorted(rows, key=lambda row: float(row[0])):
        label = _name_label(subject, behaviour) if subject else behaviour
        if not kinds.get(behaviour, "").lower().startswith("state"):
            yield float(time), float(time), label
        elif label in begun:
            yield begun.pop(label), float(time), label
        else:
            begun[label] = float(time)


def open_events(path: Path, events: list[Event], options: SeriesOptions) -> TableReader:
    """Return a reader of events in any order.

    Raises `FormatError` if there are none.
    """
    if not events:
        raise FormatError(f"{path} has no annotations with a time")
    return open_rows(path, COLUMNS, lambda: iter(sorted(events)), options)
