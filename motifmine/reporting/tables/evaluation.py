"""Agreement of a fit with a truth as text table and JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from motifmine.analysis.agreement import Agreement
from motifmine.analysis.evaluation import Evaluation
from motifmine.analysis.matching import MotifMatch
from motifmine.records.fit import FitRecord
from motifmine.reporting.rows import number_and_name
from motifmine.reporting.tables.encoding import encode_json
from motifmine.reporting.text_table import text_table

COLUMNS = (
    *("label", "motif", "offset", "true", "found", "matched"),
    *("precision", "recall", "F1", "average precision"),
)


def format_evaluation_text(
    record: FitRecord, evaluation: Evaluation, true_motifs: MotifMatch | None = None
) -> str:
    """Return an evaluation as an aligned text table; motifs are numbered from 1."""
    parts = (*evaluation.labels, *evaluation.others, evaluation.overall)
    rows = [_format_row(record, part) for part in parts]
    notes = [
        f"A motif's start and an event match within {evaluation.tolerance_s:g} s, after the "
        "motif's offset is added."
    ]
    if evaluation.others:
        notes.append("Motifs without a label: all of their occurrences count as false.")
    if (found := evaluation.intervals) is not None:
        figures = (("precision", found.precision), ("recall", found.recall), ("F1", found.f1))
        text = ", ".join(f"{name} {low:.2f} to {high:.2f}" for name, (low, high) in figures)
        notes.append(f"95 % intervals over recordings: {text}.")
    if evaluation.n_left_out:
        notes.append(
            f"Recordings that the truth does not name are excluded: {evaluation.n_left_out:,}."
        )
    table = text_table(COLUMNS, rows) + "\n".join(notes) + "\n"
    return table + ("" if true_motifs is None else "\n" + _format_motifs(record, true_motifs))


def format_evaluation_json(
    record: FitRecord, evaluation: Evaluation, true_motifs: MotifMatch | None = None
) -> str:
    """Return an evaluation as a JSON object; motifs count from 1."""
    content: dict[str, Any] = {
        "tolerance_s": evaluation.tolerance_s,
        "labels": [_list_fields(part) for part in evaluation.labels],
        "motifs_without_label": [
            {"motif": part.motifs[0] + 1, "found": part.n_found} for part in evaluation.others
        ],
        "overall": _list_fields(evaluation.overall),
        "intervals": None
        if evaluation.intervals is None
        else {
            name: [round(bound, 6) for bound in bounds]
            for name, bounds in asdict(evaluation.intervals).items()
        },
        "recordings_without_truth": evaluation.n_left_out,
    }
    if true_motifs is not None:
        content["true_motifs"] = {
            "mean_cosine": round(float(true_motifs.cosine.mean()), 6),
            "matches": [
                {
                    "true_motif": int(reference) + 1,
                    "motif": int(found) + 1,
                    "cosine": round(float(cosine), 6),
                    "shift_bins": int(shift),
                    "shift_s": round(int(shift) * record.bin_s, 6),
                }
                for reference, found, cosine, shift in _list_matches(true_motifs)
            ],
        }
    return encode_json(content)


def _format_row(record: FitRecord, part: Agreement) -> tuple[str, ...]:
    titles = [number_and_name(record, motif) for motif in part.motifs]
    return (
        part.label or ("-" if part.motifs else "all"),
        ", ".join(titles) or ("-" if part.label else ""),
        ", ".join(f"{offset:+.2f} s" for offset in part.offsets_s) if part.label else "",
        *(str(n) for n in (part.n_true, part.n_found, part.n_matched)),
        f"{part.precision:.2f}",
        f"{part.recall:.2f}",
        f"{part.f1:.2f}",
        f"{part.curve.average_precision:.2f}",
    )


def _list_fields(part: Agreement) -> dict[str, Any]:
    return {
        **({"label": part.label} if part.label else {}),
        **(
            {
                "motifs": [motif + 1 for motif in part.motifs],
                "offsets_s": [round(offset, 3) for offset in part.offsets_s],
            }
            if part.label
            else {}
        ),
        "true": part.n_true,
        "found": part.n_found,
        "matched": part.n_matched,
        "precision": round(part.precision, 6),
        "recall": round(part.recall, 6),
        "f1": round(part.f1, 6),
        "average_precision": round(part.curve.average_precision, 6),
        "median_error_s": round(part.error_s, 3),
        "curve": [
            {"least_score": round(score, 6), "precision": round(p, 6), "recall": round(r, 6)}
            for score, p, r in zip(
                part.curve.threshold.tolist(),
                part.curve.precision.tolist(),
                part.curve.recall.tolist(),
                strict=True,
            )
        ],
    }


def _format_motifs(record: FitRecord, match: MotifMatch) -> str:
    rows = [
        (
            str(reference + 1),
            number_and_name(record, found),
            f"{cosine:.3f}",
            f"{shift * record.bin_s:+.2f} s",
        )
        for reference, found, cosine, shift in _list_matches(match)
    ]
    mean = f"Mean cosine {match.cosine.mean():.3f}.\n"
    return text_table(("true motif", "motif", "cosine", "shift"), rows) + mean


def _list_matches(match: MotifMatch) -> Sequence[tuple[int, int, float, int]]:
    columns = (match.reference, match.found, match.cosine, match.shift)
    return list(zip(*(column.tolist() for column in columns), strict=True))
