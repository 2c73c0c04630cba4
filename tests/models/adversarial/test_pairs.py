"""Generators whose critic sees codes: losses, draws, codes read back, and verdicts on time."""

import time
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from motifmine.analysis.anomalies import N_OF_RATES, add_verdicts
from motifmine.analysis.drawing import Start, draw_from_fit
from motifmine.errors import DataError, FormatError
from motifmine.io.hdf5.store import read_fit, write_fit
from motifmine.models.adversarial.coder import Networks
from motifmine.models.adversarial.model import Alad, Bigan, Cgan, Dcgan, Infogan
from motifmine.models.adversarial.networks import (
    Correction,
    Critic,
    CriticOfPairs,
    Deconvolution,
    Encoder,
)
from motifmine.models.adversarial.pair_fitting import SAMPLERS
from motifmine.models.adversarial.pairs import (
    CYCLE_WEIGHT,
    N_CODES,
    RESTORE_WEIGHT,
    PairGame,
    Sampler,
    deviance,
)
from motifmine.models.adversarial.pairs import Bigan as BiganSampler
from motifmine.models.adversarial.training import Loss, use_seed
from motifmine.models.adversarial.windows import Recordings, hold_out
from motifmine.models.devices import use_deterministic_sums
from motifmine.models.networks import use_network
from motifmine.models.plsm.model import Plsm
from motifmine.models.registry import judge_documents, locate_motifs
from motifmine.records.expected import add_occurrences
from motifmine.records.model_state import restore_state
from motifmine.simulation import Simulation, simulate
from motifmine.workflows.mine import locate, mine
from tests.reference import adversarial as plain
from tests.reference.anogan import STEPS, search_codes

CPU = torch.device("cpu")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def truth() -> Simulation:
    return simulate(n_motifs=2, motif_length=6, n_words=12, n_times=900, n_documents=2, seed=4)


def test_transposed_convolutions_are_those_of_the_twin() -> None:
    with use_seed(0, CPU):
        layers = Deconvolution(2, 1, torch.tensor([0.5, 1.0, 2.0]))
    codes = RNG.normal(size=(1, 2, 3))
    rates = layers(torch.tensor(codes, dtype=torch.float32))[0].detach().numpy()
    # as they are ordered: weight and bias of either layer
    weight, bias, last_weight, last_bias = (
        p.detach().double().numpy() for p in layers.parameters()
    )
    expected = plain.deconvolve(codes[0], weight, bias, last_weight, last_bias)
    np.testing.assert_allclose(rates, expected, rtol=1e-4)
    assert rates.shape == (3, 6)


