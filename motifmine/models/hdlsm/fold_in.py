"""Fold-in of new documents: HDLSM steps A and B with motifs held fixed."""

import numpy as np

from motifmine.errors import DataError
from motifmine.kernels.likelihood import compute_rates
from motifmine.models.fitted import remaining_background
from motifmine.models.hdlsm.chains import GRID, compute_eta_shape, expand_tokens, run_sweep
from motifmine.models.hdlsm.kernels.hyperparameters import resample_document_priors
from motifmine.models.hdlsm.kernels.state import (
    IN_BACKGROUND,
    MOTIFS,
    OCCURRENCES,
    SEATED,
    Prior,
    State,
    Tokens,
    make_empty_state,
)
from motifmine.models.protocol import Located
from motifmine.records.fit import Activations, Background, MotifSet, make_sparse_activations
from motifmine.records.start_layout import (
    StartLayout,
    compute_background_rates,
    make_phi,
    start_layout,
)
from motifmine.records.table import ObservationTable
from motifmine.seeding import generator
from motifmine.types import Floats32, Indices

SWEEPS, BURN_IN = 60, 20
# count that represents a fixed probability of 1; pseudo-counts are negligible against it
FROZEN_COUNT = 1e9
TINY = 1e-6  # pseudo-counts that keep unseen words from having probability 0
FLOOR = 1e-3  # share of a uniform distribution that is mixed in for scoring, so that no rate is 0


def locate_by_sampling(
    motifs: MotifSet,
    background: Background,
    table: ObservationTable,
    seed: int,
    *,
    count_scale: float = 1.0,
) -> Located:
    """Return where given motifs are active in `table`, by sampling, motifs held fixed.

    Parameters
    ----------
    count_scale : float
        Factor of all counts before sampling, > 0.
    """
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
    """Return activations of `table` with motifs held fixed, and the log-likelihood, nats.

    Occurrences and their starts are sampled; the mass of an activation is its mean over the sweeps
    after the burn-in. alpha and b0 are resampled, because new documents may have more or fewer
    occurrences. There are no new motifs; without a background every observation belongs to one.

    Parameters
    ----------
    motifs : MotifSet
        At least one motif.
    background : Background
        A `weight` of 0 means no background.
    table : ObservationTable
        With the same vocabulary.
    count_scale : float
        Factor of all counts before sampling, > 0; fractions are rounded at random. Results are
        scaled back to observations of `table`.

    Raises
    ------
    DataError
        If there are no motifs, or if the vocabularies differ in size.
    """
    if len(motifs) == 0 or motifs.n_words != table.n_words:
        raise DataError(
            f"{len(motifs)} motifs over {motifs.n_words} words cannot be located in a table of "
            f"{table.n_words} words"
        )
    rng = generator(seed)
    tokens, words = expand_tokens(table, motifs.motif_length, count_scale, rng)
    layout = start_layout(table, motifs.motif_length)
    activation = np.zeros((layout.n_rows, len(motifs)), dtype=np.float32)
    if len(tokens.word):
        prior, state = _freeze_motifs(tokens, motifs, background, words)
        for sweep in range(SWEEPS):
            state = run_sweep(tokens, state, prior, rng)
            resample_document_priors(tokens, state, prior, GRID, rng)
            # the mean over sweeps: a single one assigns every observation to one occurrence
            if sweep >= BURN_IN:
                ids = state.ids[: state.tally[OCCURRENCES]]
                np.add.at(activation, (state.row[ids], state.motif[ids]), state.size[ids])
        # tokens back to observations of the table
        activation /= (SWEEPS - BURN_IN) * count_scale
    rates = compute_rates(
        layout.bin_row,
        layout.offsets,
        layout.word,
        _compute_background_rates(layout, table, background, activation),
        activation,
        make_phi(motifs.probability),
    )
    total = layout.document_total[layout.document_total > 0]
    value = np.sum(layout.count * np.log(rates)) - np.sum(total * np.log(total))
    return make_sparse_activations(layout, activation), float(value)


def _freeze_motifs(
    tokens: Tokens, motifs: MotifSet, background: Background, words: Indices
) -> tuple[Prior, State]:
    """Return a prior and an empty state that hold motifs and background fixed."""
    n = len(motifs)
    # gamma is 0 and `learn` is 0: no motif is added, and counts of motifs never change
    share = 10.0 if background.weight > 0 else 0.0
    prior = Prior(
        hyper=np.array([10.0, 0.0, TINY, share]),
        shape=compute_eta_shape(motifs.motif_length, len(words), 0.0),
        background_prior=TINY,
        learn=0,
    )
    state = make_empty_state(tokens, prior, len(words), n + 1)
    probability = motifs.probability[:, :, words].transpose(0, 2, 1).astype(np.float64)
    state.cells[:n] = np.round(probability * FROZEN_COUNT)
    state.by_word[:, :n] = state.cells[:n].sum(axis=2).T
    state.motif_size[:n] = round(FROZEN_COUNT)
    # how often each motif starts is fixed, too; at least 1, or it could never be drawn
    state.motif_count[:n] = np.maximum(np.round(motifs.weight * 1e6), 1)
    state.inverse[:n] = 1.0 / (FROZEN_COUNT + TINY)
    state.background_of_word[:] = np.round(background.probability[words] * FROZEN_COUNT)
    state.tally[MOTIFS] = n
    state.tally[SEATED] = state.motif_count.sum()
    state.tally[IN_BACKGROUND] = round(FROZEN_COUNT)
    return prior, state


def _compute_background_rates(
    layout: StartLayout, table: ObservationTable, background: Background, activation: Floats32
) -> Floats32:
    """Return the rates of observations without motifs, float32 array (N,)."""
    even = np.full(table.n_words, 1 / table.n_words, dtype=np.float32)
    # words that no motif has: the document must not become impossible
    rates = compute_background_rates(layout, FLOOR, even)
    if background.weight > 0 and table.total > 0:
        share = max(0.0, 1.0 - float(activation.sum(dtype=np.float64)) / table.total)
        rates += compute_background_rates(layout, share, background.probability)
    return rates
