"""Decoys: motifs of the same words and rhythms whose words come in another order."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.pulse_order import MAIN_SHARE, part_pulses, pulsed_words
from motifmine.kernels.similarity import max_shifted_cosine
from motifmine.records.fit import MotifSet
from motifmine.seeding import generator
from motifmine.types import Floats32, Indices

N_TRIES = 8
"""Most draws of lags of a decoy; of these, the one least similar to the motif is taken."""
UNLIKE = 0.7
"""Cosine at the best shift below which a decoy differs enough from its motif; no more draws."""
EQUAL = 0.9
"""Cosine at the best shift from which two decoys are one, and lags alone do not make a decoy."""
COPY = 0.985
"""Cosine at the best shift from which a decoy is the motif again."""
N_ORDERS = 1_000_000
"""Orders of the bins of a row that decoys of motifs of one word have."""
USED_SHARE = 0.01
"""Share of the motifs' mass below which a word is hardly used."""
REVERSED, OPPOSITE, OPPOSITE_REVERSED = -1, -(1 << 40), -(1 << 40) - 1
"""Lags of all words of decoys that keep what comes together: the motif backward in time, the motif
with the two words of each channel exchanged, and both."""
WHOLE = (REVERSED, OPPOSITE, OPPOSITE_REVERSED)
CUT_SHARE = 0.03
"""Greatest share of a word's mass that a lag may move over the edge of the window."""


def draw_lags(
    motifs: MotifSet,
    n_decoys: int,
    rng: np.random.Generator,
    *,
    n_whole: Indices | None = None,
    recurs: bool = True,
) -> Indices:
    """Return by how many bins the words of each decoy are moved, int64 (n_decoys, K, W).

    Below 0 or of L and more: the word's bins come in another order, see `roll_words`.

    Parameters
    ----------
    motifs : MotifSet
        (K, L, W)
    n_decoys : int
        Of each motif, >= 0.
    n_whole : int64 array (K,) or None
        How many of the decoys of each motif, the first ones, keep what comes together; see
        `motifmine.analysis.common_instants`; None: none.
    recurs : bool
        Whether the motifs are known to recur: those of one word then have decoys of other rhythms.
    """
    lags = np.zeros((n_decoys, len(motifs), motifs.n_words), dtype=np.int64)
    of_word = motifs.probability.sum(axis=(0, 1))
    one_word = np.count_nonzero(of_word > USED_SHARE * of_word.sum()) == 1
    pulsed = pulsed_words(motifs)
    for copy in range(n_decoys):
        # the bins behind are for slower occurrences only
        for k, motif in enumerate(motifs.probability[:, : motifs.usual_length]):
            if n_whole is not None and copy < n_whole[k]:
                lags[copy, k] = WHOLE[copy]
                continue
            any_order = one_word and recurs and copy % 4 > 0
            lags[copy, k] = _draw_lags_of(motif, rng, one_word=one_word, any_order=any_order)
            if recurs and pulsed[k] >= 0:
                # the distances of its pulses show what a reverse may not
                lags[copy, k, pulsed[k]] = len(motif) + N_ORDERS + rng.integers(N_ORDERS)
    return lags


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Competitors:
    """Motifs and their decoys, M together."""

    motifs: MotifSet
    """The K motifs first, with the weight of the motifs together."""
    source: Indices
    """Motif that each is or was made of, int64 array (M,)."""
    copy: Indices
    """0 for motifs, 1, 2.. for the decoys of each, int64 array (M,)."""
    n_decoys: Indices
    """Decoys of each motif, int64 array (K,); 0: it has no order in time, and its one decoy is the
    motif again."""
    n_whole: Indices
    """Decoys of each motif that keep what comes together, the first ones, int64 array (K,)."""


def motifs_with_decoys(motifs: MotifSet, lags: Indices) -> Competitors:
    """Return the motifs and their decoys.

    Of decoys that are alike there is one: several would share what they find, and each would be too
    weak to compete.

    Parameters
    ----------
    lags : int64 array (n_decoys, K, W)
        See `draw_lags`.
    """
    length = motifs.usual_length
    n_decoys, n_whole = np.zeros((2, len(motifs)), dtype=np.int64)
    is_whole: NDArray[np.bool_] = np.all(np.isin(lags, WHOLE), axis=2)
    parted = length + N_ORDERS
    probability, copies, source = [motifs.probability], np.zeros(len(motifs), dtype=np.int64), []
    for k, motif in enumerate(motifs.probability):
        moved = [
            np.concatenate([roll_words(motif[:length], lag[k]), motif[length:]]) for lag in lags
        ]
        everyone = np.array([motif, *moved], dtype=np.float32)
        alike = max_shifted_cosine(everyone, everyone)[0]
        of_word = motif.sum(axis=0)
        if of_word.max() >= MAIN_SHARE * of_word.sum():
            # of one word a high peak hides its tail, which a fit does not: roots weigh as a fit
            alike = max_shifted_cosine(np.sqrt(everyone), np.sqrt(everyone))[0]
        unlike: list[int] = []
        for copy in range(1, len(everyone)):
            # where what is exchanged or in another order is the motif itself, it cannot be worse
            may_be_same = lags[copy - 1, k, 0] <= OPPOSITE or lags[copy - 1, k].max() >= parted
            rivals = [0, *unlike] if may_be_same else unlike
            if not np.any(alike[copy, rivals] >= EQUAL):
                unlike.append(copy)
        unlike = unlike or [1][: len(lags)]
        n_whole[k] = int(is_whole[np.array(unlike, dtype=np.int64) - 1, k].sum())
        likeness = alike[0, 1:2] if n_whole[k] else alike[0, 1:]
        if np.median(likeness if len(lags) else np.ones(1)) < COPY:
            n_decoys[k] = len(unlike)
        else:
            unlike = unlike[:1]
        probability.append(everyone[unlike])
        source += [k] * len(unlike)
        copies = np.append(copies, 1 + np.arange(len(unlike)))
    of = np.concatenate([np.arange(len(motifs)), np.array(source, dtype=np.int64)])
    return Competitors(
        motifs=replace(
            motifs,
            probability=np.concatenate(probability),
            # the background keeps its share
            weight=motifs.weight[of] / np.bincount(of, minlength=1)[of],
            usual_mass=None if motifs.usual_mass is None else motifs.usual_mass[of],
        ),
        source=of,
        copy=copies,
        n_decoys=n_decoys,
        n_whole=n_whole,
    )


