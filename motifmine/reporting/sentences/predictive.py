"""What data drawn from a fit lack, as a sentence."""

from motifmine.records.posterior import PredictiveChecks

EXCESSES = {
    "busy times": "busy and quiet times (totals vary {observed:.3g} times their mean, "
    "{expected:.3g} in draws)",
    "memory beyond a motif": "memory beyond the length of a motif (autocorrelation {observed:.2f}, "
    "{expected:.2f} in draws)",
    "spread of sizes": "occurrences of different size (they vary by {observed:.0%} of their mean, "
    "{expected:.0%} in draws)",
}


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
