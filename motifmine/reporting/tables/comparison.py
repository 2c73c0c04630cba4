"""Motifs that several fits have in common, as text table and JSON."""

from collections.abc import Sequence
from typing import Any

from motifmine.analysis.comparison import Comparison, Counterparts
from motifmine.records.fit import FitRecord
from motifmine.reporting.rows import number_and_name
from motifmine.reporting.tables.encoding import encode_json
from motifmine.reporting.text_table import escape_control, text_table


def format_comparison_text(
    titles: Sequence[str], records: Sequence[FitRecord], comparison: Comparison
) -> str:
    """Return a comparison as an aligned text table, a row per motif of the first fit.

    Motifs are numbered from 1.
    """
    columns = [f"motif of {titles[0]}"]
    for title in titles[1:]:
        columns += [title, "similarity", "shift"]
    columns += ["mean similarity", "found in"]
    rows = [
        (
            number_and_name(records[0], motif),
            *(
                cell
                for record, other in zip(records[1:], comparison.others, strict=True)
                for cell in _format_cells(record, other, motif)
            ),
            f"{comparison.mean_similarity[motif]:.2f}",
            f"{comparison.n_found[motif]} of {len(comparison.others)}",
        )
        for motif in range(len(records[0].motifs))
    ]
    return text_table(columns, rows) + "".join(_describe_unmatched(titles, records, comparison))


def format_comparison_json(
    titles: Sequence[str], records: Sequence[FitRecord], comparison: Comparison
) -> str:
    """Return a comparison as a JSON object; motifs count from 1."""
    others = list(zip(titles[1:], records[1:], comparison.others, strict=True))
    content = {
        "fits": list(titles),
        "least_similarity": comparison.least,
        "motifs": [
            {
                "motif": motif + 1,
                "name": records[0].name_of(motif),
                "matches": [
                    _list_fields(title, record, other, motif) for title, record, other in others
                ],
                "mean_similarity": round(float(comparison.mean_similarity[motif]), 6),
                "found_in": int(comparison.n_found[motif]),
            }
            for motif in range(len(records[0].motifs))
        ],
        "unmatched": {title: (other.unmatched + 1).tolist() for title, _, other in others},
    }
    return encode_json(content)


def _format_cells(record: FitRecord, other: Counterparts, motif: int) -> tuple[str, str, str]:
    found, similarity = int(other.motif[motif]), f"{other.similarity[motif]:.2f}"
    if found < 0:
        return "-", similarity, "-"
    # adding 0.0 turns -0.0 into 0.0
    shift_s = float(other.shift_s[motif]) + 0.0
    return number_and_name(record, found), similarity, f"{shift_s:+.2f} s"


def _list_fields(title: str, record: FitRecord, other: Counterparts, motif: int) -> dict[str, Any]:
    found = int(other.motif[motif])
    none = found < 0
    return {
        "fit": title,
        "motif": None if none else found + 1,
        "name": None if none else record.name_of(found),
        "similarity": round(float(other.similarity[motif]), 6),
        "shift_s": None if none else round(float(other.shift_s[motif]), 6) + 0.0,
    }


def _describe_unmatched(
    titles: Sequence[str], records: Sequence[FitRecord], comparison: Comparison
) -> list[str]:
    alone = [motif for motif, found in enumerate(comparison.n_found) if not found]
    lonely = [(titles[0], records[0], alone)]
    for title, record, other in zip(titles[1:], records[1:], comparison.others, strict=True):
        lonely.append((title, record, other.unmatched.tolist()))
    lines = [
        f"Only in {escape_control(title)}: "
        f"{escape_control(', '.join(number_and_name(record, motif) for motif in motifs))}.\n"
        for title, record, motifs in lonely
        if motifs
    ]
    return [
        *lines,
        f"Motifs match from a similarity (cosine at the best shift) of {comparison.least:g} "
        "on. Shift: delay of the occurrences relative to the first fit.\n",
    ]
