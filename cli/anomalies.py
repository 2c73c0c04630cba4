"""`motifmine anomalies`."""

from pathlib import Path
from typing import Literal

import click

from .options import FIT, PathType, examples, output_options, workspace_option
from .output import write_data


@click.command(
    epilog=examples(
        "motifmine anomalies", f"motifmine anomalies {FIT} tuesday.mp4 --format csv -o odd.csv"
    )
)
@click.argument("fit", required=False)
@click.argument("sources", nargs=-1, type=PathType(), metavar="[SOURCE]...")
@click.option("--singles", is_flag=True, help="Only events that happened once; without a SOURCE.")
@output_options
@workspace_option
def anomalies(
    fit: str | None,
    sources: tuple[Path, ...],
    singles: bool,
    form: Literal["table", "csv", "json"],
    output: Path | None,
    force: bool,
    workspace: Path,
) -> None:
    """Rank the stretches of time that the motifs of FIT explain worst.

    Without a SOURCE, those of the fit's own recordings; else of other recordings (tables, videos,
    .tdoc), relative to the fit's own.
    """
    from motifmine.reporting.tables.anomalies import WRITERS
    from motifmine.workflows.locate import locate_anomalies
    from motifmine.workflows.workspace import Workspace

    if singles and sources:
        raise click.UsageError("--singles is of the recordings of a fit, not of a SOURCE")
    content = WRITERS[form](locate_anomalies(Workspace(workspace), fit, sources), singles)
    write_data(content, output, force)
