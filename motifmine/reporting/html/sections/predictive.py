"""Section: whether data drawn from the fit look like what it was learned from."""

import numpy as np

from motifmine.records.posterior import PredictiveChecks
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext

NAMES = {
    "busy times": "busy and quiet times: variance over mean of totals in four motif lengths",
    "memory beyond a motif": "autocorrelation of totals at one to two motif lengths",
    "spread of sizes": "sizes of occurrences: standard deviation over mean",
}
EXCESSES = {
    "busy times": "busy and quiet times (totals vary {observed:.3g} times their mean, "
    "{expected:.3g} in draws)",
    "memory beyond a motif": "memory beyond the length of a motif (autocorrelation {observed:.2f}, "
    "{expected:.2f} in draws)",
    "spread of sizes": "occurrences of different size (they vary by {observed:.0%} of their mean, "
    "{expected:.0%} in draws)",
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


def predictive_sentence(checks: PredictiveChecks) -> str:
    """Return a sentence on what the data have and draws from the fit lack.

    Examples
    --------
    A sentence reads "The recordings have what data drawn from the fit lack: occurrences of
    different size (they vary by 70 % of their mean, 16 % in draws)."
    """
    excesses = [
        EXCESSES[name].format(observed=observed, expected=expected)
        for name, observed, expected, more in zip(
            checks.statistics,
            checks.observed.tolist(),
            checks.expected.tolist(),
            checks.exceeds.tolist(),
            strict=True,
        )
        if more and name in EXCESSES
    ]
    if not excesses:
        return (
            "Data drawn from the fit look like the recordings in busy times, memory and the sizes "
            "of occurrences."
        )
    return f"The recordings have what data drawn from the fit lack: {'; '.join(excesses)}."
