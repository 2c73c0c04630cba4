"""What a whole thing of a motif is: how long it passes, its usual mass, one start for each."""

from dataclasses import replace

import numpy as np

from motifmine.models.moving_paths import own_run
from motifmine.models.moving_window import PER_SIZE, smooth_paths
from motifmine.models.plsm.kernels.moving import sweep_gathered
from motifmine.models.plsm.problem import Problem, State
from motifmine.types import Floats, Floats32

CURVED = 0.25
"""Fourth root of the stiffness of curved paths in lengths of a motif."""
LEAST_OF_USUAL = 0.45
"""Share of the usual mass of what can be seen of it that a start must have."""
LEAST_SEEN = 0.25
"""Share of a motif that must lie inside the recording."""
PASSING = 1.2
"""Starts closer than this multiple of the bins of passing by a width are of one thing."""


def with_gathered_starts(problem: Problem, state: State) -> State:
    """Return the state with one start for each whole thing, where starts exclude one another.

    What passes on a part of a path only, because it turns off or comes from elsewhere, is of
    another motif or none: the mass of such starts goes to the background. A thing that the
    recording cuts off counts by the part that can be seen.
    """
    reach = np.array(problem.priors.reach, dtype=np.int64)
    if len(reach) != state.n_motifs:
        return state
    starts = state.starts.copy()
    for _ in range(3):
        sweep_gathered(starts, problem.layout.document_rows, reach, 4.0)
    if not problem.priors.usual_mass:
        return state._replace(starts=starts)
    seen = _share_inside(problem, state)
    least = LEAST_OF_USUAL * np.array(problem.priors.usual_mass) * seen
    # what is cut off by the end of the recording is compared with what could be seen of it
    part = np.where((starts < least) | (seen < LEAST_SEEN), starts, 0)
    edges = problem.layout.document_rows
    mass = np.add.reduceat(part.sum(axis=1, dtype=np.float64), edges[:-1])
    return state._replace(starts=starts - part, background_mass=state.background_mass + mass)


def _share_inside(problem: Problem, state: State) -> Floats:
    """Return the share of each motif's mass inside the recording at each start, (R, K)."""
    layout = problem.layout
    profile = state.motifs.sum(axis=2, dtype=np.float64).T
    profile /= np.maximum(profile.sum(axis=0), 1e-30)
    until = np.concatenate([np.zeros((1, state.n_motifs)), np.cumsum(profile, axis=0)])
    document, start = layout.start_of_row(np.arange(layout.n_rows))
    length = layout.motif_length
    first = np.clip(-start, 0, length)
    last = np.clip(layout.n_times[document] - start, 0, length)
    inside: Floats = until[last] - until[first]
    return inside


def with_things(
    problem: Problem, state: State, positions: Floats | None, usual_mass: Floats | None = None
) -> Problem:
    """Return the problem with what a thing of each motif is: how long it passes, and its mass.

    Parameters
    ----------
    state : State
        Starts at their expected counts.
    positions : float64 array (W, 2) or None
        Of the words; None: the problem knows how long things pass.
    usual_mass : float64 array (K,) or None
        Known from what the motifs were learned from; None: that of the starts. Where nothing
        passes the largest flicker would be usual.
    """
    priors = problem.priors
    # decoys follow the real motifs and must have the same limits, or they would not compete fairly
    source = priors.source or tuple(range(state.n_motifs))
    n_real = 1 + max(source, default=-1)
    reach = priors.reach
    if positions is not None:
        own = find_reach(state.motifs[:n_real], positions)
        reach = tuple(own[k] for k in source)
    # gathered without limits first: these are to be measured
    priors = replace(priors, reach=reach, usual_mass=())
    if usual_mass is None:
        gathered = with_gathered_starts(replace(problem, priors=priors), state).starts[:, :n_real]
        mass = gathered.sum(axis=0, dtype=np.float64)
        usual = np.square(gathered, dtype=np.float64).sum(axis=0) / np.maximum(mass, 1e-30)
        usual_mass = usual[list(source)]
    return replace(problem, priors=replace(priors, usual_mass=tuple(usual_mass.tolist())))


def find_reach(motifs: Floats32, positions: Floats) -> list[int]:
    """Return the bins in which a thing of each motif (K, L, W) passes by its own length."""
    mass = motifs.sum(axis=2, dtype=np.float64)
    inside = np.maximum(mass, 1e-30)[:, :, None]
    mean = motifs @ positions / inside
    spread = np.maximum(motifs @ positions**2 / inside - mean**2, 0.0)
    found = []
    for k in range(len(motifs)):
        if mass[k].max() <= 0:
            found.append(1)
            continue
        first, last = own_run(mass[k])
        run = slice(first, last)
        if last - first < 3:
            found.append(1)
            continue
        stiffness = (CURVED * (last - first)) ** 4
        path = smooth_paths(mean[k : k + 1, run], mass[k : k + 1, run], stiffness)[0]
        step = np.diff(path, axis=0)
        speed = float(np.hypot(*step.T).mean())
        direction = np.square(step.sum(axis=0) / max(float(np.hypot(*step.sum(axis=0))), 1e-9))
        size = float(np.sqrt(np.average(spread[k, run], axis=0, weights=mass[k, run]) @ direction))
        found.append(
            int(np.clip(round(PASSING * PER_SIZE * size / max(speed, 1e-3)), 1, last - first))
        )
    return found
