"""p-values of motifs in data that they were not learned from."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motifmine.analysis.candidates import Candidates
from motifmine.analysis.chance_level import label_events, recurrence_p_values, size_p_value
from motifmine.analysis.score_tables import CHANCE_SCORE
from motifmine.records.fit import MotifSet
from motifmine.seeding import Stream, generator
from motifmine.types import Floats

LEVEL = 0.02
"""Probability that any motif is reported where there are none (family-wise error rate)."""
FEW = 10
"""Occurrences of a motif below which they are few,"""
SAME_TOSSES = 0.13
"""and the probability that three tosses of a coin are the same as one before: enough for what
occurs a few times, if these are larger than chance."""
LABELS, SIZES = 1, 4
"""Numbers of the random streams of detection, next to those of `significance`."""


def p_values_of(
    found: Candidates,
    motifs: MotifSet,
    seed: int,
    *,
    n_orders: int = 1,
    in_order: NDArray[np.bool_] | None = None,
) -> Floats:
    """Return the p-value of every motif in data that it was not learned from.

    That of a motif without order in time is 1: its decoys are as good.

    Parameters
    ----------
    found : Candidates
        Of K motifs and their decoys.
    motifs : MotifSet
    n_orders : int
        See `recurrence_p_values`.
    in_order : bool array (K,) or None
        Motifs whose words surely have an order in time, so that they need not surpass decoys that
        keep what comes together; see `motifmine.analysis.common_instants.are_in_order`.
    """
    has_whole, both = found.n_whole > 0, found.n_copies > found.n_whole
    both &= has_whole
    if not both.any():
        return _p_values(found, motifs, seed, n_orders)
    # decoys that keep what comes together break what each word does alone, the others break what
    # comes together: chance has both, so a motif must surpass either
    whole = found.keep(has_whole & (found.copy <= found.n_whole))
    whole = replace(whole, n_copies=whole.n_whole)
    others = replace(
        found,
        copy=np.where(both, np.maximum(found.copy - found.n_whole, 0), found.copy),
        n_copies=np.where(both, found.n_copies - found.n_whole, found.n_copies),
    ).keep(~both | (found.copy == 0) | (found.copy > found.n_whole))
    p_value = _p_values(others, motifs, seed, n_orders)
    alone = _p_values(whole, motifs, seed, n_orders)
    of_motif = np.bincount(whole.of_motifs().motif, minlength=len(motifs))
    n_whole = np.zeros(len(motifs), dtype=np.int64)
    np.maximum.at(n_whole, whole.occurrences.motif, whole.n_copies)
    # a few tosses of a coin cannot be rarer than the level, but can all be the same, and what comes
    # up must be larger than chance. Both are conditions in addition to the other decoys, and not
    # corrected for the number of motifs, which five occurrences would hardly meet. With opposites a
    # few events can be rarer
    enough = np.where(of_motif < FEW, SAME_TOSSES, LEVEL)
    is_met = (alone <= enough) & (n_whole == 1)
    if is_met.any():
        is_met &= n_orders * _size_p_values(whole, found, motifs, seed) <= LEVEL
    alone[is_met] = 0
    if in_order is not None:
        alone[in_order] = 0
    tested = np.unique(whole.occurrences.motif)
    p_value[tested] = np.maximum(p_value, alone)[tested]
    return p_value


def _size_p_values(whole: Candidates, found: Candidates, motifs: MotifSet, seed: int) -> Floats:
    """Return the probability that chance gives events as large as those of each motif, (K,).

    Parameters
    ----------
    whole : Candidates
        Of motifs and their reverses.
    found : Candidates
        Of all decoys, too.
    """
    everyone = _sizes_of_events(found, motifs.usual_length)
    decoys = [size for (_, copy), size in everyone.items() if copy > 0]
    usual = float(np.concatenate([*decoys, [CHANCE_SCORE]]).mean())
    of_whole = _sizes_of_events(whole, motifs.usual_length)
    rng, none = generator(seed, Stream.DETECTION, SIZES), np.zeros(0)
    return np.array(
        [
            size_p_value(of_whole.get((k, 0), none), of_whole.get((k, 1), none), usual, rng)
            for k in range(len(motifs))
        ]
    )


def _sizes_of_events(found: Candidates, length: int) -> dict[tuple[int, int], Floats]:
    """Return the evidence in each event by motif and copy, 0 for the motif itself."""
    peaks = found.occurrences
    motif = peaks.motif.astype(np.int64)
    document, start = (n.astype(np.int64) for n in (peaks.document, peaks.start_bin))
    event = label_events(motif, found.fold, document, start, length)
    sizes: dict[tuple[int, int], Floats] = {}
    for k, copy in np.unique(np.stack([motif, found.copy]), axis=1).T.tolist():
        mine = (motif == k) & (found.copy == copy)
        of_event = np.bincount(event[mine], np.maximum(peaks.score[mine], 0.0))
        sizes[k, copy] = of_event[of_event > 0].astype(np.float64)
    return sizes


def _p_values(found: Candidates, motifs: MotifSet, seed: int, n_orders: int) -> Floats:
    peaks = found.occurrences
    motif = peaks.motif.astype(np.int64)
    # of many decoys each has its own chance at every peak; busy scenes have no more events than a
    # few, which would never show that motifs of many sure occurrences recur
    event = len(motif) + np.arange(len(motif))
    single = found.n_copies == 1
    event[single] = label_events(
        motif[single],
        found.fold[single],
        peaks.document[single],
        peaks.start_bin[single],
        motifs.usual_length,
    )
    return recurrence_p_values(
        peaks.score,
        motif,
        found.copy,
        n_copies=found.n_copies,
        fold=found.fold,
        event=event,
        n_motifs=len(motifs),
        n_orders=n_orders,
        rng=generator(seed, Stream.DETECTION, LABELS),
    )
