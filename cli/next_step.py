"""What to type next."""

import shlex
from pathlib import Path

import click

from .output import note

DEFAULT = "motifmine-work"


def next_step(workspace: Path) -> str:
    """Return the command that follows, for the state of a workspace."""
    from motifmine.models import DEFAULT_MODEL
    from motifmine.workflows.workspace import Workspace

    place = "" if workspace == Path(DEFAULT) else f" -w {shlex.quote(str(workspace))}"
    opened = Workspace(workspace)
    # by the files, not by the command that ran: it may be the second time
    if any((workspace / "fits").glob("*.h5")):
        return f"motifmine{place} show-motifs"
    if opened.table_paths():
        return f"motifmine{place} fit --model {DEFAULT_MODEL}"
    return f"motifmine{place} extract SOURCE..."


def note_next_step(ctx: click.Context, workspace: Path) -> None:
    """Say what comes next, unless `run` continues by itself."""
    # called from Python there is no shell to type into
    if ctx.parent is not None and ctx.parent.info_name != "run":
        note(f"next: {next_step(workspace)}")
