"""Progress on stderr, data on stdout."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from motifmine.archive.plan import Plan
    from motifmine.archive.status import ArchiveState
    from motifmine.records.fit import FitRecord

MOST_TROUBLES = 100
"""Most failures of an archive that are listed."""
PLAIN_EVERY_S = 15.0
"""Without a terminal one line of progress is printed at most this often."""


@contextmanager
def progress(label: str) -> Iterator[Callable[[float, float, str], None]]:
    """Yield a function `(done, total, note)` that draws a bar on a terminal, or prints lines.

    Nothing is printed for jobs shorter than two seconds.
    """
    if sys.stderr.isatty():
        yield from _bar(label)
    else:
        yield _plain(label)


def _plain(label: str) -> Callable[[float, float, str], None]:
    began = last = time.monotonic()

    def update(done: float, total: float, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PLAIN_EVERY_S and done > 0:
            last = now
            left = (now - began) * (total - done) / done
            ahead = f", {left:.0f} s left" if done > 0.1 * total else ""
            click.echo(f"{label}: {done / total:.0%}{ahead}  {note}", err=True)

    return update


def _bar(label: str) -> Iterator[Callable[[float, float, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    began = time.monotonic()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(label, note="", total=None)

    def update(done: float, total: float, note: str = "") -> None:
        if time.monotonic() - began > 2.0:
            bar.start()
        bar.update(task, completed=done, total=total, note=note)

    try:
        yield update
    finally:
        bar.stop()


def print_occurrences(
    record: "FitRecord", form: str, output: Path | None, force: bool, recording: str | None = None
) -> None:
    """Write occurrences to stdout, a file, or a folder of files.

    Parameters
    ----------
    record : FitRecord
    form : str
        A name of `motifmine.reporting.export.formats.FORMATS`.
    output : Path or None
        None: stdout.
    force : bool
        Overwrite what exists.
    recording : str or None
        Only the occurrences of this recording.
    """
    from motifmine.reporting.export import formats

    if output is not None:
        paths = formats.write_occurrences(record, form, output, recording=recording, force=force)
        if len(paths) > 1 or paths != [output]:
            click.echo("\n".join(map(str, paths)), err=True)
    elif formats.FORMATS[form].is_binary and sys.stdout.isatty():
        raise click.UsageError(f"{form} is not for a terminal; name a file with -o")
    else:
        content = formats.encode_occurrences(record, form, recording=recording)
        click.echo(content, nl=False)


def print_plan(plan: "Plan", form: str) -> None:
    """Write the plan of an archive to stdout, as a table or as the JSON that `--plan` takes."""
    from motifmine.archive.plan import format_plan, tabulate_plan

    click.echo(format_plan(plan) if form == "json" else _aligned(tabulate_plan(plan)), nl=False)
    _print_troubles([("excluded", item.path, item.reason) for item in plan.excluded])


def print_archive(state: "ArchiveState", form: str) -> None:
    """Write the state of an archive to stdout, and failures to stderr."""
    from motifmine.archive.status import format_state, tabulate_state

    click.echo(format_state(state) if form == "json" else _aligned(tabulate_state(state)), nl=False)
    _print_troubles([(item.status, item.path, item.reason) for item in state.troubles])


def _print_troubles(troubles: list[tuple[str, str, str]]) -> None:
    for status, path, reason in troubles[:MOST_TROUBLES]:
        click.echo(f"{status}: {path}" + (f": {reason}" if reason else ""), err=True)
    if len(troubles) > MOST_TROUBLES:
        click.echo(f"and {len(troubles) - MOST_TROUBLES} more, see --format json", err=True)


def _aligned(rows: list[list[str]]) -> str:
    """Return rows as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "".join(f"{line.rstrip()}\n" for line in lines)
