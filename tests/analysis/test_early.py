"""Probabilities of what goes on: monotone in the score, and true on documents not learnt from."""

import numpy as np
import pytest

from motifmine.analysis.competition import match_motifs
from motifmine.analysis.early import calibrate_early
from motifmine.analysis.filtering import MotifFilter
from motifmine.analysis.live_occurrences import OccurrenceDecider
from motifmine.models.plsm.model import Plsm
from motifmine.records.table import cut_documents
from motifmine.simulation import simulate
from motifmine.workflows.mine import mine


@pytest.mark.long
def test_probabilities_hold_on_another_document() -> None:
    truth = simulate(n_motifs=2, n_times=3200, noise=0.5, seed=6)
    halves = cut_documents(truth.table, 1600)
    learnt, new = halves.document(0), halves.document(1)
    record = mine(learnt, Plsm(n_motifs=2, motif_length=10))
    scale = calibrate_early(record, learnt)
    assert (np.diff(scale.probability, axis=1) >= 0).all()
    online = MotifFilter.of_record(record)
    decider = OccurrenceDecider(online, np.inf)
    pairs = zip(*match_motifs(record.motifs, truth.motifs), strict=True)
    of_fit = {int(own): (int(whole), 1600 + int(shift)) for whole, own, shift in pairs}
    there = zip(truth.occurrences.motif.tolist(), truth.occurrences.start_bin, strict=True)
    real = {(of_fit[m][0], int(s) - of_fit[m][1]) for m, s in there}
    likely, is_real = [], []
    for row in range(new.n_times):
        part = slice(new.offsets[row], new.offsets[row + 1])
        online.step(new.word[part], new.count[part])
        start, motif, score, shown = decider.going_on()
        likely += scale.look_up(shown, score).tolist()
        is_real += [
            any((k, s + by) in real for by in range(-2, 3))
            for k, s in zip(motif.tolist(), start.tolist(), strict=True)
        ]
    p, y = np.array(likely), np.array(is_real, dtype=float)
    for low, high in [(0.0, 0.3), (0.3, 0.9), (0.9, 1.01)]:
        inside = (p >= low) & (p < high)
        # starts of one occurrence are in many bins, so that the share is known roughly
        assert abs(p[inside].mean() - y[inside].mean()) < 0.2
    assert y[p > 0.9].mean() > 0.9
