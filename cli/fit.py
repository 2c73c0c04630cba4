"""`motifmine fit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from .options import DURATION, force_option, workspace_option
from .output import progress

if TYPE_CHECKING:
    from motifmine.durations import Duration


@click.command(
    epilog="\b\nExample:\n    motifmine fit --model plsm --motifs 12 --motif-length 3s",
)
@click.argument("tables", nargs=-1, type=click.Path(path_type=Path), metavar="[TABLE]...")
@click.option("--model", type=click.Choice(["plsm"]), required=True, help="The kind of model.")
@click.option("--motifs", "n_motifs", type=int, help="Number of motifs.  [default: 10]")
@click.option(
    "--motif-length",
    type=DURATION,
    help="Length of the motifs: 3s, 500ms, 20bins.  [default: 3s for video, 20bins for all else]",
)
@click.option("--iterations", type=int, help="EM iterations at most.  [default: 100]")
@click.option("--restarts", type=int, help="Starts, of which the best is kept.  [default: 4]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all chance.")
@click.option(
    "--counts",
    type=click.Choice(["auto", "raw", "sqrt"]),
    default="auto",
    show_default=True,
    help="Counts as they are or their square root; auto takes the root for video.",
)
@click.option("--name", help="Name of the fit.  [default: MODEL-NUMBER]")
@force_option
@workspace_option
def fit(
    tables: tuple[Path, ...],
    model: str,
    n_motifs: int | None,
    motif_length: "Duration | None",
    iterations: int | None,
    restarts: int | None,
    seed: int,
    counts: Literal["auto", "raw", "sqrt"],
    name: str | None,
    force: bool,
    workspace: Path,
) -> None:
    """Learn motifs and their occurrences from TABLEs (default: all of the workspace)."""
    from motifmine.pipeline import fit_workspace
    from motifmine.workspace import Workspace

    settings = {"n_motifs": n_motifs, "iterations": iterations, "restarts": restarts}
    with progress(f"fit {model}") as update:
        path, record = fit_workspace(
            Workspace(workspace),
            tables=tables or None,
            model=model,
            motif_length=motif_length,
            counts=counts,
            seed=seed,
            name=name,
            force=force,
            on_start=lambda line: click.echo(line, err=True),
            on_iteration=lambda p: update(p.done, p.total, f"{p.log_likelihood:.6g} nats"),
            **{key: value for key, value in settings.items() if value is not None},
        )
    click.echo(f"{len(record.motifs)} motifs, {len(record.occurrences)} occurrences: {path}")
