"""Forecasts and their scores as text and JSON."""

import json
from collections.abc import Sequence

import numpy as np

from motifmine.analysis.forecasting import Scores
from motifmine.reporting.text_table import text_table
from motifmine.reporting.times import format_time
from motifmine.types import Floats


def format_forecast(
    expected: Floats, labels: Sequence[str], bin_s: float, *, end_s: float, most: int
) -> str:
    """Return the expected observations of bins: their number, and the most likely words.

    Parameters
    ----------
    expected : float64 array (n_bins, W)
    labels : sequence of str
        Of the words.
    bin_s, end_s : float, seconds
        Length of a bin, and when the first one begins.
    most : int
        Words that are listed.
    """
    often = np.argsort(-expected.sum(axis=0), kind="stable")[:most]
    rows = [
        (
            format_time(end_s + number * bin_s),
            f"{row.sum():.2f}",
            *(f"{row[word]:.2f}" for word in often),
        )
        for number, row in enumerate(expected)
    ]
    return text_table(("from", "all words", *(labels[word] for word in often)), rows)


def format_scores(scores: Scores) -> str:
    """Return the nats per observation by predictor and horizon, and which is best."""
    columns = ("predictor", *(f"{horizon} ahead" for horizon in scores.horizons))
    order = sorted(scores.nats, key=lambda name: -float(scores.nats[name][0]))
    rows = [(name, *(f"{value:.3f}" for value in scores.nats[name])) for name in order]
    table = text_table(columns, rows)
    return (
        f"{table}nats per observation, {scores.n_observations:.0f} observations, bins ahead; "
        f"{scores.best} predicts the next bin best\n"
    )


def format_forecast_json(
    recording: str, expected: Floats, labels: Sequence[str], bin_s: float, *, end_s: float
) -> str:
    """Return the expected observations of every word as JSON, see `docs/schemas/forecast.json`.

    Parameters
    ----------
    recording : str
        Name of the recording that they follow.
    expected : float64 array (n_bins, W)
    labels : sequence of str
        Of the words.
    bin_s, end_s : float, seconds
        Length of a bin, and when the first one begins.
    """
    bins = [
        {"start_s": end_s + number * bin_s, "expected": [round(value, 6) for value in row]}
        for number, row in enumerate(expected.tolist())
    ]
    found = {"recording": recording, "bin_s": bin_s, "words": list(labels), "bins": bins}
    return json.dumps(found, ensure_ascii=False) + "\n"


def format_scores_json(scores: Scores) -> str:
    """Return the nats per observation by predictor as JSON, see `docs/schemas/forecast.json`."""
    found = {
        "horizons": scores.horizons,
        "n_observations": scores.n_observations,
        "nats": {name: values.tolist() for name, values in scores.nats.items()},
    }
    return json.dumps(found, ensure_ascii=False) + "\n"
