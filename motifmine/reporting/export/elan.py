"""Occurrences as a document of ELAN, the annotation tool: one tier per motif."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from motifmine.records.fit import FitRecord
from motifmine.records.table import Recording
from motifmine.reporting.export.intervals import (
    Span,
    find_media,
    guess_media_type,
    make_distinct_titles,
    remove_overlap,
)

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
TIER_TYPE = "motif"


def format_eaf(
    record: FitRecord,
    recording: Recording,
    spans: Sequence[Span],
    *,
    output: Path | None = None,
) -> str:
    """Return the occurrences of one recording as an EAF document.

    Annotations of one tier must not overlap in ELAN, so an occurrence ends where the next one of
    its motif begins. Every motif has a tier, also one that does not occur in this recording. The
    video or sound is linked, relative to the path of the document.

    Notes
    -----
    EAF 3.0, as ELAN 5 and newer write it (`SCHEMA`).
    """
    made = datetime.now(UTC)
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "motifmine",
            "DATE": made.isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": SCHEMA,
        },
    )
    _add_header(root, recording, output)
    tiers = {
        # annotations of a tier must not overlap; ELAN refuses the file
        motif: remove_overlap([span for span in spans if span.motif == motif])
        for motif in range(len(record.motifs))
    }
    slots = _add_time_order(root, tiers)
    # ELAN identifies tiers by name, so that two motifs of one name would be one
    for motif, title in enumerate(make_distinct_titles(record)):
        tier = _add(root, "TIER", LINGUISTIC_TYPE_REF=TIER_TYPE, TIER_ID=_remove_invalid(title))
        for number, span in enumerate(tiers[motif]):
            annotation = _add(
                _add(tier, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                ANNOTATION_ID=f"a{motif + 1}-{number + 1}",
                TIME_SLOT_REF1=slots[motif, number, 0],
                TIME_SLOT_REF2=slots[motif, number, 1],
            )
            _add(annotation, "ANNOTATION_VALUE").text = _remove_invalid(span.title)
    _add(
        root,
        "LINGUISTIC_TYPE",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID=TIER_TYPE,
        TIME_ALIGNABLE="true",
    )
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text.decode() + "\n"


def _add_header(root: ElementTree.Element, recording: Recording, output: Path | None) -> None:
    header = _add(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    path = find_media(recording)
    if path is None:
        return
    address = path.as_uri() if path.is_absolute() else quote(os.fsencode(path))
    link = {"MEDIA_URL": address, "MIME_TYPE": guess_media_type(recording)}
    if output is not None:
        relative = os.path.relpath(path, output.resolve().parent)
        # ELAN tries the relative address when both files were moved together
        link["RELATIVE_MEDIA_URL"] = "./" + quote(os.fsencode(relative))
    _add(header, "MEDIA_DESCRIPTOR", **link)


def _add_time_order(
    root: ElementTree.Element, tiers: Mapping[int, Sequence[Span]]
) -> dict[tuple[int, int, int], str]:
    """Add all times, ascending; return the slot of each by motif, number and end (0 or 1).

    Annotations do not share slots, because moving one in ELAN would move the other.
    """
    order = _add(root, "TIME_ORDER")
    # ELAN expects slots in order of time, whichever tier they are of
    times = sorted(
        (time, motif, number, end)
        for motif, tier in tiers.items()
        for number, span in enumerate(tier)
        for end, time in enumerate((span.start_ms, span.end_ms))
    )
    slots = {}
    for slot, (time, *place) in enumerate(times, start=1):
        slots[place[0], place[1], place[2]] = f"ts{slot}"
        _add(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{slot}", TIME_VALUE=str(time))
    return slots


def _remove_invalid(text: str) -> str:
    """Return text without the two characters of a name that are invalid in XML."""
    return text.translate({0xFFFE: None, 0xFFFF: None})


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)
