"""InfoGAN: motifs of known data, occurrences by its coder, and the coder from a file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from motifmine.analysis.matching import match_motifs
from motifmine.analysis.motif_selection import keep_motifs
from motifmine.errors import DataError, FitError, SpecError
from motifmine.io.hdf5.store import read_fit, write_fit
from motifmine.models.adversarial.coder import Coder
from motifmine.models.adversarial.fitting import check_memory, read_codes
from motifmine.models.adversarial.infogan import InfoganGame, shift_words
from motifmine.models.adversarial.model import Infogan
from motifmine.models.adversarial.networks import CriticWithCoder
from motifmine.models.adversarial.spec import InfoganSpec
from motifmine.models.adversarial.training import use_seed
from motifmine.models.adversarial.windows import (
    Recordings,
    find_recurring,
    hold_out,
    make_dense,
)
from motifmine.models.networks import NetworkFit
from motifmine.models.registry import locate_motifs
from motifmine.records.settings import Detection, Preparation
from motifmine.reporting.html.context import ReportContext
from motifmine.reporting.html.sections import provenance
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.mine import Prepared, locate, mine_prepared

CPU = torch.device("cpu")
SPEC = Infogan(n_motifs=2, motif_length=6, steps=100, device="cpu")


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate(n_motifs=2, motif_length=6, n_words=12, n_times=900, n_documents=2, seed=4)


@pytest.fixture(scope="module")
def fit(truth: Simulation) -> NetworkFit:
    return SPEC.fit(truth.table, seed=1)


def test_motifs_and_starts_are_found(fit: NetworkFit, truth: Simulation) -> None:
    match = match_motifs(truth.motifs.probability, fit.motifs.probability)
    assert match.cosine.min() > 0.9
    assert len(match.cosine) == 2
    assert fit.activations.offsets[-1] == len(fit.activations.mass)
    assert fit.trace.losses is not None
    assert fit.trace.losses.shape == (len(fit.trace.iteration), len(fit.trace.loss_names or ()))
    explained = fit.activations.mass.sum()
    assert fit.motifs.weight.sum() + fit.background.weight == pytest.approx(1, abs=1e-3)
    assert explained / truth.table.total == pytest.approx(fit.motifs.weight.sum(), rel=1e-3)
    # better than observations that are alike in all bins
    words = np.bincount(truth.table.word, truth.table.count) / truth.table.total
    flat = np.sum(truth.table.count * np.log(words[truth.table.word] / 900))
    assert fit.trace.log_likelihood[-1] > flat + 0.5 * truth.table.total


@pytest.mark.long
def test_the_coder_of_a_file_is_that_of_the_training(
    fit: NetworkFit, truth: Simulation, tmp_path: Path
) -> None:
    data = Prepared(table=truth.table, counts=truth.table, preparation=Preparation(counts="raw"))
    brief = replace(SPEC, steps=60)
    record = mine_prepared(data, brief, detection=Detection(), seed=1)
    write_fit(tmp_path / "infogan-001.h5", record)
    saved = read_fit(tmp_path / "infogan-001.h5")
    assert saved.trace.loss_names == fit.trace.loss_names
    assert saved.trace.losses is not None
    fewer = locate_motifs(keep_motifs(record, np.array([1])), truth.table)
    assert set(fewer.activations.motif.tolist()) == {0}
    here, there = locate_motifs(saved, truth.table), locate_motifs(record, truth.table)
    np.testing.assert_array_equal(here.activations.mass, there.activations.mass)
    assert len(record.occurrences) > 0
    page = provenance.section(ReportContext(saved))
    assert all(f">{name}</figcaption>" in page for name in saved.trace.loss_names or ("none",))
    new = simulate(n_motifs=2, motif_length=6, n_words=12, n_times=300, seed=4).table
    assert len(locate(saved, new).activations.mass) > 0


def test_layers_of_a_record_read_as_the_network_does() -> None:
    with use_seed(0, CPU):
        network = CriticWithCoder(5, 2, 0.1).eval()
        counts = torch.rand(5, 30)
    with torch.no_grad():
        layers = {
            f"{name}_{part}": getattr(getattr(network, name), part).numpy()
            for name in ("first", "second", "third")
            for part in ("weight", "bias")
        }
        for part in ("weight", "bias"):
            output = network.output.get_parameter(part).numpy()
            layers |= {f"odds_{part}": output[:2], f"strength_{part}": output[2:]}
        coder = Coder(**layers, mass=np.ones(2, np.float32))
        expected = network.read(network.look(counts[None]))
    for mine, its in zip(read_codes(coder, counts), expected, strict=True):
        torch.testing.assert_close(mine, its[0])


def test_words_are_shifted_round_each_by_its_own_step() -> None:
    windows = torch.arange(2 * 3 * 7, dtype=torch.float32).view(2, 3, 7)
    with use_seed(0, CPU):
        shifted = shift_words(windows)
    steps = [
        int((row[0] - old[0]) % 7)
        for row, old in zip(shifted.flatten(0, 1), windows.flatten(0, 1), strict=True)
    ]
    assert len(set(steps)) > 2
    for row, old, step in zip(shifted.flatten(0, 1), windows.flatten(0, 1), steps, strict=True):
        np.testing.assert_array_equal(row.numpy(), np.roll(old.numpy(), -step))


def test_the_critic_learns_to_judge_what_the_generator_never_draws(truth: Simulation) -> None:
    with use_seed(0, CPU):
        recordings = Recordings.of(truth.table, 12, CPU)
        game = InfoganGame.begin(recordings, 2, 6, "hinge", 0.0)
        before = {name: value.clone() for name, value in game.critic.state_dict().items()}
        motifs = game.generator.motifs.detach().clone()
        held_out = hold_out(truth.table, 12)
        inside = [i for i in range(900 - 12) if held_out[i : i + 12].all()]
        usual = recordings.cut(torch.tensor(inside), 12)
        odd = shift_words(usual)

        def distinguish() -> float:
            with torch.no_grad():
                verdicts = [game.critic.eval().decide(game.critic.look(w)) for w in (usual, odd)]
            return float((verdicts[0][:, None] > verdicts[1]).float().mean())

        untrained = distinguish()
        game.learn_to_judge()
    assert distinguish() > max(0.65, untrained + 0.1)
    # motifs and coder are those of the training
    assert torch.equal(game.generator.motifs, motifs)
    for name, value in game.critic.state_dict().items():
        if name.startswith(("third", "output")) or name.endswith("first.bias"):
            assert torch.equal(value, before[name])


@pytest.mark.long
def test_the_same_seed_gives_the_same_motifs(truth: Simulation) -> None:
    short = Infogan(n_motifs=2, motif_length=6, steps=20, device="cpu")
    one, other = (short.fit(truth.table, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.motifs.probability, other.motifs.probability)
    np.testing.assert_array_equal(one.activations.mass, other.activations.mass)


def test_windows_stay_in_their_documents(truth: Simulation) -> None:
    recordings = Recordings.of(truth.table, 12, CPU)
    inside = np.arange(1800 - 11)
    inside = inside[(inside < 900 - 11) | (inside >= 900)]
    known = ~hold_out(truth.table, 12)
    assert recordings.first_bin.tolist() == [i for i in inside if known[i : i + 12].all()]
    dense = make_dense(truth.table, CPU)
    assert float(dense.sum()) == truth.table.total
    cut = recordings.cut(torch.tensor([-3, 895]), 6)
    assert torch.equal(cut[0], functional.pad(dense[:, :3], (3, 0)))
    assert torch.equal(cut[1], dense[:, 895:901])
    with use_seed(0, CPU):
        guess = find_recurring(recordings, 2, 6).transpose(1, 2).numpy()
    assert match_motifs(truth.motifs.probability, guess).cosine.min() > 0.7


def test_what_cannot_be_fitted_is_refused(truth: Simulation) -> None:
    with pytest.raises(SpecError, match="loss"):
        InfoganSpec(loss="wrong")  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="device"):
        InfoganSpec(device="abacus")
    with pytest.raises(DataError, match="longest document"):
        Infogan(motif_length=2000, device="cpu").fit(truth.table)
    monkeypatched = "motifmine.models.adversarial.fitting.measure_free_bytes"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(DataError, match="GiB free"):
        patch.setattr(monkeypatched, lambda device: 1000.0)
        check_memory(truth.table, 6, CPU)


def test_a_motif_that_never_recurs_is_no_motif() -> None:
    lonely = simulate(n_motifs=1, motif_length=6, n_words=6, n_times=14, noise=0.5, seed=0)
    with pytest.raises(FitError, match="at least 3 times"):
        Infogan(n_motifs=1, motif_length=6, steps=5, device="cpu").fit(lonely.table)
