"""Hiding observations from a fit and scoring how well it predicts them."""

import numpy as np

from motifmine.kernels.likelihood import compute_rates
from motifmine.models.plsm.problem import Problem, State
from motifmine.records.start_layout import make_phi, start_layout
from motifmine.records.table import ObservationTable

CHANCE = 1e-3
"""Share of the predicted probability that is uniform: no single observation costs everything."""


def hide_observations(
    table: ObservationTable, share: float, rng: np.random.Generator
) -> tuple[ObservationTable, ObservationTable]:
    """Return the table without a random share of its observations, and these observations.

    Parameters
    ----------
    share : float
        Probability that a word of a time bin is hidden, with its whole count.
    """
    hide = rng.random(len(table.word)) < share
    kept = np.where(hide, np.float32(0), table.count)
    return table.with_counts(kept), table.with_counts(table.count - kept)


def hidden_score(hidden: ObservationTable, problem: Problem, state: State) -> float:
    """Return the mean log-probability of hidden observations under a fit of the others, nats.

    Parameters
    ----------
    hidden : ObservationTable
        Of the same documents as `problem`.
    problem : Problem
        Of the observations that were kept.
    state : State
        What was fitted to them.
    """
    length = problem.layout.motif_length
    layout = start_layout(hidden, length)
    level = (state.background_mass / np.maximum(layout.n_times, 1))[layout.bin_document]
    base = np.repeat(level, np.diff(layout.offsets)) * state.background_word[layout.word]
    rates = compute_rates(
        layout.bin_row,
        layout.offsets,
        layout.word,
        base.astype(np.float32),
        state.starts,
        make_phi(state.motifs),
    )
    mass = float(state.starts.sum(dtype=np.float64) + state.background_mass.sum())
    chance = CHANCE / (hidden.n_words * max(hidden.n_times, 1))
    log_probability = np.log((1 - CHANCE) * rates / mass + chance)
    return float(np.sum(layout.count * log_probability) / hidden.total)
