"""Words of series whose channels are of different kinds: measurements, counts and states.

Every channel has three words, of which a kind may leave some unused:

rectified  above and below its centre, count = 2 |value - centre| / deviation.
counts     the value, in its unit.
state      is there (the share of the bin, times 2), begins, ends (4 each). Of a state that is there
           most of the time, and of one that is always the contrary of another, only what is rare
           gets words.
steps      is at its first, second or third step above rest (2 each), see
           `motifmine.features.series.steps`.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from motifmine.records.vocabulary import Channels
from motifmine.types import Floats, Floats32

PER_CHANNEL = 3
RECTIFIED, COUNTS, STATE, UNUSED, STEPS = range(5)
KINDS = ("rectified", "counts", "state", "unused", "steps")
EDGES = [1, 2, 4]
"""Columns of the coding with the edges of steps: after the kind, two numbers and the window of a
trend, which all mixed codings may have, those with steps have a fifth column."""
# observations of a bin that a state fills: as of a deviation by one standard deviation
SPENT_COUNT = 2.0
CHANGE_COUNT = 4.0  # observations of a change: as much as two bins of the state, for it says when
# share of the time above which a state is what is usual, and only its changes are words
MOST_SPENT = 0.5
USUAL_LARGEST = 8.0  # count of the 90 % quantile of counts that are scaled since they are larger


def learn_states(value: Floats32, channels: Sequence[str], kinds: Floats) -> Floats:
    """Return the weights of the words of states, (channel, 2): time spent, changes.

    Parameters
    ----------
    value : float32 array (n, channel)
        Share of each bin, NaN where unknown.
    kinds : float array (channel,)
    """
    weight = np.zeros((len(channels), 2))
    seen: set[str] = set()
    for index, name in enumerate(channels):
        known = value[:, index][np.isfinite(value[:, index])]
        if kinds[index] != STATE or not len(known) or known.min() == known.max():
            continue
        weight[index, 0] = SPENT_COUNT if known.mean() <= MOST_SPENT else 0.0
        sensor, _, state = name.rpartition("=")
        siblings = [other for other in channels if other.startswith(f"{sensor}=")] if state else []
        # where one of two states begins the other ends: the same changes twice
        is_second = len(siblings) == 2 and sensor in seen
        weight[index, 1] = 0.0 if is_second else CHANGE_COUNT
        seen.add(sensor)
    return weight


def fill_states(value: Floats32, channels: Sequence[str]) -> Floats32:
    """Return values in which a state is 0 where another state of its sensor is known.

    A state that came up later was not there before. Names of states are `sensor=state`.
    """
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(channels):
        sensor, _, state = name.rpartition("=")
        if state and sensor:
            groups.setdefault(sensor, []).append(index)
    filled = value
    for columns in groups.values():
        part = value[:, columns]
        gaps = np.isnan(part) & ~np.isnan(part).all(axis=1, keepdims=True)
        if gaps.any():
            filled = filled.copy() if filled is value else filled
            filled[:, columns] = np.where(gaps, np.float32(0), part)
    return filled


def scale_counts(value: Floats32) -> float:
    """Return the unit of a channel of counts: 1, or more if its values would drown the others."""
    known = value[np.isfinite(value) & (value > 0)]
    large = float(np.quantile(known, 0.9)) if len(known) else 0.0
    return max(1.0, large / USUAL_LARGEST)


def label_mixed(layout: Channels) -> list[str]:
    """Return the label of every word."""
    labels: list[str] = []
    for name, unit, row in zip(layout.channels, layout.units, layout.coding, strict=True):
        kind, first, trend = row[0], row[1], row[3:4]
        end = f" {unit}" if unit else ""
        if kind == STEPS:
            edges = [f"{edge:.4g}" for edge in row[EDGES] if np.isfinite(edge)]
            labels += [f"{name} {low}..{high}{end}" for low, high in pairwise(edges)]
            labels.append(f"{name} >= {edges[-1]}{end}")
            labels += [f"{name} (no word)"] * (PER_CHANNEL - len(edges))
        elif kind == RECTIFIED:
            centre = "its trend" if any(trend) else f"{first:.4g}{end}"
            labels += [f"{name} {side} {centre}" for side in ("above", "below")]
            labels.append(f"{name} (no word)")
        elif kind == COUNTS:
            labels += [name, f"{name} (no word)", f"{name} (no word 2)"]
        else:
            is_named = "=" in name
            labels.append(name if is_named else f"{name}=1")
            labels += [f"{labels[-1]} {what}" for what in ("begins", "ends")]
    return labels


def encode_mixed(value: Floats, layout: Channels, per_deviation: float, most: float) -> Floats:
    """Return the counts of all words, float64 array (T, channel, 3); NaN where unknown.

    Parameters
    ----------
    value : float array (T, channel)
    per_deviation : float
        Observations of a standard deviation.
    most : float
        Standard deviations at which measurements are clipped.
    """
    kinds, first, second = layout.coding.T[:3]
    count = np.zeros((*value.shape, PER_CHANNEL))
    mine = kinds == RECTIFIED
    deviation = np.clip((value[:, mine] - first[mine]) / second[mine], -most, most)
    count[:, mine, 0], count[:, mine, 1] = per_deviation * deviation, -per_deviation * deviation
    mine = kinds == COUNTS
    count[:, mine, 0] = (value[:, mine] - first[mine]) / second[mine]
    mine = kinds == STEPS
    if mine.any():
        step = value[:, mine, None] >= layout.coding[mine][:, EDGES]
        step[:, :, :-1] &= ~step[:, :, 1:]
        count[:, mine] = SPENT_COUNT * step
    mine = kinds == STATE
    state = value[:, mine]
    before = np.concatenate([state[:1], state[:-1]])
    count[:, mine, 0] = state * first[mine]
    # a short visit to a state is less than a bin: it begins in the bin where it is seen
    count[:, mine, 1] = ((state > 0) & (before == 0)) * second[mine]
    count[:, mine, 2] = ((state == 0) & (before > 0)) * second[mine]
    return count
