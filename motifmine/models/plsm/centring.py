"""Motifs moved within their windows: to the middle while they are learned, to the front at last."""

import numpy as np

from motifmine.models.plsm.em import iterate
from motifmine.models.plsm.problem import Problem, State, within
from motifmine.records.tempo import at_tempos
from motifmine.types import Floats, Floats32, Indices

BEGINS = 0.1  # of the mass of its heaviest bin: where a motif begins
LEAST_LEAD = 0.1  # of a motif's length, before it begins


def recentre(problem: Problem, state: State, motif_length: int) -> State:
    """Return motifs and starts moved so that each motif is in the middle of its window.

    Parameters
    ----------
    state : State
        Motifs in the longer window of `problem`.
    """
    middle = (problem.usual_length - motif_length) // 2
    return _moved(problem, state, middle - heaviest_window(_inside(problem, state), motif_length))


def begin_at_front(problem: Problem, state: State) -> State:
    """Return motifs and starts moved so that a motif's window does not begin long before it does.

    The start of an occurrence is then when something begins to happen.
    """
    above = _above_rest(_inside(problem, state))
    lead = np.argmax(above >= BEGINS * above.max(axis=1, keepdims=True), axis=1)
    # a bin or two are not worth another EM
    return _moved(problem, state, np.where(lead > LEAST_LEAD * problem.usual_length, -lead, 0))


def _inside(problem: Problem, state: State) -> Floats32:
    return state.usual[:, : problem.usual_length]


def _moved(problem: Problem, state: State, shift: Indices) -> State:
    """Return each motif later by its shift, bins, and its starts earlier by as much.

    Starts are rolled over the rows as if documents were one: what crosses an edge is undone by the
    next pass.
    """
    motifs, starts = _inside(problem, state).copy(), state.starts.copy()
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
    above = _above_rest(motifs)
    total = np.cumsum(np.pad(above, ((0, 0), (1, 0))), axis=1)
    first: Indices = np.argmax(total[:, motif_length:] - total[:, :-motif_length], axis=1)
    return first


def _above_rest(motifs: Floats32) -> Floats:
    """Return each motif's mass by time above the median of each word, float64 array (K, L)."""
    rest = np.median(motifs, axis=1, keepdims=True)
    above: Floats = np.clip(motifs - rest, 0, None).sum(axis=2, dtype=np.float64)
    return above


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
