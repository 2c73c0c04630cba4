"""Section: the posterior: convergence of the chains and uncertainty of the motifs."""

import numpy as np

from motifmine.analysis.posterior_summary import PosteriorSummary
from motifmine.records.fit import FitRecord
from motifmine.records.posterior import Posterior
from motifmine.reporting.figures.svg import drawing, format_points
from motifmine.reporting.html import elements
from motifmine.reporting.html.context import ReportContext
from motifmine.types import Floats

MOST_POINTS = 400  # points of a curve; longer traces are thinned
MOST_NUMBERS = 60  # most bars of the histogram; the most frequent numbers of motifs are shown
# statistics that are drawn, with their titles
CURVES = {
    "log_joint": "log joint probability, nats",
    "n_motifs": "motifs",
    "n_occurrences": "occurrences",
    "background_share": "background, share of the observations",
}
# titles of the statistics in the table
NAMES = {
    "log_joint": "log joint probability, nats",
    "n_motifs": "motifs of 1 % or more",
    "n_occurrences": "occurrences",
    "background_share": "background's share",
    "concentration": "concentration",
}
_HEIGHT, _MARGIN = 200, 10


def section(context: ReportContext) -> str:
    """Return sentence, curves and tables of a posterior; "" where nothing was sampled."""
    posterior, summary = context.record.posterior, context.statistics.posterior
    if posterior is None or summary is None:
        return ""
    body = (
        f'<p class="verdict">{elements.text(posterior.sentence)}</p>'
        + _render_histogram(posterior, summary)
        + _render_curves(posterior)
        + _render_statistics(posterior, summary)
        + _render_motifs(context.record, summary)
    )
    return elements.section("chains", "Uncertainty of the fit", body)


def _render_histogram(posterior: Posterior, summary: PosteriorSummary) -> str:
    """Return the posterior of the number of motifs as a table with bars."""
    share = posterior.n_motifs
    shown = np.flatnonzero(share > 0)
    # the most frequent numbers, but in their own order, as a histogram is read
    shown = np.sort(shown[np.argsort(-share[shown], kind="stable")[:MOST_NUMBERS]])
    rows = [
        (
            str(n),
            f'<meter min="0" max="{share.max():.4f}" value="{share[n]:.4f}">{share[n]:.2f}</meter>',
            f"{100 * share[n]:.1f} %",
        )
        for n in shown.tolist()
    ]
    note = (
        f'<p class="note">90 % of the sweeps have {summary.least_motifs} to '
        f"{summary.most_motifs} motifs with at least 1 % of the observations.</p>"
    )
    table = elements.table(
        ("number of motifs", "", "share of sweeps"),
        rows,
        label="Posterior of the number of motifs",
        numbers=1,
    )
    return note + table


def _render_curves(posterior: Posterior) -> str:
    """Return one figure per statistic, with a line per chain."""
    drawn = [
        _render_figure(posterior.trace[:, :, column], CURVES[name], posterior.burn_in)
        for column, name in enumerate(posterior.statistics)
        if name in CURVES and posterior.trace.shape[1] > 1
    ]
    return f'<div class="traces">{"".join(drawn)}</div>' if drawn else ""


def _render_figure(values: Floats, title: str, burn_in: int) -> str:
    """Return the curves of one statistic, values (chain, sweep)."""
    n_chains, n_sweeps = values.shape
    # The first sweeps are far from the rest; without them the axis resolves the others.
    settled = values[:, min(burn_in, n_sweeps) // 2 :]
    low, high = float(settled.min()), float(settled.max())
    # a curve has no more points than the page has pixels; the first and the last sweep stay
    keep = np.unique(np.round(np.linspace(0, n_sweeps - 1, MOST_POINTS)).astype(np.int64))
    across = 1000 * keep / (n_sweeps - 1)
    height = _HEIGHT - 2 * _MARGIN
    lines = ""
    for chain in range(n_chains):
        # the burn-in may leave the frame by a little, so that it is seen to come from outside; a
        # statistic that never changes must not divide by 0
        place = np.clip((values[chain, keep] - low) / max(high - low, 1e-300), -0.05, 1.05)
        down = _HEIGHT - _MARGIN - height * place
        lines += f'<polyline class="chain-{chain % 4}" points="{format_points(across, down)}"/>'
    edge = 1000 * burn_in / (n_sweeps - 1)
    shade = f'<rect class="burn-in" x="0" y="0" width="{edge:.1f}" height="{_HEIGHT}"/>'
    return (
        f'<figure><div class="ends"><span>{high:,.4g}</span></div>'
        f"{drawing(shade + lines, height=_HEIGHT, kind='curve')}"
        f'<div class="ends"><span>{low:,.4g}</span><span>sweep 1 to {n_sweeps}</span></div>'
        f"<figcaption>{elements.text(title)}: {n_chains} chains, burn-in shaded</figcaption>"
        "</figure>"
    )


def _render_statistics(posterior: Posterior, summary: PosteriorSummary) -> str:
    """Return R-hat and effective sample size of every statistic."""
    rows = [
        (
            elements.text(NAMES.get(name, name)),
            f"{summary.statistic_mean[column]:,.4g}",
            _format_number(posterior.r_hat[column], 2),
            _format_number(posterior.effective_sweeps[column], 0),
        )
        for column, name in enumerate(posterior.statistics)
    ]
    note = (
        '<p class="note">R-hat (split chains) is near 1 when the chains agree; the effective '
        "number of sweeps is the number of independent sweeps with the same standard error. "
        "Concentration is the sum of the squared shares of the motifs.</p>"
    )
    head = ("statistic", "mean", "R-hat", "effective sweeps")
    return note + elements.table(head, rows, label="Convergence of the chains", numbers=3)


def _render_motifs(record: FitRecord, summary: PosteriorSummary) -> str:
    """Return the share of sweeps that have each motif, and the spread of these motifs."""
    rows = [
        (
            elements.motif_name(record, motif),
            f"{100 * summary.presence[motif]:.0f} %",
            f"{100 * summary.least_presence[motif]:.0f} %",
            "-" if np.isnan(spread) else f"{100 * spread:.0f} %",
        )
        for motif, spread in enumerate(summary.relative_spread.tolist())
    ]
    note = (
        '<p class="note">A sweep has a motif when one of its motifs has a cosine of 0.9 or more '
        "with it, at the best shift. The spread is the distance of these from their mean, in per "
        "cent of the mean's norm.</p>"
    )
    head = ("motif", "in sweeps", "in the worst chain", "spread")
    return note + elements.table(head, rows, label="Uncertainty of the motifs", numbers=3)


def _format_number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}" if np.isfinite(value) else "-"
