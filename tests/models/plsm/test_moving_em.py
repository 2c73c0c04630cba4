"""EM of motifs that stay along their paths."""

import numpy as np

from motifmine.models.moving_window import TURN, MovingWindow
from motifmine.models.plsm.beginnings import Watch
from motifmine.models.plsm.moving_em import MovingMotifs, climb_along
from motifmine.models.plsm.problem import flat_start, prepare_em
from motifmine.models.plsm.spec import PlsmSpec, Priors
from tests.helpers.moving_traffic import RIGHT, Lane, simulate_traffic


def test_motifs_stay_within_their_spans_and_explain_more() -> None:
    table = simulate_traffic(
        [Lane(row=4, direction=RIGHT, speed=1.2)], n_bins=60, per_bin=0.08, seed=0
    ).table
    layout = table.vocabulary.layout
    positions, movements = layout.positions(), layout.movements()
    assert positions is not None
    assert movements is not None
    window = MovingWindow.of_table(positions, movements, table)
    problem = prepare_em(table, 12, Priors(sparsity=0.0, reach=(3,)), most_motifs=1, n_threads=1)
    along = np.zeros((1, 12, 4))
    along[0, :, 0], along[0, :, 1], along[0, :, 3] = 4.0, 1.2 * np.arange(12), 1.0
    even = np.full((1, 12, table.n_words), 1 / (12 * table.n_words), np.float32)
    near, _ = window.multiply(even, along, scale=1.0, turn=TURN)
    begun = MovingMotifs(
        problem=problem,
        state=flat_start(problem, near / near.sum(), problem.word_shares()),
        centre=along,
        stiffness=np.array([3.0**4]),
        spans=[(3, 9)],
    )
    watch = Watch.of(PlsmSpec(n_motifs=1, motif_length=12), None)
    found = climb_along(begun, window, watch, 12)
    assert watch.rows[-1][0] > watch.rows[0][0]
    mass = found.state.motifs[0].sum(axis=1)
    assert np.flatnonzero(mass).min() >= 2
    assert np.flatnonzero(mass).max() <= 9
    # a quarter of what passes, as the path is a quarter as long
    assert found.explained > 0.2
    assert abs(float(found.state.motifs[0].sum(axis=0) @ positions[:, 0]) - 4.0) < 1.0
