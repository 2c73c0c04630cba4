"""Sentences on a motif by its words: a path through the picture, or the heaviest labels."""

import numpy as np

from motifmine.analysis.motif_views import matrix_view, motif_path
from motifmine.records.fit import FitRecord

LEAST_MOTION = 0.4  # smallest mean motion, 0 to 1, for which a direction is named
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
    """Return one sentence on the path of a motif through the picture."""
    path = motif_path(record, motif)
    if path is None:
        return "Empty."
    way = _name_direction(path.right, path.down)
    here, there = _name_place(*path.start), _name_place(*path.end)
    words = f"From the {here} to the {there}" if here != there else f"In the {here}"
    return f"{words} of the picture{f', moving {way}' if way else ''}."


def describe_labels(record: FitRecord, motif: int) -> str:
    """Return one sentence that lists the heaviest words of a motif in order of time."""
    mass = record.motifs.probability[motif].sum(axis=0)
    # the view has words in order of time, not of mass
    least = np.sort(mass)[-MOST_WORDS:][0]
    words = [w for w in matrix_view(record, motif).words if mass[w] >= least][:MOST_WORDS]
    return "Mostly " + ", then ".join(record.vocabulary.labels[w] for w in words) + "."


def _name_place(down: float, right: float) -> str:
    """Return the name of a position; 0 is the top or left edge of the picture, 1 the other."""
    vertical = ("upper", "", "lower")[min(int(3 * down), 2)]
    horizontal = ("left", "middle", "right")[min(int(3 * right), 2)]
    if not vertical:
        return "middle" if horizontal == "middle" else f"{horizontal} middle"
    return f"{vertical} {horizontal}"


def _name_direction(right: float, down: float) -> str:
    """Return the name of a direction, "" when there is little motion or no common direction."""
    if np.hypot(right, down) < LEAST_MOTION:
        return ""
    # rows count downward, so the angle turns clockwise
    return _DIRECTIONS[round(np.arctan2(down, right) / (np.pi / 4)) % 8]
