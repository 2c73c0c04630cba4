"""Windows of the data that recur best at any tempo: where a search at several tempos begins.

Windows drawn at random leave some motifs without a seed, and EM then lets one motif have the
occurrences of two. Candidates are therefore compared with all windows at all tempos, and those are
taken, one after the other, whose best matches add most to what the ones before them match.
"""

import numpy as np
from scipy.ndimage import maximum_filter1d

from motifmine.models.plsm.occurrence_windows import Canvas, Peaks, cut_windows
from motifmine.models.plsm.problem import Problem
from motifmine.types import Floats, Floats32, Indices

MOST_CANDIDATES = 600
"""Windows that are compared with all others."""
CHANCE = 0.75
"""Of the likenesses that candidates reach at some time, the quantile that counts as chance."""
LEAST_UNLIKE = 0.01
"""Windows more alike than this are the same."""
FLOOR = 0.25
"""Share of the words' marginal that is mixed into a seed, so that no cell is closed."""


def choose_windows(
    problem: Problem, canvas: Canvas, motif_length: int, n_windows: int, rng: np.random.Generator
) -> Floats32:
    """Return windows that recur as motifs, float32 array (n, L, W).

    Parameters
    ----------
    canvas : Canvas
        Counts of `problem`.
    motif_length : int
        Bins that are compared, in the middle of the windows of `problem`.
    """
    n_rows = problem.layout.n_rows
    rows = np.sort(rng.permutation(n_rows)[:MOST_CANDIDATES])
    likeness, tempo = _likeness(problem, canvas, motif_length, rows)
    reach = max(1, motif_length // 2)
    highest = maximum_filter1d(likeness, 2 * reach + 1, axis=1)
    is_peak = likeness >= highest
    covered = np.quantile(highest, CHANCE, axis=0)
    # a window explains the more the more it holds
    mass = cut_windows(canvas, canvas.counts, Peaks(np.arange(n_rows), np.ones(n_rows), None))
    weight = mass.sum(axis=(1, 2)) / max(float(mass.sum()), 1e-9)
    seeds: list[Floats32] = []
    for _ in range(min(n_windows, len(rows))):
        above = np.where(is_peak, np.maximum(likeness - covered, 0), 0)
        gain = above @ weight
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        at = np.flatnonzero(above[best] > 0)
        peaks = Peaks(at, np.ones(len(at)), _tempos(problem)[tempo[best, at]])
        windows = cut_windows(canvas, canvas.counts, peaks)
        windows /= np.maximum(windows.sum(axis=(1, 2), keepdims=True), 1e-9)
        share = (above[best, at] / above[best, at].sum()).astype(np.float32)
        seeds.append(np.tensordot(share, windows, 1))
        # what begins near a match is the same occurrence at another shift
        matched = np.where(is_peak[best], likeness[best], 0)
        covered = np.maximum(covered, maximum_filter1d(matched, 2 * reach + 1))
    even = (FLOOR / problem.usual_length * problem.word_shares()).astype(np.float32)
    return np.array(seeds, np.float32) + even


def _tempos(problem: Problem) -> Floats:
    return np.ones(1) if problem.tempos is None else problem.tempos


def _likeness(
    problem: Problem, canvas: Canvas, motif_length: int, rows: Indices
) -> tuple[Floats32, Indices]:
    """Return log 1 / (1 - cosine) of windows at `rows` with all, and at which tempo, (n, R)."""
    every = np.arange(problem.layout.n_rows)
    margin = (problem.usual_length - motif_length) // 2
    best = np.full((len(rows), len(every)), -1.0, np.float32)
    at = np.zeros(best.shape, np.int64)
    own = _points(canvas, every, 1.0, margin, motif_length)[rows]
    for number, tempo in enumerate(_tempos(problem).tolist()):
        cosine = own @ _points(canvas, every, tempo, margin, motif_length).T
        at[cosine > best] = number
        best = np.maximum(best, cosine)
    # in nats of a residual: from .98 to .99 is as much as from .6 to .8
    unlike = np.maximum(1 - best, np.float32(LEAST_UNLIKE))
    return -np.log(unlike), at


def _points(
    canvas: Canvas, rows: Indices, tempo: float, margin: int, motif_length: int
) -> Floats32:
    """Return roots of the counts of windows at a tempo, of unit length, float32 (n, L W)."""
    peaks = Peaks(rows, np.ones(len(rows)), np.full(len(rows), tempo))
    windows = cut_windows(canvas, canvas.counts, peaks)[:, margin : margin + motif_length]
    # roots: a few cells with large counts would decide alone
    flat = np.sqrt(np.maximum(windows, 0)).reshape(len(rows), -1)
    points: Floats32 = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return points
