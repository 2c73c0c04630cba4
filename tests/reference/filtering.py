"""The filter over starts in plain loops, dense arrays and float64: the last bins, all motifs.

Amplitudes have gamma distributions; one bin is one round of mean-field updates over the bins that
are looked at. No code or layout is shared with the package: a document is a list of dicts from word
to count, starts are numbered by their bin.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

Array = NDArray[np.float64]


class PlainFilter:
    """Follows motifs phi (K, L, W) with a background of constant rates (W,)."""

    def __init__(
        self, phi: Array, shape: Array, rate: Array, usual: Array, background: Array, n_rows: int
    ) -> None:
        self.phi, self.shape, self.rate, self.usual = phi, shape, rate, usual
        self.background, self.n_rows = background, n_rows
        self.weight: dict[int, Array] = {}
        self.mass: dict[int, Array] = {}

    def run(self, bins: Sequence[Mapping[int, float]], n_iterations: int) -> None:
        """Take all bins, one after the other."""
        for t in range(len(bins)):
            self.step(bins, t, n_iterations)

    def step(self, bins: Sequence[Mapping[int, float]], t: int, n_iterations: int) -> None:
        """Take bin t, and estimate the starts of the last `n_rows` bins again."""
        length = self.phi.shape[1]
        starts = range(t - self.n_rows + 1, t + 1)
        for s in starts:
            self.weight.setdefault(s, 0.3 * self.usual)
        for _ in range(n_iterations):
            expected = {s: np.zeros(len(self.phi)) for s in starts}
            for b in range(max(t - self.n_rows + 1, 0), t + 1):
                for w, n in bins[b].items():
                    part = {
                        s: (self.weight[s] if s in expected else self.mass[s])
                        * self.phi[:, b - s, w]
                        for s in range(b - length + 1, b + 1)
                        if s in expected or s in self.mass
                    }
                    total = self.background[w] + sum(p.sum() for p in part.values())
                    for s, p in part.items():
                        if s in expected:
                            expected[s] += n * p / total
            for s in starts:
                value = np.exp(digamma(self.shape + expected[s])) / (self.rate + self.shown(s, t))
                if t - s < length:
                    value = np.maximum(value, 0.05 * self.usual)
                self.weight[s] = value
                self.mass[s] = (self.shape + expected[s]) / (self.rate + self.shown(s, t))

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
            mass = self.mass[s] if s <= t else self.shape / self.rate
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
