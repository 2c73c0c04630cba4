"""`motifmine simulate`."""

from pathlib import Path
from typing import Any

import click

from motifmine.models import DEFAULT_MODEL

from .options import DURATION, FIT, TIME, PathType, examples, force_option, workspace_option

POSITIVE = click.IntRange(min=1)


@click.command(
    epilog=examples(
        "motifmine simulate --motifs 5 --noise 0.5",
        f"motifmine fit --model {DEFAULT_MODEL} --motifs 5",
        "motifmine evaluate --truth motifmine-work/truth.csv"
        " --true-motifs motifmine-work/true-motifs.npz",
        f"motifmine simulate --from {FIT} --starts starts.csv",
    )
)
@click.option(
    "--from",
    "fit",
    metavar="FIT",
    help="Draw from the motifs, sizes and rates of this fit, into simulated/FIT in the workspace.",
)
@click.option(
    "--starts",
    type=PathType(),
    help="With --from: CSV (label, start_s, optionally document) of all occurrences; a label is a "
    "motif's number or name. Fits of video are drawn over their scene, too.  "
    "[default: random starts]",
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
    help="Time bins of a document.  [default: 1000, or as in the fit]",
)
@click.option("--documents", "n_documents", type=POSITIVE, help="[default: 1, or as in the fit]")
@click.option(
    "--noise",
    type=float,
    default=0.1,
    show_default=True,
    help="Share of the background in the observations.",
)
@click.option("--bin", "bin_length", type=TIME, help="Length of a time bin.  [default: 1s]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the simulation.")
@force_option
@workspace_option
def simulate(
    fit: str | None,
    starts: Path | None,
    length: Any,
    bin_length: Any,
    force: bool,
    workspace: Path,
    **settings: Any,
) -> None:
    """Simulate tables from known motifs in the workspace, with their truth.

    `truth.csv` has the start times of the motifs, and `true-motifs.npz` the motifs (motif,
    relative time, word).
    """
    from motifmine.simulation import simulate as draw
    from motifmine.workflows.export import draw_like, write_films, write_simulation
    from motifmine.workflows.workspace import Workspace

    if fit is not None:
        # sizes that are typed would be ignored silently
        _refuse_sizes(click.get_current_context())
        common = {name: settings[name] for name in ("n_times", "n_documents", "seed")}
        place, drawn, record = draw_like(Workspace(workspace), fit, starts=starts, **common)
        paths = write_simulation(place, drawn, force=force)
        if starts is not None:
            paths += write_films(place, drawn, record, force=force)
        for path in paths:
            click.echo(path)
        return
    if starts is not None:
        raise click.UsageError("--starts needs --from FIT")
    # not defaults of the options: with --from they are those of the fit
    settings["n_times"] = settings["n_times"] or 1000
    settings["n_documents"] = settings["n_documents"] or 1
    bin_s = bin_length.seconds(1.0) if bin_length else 1.0
    motif_length = length.bins(bin_s) if length else 10
    drawn = draw(motif_length=motif_length, bin_s=bin_s, **settings)
    for path in write_simulation(Workspace(workspace), drawn, force=force):
        click.echo(path)


def _refuse_sizes(context: click.Context) -> None:
    """Refuse options whose values are those of the fit."""
    typed = click.core.ParameterSource.COMMANDLINE
    for name in ("n_motifs", "length", "n_words", "noise", "bin_length"):
        if context.get_parameter_source(name) == typed:
            option = next(p.opts[0] for p in context.command.params if p.name == name)
            raise click.UsageError(f"{option} is that of the fit; leave it out with --from")
