"""`motifmine phases`."""

from pathlib import Path

import click

from .options import FIT, examples, workspace_option


@click.command(epilog=examples(f"motifmine phases {FIT}"))
@click.argument("fit", required=False)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@workspace_option
def phases(fit: str | None, as_json: bool, workspace: Path) -> None:
    """Print the common cycle of the motifs of FIT, and in which phase each of them occurs.

    Motifs in the same phase are listed together, phases are separated by bars. States are those of
    a hidden semi-Markov model over the starts of the motifs.
    """
    from motifmine.analysis.phases import find_phases
    from motifmine.io.hdf5.store import read_fit
    from motifmine.reporting.tables.phases import format_phases_json, format_phases_text
    from motifmine.workflows.workspace import Workspace

    record = read_fit(Workspace(workspace).find_fit(fit))
    found = find_phases(record, seed=record.provenance.seed)
    click.echo((format_phases_json if as_json else format_phases_text)(record, found), nl=False)
