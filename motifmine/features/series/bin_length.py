"""Default length of the time bins of a series."""

import math
from collections.abc import Sequence

import numpy as np

from motifmine.kernels.order_in_time import measure_order
from motifmine.types import Floats, Indices

# default number of samples per bin, for series with more than one sample per second
SAMPLES_PER_BIN = 5
MOST_COARSER = 1.9  # ratio to these samples from which bins are rounded down
SPECTRA_PER_BIN = 2
FINER_SAMPLES = 2  # samples per bin where five hide what recurs
LONGEST_S = 1.0  # default bin of series with more than one sample per second at most
BINS_PER_EVENT = 10  # default mean distance of events of one label, bins
FINER = 16  # parts of the default bin in which the order of events is looked for
MOST_BINS = 1 << 15  # of these parts, from the first event on
MOST_LABELS = 64
BINS_PER_LENGTH = 20  # bins up to the longest lag at which events have an order
BINS_PER_LAG = 1.5  # bins up to the shortest


def choose_bin_s(period_s: float, units: Sequence[str] = ()) -> float:
    """Return the default length of a time bin for a sampling period, seconds.

    Examples
    --------
    >>> [choose_bin_s(period) for period in (1 / 360, 1 / 200, 0.02, 0.5, 1.0, 300.0)]
    [0.02, 0.02, 0.1, 1.0, 1.0, 300.0]
    """
    if not period_s > 0:
        return LONGEST_S
    if units and all(unit == "dB" for unit in units):
        return round_up(SPECTRA_PER_BIN * period_s)
    if period_s < LONGEST_S:
        # a logger of 2 Hz has no coarser bins than one of 1 Hz
        above = round_up(SAMPLES_PER_BIN * period_s)
        # from 2 to 5 is far: of 200 Hz, ten samples would hide what lasts a tenth of a second
        is_far = above > MOST_COARSER * SAMPLES_PER_BIN * period_s
        return min(round_up(above / 2.5) if is_far else above, LONGEST_S)
    # slow loggers: one sample a bin, without the rounding errors of their clocks
    return float(f"{period_s:.6g}")


def find_finer_bin_s(period_s: float, units: Sequence[str] = ()) -> float | None:
    """Return the shorter bin that may suit better than the default, seconds; None if there is none.

    Examples
    --------
    >>> [find_finer_bin_s(period) for period in (1 / 360, 0.02, 0.1, 0.5, 1.0)]
    [0.01, 0.05, 0.2, None, None]
    """
    usual_s = choose_bin_s(period_s, units)
    is_sound = bool(units) and all(unit == "dB" for unit in units)
    if is_sound or not 0 < period_s < LONGEST_S:
        return None
    finer_s = round_up(FINER_SAMPLES * period_s)
    return finer_s if finer_s < usual_s else None


def choose_event_bin_s(time_s: Floats, label: Indices, n_labels: int) -> float:
    """Return the default length of a time bin of events, seconds.

    It follows from how far apart events of one label are, unless labels follow one another in a
    fixed order on a time scale that such bins would hide.

    Parameters
    ----------
    time_s : float64 array (n,)
        Ascending.
    label : int64 array (n,)
        Index of the label of each event.
    n_labels : int
        Number of labels.
    """
    if len(time_s) < 2 or time_s[-1] <= time_s[0]:
        return LONGEST_S
    # per label: many labels together are dense although each is rare
    usual_s = round_up((time_s[-1] - time_s[0]) * max(n_labels, 1) / len(time_s) / BINS_PER_EVENT)
    part_s = usual_s / FINER
    row = ((time_s - time_s[0]) / part_s).astype(np.int64)
    n_rows = int(min(row[-1] + 1, MOST_BINS))
    frequent = np.argsort(-np.bincount(label, minlength=n_labels), kind="stable")[:MOST_LABELS]
    column = np.full(n_labels, -1)
    column[frequent] = np.arange(len(frequent))
    kept = (row < n_rows) & (column[label] >= 0)
    counts = np.zeros((n_rows, len(frequent)), np.float32)
    np.add.at(counts, (row[kept], column[label[kept]]), 1)
    # motifs that go on further are not hidden by the usual bins
    longest = min(2 * BINS_PER_LENGTH * FINER, n_rows // 5)
    span = measure_order(np.sqrt(counts), (0, n_rows), longest).span() if longest else None
    if span is None or span[1] >= BINS_PER_LENGTH * FINER:
        return usual_s
    finer = min(span[0] / BINS_PER_LAG, span[1] / BINS_PER_LENGTH)
    return min(usual_s, round_up(part_s * finer))


def round_up(value: float) -> float:
    """Round up to a number of the series 1, 2, 5, 10, ..., with a tolerance of 1 %."""
    power = math.floor(math.log10(value))
    # round numbers, so that bins of sources of nearly the same rate are the same
    steps = (m * 10.0**p for p in (power, power + 1) for m in (1, 2, 5))
    return float(f"{next(step for step in steps if step >= 0.99 * value):.6g}")
