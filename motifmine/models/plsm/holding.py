"""Which motifs hold on data that they were not learned from, and which are surplus.

Documents are cut into blocks that go to two halves by turns. Motifs are refined on one half, then
held fixed and inferred in the other. A motif holds where a model in which some starts there are its
occurrences is far more likely than one in which none is.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from motifmine.models.plsm.centring import settle
from motifmine.models.plsm.em import infer_starts, iterate
from motifmine.models.plsm.occurrence_windows import (
    TINY,
    Canvas,
    at_usual_tempo,
    canvas_of,
    expected_rates,
    find_peaks,
    motif_rates,
    rows_of_windows,
)
from motifmine.models.plsm.problem import Problem, State, flat_start, prepare_em, within
from motifmine.models.plsm.pruning import keep_motifs
from motifmine.records.table import ObservationTable, cut_documents
from motifmine.records.tempo import at_tempos, columns_at_tempos
from motifmine.types import Floats, Floats32, Indices

LENGTHS_PER_BLOCK = (2, 10)
"""Blocks are at least and at most this number of motif lengths long."""
LEAST_BLOCKS = 10
PER_AMPLITUDE = 2.0
"""Nats subtracted for the amplitude and exact place of an occurrence, which fit the data there."""
LEAST_EVIDENCE = 12.0
"""Log-likelihood ratio on data not learned from that a motif must reach, nats."""
STRONG = 3.0
"""A motif whose occurrences gain on average this multiple of log(number of start rows), each by the
motif learned from the others, is kept even if half of the data are too few to find it again."""
LEAST_OCCURRENCES = 2
N_REFINE, N_LOCATE, N_RAMP = 15, 12, 4
N_AMPLITUDE = 8
LOWEST = np.float32(1e-6)  # rate that other motifs and the background are taken to have at least
EVEN_SHARE = 0.02
"""Share of a motif learned on one half that is spread over the background's words."""
ALONE_SHARE = 0.1
"""A motif accompanies others when less than this share of it is alone,"""
LIKELY = 0.02
"""and chance would leave so little alone with a smaller probability."""


class Halves(NamedTuple):
    """The documents of a table in blocks that belong to two halves by turns."""

    one: Problem
    other: Problem


