"""Sentences about fits and motifs, for people who do not see the pictures."""

import numpy as np

from motifmine.records.fit import FitRecord
from motifmine.reporting.motif_views import view_of
from motifmine.reporting.text_table import printable
from motifmine.reporting.times import format_length


def summarise_fit(record: FitRecord) -> str:
    """Return one plain sentence that says what was found."""
    n_motifs, n_found = len(record.motifs), len(record.occurrences)
    length = format_length(record.motifs.motif_length * record.bin_s)
    explained = 100 * float(np.sum(record.motifs.weight))
    where = _counted(len(record.recordings), "recording")
    return (
        f"In {format_length(record.duration_s())} of {where}, "
        f"{_counted(n_motifs, 'motif')} of up to {length} "
        f"{'was' if n_motifs == 1 else 'were'} found; "
        f"{'it' if n_motifs == 1 else 'together they'} occurred "
        f"{_counted(n_found, 'time')} and "
        f"{'explains' if n_motifs == 1 else 'explain'} {explained:.0f} % of "
        f"{record.n_observations:,.0f} observations."
    )


def describe_motif(record: FitRecord, motif: int) -> str:
    """Return one sentence on where a motif goes, what its channels do, or which words it holds."""
    return view_of(record.vocabulary).describe(record, motif)


def readings_text(record: FitRecord) -> str:
    """Return a line on each motif of a series in plain words, "" for words of other kinds."""
    if not view_of(record.vocabulary).is_read_in_words:
        return ""
    lines = (
        f"{printable(record.title_of(motif))}: {printable(describe_motif(record, motif))}\n"
        for motif in range(len(record.motifs))
    )
    return "".join(lines)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
