"""Merging of motifs that were fitted to several parts of the data, by cosine and shift."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.types import Floats, Floats32, Indices

LEAST_SIMILARITY = 0.8  # cosine at the best shift at or above which two motifs are the same
# lower threshold for a motif that only one part has, compared to one that several other parts have
# and this part lacks: a part with few occurrences of a motif estimates it badly
LEAST_COUNTERPART = 0.7
LEAST_SHARE = 0.01  # least share of the observations of its part for a motif that only one part has
# a motif that only one part has is a copy of others if it keeps less than this share of its
# observations once all motifs compete for them
KEPT_MASS = 0.5
# it recurs if its share of the other parts is at least this fraction of the share of its own
RECURS = 0.3
# if it does not recur, it must hold this share of its own part; lighter ones may be spurious
HEAVY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartMotifs:
    """Motifs of one part of the data."""

    probability: Floats32
    """float32 array (K, L, W)."""
    mass: Floats
    """Observations of every motif, float64 array (K,)."""
    total: float
    """Observations of the part."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MergedMotifs:
    """Motifs of all parts with duplicates merged, heaviest first."""

    probability: Floats32
    """float32 array (M, L, W)."""
    mass: Floats
    """Observations in all parts together, float64 array (M,)."""
    parts: tuple[tuple[int, ...], ...]
    """The parts that every motif was found in, ascending."""

    def only(self, chosen: Indices) -> "MergedMotifs":
        """Return the motifs `chosen`, in this order."""
        return MergedMotifs(
            probability=self.probability[chosen],
            mass=self.mass[chosen],
            parts=tuple(self.parts[index] for index in chosen),
        )


@dataclass(slots=True)
class _Cluster:
    """Motifs considered the same, aligned with the heaviest of them."""

    cells: Floats
    """Sum of the motifs weighted by mass, float64 array (L, W)."""
    mass: float
    parts: list[int]
    share: float
    """Largest share that one of them has of its part."""

    def add(self, motif: Floats32, shift: int, mass: float, part: int, share: float) -> None:
        """Add a motif whose relative time r is r + shift here; what lies outside is cut off."""
        length = len(self.cells)
        first, last = max(0, shift), min(length, length + shift)
        # weighted by observations: a motif seen often is known better
        self.cells[first:last] += mass * motif[first - shift : last - shift]
        self.mass += mass
        self.parts.append(part)
        self.share = max(self.share, share)

    @property
    def probability(self) -> Floats:
        """The weighted mean, float64 array (L, W)."""
        mean: Floats = self.cells / self.cells.sum()
        return mean


def merge_motifs(parts: Sequence[PartMotifs]) -> MergedMotifs:
    """Cluster the motifs of several parts and return the mean of every cluster.

    Greedy, from the heaviest motif on: each motif joins the most similar cluster so far if their
    cosine at the best shift reaches `LEAST_SIMILARITY` and the cluster has no motif of the same
    part (motifs that a part separates stay separate); otherwise it starts a cluster. Then clusters
    of a single part join one that two or more other parts have and this part lacks, if the cosine
    reaches `LEAST_COUNTERPART`. Means are weighted by observations and aligned with the heaviest
    motif. Clusters of two or more parts are kept, and those that hold `LEAST_SHARE` of their part;
    if there are none, all are kept. All parts have the same words and motif length.
    """
    listed = [
        (float(part.mass[k]), number, k)
        for number, part in enumerate(parts)
        for k in range(len(part.mass))
    ]
    clusters: list[_Cluster] = []
    # ties by part and number, so that the order of processes does not matter
    for mass, number, k in sorted(listed, key=lambda item: (-item[0], item[1:])):
        part = parts[number]
        motif, share = part.probability[k], mass / max(part.total, 1e-30)
        found = _find_cluster(clusters, motif, number, LEAST_SIMILARITY)
        if found is None:
            cells = mass * motif.astype(np.float64)
            clusters.append(_Cluster(cells=cells, mass=mass, parts=[number], share=share))
        else:
            clusters[found[0]].add(motif, found[1], mass, number, share)
    clusters = _merge_counterparts(clusters, LEAST_COUNTERPART)
    # a light motif of one part is most often a copy that sampling had not merged yet
    kept = [c for c in clusters if len(c.parts) > 1 or c.share >= LEAST_SHARE] or clusters
    kept.sort(key=lambda cluster: -cluster.mass)
    empty = np.zeros((0, *parts[0].probability.shape[1:]), np.float32)
    return MergedMotifs(
        probability=np.array([c.probability for c in kept], np.float32) if kept else empty,
        mass=np.array([c.mass for c in kept]),
        parts=tuple(tuple(sorted(c.parts)) for c in kept),
    )


def select_confirmed_motifs(merged: MergedMotifs, mass: Floats, total: Floats) -> Indices:
    """Select the motifs that are confirmed after locating all of them in all documents.

    Motifs that several parts found are. One that a single part found must keep `KEPT_MASS` of its
    observations, and also recur in other parts or hold `HEAVY` of its own. All are selected if none
    is confirmed, or if there is only one part.

    Parameters
    ----------
    mass : float64 array (M, parts)
        Located observations of every motif in every part.
    total : float64 array (parts,)
        All observations of every part.
    """
    if len(total) == 1:
        return np.arange(len(merged.parts))
    holding = []
    for motif, found_in in enumerate(merged.parts):
        own = found_in[0]
        inside = mass[motif, own] / total[own]
        # shares, not sums: parts differ in size
        outside = (mass[motif].sum() - mass[motif, own]) / max(total.sum() - total[own], 1e-30)
        is_sure = inside >= HEAVY or outside >= RECURS * inside
        keeps = mass[motif].sum() >= KEPT_MASS * merged.mass[motif]
        if len(found_in) > 1 or (is_sure and keeps):
            holding.append(motif)
    return np.array(holding or range(len(merged.parts)), dtype=np.int64)


def _merge_counterparts(clusters: Sequence[_Cluster], least: float) -> list[_Cluster]:
    """Merge clusters of a single part into similar ones that several other parts have."""
    several = [cluster for cluster in clusters if len(cluster.parts) > 1]
    left = list(several)
    for cluster in clusters:
        if len(cluster.parts) > 1:
            continue
        (part,) = cluster.parts
        motif = cluster.probability.astype(np.float32)
        found = _find_cluster(several, motif, part, least)
        if found is None:
            left.append(cluster)
        else:
            several[found[0]].add(motif, found[1], cluster.mass, part, cluster.share)
    return left


def _find_cluster(
    clusters: Sequence[_Cluster], motif: Floats32, part: int, least: float
) -> tuple[int, int] | None:
    """Return the most similar cluster without that part, and the shift; None below `least`."""
    open_to = [index for index, cluster in enumerate(clusters) if part not in cluster.parts]
    if not open_to:
        return None
    shapes = np.array([clusters[index].probability for index in open_to], dtype=np.float32)
    cosine, shift = max_shifted_cosine(shapes, motif[None])
    best = int(cosine[:, 0].argmax())
    if cosine[best, 0] < least:
        return None
    return open_to[best], int(shift[best, 0])
