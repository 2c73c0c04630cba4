"""`motifmine clips`."""

from pathlib import Path

import click

from .options import FIT, PathType, examples, force_option, workspace_option
from .output import progress


@click.command(epilog=examples(f"motifmine clips {FIT} --motif 1 --motif 3 -o clips"))
@click.argument("fit", required=False)
@click.option(
    "--motif",
    "motifs",
    type=click.IntRange(min=1),
    multiple=True,
    help="Only this motif, counted from 1 (repeatable).  [default: all]",
)
@click.option(
    "--sources",
    type=PathType(exists=True, file_okay=False),
    help="Folder of the source videos.  [default: where they were when extracted]",
)
@click.option(
    "-o",
    "--output",
    type=PathType(file_okay=False),
    help="Folder for the clips.  [default: clips/FIT in the workspace]",
)
@force_option
@workspace_option
def clips(
    fit: str | None,
    motifs: tuple[int, ...],
    sources: Path | None,
    output: Path | None,
    force: bool,
    workspace: Path,
) -> None:
    """Cut the best, the median and the weakest example of each motif of FIT from the videos.

    The motif is drawn over its clips, which are H.264 in MP4, with one contact sheet per motif.
    """
    from motifmine.workflows.report import cut_clips
    from motifmine.workflows.workspace import Workspace

    with progress("cutting clips") as update:
        sheets = cut_clips(
            Workspace(workspace),
            fit,
            output,
            # none named: all
            motifs=[number - 1 for number in motifs] or None,
            sources=sources,
            force=force,
            on_clip=lambda done, total, sheet: update(done, total, sheet.name),
        )
    for sheet in sheets:
        click.echo(sheet)
