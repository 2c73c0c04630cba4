"""Sentences on fits and motifs, also read by screen readers instead of the pictures."""

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.reporting.motif_views import get_motif_view
from motifmine.reporting.text_table import escape_control
from motifmine.reporting.times import format_length


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
