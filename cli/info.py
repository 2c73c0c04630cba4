"""`motifmine info`."""

from pathlib import Path

import click

from .options import PathType, examples, workspace_option


@click.command(epilog=examples("motifmine info motifmine-work --json"))
@click.argument("path", required=False, type=PathType())
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@workspace_option
def info(path: Path | None, as_json: bool, workspace: Path) -> None:
    """Describe a table, a fit or a workspace (default: this workspace)."""
    import json

    from motifmine.workflows.info import summarise

    facts = summarise(path or workspace)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        width = max(len(name) for name in facts)
        for name, value in facts.items():
            click.echo(f"{name:<{width}}  {value}")
