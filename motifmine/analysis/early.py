"""How likely an occurrence is while it goes on, from its score so far, calibrated on held-out data.

The score of a start that has shown part of its motif says less than that of a complete one, and a
posterior from the model alone is too sure. So the filter runs through the fit's own documents, each
stretch with motifs less what they owe to it; how often a start of some score becomes one of the
fit's occurrences, by the share of the motif that was shown, is the probability.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import isotonic_regression

from motifmine.analysis.filtering import MotifFilter, StartPrior
from motifmine.analysis.held_out_motifs import leave_out_folds
from motifmine.analysis.live_occurrences import OccurrenceDecider
from motifmine.analysis.occurrences import FLOOR
from motifmine.records.fields import axes
from motifmine.records.fit import FitRecord
from motifmine.records.table import ObservationTable
from motifmine.types import Floats, Indices

N_GROUPS = 10  # groups of the share that was shown
N_KNOTS = 60  # scores of a group whose probability is kept
WITHIN_BINS = 2  # distance of a start from the occurrence that it becomes
ENOUGH_BINS = 20_000  # bins of the fit's documents that are looked at, the first ones


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EarlyScale:
    """Probability that a start becomes an occurrence, by score so far and share shown."""

    score: Floats = field(metadata=axes("share shown, knot", "nats"))
    """Ascending, float64 array (groups, knots)."""
    probability: Floats = field(metadata=axes("share shown, knot"))
    """Not descending, float64 array (groups, knots)."""

    def look_up(self, shown: Floats, score: Floats) -> Floats:
        """Return the probability of starts, float64 array (n,)."""
        group = _group(shown)
        found = [
            np.interp(value, self.score[g], self.probability[g])
            for g, value in zip(group, score, strict=True)
        ]
        return np.array(found, dtype=np.float64)


def _group(shown: Floats) -> Indices:
    return np.clip(shown * N_GROUPS, 0, N_GROUPS - 1).astype(np.int64)


def calibrate_early(record: FitRecord, table: ObservationTable) -> EarlyScale:
    """Return the scale of a fit from its own documents."""
    parts = []
    # a bin of several documents has the number of its own
    first = table.document_offsets
    is_start = np.zeros((table.n_times, len(record.motifs)), dtype=np.bool_)
    found = record.occurrences
    inside = found.start_bin >= 0
    is_start[first[found.document[inside]] + found.start_bin[inside], found.motif[inside]] = True
    near = is_start.copy()
    for by in range(1, WITHIN_BINS + 1):
        near[by:] |= is_start[:-by]
        near[:-by] |= is_start[by:]
    prior, usual = StartPrior.of_record(record), MotifFilter.of_record(record).background
    folds = leave_out_folds(table, record.motifs, record.background, record.activations, 0.03)
    for fold in folds:
        if fold.first >= ENOUGH_BINS:
            break
        shape = fold.background.probability.astype(np.float64)
        background = usual.sum() * ((1 - FLOOR) * shape + FLOOR / len(shape))
        online = MotifFilter(fold.motifs, prior, background)
        decider = OccurrenceDecider(online, np.inf)
        for row in range(fold.first, fold.end):
            if row in first:
                online.reset()
            part = slice(table.offsets[row], table.offsets[row + 1])
            online.step(table.word[part], table.count[part])
            start, motif, score, shown = decider.going_on()
            at = row + 1 - online.state.n_bins + start
            keep = at >= fold.first
            parts.append(
                np.stack([shown[keep], score[keep], near[at[keep], motif[keep]]]).astype(np.float64)
            )
    shown, score, label = np.concatenate([np.zeros((3, 0)), *parts], axis=1)
    return _fit_scale(shown, score, label)


def _fit_scale(shown: Floats, score: Floats, label: Floats) -> EarlyScale:
    """Return the isotonic regression of labels on scores in every group."""
    group = _group(shown)
    knots, probability = np.zeros((2, N_GROUPS, N_KNOTS))
    for g in range(N_GROUPS):
        mine = group == g
        order = np.argsort(score[mine], kind="stable")
        x, y = score[mine][order], label[mine][order]
        knots[g] = np.arange(N_KNOTS)
        if len(x) < 2:
            continue
        blocks = isotonic_regression(y).blocks
        number = np.diff(blocks)
        # half an occurrence and half a false one: a few starts cannot make anything certain
        share = (np.add.reduceat(y, blocks[:-1]) + 0.5) / (number + 1)
        share = np.maximum.accumulate(share)
        knots[g] = np.quantile(x, np.linspace(0, 1, N_KNOTS))
        at = np.searchsorted(x, knots[g], side="right") - 1
        probability[g] = np.repeat(share, number)[np.maximum(at, 0)]
    return EarlyScale(score=knots, probability=probability)
