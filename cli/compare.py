"""`motifmine compare`."""

from pathlib import Path

import click

from .options import FIT, OTHER, examples, workspace_option


@click.command(
    epilog=examples(
        f"motifmine compare {FIT} {OTHER}",
        f"motifmine compare monday/fits/{FIT}.h5 tuesday/fits/{FIT}.h5 --least 0.7",
    )
)
@click.argument("fits", nargs=-1, required=True, metavar="FIT FIT...")
@click.option(
    "--least",
    type=float,
    default=0.8,
    show_default=True,
    help="Smallest similarity of a match, 0 to 1.",
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@workspace_option
def compare(fits: tuple[str, ...], least: float, as_json: bool, workspace: Path) -> None:
    """Match the motifs of the first FIT with those of the others: models, seeds or days.

    Motifs are matched one to one by the cosine at their best shift.
    """
    from motifmine.analysis.comparison import compare_fits
    from motifmine.io.hdf5.store import read_fit
    from motifmine.reporting.tables.comparison import format_comparison_json, format_comparison_text
    from motifmine.workflows.workspace import Workspace

    # click can ask for one argument at least, not for two
    if len(fits) < 2:
        raise click.UsageError("one FIT cannot be compared; name two or more")
    records = [read_fit(Workspace(workspace).find_fit(fit)) for fit in fits]
    show = format_comparison_json if as_json else format_comparison_text
    found = compare_fits(records, least=least, titles=fits)
    click.echo(show(fits, records, found), nl=False)
