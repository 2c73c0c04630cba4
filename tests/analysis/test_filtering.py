"""The online posterior over starts: against a plain twin, saved and resumed, and its forecasts."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from motifmine.analysis.filtering import N_ITERATIONS, FilterState, MotifFilter, StartPrior
from motifmine.analysis.motif_index import find_alike
from motifmine.io.hdf5.states import read_states, write_states
from motifmine.kernels.filtering import Alike, digamma
from motifmine.records.fields import are_equal
from motifmine.records.fit import MotifSet
from tests.reference.filtering import PlainFilter

N_MOTIFS, LENGTH, N_WORDS = 3, 5, 8


def draw_motifs(rng: np.random.Generator) -> MotifSet:
    probability = rng.random((N_MOTIFS, LENGTH, N_WORDS)) ** 6
    probability /= probability.sum(axis=(1, 2), keepdims=True)
    return MotifSet(probability=probability.astype(np.float32), weight=np.full(N_MOTIFS, 0.3))


def make_filter(motifs: MotifSet, state: FilterState | None = None) -> MotifFilter:
    prior = StartPrior(
        share=np.array([0.1, 0.05, 0.02]),
        usual=np.array([9.0, 14.0, 20.0]),
        spread=np.array([0.2, 0.4, 0.1]),
    )
    return MotifFilter(motifs, prior, np.linspace(0.05, 0.2, N_WORDS), state)


def draw_bins(
    rng: np.random.Generator, motifs: MotifSet, n_bins: int
) -> tuple[list[dict[int, float]], np.ndarray]:
    """Return counts of bins, and where motifs start (n_bins, K)."""
    starts = rng.random((n_bins, N_MOTIFS)) < 0.03
    rates = np.tile(np.linspace(0.05, 0.2, N_WORDS), (n_bins, 1))
    for start, motif in np.argwhere(starts):
        end = min(start + LENGTH, n_bins)
        rates[start:end] += 15 * motifs.probability[motif, : end - start]
    counts = rng.poisson(rates)
    return [{int(w): float(row[w]) for w in np.flatnonzero(row)} for row in counts], starts


def step_through(online: MotifFilter, bins: list[dict[int, float]]) -> None:
    for row in bins:
        online.step(np.array(list(row), dtype=np.int32), np.array(list(row.values())))


def test_digamma_is_that_of_scipy() -> None:
    x = np.geomspace(1e-3, 1e3, 60)
    assert [digamma(value) for value in x] == pytest.approx(special.digamma(x), abs=1e-9)


def test_a_motif_looks_like_its_delayed_twin_that_starts_earlier() -> None:
    probability = np.zeros((2, 6, 8), dtype=np.float32)
    probability[0, [0, 1, 2], [0, 1, 2]] = probability[1, [1, 2, 3], [0, 1, 2]] = 1 / 3
    offsets, motif, shift = find_alike(MotifSet(probability=probability, weight=np.ones(2)))
    assert offsets.tolist() == [0, 1, 2]
    assert (motif.tolist(), shift.tolist()) == ([1, 0], [-1, 1])


def test_filter_agrees_with_plain_loops() -> None:
    rng = np.random.default_rng(3)
    motifs = draw_motifs(rng)
    bins, _ = draw_bins(rng, motifs, 40)
    online = make_filter(motifs)
    prior = online.prior
    # plain loops compare every start alone
    nothing = np.zeros(0, dtype=np.int64)
    online.alike = Alike(np.zeros(N_MOTIFS + 1, dtype=np.int64), nothing, nothing)
    # one background, which does not change
    online.keep[:] = 1.0
    online.state.background_weight = np.array([1.0, 0.0, 0.0])
    plain = PlainFilter(
        motifs.probability.astype(float),
        (prior.share, prior.shape, prior.rate),
        online.background,
        online.n_rows,
    )
    plain.run(bins, N_ITERATIONS)
    step_through(online, bins)
    last = len(bins) - 1
    expected = np.array([plain.mass[online.first_bin + row] for row in range(online.n_rows)])
    assert online.state.mass[-online.n_rows :] == pytest.approx(expected, rel=1e-4, abs=1e-3)
    forecast = online.predict(7)
    for ahead in range(1, 8):
        assert forecast[ahead - 1] == pytest.approx(plain.predict(last, ahead), rel=1e-3)
    candidates = np.argwhere(expected[1:] > 0.05)
    assert len(candidates) >= 2
    scores = online.score(candidates[:, 0] + 1, candidates[:, 1])
    plainly = [plain.score(bins, last, online.first_bin + r + 1, k) for r, k in candidates.tolist()]
    assert scores == pytest.approx(plainly, rel=1e-3)


def test_filter_finds_starts_and_predicts_better_than_the_mean() -> None:
    rng = np.random.default_rng(5)
    motifs = draw_motifs(rng)
    bins, starts = draw_bins(rng, motifs, 600)
    online = make_filter(motifs)
    mean = np.zeros(N_WORDS)
    for row in bins:
        for word, count in row.items():
            mean[word] += count / len(bins)
    gain, found = 0.0, np.zeros_like(starts)
    for row in bins:
        words, counts = list(row), np.array(list(row.values()))
        rates = online.predict(1)[0]
        gain += counts @ np.log(rates[words] / mean[words]) - rates.sum() + mean.sum()
        step_through(online, [row])
        if online.first_bin >= 0:
            found[online.first_bin] = online.state.mass[-online.n_rows] > 5
    whole = slice(0, len(bins) - LENGTH)
    right = np.count_nonzero(found[whole] & starts[whole])
    assert right > 0.8 * np.count_nonzero(starts[whole])
    assert right > 0.8 * np.count_nonzero(found[whole])
    assert gain > 0.2 * sum(sum(row.values()) for row in bins)


def test_saved_state_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    motifs = draw_motifs(rng)
    bins, _ = draw_bins(rng, motifs, 50)
    whole, first = make_filter(motifs), make_filter(motifs)
    step_through(whole, bins)
    step_through(first, bins[:23])
    path = tmp_path / "state.h5"
    write_states(path, {"filter": first.state})
    state = read_states(path, {"filter": FilterState})["filter"]
    second = make_filter(motifs, state)
    step_through(second, bins[23:])
    assert are_equal(second.state, whole.state)


def test_background_that_changes_is_followed() -> None:
    rng = np.random.default_rng(9)
    online = make_filter(draw_motifs(rng))
    for _ in range(300):
        # a word of the background is ten times as frequent as in the fit, the others are silent
        n = rng.poisson(2.0)
        online.step(np.array([7] * (n > 0), np.int32), np.array([float(n)] * (n > 0)))
    assert online.state.background_weight[0] < 0.2
    assert online.background_rates()[7] > 1.0
    assert online.background_rates()[:7].sum() < 0.1


def test_new_document_forgets_starts_and_keeps_the_background() -> None:
    rng = np.random.default_rng(8)
    motifs = draw_motifs(rng)
    bins, _ = draw_bins(rng, motifs, 30)
    online = make_filter(motifs)
    step_through(online, bins)
    background = online.background_rates()
    before = deepcopy(online.state)
    online.reset()
    assert online.state.n_bins == 0
    assert not online.state.shown.any()
    assert online.background_rates() == pytest.approx(background, rel=1e-9)
    assert before.n_bins == 30
