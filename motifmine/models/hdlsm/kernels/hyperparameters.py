"""The joint probability of an HDLSM state, and draws of its hyper-parameters."""

import math

import numpy as np

from motifmine.kernels.jit import kernel
from motifmine.models.hdlsm.kernels.random_draws import draw_log_index
from motifmine.models.hdlsm.kernels.state import (
    ALPHA,
    ETA,
    GAMMA,
    MOTIFS,
    NOISE,
    OCCURRENCES,
    SHARE,
    Longs,
    Prior,
    Reals,
    State,
    Tokens,
    sweep_refresh,
)


@kernel
def log_joint(tokens: Tokens, state: State, prior: Prior) -> float:
    """Return log p(observations, assignments, starts, motifs of occurrences), nats.

    Parameters
    ----------
    tokens : Tokens
    state : State
        Every observation placed.
    prior : Prior

    Notes
    -----
    Factors that do not depend on parameters integrate out to: a Chinese restaurant process over
    the occurrences of each document (with the background as one more, special table of weight b0),
    one over the motifs of all occurrences, uniform starts, and a Dirichlet-multinomial per motif.
    """
    total: float = documents_log(
        document_sizes(tokens), state, prior.hyper[ALPHA], prior.hyper[SHARE]
    )
    for q in range(state.tally[OCCURRENCES]):
        total += math.lgamma(state.size[state.ids[q]])
    occurrences = occurrences_by_document(tokens, state)
    for d in range(len(occurrences)):
        total -= occurrences[d] * math.log(tokens.last_start[d] - tokens.first_start[d] + 1)
        if state.noise_of_document[d] > 0:
            total -= state.noise_of_document[d] * math.log(tokens.n_bins[d])
    total += motifs_log(state, prior.hyper[GAMMA])
    for q in range(state.tally[MOTIFS]):
        total += math.lgamma(state.motif_count[state.live[q]])
    total += cells_log(state, prior.shape, prior.hyper[ETA])
    if state.tally[NOISE] > 0:
        pseudo = prior.noise_word * len(state.noise_of_word)
        total += math.lgamma(pseudo) - math.lgamma(pseudo + state.tally[NOISE])
        for n in state.noise_of_word:
            if n > 0:
                total += math.lgamma(prior.noise_word + n) - math.lgamma(prior.noise_word)
    return total


@kernel
def occurrences_by_document(tokens: Tokens, state: State) -> Longs:
    """Return the number of occurrences of every document, int64 array (D,)."""
    count = np.zeros(len(tokens.n_bins), dtype=np.int64)
    for q in range(state.tally[OCCURRENCES]):
        count[tokens.row_document[state.row[state.ids[q]]]] += 1
    return count


@kernel
def document_sizes(tokens: Tokens) -> Longs:
    """Return the number of observations of every document, int64 array (D,)."""
    size = np.zeros(len(tokens.n_bins), dtype=np.int64)
    for d in tokens.document:
        size[d] += 1
    return size


@kernel
def documents_log(size: Longs, state: State, alpha: float, share: float) -> float:
    """Return the part of the joint that depends on alpha and b0 (`share`), nats.

    `size` is the number of observations of every document, int64 array (D,).
    """
    total: float = state.tally[OCCURRENCES] * math.log(alpha)
    for d in range(len(size)):
        total += math.lgamma(alpha + share) - math.lgamma(alpha + share + size[d])
        if share > 0.0:
            total += math.lgamma(share + state.noise_of_document[d]) - math.lgamma(share)
    return total


@kernel
def motifs_log(state: State, gamma: float) -> float:
    """Return the part of the joint that depends on gamma, nats."""
    total: float = state.tally[MOTIFS] * math.log(gamma) + math.lgamma(gamma)
    total -= math.lgamma(gamma + state.tally[OCCURRENCES])
    return total


@kernel
def cells_log(state: State, shape: Reals, eta: float) -> float:
    """Return the Dirichlet-multinomial part of the joint for all motifs, nats."""
    total = 0.0
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
def sweep_document_priors(
    tokens: Tokens, state: State, prior: Prior, grid: Reals, rng: np.random.Generator
) -> None:
    """Draw alpha and then b0 (unless it is 0) from their conditionals on `grid` (step D).

    Changes `prior.hyper`. The prior is uniform over the grid's points.
    """
    weight = np.empty(len(grid))
    size = document_sizes(tokens)
    for g in range(len(grid)):
        weight[g] = documents_log(size, state, grid[g], prior.hyper[SHARE])
    prior.hyper[ALPHA] = grid[draw_log_index(weight, len(grid), rng)]
    if prior.hyper[SHARE] > 0.0:
        for g in range(len(grid)):
            weight[g] = documents_log(size, state, prior.hyper[ALPHA], grid[g])
        prior.hyper[SHARE] = grid[draw_log_index(weight, len(grid), rng)]


@kernel
def sweep_gamma(state: State, prior: Prior, grid: Reals, rng: np.random.Generator) -> None:
    """Draw gamma from its conditional on `grid`; changes `prior.hyper`."""
    weight = np.empty(len(grid))
    for g in range(len(grid)):
        weight[g] = motifs_log(state, grid[g])
    prior.hyper[GAMMA] = grid[draw_log_index(weight, len(grid), rng)]


@kernel
def sweep_eta(state: State, prior: Prior, grid: Reals, rng: np.random.Generator) -> None:
    """Draw eta0 from its conditional on `grid`; changes `prior.hyper` and `state.inverse`."""
    weight = np.empty(len(grid))
    for g in range(len(grid)):
        weight[g] = cells_log(state, prior.shape, grid[g])
    prior.hyper[ETA] = grid[draw_log_index(weight, len(grid), rng)]
    sweep_refresh(state, prior)
