"""Motifs that look alike, as sentences."""

from collections.abc import Sequence

from motifmine.analysis.alike_motifs import Confusion
from motifmine.records.fit import FitRecord

LEAST_TAKEN = 0.01  # share of events taken for others from which on it is said
MOST_SENTENCES = 5


def alike_sentences(record: FitRecord, confusions: Sequence[Confusion]) -> list[str]:
    """Return a sentence for each pair of motifs that are taken for each other, the worst first.

    Examples
    --------
    A sentence reads "motif 1 and motif 2 look alike (cosine 0.83): at least 4 % of the occurrences
    of motif 1 are taken for motif 2, 2 % the other way".
    """
    worst = sorted(confusions, key=lambda c: -max(c.first_taken, c.second_taken))
    return [
        f"{record.title_of(c.first)} and {record.title_of(c.second)} look alike (cosine "
        f"{c.cosine:.2f}): at least {100 * c.first_taken:.0f} % of the occurrences of "
        f"{record.title_of(c.first)} are taken for {record.title_of(c.second)}, "
        f"{100 * c.second_taken:.0f} % the other way"
        for c in worst[:MOST_SENTENCES]
        if max(c.first_taken, c.second_taken) >= LEAST_TAKEN
    ]
