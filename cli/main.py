"""The group `motifmine` and the options of all commands."""

import os
import traceback
from pathlib import Path
from typing import Any

import click

from .anomalies import anomalies
from .batch import batch
from .clips import clips
from .compare import compare
from .config import config, name_variables, read_settings
from .convert import convert
from .demo import demo
from .doctor import doctor
from .evaluate import evaluate
from .export import export
from .extract import extract
from .fit import fit
from .forecast import forecast
from .info import info
from .locate import locate
from .name import name as name_motifs
from .next_step import next_step
from .occurrences import occurrences
from .output import MESSAGES, complain, set_up_messages
from .phases import phases
from .plugins import plugins
from .run import run
from .show_motifs import show_motifs
from .simulate import simulate
from .watch import watch

EXAMPLE = """\b
Quick start, in an empty folder:
    motifmine extract video.mp4
    motifmine fit --model plsm
    motifmine show-motifs
"""


class MotifmineGroup(click.Group):
    """A group that reports errors of motifmine in one line; other errors show a traceback."""

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Return a context whose defaults are those of files with settings."""
        from motifmine.errors import MotifmineError

        try:
            settings, _ = read_settings(self)
        except MotifmineError as error:
            complain(f"Error: {error}")
            raise click.exceptions.Exit(1) from error
        return super().make_context(*arguments, **{"default_map": settings, **extra})

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command line; without arguments in a call it is that of this process."""
        if not args and not more:
            from motifmine.parallel.scratch import use_temporary_area

            from .terminal import protect_streams

            use_temporary_area()
            protect_streams()
        return super().main(*args, **more)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a `MotifmineError` ends it with status 1."""
        from motifmine.errors import MotifmineError

        from .signals import end_on_signals

        try:
            with end_on_signals():
                return super().invoke(ctx)
        except MotifmineError as error:
            if MESSAGES.is_verbose:
                complain(traceback.format_exc().rstrip())
            complain(f"Error: {error}")
            ctx.exit(1)
        except KeyboardInterrupt:
            complain("interrupted")
            ctx.exit(130)


@click.group(
    cls=MotifmineGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLE,
    invoke_without_command=True,
)
@click.option(
    "-w",
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    default="motifmine-work",
    show_default=True,
    help="Folder of one scene: its tables, fits and reports.",
)
@click.option("-q", "--quiet", is_flag=True, help="Only errors and warnings on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Notes with the time; tracebacks of errors.")
@click.option(
    "--memory",
    metavar="SIZE",
    help="Refuse data that need more memory than this, as 4GiB.  [default: that of the machine]",
)
@click.option(
    "--log-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append all messages to this file, with the time.",
)
@click.option(
    "--color/--no-color",
    default=None,
    help="Colours on the terminal.  [default: on a terminal, unless NO_COLOR is set]",
)
@click.version_option(package_name="motifmine")
@click.pass_context
def main(
    ctx: click.Context,
    workspace: Path,
    quiet: bool,
    verbose: bool,
    memory: str | None,
    log_file: Path | None,
    color: bool | None,
) -> None:
    """Find recurring activities in footage or sensor logs, and when they occur, without labels."""
    set_up_messages(quiet, verbose, log_file)
    if memory is not None:
        from motifmine.parallel.memory import limit_memory, parse_size

        limit_memory(parse_size(memory))
    ctx.color = color if color is not None else (False if os.environ.get("NO_COLOR") else None)
    if ctx.invoked_subcommand is None:
        click.echo(f"next: {next_step(workspace)}")
        click.echo("or all at once: motifmine run SOURCE...; on sample data: motifmine demo")
        click.echo("motifmine --help lists the commands")


for command in (
    run,
    demo,
    extract,
    info,
    fit,
    show_motifs,
    name_motifs,
    occurrences,
    locate,
    watch,
    phases,
    forecast,
    export,
    anomalies,
    clips,
    evaluate,
    compare,
    simulate,
    batch,
    config,
    convert,
    doctor,
    plugins,
):
    main.add_command(command)

name_variables(main.params)
for name, command in main.commands.items():
    name_variables(command.params, name)
