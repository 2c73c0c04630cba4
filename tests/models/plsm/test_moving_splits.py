"""Motifs of several lanes side by side are split by where their things pass."""

from dataclasses import replace

import numpy as np
import pytest

from motifmine.models.plsm.model import Plsm
from motifmine.models.plsm.moving_splits import Passing, lanes_of, routes_of
from tests.helpers.moving_traffic import COLUMNS, RIGHT, ROWS, Lane, simulate_traffic


def passing(*offsets: np.ndarray, spread: float = 0.6) -> Passing:
    offset = np.concatenate(offsets)
    n = len(offset)
    return Passing(
        offset=offset,
        spread=np.full(n, spread),
        mass=np.ones((n, 12)),
        is_inside=np.ones((n, 12), dtype=np.bool_),
        first=3,
        width=1.5,
    )


def test_distances_in_groups_are_of_several_lanes() -> None:
    rng = np.random.default_rng(2)
    found = lanes_of(
        passing(rng.normal(-0.5, 0.06, 6), rng.normal(0.4, 0.06, 9)),
        most=4,
    )
    assert sorted(sorted(group.tolist()) for group in found) == [
        list(range(6)),
        list(range(6, 15)),
    ]


def test_distances_of_one_lane_are_not_cut_in_pieces() -> None:
    rng = np.random.default_rng(5)
    draws = [rng.normal(0.0, 0.15, n) for n in (6, 10, 20, 40) for _ in range(50)]
    draws += [rng.uniform(-0.6, 0.6, n) for n in (6, 10, 20, 40) for _ in range(50)]
    n_split = sum(bool(lanes_of(passing(offset), most=4)) for offset in draws)
    assert n_split <= 8  # of 400


def test_large_things_and_pairs_are_in_no_lane() -> None:
    few = passing(np.linspace(-0.05, 0.05, 8))
    large = passing(np.linspace(0.55, 0.65, 4), spread=1.0)
    both = replace(
        passing(few.offset, large.offset), spread=np.concatenate([few.spread, large.spread])
    )
    assert lanes_of(both, most=4) == []
    assert lanes_of(few, most=1) == []


@pytest.mark.long
@pytest.mark.release
def test_lanes_that_touch_are_two_motifs() -> None:
    lanes = [Lane(row=6, direction=RIGHT, speed=1.2), Lane(row=8, direction=RIGHT, speed=1.3)]
    traffic = simulate_traffic(lanes, n_bins=200, per_bin=0.06, seed=6, flicker=3)
    fit = Plsm(n_motifs=6, longest_s=6.0).fit(traffic.table, seed=0)
    cells = fit.motifs.probability.sum(axis=1, dtype=np.float64).reshape(-1, ROWS, COLUMNS, 8)
    rows = cells.sum(axis=(2, 3))
    assert sorted(rows.argmax(axis=1)) == [6, 8]


def test_what_joins_a_path_late_or_leaves_it_early_is_of_another_route() -> None:
    things = passing(np.zeros(12))
    mass = np.random.default_rng(0).uniform(0.7, 1.3, (12, 12))
    mass[5:9, :5] = 0.02
    mass[9:, 8:] = 0.02
    found = routes_of(replace(things, mass=mass), most=4)
    assert [group.tolist() for group, _ in found] == [
        list(range(5)),
        list(range(5, 9)),
        list(range(9, 12)),
    ]
    # bins of the motif, which has its first at 3, less one at the fork
    assert [span for _, span in found] == [None, (9, 15), (3, 10)]
    assert len(routes_of(replace(things, mass=mass), most=2)) == 2


def test_what_the_recording_cuts_off_has_no_route_of_its_own() -> None:
    things = passing(np.zeros(12))
    mass = np.ones((12, 12))
    mass[8:, 6:] = 0.0
    inside = mass > 0
    assert routes_of(replace(things, mass=mass, is_inside=inside), most=4) == []
    assert len(routes_of(replace(things, mass=mass), most=4)) == 2
