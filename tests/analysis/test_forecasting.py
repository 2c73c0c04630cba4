"""Forecasts by motifs and by states, against enumeration and against simple baselines."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from motifmine.analysis.forecasting import make_forecaster, score_forecasts, usual_words
from motifmine.errors import DataError
from motifmine.io.hdf5.store import write_fit, write_table
from motifmine.models.plsm.model import Plsm
from motifmine.models.states.em import expect
from motifmine.models.states.forecast import StatesFilter
from motifmine.models.states.model import Hsmm
from motifmine.records.table import ObservationTable, Recording, bin_starts
from motifmine.simulation import simulate
from motifmine.workflows.mine import mine
from motifmine.workflows.workspace import Workspace
from tests.models.states.test_states import data_of, random_states, simulated

Run = Callable[..., Result]


def halves(table: ObservationTable) -> tuple[ObservationTable, ObservationTable]:
    """Return the two halves of the time as documents of their own."""
    middle = table.n_times // 2
    cut = table.offsets[middle]
    parts = []
    for name, first, end, begin, stop in (
        ("first", 0, middle, 0, cut),
        ("second", middle, table.n_times, cut, len(table.word)),
    ):
        recording = Recording(name=name, bin_start_s=bin_starts(end - first, table.bin_s))
        parts.append(
            replace(
                table,
                offsets=table.offsets[first : end + 1] - begin,
                word=table.word[begin:stop],
                count=table.count[begin:stop],
                recordings=(recording,),
            )
        )
    return parts[0], parts[1]


@pytest.mark.parametrize("n_ages", [1, 4])
def test_predictions_one_by_one_give_the_likelihood_of_all_bins(n_ages: int) -> None:
    rng = np.random.default_rng(5)
    states = random_states(rng, 3, n_ages, 4)
    data = data_of(rng.poisson(1.0, (30, 4)))
    emission = states.log_emission(data.counts)
    follower, total = StatesFilter(states), 0.0
    for row in range(30):
        total += float(np.log(follower.going_on(1)[0] @ np.exp(emission[row])))
        counts = data.counts[row]
        follower.step(counts.indices.astype(np.int32), counts.data)
    assert total == pytest.approx(expect(states, data).log_likelihood, abs=1e-9)


@pytest.mark.long
def test_states_predict_states_and_motifs_predict_motifs() -> None:
    train, test = halves(simulated(0, n_times=1600)[0])
    record = mine(train, Hsmm(n_states=4))
    scores = score_forecasts(test, {"states": make_forecaster(record)}, usual_words(record), (1, 8))
    nats = {name: scores.of(name) for name in scores.predictors}
    assert scores.best == "states"
    assert nats["states"][0] > nats["persistence"][0] + 0.05 > nats["marginal"][0]
    # states last for tens of bins: what is known now fades
    assert nats["states"][0] > nats["states"][1] > nats["marginal"][1]

    train, test = halves(simulate(n_motifs=3, n_times=2000, seed=4).table)
    record = mine(train, Plsm(n_motifs=3, motif_length=10))
    scores = score_forecasts(test, {"motifs": make_forecaster(record)}, usual_words(record))
    assert scores.best == "motifs"
    assert scores.of("motifs")[0] > scores.of("marginal")[0] + 0.5


def test_forecasts_and_scores_are_printed(motifmine: Run) -> None:
    train, test = halves(simulated(1, n_times=600)[0])
    workspace = Workspace(Path("motifmine-work"))
    write_table(workspace.table_path("first"), train)
    write_table(Path("second.h5"), test)
    write_fit(workspace.fit_path("hsmm-001"), mine(train, Hsmm(n_states=4)))
    shown = motifmine("forecast", "--bins", "3")
    assert shown.exit_code == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0] == "after first: 3 bins of 2 s"
    assert lines[3].split()[0] == "00:10:00.000"
    scored = motifmine("forecast", "hsmm-001", "--score", "second.h5")
    assert scored.stdout.splitlines()[-1].endswith("hsmm-001 predicts the next bin best")
    known = motifmine("forecast", "hsmm-001", "--score", str(workspace.table_path("first")))
    assert known.exit_code == 1
    assert "was learned from first" in known.stderr
    assert motifmine("forecast", "--against", "x").exit_code == 2


def test_a_table_of_other_words_is_refused() -> None:
    table = simulated(1, n_times=100)[0]
    with pytest.raises(DataError, match="10 words but the fit 11"):
        score_forecasts(table, {}, np.full(11, 1 / 11))
