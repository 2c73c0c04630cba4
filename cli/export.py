"""`motifmine export`."""

from pathlib import Path

import click

from .options import FIT, PathType, examples, force_option, workspace_option


@click.command(epilog=examples(f"motifmine export {FIT} --format tdoc -o results/junction"))
@click.argument("source", required=False, metavar="[FIT|TABLE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tdoc"]),
    default="tdoc",
    show_default=True,
    help="tdoc: the text files of the authors' programs.",
)
@click.option(
    "-o",
    "--output",
    type=PathType(),
    help="Path without suffix.  [default: the name of the fit or table, in this folder]",
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
