"""Progress on stderr, data on stdout."""

import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .terminal import escape, shorten

if TYPE_CHECKING:
    from motifmine.archive.plan import Plan
    from motifmine.archive.status import ArchiveState
    from motifmine.records.fit import FitRecord

MOST_TROUBLES = 100  # most failures of an archive that are listed
BYTES_AT_ONCE = 1 << 26  # of the standard output
PLAIN_EVERY_S = 15.0  # without a terminal one line of progress is printed at most this often


@dataclass
class Messages:
    """How much is said on stderr, and where it is kept; set once, by the options of `motifmine`."""

    is_quiet: bool = False
    """Neither notes nor progress."""
    is_verbose: bool = False
    """Notes with the time, tracebacks of errors."""


MESSAGES = Messages()
LOG = logging.getLogger("motifmine")
# without a handler Python itself would write errors to stderr, a second time
LOG.addHandler(logging.NullHandler())
LOG.propagate = False


def set_up_messages(quiet: bool, verbose: bool, log_file: Path | None) -> None:
    """Choose what is said on stderr, and a file that all of it is appended to with the time.

    Raises `WorkspaceError` when the file cannot be written.
    """
    from motifmine.errors import WorkspaceError

    MESSAGES.is_quiet, MESSAGES.is_verbose = quiet, verbose
    # tests and notebooks run several commands in one process: nothing of the one before stays
    warnings.showwarning = _warn
    for handler in LOG.handlers[1:]:
        LOG.removeHandler(handler)
        handler.close()
    if log_file is not None:
        try:
            handler = logging.FileHandler(log_file, encoding="utf-8")
        except OSError as error:
            raise WorkspaceError(f"{log_file} cannot be written: {error.strerror}") from error
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)


def note(line: str) -> None:
    """Say a line on stderr, unless it is to be quiet, and keep it in the log."""
    LOG.info(escape(line))
    if not MESSAGES.is_quiet:
        prefix = f"{datetime.now():%H:%M:%S} " if MESSAGES.is_verbose else ""
        click.echo(escape(prefix + line), err=True)


def complain(line: str) -> None:
    """Say a line on stderr in any case, and keep it in the log."""
    LOG.error(escape(line))
    click.echo(shorten(escape(line)), err=True)


def _warn(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
    """Say a warning of motifmine in a line; others with the place in the code, as Python does."""
    from motifmine.errors import MotifmineWarning

    if issubclass(category, MotifmineWarning):
        complain(f"Warning: {message}")
    else:
        complain(warnings.formatwarning(message, category, *place[:2]).rstrip())


@contextmanager
def progress(label: str) -> Iterator[Callable[[float, float, str], None]]:
    """Yield a function `(done, total, note)` that draws a bar on a terminal, or prints lines.

    Nothing is printed for jobs shorter than two seconds.
    """
    if MESSAGES.is_quiet:
        yield lambda *_: None
    elif sys.stderr.isatty():
        yield from _bar(label)
    else:
        yield _plain(label)


def _plain(label: str) -> Callable[[float, float, str], None]:
    # the first line, too, waits its turn: short jobs print nothing
    began = last = time.monotonic()

    def update(done: float, total: float, detail: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PLAIN_EVERY_S and done > 0:
            last = now
            left = (now - began) * (total - done) / done
            # the beginning says little of the rest: compilation, reading of tables
            ahead = f", {left:.0f} s left" if done > 0.1 * total else ""
            note(f"{label}: {done / total:.0%}{ahead}  {detail}")

    return update


def _bar(label: str) -> Iterator[Callable[[float, float, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    began = time.monotonic()
    # not `sys.stderr`: on a terminal it escapes control characters, and the bar is made of them
    bar = Progress(*columns, console=Console(file=sys.__stderr__), transient=True)
    task = bar.add_task(escape(label), note="", total=None)

    def update(done: float, total: float, detail: str = "") -> None:
        # a bar that appears and vanishes at once only flickers
        if time.monotonic() - began > 2.0:
            bar.start()
        bar.update(task, completed=done, total=total, note=escape(detail))

    try:
        yield update
    finally:
        bar.stop()


def write_data(content: str, output: Path | None, force: bool) -> None:
    """Write data to stdout, or to a file."""
    from motifmine.files import write_text

    if output is None:
        # with its own line end: a file and a redirection have the same bytes
        click.echo(content, nl=False)
    else:
        write_text(output, content, force=force)


def print_occurrences(
    record: "FitRecord", form: str, output: Path | None, force: bool, recording: str | None = None
) -> None:
    """Write occurrences to stdout, a file, or a folder of files.

    `form` is one of `motifmine.reporting.export.formats.FORMATS`.
    """
    from motifmine.reporting.export import formats

    if output is not None:
        paths = formats.write_occurrences(record, form, output, recording=recording, force=force)
        # the name that the user gave is no news; those of several files are
        if len(paths) > 1 or paths != [output]:
            note("\n".join(map(str, paths)))
    # bytes of a Parquet file would reprogram the terminal
    elif formats.FORMATS[form].is_binary and sys.stdout.isatty():
        raise click.UsageError(f"{form} is not for a terminal; name a file with -o")
    else:
        for part in formats.stream_occurrences(record, form, recording=recording):
            # without a buffer (PYTHONUNBUFFERED) the rest of more than 2 GB at once would be lost
            for first in range(0, len(part), BYTES_AT_ONCE):
                click.echo(part[first : first + BYTES_AT_ONCE], nl=False)


def print_plan(plan: "Plan", form: str) -> None:
    """Write the plan of an archive to stdout, as a table or as the JSON that `--plan` takes."""
    from motifmine.archive.plan import format_plan, tabulate_plan
    from motifmine.reporting.text_table import text_table

    shown = format_plan(plan) if form == "json" else text_table(*tabulate_plan(plan))
    click.echo(shown, nl=False)
    _print_troubles([("excluded", item.path, item.reason) for item in plan.excluded])


def print_archive(state: "ArchiveState", form: str) -> None:
    """Write the state of an archive to stdout, and failures to stderr."""
    from motifmine.archive.status import format_state, tabulate_state
    from motifmine.reporting.text_table import text_table

    shown = format_state(state) if form == "json" else text_table(*tabulate_state(state))
    click.echo(shown, nl=False)
    _print_troubles([(item.status, item.path, item.reason) for item in state.troubles])


def _print_troubles(troubles: list[tuple[str, str, str]]) -> None:
    # an archive whose disk was unplugged has as many failures as files
    for status, path, reason in troubles[:MOST_TROUBLES]:
        complain(f"{status}: {path}" + (f": {reason}" if reason else ""))
    if len(troubles) > MOST_TROUBLES:
        complain(f"and {len(troubles) - MOST_TROUBLES} more, see --format json")
