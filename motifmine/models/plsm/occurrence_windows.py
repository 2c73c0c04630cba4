"""What a table holds where a motif occurs: peaks of the starts, and windows cut from the counts."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from motifmine.models.plsm.problem import Problem, State
from motifmine.records.tempo import columns_at_tempos, resampling
from motifmine.types import Floats, Floats32, Indices

LEAST_WEIGHT = 0.1
"""Share of its motif's typical weight that an occurrence must have."""
TINY = 1e-9


class Peaks(NamedTuple):
    """Occurrences of one motif, in order of time."""

    row: Indices
    """Start rows, int64 array (n,)."""
    weight: Floats
    """Observations of each, with those of the neighbouring start bins, float64 array (n,)."""
    tempo: Floats | None = None
    """Tempo of each, float64 array (n,); None where motifs have one tempo."""


def find_peaks(problem: Problem, starts: Floats32) -> Peaks:
    """Return the occurrences of one motif: the highest starts (R,), half a window apart.

    Kept are those of `LEAST_WEIGHT` of the typical weight, the mean of all, each counted by its
    weight. Starts (R, V) are those at every tempo; an occurrence has that of most of its mass.
    """
    layout = problem.layout
    apart = max(2, problem.usual_length // 2)
    at_tempo = starts if starts.ndim == 2 else None
    total = starts.sum(axis=1, dtype=np.float64) if starts.ndim == 2 else starts.astype(np.float64)
    document, _ = layout.start_of_row(np.arange(layout.n_rows))
    # mass of the next document is not a neighbour
    same = document[1:] == document[:-1]
    sides = np.zeros_like(total)
    # EM splits an occurrence that lies between two bins
    sides[1:] += np.where(same, total[:-1], 0.0)
    sides[:-1] += np.where(same, total[1:], 0.0)
    total += sides
    candidates = np.flatnonzero(total > 1e-6)
    is_free = np.ones(len(total), dtype=bool)
    rows = []
    # non-maximum suppression: the highest start wins its surroundings
    for row in candidates[np.argsort(-total[candidates], kind="stable")]:
        if is_free[row]:
            rows.append(row)
            is_free[max(0, row - apart + 1) : row + apart] = False
    found = np.sort(np.array(rows, dtype=np.int64))
    weight = total[found]
    # many faint peaks would pull a plain mean down
    typical = np.square(weight).sum() / max(float(weight.sum()), TINY)
    keep = weight >= LEAST_WEIGHT * typical
    tempo = None
    if at_tempo is not None and problem.tempos is not None:
        near = np.clip(found[keep, None] + np.arange(-2, 3), 0, layout.n_rows - 1)
        tempo = problem.tempos[at_tempo[near].sum(axis=1).argmax(axis=1)]
    return Peaks(found[keep], weight[keep], tempo)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """The counts of a problem by time and word, every document with room for motifs at its edges.

    Small tables only: it holds every bin and word.
    """

    counts: Floats32
    """float32 array (N, W)."""
    first: Indices
    """Row of `counts` where the window of every start row begins, int64 array (R,)."""
    length: int
    """Bins of a window."""
    usual_length: int
    """Bins of a motif at its usual tempo."""


def canvas_of(problem: Problem) -> Canvas:
    """Return the counts of a problem laid out for windows."""
    layout = problem.layout
    length = layout.motif_length
    document, _ = layout.start_of_row(np.arange(layout.n_rows))
    n_documents = len(layout.document_rows) - 1
    counts = np.zeros((layout.n_rows + n_documents * (length - 1), problem.n_words), np.float32)
    # L - 1 more rows a document, so that no window reaches into another
    row = layout.bin_row + (layout.bin_document + 1) * (length - 1)
    counts[np.repeat(row, np.diff(layout.offsets)), layout.word] = layout.count
    return Canvas(
        counts=counts,
        first=np.arange(layout.n_rows) + document * (length - 1),
        length=length,
        usual_length=problem.usual_length,
    )


def motif_rates(canvas: Canvas, motifs: Floats32, starts: Floats32) -> Floats32:
    """Return what motifs (K, L, W) with starts (R, K) are expected to give, float32 (N, W).

    Parameters
    ----------
    motifs : float32 array (K, L, W)
    starts : float32 array (R, K)
        Expected observations of each start.
    """
    rates = np.zeros_like(canvas.counts)
    active = np.flatnonzero(starts.any(axis=1))
    # one matrix product per relative time; rows of `active` are distinct, so += meets each once
    for relative in range(canvas.length):
        rates[canvas.first[active] + relative] += starts[active] @ motifs[:, relative]
    return rates


def expected_rates(problem: Problem, state: State, canvas: Canvas) -> Floats32:
    """Return what all motifs and the background are expected to give, float32 (N, W).

    Parameters
    ----------
    canvas : Canvas
        Counts of `problem`.
    """
    level = state.background_mass / np.maximum(problem.layout.n_times, 1)
    document, _ = problem.layout.start_of_row(np.arange(problem.layout.n_rows))
    by_row = np.zeros(len(canvas.counts))
    # first and last bin of the windows of all starts: together they cover every row
    for relative in (0, canvas.length - 1):
        by_row[canvas.first + relative] = level[document]
    rates = motif_rates(canvas, state.motifs, state.starts)
    rates += (by_row[:, None] * state.background_word).astype(np.float32)
    return rates


def cut_windows(canvas: Canvas, values: Floats32, peaks: Peaks) -> Floats32:
    """Return windows of `values` (N, W) at occurrences, float32 array (n, L, W).

    What occurred at another tempo is resampled to the usual one.

    Parameters
    ----------
    values : float32 array (N, W)
        Laid out like the counts of `canvas`.
    """
    return at_usual_tempo(canvas, values[rows_of_windows(canvas, peaks)], peaks)


def rows_of_windows(canvas: Canvas, peaks: Peaks) -> Indices:
    """Return the rows of the canvas that windows at occurrences cover, int64 array (n, L)."""
    rows: Indices = canvas.first[peaks.row][:, None] + np.arange(canvas.length)
    return rows


def at_usual_tempo(canvas: Canvas, windows: Floats32, peaks: Peaks) -> Floats32:
    """Return windows with each occurrence at the usual tempo.

    Parameters
    ----------
    windows : float32 array (n, L, W), changed
        Cut at `rows_of_windows`.
    """
    if peaks.tempo is not None:
        for tempo in np.unique(peaks.tempo).tolist():
            # a bin's values are spread over the relative times that it covers
            spread = resampling(canvas.length, (tempo,))[0].T / np.float32(tempo)
            at = peaks.tempo == tempo
            windows[at] = np.matmul(spread, windows[at])
        windows[:, canvas.usual_length :] = 0
    return windows


def unexplained_by_others(
    problem: Problem, state: State, canvas: Canvas, motifs: list[int]
) -> Floats32:
    """Return the counts less what motifs other than `motifs` explain of them, float32 (N, W).

    Parameters
    ----------
    canvas : Canvas
        Counts of `problem`.
    motifs : list of int
        Motifs whose own part stays in the counts.
    """
    others = np.setdiff1d(np.arange(state.n_motifs), motifs)
    if len(others) == 0:
        return canvas.counts
    columns = columns_at_tempos(others, state.n_tempos)
    theirs = motif_rates(canvas, state.motifs[columns], state.starts[:, columns])
    everything = expected_rates(problem, state, canvas)
    # by responsibility, as EM does: plain subtraction would leave negative counts
    share = np.divide(theirs, everything, out=np.zeros_like(theirs), where=everything > TINY)
    left: Floats32 = canvas.counts * (1 - share)
    return left
