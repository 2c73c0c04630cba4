"""Forecasts and their scores as text and data."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from motifmine.analysis.forecasting import Forecast
from motifmine.records.forecast import ForecastScores
from motifmine.reporting.tables.encoding import encode_csv, encode_json
from motifmine.reporting.text_table import text_table
from motifmine.reporting.times import format_time
from motifmine.types import Floats

MOST_ROWS = 10  # lines of the text; more bins are added up
LIKELY = 0.1  # probability from which a motif is named in the text
MOST_NAMED = 2
WIDTH = 79  # columns of a terminal


def format_forecast_text(found: Forecast) -> str:
    """Return what is expected in at most `MOST_ROWS` stretches: number, motifs, likeliest words."""
    record, n_bins = found.record, len(found.expected)
    edges = np.arange(0, n_bins, -(-n_bins // MOST_ROWS))
    expected = np.add.reduceat(found.expected, edges, axis=0)
    going_on = (
        np.add.reduceat(found.going_on, edges, axis=0) / np.diff(edges, append=n_bins)[:, None]
    )
    rows = []
    for first, row, probability in zip(edges.tolist(), expected, going_on, strict=True):
        likely = np.argsort(-probability, kind="stable")[:MOST_NAMED]
        named = [
            f"{record.title_of(k)} {probability[k]:.0%}"
            for k in likely.tolist()
            if probability[k] >= LIKELY
        ]
        start_s = found.end_s + first * record.bin_s
        rows.append([format_time(start_s), f"{row.sum():.2f}", ", ".join(named) or "-"])
    kind = "state" if record.occurrences.end_s is not None else "going on"
    columns = ("from", "observations", kind, "likeliest words")
    room = max(WIDTH - max(map(len, text_table(columns[:3], rows).splitlines())) - 2, 20)
    for row, values in zip(rows, expected, strict=True):
        row.append(_likeliest(values, record.vocabulary.labels, room))
    span = f"{n_bins} bins of {record.bin_s:g} s"
    return f"after {found.recording}: {span}\n{text_table(columns, rows)}"


def _likeliest(values: Floats, labels: Sequence[str], room: int) -> str:
    """Return as many of the likeliest words as `room` columns hold."""
    text = ""
    for word in np.argsort(-values, kind="stable")[:MOST_ROWS].tolist():
        longer = f"{text}, {labels[word]}" if text else labels[word]
        if len(longer) > room:
            break
        text = longer
    return text or f"{labels[int(values.argmax())][: room - 3]}..."


def format_forecast_csv(found: Forecast) -> str:
    """Return a row for each bin: probabilities of motifs, expected observations of words."""
    record = found.record
    titles = [record.title_of(motif) for motif in range(len(record.motifs))]
    rows = (
        (row["start_s"], row["observations"], *row["motifs"], *row["expected"])
        for row in list_bins(found)
    )
    return encode_csv(["start_s", "observations", *titles, *record.vocabulary.labels], rows)


def format_forecast_json(found: Forecast) -> str:
    """Return the same as a JSON object."""
    record = found.record
    content = {
        "recording": found.recording,
        "bin_s": record.bin_s,
        "motifs": [record.title_of(motif) for motif in range(len(record.motifs))],
        "words": list(record.vocabulary.labels),
        "bins": list_bins(found),
    }
    return encode_json(content)


def list_bins(found: Forecast) -> list[dict[str, Any]]:
    """Return the bins of a forecast; motifs and words in the order of the fit."""
    bin_s = found.record.bin_s
    return [
        {
            "start_s": round(found.end_s + number * bin_s, 6),
            "observations": round(float(row.sum()), 6),
            "motifs": probability.round(6).tolist(),
            "expected": row.round(6).tolist(),
        }
        for number, (row, probability) in enumerate(
            zip(found.expected, found.going_on, strict=True)
        )
    ]


# writers by format
WRITERS = {
    "table": format_forecast_text,
    "csv": format_forecast_csv,
    "json": format_forecast_json,
}


def format_scores(scores: ForecastScores) -> str:
    """Return the nats per observation by predictor and horizon, and which is best."""
    columns = ("predictor", *(f"{horizon} ahead" for horizon in scores.horizons))
    order = np.argsort(-scores.nats[:, 0], kind="stable")
    rows = [(scores.predictors[i], *(f"{value:.3f}" for value in scores.nats[i])) for i in order]
    table = text_table(columns, rows)
    return (
        f"{table}nats per observation, {scores.n_observations:.0f} observations, bins ahead; "
        f"{scores.best} predicts the next bin best\n"
    )


def format_scores_csv(scores: ForecastScores) -> str:
    """Return a row for each predictor: nats per observation by horizon, in bins ahead."""
    rows = ((name, *scores.of(name).round(6).tolist()) for name in scores.predictors)
    return encode_csv(["predictor", *scores.horizons.tolist()], rows)


def format_scores_json(scores: ForecastScores) -> str:
    """Return the nats per observation by predictor as JSON, see `docs/schemas/forecast.json`."""
    found = {
        "horizons": scores.horizons.tolist(),
        "n_observations": scores.n_observations,
        "nats": {name: scores.of(name).tolist() for name in scores.predictors},
    }
    return encode_json(found)


# writers of scores by format
SCORE_WRITERS = {"table": format_scores, "csv": format_scores_csv, "json": format_scores_json}
