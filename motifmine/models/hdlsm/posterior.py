"""Posterior of motifs and occurrences from several HDLSM chains, and diagnostics of mixing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from motifmine.models.hdlsm.chains import LEAST_SHARE, SWEEP_COLUMNS, Chain, Sweep, rebuild_state
from motifmine.models.hdlsm.kernels.state import (
    ETA,
    MOTIFS,
    OCCURRENCES,
    Prior,
    State,
    Tokens,
)
from motifmine.types import Floats, Floats32, Indices

# statistics of sweeps for convergence diagnostics
STATISTICS = ("log_joint", "n_occurrences", "background_share", "concentration")
# cosine at the best shift at or above which two motifs are the same; for topics, over words
SAME_MOTIF = 0.9
WITHIN_BINS = 1  # largest distance of the starts of the same occurrence, bins
# chains agree if the motifs that all of them have hold this share of what motifs explain
SHARE_AGREED = 0.9
TYPICAL_OF = 5  # number of kept sweeps per chain for choosing the typical chain
MAX_R_HAT = 1.1  # R-hat below which chains have mixed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HdlsmPosterior:
    """Posterior of an HDLSM fit, from the kept sweeps of all chains."""

    n_motifs: Indices
    """Motifs that hold 1 % of the observations or more, int64 array (chains, sweeps after the
    burn-in)."""
    motif_mean: Floats32
    """Mean over sweeps of each motif of the fit, aligned, float32 array (K, L, W)."""
    motif_spread: Floats32
    """Standard deviation over sweeps, float32 array (K, L, W)."""
    motif_presence: Floats
    """Share of the kept sweeps of every chain that have the motif, float64 array (chains, K)."""
    occurrence_probability: Floats
    """Share of the kept sweeps that have the occurrence, within a bin, float64 array (A,), one
    entry for every entry of the fit's activations."""
    r_hat: Floats
    """Split R-hat of `statistics`, float64 array."""
    effective_sweeps: Floats
    """Effective sample size of `statistics`, all chains together, float64 array."""
    statistics: tuple[str, ...] = STATISTICS
    chains_agree: bool
    """Whether the motifs that every chain has in half of its kept sweeps or more hold 90 % of what
    the motifs explain; one chain alone agrees with itself."""
    sentence: str
    """Agreement of the chains as text."""


def split_r_hat(draws: Floats) -> float:
    """Return split R-hat of draws (chains, sweeps); near 1 if halves of chains have mixed."""
    half = draws.shape[1] // 2
    if half < 2:
        return float("nan")
    # a chain that drifts agrees with none of the others only if it is cut in two
    halves = np.concatenate([draws[:, :half], draws[:, -half:]])
    within = halves.var(axis=1, ddof=1).mean()
    between = half * halves.mean(axis=1).var(ddof=1)
    # statistics that never moved have mixed if all chains have the same value
    if within == 0:
        return 1.0 if between == 0 else float("inf")
    return float(np.sqrt((half - 1) / half + between / (half * within)))


