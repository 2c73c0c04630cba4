"""Checks of a table before any model is fitted to it, and the result for fits without motifs."""

from dataclasses import replace

import numpy as np

from motifmine.errors import DataError
from motifmine.models.protocol import Located
from motifmine.records.fit import Activations, Background, MotifSet, Occurrences
from motifmine.records.start_layout import start_layout
from motifmine.records.table import ObservationTable
from motifmine.records.vocabulary import Vocabulary
from motifmine.types import Floats, Floats32, Indices, Indices32

# share of the observations given to a uniform background, for words that were never seen
FLOOR = 1e-3


# beyond it a probability is less than the rounding of log-likelihoods, which are as large
MOST_OBSERVATIONS = 1e10


def check_size(table: ObservationTable, *, n_motifs: int, motif_length: int) -> None:
    """Raise `DataError` when a table is too small for this number and length of motifs.

    Also when its counts are no numbers of observations, which all likelihoods take them for.
    """
    if len(table.word) == 0:
        raise DataError("the tables hold no observations; there is nothing to fit")
    if not 1 <= table.total <= MOST_OBSERVATIONS:
        wrong = "less than one" if table.total < 1 else f"more than {MOST_OBSERVATIONS:.0e}"
        raise DataError(
            f"the counts of the tables have a sum of {table.total:.3g}, {wrong}, the largest one "
            f"is {float(table.count.max()):.3g}; they are taken for numbers of observations: "
            "multiply or divide them, or have their roots taken (--counts sqrt)"
        )
    longest = max(table.recordings, key=lambda r: r.n_times)
    if motif_length > longest.n_times:
        raise DataError(
            f"motif_length is {motif_length} bins ({motif_length * table.bin_s:g} s) but the "
            f"longest document, {longest.name!r}, has {longest.n_times} "
            f"({longest.n_times * table.bin_s:g} s); use shorter motifs or longer documents"
        )
    if n_motifs > len(table.word):
        raise DataError(
            f"{n_motifs} motifs were asked of {len(table.word)} observations; ask for fewer"
        )


def drop_unused_words(table: ObservationTable) -> tuple[Indices32, ObservationTable]:
    """Return the words that were seen, and the table over them alone."""
    is_used = table.word_numbers() > 0
    used = np.flatnonzero(is_used).astype(np.int32)
    labels = Vocabulary.of_labels([table.vocabulary.labels[w] for w in used])
    place = np.cumsum(is_used, dtype=np.int32) - np.int32(1)
    word = table.word if len(used) == table.n_words else place[table.word]
    return used, replace(table, vocabulary=labels, word=word, picture=None)


def restore_words(values: Floats | Floats32, used: Indices | Indices32, n_words: int) -> Floats32:
    """Return values over the words that were seen as values over all words, 0 for the others.

    Parameters
    ----------
    values : float array (.., words seen)
    used : int array (words seen,)

    Returns
    -------
    float32 array (.., W)
    """
    whole: Floats32 = np.zeros((*values.shape[:-1], n_words), np.float32)
    whole[..., used] = values
    return whole


def locate_nothing(background: Background, table: ObservationTable) -> Located:
    """Return the result of a fit without motifs: everything is background, flat in time."""
    layout = start_layout(table, 1)
    words = FLOOR / len(background.probability) + (1 - FLOOR) * background.probability
    per_bin = 1 / np.maximum(layout.n_times[layout.bin_document], 1)
    rate = words[table.word] * np.repeat(per_bin, np.diff(layout.offsets))
    return Located(
        activations=Activations.none(table.n_documents),
        background=Background(probability=background.probability, weight=1.0),
        log_likelihood=float(np.sum(table.count * np.log(rate))),
    )


def no_motifs(n_words: int, motif_length: int = 1) -> MotifSet:
    """Return no motifs, of a length that others are compared over."""
    shape = (0, motif_length, n_words)
    return MotifSet(probability=np.zeros(shape, np.float32), weight=np.zeros(0))


def no_occurrences(*_: object) -> Occurrences:
    """Return no occurrences: the model has no motifs."""
    whole, real = np.zeros(0, np.int32), np.zeros(0)
    return Occurrences(
        document=whole, start_bin=whole, start_s=real, motif=whole, weight=real, score=real
    )


def background_of(table: ObservationTable) -> Background:
    """Return the words of a table as the background that explains all of it."""
    words = np.bincount(table.word, table.count, minlength=table.n_words)
    return Background(probability=(words / words.sum()).astype(np.float32), weight=1.0)