def halves_of(table: ObservationTable, problem: Problem) -> Halves | None:
    """Return both halves of a table, prepared like `problem`; None if there is only one block."""
    length = problem.usual_length
    least, most = (factor * length for factor in LENGTHS_PER_BLOCK)
    blocks = cut_documents(table, max(least, min(most, table.n_times // LEAST_BLOCKS)))
    if blocks.n_documents < 2:
        return None
    order = np.arange(blocks.n_documents)
    # by turns, so that both halves see all hours and both ends of the recording
    parts = [blocks.documents(order[first::2].tolist()) for first in (0, 1)]
    if any(len(part.word) == 0 for part in parts):
        return None
    return Halves(
        *(
            prepare_em(
                part,
                length,
                problem.priors,
                most_motifs=problem.plan.n_motifs,
                n_threads=problem.n_threads,
                tempos=problem.tempos,
            )
            for part in parts
        )
    )


def restarted(problem: Problem, state: State, n_iterations: int = 10) -> State:
    """Return the motifs of a state with their starts inferred in `problem` from flat ones."""
    flat = flat_start(problem, state.usual, state.background_word)
    return infer_starts(problem, flat, n_iterations=n_iterations, n_ramp=N_RAMP)


def refined(problem: Problem, state: State) -> State:
    """Return motifs after some EM on one half, none of their cells closed."""
    state, _ = iterate(problem, restarted(problem, state, 6), N_REFINE)
    length = problem.layout.motif_length
    even = (state.background_word / length).astype(np.float32)
    motifs = state.usual.copy()
    # a motif that got no mass in this half is empty, and its rates would be 0
    motifs[motifs.sum(axis=(1, 2)) < 0.5] = even
    motifs = (1 - EVEN_SHARE) * motifs + np.float32(EVEN_SHARE) * even
    if state.tempos is not None:
        motifs = at_tempos(within(motifs, problem), state.tempos)
    return state._replace(motifs=motifs)


def evidence(halves: Halves, state: State) -> tuple[Floats, Floats]:
    """Return what each motif gains in the half that it was not learned from, nats.

    Returns
    -------
    float64 array (K,)
        Log-likelihood ratio of starts that hold the motif now and then against none, of both
        halves together; chance gives a few nats.
    float64 array (K,)
        Expected number of occurrences.
    """
    total, number = np.zeros(state.n_motifs), np.zeros(state.n_motifs)
    # each half is learned from once and tested once
    for learned, tested in (halves, halves[::-1]):
        there = restarted(tested, refined(learned, state), N_LOCATE)
        canvas = canvas_of(tested)
        for motif, gain in enumerate(_gains(tested, there, canvas, held_out=False)):
            # amplitude and place were chosen at the best, which gains by chance too
            ratio, n_expected = mixture_gain(gain - PER_AMPLITUDE, tested.layout.n_rows)
            total[motif] += ratio
            number[motif] += n_expected
    return total, number


def mixture_gain(gain: Floats, n_starts: int) -> tuple[float, float]:
    """Return the log-likelihood ratio of some starts being occurrences, and how many are.

    Parameters
    ----------
    gain : float64 array (n,)
        Log-likelihood ratio at those starts that gain at all, nats; the others are taken to lose
        everything.

    Examples
    --------
    >>> ratio, number = mixture_gain(np.array([20.0, 21.0, -3.0]), 1000)
    >>> round(ratio), round(number)
    (27, 2)
    """
    best, number = 0.0, 0.0
    # the maximum over how many there are; one value too many costs less than a nat
    for n_expected in np.geomspace(1, max(len(gain), 2), 20):
        prior = n_expected / (n_starts + 1)
        # each start is an occurrence with this probability, or nothing
        here = np.logaddexp(np.log1p(-prior), np.log(prior) + gain)
        ratio = float(here.sum()) + (n_starts - len(gain)) * float(np.log1p(-prior))
        if ratio > best:
            posterior = np.exp(np.log(prior) + gain - here)
            best, number = ratio, float(posterior.sum())
    return best, number


def compute_held_out_gains(problem: Problem, state: State, canvas: Canvas) -> list[Floats]:
    """Return what each occurrence gains under its motif learned from the others, nats, by motif.

    Parameters
    ----------
    canvas : Canvas
        Counts of `problem`.
    """
    return _gains(problem, state, canvas, held_out=True)


def _gains(problem: Problem, state: State, canvas: Canvas, *, held_out: bool) -> list[Floats]:
    everything = expected_rates(problem, state, canvas)
    gains, usual = [], state.usual
    for motif, starts in enumerate(state.starts_by_motif):
        peaks = find_peaks(problem, starts)
        if len(peaks.row) == 0:
            gains.append(np.zeros(0))
            continue
        columns = columns_at_tempos(np.array([motif]), state.n_tempos)
        own = motif_rates(canvas, state.motifs[columns], state.starts[:, columns])
        # of the windows alone: they are few, and the canvas is large
        rows = rows_of_windows(canvas, peaks)
        own, all_rates, counted = own[rows], everything[rows], canvas.counts[rows]
        # other occurrences of the same motif nearby are taken out with it: a small gain is the safe
        # side
        rest = at_usual_tempo(canvas, np.maximum(all_rates - own, LOWEST), peaks)
        rest = np.maximum(rest, LOWEST)
        if held_out:
            explained = own / np.maximum(all_rates, np.float32(TINY))
            mine = at_usual_tempo(canvas, counted * explained.astype(np.float32), peaks)
        counts = at_usual_tempo(canvas, counted, peaks)
        if held_out:
            gains.append(_gain(counts, rest, _of_the_others(mine, rest), peaks.weight))
            continue
        shapes = np.broadcast_to(usual[motif], counts.shape)
        gains.append(_gain(counts, rest, shapes, peaks.weight))
    return gains


def _of_the_others(explained: Floats32, rest: Floats32) -> Floats32:
    """Return for every occurrence the motif that the others give, float32 array (n, L, W)."""
    # leave-one-out by subtraction: one pass for all occurrences
    others = np.maximum(explained.sum(axis=0) - explained, 0)
    mass = np.maximum(others.sum(axis=(1, 2), keepdims=True), TINY)
    even = rest.mean(axis=0)
    # cells that only this occurrence has would cost infinitely much
    shapes = others / mass + 0.05 * even / max(float(even.sum()), TINY)
    scaled: Floats32 = shapes / shapes.sum(axis=(1, 2), keepdims=True)
    return scaled


def _gain(counts: Floats32, rest: Floats32, shapes: Floats32, weight: Floats) -> Floats:
    """Return the log-likelihood ratio of each occurrence at its best amplitude, float64 (n,)."""
    # where nothing was counted nothing is gained: most cells of a window
    at = np.flatnonzero(counts)
    window = at // counts[0].size
    count, flat = counts.ravel()[at], rest.ravel()[at]
    shape = np.maximum(shapes.ravel()[at], 0)
    amplitude = np.maximum(weight, 1e-3)
    explained, over = count * shape, shape / flat
    for _ in range(N_AMPLITUDE):
        ratio = explained / (flat + amplitude[window] * shape)
        # EM for one Poisson amplitude; shapes sum to 1
        amplitude *= np.bincount(window, ratio, minlength=len(counts))
    gain = np.bincount(window, count * np.log1p(amplitude[window] * over), minlength=len(counts))
    # the expected total of the Poisson likelihood
    above: Floats = np.subtract(gain, amplitude)
    return above


def accompanying(problem: Problem, state: State) -> int | None:
    """Return the lightest motif that occurs only where a heavier one does; None if there is none.

    Such a motif is a part of others, or mends them.
    """
    peaks = [find_peaks(problem, starts) for starts in state.starts_by_motif]
    reach = problem.usual_length // 2
    mass = state.starts_of_motifs.sum(axis=0, dtype=np.float64)
    for motif in np.argsort(mass, kind="stable"):
        rows, weight = peaks[motif].row, peaks[motif].weight
        others = [peak for index, peak in enumerate(peaks) if index != motif]
        if len(rows) < LEAST_OCCURRENCES or not others:
            continue
        row = np.concatenate([peak.row for peak in others])
        heavy = np.concatenate([peak.weight for peak in others])
        near = np.abs(rows[:, None] - row[None]) <= reach
        # only what is heavier: of two that always come together the lighter goes
        covered = (near & (heavy[None] > weight[:, None])).any(axis=1)
        if weight[~covered].sum() > ALONE_SHARE * weight.sum():
            continue
        # where others are active most of the time, being near them means nothing
        share = _covered_share(problem, row[heavy > np.median(weight)], reach)
        if bdtrc(covered.sum() - 1, len(rows), share) < LIKELY:
            return int(motif)
    return None


def _covered_share(problem: Problem, rows: Indices, reach: int) -> float:
    """Return the share of all starts that lie within `reach` of `rows`."""
    n_rows = problem.layout.n_rows
    steps = np.zeros(n_rows + 1)
    np.add.at(steps, np.maximum(rows - reach, 0), 1)
    np.add.at(steps, np.minimum(rows + reach + 1, n_rows), -1)
    # intervals as +1 and -1 at their ends: overlaps count once
    return max(float(np.mean(np.cumsum(steps[:-1]) > 0)), 1 / n_rows)


def only(state: State, keep: NDArray[np.bool_]) -> State:
    """Return the state with the marked motifs alone."""
    return keep_motifs(state, np.flatnonzero(keep))


def _worse_half(bad: NDArray[np.bool_], total: Floats) -> NDArray[np.bool_]:
    """Return the worse half of the marked motifs: what they explain may be that of others marked.

    One motif of all stays.
    """
    marked = np.flatnonzero(bad)
    marked = marked[np.argsort(total[marked], kind="stable")][: (len(marked) + 1) // 2]
    worse = np.zeros_like(bad)
    worse[marked] = True
    if worse.all():
        worse[total.argmax()] = False
    return worse


def drop_unreplicated_motifs(
    problem: Problem,
    state: State,
    canvas: Canvas,
    halves: Halves | None,
    motif_length: int,
    *,
    keeps_strong: bool,
) -> State:
    """Return the state without motifs that occur once, do not hold, or accompany others.

    One motif stays in any case, and with `keeps_strong` those of `STRONG` occurrences; not where
    motifs are added, for the more there are the less is left to the background, and the more each
    of them gains.

    Parameters
    ----------
    canvas : Canvas
        Counts of `problem`.
    halves : Halves or None
        None: the table is too short to test motifs on halves of it.
    keeps_strong : bool
        Whether strong motifs stay even if they do not hold.
    """
    while state.n_motifs > 1:
        gains = compute_held_out_gains(problem, state, canvas)
        place = np.log(problem.layout.n_rows)
        bad = np.array([len(g) < LEAST_OCCURRENCES or g.sum() <= len(g) * place for g in gains])
        if bad.any() and not bad.all():
            state, _ = settle(problem, only(state, ~bad), motif_length, 10)
            continue
        if halves is not None:
            total, number = evidence(halves, state)
            bad = (total < LEAST_EVIDENCE) | (number < LEAST_OCCURRENCES)
            if keeps_strong:
                bad &= np.array([g.sum() < STRONG * len(g) * place for g in gains])
            # dropping one motif can make another hold, so they do not go all at once
            bad = _worse_half(bad, total)
        if not bad.any() or bad.all():
            motif = accompanying(problem, state)
            if motif is None:
                break
            bad = np.arange(state.n_motifs) == motif
        state, _ = settle(problem, restarted(problem, only(state, ~bad)), motif_length, 15)
    return state
