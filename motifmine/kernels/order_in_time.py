"""At which lags words follow one another in a fixed order.

For words `a` and `b`, how often `b` comes within a band of lags after `a`, less how often it comes
as long before, is 0 on average where time has no direction: for rates that rise and fall, for what
comes together, and for words that only depend on their own past. Its variance follows from the
autocovariances of the two (Bartlett 1935), without copies drawn by chance. All bands of lags come
from one Fourier transform, for a band is an odd filter.

Of words that occur a few times in all, two that meet twice are many standard deviations from what
is expected. So the variance is raised to the geometric mean with the sum of squares that was seen,
by which `n` meetings of which `m` are expected count for about the root of their Poisson deviance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.fft import next_fast_len, rfft, rfftfreq

from motifmine.types import Floats, Floats32, Indices

RATIO = 1.25  # of the ends of a band: a lag that varies by a tenth mostly stays in one
SURE = 5.0  # standard deviations: of 10^5 pairs and bands, few of which are quite Gaussian
LIKELY = 3.5  # enough for a lag near one at which the order is sure
NEAR = 1.6  # ratio of two lags that are near


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderInTime:
    """How surely any two words have an order, by their lag."""

    edges: Indices
    """Lags between bands, bins, int64 (B + 1,): band i is `edges[i]` to `edges[i + 1] - 1`."""
    strength: Floats
    """The surest pair of each band, standard deviations, float64 (B,)."""

    def span(self) -> tuple[int, int] | None:
        """Return the shortest and longest lag at which there is an order, None without any."""
        sure = np.flatnonzero(self.strength >= SURE)
        if not len(sure):
            return None
        last = int(self.strength.argmax())
        # bands in a row: a single one far beyond is chance, or an order of motifs
        for band in range(last + 1, len(self.strength)):
            if self.edges[band] > NEAR * self.edges[last + 1]:
                break
            if self.strength[band] >= LIKELY:
                last = band
        return int(self.edges[sure[0]]), int(self.edges[last + 1]) - 1


def measure_order(values: Floats32, edges: Sequence[int] | Indices, longest: int) -> OrderInTime:
    """Return how surely columns of `values` have an order in time.

    Parameters
    ----------
    values : float32 array (T, P)
        Words, or combinations of words, by time.
    edges : sequence of int
        Rows between documents, from 0 to T.
    longest : int
        Longest lag, bins.
    """
    apart = _apart(values, edges, longest)
    n = next_fast_len(len(apart), real=True)
    # both halves of the spectrum count, so that products are sums over time
    spectrum = rfft(apart, n, axis=0) * np.float32(np.sqrt(2 / n))
    power = np.square(np.abs(spectrum))
    squares = rfft(np.square(apart), n, axis=0) * np.float32(np.sqrt(2 / n))
    frequency = 2 * np.pi * rfftfreq(n)
    bands = _bands(longest)
    strength = np.zeros(len(bands) - 1)
    for band, (first, last) in enumerate(pairwise(bands)):
        odd, even = _band_filters(frequency, first, last)
        after = spectrum.conj().T @ (spectrum * (1j * odd)[:, None])
        variance = power.T @ (power * np.square(odd)[:, None]) * (n / (2 * len(values)))
        seen = (squares.conj().T @ (squares * even[:, None])).real
        scale = np.sqrt(variance * np.maximum(variance, seen))
        pair = np.triu_indices(len(after), 1)
        strength[band] = np.max(np.abs(after.real[pair]) / np.sqrt(scale[pair]), initial=0)
    return OrderInTime(edges=bands, strength=strength)


def _band_filters(frequency: Floats, first: int, last: int) -> tuple[Floats, Floats]:
    """Return sums of 2 sin(w d) and of 2 cos(w d) over lags first <= d < last, for each w."""
    # geometric series of exp(i w d), whose limit at w = 0 is the number of lags
    half = np.sin(frequency / 2)
    half[0] = 1.0
    low, high = (first - 0.5) * frequency, (last - 0.5) * frequency
    odd, even = (np.cos(low) - np.cos(high)) / half, (np.sin(high) - np.sin(low)) / half
    even[0] = 2.0 * (last - first)
    return odd, even


def _apart(values: Floats32, edges: Sequence[int] | Indices, longest: int) -> Floats32:
    """Return documents one after the other with room between them: nothing follows across."""
    parts = [values[first:last] for first, last in pairwise(edges)]
    parts = [np.pad(part - part.mean(axis=0), ((0, longest), (0, 0))) for part in parts]
    apart = np.concatenate(parts)
    spread = apart.std(axis=0)
    scaled: Floats32 = (apart[:, spread > 0] / spread[spread > 0]).astype(np.float32)
    return scaled


def _bands(longest: int) -> Indices:
    edges = [1]
    while edges[-1] <= longest:
        edges.append(max(edges[-1] + 1, round(RATIO * edges[-1])))
    edges[-1] = longest + 1
    return np.array(edges, dtype=np.int64)
