"""`motifmine forecast`."""

from pathlib import Path

import click

from .options import workspace_option

MOST_WORDS = 8


@click.command(
    epilog="\b\nExamples:\n    motifmine forecast plsm-001 --bins 10"
    "\n    motifmine forecast plsm-001 --score tuesday.h5 --against hsmm-001"
)
@click.argument("fit", required=False)
@click.argument("table", required=False, type=click.Path(path_type=Path))
@click.option(
    "--bins", type=click.IntRange(1), default=10, show_default=True, help="How many bins ahead."
)
@click.option(
    "--score",
    "scored",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="TABLE",
    help="Print how well FIT predicts a table it has not learned from, instead; may be repeated.",
)
@click.option(
    "--against", multiple=True, metavar="FIT", help="With --score: other fits to compare with."
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object, with all words.")
@workspace_option
def forecast(
    fit: str | None,
    table: Path | None,
    bins: int,
    scored: tuple[Path, ...],
    against: tuple[str, ...],
    as_json: bool,
    workspace: Path,
) -> None:
    """Print the observations that FIT expects after the end of TABLE (default: its last one)."""
    from motifmine.reporting.tables import forecasts
    from motifmine.workflows.forecast import forecast as forecast_bins
    from motifmine.workflows.forecast import score_fits
    from motifmine.workflows.workspace import Workspace

    place = Workspace(workspace)
    if against and not scored:
        raise click.UsageError("--against needs --score")
    if scored:
        names = (fit or place.find_fit(None).stem, *against)
        scores = score_fits(place, names, scored)
        shown = (forecasts.format_scores_json if as_json else forecasts.format_scores)(scores)
        click.echo(shown, nl=False)
        return
    found = forecast_bins(place, fit, bins, table)
    values = (found.expected, found.record.vocabulary.labels, found.record.bin_s)
    if as_json:
        shown = forecasts.format_forecast_json(found.recording, *values, end_s=found.end_s)
    else:
        lines = forecasts.format_forecast(*values, end_s=found.end_s, most=MOST_WORDS)
        shown = f"after {found.recording}:\n{lines}"
    click.echo(shown, nl=False)
