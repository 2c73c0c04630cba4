"""What a fit reports while it runs."""

import math

from motifmine.models.plsm.model import Plsm
from motifmine.progress import Progress
from motifmine.simulation import simulate
from motifmine.workflows.mine import mine


def test_the_test_of_recurrence_is_part_of_the_work_that_is_reported() -> None:
    table = simulate(n_motifs=2, n_times=400, motif_length=10, seed=2).table
    seen: list[Progress] = []
    mine(table, Plsm(n_motifs=2, motif_length=10, iterations=20), on_progress=seen.append)
    of_fit = [each for each in seen if not each.stage]
    tests = [each for each in seen if each.stage]
    assert of_fit and tests
    assert seen[-1] is tests[-1]
    assert str(tests[0]).startswith("do the motifs recur? part 1 of ")
    assert all(0 < each.done < each.total and math.isfinite(each.total) for each in tests)
