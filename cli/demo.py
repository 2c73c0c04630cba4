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
    from motifmine.workflows.demo import run_demo
    from motifmine.workflows.report import read_motifs
    from motifmine.workflows.workspace import Workspace

    for report in run_demo(Workspace(workspace), data, on_message=note):
        click.echo(read_motifs(report), nl=False)
        click.echo(f"report: {report}")
