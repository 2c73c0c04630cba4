"""`motifmine show-motifs`."""

from pathlib import Path

import click

from .options import FIT, examples, force_option, workspace_option


@click.command("show-motifs", epilog=examples(f"motifmine show-motifs {FIT} --open"))
@click.argument("fit", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print only the motifs, as JSON.")
@click.option("--open", "open_report", is_flag=True, help="Open the report in a browser.")
@click.option(
    "--time-zone",
    metavar="ZONE",
    help="Time zone of hours and days in the report, stored in the fit: Europe/Zurich.",
)
@force_option
@workspace_option
def show_motifs(
    fit: str | None,
    as_json: bool,
    open_report: bool,
    time_zone: str | None,
    force: bool,
    workspace: Path,
) -> None:
    """Print one row per motif of FIT (default: the newest) and write the report with pictures."""
    from motifmine.workflows.report import read_motifs, show_fit
    from motifmine.workflows.workspace import Workspace

    report = show_fit(Workspace(workspace), fit, force=force, time_zone=time_zone)
    click.echo(read_motifs(report, as_json=as_json), nl=False)
    # nothing else is printed with JSON, which programs parse
    if not as_json:
        click.echo(f"report: {report}")
    if open_report:
        click.launch(str(report))
