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
    from motifmine.analysis.alike_motifs import find_confusions
    from motifmine.reporting.sentences.motifs import alike_sentences, describe_all_motifs
    from motifmine.reporting.tables.fit_tables import format_motifs_json, format_motifs_text
    from motifmine.workflows.report import show_fit
    from motifmine.workflows.workspace import Workspace

    record, report = show_fit(Workspace(workspace), fit, force=force, time_zone=time_zone)
    # the report is written all the same, but nothing else is printed: programs parse it
    if as_json:
        click.echo(format_motifs_json(record), nl=False)
    else:
        click.echo(format_motifs_text(record), nl=False)
        click.echo(describe_all_motifs(record), nl=False)
        for line in alike_sentences(record, find_confusions(record)):
            click.echo(line)
        click.echo(f"report: {report}")
    if open_report:
        click.launch(str(report))
