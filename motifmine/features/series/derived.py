"""Channels that others give: the same quantity in another unit, or the sum of others."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motifmine.features.series.raw_facts import RawFacts
from motifmine.features.series.sample import SeriesSample
from motifmine.types import Floats

MOST_ROWS = 5000
ROWS_PER_CHANNEL = 20  # fewer rows can be met by chance
# share of a channel's variance that others leave, below which it is derived from them: rounding of
# a second unit leaves about this
LEAST_LEFT = 5e-4


def drop_derived(
    sample: SeriesSample, facts: RawFacts, channels: Sequence[str]
) -> tuple[SeriesSample, list[str]]:
    """Return the sample without values of derived channels, which get no words, and notes."""
    derived, notes = find_derived(sample.value, ~(facts.is_state | facts.is_count), channels)
    if not derived.any():
        return sample, notes
    return replace(sample, value=np.where(derived, np.float32(np.nan), sample.value)), notes


def find_derived(
    value: NDArray[np.floating], is_measured: NDArray[np.bool_], channels: Sequence[str]
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which channels follow from earlier ones by a linear equation, and notes on them.

    Parameters
    ----------
    value : float array (T, channel)
    is_measured : bool array (channel,)
        States and counts are not looked at: few values agree too easily.
    """
    derived = np.zeros(len(channels), np.bool_)
    notes: list[str] = []
    columns = np.flatnonzero(is_measured)
    rows = value[np.isfinite(value[:, columns]).all(axis=1)].astype(np.float64)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).astype(int)]
    if len(rows) < ROWS_PER_CHANNEL * (len(columns) + 1):
        return derived, notes
    centred: Floats = rows - rows.mean(axis=0)
    scale = centred.std(axis=0)
    used: list[int] = []
    for column in columns[scale[columns] > 0].tolist():
        target = centred[:, column] / scale[column]
        base = centred[:, used] / scale[used]
        weights = np.linalg.lstsq(base, target, rcond=None)[0]
        if float(np.square(target - base @ weights).mean()) >= LEAST_LEFT:
            used.append(column)
            continue
        derived[column] = True
        of = [channels[used[at]] for at in np.flatnonzero(np.abs(weights) > 0.01)]
        notes.append(f"channel {channels[column]!r} follows from {', '.join(of)}: without words")
    return derived, notes
