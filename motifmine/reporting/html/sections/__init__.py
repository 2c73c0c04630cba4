"""The sections of the report, each in a module of its own, and their order on the page.

A section is a function from a fit to HTML, "" when it has nothing to show (`elements.section`
makes its frame). To add one: write a module with such a function, and put it in `SECTIONS`.
"""

from collections.abc import Callable

from motifmine.records.fit import FitRecord
from motifmine.reporting.html.sections import (
    anomalies as surprises,
)
from motifmine.reporting.html.sections import (
    cooccurrence as following,
)
from motifmine.reporting.html.sections import (
    drift,
    overview,
    recordings,
    timeline,
    topics,
)
from motifmine.reporting.html.sections import (
    motif_cards as gallery,
)
from motifmine.reporting.html.sections import (
    posterior as chains,
)
from motifmine.reporting.html.sections import (
    provenance as making,
)
from motifmine.reporting.html.sections import (
    stability as steadiness,
)
from motifmine.reporting.html.sections import (
    unusual_days as days,
)
from motifmine.reporting.html.sections import (
    weekly_rates as week,
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
