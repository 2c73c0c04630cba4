"""Occurrences from activations: peaks with weight and score."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motifmine.kernels.likelihood import Observed, Stretches, compute_rates, score_occurrences
from motifmine.records.fields import select_entries
from motifmine.records.fit import (
    Activations,
    Background,
    MotifSet,
    Occurrences,
    make_dense_activation,
    separate_tempos,
)
from motifmine.records.start_layout import (
    StartLayout,
    compute_background_rates,
    make_phi,
    start_layout,
)
from motifmine.records.table import ObservationTable
from motifmine.records.tempo import starts_of_motifs
from motifmine.types import Floats, Floats32, Indices

SPREAD_BINS = 1  # neighbouring start bins that belong to one occurrence, on each side
APART_BINS = 2
# of peaks of one motif that are this close, or closer than this part of its length, only the
# highest is an occurrence: the others mend a pace that differs from the motif's
APART_SHARE = 4
FLOOR = 1e-3  # share of the observations that the rest of the model could always explain by chance


def find_occurrences(
    table: ObservationTable,
    motifs: MotifSet,
    background: Background,
    activations: Activations,
    *,
    is_gathered: bool = False,
) -> Occurrences:
    """Return the occurrences of activations.

    An occurrence is where the mass of a motif, summed over `SPREAD_BINS` start bins on each side,
    is a local maximum. Its weight is that sum, its score the log-likelihood ratio (nats) of the
    model with and without it.

    Parameters
    ----------
    table : ObservationTable
        The observations the activations were inferred from.
    motifs, background, activations
        A fit, or motifs and what `transform` returned.
    is_gathered : bool
        See `motifmine.models.protocol.Located`.
    """
    layout = start_layout(table, motifs.motif_length)
    n_tempos = 1 if motifs.tempos is None else len(motifs.tempos)
    separate, active = separate_tempos(motifs, activations)
    activation = make_dense_activation(layout, active, len(separate))
    # on a path of six seconds cars follow one another by one: what mends a pace is gathered there
    share = 0 if is_gathered else motifs.usual_length // APART_SHARE
    apart = max(APART_BINS, share)
    row, motif, weight = _find_peaks(layout, _together(activation, n_tempos), apart)
    column, tempo = motif, None
    if motifs.tempos is not None:
        column, weight = _gather_at_tempo(layout, activation, row, motif, n_tempos, apart // 2)
        tempo = motifs.tempos[column % n_tempos]
    score = _score(layout, separate, background, activation, row, column)
    document, start_bin = layout.start_of_row(row)
    order = np.lexsort((motif, start_bin, document))
    return Occurrences(
        document=document[order].astype(np.int32),
        start_bin=start_bin[order].astype(np.int32),
        start_s=start_seconds(table, document[order], start_bin[order]),
        motif=motif[order].astype(np.int32),
        weight=weight[order],
        score=score[order],
        tempo=None if tempo is None else tempo[order],
    )


def _together(activation: Floats32, n_tempos: int) -> Floats32:
    """Return the mass of motifs at all tempos together, float32 (R, K)."""
    return activation if n_tempos == 1 else starts_of_motifs(activation, n_tempos)


def _gather_at_tempo(
    layout: StartLayout,
    activation: Floats32,
    row: Indices,
    motif: Indices,
    n_tempos: int,
    reach: int,
) -> tuple[Indices, Floats]:
    """Return the column of each peak at the tempo of most of its mass, and the mass around it.

    A start a few bins later at a slower tempo explains nearly the same, and inference spreads the
    mass of an occurrence over both. All that is within `reach` bins is moved to the peak, in place:
    an occurrence has one start and one tempo, and its score is that of all its mass.
    """
    best, weight = np.zeros(len(row), np.int64), np.zeros(len(row))
    document, _ = layout.start_of_row(row)
    first, end = layout.document_rows[document], layout.document_rows[document + 1]
    for i, (peak, a, b) in enumerate(zip(row, first, end, strict=True)):
        around = activation[max(peak - reach, a) : min(peak + reach + 1, b)]
        tempos = slice(motif[i] * n_tempos, (motif[i] + 1) * n_tempos)
        at_peak = activation[max(peak - SPREAD_BINS, a) : min(peak + SPREAD_BINS + 1, b), tempos]
        best[i] = tempos.start + at_peak.sum(axis=0).argmax()
        weight[i] = around[:, tempos].sum()
        around[:, tempos] = 0
        activation[peak, best[i]] = weight[i]
    return best, weight


def _find_peaks(
    layout: StartLayout, activation: Floats32, apart: int
) -> tuple[Indices, Indices, Floats]:
    """Return start row, motif and weight of every peak, documents kept apart."""
    rows, motifs, weights = [], [], []
    for first, last in zip(layout.document_rows[:-1], layout.document_rows[1:], strict=True):
        mass = activation[first:last].astype(np.float64)
        total = _sum_of_neighbours(mass)
        among_highest = total >= _highest_near(total, apart) * (1 - 1e-9)
        # of neighbours with equal sums the one that holds most mass itself is the peak
        own = np.where(among_highest & (total > 0), mass, -1.0)
        row, motif = np.nonzero((own >= 0) & (own >= _highest_near(own, apart)))
        rows.append(row + first)
        motifs.append(motif)
        weights.append(total[row, motif])
    return np.concatenate(rows), np.concatenate(motifs), np.concatenate(weights)


def _sum_of_neighbours(mass: Floats) -> Floats:
    """Return the sums over `SPREAD_BINS` on each side; not a running sum, which would round."""
    total = mass.copy()
    for by in range(1, SPREAD_BINS + 1):
        total[by:] += mass[:-by]
        total[:-by] += mass[by:]
    return total


def _highest_near(value: Floats, apart: int) -> Floats:
    from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 (slow to import)

    highest: Floats = maximum_filter1d(value, 2 * apart + 1, axis=0, mode="constant", cval=-np.inf)
    return highest


def join_occurrences(parts: Sequence[Occurrences]) -> Occurrences:
    """Return the occurrences of several parts, one after the other.

    What is not known of one of the parts is not known of all.
    """
    columns: dict[str, Any] = {}
    for item in fields(Occurrences):
        values = [getattr(part, item.name) for part in parts]
        is_known = all(value is not None for value in values)
        columns[item.name] = np.concatenate(values) if is_known else None
    return Occurrences(**columns)


def rank_by_weight(found: Occurrences, n_motifs: int, most: int) -> tuple[Indices, Indices]:
    """Return the heaviest occurrences of each motif, and which of its motif each one is.

    Two int64 arrays (n,): indices, by motif and the heaviest first, and ranks from 0.

    Parameters
    ----------
    found : Occurrences
    n_motifs : int
    most : int
        Occurrences of each motif.
    """
    chosen = []
    for motif in range(n_motifs):
        mine = np.flatnonzero(found.motif == motif)
        if len(mine) > most:
            # of a year there are millions, which take long to sort
            mine = np.sort(mine[np.argpartition(-found.weight[mine], most)[:most]])
        chosen.append(mine[np.argsort(-found.weight[mine], kind="stable")])
    ranks = [np.arange(len(mine)) for mine in chosen]
    nothing = np.zeros(0, np.int64)
    return np.concatenate([nothing, *chosen]), np.concatenate([nothing, *ranks])


def keep_occurrences(occurrences: Occurrences, keep: NDArray[np.bool_]) -> Occurrences:
    """Return the occurrences marked by `keep`."""
    return select_entries(occurrences, "occurrence", keep)


def _rates(layout: StartLayout, motifs: MotifSet, base: Floats32, activation: Floats32) -> Floats:
    rates: Floats = compute_rates(
        layout.bin_row, layout.offsets, layout.word, base, activation, make_phi(motifs.probability)
    )
    return rates


def _score(
    layout: StartLayout,
    motifs: MotifSet,
    background: Background,
    activation: Floats32,
    row: Indices,
    motif: Indices,
) -> Floats:
    """Return the log-likelihood ratio of every peak, nats."""
    even = np.full(motifs.n_words, 1 / motifs.n_words, dtype=np.float32)
    base = compute_background_rates(layout, FLOOR, even) + compute_background_rates(
        layout, background.weight, background.probability
    )
    document, _ = layout.start_of_row(row)
    scores: Floats = score_occurrences(
        Stretches(
            np.maximum(row - SPREAD_BINS, layout.document_rows[document]),
            np.minimum(row + SPREAD_BINS + 1, layout.document_rows[document + 1]),
            motif,
        ),
        Observed(layout.bin_row, layout.offsets, layout.word, layout.count),
        _rates(layout, motifs, base, activation),
        activation,
        motifs.probability,
    )
    return scores


def start_seconds(table: ObservationTable, document: Indices, start_bin: Indices) -> Floats:
    """Return start bins in seconds of their recordings, clipped to the recording.

    Parameters
    ----------
    document, start_bin : int arrays (N,)
    """
    edges = table.document_offsets
    bin_start_s = np.concatenate([np.zeros(0), *(r.bin_start_s for r in table.recordings)])
    inside = np.clip(start_bin, 0, np.diff(edges)[document] - 1)
    start_s: Floats = bin_start_s[edges[document] + inside]
    return start_s
