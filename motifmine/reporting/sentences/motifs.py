"""Sentences about fits and motifs, for people who do not see the pictures."""

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.records.vocabulary import Channels, FlowGrid
from motifmine.reporting.figures.motif_pictures import cell_activity, matrix_view
from motifmine.reporting.sentences.series import describe_series
from motifmine.reporting.text_table import printable
from motifmine.reporting.times import format_length
from motifmine.types import Floats

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


def summarise_fit(record: FitRecord) -> str:
    """Return one plain sentence that says what was found."""
    n_motifs, n_found = len(record.motifs), len(record.occurrences)
    length = format_length(record.motifs.motif_length * record.bin_s)
    explained = 100 * float(np.sum(record.motifs.weight))
    where = _counted(len(record.recordings), "recording")
    return (
        f"In {format_length(record.duration_s())} of {where}, "
        f"{_counted(n_motifs, 'motif')} of up to {length} "
        f"{'was' if n_motifs == 1 else 'were'} found; "
        f"{'it' if n_motifs == 1 else 'together they'} occurred "
        f"{_counted(n_found, 'time')} and "
        f"{'explains' if n_motifs == 1 else 'explain'} {explained:.0f} % of "
        f"{record.n_observations:,.0f} observations."
    )


def describe_motif(record: FitRecord, motif: int) -> str:
    """Return one sentence on where a motif goes, or which words it holds."""
    if isinstance(record.vocabulary.layout, FlowGrid):
        return _describe_path(record, motif)
    if isinstance(record.vocabulary.layout, Channels):
        phi = record.motifs.probability[motif].astype(np.float64)
        return describe_series(phi, record.vocabulary.layout, record.bin_s)
    mass = record.motifs.probability[motif].sum(axis=0)
    words = [w for w in matrix_view(record, motif).words if mass[w] >= np.sort(mass)[-4:][0]][:4]
    return "Mostly " + ", then ".join(record.vocabulary.labels[w] for w in words) + "."


def readings_text(record: FitRecord) -> str:
    """Return a line on each motif of a series in plain words, "" for words of other kinds."""
    if not isinstance(record.vocabulary.layout, Channels):
        return ""
    lines = (
        f"{printable(record.title_of(motif))}: {printable(describe_motif(record, motif))}\n"
        for motif in range(len(record.motifs))
    )
    return "".join(lines)


def _describe_path(record: FitRecord, motif: int) -> str:
    grid = record.vocabulary.layout
    assert isinstance(grid, FlowGrid)
    phi = record.motifs.probability[motif].astype(np.float64)
    if phi.sum() <= 0:
        return "Empty."
    row, column = grid.cells()
    total = np.cumsum(phi.sum(axis=1)) / phi.sum()
    early = phi[: int(np.searchsorted(total, 0.25)) + 1].sum(axis=0)
    late = phi[int(np.searchsorted(total, 0.75)) :].sum(axis=0)
    places = [
        (
            float(np.average(row + 0.5, weights=mass)) / grid.rows,
            float(np.average(column + 0.5, weights=mass)) / grid.columns,
        )
        for mass in (early, late)
    ]
    activity = cell_activity(record, motif)
    way = _way(activity.strength, activity.right, activity.down)
    here, there = (_place(*place) for place in places)
    path = f"From the {here} to the {there}" if here != there else f"In the {here}"
    return f"{path} of the picture{f', moving {way}' if way else ''}."


def _place(down: float, right: float) -> str:
    """Return the name of a place; 0 is the top or left edge of the picture, 1 the other."""
    vertical = ("upper", "", "lower")[min(int(3 * down), 2)]
    horizontal = ("left", "middle", "right")[min(int(3 * right), 2)]
    if not vertical:
        return "middle" if horizontal == "middle" else f"{horizontal} middle"
    return f"{vertical} {horizontal}"


def _way(strength: Floats, right: Floats, down: Floats) -> str:
    """Return the direction that most of the motion goes, "" when there is none."""
    total = max(float(strength.sum()), 1e-300)
    x, y = float((strength * right).sum()) / total, float((strength * down).sum()) / total
    if np.hypot(x, y) < 0.4:
        return ""
    return _DIRECTIONS[round(np.arctan2(y, x) / (np.pi / 4)) % 8]


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
