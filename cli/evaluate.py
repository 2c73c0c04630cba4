"""`motifmine evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import DURATION, FIT, PathType, examples, force_option, workspace_option

if TYPE_CHECKING:
    from motifmine.durations import Duration


@click.command(
    epilog=examples(
        "motifmine evaluate --truth truth.csv",
        f"motifmine evaluate {FIT} --truth truth.csv --tolerance 1s --picture curve.png",
    )
)
@click.argument("fit", required=False)
@click.option(
    "--truth",
    type=PathType(dir_okay=False),
    required=True,
    help="CSV with columns document, label, start_s (and end_s), or a JSON list of such objects.",
)
@click.option(
    "--tolerance",
    type=DURATION,
    default="500ms",
    show_default=True,
    help="Largest distance of an occurrence from its event.",
)
@click.option("--many", is_flag=True, help="Assign several motifs to one label where this helps.")
@click.option(
    "--true-motifs",
    type=PathType(dir_okay=False),
    help="True motifs: .npz or HDF5 with an array (motif, relative time, word).",
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object, with the curves.")
@click.option(
    "--picture",
    type=PathType(dir_okay=False),
    help="PNG file to draw the precision-recall curves into.",
)
@force_option
@workspace_option
def evaluate(
    fit: str | None,
    truth: Path,
    tolerance: "Duration",
    many: bool,
    true_motifs: Path | None,
    as_json: bool,
    picture: Path | None,
    force: bool,
    workspace: Path,
) -> None:
    """Evaluate the occurrences of FIT (default: the newest) against annotated events.

    Labels are matched to motifs one to one, and each motif gets a constant offset to its label.
    """
    from motifmine.analysis.evaluation import evaluate as evaluate_fit
    from motifmine.analysis.evaluation import match_true_motifs
    from motifmine.files import write_bytes
    from motifmine.io.hdf5.store import read_fit
    from motifmine.io.truth_files import read_true_motifs, read_truth
    from motifmine.reporting.figures.curves import draw_precision_recall
    from motifmine.reporting.figures.images import encode_png
    from motifmine.reporting.tables.evaluation import format_evaluation_json, format_evaluation_text
    from motifmine.workflows.workspace import Workspace

    record = read_fit(Workspace(workspace).find_fit(fit))
    found = evaluate_fit(
        record, read_truth(truth, record), tolerance_s=tolerance.seconds(record.bin_s), many=many
    )
    match = match_true_motifs(record, read_true_motifs(true_motifs)) if true_motifs else None
    # before the table: where the file is refused, nothing looks as if all had gone well
    if picture is not None:
        write_bytes(picture, encode_png(draw_precision_recall(found)), force=force)
    show = format_evaluation_json if as_json else format_evaluation_text
    click.echo(show(record, found, match), nl=False)
