"""The filter over starts in plain loops, dense arrays and float64: the last bins, all motifs.

A start is there or not, and its amplitude has a gamma distribution; one bin is one round of
mean-field updates of all starts over the bins that are looked at. No code or layout is shared with
the package: a document is a list of dicts from word to count, starts are numbered by their bin.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln

Array = NDArray[np.float64]


class PlainFilter:
    """Follows motifs phi (K, L, W) with a background of constant rates (W,)."""

    def __init__(
        self,
        phi: Array,
        prior: tuple[Array, Array, Array],
        background: Array,
        n_rows: int,
    ) -> None:
        self.phi, self.background, self.n_rows = phi, background, n_rows
        self.share, self.shape, self.rate = prior
        self.chance: dict[int, Array] = {}
        self.weight: dict[int, Array] = {}
        self.mass: dict[int, Array] = {}

    def run(self, bins: Sequence[Mapping[int, float]], n_iterations: int) -> None:
        """Take all bins, one after the other."""
        for t in range(len(bins)):
            self.step(bins, t, n_iterations)

    def step(self, bins: Sequence[Mapping[int, float]], t: int, n_iterations: int) -> None:
        """Take bin t, and estimate the starts of the last `n_rows` bins again."""
        starts = range(t - self.n_rows + 1, t + 1)
        for s in starts:
            self.chance.setdefault(s, self.share.copy())
            self.weight.setdefault(s, self.shape / self.rate)
            self.mass.setdefault(s, np.zeros(len(self.phi)))
        for _ in range(n_iterations):
            for s in starts:
                for k in range(len(self.phi)):
                    self.update(bins, t, s, k)

    def update(self, bins: Sequence[Mapping[int, float]], t: int, s: int, k: int) -> None:
        """Compare one start with none, all others held fixed."""
        explained, gain = 0.0, 0.0
        for b in range(max(s, 0), min(s + self.phi.shape[1], t + 1)):
            for w, n in bins[b].items():
                rest = self.rate_of(b, w, t, without=(s, k))
                part = self.weight[s][k] * self.phi[k, b - s, w]
                explained += n * part / (rest + part)
                gain += n * np.log1p(part / rest)
        first, old = self.shape[k], self.rate[k]
        shape, rate = first + explained, old + self.shown(s, t)[k]
        gain += gammaln(shape) - gammaln(first) + first * np.log(old) - shape * np.log(rate)
        gain -= explained * np.log(self.weight[s][k])
        odds = np.log(self.share[k] / (1 - self.share[k])) + gain
        self.chance[s][k] = expit(odds)
        self.weight[s][k] = np.exp(digamma(shape)) / rate
        self.mass[s][k] = self.chance[s][k] * shape / rate

    def rate_of(self, b: int, w: int, t: int, without: tuple[int, int]) -> float:
        """Return the rate of word w in bin b under the background and other starts."""
        total = float(self.background[w])
        for s in range(b - self.phi.shape[1] + 1, b + 1):
            if s not in self.mass:
                continue
            # starts before those that are looked at have their mean
            is_open = s > t - self.n_rows
            amount = self.chance[s] * self.weight[s] if is_open else self.mass[s]
            for k in range(len(self.phi)):
                if (s, k) != without:
                    total += amount[k] * self.phi[k, b - s, w]
        return total

    def shown(self, s: int, t: int) -> Array:
        """Return the mass of motifs that start at s in the bins 0 to t."""
        length = self.phi.shape[1]
        times: list[int] = [b - s for b in range(max(s, 0), t + 1) if b - s < length]
        mass: Array = self.phi[:, times].sum(axis=(1, 2))
        return mass

    def predict(self, t: int, ahead: int) -> Array:
        """Return the rates of bin t + ahead after bin t, (W,)."""
        length = self.phi.shape[1]
        rates = self.background.copy()
        for s in range(t + ahead - length + 1, t + ahead + 1):
            mass = self.mass[s] if s <= t else self.share * self.shape / self.rate
            rates += mass @ self.phi[:, t + ahead - s]
        return np.asarray(rates)

    def score(self, bins: Sequence[Mapping[int, float]], t: int, s: int, k: int) -> float:
        """Return the log-likelihood ratio of the starts of motif k from s - 1 to s + 1, (bin t)."""
        length = self.phi.shape[1]
        near = [s + by for by in (-1, 0, 1) if s + by <= t]
        score = -sum(self.mass[r][k] * self.shown(r, t)[k] for r in near)
        for b in range(max(s - 1, 0), t + 1):
            for w, n in bins[b].items():
                rate = self.background[w] + sum(
                    float(self.mass[r] @ self.phi[:, b - r, w])
                    for r in range(b - length + 1, b + 1)
                    if r in self.mass
                )
                part = sum(
                    self.mass[r][k] * self.phi[k, b - r, w] for r in near if 0 <= b - r < length
                )
                score += n * np.log(rate / (rate - part))
        return float(score)
