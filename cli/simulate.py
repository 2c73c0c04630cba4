"""`motifmine simulate`."""

from pathlib import Path
from typing import Any

import click

from .options import DURATION, force_option, workspace_option

POSITIVE = click.IntRange(min=1)


@click.command(
    epilog="\b\nExample:\n    motifmine simulate --motifs 5 --noise 0.5"
    "\n    motifmine fit --model plsm --motifs 5"
    "\n    motifmine evaluate --truth motifmine-work/truth.csv"
    " --true-motifs motifmine-work/true-motifs.npz"
)
@click.option("--motifs", "n_motifs", type=POSITIVE, default=4, show_default=True)
@click.option(
    "--motif-length", "length", type=DURATION, help="Length of the motifs.  [default: 10bins]"
)
@click.option("--words", "n_words", type=POSITIVE, default=20, show_default=True)
@click.option(
    "--times",
    "n_times",
    type=POSITIVE,
    default=1000,
    show_default=True,
    help="Time bins of a document.",
)
@click.option("--documents", "n_documents", type=POSITIVE, default=1, show_default=True)
@click.option(
    "--noise",
    type=float,
    default=0.1,
    show_default=True,
    help="Share of the background in the observations.",
)
@click.option("--bin", "bin_length", type=DURATION, help="Length of a time bin.  [default: 1s]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the simulation.")
@force_option
@workspace_option
def simulate(length: Any, bin_length: Any, force: bool, workspace: Path, **settings: Any) -> None:
    """Simulate tables from known motifs in the workspace, with their truth.

    `truth.csv` has the start times of the motifs, and `true-motifs.npz` the motifs (motif,
    relative time, word).
    """
    from motifmine.simulation import simulate as draw
    from motifmine.workflows.export import write_simulation
    from motifmine.workflows.workspace import Workspace

    bin_s = bin_length.seconds(1.0) if bin_length else 1.0
    motif_length = length.bins(bin_s) if length else 10
    drawn = draw(motif_length=motif_length, bin_s=bin_s, **settings)
    for path in write_simulation(Workspace(workspace), drawn, force=force):
        click.echo(path)
