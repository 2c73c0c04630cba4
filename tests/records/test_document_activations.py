"""Activations by document: split and joined again, and what a file may hold of them."""

import numpy as np
import pytest

from motifmine.records.document_activations import join_activations, split_activations
from motifmine.records.fields import are_equal, is_allowed
from motifmine.records.fit import Activations

PARTS = Activations(
    offsets=np.array([0, 2, 2, 3]),
    start=np.array([-3, 4, 0], np.int32),
    motif=np.array([0, 1, 1], np.int32),
    mass=np.array([1.5, 2, 3], np.float32),
)


@pytest.mark.parametrize("tempo", [None, np.array([0, 1, 0], np.int32)])
def test_what_is_split_joins_to_the_same(tempo: np.ndarray | None) -> None:
    whole = Activations(
        offsets=PARTS.offsets, start=PARTS.start, motif=PARTS.motif, mass=PARTS.mass, tempo=tempo
    )
    parts = list(split_activations(whole))
    assert [len(part.start) for part in parts] == [2, 0, 1]
    assert are_equal(join_activations(parts), whole)
    assert are_equal(join_activations([]), Activations.none())


def test_a_motif_starts_where_it_reaches_its_document() -> None:
    starts = np.array([-4, -3, 0, 9, 10, 2**31 - 1, -(2**31)], np.int32)
    rule = "start of a motif that reaches the document"
    allowed = is_allowed(starts, rule, {"relative_time": 4, "time": 10})
    assert allowed.tolist() == [False, True, True, True, False, False, False]
