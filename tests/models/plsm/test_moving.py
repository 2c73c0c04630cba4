from itertools import pairwise

import numpy as np
import pytest

from motifmine.analysis.occurrences import find_occurrences
from motifmine.errors import SpecError
from motifmine.models.moving_paths import Path, own_run, share_on_path
from motifmine.models.moving_window import MovingWindow, smooth_paths
from motifmine.models.plsm.kernels.moving import sweep_gathered, triggered_counts
from motifmine.models.plsm.model import Plsm, PlsmFit
from motifmine.records.start_layout import start_layout
from motifmine.records.table import ObservationTable, cut_documents, table_from_rows
from motifmine.simulation import simulate
from motifmine.types import Floats
from tests.helpers.moving_traffic import COLUMNS, LEFT, RIGHT, ROWS, Lane, Traffic, simulate_traffic

LANES = [
    Lane(row=3, direction=RIGHT, speed=1.2),
    Lane(row=7, direction=RIGHT, speed=1.5),
    Lane(row=12, direction=LEFT, speed=1.3),
]


@pytest.fixture(scope="module")
def busy() -> Traffic:
    """Three lanes, several things in each at once."""
    return simulate_traffic(LANES, n_bins=200, per_bin=0.09, seed=3, flicker=3)


@pytest.fixture(scope="module")
def moving(busy: Traffic) -> PlsmFit:
    return Plsm(n_motifs=8, longest_s=6.0).fit(busy.table, seed=1)


def shares_of_rows(fit: PlsmFit) -> Floats:
    """Return the mass of each motif in each row of the picture, float64 array (K, rows)."""
    cells = fit.motifs.probability.sum(axis=1, dtype=np.float64).reshape(-1, ROWS, COLUMNS, 8)
    shares: Floats = cells.sum(axis=(2, 3))
    return shares


def purity(fit: PlsmFit) -> Floats:
    """Return the share of each motif in the lane that it has most of, float64 array (K,)."""
    edges = [0, 5, 10, ROWS]
    rows = shares_of_rows(fit)
    lanes = [rows[:, a:b].sum(axis=1) for a, b in pairwise(edges)]
    found: Floats = np.max(lanes, axis=0) / rows.sum(axis=1)
    return found


def test_each_lane_is_one_motif_though_no_number_is_given(moving: PlsmFit) -> None:
    assert moving.spec.activity == "moving"
    assert len(moving.motifs) == 3
    assert purity(moving).min() > 0.97
    assert sorted(shares_of_rows(moving).argmax(axis=1)) == [3, 7, 12]


def test_plain_motifs_mix_the_lanes(busy: Traffic) -> None:
    plain = Plsm(n_motifs=3, motif_length=15, activity="dense").fit(busy.table, seed=1)
    assert purity(plain).min() < 0.9


def test_motifs_are_as_long_as_things_take(moving: PlsmFit) -> None:
    longest = COLUMNS / min(lane.speed for lane in LANES)
    assert 0.7 * longest < moving.motifs.motif_length < 1.4 * longest


def test_every_thing_is_one_occurrence(busy: Traffic, moving: PlsmFit) -> None:
    found = find_occurrences(busy.table, moving.motifs, moving.background, moving.activations)
    heavy = found.weight > 0.25 * np.median(found.weight)
    lane_of = {3: 0, 7: 1, 12: 2}
    rows = shares_of_rows(moving).argmax(axis=1)
    n_matched = n_found = 0
    for k, row in enumerate(rows):
        starts = found.start_bin[heavy & (found.motif == k)]
        true = busy.passages[lane_of[int(row)]]
        gaps = true[:, None] - starts[None]
        offset = max(np.arange(0, 30, 0.5), key=lambda by: (np.abs(gaps - by) < 2).any(1).sum())
        n_matched += int((np.abs(gaps - offset) < 3).any(axis=1).sum())
        # what is at either end of the recording is no passage
        n_found += int(((starts + offset > 4) & (starts + offset < 196)).sum())
    n_true = sum(map(len, busy.passages))
    assert 2 * n_matched / (n_true + n_found) > 0.93


def test_starts_are_located_as_they_were_found(busy: Traffic, moving: PlsmFit) -> None:
    again = moving.locate(busy.table)
    fitted = find_occurrences(busy.table, moving.motifs, moving.background, moving.activations)
    found = find_occurrences(busy.table, moving.motifs, again.background, again.activations)
    strong = fitted.weight > 0.5 * np.median(fitted.weight)
    for motif, start in zip(fitted.motif[strong], fitted.start_bin[strong], strict=True):
        assert (np.abs(found.start_bin[found.motif == motif] - start) <= 2).any()


