"""`motifmine show-motifs`, `occurrences` and `info`: what a fit, table or workspace holds."""

from pathlib import Path

import click

from .options import force_option, occurrence_options, workspace_option
from .output import print_occurrences


@click.command("show-motifs", epilog="\b\nExample:\n    motifmine show-motifs plsm-001 --open")
@click.argument("fit", required=False)
@click.option("--json", "as_json", is_flag=True, help="The motifs as JSON, nothing else.")
@click.option("--open", "open_report", is_flag=True, help="Open the report in a browser.")
@click.option(
    "--time-zone",
    metavar="ZONE",
    help="Zone that the report tells hours and days in, kept in the fit: Europe/Zurich.",
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
    from motifmine.reporting.sentences.motifs import readings_text
    from motifmine.reporting.tables.fit_tables import motifs_json, motifs_text
    from motifmine.workflows.fit import show_fit
    from motifmine.workflows.workspace import Workspace

    record, report = show_fit(Workspace(workspace), fit, force=force, time_zone=time_zone)
    if as_json:
        click.echo(motifs_json(record), nl=False)
    else:
        click.echo(motifs_text(record), nl=False)
        click.echo(readings_text(record), nl=False)
        click.echo(f"report: {report}")
    if open_report:
        click.launch(str(report))


@click.command(
    epilog="\b\nExamples:\n    motifmine occurrences --format csv -o occurrences.csv"
    "\n    motifmine occurrences plsm-001 --format srt -o subtitles"
)
@click.argument("fit", required=False)
@occurrence_options
@workspace_option
def occurrences(
    fit: str | None,
    form: str,
    recording: str | None,
    output: Path | None,
    force: bool,
    workspace: Path,
) -> None:
    """Print every occurrence of the motifs of FIT (default: the newest) with its times.

    An occurrence ends when 90 % of its motif are over.
    """
    from motifmine.io.hdf5.store import read_fit
    from motifmine.workflows.workspace import Workspace

    record = read_fit(Workspace(workspace).find_fit(fit))
    print_occurrences(record, form, output, force, recording)


@click.command(epilog="\b\nExample:\n    motifmine info motifmine-work --json")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@workspace_option
def info(path: Path | None, as_json: bool, workspace: Path) -> None:
    """Tell what a table, a fit or a workspace holds (default: this workspace)."""
    import json

    from motifmine.workflows.info import summarise

    facts = summarise(path or workspace)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        width = max(len(name) for name in facts)
        for name, value in facts.items():
            click.echo(f"{name:<{width}}  {value}")


@click.command(epilog="\b\nExample:\n    motifmine demo")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the sample data.  [default: sample_data of the checkout]",
)
@click.option(
    "-w",
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("motifmine-demo"),
    show_default=True,
    help="Folder to work in.",
)
def demo(data: Path | None, workspace: Path) -> None:
    """Run the whole job on the sample data, a sensor log and clips: extract, fit, show."""
    from motifmine.reporting.sentences.motifs import readings_text
    from motifmine.reporting.tables.fit_tables import motifs_text
    from motifmine.workflows.demo import run_demo
    from motifmine.workflows.workspace import Workspace

    for record, report in run_demo(Workspace(workspace), data, on_step=_note):
        click.echo(motifs_text(record) + readings_text(record), nl=False)
        click.echo(f"report: {report}")


def _note(line: str) -> None:
    click.echo(line, err=True)
