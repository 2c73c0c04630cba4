"""`motifmine demo`."""

from pathlib import Path

import click

from .options import PathType, examples
from .output import note


@click.command(epilog=examples("motifmine demo"))
@click.option(
    "--data",
    type=PathType(),
    help="Folder of the sample data.  [default: sample_data of the checkout]",
)
@click.option(
    "-w",
    "--workspace",
    type=PathType(file_okay=False),
    default=Path("motifmine-demo"),
    show_default=True,
    help="Folder to work in.",
)
def demo(data: Path | None, workspace: Path) -> None:
    """Run all steps on the sample data, a sensor log and clips: extract, fit, show."""
    from motifmine.reporting.sentences.motifs import describe_all_motifs
    from motifmine.reporting.tables.fit_tables import format_motifs_text
    from motifmine.workflows.demo import run_demo
    from motifmine.workflows.workspace import Workspace

    for record, report in run_demo(Workspace(workspace), data, on_message=note):
        click.echo(format_motifs_text(record) + describe_all_motifs(record), nl=False)
        click.echo(f"report: {report}")
