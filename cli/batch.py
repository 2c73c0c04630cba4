"""`motifmine batch`."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from motifmine.models import DEFAULT_MODEL

from .extract import extract, settings_of
from .model_options import BatchCommand, model_option, request_of
from .options import TIME, PathType, examples
from .output import note, print_archive, print_plan, progress

if TYPE_CHECKING:
    from motifmine.archive.plan import Plan
    from motifmine.archive.queue import JobQueue, RunOptions
    from motifmine.durations import Duration
    from motifmine.models.request import FitRequest
    from motifmine.workflows.extract_jobs import ExtractionSettings

# options of `extract` that hold for a whole archive, by the name of their parameter; not those of
# topics, of live sources and of the columns of series
EXTRACT_OPTIONS = (
    *("bin_length", "width", "rate_hz", "cell_px", "directions", "speed_px_s", "change", "static"),
    *("roi", "exclude", "mask", "name_time", "strict", "words", "stream", "max_gap"),
    *("stabilise", "overlays", "begin", "end", "every"),
)
SOME_FAILED = 3  # not 1: all others are done, and a script may go on with them
SCENES_EVERY_S = 30.0  # time between lines on every scene where stderr is no terminal, seconds


def extraction_options(command: click.Command) -> click.Command:
    """Accept the options of `extract` that hold for an archive."""
    # the same objects: an option means the same here and in `extract`, help and default included
    command.params += [p for p in extract.params if p.name in EXTRACT_OPTIONS]
    return command


@extraction_options
@click.command(
    cls=BatchCommand,
    epilog=examples(
        "motifmine batch /archive --name-time '%Y%m%d%H%M' --dry-run",
        f"motifmine batch /archive --name-time '%Y%m%d%H%M' --model {DEFAULT_MODEL} -o results",
        "motifmine batch /archive -o results --scheduler tcp://head:8786 --watch --update",
    ),
)
@click.argument("folder", required=False, type=PathType(path_type=str))
@model_option(default=DEFAULT_MODEL, show_default=True, help="The kind of model.")
@click.option(
    "-o",
    "--output",
    default="motifmine-archive",
    show_default=True,
    type=PathType(path_type=str),
    help="Folder of the results, one workspace per scene; a path or a URL.",
)
@click.option(
    "--scenes",
    default="folder",
    show_default=True,
    help="Grouping of files into scenes: by folder (ignoring folders named by dates), 'auto' by "
    "frame size and first picture, or the groups of a regular expression in the path.",
)
@click.option(
    "--settle",
    type=TIME,
    help="Files written more recently are checked twice.  [default: 2s]",
)
@click.option("--dry-run", is_flag=True, help="Print the plan without running it.")
@click.option(
    "--plan",
    "plan_path",
    type=PathType(exists=True, dir_okay=False),
    help="Run this plan, the output of --dry-run --format json.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), help="Local worker processes.  [default: cores]"
)
@click.option("--scheduler", help="Address of a Dask cluster to use instead: tcp://head:8786.")
@click.option("--retry-failed", is_flag=True, help="Repeat failed jobs.")
@click.option("--rehash", is_flag=True, help="Read all files to check whether they changed.")
@click.option(
    "--update",
    is_flag=True,
    help="Update fits incrementally with new recordings, where the model supports it.",
)
@click.option("--watch", is_flag=True, help="Look for new files until interrupted.")
@click.option("--watch-every", type=TIME, help="Interval of --watch.  [default: 1min]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Aligned text, or JSON.",
)
@click.pass_context
def batch(
    ctx: click.Context,
    /,
    folder: str | None,
    output: str,
    scenes: str,
    settle: "Duration | None",
    dry_run: bool,
    plan_path: Path | None,
    watch: bool,
    watch_every: "Duration | None",
    form: str,
    **given: Any,
) -> None:
    """Process an archive (FOLDER: many files, sub-folders, cameras) to motifs and reports.

    Run the same command again to resume after an interruption, or to add new files.
    """
    from motifmine.archive.run import run_archive
    from motifmine.archive.storage import Storage

    if folder is None and plan_path is None:
        raise click.UsageError("name the FOLDER of an archive, or a --plan")
    storage = Storage(_make_absolute(output))
    settle_s = settle.seconds(1.0) if settle else None
    # taken out of `given`, of which the rest concerns extraction and fits
    options = _run_options(given)
    fields = {name: given[name] for name in EXTRACT_OPTIONS}
    request = request_of(ctx, given["model"])
    make = _planner(folder, storage, scenes, settle_s, plan_path, options.workers, fields, request)
    if dry_run:
        print_plan(make(), form)
        return
    every_s = (watch_every.seconds(1.0) if watch_every else 60.0) if watch else None
    # with --watch every round has a queue of its own; progress is that of the newest
    queues: list[JobQueue] = []

    def on_start(queue: Any) -> None:
        _report_start(queue)
        queues.append(queue)

    with progress("batch") as update, _note_scenes(queues):
        rounds = run_archive(
            make,
            storage,
            options=options,
            every_s=every_s,
            on_start=on_start,
            on_record=lambda record: update(queues[-1].n_finished, queues[-1].n_jobs, record.job),
            on_message=note,
        )
        # a generator: what a round found is printed before the next begins
        for state in rounds:
            print_archive(state, form)
    if state.has_failed:
        ctx.exit(SOME_FAILED)


@contextmanager
def _note_scenes(queues: "list[JobQueue]") -> Iterator[None]:
    """Report every unfinished scene of the newest queue now and then, without a terminal."""
    stop = threading.Event()

    def report() -> None:
        while not stop.wait(SCENES_EVERY_S):
            for line in queues[-1].describe_open() if queues else ():
                note(line)

    if not sys.stderr.isatty():
        # a daemon, as an interrupted command must not wait for its next line
        threading.Thread(target=report, daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def _make_absolute(folder: str) -> str:
    """Return a URL as it is and a path as absolute: workers may have another working folder."""
    return folder if "://" in folder else os.path.abspath(folder)  # noqa: PTH100  (links stay)


def _run_options(given: dict[str, Any]) -> "RunOptions":
    """Remove the options of a run from `given` and return them."""
    import logging

    from motifmine.archive.queue import RunOptions

    # Dask logs every worker that joins or leaves
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    names = ("retry_failed", "rehash", "workers", "scheduler")
    return RunOptions(is_update=given.pop("update"), **{name: given.pop(name) for name in names})


def _planner(
    folder: str | None,
    output: Any,
    scenes: str,
    settle_s: float | None,
    plan_path: Path | None,
    workers: int | None,
    fields: dict[str, Any],
    request: "FitRequest",
) -> "Callable[[], Plan]":
    """Return a function that plans the archive as it is when it is called."""
    from dataclasses import replace

    from motifmine.archive.plan import Grouping, parse_plan
    from motifmine.archive.run import read_last_plan
    from motifmine.archive.scan import make_plan
    from motifmine.archive.storage import Storage
    from motifmine.io.regular import check_input

    folder = None if folder is None else _make_absolute(folder)
    # a plan that was kept, perhaps edited, is followed as it is: nothing is scanned again
    if plan_path is not None:
        check_input(plan_path, "a plan of 'motifmine batch'")
        kept = parse_plan(plan_path.read_bytes(), str(plan_path))
        return lambda: kept if folder is None else replace(kept, archive=folder)
    # what is not given keeps the default of the record, which a plan in JSON has, too
    grouping = Grouping(
        scenes=scenes,
        name_time=fields.pop("name_time"),
        **({} if settle_s is None else {"settle_s": settle_s}),
    )
    extraction = _extraction(fields)
    return lambda: make_plan(
        Storage(str(folder)),
        output,
        grouping,
        extraction,
        request.as_plain(),
        before=read_last_plan(output),
        workers=workers,
        on_message=note,
    )


def _extraction(fields: dict[str, Any]) -> "ExtractionSettings":
    """Return the settings of extraction."""
    strict, bin_length = fields.pop("strict"), fields.pop("bin_length")
    return settings_of(fields, bin_length, strict=strict)


def _report_start(queue: Any) -> None:
    """Print how many jobs are queued."""
    plan = queue.plan
    note(
        f"{plan.n_files} files in {len(plan.scenes)} scenes: {queue.n_jobs} jobs to do, "
        f"{queue.n_known} known from before"
    )
