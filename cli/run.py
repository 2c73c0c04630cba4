"""`motifmine run`."""

from pathlib import Path

import click

from motifmine.models import DEFAULT_MODEL

from .extract import extract
from .fit import fit
from .model_options import model_option
from .options import PathType, examples, workspace_option
from .show_motifs import show_motifs


@click.command(epilog=examples("motifmine run video.mp4"))
@click.argument("sources", nargs=-1, required=True, type=PathType())
@model_option(default=DEFAULT_MODEL, show_default=True, help="The kind of model.")
@click.option(
    "--open/--no-open",
    "open_report",
    default=None,
    help="Open the report in the browser.  [default: on a terminal]",
)
@workspace_option
@click.pass_context
def run(
    ctx: click.Context,
    sources: tuple[Path, ...],
    model: str,
    open_report: bool | None,
    workspace: Path,
) -> None:
    """Extract SOURCEs, fit motifs, show them and open the report, in one line.

    Options of the three commands are taken from `motifmine.toml` and the environment, see
    `motifmine config`.
    """
    import sys

    from motifmine.workflows.workspace import Workspace

    place = ["--workspace", str(workspace)]
    status = _invoke(ctx, extract, [*place, "--", *map(str, sources)])
    # a source that failed does not keep tables that are there from being fitted
    if status and not Workspace(workspace).table_paths():
        ctx.exit(status)
    _invoke(ctx, fit, [*place, "--model", model])
    # in a pipe or a job at night there is nobody to look at a browser
    is_opened = sys.stdout.isatty() if open_report is None else open_report
    _invoke(ctx, show_motifs, [*place, *(["--open"] if is_opened else [])])
    ctx.exit(status)


def _invoke(ctx: click.Context, command: click.Command, arguments: list[str]) -> int:
    """Run a command as if it were typed, and return its exit status."""
    name = str(command.name)
    # the settings of files are found by the name of the command below the group
    root = ctx.find_root()
    with command.make_context(
        name, arguments, parent=ctx, default_map=(root.default_map or {}).get(name)
    ) as inner:
        try:
            command.invoke(inner)
        # otherwise the first command's status would end all three
        except click.exceptions.Exit as ending:
            return ending.exit_code
    return 0
