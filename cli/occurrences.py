"""`motifmine occurrences`."""

from pathlib import Path

import click

from .options import FIT, examples, occurrence_options, workspace_option
from .output import print_occurrences


@click.command(
    epilog=examples(
        "motifmine occurrences --format csv -o occurrences.csv",
        f"motifmine occurrences {FIT} --format srt -o subtitles",
        "motifmine occurrences --explain 12",
    )
)
@click.argument("fit", required=False)
@occurrence_options
@click.option(
    "--explain",
    "number",
    type=click.IntRange(min=1),
    help="Print as JSON what explains this occurrence (its number in the list, from 1): what was "
    "seen, what other motifs explain, and its score with and without them.",
)
@workspace_option
def occurrences(
    fit: str | None,
    form: str,
    recording: str | None,
    output: Path | None,
    force: bool,
    number: int | None,
    workspace: Path,
) -> None:
    """Print every occurrence of the motifs of FIT (default: the newest) with its times.

    An occurrence ends when 90 % of its motif are over, unless the model gives its end.
    """
    from motifmine.io.hdf5.store import read_fit
    from motifmine.workflows.workspace import Workspace

    # what explains an occurrence are the activations near it
    without = ("activations",) if number is None else ()
    record = read_fit(Workspace(workspace).find_fit(fit), without=without)
    if number is not None:
        from motifmine.reporting.tables.explaining import format_explained
        from motifmine.workflows.explain import explain_in_workspace

        explained = explain_in_workspace(record, Workspace(workspace), number)
        click.echo(format_explained(record, number, explained), nl=False)
        return
    print_occurrences(record, form, output, force, recording)
