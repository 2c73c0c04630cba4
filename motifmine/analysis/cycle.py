"""Whether the starts of motifs follow a common cycle of fixed period, and which motifs do.

The periodogram of each motif's starts, tapered so that periods nearby do not leak into one
another, is divided by the number of starts, summed over documents and pooled over motifs: a common
period shows although each motif has its own phase. Its highest value is compared with that of
starts that are scattered, each by up to half of the longest period that is tested: slow changes of
the rate stay, cycles do not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len, rfft

from motifmine.records.fit import FitRecord
from motifmine.seeding import Stream, generator
from motifmine.types import Floats, Indices

N_SCATTERED = 199
LEVEL = 0.01  # probability of a cycle where starts are scattered
SHORTEST_BINS = 4  # shortest period
LEAST_CYCLES = 5  # cycles that the longest document must hold
MOST_BINS = 1 << 15  # bins that starts of a document are counted in
# bins of all documents together: of a year some of its days are enough, and cost seconds
MOST_BINS_IN_ALL = 1 << 17
# scattered starts with a cycle as pronounced after which there is none; the rest are not drawn
ENOUGH_ABOVE = 10
OVERSAMPLING = 4  # frequencies per resolvable one: a peak between two is not missed
# power of a motif at the common period, as a share of that at any other that is no multiple: with
# less it follows a period of its own
OWN_PERIOD = 0.5
LONGER_PERIOD = 0.8  # the same of longer periods
HARMONICS = 4  # harmonics of the common period that count as the same
MOST_HARMONICS = 12
FEWEST = 5  # starts of a motif that has a rhythm


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cycle:
    """The period that is most pronounced, over the starts of K motifs."""

    period_s: float
    p_value: float
    """Share of scattered starts with a cycle as pronounced."""
    phase: Floats
    """Mean phase of each motif, 0 to 1, float64 array (K,); 0 is that of the most regular one."""
    spread: Floats
    """Circular standard deviation, in cycles, float64 array (K,)."""
    motif_p: Floats
    """Share of scattered starts that are as regular at the period, float64 array (K,)."""
    shares: NDArray[np.bool_]
    """Whether a motif follows the cycle, bool array (K,)."""

    @property
    def is_significant(self) -> bool:
        """Whether there is a cycle, which two motifs share at least."""
        return self.p_value <= LEVEL and int(self.shares.sum()) >= 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Starts:
    """Starts of motifs in documents of a common length of periodogram."""

    document: Indices
    motif: Indices
    time: Floats
    """Bins of the periodogram since the beginning of the document."""
    n_bins: Indices
    """Of every document, int64 array (D,)."""
    n_motifs: int
    scatter_bins: float
    n_fft: int

    def power(self, time: Floats) -> Floats:
        """Return the power of motifs at frequencies, a mean of 1 for starts at random (K, F)."""
        power = np.zeros((self.n_motifs, self.n_fft // 2 + 1))
        weight = np.zeros(self.n_motifs)
        for document, n_bins in enumerate(self.n_bins):
            here = self.document == document
            if not here.any():
                continue
            place = np.minimum(time[here].astype(np.int64), n_bins - 1)
            cell = self.motif[here] * n_bins + place
            counts = np.bincount(cell, minlength=self.n_motifs * n_bins).reshape(-1, n_bins)
            taper = np.sin(np.pi * (np.arange(n_bins) + 0.5) / n_bins)
            tapered = (counts - counts.mean(axis=1, keepdims=True)) * taper
            # float32 is half of the work, and far finer than what differs between draws
            spectrum = rfft(tapered.astype(np.float32), self.n_fft, axis=1)
            power += np.square(spectrum.real) + np.square(spectrum.imag)
            weight += np.bincount(self.motif[here], taper[place] ** 2, minlength=self.n_motifs)
        found: Floats = power / np.maximum(weight, 1e-9)[:, None]
        return found

    def scattered(self, rng: np.random.Generator) -> Floats:
        """Return the times, each displaced at random and kept in its document."""
        by = rng.uniform(-0.5, 0.5, len(self.time)) * self.scatter_bins
        moved, end = self.time + by, self.n_bins[self.document]
        moved = np.abs(moved)
        found: Floats = np.where(moved >= end, 2 * end - moved - 1e-6, moved)
        return np.clip(found, 0, end - 1e-6)


def find_cycle(record: FitRecord, *, seed: int = 0) -> Cycle | None:
    """Return the most pronounced cycle of a fit's starts; None where there are too few starts."""
    found, n_motifs = record.occurrences, len(record.motifs)
    lengths = np.array([recording.n_times for recording in record.recordings], dtype=np.int64)
    if n_motifs == 0 or len(found) < FEWEST or lengths.max() < LEAST_CYCLES * SHORTEST_BINS:
        return None
    coarse = max(1.0, lengths.max() / MOST_BINS)
    n_bins = np.maximum(1, np.ceil(lengths / coarse)).astype(np.int64)
    every = int(np.ceil(n_bins.sum() / MOST_BINS_IN_ALL))
    n_bins, used = n_bins[::every], found.document % every == 0
    longest = n_bins.max() / LEAST_CYCLES
    n_fft = next_fast_len(int(OVERSAMPLING * n_bins.max()), real=True)
    inside = np.maximum(found.start_bin[used], 0)
    starts = _Starts(
        document=found.document[used].astype(np.int64) // every,
        motif=found.motif[used].astype(np.int64),
        # a start is known to the bin; at random within it, bins have no rhythm of their own
        time=(inside + generator(seed, Stream.WITHIN_BIN).random(len(inside))) / coarse,
        n_bins=n_bins,
        n_motifs=n_motifs,
        scatter_bins=longest,
        n_fft=n_fft,
    )
    # shortest and longest period
    tested = slice(int(np.ceil(n_fft / longest)), n_fft // SHORTEST_BINS + 1)
    counted = np.bincount(starts.motif, minlength=n_motifs) >= FEWEST
    power = starts.power(starts.time)
    pooled = power[counted][:, tested].sum(axis=0)
    if not len(pooled):
        return None
    best = tested.start + _fundamental(pooled, tested.start)
    n_drawn, above, as_regular = 0, 0, np.zeros(n_motifs, dtype=np.int64)
    while n_drawn < N_SCATTERED and above < ENOUGH_ABOVE:
        null = starts.power(starts.scattered(generator(seed, Stream.SCATTER, n_drawn)))
        above += int(null[counted][:, tested].sum(axis=0).max() >= pooled.max())
        as_regular += null[:, best] >= power[:, best]
        n_drawn += 1
    # Besag and Clifford, Biometrika 78, 1991: valid too where the draws ended early
    p_value = above / n_drawn if above == ENOUGH_ABOVE else (1 + above) / (n_drawn + 1)
    motif_p = (1 + as_regular) / (n_drawn + 1)
    shares = counted & (motif_p <= LEVEL) & ~_follow_others(power, best, tested)
    phase, spread = _phases(starts, n_fft / best, power[:, best] * shares)
    return Cycle(
        period_s=float(n_fft / best * coarse * record.bin_s),
        p_value=p_value,
        phase=phase,
        spread=spread,
        motif_p=motif_p,
        shares=shares,
    )


def _fundamental(pooled: Floats, first: int) -> int:
    """Return the index of the highest frequency, or of the lowest that it is a harmonic of.

    Several events in a cycle, or very regular ones, have as much power at its harmonics.
    """
    best = int(pooled.argmax())
    for divisor in range(MOST_HARMONICS, 1, -1):
        at = round((best + first) / divisor) - first
        near = pooled[max(at - 2, 0) : max(at + 3, 0)]
        if at > 2 and len(near) and near.max() > OWN_PERIOD * pooled[best]:
            return max(at - 2, 0) + int(near.argmax())
    return best


def _follow_others(power: Floats, best: int, tested: slice) -> NDArray[np.bool_]:
    """Return which motifs have more power at a period that is no harmonic of the common one."""
    frequency = np.arange(power.shape[1])
    ratio = np.maximum(np.round(frequency / best), 1)
    is_other = np.abs(frequency - ratio * best) > 2 * OVERSAMPLING * ratio
    is_other[: tested.start] = is_other[tested.stop :] = False
    harmonics = best * np.arange(1, HARMONICS + 1)
    own = power[:, harmonics[harmonics < power.shape[1]]].max(axis=1)
    highest = power[:, is_other].max(axis=1, initial=0.0)
    # a comb of a longer period is as strong at each of its harmonics, one of which this may be
    longer = power[:, is_other & (frequency < best)].max(axis=1, initial=0.0)
    follows: NDArray[np.bool_] = (own < OWN_PERIOD * highest) | (own < longer / LONGER_PERIOD)
    return follows


def _phases(starts: _Starts, period: float, regularity: Floats) -> tuple[Floats, Floats]:
    """Return mean phases and their spread, in cycles since that of the most regular motif."""
    turn = np.exp(2j * np.pi * starts.time / period)
    n_documents, n_motifs = len(starts.n_bins), starts.n_motifs
    key = starts.document * n_motifs + starts.motif
    size = n_documents * n_motifs
    sums = np.bincount(key, turn.real, size) + 1j * np.bincount(key, turn.imag, size)
    sums = sums.reshape(n_documents, n_motifs)
    # every document has a phase of its own, given by the most regular motif
    anchor = sums[:, int(regularity.argmax())]
    anchor = np.where(np.abs(anchor) > 0, anchor / np.maximum(np.abs(anchor), 1e-300), 0)
    total = (sums * anchor.conj()[:, None]).sum(axis=0)
    number = np.bincount(starts.motif, minlength=n_motifs)
    length = np.clip(np.abs(total) / np.maximum(number, 1), 1e-12, 1.0)
    phase = np.angle(total) / (2 * np.pi) % 1.0
    spread: Floats = np.sqrt(-2 * np.log(length)) / (2 * np.pi)
    return np.where(phase > 1 - 1e-9, 0.0, phase), spread
