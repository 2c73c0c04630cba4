"""Compiled loops for the sampler tests of HDLSM: joint draws, rounds of moves, statistics."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.jit import kernel
from motifmine.models.hdlsm.kernels.bookkeeping import get_assignments, set_assignments
from motifmine.models.hdlsm.kernels.gibbs import sweep_observations, sweep_occurrences
from motifmine.models.hdlsm.kernels.hyperparameters import (
    resample_document_priors,
    resample_eta,
    resample_gamma,
)
from motifmine.models.hdlsm.kernels.join_motifs import propose_joins
from motifmine.models.hdlsm.kernels.shifts import sweep_shifts
from motifmine.models.hdlsm.kernels.split_merge_motifs import propose_motif_moves
from motifmine.models.hdlsm.kernels.split_merge_occurrences import propose_occurrence_moves
from motifmine.models.hdlsm.kernels.state import Prior, State, Tokens, make_empty_state

Floats = NDArray[np.float64]
Reals = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


class Bug(NamedTuple):
    """Faults planted in the moves, to see that the tests notice."""

    hyper: Reals
    """Factors on alpha, gamma, eta0 and b0."""
    shape: float = 1.0
    """Factor on eta(w, rt) that eta0, the denominator, does not have."""
    start_cut: int = 0
    """Start times missing at the end."""
    leak: int = 0
    """1: an observation of every motif is counted twice in its size."""


A, B, C, MOTIF_MOVES, OCCURRENCE_MOVES, JOIN_MOVES, HYPER = 1, 2, 4, 8, 16, 32, 64
MIX = 127


@kernel
def draw_urn(weight: Reals, rng: np.random.Generator) -> int:
    u = rng.random() * weight.sum()
    for i in range(len(weight)):
        u -= weight[i]
        if u < 0:
            return i
    return len(weight) - 1


@kernel
def draw_seating(
    prior: Prior, n_documents: int, n_tokens: int, n_times: int, rng: np.random.Generator
) -> tuple[Ints, Longs, Longs]:
    """Return owner (D * n_tokens,), start row and motif of occurrences, by both restaurants."""
    alpha, gamma, _, share = prior.hyper
    length = len(prior.shape)
    owner = np.empty(n_documents * n_tokens, dtype=np.int32)
    size = np.zeros(len(owner))
    row, motif = np.zeros(len(owner), dtype=np.int64), np.zeros(len(owner), dtype=np.int64)
    motif_count = np.zeros(len(owner) + 1)
    n, n_motifs = 0, 0
    for d in range(n_documents):
        begin, noise = n, 0
        for i in range(n_tokens):
            weight = np.empty(n - begin + 2)
            weight[: n - begin] = size[begin:n]
            weight[n - begin] = noise + share
            weight[n - begin + 1] = alpha
            o = draw_urn(weight, rng)
            if o == n - begin:
                owner[d * n_tokens + i] = -1
                noise += 1
                continue
            if o > n - begin:
                row[n] = (
                    d * (n_times + length - 1) + length - 1 + rng.integers(0, n_times - length + 1)
                )
                motif_count[n_motifs] = gamma
                motif[n] = draw_urn(motif_count[: n_motifs + 1], rng)
                if motif[n] == n_motifs:
                    motif_count[n_motifs] = 0
                    n_motifs += 1
                motif_count[motif[n]] += 1
                o = n - begin
                n += 1
            owner[d * n_tokens + i] = begin + o
            size[begin + o] += 1
    return owner, row[:n], motif[:n]


@kernel
def draw_tokens(
    prior: Prior,
    owner: Ints,
    document: Ints,
    row: Longs,
    motif: Longs,
    n_documents: int,
    n_words: int,
    n_times: int,
    rng: np.random.Generator,
) -> tuple[Tokens, State]:
    """Return observations given all assignments (Polya urns), and the state over them.

    Motifs lie inside their documents: T - L + 1 start times, so that no observation falls outside.
    """
    n = len(owner)
    length = len(prior.shape)
    n_rows = n_times + length - 1
    cells = np.empty((len(owner) + 1, n_words, length))
    for rt in range(length):
        cells[:, :, rt] = prior.hyper[2] * prior.shape[rt]
    noise = np.full(n_words, prior.background_prior)
    word, bin_row = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    for i in range(n):
        o = owner[i]
        if o < 0:
            word[i] = draw_urn(noise, rng)
            noise[word[i]] += 1
            bin_row[i] = document[i] * n_rows + rng.integers(0, n_times)
        else:
            cell = draw_urn(cells[motif[o]].ravel(), rng)
            word[i], rt = cell // length, cell % length
            cells[motif[o], word[i], rt] += 1
            bin_row[i] = row[o] - length + 1 + rt
    order = np.argsort(bin_row * n_words + word, kind="mergesort")
    base = np.arange(n_documents) * n_rows
    tokens = Tokens(
        word[order],
        bin_row[order],
        document[order],
        np.searchsorted(bin_row[order], np.arange(n_documents * n_rows + 1)),
        base + length - 1,
        base + n_times - 1,
        np.full(n_documents, n_times),
        (np.arange(n_documents * n_rows) // n_rows).astype(np.int32),
    )
    state = make_empty_state(tokens, prior, n_words, 2 * n + 3)
    set_assignments(tokens, state, prior, owner[order], row, motif)
    return tokens, state


@kernel
def round_of_moves(
    tokens: Tokens, state: State, prior: Prior, moves: int, grid: Reals, rng: np.random.Generator
) -> None:
    if moves & A:
        sweep_observations(tokens, state, prior, 0, rng)
    if moves & B:
        sweep_occurrences(tokens, state, prior, 0, rng)
    if moves & C:
        sweep_shifts(tokens, state, prior, rng)
    if moves & MOTIF_MOVES:
        propose_motif_moves(tokens, state, prior, 4, rng)
    if moves & OCCURRENCE_MOVES:
        propose_occurrence_moves(tokens, state, prior, 4, rng)
    if moves & JOIN_MOVES:
        propose_joins(tokens, state, prior, 4, rng)
    if moves & HYPER:
        resample_document_priors(tokens, state, prior, grid, rng)
        resample_gamma(state, prior, grid, rng)
        resample_eta(state, prior, grid, rng)


N_STATISTICS = 14


@kernel
def statistics(tokens: Tokens, state: State, prior: Prior) -> Reals:
    """Return numbers that do not depend on labels."""
    s = np.zeros(N_STATISTICS)
    s[0], s[1], s[2] = state.tally[0], state.tally[1], state.tally[2]
    for q in range(state.tally[0]):
        o = state.ids[q]
        s[3] += state.size[o] ** 2
        s[4] += state.row[o]
    for q in range(state.tally[1]):
        k = state.live[q]
        s[5] += state.motif_size[k] ** 2
        s[6] += state.motif_count[k] ** 2
        s[7] += (state.cells[k].astype(np.float64) ** 2).sum()
        for rt in range(len(prior.shape)):
            s[8] += rt * state.cells[k, :, rt].sum()
            for w in range(len(state.by_word)):
                s[9] += rt * w * state.cells[k, w, rt]
    s[10:14] = prior.hyper
    return s


@kernel
def replicates(
    n: int,
    n_rounds: int,
    moves: int,
    prior: Prior,
    bug: Bug,
    grid: Reals,
    is_drawn: bool,
    n_documents: int,
    n_tokens: int,
    n_words: int,
    n_times: int,
    rng: np.random.Generator,
) -> Reals:
    """Return statistics after `n_rounds` of moves and fresh observations, from a joint draw.

    `bug` is the fault planted in the moves. `is_drawn` draws hyper-parameters from `grid`.
    """
    out = np.empty((n, N_STATISTICS))
    document = (np.arange(n_documents * n_tokens) // n_tokens).astype(np.int32)
    for a in range(n):
        if is_drawn:
            for h in range(4):
                prior.hyper[h] = grid[rng.integers(0, len(grid))]
        owner, row, motif = draw_seating(prior, n_documents, n_tokens, n_times, rng)
        tokens, state = draw_tokens(
            prior, owner, document, row, motif, n_documents, n_words, n_times, rng
        )
        for _ in range(n_rounds):
            told = Tokens(
                tokens.word,
                tokens.bin_row,
                tokens.document,
                tokens.first,
                tokens.first_start,
                tokens.last_start - bug.start_cut,
                tokens.n_bins,
                tokens.row_document,
            )
            prior.hyper[:] *= bug.hyper
            prior.shape[:] *= bug.shape
            state.motif_size[:] += bug.leak
            round_of_moves(told, state, prior, moves, grid, rng)
            prior.hyper[:] /= bug.hyper
            prior.shape[:] /= bug.shape
            owner, row, motif = get_assignments(state)
            tokens, state = draw_tokens(
                prior, owner, tokens.document, row, motif, n_documents, n_words, n_times, rng
            )
        out[a] = statistics(tokens, state, prior)
    return out
