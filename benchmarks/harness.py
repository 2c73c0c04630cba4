"""What benchmarks share: data and scorer of the bench, simulations of its sizes, peak memory."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from motifmine.analysis.evaluation import evaluate_occurrences
from motifmine.analysis.matching import match_motifs
from motifmine.analysis.occurrences import keep_occurrences
from motifmine.models.protocol import Fit
from motifmine.records.fit import Occurrences
from motifmine.records.table import ObservationTable, join_tables, table_from_rows
from motifmine.records.truth import Truth
from motifmine.records.vocabulary import Vocabulary
from motifmine.simulation import Simulation, simulate

BENCH = Path(os.environ.get("MOTIFMINE_BENCH", "no-such-folder"))
"""Folder of `synth.py`, `score.py` and scripts of peers; without it data are simulated."""
SIZES = {
    "small": {"n_words": 75, "n_times": 3600, "n_motifs": 6, "motif_length": 10},
    "medium": {"n_words": 75, "n_times": 36000, "n_motifs": 10, "motif_length": 15},
    "large": {"n_words": 256, "n_times": 36000, "n_motifs": 20, "motif_length": 20},
}
LEAST_SHARE = 0.2
"""Occurrences lighter than this share of heavy ones (their .9 quantile) are not scored."""


def bench_module(name: str, folder: Path = BENCH) -> Any:
    """Return `synth` or `score` of the bench."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(name)


def draw_bench(size: str, noise: float, seed: int, folder: Path = BENCH) -> dict[str, Any]:
    """Return what the bench draws: observations `coo`, their `shape`, and the truth."""
    synth = bench_module("synth", folder)
    data: dict[str, Any] = synth.generate(noise=noise, seed=seed, **synth.SIZES[size])
    return data


def table_of_bench(data: Any) -> ObservationTable:
    """Return the table of data of the bench."""
    rows, (n_documents, n_times, n_words) = data["coo"], map(int, data["shape"])
    vocabulary = Vocabulary.of_labels([str(word) for word in range(n_words)])
    tables = []
    for document in range(n_documents):
        _, time, word, count = rows[rows[:, 0] == document].T
        tables.append(
            table_from_rows(
                time=time,
                word=word,
                count=count,
                n_times=n_times,
                vocabulary=vocabulary,
                name=f"document-{document:03d}",
            )
        )
    return join_tables(tables)


def score_bench(data: Any, fit: Fit, found: Occurrences, folder: Path = BENCH) -> dict[str, float]:
    """Return cosine `cos`, `F1` and `F1_all` of a fit by the bench's own scorer."""
    events = np.stack([found.document, found.start_bin, found.motif, found.weight], axis=1)
    scored: dict[str, float] = bench_module("score", folder).evaluate(
        data, W=fit.motifs.probability, ev=events.astype(float)
    )
    return scored


def score_simulated(drawn: Simulation, fit: Fit, found: Occurrences) -> tuple[float, float, float]:
    """Return cosine of the motifs (0 without a match), and F1 of the occurrences within 2 bins.

    F1 is that of motifs with a match, and that where occurrences of the others are false.
    """
    known, length = drawn.occurrences, drawn.motifs.motif_length
    heavy = LEAST_SHARE * np.quantile(found.weight, 0.9) if len(found) else 0.0
    kept = keep_occurrences(found, found.weight > heavy)
    reached = evaluate_occurrences(
        kept,
        Truth(
            document=known.document.astype(np.int64),
            label=tuple(str(motif) for motif in known.motif),
            start_s=known.start_s,
            end_s=np.full(len(known), np.nan),
        ),
        n_motifs=len(fit.motifs),
        n_documents=drawn.table.n_documents,
        longest_offset_s=float(length),
        tolerance_s=2.0,
    ).overall
    match = match_motifs(drawn.motifs.probability, fit.motifs.probability)
    cosine = float(match.cosine.sum()) / len(drawn.motifs)
    return cosine, reached.f1, 2 * reached.recall * len(known) / (len(kept) + len(known))


def simulate_size(size: str, noise: float, seed: int, **more: Any) -> Simulation:
    """Return a simulation of a size of the bench."""
    return simulate(**SIZES[size], noise=noise, seed=seed, **more)


def peak_mb() -> float:
    """Return the peak memory of this process, MiB; that of `getrusage` begins with the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
