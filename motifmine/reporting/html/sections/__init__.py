"""The sections of the report, one per module, and their order on the page.

A section is a function from a `ReportContext` to HTML, "" when it has nothing to show
(`elements.section` renders its frame). To add one, write a module with such a function and put it
in `SECTIONS`. The statistics are computed in `motifmine.analysis`, see `FitStatistics` there.
"""

from collections.abc import Callable

from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections import (
    alike_motifs,
    anomalies,
    codes,
    cooccurrence,
    drift,
    forecast,
    motif_cards,
    overview,
    phases,
    posterior,
    predictive,
    provenance,
    recordings,
    stability,
    timeline,
    topics,
    unusual_days,
    weekly_rates,
)

# all sections, in the order of the page
SECTIONS: tuple[Callable[[ReportContext], str], ...] = (
    overview.section,
    timeline.section,
    motif_cards.section,
    codes.section,
    weekly_rates.section,
    unusual_days.section,
    drift.section,
    phases.section,
    cooccurrence.section,
    alike_motifs.section,
    topics.section,
    anomalies.section,
    stability.section,
    posterior.section,
    predictive.section,
    forecast.section,
    recordings.section,
    provenance.section,
)
