"""`motifmine name`."""

from pathlib import Path

import click

from .options import FIT, examples, workspace_option


@click.command(
    epilog=examples(
        f"motifmine name {FIT} 3 'left turn'",
        f"motifmine name {FIT} 1 'northbound' 2 'southbound' 3 ''",
    )
)
@click.argument("fit")
@click.argument("pairs", nargs=-1, required=True, metavar="NUMBER NAME...")
@workspace_option
def name(fit: str, pairs: tuple[str, ...], workspace: Path) -> None:
    """Name motifs of FIT; names are stored in the fit and shown in all output.

    NUMBER is the motif's number in tables and reports, which count from 1. An empty NAME removes
    the name.
    """
    from motifmine.reporting.tables.fit_tables import format_motifs_text
    from motifmine.workflows.names import name_motifs
    from motifmine.workflows.workspace import Workspace

    # numbers count from 1 for people, from 0 in files
    chosen = {click.INT(number) - 1: text for number, text in _pairs(pairs)}
    _, record = name_motifs(Workspace(workspace), fit, chosen)
    click.echo(format_motifs_text(record), nl=False)


def _pairs(words: tuple[str, ...]) -> list[tuple[str, str]]:
    if len(words) % 2:
        raise click.UsageError(f"motif {words[-1]!r} has no name; write NUMBER NAME, in pairs")
    return list(zip(words[0::2], words[1::2], strict=True))
