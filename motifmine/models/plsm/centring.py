"""Motifs moved to the middle of the longer windows that they are learned in, and cut out."""

import numpy as np

from motifmine.models.plsm.em import iterate
from motifmine.models.plsm.problem import Problem, State, within
from motifmine.records.tempo import at_tempos
from motifmine.types import Floats32, Indices


def recentre(problem: Problem, state: State, motif_length: int) -> State:
    """Return motifs and starts moved so that each motif is in the middle of its window.

    Starts are rolled over the rows as if documents were one: what crosses an edge is undone by the
    next pass.

    Parameters
    ----------
    state : State
        Motifs in the longer window of `problem`.
    """
    motifs, starts = state.usual[:, : problem.usual_length].copy(), state.starts.copy()
    middle = (problem.usual_length - motif_length) // 2
    shift = middle - heaviest_window(motifs, motif_length)
    tempos = np.ones(1) if state.tempos is None else state.tempos
    for k in np.flatnonzero(shift):
        by = int(shift[k])
        moved = np.roll(motifs[k], by, axis=0)
        # what enters the window was never seen there; closed cells (0) could not be learned again
        moved[slice(0, by) if by > 0 else slice(by, None)] = 1e-3 * state.background_word
        motifs[k] = moved / max(moved.sum(), 1e-30)
        for column, tempo in zip(
            range(k * len(tempos), (k + 1) * len(tempos)), tempos, strict=True
        ):
            starts[:, column] = np.roll(starts[:, column], round(-by / tempo))
    if state.tempos is not None:
        motifs = at_tempos(within(motifs, problem), state.tempos)
    return state._replace(motifs=motifs, starts=starts)


def heaviest_window(motifs: Floats32, motif_length: int) -> Indices:
    """Return where the `motif_length` bins begin that hold most of each motif, int64 array (K,).

    Mass counts above the median over time of its word: a constant rate has no place.
    """
    above = np.clip(motifs - np.median(motifs, axis=1, keepdims=True), 0, None).sum(axis=2)
    total = np.cumsum(np.pad(above, ((0, 0), (1, 0))), axis=1)
    first: Indices = np.argmax(total[:, motif_length:] - total[:, :-motif_length], axis=1)
    return first


def crop_motifs(motifs: Floats32, motif_length: int) -> Floats32:
    """Return the heaviest window of each motif, summing to 1."""
    rows = heaviest_window(motifs, motif_length)[:, None] + np.arange(motif_length)
    cut = np.take_along_axis(motifs, rows[:, :, None], axis=1)
    cut /= np.maximum(cut.sum(axis=(1, 2), keepdims=True), 1e-30)
    return cut


def settle(
    problem: Problem, state: State, motif_length: int, n_iterations: int
) -> tuple[State, float]:
    """Return the state after EM, re-centred before every fifth iteration, and its likelihood."""
    value = -np.inf
    for _ in range(0, n_iterations, 5):
        state, value = iterate(problem, recentre(problem, state, motif_length), 5)
    return state, value
