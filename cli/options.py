"""Options and value types that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from motifmine.models import DEFAULT_MODEL

if TYPE_CHECKING:
    from motifmine.durations import Duration

    ParamType = click.ParamType[Any]
else:
    # click before 8.4 has no generic types of parameters
    ParamType = click.ParamType


class PathType(click.Path):
    """A path; not an empty name, which would be the current folder.

    A folder that is to be made needs a place where it can be.
    """

    def __init__(self, *, path_type: type = Path, **more: Any) -> None:
        super().__init__(path_type=path_type, **more)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or end with wrong usage."""
        # what a script passes whose variable is not set
        if not str(value):
            self.fail("the name is empty; is a variable of the shell not set?", param, ctx)
        # settings files can hold what no shell can pass
        try:
            name = os.fsencode(value)
        except UnicodeEncodeError:
            name = b"\0"
        if b"\0" in name:
            self.fail(f"{str(value)!r} cannot be the name of a file", param, ctx)
        path = super().convert(value, param, ctx)
        if not self.file_okay:
            folder = Path(value)
            for above in (folder, *folder.parents):
                if above.is_symlink() and not above.exists():
                    self.fail(f"{str(above)!r} is a link to nothing", param, ctx)
                if above.is_file():
                    self.fail(f"{str(above)!r} is a file, not a folder", param, ctx)
        return path


class DurationType(ParamType):
    """A duration with its unit: `12s`, `500ms`, `2min`, `1h`, `20bins`."""

    name = "duration"

    def __init__(self, *, may_be_bins: bool = True) -> None:
        self.may_be_bins = may_be_bins

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Duration":
        """Return the `Duration`, or end with wrong usage."""
        from motifmine.durations import Duration
        from motifmine.errors import SpecError

        # click converts defaults, too
        if isinstance(value, Duration):
            return value
        try:
            found = Duration.parse(value)
        except SpecError as error:
            self.fail(str(error), param, ctx)
        if found.unit == "bins" and not self.may_be_bins:
            self.fail(f"{value!r} is a number of bins; write a time, as 12s or 500ms", param, ctx)
        return found


FIT = f"{DEFAULT_MODEL}-001"  # name of the first fit of a workspace, in examples
OTHER = f"{DEFAULT_MODEL}-002"
DURATION = DurationType()
# where the length of a bin is not known, or is the value itself
TIME = DurationType(may_be_bins=False)
# formats of occurrences, see `motifmine.reporting.export.formats`; named here, as importing the
# writers takes longer than printing the help
FORMATS = ("table", "csv", "json", "parquet", "srt", "vtt", "eaf", "boris", "labels", "nwb")


def examples(*lines: str) -> str:
    """Return the end of a command's help: lines to type."""
    title = "Example" if len(lines) == 1 else "Examples"
    # \b: click fills lines to paragraphs otherwise
    return "\n    ".join([f"\b\n{title}:", *lines])


def _workspace(ctx: click.Context, _: click.Parameter, value: Path | None) -> Path:
    """Return the folder named after the command, before it, or by the environment.

    What killed commands left there is removed.
    """
    from motifmine.parallel.scratch import sweep_workspace

    # the place nearest to the command wins; the root's has the environment and the default
    chosen: Path = value if value is not None else ctx.find_root().params["workspace"]
    sweep_workspace(chosen)
    return chosen


def workspace_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept `-w/--workspace` after the command's name as well as before it."""
    return click.option(
        "-w",
        "--workspace",
        type=PathType(file_okay=False),
        callback=_workspace,
        help="Folder of the scene.  [default: motifmine-work]",
    )(command)


force_option = click.option("--force", is_flag=True, help="Overwrite what exists.")


def occurrence_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept `--format`, `--recording`, `-o` and `--force`, for the output of occurrences."""
    form = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="table: aligned text; csv, json, parquet: data; srt, vtt: subtitles; eaf: ELAN; "
        "boris: a BORIS project; labels: a label track of Audacity; nwb: TimeIntervals.",
    )
    recording = click.option("--recording", help="Only the occurrences of this recording.")
    output = click.option(
        "-o",
        "--output",
        type=PathType(),
        help="File to write instead of stdout; for srt, vtt, eaf and labels of several recordings, "
        "a folder of one file per recording.",
    )
    # decorators apply from the last to the first, and help lists them from the first
    return form(recording(output(force_option(command))))


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Accept `--format`, `-o` and `--force`, for the output of tables."""
    form = click.option(
        "--format",
        "form",
        type=click.Choice(["table", "csv", "json"]),
        default="table",
        show_default=True,
        help="Aligned text, or data.",
    )
    output = click.option(
        "-o", "--output", type=PathType(), help="File to write instead of stdout."
    )
    return form(output(force_option(command)))
