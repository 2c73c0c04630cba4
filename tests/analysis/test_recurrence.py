"""p-values of motifs that also have to surpass decoys that keep what comes together."""

import numpy as np
import pytest

from motifmine.analysis.candidates import Candidates
from motifmine.analysis.recurrence import LEVEL, p_values_of
from motifmine.records.fit import MotifSet
from motifmine.seeding import generator
from motifmine.types import Floats
from tests.helpers.fit_records import occurrences_at


def p_value_of(own: Floats, reverse: Floats) -> float:
    """Return the p-value of a motif that other decoys never resemble, by the sizes of events."""
    score = np.concatenate([own, reverse])
    n = len(score)
    found = Candidates(
        occurrences=occurrences_at(100 * np.arange(n), score=score),
        copy=np.repeat([0, 1], [len(own), len(reverse)]),
        n_copies=np.full(n, 6),
        n_whole=np.ones(n, np.int64),
        fold=np.zeros(n, np.int64),
        mass=np.ones(1),
    )
    motifs = MotifSet(probability=np.full((1, 8, 3), 1 / 24, np.float32), weight=np.ones(1))
    return float(p_values_of(found, motifs, 0, n_orders=2)[0])


@pytest.mark.parametrize("n_motifs", [1, 5])
def test_five_strong_occurrences_are_enough_and_five_of_chance_are_not(n_motifs: int) -> None:
    sizes = generator(0).exponential(15.0, 8)
    assert p_value_of(np.full(5, 300.0), sizes[5:]) < LEVEL / n_motifs
    # all five go to the motif, which is no rarity among ten motifs
    assert p_value_of(sizes[:5], sizes[5:] / 4) > LEVEL / n_motifs


def test_many_occurrences_need_not_be_larger_than_chance() -> None:
    sizes = generator(1).exponential(15.0, 30)
    assert p_value_of(sizes, sizes[:1]) < LEVEL
    assert p_value_of(sizes[:16], sizes[16:]) > LEVEL
