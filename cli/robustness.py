"""`motifmine robustness`."""

from pathlib import Path
from typing import Literal

import click

from .options import FIT, PathType, examples, output_options, workspace_option
from .output import write_data


@click.command(
    epilog=examples(
        "motifmine robustness", f"motifmine robustness {FIT} --change counts --format csv"
    )
)
@click.argument("fit", required=False)
@click.option(
    "--change",
    type=click.Choice(["moved", "counts"]),
    default="moved",
    show_default=True,
    help="moved: observations are moved in time; counts: they are removed, or others added.",
)
@click.option(
    "--truth",
    type=PathType(dir_okay=False),
    help="CSV or JSON as for `evaluate`: what F1 is against; otherwise what is found unchanged.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of random changes.")
@output_options
@workspace_option
def robustness(
    fit: str | None,
    change: Literal["moved", "counts"],
    truth: Path | None,
    seed: int,
    form: Literal["table", "csv", "json"],
    output: Path | None,
    force: bool,
    workspace: Path,
) -> None:
    """Print how little change of the counts makes occurrences of FIT vanish or appear.

    The worst changes that a search finds, next to random ones of the same size; the model of the
    fit looks for its motifs in the changed counts. FIT is the newest unless it is given.
    """
    from motifmine.reporting.tables.robustness import WRITERS
    from motifmine.workflows.robustness import measure_fit
    from motifmine.workflows.workspace import Workspace

    found = measure_fit(Workspace(workspace), fit, change=change, seed=seed, truth=truth)
    content = WRITERS[form](*found)
    write_data(content, output, force)
