"""`motifmine occurrences`."""

from pathlib import Path

import click

from .options import occurrence_options, workspace_option
from .output import print_occurrences


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

    An occurrence ends when 90 % of its motif are over, unless the model gives its end.
    """
    from motifmine.io.hdf5.store import read_fit
    from motifmine.workflows.workspace import Workspace

    record = read_fit(Workspace(workspace).find_fit(fit))
    print_occurrences(record, form, output, force, recording)
