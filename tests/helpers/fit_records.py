"""Small fits made by hand, for tests of whatever shows them."""

import numpy as np
from numpy.typing import ArrayLike

from motifmine.records.fit import (
    Activations,
    Background,
    FitRecord,
    MotifSet,
    Occurrences,
    Provenance,
    Trace,
)
from motifmine.records.settings import FitSpec, Preparation
from motifmine.records.table import Recording, bin_starts
from motifmine.records.vocabulary import FlowGrid, Vocabulary
from motifmine.types import Floats32, Pixels

LENGTH = 8
BIN_S = 0.25


def occurrences_at(
    start: ArrayLike,
    motif: ArrayLike = 0,
    *,
    document: ArrayLike = 0,
    weight: ArrayLike = 1.0,
    score: ArrayLike = 1.0,
    bin_s: float = 1.0,
) -> Occurrences:
    """Return occurrences that start in these bins; what is one number holds for all of them."""
    columns = np.broadcast_arrays(document, start, motif, weight, score)
    documents, start_bin, motifs, weights, scores = (np.array(column) for column in columns)
    return Occurrences(
        document=documents.astype(np.int32),
        start_bin=start_bin.astype(np.int32),
        start_s=start_bin * bin_s,
        motif=motifs.astype(np.int32),
        weight=weights.astype(np.float64),
        score=scores.astype(np.float64),
    )


def lane_record(
    *,
    names: tuple[str, ...] = ("north", "south"),
    start_utc: str = "",
    occurrences: tuple[tuple[int, int, int], ...] = ((0, -3, 0), (0, 5, 1), (1, 2, 0), (1, 30, 0)),
) -> FitRecord:
    """Return a fit of two lanes: motif 0 runs right along row 2, motif 1 down column 9.

    `occurrences` are (document, start bin, motif).
    """
    grid = FlowGrid(
        rows=8, columns=12, directions=8, cell_px=8, frame_width=96, frame_height=64, static=True
    )
    phi = np.zeros((2, LENGTH, grid.n_words), dtype=np.float32)
    for time in range(LENGTH):
        phi[0, time, (2 * grid.columns + time) * 8] = 1
        phi[1, time, (time * grid.columns + 9) * 8 + 2] = 1
    return _record(phi, Vocabulary.of_grid(grid), names, start_utc, occurrences, _road())


def label_record(*, labels: tuple[str, ...] = ("door", "lamp", "fan", "pump")) -> FitRecord:
    """Return a fit without a picture: motif 0 runs through the labels, motif 1 backward."""
    phi = np.zeros((2, LENGTH, len(labels)), dtype=np.float32)
    for time in range(LENGTH):
        word = time * len(labels) // LENGTH
        phi[0, time, word] = phi[1, time, len(labels) - 1 - word] = 1
    starts = ((0, 0, 0), (0, 9, 1))
    return _record(phi, Vocabulary.of_labels(labels), ("log",), "", starts, None)


def _record(
    phi: Floats32,
    vocabulary: Vocabulary,
    names: tuple[str, ...],
    start_utc: str,
    occurrences: tuple[tuple[int, int, int], ...],
    picture: Pixels | None,
) -> FitRecord:
    document, start, motif = np.array(occurrences, dtype=np.int32).reshape(-1, 3).T
    weight = np.arange(10, 10 + len(start), dtype=np.float64)
    return FitRecord(
        provenance=Provenance(
            motifmine_version="0.1.0",
            model="plsm",
            spec=FitSpec(
                settings={
                    "n_motifs": 2,
                    "motif_length": 8,
                    "iterations": 50,
                    "restarts": 4,
                    "tolerance": 1e-06,
                },
                preparation=Preparation(counts="sqrt", least_bins=1),
            ),
            seed=7,
            inputs=tuple((name, "0" * 64) for name in names),
            elapsed_s=1.5,
        ),
        motifs=MotifSet(
            probability=phi / phi.sum(axis=(1, 2), keepdims=True), weight=np.array([0.6, 0.3])
        ),
        background=Background(
            probability=np.full(phi.shape[2], 1 / phi.shape[2], dtype=np.float32), weight=0.1
        ),
        activations=Activations(
            offsets=np.zeros(len(names) + 1, dtype=np.int64),
            start=np.zeros(0, dtype=np.int32),
            motif=np.zeros(0, dtype=np.int32),
            mass=np.zeros(0, dtype=np.float32),
        ),
        occurrences=Occurrences(
            document=document,
            start_bin=start,
            start_s=(start * BIN_S).astype(np.float64),
            motif=motif,
            weight=weight,
            score=2 * weight,
        ),
        trace=Trace(
            iteration=np.arange(50),
            log_likelihood=-1000 / (1.0 + np.arange(50)),
            seconds=np.arange(50) / 10,
        ),
        log_likelihood=-20.0,
        n_observations=200.0,
        bin_s=BIN_S,
        vocabulary=vocabulary,
        recordings=tuple(
            Recording(name=name, bin_start_s=bin_starts(40, BIN_S), start_utc=start_utc)
            for name in names
        ),
        picture=picture,
    )


def _road() -> Pixels:
    """Return a grey picture of 64 x 96 with a bright road in row 2 and column 9 of the grid."""
    picture = np.full((64, 96, 3), 90, dtype=np.uint8)
    picture[16:24] = picture[:, 72:80] = 170
    return picture
