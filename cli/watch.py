"""`motifmine watch`."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from .options import FIT, TIME, PathType, examples, workspace_option
from .output import note

if TYPE_CHECKING:
    from motifmine.durations import Duration


@click.command(
    epilog=examples(
        f"motifmine watch {FIT} log.csv >> events.jsonl",
        f"motifmine watch {FIT} rtsp://camera/stream | jq .motif",
        f"tail -f log.csv | motifmine watch {FIT} - --format text",
    )
)
@click.argument("fit")
@click.argument("source", type=PathType(path_type=str))
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "text"]),
    default="json",
    show_default=True,
    help="A JSON object a line, or a line to read.",
)
@click.option(
    "--idle",
    type=TIME,
    help="End when a file or folder has not grown for this time.  [default: never]",
)
@click.option(
    "--early",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Print also what is going on, as soon as it is so likely to become an occurrence: 0.9.",
)
@click.option(
    "--anomalies", is_flag=True, help="Print also stretches that the motifs explain badly."
)
@click.option("--restart", is_flag=True, help="Begin again, whatever was read before.")
@workspace_option
def watch(
    fit: str,
    source: str,
    form: Literal["json", "text"],
    idle: "Duration | None",
    early: float | None,
    anomalies: bool,
    restart: bool,
    workspace: Path,
) -> None:
    """Find the motifs of FIT in a SOURCE that grows, each as soon as it is decided.

    SOURCE is a file that is being written, a folder of segments, a camera (rtsp://...), or - for a
    pipe. One line is printed for every occurrence, at most a motif's length and a bin after its
    end. Ctrl-C ends it; the next run with the same source resumes.
    """
    from motifmine.workflows.watching.watch import watch_source
    from motifmine.workflows.workspace import Workspace

    watch_source(
        Workspace(workspace),
        fit,
        source,
        # bytes: a line is flushed as a whole, and counted to go on after an interruption
        sys.stdout.buffer,
        form=form,
        idle_s=math.inf if idle is None else idle.seconds(1.0),
        early=early,
        anomalies=anomalies,
        restart=restart,
        on_message=note,
    )
