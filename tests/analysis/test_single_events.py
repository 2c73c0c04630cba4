"""Events that happened once are marked among the anomalies, chance clumps are not."""

import numpy as np
import pytest

from motifmine.analysis.single_events import score_of_each_by_others
from motifmine.models.plsm.model import Plsm
from motifmine.records.table import ObservationTable, table_from_rows
from motifmine.seeding import generator
from motifmine.simulation import Simulation
from motifmine.workflows.mine import mine


def with_events(small: Simulation, starts: list[int]) -> ObservationTable:
    """The table with an event that has three words in each of six bins, in an order of its own."""
    table = small.table
    row = np.repeat(np.arange(table.n_times), np.diff(table.offsets))
    own = np.add.outer(5 * np.arange(6), [1, 2, 3]).ravel() % table.n_words
    events = [start + np.repeat(np.arange(6), 3) for start in starts]
    return table_from_rows(
        time=np.concatenate([row, *events]),
        word=np.concatenate([table.word, *([own] * len(starts))]),
        count=np.concatenate([table.count, np.full(18 * len(starts), 5.0)]),
        n_times=table.n_times,
        vocabulary=table.vocabulary,
        bin_s=table.bin_s,
    )


@pytest.mark.parametrize(("starts", "n_marked"), [([301], 1), ([301, 555], 0), ([], 0)])
def test_an_event_that_happened_once_is_an_anomaly_and_no_motif(
    small: Simulation, starts: list[int], n_marked: int
) -> None:
    table = with_events(small, starts)
    spec = Plsm(n_motifs=3, motif_length=8, activity="sparse", rounds=3)
    record = mine(table, spec)
    assert len(record.motifs) == 3
    found = record.anomalies
    assert found is not None
    assert found.happened_once is not None
    assert found.happened_once.sum() == n_marked
    for at in np.flatnonzero(found.happened_once):
        assert abs(found.start_s[at] / table.bin_s - 301) <= 8


def test_chance_clumps_say_nothing_of_their_own_observations() -> None:
    rng = generator(2)
    rate = np.full((8, 30), 0.13)
    chance = [score_of_each_by_others(rng.poisson(rate).astype(float), rate) for _ in range(500)]
    assert max(chance) < 5
    event = np.zeros((8, 30))
    event[np.arange(8), np.arange(8)] = 6
    assert score_of_each_by_others(event + rng.poisson(rate), rate) > 30
