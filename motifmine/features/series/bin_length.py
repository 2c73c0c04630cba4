"""Default length of the time bins of a series."""

import math
from collections.abc import Sequence

# default number of samples per bin, for series with more than one sample per second
SAMPLES_PER_BIN = 5
SPECTRA_PER_BIN = 2


def choose_bin_s(period_s: float, units: Sequence[str] = ()) -> float:
    """Return the default length of a time bin for a sampling period, seconds.

    Examples
    --------
    >>> [choose_bin_s(period) for period in (1 / 360, 0.02, 1.0, 300.0)]
    [0.02, 0.1, 1.0, 300.0]
    """
    if not period_s > 0:
        return 1.0
    if units and all(unit == "dB" for unit in units):
        return round_up(SPECTRA_PER_BIN * period_s)
    if period_s < 1:
        return round_up(SAMPLES_PER_BIN * period_s)
    # slow loggers: one sample a bin, without the rounding errors of their clocks
    return float(f"{period_s:.6g}")


def round_up(value: float) -> float:
    """Round up to a number of the series 1, 2, 5, 10, ..., with a tolerance of 1 %."""
    power = math.floor(math.log10(value))
    # round numbers, so that bins of sources of nearly the same rate are the same
    steps = (m * 10.0**p for p in (power, power + 1) for m in (1, 2, 5))
    return float(f"{next(step for step in steps if step >= 0.99 * value):.6g}")
