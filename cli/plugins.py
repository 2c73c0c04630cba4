"""`motifmine plugins`."""

import click

from .options import examples


@click.command(epilog=examples("motifmine plugins --json"))
@click.option("--json", "as_json", is_flag=True, help="As a JSON list of objects.")
def plugins(as_json: bool) -> None:
    """List models and readers that other installed packages add."""
    import json
    from dataclasses import asdict

    from motifmine.reporting.text_table import text_table
    from motifmine.workflows.doctor import list_plugins

    found = list_plugins()
    if as_json:
        click.echo(json.dumps([asdict(plugin) for plugin in found], indent=2))
    # an empty table would look like a fault
    elif not found:
        click.echo("no other package adds models or readers")
    else:
        rows = [[p.kind, p.name, p.package, p.problem or "loads"] for p in found]
        click.echo(text_table(["kind", "name", "package", "state"], rows), nl=False)
