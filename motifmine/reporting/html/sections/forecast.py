"""Section: how well the fit predicts recordings that it was not learned from."""

import numpy as np

from motifmine.records.forecast import ForecastScores
from motifmine.reporting.figures.curves import COLOURS
from motifmine.reporting.figures.svg import drawing, format_points
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext

MOST_NAMED = 5  # recordings


def section(context: ReportContext) -> str:
    """Return curves over the horizons and the numbers; "" where nothing was scored."""
    scores = context.record.forecast
    if scores is None:
        return ""
    named = ", ".join(scores.recordings[:MOST_NAMED])
    more = len(scores.recordings) - MOST_NAMED
    note = (
        f"{scores.best} predicts the next bin best. Log-probability of the words of a bin by the "
        f"number of bins ahead, nats per observation, {scores.n_observations:,.0f} of {named}"
        f"{f' and {more:,} more' if more > 0 else ''}."
    )
    rows = [
        (
            f'<span style="color:{COLOURS[number % len(COLOURS)]}">&#9644;</span> '
            f"{elements.text(name)}",
            *(f"{value:.3f}" for value in scores.of(name)),
        )
        for number, name in enumerate(scores.predictors)
    ]
    head = ("predictor", *(f"{horizon} ahead" for horizon in scores.horizons))
    table = elements.table(head, rows, label="Scores of forecasts", numbers=len(scores.horizons))
    body = f'<p class="note">{elements.text(note)}</p>{draw_scores(scores)}{table}'
    return elements.section("forecast", "How well it predicts what comes next", body)


def draw_scores(scores: ForecastScores) -> str:
    """Return a curve of each predictor as a figure; horizons are on a logarithmic axis."""
    top, bottom = float(scores.nats.max()), float(scores.nats.min())
    at = np.log(scores.horizons / scores.horizons[0])
    # of a single horizon there is a level line
    at = at / at[-1] if len(at) > 1 else np.array([0.0, 1.0])
    lines = ""
    for number, values in enumerate(scores.nats):
        y = 100 * (top - np.resize(values, len(at))) / max(top - bottom, 1e-9)
        colour = COLOURS[number % len(COLOURS)]
        lines += f'<path style="stroke:{colour}" d="M{format_points(1000 * at, y)}"/>'
    ends = elements.ticks(
        [(float(a), f"{horizon}") for a, horizon in zip(at, scores.horizons, strict=False)]
    )
    return (
        f'<figure class="drift forecast"><div class="plot"><ol aria-hidden="true"><li>{top:.2f}'
        f"</li><li>{bottom:.2f}</li></ol>{drawing(lines, height=108, top=-4)}{ends}</div></figure>"
    )
