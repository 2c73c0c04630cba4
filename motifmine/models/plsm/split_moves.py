"""Motifs are split and merged by what their occurrences hold.

A search grows motifs on unexplained observations, so its first motif may be the mean of several
that have part of their words in common, and later ones cannot take that back. So the counts are cut
out at the occurrences of a motif, or of several that are much alike, less what other motifs explain
there, and clustered. The number of clusters is the one that replicates best across halves of the
occurrences, if it replicates well and the clusters differ; else there is one motif.
"""

import numpy as np
from scipy.ndimage import uniform_filter1d

from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.models.plsm.clusters import Draws, kmeans, replication
from motifmine.models.plsm.occurrence_windows import (
    Canvas,
    Peaks,
    cut_windows,
    find_peaks,
    unexplained_by_others,
)
from motifmine.models.plsm.problem import Problem, State
from motifmine.models.plsm.pruning import alike, give_starts
from motifmine.types import Floats, Floats32, Indices

MOST_PARTS = 6
LEAST_PER_PART = 4
"""Occurrences that a part must have on average."""
LEAST_REPLICATION = 0.7
"""Adjusted Rand index from which a split is believed; parts of a single motif reach 0 to 0.5."""
SAME_COSINE = 0.9
"""Best-shift cosine from which two parts are one motif, e.g. variants of one spoken word."""
ALIKE_COSINE = 0.6
"""Motifs more alike than this are cut again from their occurrences together."""
MOST_TOGETHER = 0.3
"""Unless more of the weight of one than this share is where the other occurs: sounds that
sound at once are two."""
MOST_WINDOWS = 400
"""Windows that are clustered; the others go to the nearest cluster."""
N_DIMENSIONS = 30
NEAR = 3
"""Bins over which single events are counted together."""
FLOOR = 0.05
"""Share of the background's words that is mixed into new motifs, so that no cell is closed."""


def split_and_merge(
    problem: Problem, state: State, canvas: Canvas, rng: np.random.Generator
) -> Floats32 | None:
    """Return motifs after all splits and merges, float32 (K, L, W); None when there were none.

    Parameters
    ----------
    canvas : Canvas
        Counts of `problem`.
    """
    groups, shift, tempo = alike_groups(problem, state)
    motifs: list[Floats32] = []
    is_changed = False
    for group in groups:
        starts, first = state.starts.copy(), group[0]
        for motif in group[1:]:
            by, at = int(shift[first, motif]), int(tempo[first, motif])
            give_starts(state, starts, first, motif, by, at)
        peaks = find_peaks(problem, state._replace(starts=starts).starts_by_motif[first])
        if len(peaks.row) == 0:
            is_changed = True
            continue
        left = unexplained_by_others(problem, state, canvas, group)
        windows = cut_windows(canvas, left, peaks)
        # events have no width that hides their jitter, and occurrences a pace of their own
        near = max(NEAR, problem.usual_length // 8) if problem.priors.least_count else 1
        part = parts_of(uniform_filter1d(windows, near, axis=1, mode="constant"), rng)
        if len(group) == 1 and part.max() == 0:
            motifs.append(state.usual[first])
            continue
        is_changed = True
        motifs.extend(
            as_motif(windows[part == p].sum(axis=0), state.background_word)
            for p in range(part.max() + 1)
        )
    return np.array(motifs, np.float32) if is_changed and motifs else None


def parts_of(windows: Floats32, rng: np.random.Generator) -> Indices:
    """Return the part that each window (n, L, W) belongs to, int64 array (n,); all 0 for one."""
    n = len(windows)
    single = np.zeros(n, dtype=np.int64)
    if n < 2 * LEAST_PER_PART:
        return single
    # the eigenvectors below take the cube of this number
    chosen = np.sort(rng.permutation(n)[:MOST_WINDOWS])
    points = _coordinates(windows, chosen)
    best, highest = 1, LEAST_REPLICATION
    for k in range(2, min(MOST_PARTS, len(chosen) // LEAST_PER_PART) + 1):
        score = replication(points[chosen], k, highest, rng)
        # of equals the fewest
        if score > highest or (best == 1 and score == highest):
            best, highest = k, score
    if best == 1:
        return single
    return _joined(windows, kmeans(points, best, Draws.of(n, best, rng))[0])


def _coordinates(windows: Floats32, chosen: Indices) -> Floats:
    """Return windows as points (n, P): roots of the counts, of unit length, projected."""
    # roots: a few cells with large counts would decide the distance alone
    flat = np.sqrt(np.maximum(windows, 0)).reshape(len(windows), -1)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
    centre = flat[chosen].mean(axis=0)
    base = (flat[chosen] - centre).astype(np.float64)
    # there are fewer windows than cells: the small matrix has the same components
    values, vectors = np.linalg.eigh(base @ base.T)
    order = np.argsort(-values)[: min(N_DIMENSIONS, len(chosen) - 1)]
    scale = 1 / np.sqrt(np.maximum(values[order], 1e-12))
    axes = (base.T @ vectors[:, order]) * scale
    points: Floats = (flat - centre) @ axes
    return points


def _joined(windows: Floats32, part: Indices) -> Indices:
    """Return the parts with those joined whose means are the same motif."""
    while True:
        label = np.unique(part)
        part = np.searchsorted(label, part)
        if len(label) == 1:
            return part
        means = np.array([windows[part == p].mean(axis=0) for p in range(len(label))])
        cosine = max_shifted_cosine(means, means)[0]
        np.fill_diagonal(cosine, -1.0)
        one, other = np.unravel_index(int(cosine.argmax()), cosine.shape)
        if cosine[one, other] < SAME_COSINE:
            return part
        part = np.where(part == other, one, part)


def alike_groups(problem: Problem, state: State) -> tuple[list[list[int]], Indices, Indices]:
    """Return motifs in groups that are cut again together, heaviest first.

    Pairwise shifts and tempos are returned too, see `motifmine.models.plsm.pruning.alike`.
    """
    cosine, shift, tempo = alike(state)
    order = np.argsort(-state.starts_of_motifs.sum(axis=0, dtype=np.float64), kind="stable")
    peaks = [find_peaks(problem, starts) for starts in state.starts_by_motif]
    groups: list[list[int]] = []
    free = [int(motif) for motif in order]
    while free:
        group = [free.pop(0)]
        while True:
            rows = np.sort(np.concatenate([peaks[motif].row for motif in group]))
            joins = [
                motif
                for motif in free
                if (likeness := max(cosine[member, motif] for member in group)) >= ALIKE_COSINE
                and (likeness >= SAME_COSINE or _is_apart(problem, peaks[motif], rows))
            ]
            if not joins:
                break
            group.append(joins[0])
            free.remove(joins[0])
        groups.append(group)
    return groups, shift, tempo


def _is_apart(problem: Problem, peaks: Peaks, rows: Indices) -> bool:
    """Return whether little of the weight of a motif is where `rows` are."""
    if len(rows) == 0 or len(peaks.row) == 0:
        return True
    reach = max(1, problem.usual_length // 2)
    near = np.abs(peaks.row[:, None] - rows[None]).min(axis=1) < reach
    return float(peaks.weight[near].sum()) <= MOST_TOGETHER * float(peaks.weight.sum())


def as_motif(counts: Floats32, background_word: Floats) -> Floats32:
    """Return counts (L, W) as a motif that sums to 1, with a floor of the background's words."""
    motif = counts / max(float(counts.sum()), 1e-9) + FLOOR / len(counts) * background_word
    return np.asarray(motif / motif.sum(), dtype=np.float32)
