"""`motifmine fit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from .options import DurationType, force_option, workspace_option
from .output import progress

if TYPE_CHECKING:
    from motifmine.records.fit import FitRecord


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


class TopicsType(click.ParamType["int | str"]):
    """A number of topics, or the words `auto` and `off`."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Return the number or the word, or end with wrong usage."""
        return (
            value if value in ("auto", "off") else click.IntRange(min=1).convert(value, param, ctx)
        )


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
    help="The kind of model; needed unless --update is given.",
)
@click.option(
    "--motifs",
    "n_motifs",
    type=NumberOrAuto(),
    help="Number of motifs.  [default: 10]  'auto' lets hidden observations decide, at the cost of "
    "about eight more fits. For tcae the filters given, 40, of which the surplus dies.",
)
@click.option(
    "--motif-length",
    type=DurationOrAuto(),
    help="Length of the motifs: 3s, 500ms, 20bins; 'auto' lets the motifs decide, at the cost of a "
    "few more fits.  [default: 3s for video, 20bins for all else]",
)
@click.option(
    "--topics",
    "n_topics",
    type=TopicsType(),
    help="Put N topics between words and motifs (not for tables over topics), or 'off'; 'auto': 40 "
    "where more than 500 words occur.  [default: off for plsm, auto for the others]",
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
    help="sparse: motifs now and then over noise (taken for series); dense: something goes on all "
    "the time; auto: what foretells hidden observations better.  [default: auto]",
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
@click.option(
    "--starts",
    type=int,
    help="hdlsm: starts of a chain, of which the most probable goes on.  [default: 4]",
)
@click.option(
    "--sweeps",
    type=int,
    help="hdlsm: sweeps of every chain.  [default: 1000, with many observations 500]",
)
@click.option("--burn-in", type=int, help="hdlsm: sweeps not looked at.  [default: half]")
@click.option(
    "--fix-hyperparameters",
    is_flag=True,
    default=None,
    help="hdlsm: hold alpha, gamma, eta and the background's strength.",
)
@click.option(
    "--count-scale",
    type=float,
    help="hdlsm: counts are multiplied by this.  [default: 1, less above 200,000 observations or, "
    "of topics, 20 a time bin]",
)
@click.option(
    "--groups",
    type=NumberOrAuto(),
    help="hdlsm: sample recordings in N groups and bring their motifs together, an approximation "
    "where there are many; 'auto': 200,000 observations in each.",
)
@click.option("--epochs", type=int, help="tcae: passes over the data at most.  [default: 80]")
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    help="tcae: file that training resumes from if it is there, and writes to now and then.",
)
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
@click.option(
    "--stability",
    type=click.IntRange(min=1),
    help="Refits to resampled recordings that tell how surely each motif comes again.",
)
@click.option(
    "--time-zone",
    metavar="ZONE",
    help="Zone that hours and days are told in: Europe/Zurich.  [default: UTC]",
)
@click.option(
    "--online",
    is_flag=True,
    help="plsm: move the motifs after every batch of tables, which are never in memory together.",
)
@click.option(
    "--stream",
    is_flag=True,
    help="plsm: learn to convergence from tables that are never in memory together.",
)
@click.option(
    "--passes", type=int, help="With --online: times that every table is seen.  [default: 3]"
)
@click.option(
    "--batch-documents",
    type=int,
    help="With --online: tables of a batch.  [default: a 24th, with 30,000 observations at least]",
)
@click.option(
    "--workers",
    type=int,
    default=1,
    show_default=True,
    help="With --online, --stream, --update or --groups: processes that share the work.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="The same, on the workers of a Dask scheduler: tcp://host:8786.",
)
@click.option(
    "--update",
    metavar="FIT",
    help="Add the TABLEs (default: those it has not seen) to a plsm fit, at the cost of these.",
)
@click.option("--name", help="Name of the fit.  [default: MODEL-NUMBER]")
@force_option
@workspace_option
def fit(
    tables: tuple[Path, ...],
    model: str | None,
    n_motifs: Any,
    motif_length: Any,
    false_alarms: float | None,
    seed: int,
    counts: Literal["auto", "raw", "sqrt"],
    stability: int | None,
    groups: Any,
    online: bool,
    stream: bool,
    passes: int | None,
    batch_documents: int | None,
    workers: int,
    scheduler: str | None,
    update: str | None,
    name: str | None,
    force: bool,
    workspace: Path,
    **settings: Any,
) -> None:
    """Learn motifs and their occurrences from TABLEs (default: all of the workspace)."""
    from motifmine.workflows.fit import fit_workspace
    from motifmine.workflows.out_of_core.commands import fit_streamed, mapper_over, update_fit
    from motifmine.workflows.workspace import Workspace

    place = Workspace(workspace)
    chosen = {key: value for key, value in settings.items() if value is not None}
    shared: dict[str, Any] = {
        "tables": tables or None,
        "name": name,
        "force": force,
        "on_start": lambda line: click.echo(line, err=True),
    }
    hands: dict[str, Any] = {"workers": workers, "scheduler": scheduler}
    if update is not None:
        given = chosen or model or online or stream or stability or groups
        _refuse(given, "--update takes the settings of its fit")
        path, record = update_fit(place, update, **hands, **shared)
        click.echo(_result(path, record))
        return
    if model is None:
        raise click.UsageError("Missing option '--model'.")
    is_streamed = online or stream
    _refuse(online and stream, "--online and --stream are two ways; choose one")
    _refuse(
        (passes or batch_documents) and not online, "--passes and --batch-documents need --online"
    )
    _refuse(stability and is_streamed, "--stability does not go with --online and --stream")
    _refuse(groups and (stability or is_streamed), "--groups goes alone")
    is_shared = scheduler or workers != 1
    _refuse(
        is_shared and not (is_streamed or groups),
        "--workers, --scheduler: only with --online, --stream or --groups",
    )
    with progress(f"fit {model}") as advance:
        shared |= {
            "model": model,
            "n_motifs": n_motifs,
            "motif_length": motif_length,
            "counts": counts,
            "false_alarms_per_hour": false_alarms,
            "seed": seed,
            "on_progress": lambda p: advance(p.done, p.total, f"{p.log_likelihood:.6g} nats"),
        }
        if is_streamed:
            path, record = fit_streamed(
                place,
                online=online,
                passes=passes,
                batch_documents=batch_documents,
                **hands,
                **shared,
                **chosen,
            )
        else:
            with mapper_over(workers, scheduler, shared["on_start"]) as mapper:
                path, record = fit_workspace(
                    place, stability=stability, groups=groups, mapper=mapper, **shared, **chosen
                )
    click.echo(_result(path, record))


def _refuse(is_wrong: object, message: str) -> None:
    if is_wrong:
        raise click.UsageError(message)


def _result(path: Path, record: "FitRecord") -> str:
    return f"{len(record.motifs)} motifs, {len(record.occurrences)} occurrences: {path}"
