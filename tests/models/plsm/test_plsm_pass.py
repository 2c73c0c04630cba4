"""The PLSM pass: twin, enumeration, threads, dense against live, monotone."""

import math

import numpy as np
import pytest

from motifmine.models.plsm import live_passes
from motifmine.models.plsm.kernels.live import Live, live_above, live_cells
from motifmine.models.plsm.kernels.ratios import Background
from motifmine.models.plsm.live_passes import (
    dense_starts,
    few_live_starts,
    live_expectation,
    live_places,
)
from motifmine.models.plsm.passes import (
    NO_BACKGROUND,
    Expectation,
    Plan,
    expectation,
    padded_phi,
    padded_starts,
)
from motifmine.records.start_layout import restore_motifs
from motifmine.types import Floats32
from tests.helpers.plsm_problems import (
    SHAPES,
    Array,
    Rows,
    drawn,
    normalised,
    posed,
    random_background,
)
from tests.reference import plsm as reference

pytestmark = pytest.mark.kernel

EVERY_SHAPE = pytest.mark.parametrize("name", SHAPES)


def tables_of_the_papers(
    plan: Plan, activation: Floats32, phi: Floats32, background: Background
) -> tuple[reference.Starts, Array, Array]:
    """Return starts [d, z, ts], motifs (K, W, L) and background (D, W) out of the layout."""
    first, n_motifs, length = plan.table.first_row, plan.n_motifs, plan.motif_length
    starts = {
        (d, z, int(row - first[d]) - (length - 1)): float(activation[row * n_motifs + z])
        for d in range(len(first) - 1)
        for row in range(first[d], first[d + 1])
        for z in range(n_motifs)
    }
    motifs = np.zeros((n_motifs, plan.n_words, length))
    for tr in range(length):
        for z in range(n_motifs):
            motifs[z, :, tr] = phi[:, (length - 1 - tr) * n_motifs + z]
    b = np.zeros((len(first) - 1, plan.n_words))
    if len(background.rate):
        b = np.outer(background.scale, background.rate).astype(np.float64)
    return starts, motifs, b


def assert_equals_reference(
    plan: Plan,
    found: Expectation,
    c: reference.Starts,
    e: Array,
    b: Array,
    log_likelihood: float,
) -> None:
    first, n_motifs, length = plan.table.first_row, plan.n_motifs, plan.motif_length
    for (d, z, ts), value in c.items():
        at = (first[d] + ts + length - 1) * n_motifs + z
        assert found.activation[at] == pytest.approx(value, rel=3e-5, abs=1e-6), (d, z, ts)
    for tr in range(length):
        np.testing.assert_allclose(found.cells[:, tr], e[:, :, tr], rtol=3e-5, atol=1e-6)
    np.testing.assert_allclose(found.background_words, b.sum(axis=0), rtol=3e-5, atol=1e-7)
    np.testing.assert_allclose(found.background_documents, b.sum(axis=1), rtol=3e-5, atol=1e-7)
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-6, abs=1e-6)


def assert_same_bytes(one: Expectation, other: Expectation) -> None:
    for name, a, b in zip(Expectation._fields, one, other, strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), name


def rows_of(cells: list[tuple[int, int, int, int]], n_times: int, *sizes: int) -> Rows:
    return Rows(np.array(cells, dtype=np.int64).reshape(-1, 4), [n_times], *sizes)


@pytest.mark.parametrize("n_chunks", [1, 3, 16])
@pytest.mark.parametrize("with_background", [False, True])
@EVERY_SHAPE
def test_pass_equals_the_equations_of_the_papers(
    name: str, with_background: bool, n_chunks: int
) -> None:
    data = drawn(name)
    plan, activation, phi = posed(data, n_chunks=n_chunks, tile_rows=4)
    background = random_background(plan) if with_background else NO_BACKGROUND
    found = expectation(plan, activation, phi, background=background)
    tables = tables_of_the_papers(plan, activation, phi, background)
    observations = [(int(d), int(t), int(w), int(n)) for d, t, w, n in data.rows]
    assert_equals_reference(plan, found, *reference.em_pass(observations, *tables))


