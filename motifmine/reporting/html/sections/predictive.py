"""Section: whether data drawn from the fit look like what it was learned from."""

import numpy as np

from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.sentences.predictive import predictive_sentence

NAMES = {
    "busy times": "busy and quiet times: variance over mean of totals in four motif lengths",
    "memory beyond a motif": "autocorrelation of totals at one to two motif lengths",
    "spread of sizes": "sizes of occurrences: standard deviation over mean",
}


def section(context: ReportContext) -> str:
    """Return a sentence and the compared statistics; "" where they were not computed."""
    checks = context.record.predictive
    # without motifs nothing can be compared
    if checks is None or not np.isfinite(checks.expected).any():
        return ""
    columns = (checks.observed, checks.expected, checks.low, checks.high)
    rows = [
        (elements.text(NAMES.get(name, name)), *(_format(values[i]) for values in columns))
        for i, name in enumerate(checks.statistics)
    ]
    head = ("statistic", "recordings", "draws", "least", "most")
    table = elements.table(head, rows, label="Recordings and draws from the fit", numbers=4)
    verdict = f'<p class="verdict">{elements.text(predictive_sentence(checks))}</p>'
    return elements.section("predictive", "Does the fit look like the recordings", verdict + table)


def _format(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "-"
