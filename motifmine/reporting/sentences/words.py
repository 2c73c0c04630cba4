"""Sentences on a motif by its words: a path through the picture, or the heaviest labels."""

import numpy as np

from motifmine.analysis.motif_views import matrix_view, motif_path
from motifmine.records.fit import FitRecord

STEADY = 0.4
"""Mean motion from which on a direction is named."""
MOST_WORDS = 4
_DIRECTIONS = (
    "right",
    "down and right",
    "down",
    "down and left",
    "left",
    "up and left",
    "up",
    "up and right",
)


def describe_path(record: FitRecord, motif: int) -> str:
    """Return one sentence on where a motif goes in the picture."""
    path = motif_path(record, motif)
    if path is None:
        return "Empty."
    way = _direction(path.right, path.down)
    here, there = _place(*path.start), _place(*path.end)
    words = f"From the {here} to the {there}" if here != there else f"In the {here}"
    return f"{words} of the picture{f', moving {way}' if way else ''}."


def describe_labels(record: FitRecord, motif: int) -> str:
    """Return one sentence that lists the heaviest words of a motif in the order of time."""
    mass = record.motifs.probability[motif].sum(axis=0)
    least = np.sort(mass)[-MOST_WORDS:][0]
    words = [w for w in matrix_view(record, motif).words if mass[w] >= least][:MOST_WORDS]
    return "Mostly " + ", then ".join(record.vocabulary.labels[w] for w in words) + "."


def _place(down: float, right: float) -> str:
    """Return the name of a place; 0 is the top or left edge of the picture, 1 the other."""
    vertical = ("upper", "", "lower")[min(int(3 * down), 2)]
    horizontal = ("left", "middle", "right")[min(int(3 * right), 2)]
    if not vertical:
        return "middle" if horizontal == "middle" else f"{horizontal} middle"
    return f"{vertical} {horizontal}"


def _direction(right: float, down: float) -> str:
    """Return the name of a direction of motion, "" when there is little motion or many ways."""
    if np.hypot(right, down) < STEADY:
        return ""
    return _DIRECTIONS[round(np.arctan2(down, right) / (np.pi / 4)) % 8]
