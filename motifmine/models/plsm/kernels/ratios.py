"""What the dense and the live PLSM pass share: the background, and rates turned into ratios."""

from typing import NamedTuple

import numpy as np

from motifmine.kernels.jit import fast_kernel, inner_fast_kernel
from motifmine.kernels.selection import first_not_below
from motifmine.models.plsm.kernels.tiles import Ints, Reals, Singles, Table

FLOOR = np.float32(1e-30)
"""Rates up to this count as zero: nothing explains the observation. Far enough above the smallest
float32 that a count over a rate stays finite."""


class Background(NamedTuple):
    """The part of the rates that no motif gives: `scale[d] * rate[w]`."""

    rate: Singles
    """float32 array (W,), empty for no background."""
    scale: Singles
    """float32 array (D,)."""


@fast_kernel
def ratio(count: np.float32, rate: np.float32) -> np.float32:
    """Return count / rate, and 0 where nothing explains the observation."""
    if rate > FLOOR:
        return count / rate
    return np.float32(0)


@fast_kernel
def sweep_ratios(rate: Singles, counts: Singles, bits: Ints) -> tuple[float, float]:
    """Turn rates into ratios n / r; return sum n log r in nats, and the unexplained counts.

    Rates up to `FLOOR` enter the sum as `FLOOR`. The logarithm is that of the mantissa m in
    [sqrt(1/2), sqrt(2)), 2 atanh((m - 1) / (m + 1)) to 1e-10, plus exponent * log 2: a call of
    math.log would keep the loop from being vectorised.

    Parameters
    ----------
    rate : float32 array (n,), changed
    counts : float32 array (n,)
    bits : int32 array (n,), scratch
    """
    n = rate.shape[0]
    total = 0.0
    unexplained = 0.0
    mantissa = bits.view(np.float32)
    for i in range(n):
        r = max(rate[i], FLOOR)
        mantissa[i] = r
    for i in range(n):
        half = bits[i] - np.int32(0x3F3504F3)
        exponent = half >> np.int32(23)
        bits[i] = bits[i] - (exponent << np.int32(23))
        total += counts[i] * (np.float64(exponent) * 0.6931471805599453)
    for i in range(n):
        m = np.float64(mantissa[i])
        s = (m - 1.0) / (m + 1.0)
        z = s * s
        series = 1.0 + z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11)))))
        total += counts[i] * (2.0 * s * series)
    for i in range(n):
        r = rate[i]
        rate[i] = counts[i] / r if r > FLOOR else np.float32(0)
        total += r - r  # nan for rates that are not finite, which the logarithm above does not see
        unexplained += np.float64(counts[i] if r <= FLOOR else np.float32(0))
    return total, unexplained


@inner_fast_kernel
def sweep_background_rates(
    table: Table, bin0: int, bin1: int, background: Background, rate: Singles
) -> None:
    """Set the rates of the observations of bins bin0..bin1 to those of the background.

    Parameters
    ----------
    rate : float32 array (n,), changed
    """
    first = table.offsets[bin0]
    d = first_not_below(table.first_row, table.bin_row[bin0] + 1, 0, len(table.first_row)) - 1
    for b in range(bin0, bin1):
        while table.bin_row[b] >= table.first_row[d + 1]:
            d += 1
        for i in range(table.offsets[b], table.offsets[b + 1]):
            rate[i - first] = background.scale[d] * background.rate[table.word[i]]


@inner_fast_kernel
def sweep_background_counts(
    table: Table,
    bin0: int,
    bin1: int,
    background: Background,
    weight: Singles,
    words: Reals,
    documents: Reals,
) -> None:
    """Add the expected counts of the background, n * b / r, by word and by document.

    Parameters
    ----------
    weight : float32 array (n,)
        Ratios n / r of the observations of bins bin0..bin1.
    words : float64 array (W,), changed
    documents : float64 array (>= D,), changed
    """
    first = table.offsets[bin0]
    d = first_not_below(table.first_row, table.bin_row[bin0] + 1, 0, len(table.first_row)) - 1
    for b in range(bin0, bin1):
        while table.bin_row[b] >= table.first_row[d + 1]:
            d += 1
        mass = 0.0
        for i in range(table.offsets[b], table.offsets[b + 1]):
            w = table.word[i]
            x = np.float64(weight[i - first] * background.scale[d] * background.rate[w])
            words[w] += x
            mass += x
        documents[d] += mass
