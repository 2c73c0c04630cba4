"""Whole things by themselves: how long they pass, starts that stand out, tables of things."""

import numpy as np
import pytest

from motifmine.errors import SpecError
from motifmine.models.moving_window import PER_SIZE
from motifmine.models.plsm.moving import describe_decisions, is_moving
from motifmine.models.plsm.moving_lanes import main_starts
from motifmine.models.plsm.moving_things import PASSING, find_reach
from motifmine.models.plsm.spec import PlsmSpec
from motifmine.records.fit import Background, MotifSet
from motifmine.records.start_layout import start_layout
from motifmine.simulation import Simulation


def passing(speed: float, size: float) -> np.ndarray:
    """Return a motif (L, W) of a thing of this size that moves over a row of 200 cells."""
    place = np.arange(200.0)
    middle = 20 + speed * np.arange(20)
    motif = np.exp(-0.5 * ((place - middle[:, None]) / size) ** 2)
    motif /= motif.sum()
    return motif.astype(np.float32)


def test_a_thing_passes_the_longer_the_larger_and_the_slower_it_is() -> None:
    positions = np.stack([np.zeros(200), np.arange(200.0)], axis=1)
    motifs = np.stack([passing(4, 4), passing(4, 12), passing(8, 12)])
    reach = find_reach(motifs, positions)
    expected = [
        round(PASSING * PER_SIZE * size / speed) for speed, size in ((4, 4), (4, 12), (8, 12))
    ]
    np.testing.assert_allclose(reach, np.clip(expected, 1, 20), atol=1)
    assert find_reach(np.zeros((1, 20, 200), np.float32), positions) == [1]


def test_starts_that_stand_out_are_found_once_each(small: Simulation) -> None:
    layout = start_layout(small.table, 8)
    starts = np.full((layout.n_rows, 2), 1e-4, np.float32)
    wanted = np.array([20, 90, 300, 500])
    starts[wanted, 0] = 5.0
    starts[wanted + 1, 0] = 1.0
    row, motif, weight = main_starts(layout, starts)
    assert row[motif == 0].tolist() == wanted.tolist()
    assert np.all(weight[motif == 0] > 0.5)


def test_moving_things_are_sought_among_words_that_move(small: Simulation) -> None:
    assert not is_moving(PlsmSpec(), small.table)
    with pytest.raises(SpecError, match="they are of the kind 'labels'"):
        is_moving(PlsmSpec(activity="moving"), small.table)


def test_the_decisions_say_what_the_motifs_hold() -> None:
    motifs = MotifSet(
        probability=np.full((2, 3, 4), 1 / 12, np.float32), weight=np.array([0.5, 0.3])
    )
    background = Background(probability=np.full(4, 0.25, np.float32), weight=0.2)
    assert describe_decisions(motifs, background).startswith("2 motifs")
    assert "80%" in describe_decisions(motifs, background)
