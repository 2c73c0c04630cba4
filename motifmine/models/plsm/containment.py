"""Motifs merged, or taken out of others that contain them, where that shortens the description.

A snare that sounds with a hi-hat is two. Splits by clusters do not separate them: the occurrences
of what always comes together are one cluster. So where a motif holds another one nearly whole, and
as strong as it is alone, what remains of it without the other is proposed in its place. Two spoken
digits are alike, too, but neither has all of the other, however loud. Motifs that are alike are
proposed as one: where clusters do not replicate, both may be the same with a little of a third.
"""

from collections.abc import Iterator

import numpy as np

from motifmine.models.plsm.centring import settle
from motifmine.models.plsm.occurrence_windows import find_peaks
from motifmine.models.plsm.problem import Problem, State
from motifmine.models.plsm.pruning import (
    alike,
    compute_contributions,
    compute_saving,
    drop_motif,
)
from motifmine.models.plsm.split_moves import ALIKE_COSINE
from motifmine.types import Floats, Floats32, Indices

MOST_MISSING = 0.05
"""Part of a motif that one that contains it may lack: few occurrences leave cells empty."""
LEAST_STRENGTH = 0.8
"""Strength of a motif within another, over the one that it has alone."""
LEAST_SHARE = 0.1
"""Of a motif that is taken out of another, and of what remains: else one is the other."""
MOST_LOST = 0.01
"""Of what a motif gains, the part that may be lost without the other: levels do not just add up."""
N_TRIED = 6
"""Pairs that are tried, those most alike or of the largest share first."""
N_SETTLE = 20
N_HALVINGS = 12


def shorten_description(problem: Problem, state: State, motif_length: int) -> State:
    """Return the state after motifs were merged, or taken out of others, while that saves nats.

    Parameters
    ----------
    problem : Problem
    state : State
    motif_length : int
        Bins.
    """
    while state.n_motifs > 1:
        # as many iterations as with a move: EM itself makes descriptions longer
        settled, _ = settle(problem, state, motif_length, N_SETTLE)
        saving = compute_saving(problem, settled)
        gain = compute_contributions(problem, settled)
        trials = []
        for moved, spared in [*_merged(state), *_taken_out(problem, state, gain)]:
            less, _ = settle(problem, moved, motif_length, N_SETTLE)
            trials.append((compute_saving(problem, less) + spared, less))
        best = max(trials, key=lambda trial: trial[0], default=(saving, state))
        if best[0] <= saving:
            break
        state = best[1]
    return state


def _merged(state: State) -> Iterator[tuple[State, float]]:
    """Yield the state with one of two motifs that are alike, the most alike first."""
    cosine = np.tril(alike(state)[0], -1)
    pairs = np.argwhere(cosine >= ALIKE_COSINE)
    order = np.argsort(-cosine[tuple(pairs.T)], kind="stable")[:N_TRIED]
    mass = state.starts_of_motifs.sum(axis=0, dtype=np.float64)
    for pair in pairs[order]:
        yield drop_motif(state, int(pair[mass[pair].argmin()])), 0.0


def _taken_out(problem: Problem, state: State, gain: Floats) -> Iterator[tuple[State, float]]:
    """Yield the state with a motif less another that it contains, and the nats that this spares."""
    strength, n_occurrences = _strengths(problem, state)
    share, shift = contained_shares(state, strength)
    pairs = np.argwhere((share >= LEAST_SHARE) & (share <= 1 - LEAST_SHARE))
    order = np.argsort(-share[tuple(pairs.T)], kind="stable")[:N_TRIED]
    for one, other in pairs[order].tolist():
        less = take_out(state, one, other, float(share[one, other]), int(shift[one, other]))
        # starts of the one say where those of the other are, which need not be written again
        yield less, float(n_occurrences[one] * np.log(state.starts.size) + MOST_LOST * gain[one])


def contained_shares(state: State, strength: Floats) -> tuple[Floats, Indices]:
    """Return which share of each motif another one is, and at which shift.

    Parameters
    ----------
    state : State
    strength : float64 array (K,)
        Observations of an occurrence of each motif.

    Returns
    -------
    share : float64 array (K, K)
        Entry (i, j) is the share of motif i that motif j is at its own strength, 0 where i does not
        contain j.
    shift : int64 array (K, K)
        Relative time r of j is r + shift of i.
    """
    _, shift, _ = alike(state)
    share = np.zeros(shift.shape)
    for one, other in np.argwhere(~np.eye(len(share), dtype=bool)):
        part = moved(state.motifs[other], int(shift[one, other]))
        whole = float(part.sum())
        scale = _largest_scale(state.motifs[one], part)
        usual = strength[other] / max(strength[one], 1e-9)
        if scale >= LEAST_STRENGTH * usual and whole >= 1 - MOST_MISSING:
            share[one, other] = min(scale, usual) * whole
    return share, shift


def take_out(state: State, one: int, other: int, share: float, shift: int) -> State:
    """Return the state with a motif less another, whose starts are added to those of the other.

    Parameters
    ----------
    state : State
    one, other : int
        Motif that contains, and the one that is contained.
    share, shift
        See `contained_shares`.
    """
    part = moved(state.motifs[other], shift)
    rest = np.maximum(state.motifs[one] - share / float(part.sum()) * part, 0)
    motifs, starts = state.motifs.copy(), state.starts.copy()
    motifs[one] = rest / rest.sum()
    starts[:, other] += np.float32(share) * np.roll(state.starts[:, one], shift)
    starts[:, one] *= np.float32(1 - share)
    return state._replace(motifs=motifs, starts=starts)


def moved(motif: Floats32, shift: int) -> Floats32:
    """Return a motif (L, W) later by `shift` bins; what leaves its window is lost."""
    later = np.zeros_like(motif)
    if shift >= 0:
        later[shift:] = motif[: len(motif) - shift]
    else:
        later[:shift] = motif[-shift:]
    return later


def _strengths(problem: Problem, state: State) -> tuple[Floats, Indices]:
    """Return how strong the usual occurrence of each motif is, observations, and how many it has.

    Arrays (K,), float64 and int64.
    """
    peaks = [find_peaks(problem, starts) for starts in state.starts_by_motif]
    strength = [np.median(peak.weight) if len(peak.weight) else 0.0 for peak in peaks]
    return np.array(strength), np.array([len(peak.row) for peak in peaks])


def _largest_scale(whole: Floats32, part: Floats32) -> float:
    """Return the scale at which `part` exceeds `whole` by `MOST_MISSING` of itself."""
    low, high = 0.0, 1.0
    total = max(float(part.sum()), 1e-9)
    for _ in range(N_HALVINGS):
        scale = (low + high) / 2
        missing = float(np.maximum(scale * part - whole, 0).sum())
        low, high = (low, scale) if missing > MOST_MISSING * scale * total else (scale, high)
    return low
