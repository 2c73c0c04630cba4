"""The group `motifmine` and the options of all commands."""

from pathlib import Path

import click

from .anomalies import anomalies
from .batch import batch
from .clips import clips
from .compare import compare
from .demo import demo
from .evaluate import evaluate
from .export import export
from .extract import extract
from .fit import fit
from .info import info
from .locate import locate
from .name import name
from .occurrences import occurrences
from .show_motifs import show_motifs
from .simulate import simulate

EXAMPLE = """\b
Quick start, in an empty folder:
    motifmine extract video.mp4
    motifmine fit --model plsm
    motifmine show-motifs
"""


class MotifmineGroup(click.Group):
    """A group that reports errors of motifmine in one line; other errors show a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a `MotifmineError` ends it with status 1."""
        from motifmine.errors import MotifmineError

        try:
            return super().invoke(ctx)
        except MotifmineError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)


@click.group(
    cls=MotifmineGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLE,
)
@click.option(
    "-w",
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="MOTIFMINE_WORKSPACE",
    default=Path("motifmine-work"),
    show_default=True,
    help="Folder of one scene: its tables, fits and reports.",
)
@click.version_option(package_name="motifmine")
def main(workspace: Path) -> None:
    """Find recurring activities in footage or sensor logs, and when they occur, without labels."""


for command in (
    demo,
    extract,
    info,
    fit,
    show_motifs,
    name,
    occurrences,
    locate,
    export,
    anomalies,
    clips,
    evaluate,
    compare,
    simulate,
    batch,
):
    main.add_command(command)