@pytest.mark.parametrize("name", ["L > T", "several documents"])
def test_the_four_tables_of_the_papers_give_the_same_rate(name: str) -> None:
    data = drawn(name)
    starts, motifs, b = tables_of_the_papers(*posed(data), NO_BACKGROUND)
    for d, t, w in data.rows[:5, :3].tolist():
        _, rate = reference.responsibilities(starts, motifs, b, d, w, t)
        assert reference.four_table_rate(starts, motifs, d, w, t) == pytest.approx(rate)


@pytest.mark.parametrize("with_background", [False, True])
@pytest.mark.parametrize("n_tokens", [1, 2, 3, 4])
def test_pass_equals_the_sum_over_all_assignments(n_tokens: int, with_background: bool) -> None:
    cells = np.random.default_rng(n_tokens).choice(4 * 3, n_tokens, replace=False)
    tokens = [(0, int(x) % 4, int(x) // 4) for x in cells]
    plan, activation, phi = posed(rows_of([(*token, 1) for token in tokens], 4, 3, 2, 2))
    background = random_background(plan) if with_background else NO_BACKGROUND
    tables = tables_of_the_papers(plan, activation, phi, background)
    evidence, c, e, b = reference.sum_over_assignments(tokens, *tables)
    found = expectation(plan, activation, phi, background=background)
    assert_equals_reference(plan, found, c, e, b, math.log(evidence))


def test_a_single_observation_keeps_its_count() -> None:
    found = expectation(*posed(rows_of([(0, 5, 2, 3)], 10, 4, 3, 4)))
    assert found.cells.sum() == pytest.approx(3, rel=1e-6)
    assert found.activation.sum() == pytest.approx(3, rel=1e-6)


def test_a_table_without_observations_gives_zeros() -> None:
    found = expectation(*posed(rows_of([], 10, 4, 3, 4)), n_threads=2)
    assert not found.activation.any()
    assert not found.cells.any()
    assert found.log_likelihood == 0


def test_an_unexplained_observation_is_counted_and_leaves_finite_numbers() -> None:
    plan, activation, phi = posed(rows_of([(0, 1, 0, 2), (0, 30, 1, 5)], 40, 2, 2, 3))
    activation[40:] = 0
    found = expectation(plan, activation, phi)
    assert found.unexplained == 5
    assert np.isfinite(found.cells).all()
    assert np.isfinite(found.log_likelihood)


def test_equal_counts_scale_out() -> None:
    data = drawn("several documents")
    data.rows[:, 3] = 1
    plan, activation, phi = posed(data)
    data.rows[:, 3] = 4
    four, _, _ = posed(data)
    once, fourfold = expectation(plan, activation, phi), expectation(four, activation, phi)
    assert (4 * once.cells).tobytes() == fourfold.cells.tobytes()


def test_arrays_without_padding_are_refused() -> None:
    plan, activation, phi = posed(drawn("one document"))
    with pytest.raises(ValueError, match="multiple of 16"):
        expectation(plan, activation[:-1], phi)
    with pytest.raises(ValueError, match="multiple of 16"):
        expectation(plan, activation, phi[:, :-1])


@pytest.mark.parametrize("learn", [True, False])
@pytest.mark.parametrize("n_threads", [2, 3, 5, 16])
def test_pass_has_the_same_bytes_at_any_number_of_threads(n_threads: int, learn: bool) -> None:
    cells = np.unique(np.random.default_rng(5).integers(0, [3, 300, 20], (5000, 3)), axis=0)
    rows = np.column_stack([cells, np.ones(len(cells), np.int64)])
    plan, activation, phi = posed(Rows(rows, [300] * 3, 20, 3, 6), n_chunks=16, tile_rows=16)
    assert plan.n_chunks == 16
    background = random_background(plan)
    one = expectation(plan, activation, phi, background=background, learn=learn)
    many = expectation(
        plan, activation, phi, background=background, learn=learn, n_threads=n_threads
    )
    assert_same_bytes(one, many)


@EVERY_SHAPE
def test_fold_in_gives_the_starts_of_the_full_pass(name: str) -> None:
    plan, activation, phi = posed(drawn(name))
    full = expectation(plan, activation, phi)
    fold = expectation(plan, activation, phi, learn=False)
    assert fold.cells.shape == (0, *full.cells.shape[1:])
    assert_same_bytes(fold, full._replace(cells=fold.cells))


@pytest.mark.parametrize("seed", range(20))
def test_log_likelihood_never_falls(seed: int) -> None:
    plan, activation, phi = posed(drawn("several documents", seed))
    last = -np.inf
    for _ in range(30):
        found = expectation(plan, activation, phi)
        assert found.log_likelihood >= last - 1e-6 * abs(last)
        last = found.log_likelihood
        activation, phi = found.activation, normalised(plan, found.cells)


def test_permuted_words_give_permuted_counts() -> None:
    data = drawn("several documents")
    plan, activation, phi = posed(data)
    order = np.random.default_rng(0).permutation(data.n_words)
    rows = data.rows.copy()
    rows[:, 2] = order[rows[:, 2]]
    permuted, _, _ = posed(data._replace(rows=rows))
    other = np.empty_like(phi)
    other[order] = phi
    found, again = expectation(plan, activation, phi), expectation(permuted, activation, other)
    np.testing.assert_allclose(again.activation, found.activation, rtol=3e-5, atol=1e-7)
    np.testing.assert_allclose(again.cells[:, :, order], found.cells, rtol=3e-5, atol=1e-7)


def starts_of(plan: Plan, activation: Floats32) -> Floats32:
    """Return starts (R, K) of a padded activation."""
    return activation[: plan.n_rows * plan.n_motifs].reshape(plan.n_rows, plan.n_motifs).copy()


def live_of(plan: Plan, activation: Floats32) -> Live:
    """Return the live cells of an activation, however many they are."""
    return live_cells(starts_of(plan, activation))


def motifs_of(plan: Plan, phi: Floats32) -> Floats32:
    """Return motifs (K, L, W) of padded rows of words."""
    return restore_motifs(phi[:, : plan.n_motifs * plan.motif_length], plan.n_motifs)


def thinned(plan: Plan, activation: Floats32, share: float) -> Floats32:
    """Leave a share of the cells, but some in the window of every bin."""
    keep = np.random.default_rng(4).random(len(activation)) < share
    for row in plan.table.bin_row:
        keep[(row + plan.motif_length // 2) * plan.n_motifs] = True
    return np.where(keep, activation, np.float32(0))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("n_chunks", [1, 3, 16])
@pytest.mark.parametrize("with_background", [False, True])
@EVERY_SHAPE
def test_live_pass_equals_dense_pass(
    name: str, with_background: bool, n_chunks: int, share: float
) -> None:
    plan, activation, phi = posed(drawn(name), n_chunks=n_chunks, tile_rows=4)
    activation = thinned(plan, activation, share)
    background = random_background(plan) if with_background else NO_BACKGROUND
    dense = expectation(plan, activation, phi, background=background)
    live = live_of(plan, activation)
    motifs = motifs_of(plan, phi)
    found = live_expectation(plan, live_places(plan), live, motifs, background=background)
    starts = dense_starts(live._replace(mass=found.activation), plan.n_rows)
    found = found._replace(activation=padded_starts(starts))
    for got, expected in zip(found[:4], dense[:4], strict=True):
        assert np.asarray(got) == pytest.approx(np.asarray(expected), rel=3e-5, abs=1e-7)
    assert found.log_likelihood == pytest.approx(dense.log_likelihood, rel=1e-6, abs=1e-5)
    assert found.unexplained == dense.unexplained


@pytest.mark.parametrize("learn", [True, False])
@pytest.mark.parametrize("n_threads", [2, 5, 16])
def test_live_pass_has_the_same_bytes_at_any_number_of_threads(
    n_threads: int, learn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, activation, phi = posed(drawn("several documents"), n_chunks=16, tile_rows=4)
    monkeypatch.setattr(live_passes, "LEAST_UNIT", 16)
    monkeypatch.setattr(live_passes, "WORTH_ADDING", 0)
    places, live = live_places(plan), live_of(plan, thinned(plan, activation, 0.2))
    motifs = motifs_of(plan, phi)
    one = live_expectation(plan, places, live, motifs, learn=learn)
    many = live_expectation(plan, places, live, motifs, learn=learn, n_threads=n_threads)
    assert_same_bytes(one, many)


def test_live_starts_survive_the_round_trip() -> None:
    plan, activation, _ = posed(drawn("several documents"))
    starts = starts_of(plan, thinned(plan, activation, 0.1))
    live = live_of(plan, padded_starts(starts))
    assert dense_starts(live, plan.n_rows).tobytes() == starts.tobytes()
    assert few_live_starts(plan, starts) is None
    starts[starts < np.sort(starts, axis=None)[-5]] = 0
    few = few_live_starts(plan, starts)
    assert few is not None
    assert dense_starts(few, plan.n_rows).tobytes() == starts.tobytes()


def test_live_starts_up_to_the_threshold_are_dropped() -> None:
    plan, activation, _ = posed(drawn("several documents"))
    starts = starts_of(plan, thinned(plan, activation, 0.3))
    live = live_of(plan, padded_starts(starts))
    threshold = np.random.default_rng(0).random(plan.n_rows).astype(np.float32) * starts.max()
    left = live_above(live, live.mass, threshold)
    wanted = np.maximum(starts - threshold[:, None], 0)
    assert dense_starts(left, plan.n_rows).tobytes() == wanted.tobytes()
    assert (left.mass > 0).all()


def test_a_plan_serves_fewer_motifs() -> None:
    data = drawn("several documents")
    plan, activation, phi = posed(data._replace(n_motifs=2))
    many, _, _ = posed(data._replace(n_motifs=7))
    fewer = many._replace(n_motifs=2)
    found, again = expectation(plan, activation, phi), expectation(fewer, activation, phi)
    np.testing.assert_allclose(again.activation, found.activation, rtol=3e-5, atol=1e-7)
    np.testing.assert_allclose(again.cells, found.cells, rtol=3e-5, atol=1e-7)


@EVERY_SHAPE
def test_what_stood_in_the_output_array_does_not_matter(name: str) -> None:
    plan, activation, phi = posed(drawn(name), n_chunks=3, tile_rows=4)
    out = np.full_like(activation, np.nan)
    assert_same_bytes(
        expectation(plan, activation, phi, out=out), expectation(plan, activation, phi)
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_broken_numbers_show_in_the_log_likelihood(bad: float) -> None:
    plan, activation, phi = posed(drawn("one document"))
    activation[int(plan.table.bin_row[3]) * plan.n_motifs] = bad
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(expectation(plan, activation, phi).log_likelihood)


def test_padding_holds_every_start_and_every_motif_cell() -> None:
    plan, activation, phi = posed(drawn("several documents"))
    n = plan.n_rows * plan.n_motifs
    starts = activation[:n].reshape(plan.n_rows, plan.n_motifs)
    assert padded_starts(starts).tobytes() == activation.tobytes()
    shape = (plan.n_motifs, plan.motif_length, plan.n_words)
    motifs = np.random.default_rng(0).random(shape).astype(np.float32)
    padded = padded_phi(plan, motifs)
    assert padded.shape == phi.shape
    last = plan.motif_length - 1
    for k in range(plan.n_motifs):
        for tr in range(plan.motif_length):
            column = padded[:, (last - tr) * plan.n_motifs + k]
            assert column.tolist() == motifs[k, tr].tolist()
