"""`motifmine doctor`."""

from typing import Any

import click

from .options import examples, workspace_option


@click.command(epilog=examples("motifmine doctor --json"))
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@workspace_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, workspace: Any) -> None:
    """Check the installation: versions, codecs, threads, GPU, cache, write access, free space."""
    import json

    from motifmine.workflows.doctor import examine

    found = examine(workspace)
    if as_json:
        rows = {check.name: {"value": check.value, "problem": check.problem} for check in found}
        click.echo(json.dumps(rows, indent=2))
    else:
        width = max(len(check.name) for check in found)
        for check in found:
            mark = f"  PROBLEM: {check.problem}" if check.problem else ""
            click.echo(f"{check.name:<{width}}  {check.value}{mark}")
    # for scripts that set up a machine
    if any(check.problem for check in found):
        ctx.exit(1)