def test_where_nothing_passes_a_flicker_is_no_thing(busy: Traffic, moving: PlsmFit) -> None:
    """What is usual is what the motifs were learned from, not the largest of what there is."""
    faint = moving.locate(busy.table.with_counts(0.1 * busy.table.count))
    whole = moving.locate(busy.table)
    assert faint.activations.mass.sum() < 0.01 * whole.activations.mass.sum()


@pytest.mark.long
def test_a_given_length_is_kept_and_the_number_of_threads_changes_nothing(
    busy: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where lanes compete for one of two documents, and their motifs learn from both in the end."""
    monkeypatch.setattr("motifmine.models.plsm.moving.N_COMPETING", 5_000)
    monkeypatch.setattr("motifmine.models.plsm.moving.PATHS_COMPETING", 1)
    spec = Plsm(n_motifs=2, motif_length=12, activity="moving")
    table = cut_documents(busy.table, 100)
    fit, other = (spec.fit(table, seed=0, n_threads=n) for n in (1, 2))
    assert fit.activations.offsets[1] > 0
    assert fit.activations.offsets[2] > fit.activations.offsets[1]
    assert np.array_equal(other.motifs.probability, fit.motifs.probability)
    assert fit.motifs.motif_length == 12
    assert len(fit.motifs) <= 2
    assert purity(fit).min() > 0.95


def tall_things(every: int, per_bin: float, *others: Traffic) -> ObservationTable:
    """A lane in row 8, of which each `every`-th thing reaches into rows that are free without it.

    Things of `others` pass, too.
    """
    low, high = (
        simulate_traffic(
            [Lane(row=row, direction=RIGHT, speed=1.2)], n_bins=200, per_bin=per_bin, seed=1
        )
        for row in (8.0, 5.4)
    )
    nearest = np.abs(np.arange(200)[:, None] - low.passages[0]).argmin(axis=1)
    tables = [each.table for each in (high, low, *others)]
    times = [np.repeat(np.arange(200), np.diff(each.offsets)) for each in tables]
    kept = np.ones(sum(map(len, times)), dtype=bool)
    kept[: len(times[0])] = nearest[times[0]] % every == 0
    return table_from_rows(
        time=np.concatenate(times)[kept],
        word=np.concatenate([each.word for each in tables])[kept],
        count=np.concatenate([each.count for each in tables])[kept],
        n_times=200,
        vocabulary=low.table.vocabulary,
        bin_s=low.table.bin_s,
    )


@pytest.mark.long
def test_the_tops_of_tall_things_are_no_motif_of_their_own() -> None:
    fit = Plsm(n_motifs=6, longest_s=6.0).fit(tall_things(3, 0.06), seed=0)
    assert shares_of_rows(fit).argmax(axis=1).tolist() == [8]


@pytest.mark.long
def test_the_tops_of_tall_things_take_no_place_of_a_motif_that_is_asked_for() -> None:
    rare = simulate_traffic(
        [Lane(row=13.0, direction=LEFT, speed=1.2)], n_bins=200, per_bin=0.03, seed=2
    )
    fit = Plsm(n_motifs=2, longest_s=6.0).fit(tall_things(2, 0.08, rare), seed=0)
    assert shares_of_rows(fit).argmax(axis=1).tolist() == [8, 13]


@pytest.mark.long
@pytest.mark.release
def test_what_does_not_move_has_plain_motifs() -> None:
    noise = simulate_traffic([], n_bins=120, per_bin=0.1, seed=0, flicker=60)
    fit = Plsm(n_motifs=3, motif_length=10, longest_s=4.0).fit(noise.table, seed=0)
    assert fit.spec.activity in ("sparse", "dense")


@pytest.mark.long
@pytest.mark.release
def test_lanes_are_found_though_rain_holds_most_of_the_observations() -> None:
    rain = simulate_traffic(LANES, n_bins=120, per_bin=0.09, seed=3, flicker=300)
    fit = Plsm(n_motifs=3, motif_length=15).fit(rain.table, seed=1)
    assert fit.background.weight > 0.7
    assert fit.spec.activity == "moving"
    assert sorted(shares_of_rows(fit).argmax(axis=1)) == [3, 7, 12]


def test_words_without_places_are_fitted_as_ever() -> None:
    table = simulate(n_motifs=2, n_times=300, seed=4).table
    one = Plsm(n_motifs=2, motif_length=10).fit(table, seed=0)
    other = Plsm(n_motifs=2, motif_length=10, longest_s=6.0).fit(table, seed=0)
    assert np.array_equal(one.motifs.probability, other.motifs.probability)
    with pytest.raises(SpecError, match="no place that they move through"):
        Plsm(n_motifs=2, motif_length=10, activity="moving").fit(table)


def test_gathered_starts_keep_their_sum_and_stay_in_their_document() -> None:
    rng = np.random.default_rng(0)
    starts = rng.gamma(0.3, size=(60, 2)).astype(np.float32)
    edges = np.array([0, 25, 60])
    before = [starts[a:b].sum(axis=0, dtype=np.float64) for a, b in ((0, 25), (25, 60))]
    sweep_gathered(starts, edges, np.array([3, 1]), 2.0)
    after = [starts[a:b].sum(axis=0, dtype=np.float64) for a, b in ((0, 25), (25, 60))]
    np.testing.assert_allclose(after, before, rtol=1e-5)
    for _ in range(6):
        sweep_gathered(starts, edges, np.array([3, 1]), 4.0)
    for k, reach in enumerate((3, 1)):
        for a, b in ((0, 25), (25, 60)):
            at = np.flatnonzero(starts[a:b, k] > 1e-3)
            assert np.diff(at).min() > reach


def test_counts_around_starts_are_those_of_a_loop() -> None:
    table = simulate(n_motifs=2, n_times=80, seed=1).table
    layout = start_layout(table, 7)
    occurrences, motif = np.array([0, 30, 79]), np.array([0, 1, 1])
    weight = np.array([1.0, 0.5, 2.0])
    limits = np.array([[0, 80]] * 3)
    found = np.zeros((2, 13, table.n_words), np.float32)
    triggered_counts(
        layout.bin_row,
        layout.offsets,
        layout.word,
        layout.count,
        occurrences,
        motif,
        weight,
        limits,
        -3,
        found,
    )
    dense = np.zeros((80, table.n_words))
    np.add.at(dense, (table.row_of_observation(), table.word), table.count)
    expected = np.zeros_like(found)
    for at, k, w in zip(occurrences, motif, weight, strict=True):
        for r in range(13):
            if 0 <= at - 3 + r < 80:
                expected[k, r] += w * dense[at - 3 + r]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def window_of(table_of: Traffic) -> MovingWindow:
    layout = table_of.table.vocabulary.layout
    positions, movements = layout.positions(), layout.movements()
    assert positions is not None
    assert movements is not None
    return MovingWindow.of_table(positions, movements, table_of.table)


def test_a_window_keeps_what_is_near_and_moves_the_same_way(busy: Traffic) -> None:
    window = window_of(busy)
    counts = np.ones((1, 1, len(window.place)), np.float32)
    centre = np.array([[[7.0, 15.0, 0.0, 1.0]]])
    inside, mass = window.multiply(counts, centre, scale=1.0, turn=4.0)
    weight = inside[0, 0].reshape(ROWS, COLUMNS, 8)
    assert weight[7, 15, RIGHT] == pytest.approx(1.0, abs=1e-5)
    assert weight[7, 15, LEFT] < 0.01
    assert weight[14, 15, RIGHT] < 0.05
    # a thing is longer than wide
    assert weight[7, 18, RIGHT] > weight[10, 15, RIGHT]
    assert mass[0, 0] == pytest.approx(inside.sum(), rel=1e-4)


def test_widths_are_those_of_what_moves(busy: Traffic) -> None:
    window = window_of(busy)
    # standard deviations of the bodies: about 1.4 along and 0.7 across, times 1.3
    assert 1.2 < np.median(window.width[:, 0]) < 3.0
    assert 1.0 <= np.median(window.width[:, 1]) < 1.6


def test_paths_go_on_straight_where_there_is_no_mass() -> None:
    mean = np.zeros((1, 20, 2))
    mean[0, :, 0] = np.arange(20)
    mass = np.ones((1, 20))
    mass[0, 12:] = 0
    mean[0, 12:, 0] = 0
    smooth = smooth_paths(mean, mass, stiffness=1e3)
    np.testing.assert_allclose(smooth[0, :, 0], np.arange(20), atol=0.5)


def straight(row: float, first: float, last: float, n: int = 15) -> Path:
    column = np.linspace(first, last, n)
    sign = np.sign(last - first)
    points = np.stack([np.full(n, row), column, np.zeros(n), np.full(n, sign)], axis=1)
    return Path(points=points, first=0)


def test_paths_are_one_lane_by_place_and_direction_not_by_speed(busy: Traffic) -> None:
    window = window_of(busy)
    path = straight(5.0, 2.0, 25.0)
    assert share_on_path(path, straight(5.3, 5.0, 20.0, n=40), window, 0.85) == 1.0
    assert share_on_path(path, straight(5.0, 25.0, 2.0), window, 0.85) == 0.0
    assert share_on_path(path, straight(9.0, 2.0, 25.0), window, 0.85) == 0.0
    assert 0.3 < share_on_path(path, straight(5.0, 20.0, 29.0), window, 0.85) < 0.9


def test_the_own_run_of_a_motif_ends_where_mass_does() -> None:
    assert own_run(np.array([0.0, 0.5, 0.01, 2.0, 3.0, 1.0, 0.0, 0.9])) == (3, 6)
