"""The sections of the report, each in a module of its own, and their order on the page.

A section is a function from a fit to HTML, "" when it has nothing to show (`elements.section`
makes its frame). To add one: write a module with such a function, and put it in `SECTIONS`.
"""

from collections.abc import Callable

from motifmine.motifs import FitRecord
from motifmine.reporting.sections import (
    chains,
    days,
    drift,
    following,
    gallery,
    making,
    overview,
    recordings,
    steadiness,
    surprises,
    timeline,
    topics,
    week,
)

SECTIONS: tuple[Callable[[FitRecord], str], ...] = (
    overview.section,
    timeline.section,
    gallery.section,
    week.section,
    days.section,
    drift.section,
    following.section,
    topics.section,
    surprises.section,
    steadiness.section,
    chains.section,
    recordings.section,
    making.section,
)
"""All sections, in the order of the page."""
