"""`motifmine locate`."""

from pathlib import Path

import click

from .options import FIT, PathType, examples, occurrence_options, workspace_option
from .output import print_occurrences


@click.command(epilog=examples(f"motifmine locate {FIT} tuesday.mp4 --format csv"))
@click.argument("fit")
@click.argument("sources", nargs=-1, required=True, type=PathType())
@occurrence_options
@workspace_option
def locate(
    fit: str,
    sources: tuple[Path, ...],
    form: str,
    recording: str | None,
    output: Path | None,
    force: bool,
    workspace: Path,
) -> None:
    """Find the motifs of FIT, held fixed, in new recordings (SOURCE: tables, videos, .tdoc)."""
    from motifmine.workflows.locate import locate_sources
    from motifmine.workflows.workspace import Workspace

    # nothing is kept in the workspace: the recordings are not of its fits
    record = locate_sources(Workspace(workspace), fit, sources)
    print_occurrences(record, form, output, force, recording)
