"""Motifs of HDLSM held fixed on new documents: steps A and B with frozen counts."""

import numpy as np

from motifmine.errors import DataError
from motifmine.kernels.likelihood import compute_rates
from motifmine.models.fitted import remaining_background
from motifmine.models.hdlsm.chains import GRID, eta_shape, one_sweep, tokens_of
from motifmine.models.hdlsm.kernels.hyperparameters import sweep_document_priors
from motifmine.models.hdlsm.kernels.state import (
    MOTIFS,
    NOISE,
    OCCURRENCES,
    SEATED,
    Prior,
    State,
    Tokens,
    blank_state,
)
from motifmine.models.protocol import Located
from motifmine.records.fit import Activations, Background, MotifSet, sparse_activations
from motifmine.records.start_layout import (
    StartLayout,
    flat_rates,
    phi_of,
    start_layout,
)
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.types import Floats32, Indices

SWEEPS, BURN_IN = 60, 20
FROZEN_COUNT = 1e9
"""Counts that stand for a fixed probability of 1."""
TINY = 1e-6
"""Pseudo-counts beside these, which keep what was never seen from being impossible."""
FLOOR = 1e-3
"""Share of new documents that is left to chance when they are scored."""


def locate_by_sampling(
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
    seed: int,
    *,
    count_scale: float = 1.0,
) -> Located:
    """Return where given motifs are active in `table`, by sampling, motifs held fixed."""
    activations, value = fold_in(motifs, background, table, seed=seed, count_scale=count_scale)
    explained = float(activations.mass.sum(dtype=np.float64))
    return Located(
        activations=activations,
        background=remaining_background(background, explained, table.total),
        log_likelihood=value,
    )


def fold_in(
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
    *,
    seed: int = 0,
    count_scale: float = 1.0,
) -> tuple[Activations, float]:
    """Return activations of `table` with motifs held fixed, and their log-likelihood, nats.

    Occurrences and their starts are sampled; the mass of an activation is its mean over the sweeps
    after the burn-in. alpha and b0 are drawn anew, for the new documents may be more or less
    crowded. New motifs cannot appear; without a background every observation has to belong to one.

    Parameters
    ----------
    motifs : MotifSet
        At least one.
    background : Background
        A `weight` of 0 means that there is none.
    table : ObservationTable
        Over the same vocabulary.
    seed : int
    count_scale : float
        Counts times this are taken as single observations, fractions at random; what comes back is
        in observations of `table`.

    Raises
    ------
    DataError
        When there are no motifs or the vocabularies differ in size.
    """
    if len(motifs) == 0 or motifs.n_words != table.n_words:
        raise DataError(
            f"{len(motifs)} motifs over {motifs.n_words} words cannot be found in a table of "
            f"{table.n_words} words"
        )
    rng = generator(seed)
    tokens, words = tokens_of(table, motifs.motif_length, count_scale, rng)
    layout = start_layout(table, motifs.motif_length)
    activation = np.zeros((layout.n_rows, len(motifs)), dtype=np.float32)
    if len(tokens.word):
        prior, state = frozen(tokens, motifs, background, words)
        for sweep in range(SWEEPS):
            state = one_sweep(tokens, state, prior, rng)
            sweep_document_priors(tokens, state, prior, GRID, rng)
            if sweep >= BURN_IN:
                ids = state.ids[: state.tally[OCCURRENCES]]
                np.add.at(activation, (state.row[ids], state.motif[ids]), state.size[ids])
        activation /= (SWEEPS - BURN_IN) * count_scale
    rates = compute_rates(
        layout.bin_row,
        layout.offsets,
        layout.word,
        chance_rates(layout, table, background, activation),
        activation,
        phi_of(motifs.probability),
    )
    total = layout.document_total[layout.document_total > 0]
    value = np.sum(layout.count * np.log(rates)) - np.sum(total * np.log(total))
    return sparse_activations(layout, activation), float(value)


def frozen(
    tokens: Tokens, motifs: MotifSet, background: Background, words: Indices
) -> tuple[Prior, State]:
    """Return hyper-parameters and a state in which nothing is placed and nothing is learned."""
    n = len(motifs)
    share = 10.0 if background.weight > 0 else 0.0
    prior = Prior(
        hyper=np.array([10.0, 0.0, TINY, share]),
        shape=eta_shape(motifs.motif_length, len(words), 0.0),
        noise_word=TINY,
        learn=0,
    )
    state = blank_state(tokens, prior, len(words), n + 1)
    probability = motifs.probability[:, :, words].transpose(0, 2, 1).astype(np.float64)
    state.cells[:n] = np.round(probability * FROZEN_COUNT)
    state.by_word[:, :n] = state.cells[:n].sum(axis=2).T
    state.motif_size[:n] = round(FROZEN_COUNT)
    state.motif_count[:n] = np.maximum(np.round(motifs.weight * 1e6), 1)
    state.inverse[:n] = 1.0 / (FROZEN_COUNT + TINY)
    state.noise_of_word[:] = np.round(background.probability[words] * FROZEN_COUNT)
    state.tally[MOTIFS] = n
    state.tally[SEATED] = state.motif_count.sum()
    state.tally[NOISE] = round(FROZEN_COUNT)
    return prior, state


def chance_rates(
    layout: StartLayout, table: ObservationTable, background: Background, activation: Floats32
) -> Floats32:
    """Return the rates of observations that no motif gives, float32 array (N,)."""
    even = np.full(table.n_words, 1 / table.n_words, dtype=np.float32)
    rates = flat_rates(layout, FLOOR, even)
    if background.weight > 0 and table.total > 0:
        share = max(0.0, 1.0 - float(activation.sum(dtype=np.float64)) / table.total)
        rates += flat_rates(layout, share, background.probability)
    return rates
