"""Joint probability of an HDLSM state, and Gibbs updates of its hyper-parameters (step D)."""

import math

import numpy as np

from motifmine.kernels.jit import inner_kernel, kernel
from motifmine.models.hdlsm.kernels.bookkeeping import update_inverse
from motifmine.models.hdlsm.kernels.random_draws import draw_log_index
from motifmine.models.hdlsm.kernels.state import (
    ALPHA,
    ETA,
    GAMMA,
    IN_BACKGROUND,
    MOTIFS,
    OCCURRENCES,
    SHARE,
    Longs,
    Prior,
    Reals,
    State,
    Tokens,
)


@kernel
def log_joint(tokens: Tokens, state: State, prior: Prior) -> float:
    """Return log p(observations, assignments, starts, motifs of occurrences), nats.

    Every observation must be assigned.

    Notes
    -----
    Factors that do not depend on parameters integrate out to: a Chinese restaurant process over
    the occurrences of each document (with the background as one more, special table of weight b0),
    one over the motifs of all occurrences, uniform starts, and a Dirichlet-multinomial per motif.
    """
    total: float = _log_documents(
        count_tokens(tokens), state, prior.hyper[ALPHA], prior.hyper[SHARE]
    )
    for q in range(state.tally[OCCURRENCES]):
        # Chinese restaurant process: an occurrence of n observations weighs (n - 1)!
        total += math.lgamma(state.size[state.ids[q]])
    occurrences = count_occurrences(tokens, state)
    for d in range(len(occurrences)):
        # starts are uniform over the rows that are allowed
        total -= occurrences[d] * math.log(tokens.last_start[d] - tokens.first_start[d] + 1)
        if state.background_of_document[d] > 0:
            total -= state.background_of_document[d] * math.log(tokens.n_bins[d])
    total += log_motifs(state, prior.hyper[GAMMA])
    for q in range(state.tally[MOTIFS]):
        # the same for occurrences within motifs
        total += math.lgamma(state.motif_count[state.live[q]])
    total += _log_cells(state, prior.shape, prior.hyper[ETA])
    if state.tally[IN_BACKGROUND] > 0:
        pseudo = prior.background_prior * len(state.background_of_word)
        total += math.lgamma(pseudo) - math.lgamma(pseudo + state.tally[IN_BACKGROUND])
        for n in state.background_of_word:
            if n > 0:
                total += math.lgamma(prior.background_prior + n) - math.lgamma(
                    prior.background_prior
                )
    return total


@inner_kernel
def count_occurrences(tokens: Tokens, state: State) -> Longs:
    """Count the occurrences of every document, int64 array (D,)."""
    count = np.zeros(len(tokens.n_bins), dtype=np.int64)
    for q in range(state.tally[OCCURRENCES]):
        count[tokens.row_document[state.row[state.ids[q]]]] += 1
    return count


@inner_kernel
def count_tokens(tokens: Tokens) -> Longs:
    """Count the observations of every document, int64 array (D,)."""
    size = np.zeros(len(tokens.n_bins), dtype=np.int64)
    for d in tokens.document:
        size[d] += 1
    return size


@inner_kernel
def _log_documents(size: Longs, state: State, alpha: float, share: float) -> float:
    """Return the part of the joint that depends on alpha and b0 (`share`), nats.

    `size` is the number of observations of every document, int64 array (D,).
    """
    total: float = state.tally[OCCURRENCES] * math.log(alpha)
    for d in range(len(size)):
        total += math.lgamma(alpha + share) - math.lgamma(alpha + share + size[d])
        if share > 0.0:
            total += math.lgamma(share + state.background_of_document[d]) - math.lgamma(share)
    return total


@inner_kernel
def log_motifs(state: State, gamma: float) -> float:
    """Return the part of the joint that depends on gamma, nats."""
    total: float = state.tally[MOTIFS] * math.log(gamma) + math.lgamma(gamma)
    total -= math.lgamma(gamma + state.tally[OCCURRENCES])
    return total


@inner_kernel
def _log_cells(state: State, shape: Reals, eta: float) -> float:
    """Return the Dirichlet-multinomial part of the joint for all motifs, nats."""
    total = 0.0
    # most counts are 0 or 1: their terms need no lgamma of their own
    base = np.empty(len(shape))
    log_base = np.empty(len(shape))
    for rt in range(len(shape)):
        base[rt] = math.lgamma(eta * shape[rt])
        log_base[rt] = math.log(eta * shape[rt])
    n_words = state.cells.shape[1]
    for q in range(state.tally[MOTIFS]):
        k = state.live[q]
        total += math.lgamma(eta) - math.lgamma(eta + state.motif_size[k])
        for w in range(n_words):
            # most words never occur in a motif; skipping them is most of the speed
            if state.by_word[w, k] == 0:
                continue
            for rt in range(len(shape)):
                n = state.cells[k, w, rt]
                if n == 1:
                    total += log_base[rt]
                elif n > 1:
                    total += math.lgamma(eta * shape[rt] + n) - base[rt]
    return total


@kernel
def resample_document_priors(
    tokens: Tokens, state: State, prior: Prior, grid: Reals, rng: np.random.Generator
) -> None:
    """Draw alpha and then b0 (unless it is 0) from their conditionals on `grid` (griddy Gibbs).

    Parameters
    ----------
    prior : Prior
        `hyper` is changed.
    grid : float64 array (G,)
        Values with equal prior probability.
    """
    weight = np.empty(len(grid))
    size = count_tokens(tokens)
    for g in range(len(grid)):
        weight[g] = _log_documents(size, state, grid[g], prior.hyper[SHARE])
    # alpha first, then b0 given the new alpha: any order is a valid Gibbs step
    prior.hyper[ALPHA] = grid[draw_log_index(weight, len(grid), rng)]
    if prior.hyper[SHARE] > 0.0:
        for g in range(len(grid)):
            weight[g] = _log_documents(size, state, prior.hyper[ALPHA], grid[g])
        prior.hyper[SHARE] = grid[draw_log_index(weight, len(grid), rng)]


@kernel
def resample_gamma(state: State, prior: Prior, grid: Reals, rng: np.random.Generator) -> None:
    """Draw gamma from its conditional on `grid`.

    Parameters
    ----------
    prior : Prior
        `hyper` is changed.
    grid : float64 array (G,)
        Values with equal prior probability.
    """
    weight = np.empty(len(grid))
    for g in range(len(grid)):
        weight[g] = log_motifs(state, grid[g])
    prior.hyper[GAMMA] = grid[draw_log_index(weight, len(grid), rng)]


@kernel
def resample_eta(state: State, prior: Prior, grid: Reals, rng: np.random.Generator) -> None:
    """Draw eta0 from its conditional on `grid`.

    Parameters
    ----------
    state : State
        `inverse` is updated.
    prior : Prior
        `hyper` is changed.
    grid : float64 array (G,)
        Values with equal prior probability.
    """
    weight = np.empty(len(grid))
    for g in range(len(grid)):
        weight[g] = _log_cells(state, prior.shape, grid[g])
    prior.hyper[ETA] = grid[draw_log_index(weight, len(grid), rng)]
    # 1 / (N(k) + eta0) is cached for the sampling of single observations
    update_inverse(state, prior)
