"""A fit with a limit of time returns the best it has, and says so."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import motifmine as mm
from motifmine.errors import SpecError
from motifmine.models.hdlsm.chains import Chain, Schedule, Sweep, cut_chains
from motifmine.models.registry import OWN, has_setting
from motifmine.simulation import Simulation
from motifmine.time_limit import is_time_up, limited_to, limited_to_share
from motifmine.workflows.workspace import Workspace

Run = Callable[..., Result]
QUICK = ("plsm", "hdlsm", "hsmm")
MODELS = [
    pytest.param(name, marks=[] if name in QUICK else pytest.mark.long)
    for name in OWN
    # takes a fit of another model
    if name != "cgan"
]


def test_the_nearest_end_counts() -> None:
    assert not is_time_up()
    with limited_to(0):
        assert is_time_up()
        with limited_to(1000):
            assert is_time_up()
    with limited_to(1000), limited_to_share(0.5):
        assert not is_time_up()
        with limited_to_share(0):
            assert is_time_up()
    with limited_to_share(0.5):
        assert not is_time_up()


@pytest.mark.parametrize("model", MODELS)
def test_a_fit_that_has_no_time_is_the_best_so_far(model: str, small: Simulation) -> None:
    said: list[str] = []
    sizes = {"motif_length": 8} if has_setting(model, "motif_length") else {}
    fit = mm.fit_model(model, small.table, limit="1ms", on_message=said.append, **sizes)  # type: ignore[arg-type]
    assert any("the time limit ended the learning early" in line for line in said)
    assert fit.record.provenance.spec.notes.decisions[-1].startswith("the time limit")
    assert len(fit.motifs) >= (model not in ("dcgan", "bigan", "alad", "gru", "lstm"))
    assert fit.motifs.probability.sum((1, 2)) == pytest.approx(1, abs=1e-4)
    assert np.isfinite(fit.record.log_likelihood)
    assert not any("too short" in line or "do not recur" in line for line in said)


def test_a_limit_that_is_not_reached_changes_nothing(small: Simulation) -> None:
    sizes = {"n_motifs": 3, "motif_length": 8, "restarts": 1, "iterations": 20}
    fits = [mm.fit_model("plsm", small.table, limit=limit, **sizes) for limit in (None, "5h")]  # type: ignore[arg-type]
    assert np.array_equal(fits[0].motifs.probability, fits[1].motifs.probability)
    assert fits[0].occurrences.equals(fits[1].occurrences)


def test_the_command_takes_a_limit(motifmine: Run) -> None:
    assert motifmine("simulate", "--motifs", "2").exit_code == 0
    line = ("fit", "--model", "plsm", "--motif-length", "10bins")
    result = motifmine(*line, "--limit", "1ms")
    assert result.exit_code == 0, result.stderr
    assert "the time limit ended the learning early" in result.stderr
    record = mm.load_fit(Workspace(Path("motifmine-work")).find_fit(None)).record
    assert "limit" not in (record.provenance.spec.notes.request or {})
    refused = motifmine(*line, "--limit", "3bins")
    assert refused.exit_code == 1
    assert "write 10min or 2h" in refused.stderr
    shown = motifmine("show-motifs", "--json")
    assert shown.exit_code == 0 and "NaN" not in shown.stdout


def test_chains_are_cut_to_the_same_sweeps() -> None:
    def chain(n: int) -> Chain:
        none = Sweep(np.zeros(0, np.int32), np.zeros(0, int), np.zeros(0, int), np.zeros(4), 0.0)
        return Chain(np.zeros((n, 9)), none, [none], np.zeros(n))

    schedule = Schedule(sweeps=10, burn_in=5, n_kept=2, is_fixed=False)
    whole = [chain(10), chain(10)]
    assert cut_chains(whole, schedule) == (whole, schedule)
    cut, fewer = cut_chains([chain(8), chain(6), chain(1)], schedule)
    assert [len(one.record) for one in cut] == [6, 6]
    assert (fewer.sweeps, fewer.burn_in) == (6, 3)


def test_time_limits_of_bins_are_refused() -> None:
    with pytest.raises(SpecError, match="no time of a clock"):
        mm.fit_model("plsm", np.ones((30, 2)), limit="30bins")