def effective_sample_size(draws: Floats) -> float:
    """Return the effective sample size of draws (chains, sweeps).

    Notes
    -----
    Geyer's initial positive sequence on the autocorrelation averaged over chains, Gelman et al.,
    Bayesian Data Analysis, 3rd edition, section 11.5.
    """
    n_chains, n = draws.shape
    if n < 4:
        return float("nan")
    centred = draws - draws.mean(axis=1, keepdims=True)
    # padded to twice the length, so that the correlation does not wrap around
    spectrum = np.abs(np.fft.rfft(centred, 2 * n, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum, axis=1)[:, :n].mean(axis=0) / n
    within = covariance[0] * n / (n - 1)
    spread = draws.mean(axis=1).var(ddof=1) if n_chains > 1 else 0.0
    total = within * (n - 1) / n + spread
    if total == 0:
        return float(n_chains * n)
    correlation = 1.0 - (within - covariance * n / (n - 1)) / total
    # sums of two neighbours are positive for a reversible chain; the first negative one is chance
    pairs = correlation[1 : 2 * ((n - 1) // 2) + 1].reshape(-1, 2).sum(axis=1)
    positive = pairs[: int(np.argmax(pairs < 0)) if np.any(pairs < 0) else len(pairs)]
    return float(n_chains * n / max(1.0 + 2.0 * positive.sum(), 1.0))


def summarise_chains(
    chains: Sequence[Chain],
    tokens: Tokens,
    prior: Prior,
    motifs: Floats,
    share: Floats,
    occurrence: Indices,
    burn_in: int,
    view: Floats | None,
) -> HdlsmPosterior:
    """Summarise the kept sweeps of all chains for the motifs and occurrences of a fit.

    Parameters
    ----------
    prior : Prior
        For its shape; hyper-parameters are those of each sweep.
    motifs : float64 array (K, L, W)
        Motifs of the fit, over the words that occur.
    share : float64 array (K,)
        Share of the observations of every motif.
    occurrence : int64 array (A, 2)
        Start row and motif of every occurrence of the fit.
    view : float64 array (W, V) or None
        See `WordLayout.comparison_matrix`.
    """
    mean = np.zeros_like(motifs)
    square = np.zeros_like(motifs)
    presence = np.zeros((len(chains), len(motifs)))
    found = np.zeros(len(occurrence))
    n_seen = np.zeros(len(motifs))
    viewed = apply_view(motifs, view)
    for c, chain in enumerate(chains):
        # motifs have other labels in every sweep, so each sweep is aligned with the fit first
        for state, eta in _rebuild_states(chain.kept, tokens, prior, motifs.shape[2]):
            probability = compute_probability(state, eta, prior.shape)
            partner, by, cosine = align_motifs(viewed, apply_view(probability, view))
            found += _find_again(state, occurrence, partner, by)
            for k in np.flatnonzero(cosine >= SAME_MOTIF):
                moved = shift_motif(probability[partner[k]], by[k])
                mean[k] += moved
                square[k] += moved**2
                presence[c, k] += 1
                n_seen[k] += 1
    n_kept = sum(len(chain.kept) for chain in chains)
    n = np.maximum(n_seen, 1)[:, None, None]
    mean /= n
    presence /= np.maximum([[len(chain.kept)] for chain in chains], 1)
    after = np.stack([chain.record[burn_in:] for chain in chains])
    draws = [after[:, :, SWEEP_COLUMNS.index(name)] for name in STATISTICS]
    n_motifs = after[:, :, SWEEP_COLUMNS.index("n_motifs")].astype(np.int64)
    r_hat = np.array([split_r_hat(x) for x in draws])
    counts = share >= LEAST_SHARE
    chains_agree, sentence = describe_agreement(n_motifs, presence[:, counts], share[counts], r_hat)
    return HdlsmPosterior(
        n_motifs=n_motifs,
        motif_mean=mean.astype(np.float32),
        # rounding can make the difference slightly negative
        motif_spread=np.sqrt(np.maximum(square / n - mean**2, 0.0)).astype(np.float32),
        motif_presence=presence,
        occurrence_probability=found / max(n_kept, 1),
        r_hat=r_hat,
        effective_sweeps=np.array([effective_sample_size(x) for x in draws]),
        chains_agree=chains_agree,
        sentence=sentence,
    )


def choose_typical_chain(
    chains: Sequence[Chain], tokens: Tokens, prior: Prior, n_words: int, view: Floats | None
) -> int:
    """Return the chain whose most probable sweep is most similar to the kept sweeps of all chains.

    The similarity of two sweeps is the share of the observations of their common motifs. The most
    probable sweep of all chains is often one that lacks a motif: the density of a state says
    nothing about the number of similar states.

    Parameters
    ----------
    view : float64 array (W, V) or None
        See `WordLayout.comparison_matrix`.
    """
    # the last ones: they are furthest from the start, and comparing all would take the square of
    # their number
    kept = [sweep for chain in chains for sweep in chain.kept[-TYPICAL_OF:]]
    others = list(_iterate_views(kept, tokens, prior, n_words, view))
    value = [
        sum(_measure_shared(ours, share, theirs, other) for theirs, other in others)
        for ours, share in _iterate_views(
            [chain.best for chain in chains], tokens, prior, n_words, view
        )
    ]
    return int(np.argmax(value))


def _iterate_views(
    sweeps: Sequence[Sweep], tokens: Tokens, prior: Prior, n_words: int, view: Floats | None
) -> Iterator[tuple[Floats, Floats]]:
    """Yield motifs for comparison, and their shares, of motifs with at least `LEAST_SHARE`."""
    for state, eta in _rebuild_states(sweeps, tokens, prior, n_words):
        share = state.motif_size[state.live[: state.tally[MOTIFS]]] / len(tokens.word)
        counts = share >= LEAST_SHARE
        yield apply_view(compute_probability(state, eta, prior.shape)[counts], view), share[counts]


def _measure_shared(ours: Floats, share: Floats, theirs: Floats, other: Floats) -> float:
    """Return the share of the observations of common motifs."""
    partner, _, cosine = align_motifs(ours, theirs)
    same = cosine >= SAME_MOTIF
    return float(np.minimum(share[same], other[partner[same]]).sum())


def apply_view(motifs: Floats, view: Floats | None) -> Floats:
    """Multiply motifs (K, L, W) by `WordLayout.comparison_matrix`, for comparisons."""
    return motifs if view is None else motifs @ view


def _rebuild_states(
    sweeps: Sequence[Sweep], tokens: Tokens, prior: Prior, n_words: int
) -> Iterator[tuple[State, float]]:
    """Yield the state and eta0 of recorded sweeps."""
    for sweep in sweeps:
        own = prior._replace(hyper=sweep.hyper)
        yield rebuild_state(tokens, own, n_words, sweep), float(sweep.hyper[ETA])


def compute_probability(state: State, eta: float, shape: Floats) -> Floats:
    """Return phi = (N + eta) / (N(k) + eta0) of all motifs in use, float64 array (K, L, W).

    Parameters
    ----------
    eta : float
        Concentration eta0 of a motif.
    shape : float64 array (L,)
        See `Prior.shape`.
    """
    live = state.live[: state.tally[MOTIFS]]
    counts = state.cells[live].transpose(0, 2, 1) + eta * shape[None, :, None]
    probability: Floats = counts / (state.motif_size[live, None, None] + eta)
    return probability


def shift_motif(motif: Floats, by: int) -> Floats:
    """Shift a motif (L, W) by `by` bins, filled with zeros."""
    moved = np.zeros_like(motif)
    length = len(motif)
    moved[max(by, 0) : length + min(by, 0)] = motif[max(-by, 0) : length - max(by, 0)]
    return moved


def align_motifs(motifs: Floats, others: Floats) -> tuple[Indices, Indices, Floats]:
    """Match motifs one-to-one: partner of every motif (-1: none), its shift, and the cosine.

    The shift is the number of bins that `others` must be delayed by to match `motifs`.
    """
    length = motifs.shape[1]
    best = np.full((len(motifs), len(others)), -1.0)
    shift = np.zeros(best.shape, dtype=np.int64)
    norms = np.linalg.norm(motifs, axis=(1, 2))[:, None] * np.linalg.norm(others, axis=(1, 2))
    for by in range(-(length // 2), length // 2 + 1):
        size = (length - abs(by)) * motifs.shape[2]
        ours = motifs[:, max(by, 0) : length + min(by, 0)].reshape(len(motifs), size)
        theirs = others[:, max(-by, 0) : length - max(by, 0)].reshape(len(others), size)
        cosine = ours @ theirs.T / norms
        shift[cosine > best] = by
        best = np.maximum(best, cosine)
    partner = np.full(len(motifs), -1, dtype=np.int64)
    moved = np.zeros(len(motifs), dtype=np.int64)
    value = np.full(len(motifs), -1.0)
    # one-to-one: two motifs of the fit must not both be seen in one of the sweep
    k, other = linear_sum_assignment(-best)
    partner[k] = other
    value[k] = best[k, other]
    moved[k] = shift[k, other]
    return partner, moved, value


def _find_again(state: State, occurrence: Indices, partner: Indices, by: Indices) -> Floats:
    """Return 1.0 for each occurrence (row, motif) that the state also has, within a bin."""
    ids = state.ids[: state.tally[OCCURRENCES]]
    # shifted rows of different motifs must not share a key, so each motif has room at both ends
    n_rows = len(state.head) + 2 * state.cells.shape[2] + 2
    slot = state.live_at[state.motif[ids]].astype(np.int64)
    key = np.unique(slot * n_rows + state.row[ids])
    row, motif = occurrence[:, 0], occurrence[:, 1]
    wanted = partner[motif] * n_rows + row + by[motif]
    first = np.searchsorted(key, wanted - WITHIN_BINS)
    last = np.searchsorted(key, wanted + WITHIN_BINS, side="right")
    found: Floats = ((last > first) & (partner[motif] >= 0)).astype(np.float64)
    return found


def describe_agreement(
    n_motifs: Indices, presence: Floats, share: Floats, r_hat: Floats
) -> tuple[bool, str]:
    """Return whether the chains agree, and a sentence that describes it.

    Parameters
    ----------
    n_motifs : int64 array (chains, sweeps)
        Motifs that hold 1 % of the observations or more.
    presence : float64 array (chains, K)
        Share of the kept sweeps of every chain that have the motif.
    share : float64 array (K,)
        Share of the observations.
    r_hat : float64 array
        Split R-hat of `STATISTICS`.
    """
    usual = int(np.bincount(n_motifs.ravel()).argmax())
    often = 100.0 * float(np.mean(n_motifs == usual))
    numbers = f"{usual} motifs in {often:.0f} % of the sweeps"
    if len(n_motifs) == 1:
        return True, f"There is only one chain, so agreement cannot be judged; it has {numbers}."
    largest = float(np.nanmax(r_hat, initial=1.0))
    worst = STATISTICS[int(np.argmax(np.nan_to_num(r_hat)))].replace("_", " ")
    mixed = "have mixed" if largest < MAX_R_HAT else "have not mixed fully"
    rest = f"{numbers}; they {mixed} (R-hat at most {largest:.2f}, {worst})."
    # in half of the kept sweeps: chains that visit a motif now and then do not have it
    is_shared = np.all(presence >= 0.5, axis=0)
    n_shared, n_all = int(is_shared.sum()), len(share)
    if n_all == 0:
        return True, f"No chain has a motif that holds 1 % of the observations: {rest}"
    if n_shared == n_all:
        return True, f"The chains agree on all {n_all} motifs: {rest}"
    held = float(share[is_shared].sum() / share.sum())
    part = f"{n_shared} of {n_all} motifs, {100 * held:.0f} % of what these explain,"
    if held >= SHARE_AGREED:
        return True, f"The chains agree: {part} are in all of them; {rest}"
    return False, (
        f"The chains do not agree, only {part} are in all of them; {rest} More sweeps may help."
    )
