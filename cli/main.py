"""The group `motifmine` and the options of all commands."""

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from motifmine.models import DEFAULT_MODEL

from .config import name_variables, read_settings
from .options import PathType

# the commands, in the order in which they are used, with what the list of commands says. The
# command `a-b` is the function `a_b` of the module of the same name, which is imported when the
# command is called: importing all of them took longer than click itself.
SUMMARIES = {
    "run": "Extract, fit, show and open the report in one line.",
    "demo": "Run all steps on the sample data.",
    "extract": "Convert recordings to tables of observations.",
    "info": "Describe a table, a fit or the workspace.",
    "fit": "Learn motifs and their occurrences from tables.",
    "show-motifs": "Print the motifs of a fit and write its report.",
    "name": "Name motifs of a fit.",
    "occurrences": "Print when the motifs of a fit occurred.",
    "locate": "Find the motifs of a fit in new recordings.",
    "watch": "Find the motifs of a fit in a source that grows.",
    "phases": "Print the common cycle of the motifs, and their phases.",
    "forecast": "Print the observations that a fit expects next.",
    "export": "Write a fit or a table as text.",
    "anomalies": "Rank the stretches that the motifs explain worst.",
    "robustness": "Print how little change makes occurrences vanish or appear.",
    "clips": "Cut examples of each motif from the videos.",
    "evaluate": "Evaluate occurrences against annotated events.",
    "compare": "Match the motifs of several fits.",
    "simulate": "Simulate tables from known motifs, with their truth.",
    "batch": "Process an archive of many files to motifs and reports.",
    "config": "Show which options files or the environment set.",
    "convert": "Write tables and fits of earlier versions in today's layout.",
    "doctor": "Check the installation.",
    "plugins": "List models and readers that other packages add.",
}

EXAMPLE = f"""\b
Quick start, in an empty folder:
    motifmine extract video.mp4
    motifmine fit --model {DEFAULT_MODEL}
    motifmine show-motifs
"""


class Commands(Mapping[str, click.Command]):
    """The commands of `SUMMARIES`, each imported when it is looked up."""

    def __getitem__(self, name: str) -> click.Command:
        stem = name.replace("-", "_")
        if name not in SUMMARIES:
            raise KeyError(name)
        command: click.Command = getattr(import_module(f".{stem}", __package__), stem)
        # the list of commands and their own help must say the same
        command.short_help = SUMMARIES[name]
        name_variables(command.params, name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(SUMMARIES)

    def __len__(self) -> int:
        return len(SUMMARIES)


class MotifmineGroup(click.Group):
    """A group that reports errors of motifmine in one line; other errors show a traceback."""

    is_whole_process = False

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(SUMMARIES.items()))

    def make_context(
        self, info_name: str | None, args: list[str], *arguments: Any, **extra: Any
    ) -> click.Context:
        """Return a context whose defaults are those of files with settings."""
        try:
            # `run` is three commands
            words = {*args, *(("extract", "fit", "show-motifs") if "run" in args else ())}
            # click asks for defaults before any callback of this group is called
            settings = read_settings(self, words)
        except Exception as error:
            from motifmine.errors import MotifmineError

            from .output import complain

            # a bug keeps its traceback
            if not isinstance(error, MotifmineError):
                raise
            complain(f"Error: {error}")
            raise click.exceptions.Exit(1) from error
        # what a caller passes goes before files
        extra.setdefault("default_map", settings)
        return super().make_context(info_name, args, *arguments, **extra)

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command line; without arguments in a call it is that of this process."""
        self.is_whole_process = not args and not more
        if self.is_whole_process:
            from .terminal import protect_streams

            protect_streams()
        try:
            return super().main(*args, **more)
        except OSError as error:
            # of a help text on a full disk: those of commands end there
            from motifmine.errors import describe_error

            click.echo(f"Error: {describe_error(error)}", err=True)
            raise SystemExit(1) from error
        finally:
            if self.is_whole_process:
                from .terminal import discard_unwritten

                discard_unwritten()

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what it refuses, or the system does, ends it with status 1."""
        import errno
        import traceback

        from motifmine.errors import MotifmineError, describe_error

        from .output import MESSAGES, complain
        from .signals import end_on_signals

        if self.is_whole_process:
            # not for `--help`, which needs no temporary files
            from motifmine.parallel.scratch import use_temporary_area

            use_temporary_area()
        try:
            with end_on_signals():
                return super().invoke(ctx)
        except (MotifmineError, OSError) as error:
            # click ends quietly when nobody reads the output any more
            if getattr(error, "errno", None) == errno.EPIPE:
                raise
            if MESSAGES.is_verbose:
                complain(traceback.format_exc().rstrip())
            complain(f"Error: {describe_error(error)}")
            ctx.exit(1)
        except MemoryError as error:
            # what is checked before is refused with its size, --memory; this is the rest
            complain(f"Error: there is not enough memory: {error}".rstrip(": "))
            ctx.exit(1)
        except KeyboardInterrupt:
            complain("interrupted")
            # as shells have it: 128 + SIGINT
            ctx.exit(130)


@click.group(
    cls=MotifmineGroup,
    commands=Commands(),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLE,
    invoke_without_command=True,
)
@click.option(
    "-w",
    "--workspace",
    type=PathType(file_okay=False),
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
    type=PathType(dir_okay=False),
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
    from .output import set_up_messages

    set_up_messages(quiet, verbose, log_file)
    if memory is not None:
        from motifmine.parallel.memory import limit_memory, parse_size

        limit_memory(parse_size(memory))
    # https://no-color.org: any value of the variable but an empty one
    ctx.color = color if color is not None else (False if os.environ.get("NO_COLOR") else None)
    if ctx.invoked_subcommand is None:
        from .next_step import next_step

        click.echo(f"next: {next_step(workspace)}")
        click.echo("or all at once: motifmine run SOURCE...; on sample data: motifmine demo")
        click.echo("motifmine --help lists the commands")


name_variables(main.params)
