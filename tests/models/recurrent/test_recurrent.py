"""GRU and LSTM: seeded, better than frequencies, the same in NumPy as in torch, without motifs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from motifmine.analysis.forecasting import make_forecaster, score_forecasts, usual_words
from motifmine.errors import SpecError
from motifmine.io.hdf5 import store
from motifmine.models.recurrent.cells import CellFilter, Weights
from motifmine.models.recurrent.model import Gru, Lstm
from motifmine.models.recurrent.network import Network, split_windows
from motifmine.models.recurrent.spec import RecurrentSpec
from motifmine.records.model_state import restore_state
from motifmine.records.table import cut_documents
from motifmine.simulation import simulate
from motifmine.workflows.mine import locate, mine


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_numpy_predicts_what_torch_does(kind: str) -> None:
    network = Network(kind, 5, 3).double()
    draws = torch.Generator().manual_seed(0)
    for values in network.parameters():
        values.data = torch.rand(values.shape, generator=draws, dtype=torch.float64) - 0.5
    counts = np.random.default_rng(1).poisson(1.0, (12, 5)).astype(float)
    log_mean = np.log(counts.mean(axis=0))
    arrays = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    online = CellFilter(
        Weights(
            kind=kind,
            input=arrays["memory.weight_ih_l0"],
            input_bias=arrays["memory.bias_ih_l0"],
            memory=arrays["memory.weight_hh_l0"],
            memory_bias=arrays["memory.bias_hh_l0"],
            output=arrays["rates.weight"],
            output_bias=arrays["rates.bias"],
            log_mean=log_mean,
        )
    )
    with torch.no_grad():
        found = network(torch.from_numpy(counts[None]), torch.from_numpy(log_mean))[0].exp().numpy()
    for row, rates in zip(counts, found, strict=True):
        word = np.flatnonzero(row).astype(np.int32)
        online.step(word, row[word])
        assert online.predict(1)[0] == pytest.approx(rates, rel=1e-9)


@pytest.mark.long
def test_it_predicts_other_documents_better_than_frequencies(tmp_path: Path) -> None:
    halves = cut_documents(simulate(n_motifs=2, n_times=1600, n_words=12, seed=3).table, 1200)
    train, test = halves.document(0), halves.document(1)
    spec = Gru(units=16, epochs=12)
    record, again = mine(train, spec, seed=1), spec.fit(train, seed=1)
    weights = restore_state(Weights, record.model_state)
    assert np.array_equal(weights.output, again.model_state.output)
    store.write_fit(tmp_path / "gru.h5", record)
    read = store.read_fit(tmp_path / "gru.h5")
    scores = score_forecasts(test, {"gru": make_forecaster(read)}, usual_words(read))
    assert scores.of("gru")[0] > scores.of("marginal")[0] + 0.1
    assert len(read.motifs) == len(read.occurrences) == len(locate(read, test).occurrences) == 0
    assert "no motifs" in record.provenance.spec.notes.decisions[0]


def test_lstm_is_its_own_model_and_takes_a_short_document() -> None:
    table = simulate(n_motifs=1, n_times=40, n_words=6, seed=3).table
    record = mine(table, Lstm(units=4, epochs=2))
    assert record.provenance.model == "lstm"
    assert restore_state(Weights, record.model_state).kind == "lstm"


def test_no_window_that_is_learnt_overlaps_a_held_out_one() -> None:
    used, held_out = split_windows(simulate(n_motifs=1, n_times=900, seed=0).table)
    assert np.abs(used[:, None] - held_out).min() >= 64
    assert len(held_out) >= 2


def test_a_network_without_units_is_refused() -> None:
    with pytest.raises(SpecError, match="units"):
        RecurrentSpec(units=0)
