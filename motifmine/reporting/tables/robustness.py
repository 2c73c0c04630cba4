"""Robustness of a fit as text table, CSV and JSON."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from motifmine.analysis.attacks import Attacks
from motifmine.analysis.robustness import Robustness
from motifmine.records.fit import FitRecord
from motifmine.reporting.tables.encoding import encode_records
from motifmine.reporting.text_table import text_table
from motifmine.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessRow:
    """A motif after changes of one size; the fields are the columns of the CSV file."""

    motif: int
    """Counts from 1; 0 for all motifs together."""
    motif_name: str
    changed_share: float
    """Changed observations, as a share of a usual occurrence."""
    n_occurrences: int
    vanished: float | None
    vanished_by_chance: float | None
    became_another: float | None
    n_places: int
    appeared: float | None
    appeared_by_chance: float | None
    f1_clean: float | None
    """Of all occurrences in unchanged counts, on rows of all motifs; 1 without a truth."""
    f1: float | None
    """After the worst changes of this share of all observations."""
    f1_by_chance: float | None


def list_robustness(record: FitRecord, found: Robustness, attacks: Attacks) -> list[RobustnessRow]:
    """Return a row for every motif and size of change, all motifs together first."""
    everything = np.arange(len(record.motifs))
    groups = [(0, "", everything)]
    groups += [(k + 1, record.name_of(k), everything[k : k + 1]) for k in everything.tolist()]
    return [
        RobustnessRow(
            motif=number,
            motif_name=name,
            changed_share=share,
            n_occurrences=int(found.n_occurrences[motifs].sum()),
            vanished=_mean(found.vanished[motifs, b], found.n_occurrences[motifs]),
            vanished_by_chance=_mean(
                found.vanished_by_chance[motifs, b], found.n_occurrences[motifs]
            ),
            became_another=_mean(found.changed[motifs, b], found.n_occurrences[motifs]),
            n_places=int(found.n_places[motifs].sum()),
            appeared=_mean(found.appeared[motifs, b], found.n_places[motifs]),
            appeared_by_chance=_mean(found.appeared_by_chance[motifs, b], found.n_places[motifs]),
            f1_clean=None if number else round(attacks.f1_clean, 3),
            f1=None if number else round(float(attacks.f1[b]), 3),
            f1_by_chance=None if number else round(float(attacks.f1_by_chance[b]), 3),
        )
        for number, name, motifs in groups
        for b, share in enumerate(found.budgets.tolist())
    ]


def _mean(shares: Floats, numbers: np.ndarray) -> float | None:
    """Return the mean share over all that was tried, None where nothing was."""
    tried = numbers > 0
    if not tried.any():
        return None
    return round(float(np.average(shares[tried], weights=numbers[tried])), 3)


def format_robustness_text(record: FitRecord, found: Robustness, attacks: Attacks) -> str:
    """Return an aligned text table."""
    rows = [
        (
            str(row.motif) if row.motif else "all",
            f"{100 * row.changed_share:.0f} %",
            str(row.n_occurrences),
            *(_percent(v) for v in (row.vanished, row.vanished_by_chance, row.became_another)),
            str(row.n_places),
            *(_percent(v) for v in (row.appeared, row.appeared_by_chance)),
            *("" if v is None else f"{v:.3f}" for v in (row.f1, row.f1_by_chance)),
        )
        for row in list_robustness(record, found, attacks)
    ]
    what = (
        "moved in time"
        if found.change == "moved"
        else "removed (to make an occurrence vanish) or added (to make one appear)"
    )
    head = ("motif", "change", "tried", "vanish", "chance", "other")
    return text_table((*head, "tried", "appear", "chance", "F1", "chance"), rows) + (
        f"change: observations that were {what}, relative to a usual occurrence of the motif\n"
        "chance: after random changes of the same size; other: another motif took its place\n"
        "F1: of all occurrences, where that share of all observations is changed; "
        f"{attacks.f1_clean:.3f} without a change\n"
    )


def _percent(share: float | None) -> str:
    return "" if share is None or math.isnan(share) else f"{100 * share:.0f} %"


# writers by format
WRITERS: dict[str, Callable[[FitRecord, Robustness, Attacks], str]] = {
    "table": format_robustness_text,
    "csv": lambda *found: encode_records("csv", RobustnessRow, list_robustness(*found)),
    "json": lambda *found: encode_records("json", RobustnessRow, list_robustness(*found)),
}
