"""Progress on stderr, data on stdout."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from motifmine.motifs import FitRecord

PLAIN_EVERY_S = 15.0
"""Without a terminal one line of progress is printed at most this often."""


@contextmanager
def progress(label: str) -> Iterator[Callable[[float, float, str], None]]:
    """Give a function `(done, total, note)` that draws a bar on a terminal, or now and then a line.

    Nothing appears for a job that is over within two seconds.
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


def print_occurrences(record: "FitRecord", form: str, output: Path | None, force: bool) -> None:
    """Write occurrences as `table`, `csv` or `json` to stdout or to a file."""
    from motifmine.io.files import write_text
    from motifmine.reporting import tabular

    writers = {
        "table": tabular.occurrences_text,
        "csv": tabular.occurrences_csv,
        "json": tabular.occurrences_json,
    }
    text = writers[form](record)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text, force=force)
