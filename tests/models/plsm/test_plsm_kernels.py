"""The small PLSM kernels against NumPy: rows, logarithms, rates, seeds, costs, scores."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numba import njit

from motifmine.kernels.likelihood import Observed, Stretches, compute_rates, score_occurrences
from motifmine.models.plsm.kernels import rows as plsm_rows
from motifmine.models.plsm.kernels.ratios import FLOOR, ratio, sweep_ratios
from motifmine.models.plsm.kernels.search import sweep_drop_costs, window_counts
from motifmine.records.start_layout import make_phi
from motifmine.types import Floats, Floats32, Indices
from tests.helpers.plsm_problems import SHAPES, Binned, Rows, binned, drawn

pytestmark = pytest.mark.kernel

EVERY_SHAPE = pytest.mark.parametrize("name", SHAPES)


class Problem(NamedTuple):
    """Observations, random parameters with dead starts, and what each motif adds to each rate."""

    table: Binned
    rows: Indices
    """Rows (document, time, word, count) in the order of the table."""
    motifs: Floats32
    """(K, L, W)."""
    activation: Floats32
    """(R, K)."""
    base: Floats32
    """(N,)."""
    shares: Floats
    """(N, K), in float64 straight from the equation."""

    @property
    def phi(self) -> Floats32:
        return make_phi(self.motifs)


def posed(name: str) -> Problem:
    data: Rows = drawn(name)
    rng = np.random.default_rng(7)
    table = binned(data.rows, data.lengths, data.motif_length)
    shape = (data.n_motifs, data.motif_length, data.n_words)
    motifs = rng.dirichlet(np.ones(math.prod(shape[1:])), size=shape[0]).reshape(shape)
    n_rows = int(table.first_row[-1])
    activation = rng.gamma(0.5, 4.0, (n_rows, shape[0])) * (rng.random((n_rows, shape[0])) < 0.4)
    motifs32, activation32 = motifs.astype(np.float32), activation.astype(np.float32)
    rows = data.rows[np.lexsort((data.rows[:, 2], data.rows[:, 1], data.rows[:, 0]))]
    shares = np.zeros((len(rows), shape[0]))
    for i, (d, t, w, _) in enumerate(rows.tolist()):
        for tr in range(data.motif_length):
            start_row = table.first_row[d] + t - tr + data.motif_length - 1
            shares[i] += activation32[start_row].astype(np.float64) * motifs32[:, tr, w]
    base = (0.1 + rng.random(len(rows))).astype(np.float32)
    return Problem(table, rows, motifs32, activation32, base, shares)


@EVERY_SHAPE
def test_observation_rates_are_the_sum_over_motifs_and_the_base(name: str) -> None:
    p = posed(name)
    found = compute_rates(*p.table[:3], p.base, p.activation, p.phi)
    np.testing.assert_allclose(found, p.shares.sum(axis=1) + p.base, rtol=1e-6)


@EVERY_SHAPE
def test_window_counts_cover_what_a_start_reaches(name: str) -> None:
    p = posed(name)
    _, length, n_words = p.motifs.shape
    weight = np.random.default_rng(2).random(len(p.rows)).astype(np.float32)
    bin_row = p.table.first_row[p.rows[:, 0]] + p.rows[:, 1]
    for row in range(int(p.table.first_row[-1])):
        expected = np.zeros((length, n_words))
        for i, w in enumerate(p.rows[:, 2]):
            relative_time = bin_row[i] + length - 1 - row
            if 0 <= relative_time < length:
                expected[relative_time, w] += weight[i]
        found = window_counts(*p.table[:3], weight, row, length, n_words)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@EVERY_SHAPE
def test_drop_costs_are_what_is_lost_without_each_motif(name: str) -> None:
    p = posed(name)
    n_motifs, length, _ = p.motifs.shape
    rate = p.shares.sum(axis=1) + p.base
    rest = np.maximum(1 - p.shares / rate[:, None], 0.02)
    expected = -(p.rows[:, 3:] * np.log(rest)).sum(axis=0) - p.activation.sum(axis=0)
    found = -p.activation.sum(axis=0, dtype=np.float64)
    scratch = np.zeros(length * n_motifs + 1, np.int64), np.zeros(n_motifs)
    flat = p.activation.reshape(-1)
    sweep_drop_costs(*p.table[:4], p.base, flat, p.phi, 0.02, *scratch, found)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@EVERY_SHAPE
def test_scores_are_the_log_likelihood_ratio_of_single_occurrences(name: str) -> None:
    p = posed(name)
    n_rows, n_motifs = p.activation.shape
    length = p.motifs.shape[1]
    rng = np.random.default_rng(1)
    first = rng.integers(0, n_rows, 12)
    last = np.minimum(first + rng.integers(1, 4, 12), n_rows)
    motif = rng.integers(0, n_motifs, 12)
    rates = p.shares.sum(axis=1) + p.base
    expected = np.zeros(12)
    bin_row = p.table.first_row[p.rows[:, 0]] + p.rows[:, 1]
    for o, (a, z, k) in enumerate(zip(first, last, motif, strict=True)):
        expected[o] = -float(p.activation[a:z, k].sum())
        for i, (_, _, w, n) in enumerate(p.rows.tolist()):
            newest = bin_row[i] + length - 1
            part = sum(
                float(p.activation[row, k]) * float(p.motifs[k, newest - row, w])
                for row in range(a, z)
                if 0 <= newest - row < length
            )
            expected[o] += n * math.log(rates[i] / (rates[i] - part))
    stretches, observed = Stretches(first, last, motif), Observed(*p.table[:4])
    found = score_occurrences(stretches, observed, rates, p.activation, p.motifs)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def dots_kernel(n_rows: int) -> Callable[..., None]:
    """Return a kernel around `dots<n_rows>`, which Python itself cannot call."""
    dots = getattr(plsm_rows, f"dots{n_rows}")

    @njit()
    def call(x: Floats32, y: Floats32, at: Indices, out: Floats32) -> None:
        dots(x, 0, y, at, len(x), out)

    return call


def sweep_rows_kernel(n_rows: int) -> Callable[..., None]:
    """Return a kernel around `sweep_rows<n_rows>`."""
    sweep_rows = getattr(plsm_rows, f"sweep_rows{n_rows}")

    @njit()
    def call(out: Floats32, x: Floats32, at: Indices, weight: Floats32) -> None:
        sweep_rows(out, 0, x, at, weight, 0, len(out))

    return call


@pytest.mark.parametrize("n_rows", [1, 2, 4, 8])
def test_products_of_rows_are_those_of_numpy(n_rows: int) -> None:
    call = dots_kernel(n_rows)
    rng = np.random.default_rng(n_rows)
    y = rng.standard_normal(5000).astype(np.float32)
    for n in (16, 32, 160, 400):
        x, at = rng.standard_normal(n).astype(np.float32), rng.integers(0, 4000, n_rows)
        out = np.zeros(n_rows, np.float32)
        call(x, y, at, out)
        np.testing.assert_allclose(out, [x @ y[a : a + n] for a in at], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 8])
def test_weighted_rows_are_added_like_numpy(n_rows: int) -> None:
    call = sweep_rows_kernel(n_rows)
    rng = np.random.default_rng(n_rows)
    x = rng.standard_normal(5000).astype(np.float32)
    for n in (16, 32, 160, 400):
        at, weight = rng.integers(0, 4000, n_rows), rng.random(n_rows).astype(np.float32)
        start = rng.standard_normal(n).astype(np.float32)
        out = start.copy()
        call(out, x, at, weight)
        added = sum(q * x[a : a + n] for a, q in zip(at, weight, strict=True))
        np.testing.assert_allclose(out, start + added, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scale", [1.0, 1e20])
def test_ratios_and_their_logarithm_agree_with_numpy(scale: float) -> None:
    rate = (np.random.default_rng(0).lognormal(0, 5, 1000) * scale).astype(np.float32)
    rate[:2] = 1.0, FLOOR
    counts = np.random.default_rng(1).integers(1, 5, 1000).astype(np.float32)
    ratios = rate.copy()
    total, unexplained = sweep_ratios(ratios, counts, np.zeros(1000, np.int32))
    logarithm = np.log(np.maximum(rate.astype(np.float64), FLOOR))
    assert total == pytest.approx((counts * logarithm).sum(), rel=1e-9, abs=1e-6)
    assert unexplained == counts[1]
    assert ratios[1] == 0
    np.testing.assert_allclose(np.delete(ratios, 1), np.delete(counts / rate, 1), rtol=1e-6)


def test_a_count_over_the_least_rate_is_finite() -> None:
    just_above = np.nextafter(FLOOR, np.float32(1))
    assert np.isfinite(ratio(np.float32(1e7), just_above))
    assert ratio(np.float32(1e7), FLOOR) == 0
