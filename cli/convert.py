"""`motifmine convert`."""

from pathlib import Path

import click

from .options import PathType, examples, workspace_option


@click.command(epilog=examples("motifmine convert last-year/motifmine-work"))
@click.argument("path", required=False, type=PathType())
@workspace_option
def convert(path: Path | None, workspace: Path) -> None:
    """Write tables and fits of earlier versions in today's layout (default: this workspace).

    Earlier layouts are read by every command; this adds what later versions store, such as the
    names of axes for xarray. Files are replaced one by one.
    """
    from motifmine.workflows.convert import convert as convert_files

    for each in convert_files(path or workspace):
        click.echo(f"ok: {each}")
