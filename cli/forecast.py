"""`motifmine forecast`."""

from pathlib import Path
from typing import Literal

import click

from .options import FIT, OTHER, PathType, examples, output_options, workspace_option
from .output import write_data


@click.command(
    epilog=examples(
        f"motifmine forecast {FIT} --bins 10",
        f"motifmine forecast {FIT} --score tuesday.h5 --against {OTHER}",
    )
)
@click.argument("fit", required=False)
@click.argument("table", required=False, type=PathType())
@click.option(
    "--bins", type=click.IntRange(1), default=10, show_default=True, help="How many bins ahead."
)
@click.option(
    "--score",
    "scored",
    multiple=True,
    type=PathType(),
    metavar="TABLE",
    help="Print how well FIT predicts a table it has not learned from, instead; may be repeated.",
)
@click.option(
    "--against", multiple=True, metavar="FIT", help="With --score: other fits to compare with."
)
@click.option(
    "--keep", is_flag=True, help="With --score: keep the scores in FIT, whose report draws them."
)
@output_options
@workspace_option
def forecast(
    fit: str | None,
    table: Path | None,
    bins: int,
    scored: tuple[Path, ...],
    against: tuple[str, ...],
    keep: bool,
    form: Literal["table", "csv", "json"],
    output: Path | None,
    force: bool,
    workspace: Path,
) -> None:
    """Print the observations that FIT expects after the end of TABLE (default: its last one)."""
    from motifmine.reporting.tables.forecasts import SCORE_WRITERS, WRITERS
    from motifmine.workflows.forecast import forecast as forecast_bins
    from motifmine.workflows.forecast import score_fits
    from motifmine.workflows.workspace import Workspace

    place = Workspace(workspace)
    if (against or keep) and not scored:
        raise click.UsageError(f"{'--against' if against else '--keep'} needs --score")
    if scored:
        # the first name heads the table, so that rows are not mixed up
        names = (fit or place.find_fit(None).stem, *against)
        content = SCORE_WRITERS[form](score_fits(place, names, scored, keep=keep))
    else:
        content = WRITERS[form](forecast_bins(place, fit, bins, table))
    write_data(content, output, force)
