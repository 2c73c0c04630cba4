"""Sentences on fits and motifs, also read by screen readers instead of the pictures."""

from collections.abc import Sequence

import numpy as np

from motifmine.analysis.alike_motifs import Confusion
from motifmine.records.fit import FitRecord
from motifmine.reporting.motif_views import get_motif_view
from motifmine.reporting.text_table import escape_control
from motifmine.reporting.times import format_length

LEAST_TAKEN = 0.01  # share of events taken for others from which on it is said
MOST_SENTENCES = 5


def summarise_fit(record: FitRecord) -> str:
    """Return one sentence with the number of motifs, occurrences and explained observations."""
    n_motifs, n_found = len(record.motifs), len(record.occurrences)
    length = format_length(record.motifs.motif_length * record.bin_s)
    explained = 100 * float(np.sum(record.motifs.weight))
    where = _format_count(len(record.recordings), "recording")
    if not n_motifs:
        return f"In {format_length(record.duration_s())} of {where}, no motif was found."
    return (
        f"In {format_length(record.duration_s())} of {where}, "
        f"{_format_count(n_motifs, 'motif')} of up to {length} "
        f"{'was' if n_motifs == 1 else 'were'} found; "
        f"{'it' if n_motifs == 1 else 'together they'} occurred "
        f"{_format_count(n_found, 'time')} and "
        f"{'explains' if n_motifs == 1 else 'explain'} {explained:.0f} % of "
        f"{record.n_extracted:,.0f} observations."
    )


def describe_motif(record: FitRecord, motif: int) -> str:
    """Return one sentence on a motif: its path, its channels, or its heaviest words."""
    return get_motif_view(record.vocabulary).describe(record, motif)


def describe_all_motifs(record: FitRecord) -> str:
    """Return a line on each motif of a series, "" for words of other kinds."""
    if not get_motif_view(record.vocabulary).is_read_in_words:
        return ""
    return "".join(
        escape_control(f"{record.title_of(motif)}: {describe_motif(record, motif)}") + "\n"
        for motif in range(len(record.motifs))
    )


def _format_count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


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
