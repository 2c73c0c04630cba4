"""Which motifs may be no more than what comes together at one instant.

Decoys whose words are moved apart keep what each word does alone. Channels that share a disturbance
rise together and fall together: there the decoys would be worse than any motif, though nothing
recurs in order. Such motifs must surpass themselves reversed in time, too (see
`motifmine.analysis.decoys`): what rises and falls together is as frequent backward. Where channels
are as much above as below their means, every motif must surpass its opposite as well, in both
directions: that shows what recurs with fewer occurrences than a reverse alone.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from motifmine.analysis.occurrences import FLOOR
from motifmine.kernels.likelihood import compute_rates
from motifmine.kernels.order_in_time import SURE as ORDER_SURE
from motifmine.kernels.order_in_time import measure_order
from motifmine.records.fit import (
    Activations,
    Background,
    MotifSet,
    make_dense_activation,
    separate_tempos,
)
from motifmine.records.start_layout import compute_background_rates, make_phi, start_layout
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Channels
from motifmine.types import Floats, Floats32, Indices

MOST_WORDS, LEAST_SHARE = 48, 0.005
"""Heaviest words of a motif whose coincidences are counted, and their least share of its mass."""
MOST_TIMES = 50_000
"""Bins in which they are counted: a second of computing for a motif."""
N_LAGS = 24
"""Lags that say how often two words coincide by chance: one to three lengths of a motif."""
OVERLAP = 0.2
"""Words of a motif that share less of their bins come at different times in it."""
SURE = 4.0
"""Standard deviations from chance of words that coincide, or exclude each other."""
LEAST_APART = 0.1
"""Share of a motif's pairs of observations at different times in it, below which its words come
together and have no order among them."""
MOST_SKEW = 0.25
"""Greatest difference of squares above and below the mean of a channel, as a share of their sum, at
which both are alike."""
LEAST_COMMON = 0.25
"""Share of these pairs from which common instants matter."""


def count_whole_decoys(table: ObservationTable, motifs: MotifSet) -> Indices:
    """Return how many decoys of each motif have to keep what comes together, int64 array (K,).

    Three, the reverse and the opposites, where channels are as much above as below their means.
    Elsewhere one, the reverse, of motifs whose words all come together, and of those of which many
    words coincide, or exclude each other, although they come at different times in the motif; none
    of others. What moves along a path has its order from the prior; disturbances of the whole
    picture are not in its words.

    Parameters
    ----------
    table : ObservationTable
        The data that decoys of the motifs will be compared in.
    motifs : MotifSet
        (K, L, W)
    """
    found = np.zeros(len(motifs), dtype=np.bool_)
    if motifs.usual_mass is not None:
        return found.astype(np.int64)
    if _have_opposites(table):
        # a few occurrences surpass three others, so that these need not be spared
        return np.full(len(motifs), 3, dtype=np.int64)
    for k, motif in enumerate(motifs.probability[:, : motifs.usual_length]):
        words = _main_words(motif)
        found[k] = len(words) == 1 or _comes_together(
            _columns(table, words), motif[:, words].astype(np.float64)
        )
    return found.astype(np.int64)


def keep_opposites(n_whole: Indices) -> Indices:
    """Return how many decoys of a list keep what comes together, (K,): none where it is a reverse.

    What recurs in order has weak occurrences that are as good backward. Of noise in common they are
    as frequent as those of the opposite.
    """
    return np.where(n_whole > 1, n_whole, 0)


def are_in_order(
    table: ObservationTable,
    motifs: MotifSet,
    activations: Activations,
    background: Background,
    known: Indices,
) -> NDArray[np.bool_]:
    """Return of which further motifs the words surely have an order in time, bool array (K,).

    The order is measured in what `known` motifs leave of the table: these recur in order by
    themselves, and others that have words in common with them need not. For known ones it is not
    measured, and the answer is False. See `motifmine.kernels.order_in_time`.

    Parameters
    ----------
    table : ObservationTable
    motifs : MotifSet
        Of the fit, (K, L, W).
    activations, background
        Of the fit, in `table`.
    known : int array
        Numbers of motifs.
    """
    found = np.zeros(len(motifs), dtype=np.bool_)
    left = _without(table, motifs, activations, background, known) if len(known) else table
    for k, motif in enumerate(motifs.probability[:, : motifs.usual_length]):
        words = _main_words(motif)
        if len(words) > 1 and k not in known:
            columns = _columns(left, words)
            order = measure_order(columns, (0, len(columns)), motifs.usual_length)
            found[k] = order.strength.max(initial=0.0) >= ORDER_SURE
    return found


def _main_words(motif: Floats32) -> Indices:
    """Return the heaviest words of a motif (L, W)."""
    of_word = motif.sum(axis=0)
    words: Indices = np.argsort(-of_word, kind="stable")[:MOST_WORDS]
    used: Indices = words[of_word[words] > LEAST_SHARE * of_word.sum()]
    return used


def _without(
    table: ObservationTable,
    motifs: MotifSet,
    activations: Activations,
    background: Background,
    known: Indices,
) -> ObservationTable:
    """Return the table less what known motifs explain of the bins that are counted."""
    layout = start_layout(table, motifs.motif_length)
    separate, active = separate_tempos(motifs, activations)
    activation = make_dense_activation(layout, active, len(separate))
    n_tempos = len(separate) // max(len(motifs), 1)
    is_known = np.isin(np.arange(len(separate)) // n_tempos, known)
    n_filled = int(np.count_nonzero(np.diff(table.offsets[: MOST_TIMES + 1])))
    layout = layout.bins(0, n_filled)
    even = np.full(motifs.n_words, 1 / motifs.n_words, dtype=np.float32)
    base = compute_background_rates(layout, FLOOR, even)
    base += compute_background_rates(layout, background.weight, background.probability)
    rates = [
        compute_rates(
            layout.bin_row,
            layout.offsets,
            layout.word,
            base_of,
            np.where(used, activation, np.float32(0)),
            make_phi(separate.probability),
        )
        for base_of, used in ((base, True), (np.zeros_like(base), is_known))
    ]
    count = table.count.copy()
    count[: len(layout.word)] *= 1 - rates[1] / rates[0]
    return table.with_counts(count)


def _have_opposites(table: ObservationTable) -> bool:
    """Return whether all words are above and below the mean of a channel, as much of the one."""
    layout = table.vocabulary.layout
    if not (isinstance(layout, Channels) and layout.series_words() == "rectified"):
        return False
    squares = np.bincount(table.word, table.count.astype(np.float64) ** 2, minlength=table.n_words)
    above, below = squares.reshape(-1, 2).T
    return bool(np.all(np.abs(above - below) <= MOST_SKEW * (above + below)))


def _comes_together(columns: Floats32, rows: Floats) -> bool:
    """Return whether words (T, n) of a motif (L, n) come together, in it or in the table."""
    mass = rows.sum(axis=0)
    near = uniform_filter1d(rows / mass, 3, axis=0, mode="constant")
    overlap = np.minimum(near[:, :, None], near[:, None, :]).sum(axis=0)
    pairs = np.outer(mass, mass)
    weight = pairs * (overlap < OVERLAP)
    if weight.sum() < LEAST_APART * pairs.sum():
        return True
    sure = np.abs(_coincidences(columns, len(rows))) > SURE
    return bool((weight * sure).sum() > LEAST_COMMON * weight.sum())


def _coincidences(columns: Floats32, length: int) -> Floats:
    """Return how far each two words coincide above chance, standard deviations, float64 (n, n)."""
    n_times = len(columns)
    longest = min(3 * length, n_times // 2)
    lags = np.unique(np.linspace(min(length + 1, longest), longest, N_LAGS).astype(np.int64))
    after = [
        columns[lag:].T @ columns[: n_times - lag] * (n_times / (n_times - lag))
        for lag in lags.tolist()
    ]
    by_chance = np.array(after + [counts.T for counts in after], dtype=np.float64)
    # words that hardly ever coincide have no normal spread
    spread = np.maximum(by_chance.std(axis=0), 1.0)
    distance: Floats = (columns.T @ columns - by_chance.mean(axis=0)) / spread
    return distance


def _columns(table: ObservationTable, words: Indices) -> Floats32:
    """Return square roots of the counts of words by time, in units of their usual one, (T, n)."""
    n_times = min(table.n_times, MOST_TIMES)
    n = int(table.offsets[n_times])
    place = np.full(table.n_words, -1)
    place[words] = np.arange(len(words))
    column = place[table.word[:n]]
    row = np.repeat(np.arange(n_times), np.diff(table.offsets[: n_times + 1]))
    columns = np.zeros((n_times, len(words)), dtype=np.float32)
    # the root: one large count must not decide
    root = np.sqrt(table.count[:n], dtype=np.float32)
    columns[row[column >= 0], column[column >= 0]] = root[column >= 0]
    for index in range(len(words)):
        seen = columns[columns[:, index] > 0, index]
        if len(seen):
            columns[:, index] /= np.median(seen)
    return columns
