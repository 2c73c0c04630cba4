"""`motifmine export` and `locate`: results for other programs, motifs for other recordings."""

from pathlib import Path

import click

from .options import force_option, occurrence_options, workspace_option
from .output import print_occurrences


@click.command(
    epilog="\b\nExample:\n    motifmine export plsm-001 --format tdoc -o results/junction"
)
@click.argument("source", required=False, metavar="[FIT|TABLE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tdoc"]),
    default="tdoc",
    show_default=True,
    help="tdoc: the text files of the authors' own programs.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where, without suffix.  [default: the name of the fit or table, in this folder]",
)
@force_option
@workspace_option
def export(
    source: str | None, form: str, output: Path | None, force: bool, workspace: Path
) -> None:
    """Write FIT (default: the newest) or a TABLE as text.

    A fit becomes four files: .pwz p(w|z), .ptrwz p(tr|w,z), .pzd p(z|d) and .ptszd p(ts|z,d).
    A table becomes one .tdoc file, a line per time bin.
    """
    from motifmine.workflows.export import export_text
    from motifmine.workflows.workspace import Workspace

    for path in export_text(Workspace(workspace), source, output, force=force):
        click.echo(path)


@click.command(epilog="\b\nExample:\n    motifmine locate plsm-001 tuesday.mp4 --format csv")
@click.argument("fit")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
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
    from motifmine.workflows.fit import locate_sources
    from motifmine.workflows.workspace import Workspace

    record = locate_sources(Workspace(workspace), fit, sources)
    print_occurrences(record, form, output, force, recording)
