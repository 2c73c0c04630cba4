"""Motifs that were found in several parts of the data, brought together by shape and shift."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.types import Floats, Floats32, Indices

LEAST_SIMILARITY = 0.8
"""Cosine at the best shift from which two motifs are taken for the same."""
LEAST_COUNTERPART = 0.7
"""Cosine from which a motif of one part alone is taken for one that several other parts have and
its own part lacks: a part with little of a motif learns it badly."""
LEAST_SHARE = 0.01
"""Share of its part's observations with which a motif counts though no other part has it."""
KEPT_MASS = 0.5
"""A motif of one part alone is a copy of others when it keeps less than this share of its
observations where all motifs compete for them."""
RECURS = 0.3
"""It comes again elsewhere when its share of the other parts is this part of that of its own."""
HEAVY = 0.05
"""If it does not, it must hold this share of its own part, or it may well be noise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartMotifs:
    """The motifs of one part."""

    probability: Floats32
    """float32 array (K, L, W)."""
    mass: Floats
    """Observations of every motif, float64 array (K,)."""
    total: float
    """Observations of the part."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MergedMotifs:
    """Motifs of all parts, the same ones joined, heaviest first."""

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
    """Motifs that are the same; they lie in the window of the heaviest."""

    cells: Floats
    """Their sum, weighted by mass, float64 array (L, W)."""
    mass: float
    parts: list[int]
    share: float
    """The largest that one of them has in its part."""

    def add(self, motif: Floats32, shift: int, mass: float, part: int, share: float) -> None:
        """Add a motif whose relative time r is r + shift here; what hangs over is left out."""
        length = len(self.cells)
        first, last = max(0, shift), min(length, length + shift)
        self.cells[first:last] += mass * motif[first - shift : last - shift]
        self.mass += mass
        self.parts.append(part)
        self.share = max(self.share, share)

    @property
    def probability(self) -> Floats:
        """The weighted mean, float64 array (L, W)."""
        mean: Floats = self.cells / self.cells.sum()
        return mean


def merge_motifs(
    parts: Sequence[PartMotifs],
    *,
    least_similarity: float = LEAST_SIMILARITY,
    least_counterpart: float = LEAST_COUNTERPART,
    least_share: float = LEAST_SHARE,
) -> MergedMotifs:
    """Return the motifs of several parts, each motif once.

    The heaviest motif of all begins; each next one joins the motif so far that it is most like at
    the best shift, if their cosine is `least_similarity` and nothing of its own part is in there
    (motifs that a part tells apart stay apart), else it begins a motif of its own. Then motifs of
    one part alone join what two or more others have and theirs lacks, if the cosine is
    `least_counterpart`. Joined motifs are the means of their distributions, weighted by
    observations, in the window of the heaviest. A motif is kept that two parts have, or that holds
    `least_share` of its part; if there is none such, all are kept.

    Parameters
    ----------
    parts : sequence of PartMotifs
        Over the same words, of the same length.
    least_similarity, least_counterpart, least_share : float
    """
    listed = [
        (float(part.mass[k]), number, k)
        for number, part in enumerate(parts)
        for k in range(len(part.mass))
    ]
    clusters: list[_Cluster] = []
    for mass, number, k in sorted(listed, key=lambda item: (-item[0], item[1:])):
        part = parts[number]
        motif, share = part.probability[k], mass / max(part.total, 1e-30)
        found = _place(clusters, motif, number, least_similarity)
        if found is None:
            cells = mass * motif.astype(np.float64)
            clusters.append(_Cluster(cells=cells, mass=mass, parts=[number], share=share))
        else:
            clusters[found[0]].add(motif, found[1], mass, number, share)
    clusters = _with_counterparts(clusters, least_counterpart)
    kept = [c for c in clusters if len(c.parts) > 1 or c.share >= least_share] or clusters
    kept.sort(key=lambda cluster: -cluster.mass)
    empty = np.zeros((0, *parts[0].probability.shape[1:]), np.float32)
    return MergedMotifs(
        probability=np.array([c.probability for c in kept], np.float32) if kept else empty,
        mass=np.array([c.mass for c in kept]),
        parts=tuple(tuple(sorted(c.parts)) for c in kept),
    )


def holding_motifs(merged: MergedMotifs, mass: Floats, total: Floats) -> Indices:
    """Return the motifs that hold once all of them were located in all documents.

    Those that several parts found do. One that a single part found must keep `KEPT_MASS` of the
    observations that it had there, and come again in other parts, or hold `HEAVY` of its own. All
    hold if none does, or where there is but one part.

    Parameters
    ----------
    merged : MergedMotifs
    mass : float64 array (M, parts)
        Observations of every motif in every part, as located.
    total : float64 array (parts,)
        All observations of every part.
    """
    if len(total) == 1:
        return np.arange(len(merged.parts))
    holding = []
    for motif, found_in in enumerate(merged.parts):
        own = found_in[0]
        inside = mass[motif, own] / total[own]
        outside = (mass[motif].sum() - mass[motif, own]) / max(total.sum() - total[own], 1e-30)
        is_sure = inside >= HEAVY or outside >= RECURS * inside
        keeps = mass[motif].sum() >= KEPT_MASS * merged.mass[motif]
        if len(found_in) > 1 or (is_sure and keeps):
            holding.append(motif)
    return np.array(holding or range(len(merged.parts)), dtype=np.int64)


def _with_counterparts(clusters: Sequence[_Cluster], least: float) -> list[_Cluster]:
    """Return the clusters after those of one part joined what several others have."""
    several = [cluster for cluster in clusters if len(cluster.parts) > 1]
    left = list(several)
    for cluster in clusters:
        if len(cluster.parts) > 1:
            continue
        (part,) = cluster.parts
        motif = cluster.probability.astype(np.float32)
        found = _place(several, motif, part, least)
        if found is None:
            left.append(cluster)
        else:
            several[found[0]].add(motif, found[1], cluster.mass, part, cluster.share)
    return left


def _place(
    clusters: Sequence[_Cluster], motif: Floats32, part: int, least: float
) -> tuple[int, int] | None:
    """Return the cluster that a motif of a part belongs to, and its shift there."""
    open_to = [index for index, cluster in enumerate(clusters) if part not in cluster.parts]
    if not open_to:
        return None
    shapes = np.array([clusters[index].probability for index in open_to], dtype=np.float32)
    cosine, shift = max_shifted_cosine(shapes, motif[None])
    best = int(cosine[:, 0].argmax())
    if cosine[best, 0] < least:
        return None
    return open_to[best], int(shift[best, 0])