def roll_words(motif: Floats32, lag: Indices) -> Floats32:
    """Return a motif (L, W) with every word's row moved in relative time by its own lag (W,).

    What leaves the window on one side enters on the other. A lag below 0 reverses the row in time,
    and moves it by -1 - lag; one of L or more brings its bins in the random order of that number,
    or, from L + `N_ORDERS` on, its pulses and gaps. `OPPOSITE` and `OPPOSITE_REVERSED` are of all
    words.
    """
    if lag[0] <= OPPOSITE:
        exchanged = motif.reshape(len(motif), -1, 2)[:, :, ::-1].reshape(motif.shape)
        return exchanged if lag[0] == OPPOSITE else exchanged[::-1]
    rolled = np.zeros_like(motif)
    # most words do not occur in a motif: only the columns of those that do are moved
    words = np.flatnonzero(motif.any(axis=0))
    is_reversed = lag[words] < 0
    by = np.where(is_reversed, -1 - lag[words], lag[words])
    row = (np.arange(len(motif))[:, None] - by) % len(motif)
    row = np.where(is_reversed, len(motif) - 1 - row, row)
    for column in np.flatnonzero(lag[words] >= len(motif)):
        row[:, column] = generator(int(lag[words[column]])).permutation(len(motif))
    rolled[:, words] = np.take_along_axis(motif[:, words], row, axis=0)
    for word in words[lag[words] >= len(motif) + N_ORDERS]:
        rolled[:, word] = part_pulses(motif[:, word], generator(int(lag[word])))
    return rolled


def _draw_lags_of(
    motif: Floats32, rng: np.random.Generator, *, one_word: bool, any_order: bool
) -> Indices:
    """Return lags (W,) that make a decoy unlike the motif.

    No word's mass is cut in two: it would have another rhythm than the data, and fit worse than the
    motif where there is no order at all. A word that fills the window is reversed in time, or stays
    as it is: that keeps its autocorrelation. So are all words of a motif that no lags can change,
    for nearly all of it is one word: a rate that goes up and down is the same in either direction,
    the programme of an appliance is not. Where all motifs are of one word and are known to recur,
    three of four decoys have their bins in any order, and the others find the ends of occurrences
    that are longer than the motif.
    """
    words = np.flatnonzero(motif.any(axis=0))
    forwards, backwards = _uncut_lags(motif[:, words]), _uncut_lags(motif[::-1, words])
    lags = np.concatenate([np.arange(len(motif)), -1 - np.arange(len(motif))])
    # a decay is no rise: where a word can be moved otherwise, it is not reversed
    fills = forwards.sum(axis=0) < 2
    best, least = np.zeros(motif.shape[1], dtype=np.int64), np.inf
    for reverses in (fills,) if one_word else (fills, np.ones_like(fills)):
        allowed = np.concatenate([forwards, backwards & reverses])
        for _ in range(N_TRIES):
            lag = np.zeros(motif.shape[1], dtype=np.int64)
            # the largest of independent uniform numbers is a uniform choice among the allowed lags
            lag[words] = lags[np.where(allowed, rng.random(allowed.shape), -1.0).argmax(axis=0)]
            if any_order:
                lag[words] = len(motif) + rng.integers(N_ORDERS)
            decoy = roll_words(motif, lag)
            likeness = float(max_shifted_cosine(motif[None], decoy[None])[0][0, 0])
            if likeness < least:
                best, least = lag, likeness
            if least < UNLIKE:
                break
        if least < EQUAL:
            break
    return best


def _uncut_lags(rows: Floats32) -> NDArray[np.bool_]:
    """Return which lags leave the mass of each word in one piece, bool array (L, words).

    A lag moves the last `lag` bins to the front.
    """
    length = len(rows)
    total = rows.sum(axis=0)
    before = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])[:length]
    head = before[(length - np.arange(length)) % length]  # mass of the bins that stay in front
    head[0] = total  # lag 0 moves nothing
    uncut: NDArray[np.bool_] = np.minimum(head, total - head) <= CUT_SHARE * total
    return uncut