@pytest.mark.parametrize("critic_class", [Critic, CriticOfPairs])
@pytest.mark.parametrize("loss", get_args(Loss))
def test_what_the_players_of_a_bigan_lose_is_that_of_the_twin(
    truth: Simulation,
    loss: Loss,
    critic_class: type[Critic],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The encoder gains where real windows with their codes look drawn, by the same loss.

    Of ALAD it gains, too, where what its codes restore looks like the windows themselves.
    """
    recordings = Recordings.of(truth.table, 12, CPU)
    with use_seed(0, CPU), use_deterministic_sums():
        game = PairGame(
            generator=SAMPLERS["alad"](recordings.counts.mean(dim=1), 6),
            critic=(Critic(12 + N_CODES) if critic_class is Critic else CriticOfPairs(12, N_CODES)),
            recordings=recordings,
            n_words=12,
            loss=loss,
            gradient_penalty=0.0,
        )
        game.critic.eval()
        verdicts: list[torch.Tensor] = []
        decide = Critic.decide

        def keep(critic: Critic, seen: torch.Tensor) -> torch.Tensor:
            verdicts.append(decide(critic, seen))
            return verdicts[-1]

        monkeypatch.setattr(Critic, "decide", keep)
        turn = game.turn_generator()
        n_first = len(verdicts)
        other = game.turn_critic()
    values = [v.detach().double().numpy() for v in verdicts]
    (fake, real, *restored), (own, drawn, *pairs) = values[:n_first], values[n_first:]
    expected = plain.generator_loss(loss, fake) + plain.generator_loss(loss, -real)
    expected += sum(plain.generator_loss(loss, verdict) for verdict in restored)
    expected += CYCLE_WEIGHT * float(turn.terms["codes"].detach())
    expected += RESTORE_WEIGHT * float(turn.terms["restored"].detach())
    assert float(turn.loss.detach()) == pytest.approx(expected, rel=1e-5)
    losses = plain.critic_loss(loss, own, drawn)
    losses += plain.critic_loss(loss, *pairs) if pairs else 0.0
    assert float(other.loss.detach()) == pytest.approx(losses, rel=1e-5)
    assert bool(pairs) == bool(restored) == (critic_class is CriticOfPairs)
    turn.loss.backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None for p in game.generator.parameters())


def test_networks_keep_lengths_and_a_correction_begins_at_1() -> None:
    with use_seed(0, CPU):
        codes = Encoder(5, 3, 2)(torch.rand(2, 5, 16))
        rates = torch.rand(2, 5, 16)
        corrected = Correction(5, 3)(rates, torch.randn(2, 3, 16))
    assert codes.shape == (2, 3, 4)
    assert Deconvolution(3, 2, torch.ones(5))(codes).shape == (2, 5, 16)
    assert torch.equal(corrected, rates)
    counts = torch.tensor([[0.0, 3.0]])
    by_hand = (0 - 0 + 1) + (3 * np.log(3 / 2) - 3 + 2)
    assert float(deviance(counts, torch.tensor([[1.0, 2.0]]))) == pytest.approx(by_hand)


def test_occurrences_add_up_and_are_cut_at_the_edges() -> None:
    shapes = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    column, start = np.array([0, 1, 1]), np.array([-1, 1, 9])
    rates = add_occurrences(shapes, column, start, np.array([1.0, 2.0, 5.0]), 4)
    expected = np.zeros((4, 2))
    expected[:2] += shapes[0, 1:]
    expected[1:4] += 2 * shapes[1]
    np.testing.assert_array_equal(rates, expected)


@pytest.mark.long
@pytest.mark.parametrize("model", [Bigan, Alad])
def test_a_bigan_judges_and_its_codes_come_from_a_file(
    truth: Simulation, tmp_path: Path, model: type[Bigan | Alad]
) -> None:
    record = mine(truth.table, model(motif_length=6, steps=50, device="cpu"), seed=1)
    write_fit(tmp_path / "fit.h5", record)
    saved = read_fit(tmp_path / "fit.h5")
    here, there = judge_documents(record, truth.table), judge_documents(saved, truth.table)
    for mine_, its in zip(here, there, strict=True):
        np.testing.assert_array_equal(mine_.value, its.value)
    assert [len(v.value) for v in here] == [900, 900]
    assert "correlate" in record.provenance.spec.notes.decisions[0]
    assert record.anomalies is not None
    assert len(record.anomalies.scale.tail) == N_OF_RATES + 2
    assert len(locate(saved, truth.table).occurrences) == 0
    networks = restore_state(Networks, saved.model_state)
    broken = replace(networks, names=tuple(f"{name}x" for name in networks.names))
    with pytest.raises(FormatError, match=f"no {model.name}"):
        judge_documents(replace(saved, model_state=broken), truth.table)


def test_a_search_for_codes_takes_fifty_times_as_long(truth: Simulation) -> None:
    recordings = Recordings.of(truth.table, 12, CPU)
    with use_seed(0, CPU), use_deterministic_sums():
        sampler = BiganSampler(recordings.counts.mean(dim=1), 6).eval()
        critic = Critic(12 + N_CODES).eval()
        windows = recordings.draw(16)
        began = time.process_time()
        # a fifth of its steps, for time
        search_codes(sampler, critic, windows, STEPS // 5)
        searched = 5 * (time.process_time() - began)
        began = time.process_time()
        with torch.no_grad():
            critic.decide(critic.look(windows, sampler.encode(windows)))
        assert searched > 50 * (time.process_time() - began)


def test_time_that_a_critic_has_learned_is_not_what_is_usual(truth: Simulation) -> None:
    held_out = hold_out(truth.table, 12)
    assert 0.1 < held_out.mean() < 0.2
    recordings = Recordings.of(truth.table, 12, CPU)
    ends = recordings.first_bin.numpy()[:, None] + np.arange(12)
    assert not held_out[ends].any()
    fit = Infogan(n_motifs=2, motif_length=6, steps=50, device="cpu").fit(truth.table, seed=1)
    verdicts = use_network(fit.spec, "judge", fit.model_state, truth.table)
    assert np.array_equal(np.concatenate([v.is_held_out for v in verdicts]), held_out)
    measures = add_verdicts([np.zeros((N_OF_RATES, 900))] * 2, verdicts)
    assert [m.shape for m in measures] == [(N_OF_RATES + 1, 900)] * 2
    np.testing.assert_array_equal(measures[0][-1], -verdicts[0].value)


def test_tables_are_drawn_without_motifs(truth: Simulation) -> None:
    record = mine(truth.table, Dcgan(motif_length=6, steps=50, device="cpu"), seed=1)
    drawn = draw_from_fit(record, n_times=200, n_documents=1, seed=2)
    assert len(drawn.occurrences) == 0
    assert drawn.table.n_times == 200
    share = drawn.table.total / 200 / (truth.table.total / 1800)
    assert 0.3 < share < 3
    again = draw_from_fit(record, n_times=200, n_documents=1, seed=2)
    np.testing.assert_array_equal(drawn.table.word, again.table.word)


def test_given_starts_are_drawn(truth: Simulation, tmp_path: Path) -> None:
    base = mine(truth.table, Plsm(n_motifs=2, motif_length=6), seed=1)
    write_fit(tmp_path / "base.h5", base)
    spec = Cgan(base=str(tmp_path / "base.h5"), steps=50, device="cpu")
    record = mine(truth.table, spec, seed=1)
    np.testing.assert_array_equal(record.occurrences.start_bin, base.occurrences.start_bin)
    starts = tuple(Start(document="film", motif=i % 2, start_bin=20 * i) for i in range(1, 30))
    drawn = draw_from_fit(record, starts=starts, seed=3)
    located = locate_motifs(base, drawn.table).activations
    near = [
        located.mass[(located.motif == s.motif) & (np.abs(located.start - s.start_bin) <= 1)].sum()
        for s in starts
    ]
    assert np.mean(np.array(near) > 3) > 0.9
    with pytest.raises(DataError, match="found by the fit it corrects"):
        locate(record, truth.table)
    with pytest.raises(DataError, match="--base"):
        Cgan(device="cpu").fit(truth.table)
    with pytest.raises(DataError, match="of other tables"):
        spec.fit(truth.table.document(0))


def test_codes_reach_as_far_as_a_motif() -> None:
    for length in (3, 10, 20, 60):
        sampler = Sampler(torch.ones(2), length)
        codes = torch.zeros(1, N_CODES, 64)
        codes[0, :, 32] = 100.0
        changed = (sampler.draw(codes) != sampler.draw(torch.zeros_like(codes)))[0].any(dim=0)
        assert int(changed.sum()) >= length
