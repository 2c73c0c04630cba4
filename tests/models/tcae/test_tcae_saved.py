"""Saved fits of the auto-encoder: the network locates from the file; training resumes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from motifmine.durations import Duration
from motifmine.errors import MotifmineWarning
from motifmine.io.hdf5.store import read_fit, write_fit, write_table
from motifmine.models.networks import NetworkFit
from motifmine.models.registry import locate_motifs
from motifmine.models.tcae.encoder import Encoder
from motifmine.models.tcae.model import Tcae
from motifmine.progress import Progress
from motifmine.records.fit import Activations, FitRecord
from motifmine.records.model_state import restore_state
from motifmine.records.settings import Preparation
from motifmine.simulation import Simulation
from motifmine.workflows.extract_topics import layer_of_fit
from motifmine.workflows.locate import locate_sources
from motifmine.workflows.mine import mine
from motifmine.workflows.workspace import Workspace
from tests.helpers.fits import fit_workspace

Run = Callable[..., Result]
SPEC = Tcae(n_motifs=8, motif_length=8, epochs=6, device="cpu")
FIT = ("fit", "--model", "tcae", "--motif-length", "8s", "--motifs", "4", "--epochs", "8")


def same_activations(one: Activations, other: Activations) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("offsets", "start", "motif", "mass")
    )


def fill(workspace: Workspace, truth: Simulation) -> Workspace:
    for document, recording in enumerate(truth.table.recordings):
        write_table(workspace.table_path(recording.name), truth.table.document(document))
    return workspace


@pytest.fixture(scope="module")
def fit(small: Simulation) -> NetworkFit:
    return SPEC.fit(Preparation().apply(small.table), seed=2)


@pytest.fixture(scope="module")
def saved(small: Simulation, tmp_path_factory: pytest.TempPathFactory) -> FitRecord:
    """The same fit, from its file."""
    path = tmp_path_factory.mktemp("fits") / "tcae-001.h5"
    write_fit(path, mine(small.table, SPEC, seed=2))
    return read_fit(path)


def test_the_encoder_comes_back_from_the_file(fit: NetworkFit, saved: FitRecord) -> None:
    encoder = restore_state(Encoder, saved.model_state)
    assert np.array_equal(encoder.filters, fit.model_state.filters)
    assert np.array_equal(encoder.bias, fit.model_state.bias)
    for name in ("inhibition", "threshold", "scale"):
        assert getattr(encoder, name) == getattr(fit.model_state, name)


def test_a_saved_fit_locates_as_the_network_does(
    small: Simulation, fit: NetworkFit, saved: FitRecord
) -> None:
    new = Preparation().apply(small.table.document(1))
    ours, theirs = locate_motifs(saved, new), fit.locate(new)
    assert same_activations(ours.activations, theirs.activations)
    assert ours.log_likelihood == theirs.log_likelihood
    assert ours.background.weight == theirs.background.weight


def test_a_fit_without_its_encoder_is_located_too(small: Simulation, saved: FitRecord) -> None:
    new = Preparation().apply(small.table.document(1))
    old = locate_motifs(replace(saved, model_state=None), new)
    mass = [found.activations.mass.sum() for found in (old, locate_motifs(saved, new))]
    assert mass[0] == pytest.approx(mass[1], rel=0.15)


@pytest.mark.long
def test_the_network_locates_through_topics(small: Simulation, tmp_path: Path) -> None:
    workspace = fill(Workspace(tmp_path), small)
    path, record = fit_workspace(
        workspace,
        model="tcae",
        n_topics=12,
        motif_length=Duration(8, "bins"),
        epochs=6,
        device="cpu",
    )
    layer = layer_of_fit(record)
    assert layer is not None
    table = Preparation().apply_counts(layer.apply(small.table.document(1)))
    found = locate_sources(workspace, path.stem, [workspace.table_path("document-001")])
    assert same_activations(found.activations, locate_motifs(record, table).activations)
    encoder = restore_state(Encoder, record.model_state)
    assert encoder.filters.shape == record.motifs.probability.shape


@pytest.mark.long
def test_a_killed_fit_resumes_from_its_checkpoint(motifmine: Run, small: Simulation) -> None:
    fill(Workspace(Path("motifmine-work")), small)
    fill(Workspace(Path("other")), small)
    executable = Path(sys.executable).with_name("motifmine")
    line = [*FIT, "--checkpoint", "run.checkpoint"]
    process = subprocess.Popen(
        [executable, *line], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
    )
    limit = time.monotonic() + 120
    while not Path("run.checkpoint").exists() and time.monotonic() < limit:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not list(Path("motifmine-work/fits").glob("*.h5"))

    assert motifmine(*line).exit_code == 0
    assert motifmine(*FIT, "-w", "other").exit_code == 0
    resumed, whole = (
        read_fit(Path(place) / "fits/tcae-001.h5") for place in ("motifmine-work", "other")
    )
    assert np.array_equal(resumed.motifs.probability, whole.motifs.probability)
    assert np.array_equal(resumed.trace.log_likelihood, whole.trace.log_likelihood)
    assert np.array_equal(resumed.occurrences.score, whole.occurrences.score)

    other = motifmine(*line, "--seed", "1")
    assert other.exit_code == 1
    assert "belongs to another specification, seed or table" in other.stderr


@pytest.mark.release
@pytest.mark.long
def test_a_fit_stopped_by_ctrl_c_resumes_from_its_checkpoint(
    small: Simulation, tmp_path: Path
) -> None:
    workspace = fill(Workspace(tmp_path), small)

    def press(progress: Progress) -> None:
        if progress.done == 7:
            raise KeyboardInterrupt

    line: dict[str, Any] = {
        "model": "tcae",
        "motif_length": Duration(8, "bins"),
        "n_motifs": 4,
        "epochs": 9,
        "device": "cpu",
    }
    checkpoint = tmp_path / "run.checkpoint"
    with pytest.warns(MotifmineWarning, match="Ctrl-C after epoch"):
        path, _ = fit_workspace(workspace, checkpoint=checkpoint, on_progress=press, **line)
    assert read_fit(path).provenance.spec.notes.findings["interrupted"] is True
    _, resumed = fit_workspace(workspace, checkpoint=checkpoint, **line)
    _, whole = fit_workspace(workspace, **line)
    assert np.array_equal(resumed.motifs.probability, whole.motifs.probability)
    assert np.array_equal(resumed.trace.log_likelihood, whole.trace.log_likelihood)


@pytest.mark.parametrize("options", [("plsm",), ("hdlsm",), ("plsm", "--stream")])
def test_other_models_refuse_checkpoints(
    motifmine: Run, small: Simulation, options: tuple[str, ...]
) -> None:
    fill(Workspace(Path("motifmine-work")), small)
    result = motifmine("fit", "--model", *options, "--checkpoint", "run.checkpoint")
    assert result.exit_code == 1
    assert "--checkpoint" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(Path().glob("run.checkpoint"))
