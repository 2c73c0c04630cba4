"""`motifmine fit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from motifmine.models import DEFAULT_MODEL

from .model_options import ModelCommand, has_settings, model_option, request_of
from .next_step import note_next_step
from .options import PathType, examples, force_option, workspace_option
from .output import note, progress

if TYPE_CHECKING:
    from motifmine.records.fit import FitRecord


@click.command(
    cls=ModelCommand,
    epilog=examples(f"motifmine fit --model {DEFAULT_MODEL} --motifs 12 --motif-length 3s"),
)
@click.argument("tables", nargs=-1, type=PathType(), metavar="[TABLE]...")
@model_option(help="The kind of model; needed unless --update is given.")
@click.option(
    "--update",
    metavar="FIT",
    help="Update a fit incrementally with the TABLEs (default: those it has not seen).",
)
@click.option(
    "--workers",
    type=int,
    default=1,
    show_default=True,
    help="With --online, --stream, --update or --groups: worker processes.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Use the workers of a Dask scheduler instead: tcp://host:8786.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as a JSON object.")
@click.option("--name", help="Name of the fit.  [default: MODEL-NUMBER]")
@force_option
@workspace_option
@click.pass_context
def fit(
    ctx: click.Context,
    /,
    tables: tuple[Path, ...],
    model: str | None,
    update: str | None,
    workers: int,
    scheduler: str | None,
    as_json: bool,
    name: str | None,
    force: bool,
    workspace: Path,
    # settings of the models, which `request_of` takes from the context
    **_: Any,
) -> None:
    """Learn motifs and their occurrences from TABLEs (default: all of the workspace)."""
    # before what takes seconds to import
    _refuse(model is None and update is None, "Missing option '--model'.")
    from motifmine.workflows.fit import fit as fit_tables
    from motifmine.workflows.out_of_core.commands import update_fit
    from motifmine.workflows.run import FitRun
    from motifmine.workflows.workspace import Workspace

    with progress(f"fit {model or update}") as advance:
        run = FitRun(
            # none named: all of the workspace
            tables=tables or None,
            name=name,
            force=force,
            workers=workers,
            scheduler=scheduler,
            on_message=note,
            on_progress=lambda p: advance(p.done, p.total, str(p)),
        )
        if update is not None:
            # settings that differ from those the motifs were made with would mix two models
            _refuse(model or has_settings(ctx), "--update takes the settings of its fit")
            path, record = update_fit(Workspace(workspace), update, run)
        else:
            request = request_of(ctx, str(model))
            # in memory one process does it all, and would leave the others idle without a word
            _refuse(
                (scheduler or workers != 1) and not (request.is_streamed or request.groups),
                "--workers, --scheduler: only with --online, --stream or --groups",
            )
            path, record = fit_tables(Workspace(workspace), request, run)
    click.echo(_result(path, record, as_json))
    note_next_step(ctx, workspace)


def _refuse(is_wrong: object, message: str) -> None:
    if is_wrong:
        raise click.UsageError(message)


def _result(path: Path, record: "FitRecord", as_json: bool) -> str:
    import json

    if as_json:
        found = {"motifs": len(record.motifs), "occurrences": len(record.occurrences)}
        return json.dumps({"fit": str(path), **found})
    return f"{len(record.motifs)} motifs, {len(record.occurrences)} occurrences: {path}"
