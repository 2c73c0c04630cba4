"""Chains and what is computed from them: kept sweeps, streams, R-hat, occurrence probability."""

import numpy as np
import pytest

from motifmine.models.hdlsm.chains import (
    Chain,
    Schedule,
    Sweep,
    choose_kept_sweeps,
    expand_tokens,
    rebuild_state,
    run_chain,
    run_sweep,
)
from motifmine.models.hdlsm.fold_in import fold_in
from motifmine.models.hdlsm.kernels.bookkeeping import get_assignments
from motifmine.models.hdlsm.kernels.state import BACKGROUND, ETA, make_empty_state
from motifmine.models.hdlsm.model import Hdlsm
from motifmine.models.hdlsm.posterior import compute_probability, split_r_hat, summarise_chains
from motifmine.models.hdlsm.sampling import make_prior, sample_documents
from motifmine.records.fit import Background, MotifSet
from motifmine.simulation import Simulation


def test_r_hat_notices_chains_that_drift_alike() -> None:
    """Without the split into halves all chains have the same mean, and R-hat would be 1."""
    draws = np.random.default_rng(0).normal(size=(4, 1000)) + np.linspace(0, 4, 1000)
    assert split_r_hat(draws) > 1.2


@pytest.mark.parametrize(("sweeps", "burn_in", "n_kept"), [(20, 10, 4), (300, 150, 10), (5, 4, 9)])
def test_sweeps_are_kept_only_after_the_burn_in(sweeps: int, burn_in: int, n_kept: int) -> None:
    kept = choose_kept_sweeps(
        Schedule(sweeps=sweeps, burn_in=burn_in, n_kept=n_kept, is_fixed=False)
    )
    assert len(set(kept.tolist())) == min(n_kept, sweeps - burn_in)
    assert kept.min() >= burn_in
    assert kept.max() == sweeps - 1


def test_a_chain_keeps_sweeps_of_after_the_burn_in(small: Simulation) -> None:
    rng = np.random.default_rng(1)
    tokens, words = expand_tokens(small.table, 8, 1.0, rng)
    schedule = Schedule(sweeps=16, burn_in=8, n_kept=3, is_fixed=False)
    prior = make_prior(Hdlsm(motif_length=8), len(words))
    chain = run_chain(tokens, prior, len(words), schedule, rng, 0.0, lambda _: None)
    late = chain.record[8:, 0].tolist()
    assert [sweep.log_joint in late for sweep in chain.kept] == [True] * 3
    assert chain.best.log_joint == max(late)


def test_every_chain_has_a_random_stream_of_its_own(small: Simulation) -> None:
    spec = Hdlsm(motif_length=8, chains=3, sweeps=6, burn_in=2)
    log_joint = sample_documents(spec, small.table, seed=0).sampler.log_joint
    assert len(np.unique(log_joint[:, 0])) == 3


def test_fold_in_chooses_among_like_motifs_by_their_frequency(small: Simulation) -> None:
    motif = small.motifs.probability[:1]
    twice = MotifSet(
        probability=np.concatenate([motif, motif]), weight=np.array([0.8, 0.1], dtype=np.float64)
    )
    background = Background(probability=np.full(18, 1 / 18, dtype=np.float32), weight=0.1)
    activations, _ = fold_in(twice, background, small.table, seed=0)
    mass = np.bincount(activations.motif, activations.mass, minlength=2)
    assert 0.75 < mass[0] / mass.sum() < 0.97


def test_an_occurrence_is_as_probable_as_the_share_of_sweeps_that_have_it(
    small: Simulation,
) -> None:
    rng = np.random.default_rng(3)
    tokens, words = expand_tokens(small.table, 8, 1.0, rng)
    prior = make_prior(Hdlsm(motif_length=8), len(words))
    state = make_empty_state(tokens, prior, len(words), 4)
    for _ in range(30):
        state = run_sweep(tokens, state, prior, rng)
    whole = Sweep(*get_assignments(state), prior.hyper, 0.0)
    size = np.bincount(whole.owner[whole.owner != BACKGROUND])
    # of the motif that occurs most often: one that occurred once is not compared
    lost = int(np.argmax(size * (whole.motif == np.bincount(whole.motif).argmax())))
    state = rebuild_state(tokens, prior, len(words), whole)
    motifs = compute_probability(state, float(prior.hyper[ETA]), prior.shape)
    occurrence = np.stack([whole.row, state.live_at[whole.motif]], axis=1)
    record = np.zeros((1, 9))
    posterior = summarise_chains(
        [Chain(record, whole, [whole, whole, whole, without(whole, lost)], np.zeros(1))],
        tokens,
        prior,
        motifs,
        np.full(len(motifs), 1 / len(motifs)),
        occurrence[[lost, (lost + 1) % len(occurrence)]],
        0,
        None,
    )
    np.testing.assert_array_equal(posterior.occurrence_probability, [0.75, 1.0])


def without(sweep: Sweep, lost: int) -> Sweep:
    """Return a sweep without one of its occurrences, its observations in the background."""
    owner = np.where(sweep.owner == lost, BACKGROUND, sweep.owner)
    owner = np.where(owner > lost, owner - 1, owner).astype(np.int32)
    return sweep._replace(
        owner=owner, row=np.delete(sweep.row, lost), motif=np.delete(sweep.motif, lost)
    )
