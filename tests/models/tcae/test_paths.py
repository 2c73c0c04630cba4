"""Filters of the auto-encoder that are of one moving thing each."""

import numpy as np
import pytest
import torch

from motifmine.models.moving_window import EVERYWHERE, MovingWindow
from motifmine.models.tcae.model import Tcae
from motifmine.models.tcae.paths import NARROW_EPOCHS, PathMask
from motifmine.records.vocabulary import FlowGrid, Topics, Vocabulary
from tests.helpers.moving_traffic import COLUMNS, LEFT, RIGHT, ROWS, Lane, Traffic, simulate_traffic

LANES = [
    Lane(row=3, direction=RIGHT, speed=2.2),
    Lane(row=7, direction=RIGHT, speed=2.5),
    Lane(row=12, direction=LEFT, speed=2.3),
]


def test_a_topic_has_the_place_and_the_size_of_its_words() -> None:
    grid = FlowGrid(
        rows=ROWS, columns=COLUMNS, directions=8, cell_px=8, frame_width=240, frame_height=128
    )
    loadings = np.zeros((3, ROWS, COLUMNS, 8), np.float32)
    loadings[0, 5, 8:13, RIGHT] = 0.2
    loadings[1, 5, 8:13, [RIGHT, LEFT]] = 0.1
    loadings[2, :, :, RIGHT] = 1 / (ROWS * COLUMNS)
    layout = Topics(model="plsa", inner=Vocabulary.of_grid(grid), loadings=loadings.reshape(3, -1))
    traffic = simulate_traffic(LANES, n_bins=5, per_bin=0.1, seed=0)
    window = MovingWindow.of_words(layout, np.arange(3, dtype=np.int32), traffic.table)
    assert window is not None
    assert window.place[0] == pytest.approx([5, 10, 0, 1])
    assert window.place[1] == pytest.approx([5, 10, 0, 0])
    along, across = window.width[0]
    assert 1.5 < along < 3 and across < along
    assert window.width[2].min() == EVERYWHERE


def test_words_without_a_place_have_no_windows() -> None:
    traffic = simulate_traffic(LANES, n_bins=5, per_bin=0.1, seed=0)
    layout = Vocabulary.of_labels(["a", "b"]).layout
    assert MovingWindow.of_words(layout, np.arange(2, dtype=np.int32), traffic.table) is None


def test_masks_narrow_to_the_path_of_a_filter(traffic: Traffic) -> None:
    table = traffic.table
    layout = table.vocabulary.layout
    window = MovingWindow.of_words(layout, np.arange(table.n_words, dtype=np.int32), table)
    assert window is not None
    filters = np.zeros((1, 10, ROWS, COLUMNS, 8), np.float32)
    for time in range(10):
        filters[0, time, 7, 5 + 2 * time, RIGHT] = 1.0
        filters[0, time, 13, 5 + 2 * time, LEFT] = 0.2
    decoder = torch.from_numpy(filters.reshape(1, 10, -1)).transpose(1, 2)
    paths = PathMask(window=window)
    share = [float(paths.find(decoder, epoch).mean()) for epoch in (0, 10, NARROW_EPOCHS, 90)]
    assert share[0] > share[1] > share[2] == share[3]
    kept = (decoder * paths.find(decoder, NARROW_EPOCHS)).sum()
    assert float(kept) == pytest.approx(10)
    assert float(paths.hold(decoder).sum()) == pytest.approx(1, rel=1e-4)


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return simulate_traffic(LANES, n_bins=120, per_bin=0.09, seed=3, flicker=0.3)


@pytest.mark.release
@pytest.mark.long
def test_each_lane_is_a_filter_of_its_own(traffic: Traffic) -> None:
    fit = Tcae(n_motifs=6, motif_length=14, epochs=32).fit(traffic.table, seed=1)
    cells = fit.motifs.probability.sum(axis=1, dtype=np.float64).reshape(-1, ROWS, COLUMNS, 8)
    rows = cells.sum(axis=(2, 3))
    edges = np.array([5, 10])
    of_lane = np.add.reduceat(rows, [0, *edges], axis=1) / rows.sum(axis=1, keepdims=True)
    assert of_lane.max(axis=1).min() > 0.95
    assert set(of_lane.argmax(axis=1)) == {0, 1, 2}
    assert len(fit.motifs) <= 4
