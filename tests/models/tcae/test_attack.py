"""Attacks on the auto-encoder: moves are the best within their budget; training on attacks."""

import re

import numpy as np
import pytest
import torch

from motifmine.analysis.robustness import measure_robustness
from motifmine.models.registry import locate_motifs, part_of
from motifmine.models.tcae.attack import move_worst
from motifmine.models.tcae.encoder import Encoder
from motifmine.models.tcae.model import Tcae
from motifmine.models.tcae.network import encode
from motifmine.records.model_state import restore_state
from motifmine.simulation import simulate
from motifmine.workflows.mine import mine
from motifmine.workflows.robustness import describe_attack


def test_moves_are_the_best_within_their_budget() -> None:
    rng = np.random.default_rng(0)
    counts = torch.from_numpy(rng.poisson(0.7, (3, 4, 30)).astype(np.float64))
    weight = torch.from_numpy(rng.normal(size=(3, 4, 30)))
    moved = move_worst(counts, 0.2, 5, lambda seen: (weight * seen).sum())
    assert moved.min() >= 0
    torch.testing.assert_close(moved.sum(dim=2), counts.sum(dim=2))
    gained = ((moved - counts) * weight).sum(dim=(1, 2))
    for b in range(3):
        gains = [
            float(weight[b, w, max(t - 5, 0) : t + 6].max() - weight[b, w, t])
            for w, t in np.ndindex(4, 30)
            for _ in range(int(counts[b, w, t]))
        ]
        budget = 0.2 * len(gains)
        best = np.sort(gains)[::-1]
        whole = int(budget)
        wanted = best[:whole].sum() + (budget - whole) * best[whole]
        assert abs(float(gained[b]) - wanted) < 1e-9


@pytest.mark.release
@pytest.mark.long
def test_a_fit_trained_on_attacks_is_attacked_through_its_encoder() -> None:
    truth = simulate(n_motifs=2, motif_length=6, n_words=12, n_times=600, noise=0.1, seed=2)
    spec = Tcae(n_motifs=4, motif_length=6, device="cpu", epochs=22, adversarial_training=0.1)
    record = mine(truth.table, spec, seed=0)
    assert len(record.motifs) == 2
    line = describe_attack(record, truth.table, 0.1)
    assert "10% of the observations" in line
    attacked, by_chance = (float(value) for value in re.findall(r"[01]\.\d{3}", line))
    assert 0 < attacked <= by_chance <= 1
    encoder = restore_state(Encoder, record.model_state)
    find_response = part_of("tcae", "response")
    assert find_response is not None
    response = find_response(record)
    # the gradient of an active start, by the network itself
    filters = torch.from_numpy(encoder.filters.transpose(0, 2, 1).copy())
    counts = torch.full((1, 12, 40), 2.0, requires_grad=True)
    strong = torch.full((2,), 1e4)
    active = torch.ones(1, 40 - 6 + 1, dtype=torch.bool)
    raw = encode(counts, active, filters, strong, encoder.inhibition)
    (gradient,) = torch.autograd.grad(raw[0, 1, 15], counts)
    near = gradient[0, :, 15 - 2 : 15 + 6 + 2].T.numpy()
    np.testing.assert_allclose(response[1], near, atol=1e-5)
    both, alone = (
        measure_robustness(
            record, {0: truth.table}, lambda counts: locate_motifs(record, counts), response=given
        )
        for given in (response, None)
    )
    assert (both.vanished >= alone.vanished).all()
    np.testing.assert_array_equal(both.n_occurrences, alone.n_occurrences)
