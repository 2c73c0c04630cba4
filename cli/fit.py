"""`motifmine fit`."""

from pathlib import Path
from typing import Any, Literal

import click

from .options import DurationType, force_option, workspace_option
from .output import progress


class DurationOrAuto(DurationType):
    """A duration with its unit, or the word `auto`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the `Duration` or the word, or end with wrong usage."""
        return value if value == "auto" else super().convert(value, param, ctx)


class NumberOrAuto(click.ParamType["int | str"]):
    """A whole number, or the word `auto`."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Return the number or the word, or end with wrong usage."""
        return "auto" if value == "auto" else click.INT.convert(value, param, ctx)


class ShareType(click.ParamType["float | str"]):
    """A share between 0 and 1, or the words `learned` and `off`."""

    name = "share"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Return the number or the word, or end with wrong usage."""
        if value in ("learned", "off"):
            return "learned" if value == "learned" else 0.0
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a share nor 'learned' nor 'off'", param, ctx)


@click.command(
    epilog="\b\nExample:\n    motifmine fit --model plsm --motifs 12 --motif-length 3s",
)
@click.argument("tables", nargs=-1, type=click.Path(path_type=Path), metavar="[TABLE]...")
@click.option(
    "--model",
    type=click.Choice(["plsm", "hdlsm", "tcae"]),
    required=True,
    help="The kind of model.",
)
@click.option(
    "--motifs",
    "n_motifs",
    type=NumberOrAuto(),
    help="Number of motifs.  [default: 10]  'auto' lets hidden observations decide, at the cost of "
    "about eight more fits. For tcae the filters given, 20, of which the surplus dies.",
)
@click.option(
    "--motif-length",
    type=DurationOrAuto(),
    help="Length of the motifs: 3s, 500ms, 20bins; 'auto' lets the motifs decide, at the cost of a "
    "few more fits.  [default: 3s for video, 20bins for all else]",
)
@click.option("--iterations", type=int, help="EM iterations at most.  [default: 200]")
@click.option(
    "--restarts",
    type=int,
    help="Starts, the best of which is kept.  [default: 2 searches or 8 random starts]",
)
@click.option(
    "--activity",
    type=click.Choice(["auto", "sparse", "dense"]),
    help="sparse: motifs now and then over noise; dense: something goes on all the time; auto: "
    "what foretells hidden observations better.  [default: auto]",
)
@click.option(
    "--start",
    type=click.Choice(["search", "random"]),
    help="Where motifs come from.  [default: search when sparse, random when dense]",
)
@click.option("--rounds", type=int, help="Rounds of the search at most.  [default: 10]")
@click.option(
    "--sparsity",
    type=float,
    help="How few starts are wanted, 0 for no matter.  [default: 2 when sparse, 0 when dense]",
)
@click.option(
    "--background",
    type=ShareType(),
    help="Share of the background, 'learned', or 'off' (for hdlsm: the model as published).  "
    "[default: learned when sparse, 0.01 when dense]",
)
@click.option("--motif-prior", type=float, help="Pseudo-count of motif cells.  [default: 0.0]")
@click.option(
    "--drop-surplus/--keep-surplus",
    default=None,
    help="Leave out motifs that do not pay for themselves.  [default: drop]",
)
@click.option("--chains", type=int, help="hdlsm: independent chains.  [default: 4]")
@click.option("--sweeps", type=int, help="hdlsm: sweeps of every chain.  [default: 500]")
@click.option("--burn-in", type=int, help="hdlsm: sweeps not looked at.  [default: 250]")
@click.option(
    "--fix-hyperparameters",
    is_flag=True,
    default=None,
    help="hdlsm: hold alpha, gamma, eta and the background's strength.",
)
@click.option(
    "--count-scale",
    type=float,
    help="hdlsm: counts are multiplied by this.  [default: 1, less above 200,000 observations]",
)
@click.option("--epochs", type=int, help="tcae: passes over the data at most.  [default: 40]")
@click.option("--device", help="tcae: cpu, cuda, cuda:1, mps, or auto.  [default: auto]")
@click.option(
    "--false-alarms",
    type=float,
    help="Occurrences an hour that may be chance.  [default: 1 % of all occurrences]",
)
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
    n_motifs: Any,
    motif_length: Any,
    false_alarms: float | None,
    seed: int,
    counts: Literal["auto", "raw", "sqrt"],
    name: str | None,
    force: bool,
    workspace: Path,
    **settings: Any,
) -> None:
    """Learn motifs and their occurrences from TABLEs (default: all of the workspace)."""
    from motifmine.jobs import fit_workspace
    from motifmine.workspace import Workspace

    with progress(f"fit {model}") as update:
        path, record = fit_workspace(
            Workspace(workspace),
            tables=tables or None,
            model=model,
            n_motifs=n_motifs,
            motif_length=motif_length,
            counts=counts,
            false_alarms_per_hour=false_alarms,
            seed=seed,
            name=name,
            force=force,
            on_start=lambda line: click.echo(line, err=True),
            on_iteration=lambda p: update(p.done, p.total, f"{p.log_likelihood:.6g} nats"),
            **{key: value for key, value in settings.items() if value is not None},
        )
    click.echo(f"{len(record.motifs)} motifs, {len(record.occurrences)} occurrences: {path}")
