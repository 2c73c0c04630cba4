"""The four result files of the authors' program, for use with its viewers.

With K motifs of L bins over W words, D documents and S start times, all text, blank-separated:

    .pwz    W rows, K columns          p(w|z)
    .ptrwz  K * L rows, W columns      K blocks of L rows: p(tr|w,z)
    .pzd    K rows, D columns          p(z|d)
    .ptszd  D * S rows, K columns      D blocks of S rows: p(ts|z,d)

In these files start times begin at the first bin of a document. Starts before it, which motifmine
allows, cannot be written; they are excluded from p(z|d) and p(ts|z,d), which stay normalised.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motifmine.files import write_text
from motifmine.records.fit import FitRecord
from motifmine.types import Floats

SUFFIXES = (".pwz", ".ptrwz", ".pzd", ".ptszd")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorisedFit:
    """Content of the four files."""

    word_of_motif: Floats
    """p(w|z), float64 array (W, K)."""
    relative_time_of_word: Floats
    """p(tr|w,z), float64 array (K, L, W); 0 where p(w|z) is 0."""
    motif_of_document: Floats
    """p(z|d), float64 array (K, D)."""
    start_of_motif: Floats
    """p(ts|z,d), float64 array (D, S, K); 0 where p(z|d) is 0."""

    def motifs(self) -> Floats:
        """Return p(w,tr|z), float64 array (K, L, W)."""
        return self.relative_time_of_word * self.word_of_motif.T[:, None, :]


def factorise_fit(record: FitRecord) -> FactorisedFit:
    """Factorise a fit into the distributions of the four files."""
    motifs = record.motifs.probability.astype(np.float64)
    words = motifs.sum(axis=1)
    starts = _collect_starts(record)
    mass = starts.sum(axis=1)
    return FactorisedFit(
        word_of_motif=words.T,
        relative_time_of_word=_divide(motifs, words[:, None, :]),
        motif_of_document=_divide(mass, mass.sum(axis=1, keepdims=True)).T,
        start_of_motif=_divide(starts, mass[:, None, :]),
    )


def _collect_starts(record: FitRecord) -> Floats:
    """Collect the mass of starts at or after the first bin, float64 array (D, S, K)."""
    n_times = max(r.n_times for r in record.recordings)
    starts = np.zeros((len(record.recordings), n_times, len(record.motifs)))
    parts = record.activations
    document = np.repeat(np.arange(len(starts)), np.diff(parts.offsets))
    inside = parts.start >= 0
    # several tempos of a motif may have an entry at one start
    place = document[inside], parts.start[inside], parts.motif[inside]
    np.add.at(starts, place, parts.mass[inside])
    return starts


def _divide(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def write_result_files(stem: Path, record: FitRecord, *, force: bool = False) -> list[Path]:
    """Write `stem` + `.pwz`, `.ptrwz`, `.pzd` and `.ptszd`; return their paths.

    Raises `WorkspaceError` if a file exists and `force` is not set.
    """
    tables = factorise_fit(record)
    rows = (
        tables.word_of_motif,
        tables.relative_time_of_word.reshape(-1, record.motifs.n_words),
        tables.motif_of_document,
        tables.start_of_motif.reshape(-1, len(record.motifs)),
    )
    paths = [stem.with_name(stem.name + suffix) for suffix in SUFFIXES]
    for path, matrix in zip(paths, rows, strict=True):
        write_text(path, "".join(_format_line(row) for row in matrix), force=force)
    return paths


def _format_line(row: Floats) -> str:
    return " ".join(f"{value:.9g}" for value in row) + "\n"
