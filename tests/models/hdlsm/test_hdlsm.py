"""HDLSM: the specification, what a fit holds, and tables that break things."""

from dataclasses import replace

import numpy as np
import pytest

from motifmine.analysis.occurrences import find_occurrences
from motifmine.errors import DataError, SpecError
from motifmine.models.hdlsm.chains import (
    Chain,
    Schedule,
    Sweep,
    expand_tokens,
    run_chain,
    run_sweep,
)
from motifmine.models.hdlsm.fitted import HdlsmFit
from motifmine.models.hdlsm.kernels.bookkeeping import get_assignments, set_assignments
from motifmine.models.hdlsm.kernels.hyperparameters import log_joint
from motifmine.models.hdlsm.kernels.state import (
    BACKGROUND,
    MOTIFS,
    OCCURRENCES,
    Prior,
    State,
    Tokens,
    make_empty_state,
)
from motifmine.models.hdlsm.model import Hdlsm
from motifmine.models.hdlsm.posterior import (
    choose_typical_chain,
    describe_agreement,
    effective_sample_size,
    split_r_hat,
)
from motifmine.models.hdlsm.sampling import make_prior, make_schedule, sample_documents
from motifmine.records.table import ObservationTable
from motifmine.simulation import Simulation, simulate
from tests.helpers.tables import table_of_rows
from tests.reference import hdlsm as reference

SHORT = Hdlsm(motif_length=8, chains=2, sweeps=300, burn_in=150, kept=10)


@pytest.fixture(scope="module")
def fit(small: Simulation) -> HdlsmFit:
    return sample_documents(SHORT, small.table, seed=0)


def run(
    table: ObservationTable, spec: Hdlsm, sweeps: int, seed: int = 0
) -> tuple[Tokens, State, Prior]:
    rng = np.random.default_rng(seed)
    tokens, words = expand_tokens(table, spec.motif_length, 1.0, rng)
    prior = make_prior(spec, len(words))
    state = make_empty_state(tokens, prior, len(words), 4)
    for _ in range(sweeps):
        state = run_sweep(tokens, state, prior, rng)
    return tokens, state, prior


def rows(*rows: tuple[int, int, int], n_times: int, n_words: int = 2) -> ObservationTable:
    time, word, count = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return table_of_rows(time, word, n_times=n_times, n_words=n_words, count=count)


@pytest.mark.kernel
@pytest.mark.parametrize("background", [True, False])
def test_counts_add_up_after_sweeps_of_all_moves(small: Simulation, background: bool) -> None:
    tokens, state, prior = run(small.table, Hdlsm(motif_length=8, background=background), 12)
    again = make_empty_state(tokens, prior, len(state.by_word), len(state.live))
    set_assignments(tokens, again, prior, *get_assignments(state))
    n, k = state.tally[OCCURRENCES], state.tally[MOTIFS]
    np.testing.assert_array_equal(again.tally, state.tally)
    np.testing.assert_array_equal(again.background_of_document, state.background_of_document)
    np.testing.assert_array_equal(again.background_of_word, state.background_of_word)
    assert sorted(again.size[again.ids[:n]]) == sorted(state.size[state.ids[:n]])
    # slots may differ: every occurrence must have the same motif, known by its counts
    assert state.cells[state.live[k:]].sum() == 0
    for i in np.flatnonzero(state.owner != BACKGROUND):
        ours, theirs = state.motif[state.owner[i]], again.motif[again.owner[i]]
        np.testing.assert_array_equal(again.cells[theirs], state.cells[ours])
        np.testing.assert_array_equal(again.by_word[:, theirs], state.by_word[:, ours])
        assert again.motif_count[theirs] == state.motif_count[ours]
        assert again.motif_size[theirs] == state.motif_size[ours] == state.cells[ours].sum()
        assert again.inverse[theirs] == state.inverse[ours]


@pytest.mark.kernel
@pytest.mark.parametrize("background", [True, False])
def test_the_joint_is_that_of_the_plain_twin(background: bool) -> None:
    table = simulate(n_motifs=2, motif_length=4, n_words=5, n_times=40, seed=2).table
    spec = Hdlsm(motif_length=4, background=background, ramp=0.5, eta=3.0, alpha=2.5)
    tokens, state, prior = run(table, spec, 5)
    owner, row, motif = get_assignments(state)
    setting = reference.Setting(
        tokens=[(0, int(w), int(r)) for w, r in zip(tokens.word, tokens.bin_row, strict=True)],
        starts=[(-3, 39)],
        n_bins=[40],
        n_words=len(state.by_word),
        shape=prior.shape.tolist(),
        alpha=2.5,
        gamma=2.0,
        eta=3.0,
        share=10.0 if background else 0.0,
    )
    occurrences = [(0, int(r) - 3, int(k)) for r, k in zip(row, motif, strict=True)]
    expected = reference.log_joint(setting, owner.tolist(), occurrences)
    assert log_joint(tokens, state, prior) == pytest.approx(expected, rel=1e-10)


def test_motifs_and_their_number_are_found(small: Simulation, fit: HdlsmFit) -> None:
    assert len(fit.motifs) == len(small.motifs)
    assert np.all(np.diff(fit.motifs.weight) <= 0)
    np.testing.assert_allclose(fit.motifs.probability.sum(axis=(1, 2)), 1.0, rtol=1e-5)
    assert fit.background.probability.sum() == pytest.approx(1.0, rel=1e-5)
    assert fit.background.weight + fit.motifs.weight.sum() == pytest.approx(1.0, abs=0.02)
    assert fit.background.weight == pytest.approx(0.1, abs=0.05)


def test_every_occurrence_is_found(small: Simulation, fit: HdlsmFit) -> None:
    found = find_occurrences(small.table, fit.motifs, fit.background, fit.activations)
    shared = 0
    for document, start in zip(
        small.occurrences.document, small.occurrences.start_bin, strict=True
    ):
        near = (found.document == document) & (np.abs(found.start_bin - start) <= 3)
        shared += bool(np.any(near))
    assert shared >= 0.97 * len(small.occurrences)


def test_the_posterior_says_how_sure_it_is(fit: HdlsmFit) -> None:
    posterior = fit.posterior
    assert posterior.n_motifs.shape == (2, 150)
    assert posterior.motif_mean.shape == (len(fit.motifs), 8, 18)
    assert posterior.occurrence_probability.shape == fit.activations.start.shape
    assert np.median(posterior.occurrence_probability) > 0.9
    assert np.all(posterior.motif_presence >= 0.5)
    np.testing.assert_allclose(posterior.motif_mean, fit.motifs.probability, atol=0.05)
    assert posterior.chains_agree
    assert posterior.sentence.startswith("The chains agree on all 3 motifs")


def test_the_most_probable_start_goes_on(small: Simulation) -> None:
    rng = np.random.default_rng(2)
    tokens, words = expand_tokens(small.table, 8, 1.0, rng)
    schedule = Schedule(sweeps=20, burn_in=10, n_kept=2, is_fixed=False, starts=3)
    values: list[float] = []
    chain = run_chain(
        tokens, make_prior(SHORT, len(words)), len(words), schedule, rng, 0, values.append
    )
    assert len(values) == schedule.sweeps_with_starts == 40
    starts = np.array(values[:30]).reshape(3, 10)
    best = starts[starts[:, -2:].mean(axis=1).argmax()]
    np.testing.assert_array_equal(chain.record[:, 0], [*best, *values[30:]])


def test_motifs_may_form_before_there_is_a_background(small: Simulation) -> None:
    spec = Hdlsm(motif_length=8, chains=1, sweeps=40, burn_in=20, without_background=6)
    sampler = sample_documents(spec, small.table, seed=0).sampler
    assert not np.any(sampler.background_share[:, :6])
    assert not np.any(sampler.background_strength[:, :6])
    assert np.all(sampler.background_strength[:, 6:] > 0)
    assert len(np.unique(sampler.background_strength[:, 6:])) > 2
    assert make_schedule(Hdlsm(), 100, is_topics=True).without_background == 5
    assert make_schedule(Hdlsm(), 100).without_background == 0


@pytest.mark.parametrize(("n_observations", "sweeps"), [(50_000, 1000), (50_001, 500)])
def test_many_observations_get_fewer_sweeps(n_observations: int, sweeps: int) -> None:
    schedule = make_schedule(Hdlsm(), n_observations)
    assert (schedule.sweeps, schedule.burn_in) == (sweeps, sweeps // 2)


def test_a_fit_is_typical_of_all_chains(small: Simulation) -> None:
    tokens, state, prior = run(small.table, Hdlsm(motif_length=8), 60)
    poor = Sweep(*get_assignments(state), prior.hyper, 0.0)
    poor = poor._replace(owner=np.where(poor.motif[poor.owner] == 0, BACKGROUND, poor.owner))
    good = Sweep(*get_assignments(state), prior.hyper, -1.0)
    chains = [
        Chain(np.zeros((1, 9)), best, [good], np.zeros(1)) for best in (poor, good, poor, poor)
    ]
    assert choose_typical_chain(chains, tokens, prior, len(state.by_word), None) == 1


def test_chains_agree_when_what_they_share_explains_nearly_all() -> None:
    n_motifs = np.full((2, 10), 3)
    presence = np.array([[1.0, 0.8, 0.1], [1.0, 0.6, 0.9]])
    mixed = np.array([1.0])
    agree, sentence = describe_agreement(n_motifs, presence, np.array([0.5, 0.4, 0.1]), mixed)
    assert agree
    assert sentence.startswith("The chains agree: 2 of 3 motifs, 90 % of what these explain")
    agree, sentence = describe_agreement(n_motifs, presence, np.array([0.5, 0.3, 0.2]), mixed)
    assert not agree
    assert "only 2 of 3 motifs, 80 %" in sentence


def test_the_trace_is_that_of_every_sweep(fit: HdlsmFit) -> None:
    assert fit.sampler.log_joint.shape == (2, 300)
    # of the chain that was chosen
    assert np.any(np.all(fit.sampler.log_joint == fit.trace.log_likelihood, axis=1))
    assert np.all(np.diff(fit.trace.seconds) > 0)


def test_any_number_of_threads_gives_the_same_fit(
    small: Simulation, fit: HdlsmFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    again = sample_documents(SHORT, small.table, seed=0)
    np.testing.assert_array_equal(again.motifs.probability, fit.motifs.probability)
    np.testing.assert_array_equal(again.activations.mass, fit.activations.mass)
    np.testing.assert_array_equal(again.sampler.log_joint, fit.sampler.log_joint)


def test_motifs_held_fixed_are_found_in_new_documents(fit: HdlsmFit, small: Simulation) -> None:
    activations = fit.transform(small.table)
    for document in range(2):
        shape = {"n_motifs": len(fit.motifs), "n_times": 400, "motif_length": 8}
        ours = fit.activations.dense(document, **shape)
        theirs = activations.dense(document, **shape)
        assert np.sum(np.minimum(ours, theirs)) > 0.85 * ours.sum()
    shuffled = np.random.default_rng(0).permutation(18)[small.table.word].astype(np.int32)
    order = np.lexsort((shuffled, small.table.row_of_observation()))
    wrong = table_with_words(small.table, shuffled[order], small.table.count[order])
    assert fit.score(small.table) > fit.score(wrong) + 0.5


def table_with_words(
    table: ObservationTable, word: np.ndarray, count: np.ndarray
) -> ObservationTable:
    return replace(table, word=word, count=count)


def test_noise_has_no_motifs() -> None:
    rng = np.random.default_rng(4)
    table = table_of_rows(
        rng.integers(300, size=900), rng.integers(12, size=900), n_times=300, n_words=12
    )
    fit = Hdlsm(motif_length=8, chains=1, sweeps=100, burn_in=50).fit(table)
    assert fit.background.weight > 0.8


def test_the_published_model_has_no_background(small: Simulation) -> None:
    spec = Hdlsm(motif_length=8, chains=1, sweeps=20, burn_in=5, background=False)
    fit = sample_documents(spec, small.table, seed=0)
    assert fit.background.weight == 0
    assert not np.any(fit.sampler.background_share)
    assert not np.any(fit.sampler.background_strength)


def test_hyperparameters_can_be_held(small: Simulation) -> None:
    spec = Hdlsm(motif_length=8, chains=1, sweeps=4, burn_in=0, alpha=3.0, fix_hyperparameters=True)
    assert np.all(sample_documents(spec, small.table, seed=0).sampler.alpha == 3.0)


@pytest.mark.kernel
def test_fractional_counts_become_whole_ones_in_the_mean() -> None:
    table = rows(*((t, 0, 1) for t in range(1000)), n_times=1000)
    tokens, _ = expand_tokens(table, 5, 0.25, np.random.default_rng(0))
    assert len(tokens.word) == pytest.approx(250, abs=50)
    tokens, _ = expand_tokens(table, 5, 3.0, np.random.default_rng(0))
    assert len(tokens.word) == 3000


TINY = Hdlsm(motif_length=3, chains=2, sweeps=12, burn_in=4, kept=3)
ODD_TABLES = {
    "a single observation": rows((2, 1, 1), n_times=6),
    "one word": rows(*((t, 0, 1 + t % 3) for t in range(12)), n_times=12, n_words=1),
    "all counts equal": rows(
        *((t, w, 2) for t in range(10) for w in range(3)), n_times=10, n_words=3
    ),
    "as long as a motif": rows((0, 0, 2), (2, 1, 1), n_times=3),
}


@pytest.mark.kernel
@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("table", ODD_TABLES.values(), ids=ODD_TABLES)
def test_odd_tables_have_defined_results(table: ObservationTable, background: bool) -> None:
    fit = replace(TINY, background=background).fit(table)
    assert np.all(np.isfinite(fit.trace.log_likelihood))
    assert fit.motifs.weight.sum() + fit.background.weight <= 1 + 1e-9
    found = find_occurrences(table, fit.motifs, fit.background, fit.activations)
    assert np.all(np.isfinite(found.score))
    if len(fit.motifs):
        assert np.isfinite(fit.score(table))


def test_a_motif_of_one_bin_is_a_topic(small: Simulation) -> None:
    fit = Hdlsm(motif_length=1, chains=1, sweeps=20, burn_in=5).fit(small.table)
    assert fit.motifs.motif_length == 1


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(DataError, match="no observations"):
        TINY.fit(rows(n_times=5))


def test_documents_shorter_than_a_motif_are_refused() -> None:
    with pytest.raises(DataError, match="motif_length is 3 bins"):
        TINY.fit(rows((0, 0, 1), n_times=2))


def test_a_scale_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="count_scale"):
        Hdlsm(motif_length=3, count_scale=1e-9).fit(rows((0, 0, 1), n_times=4))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("motif_length", 0),
        ("chains", 0),
        ("starts", 0),
        ("burn_in", 1000),
        ("burn_in", -1),
        ("sweeps", 0),
        ("without_background", -1),
        ("alpha", 0.0),
        ("gamma", float("nan")),
        ("ramp", 1.0),
        ("count_scale", -1.0),
    ],
)
def test_wrong_specifications_are_refused(field: str, value: float) -> None:
    with pytest.raises(SpecError, match=field):
        Hdlsm(**{field: value})  # type: ignore[arg-type]


def test_r_hat_is_one_for_equal_chains_and_large_for_others() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4, 1000))
    assert split_r_hat(draws) == pytest.approx(1.0, abs=0.01)
    assert split_r_hat(draws + np.arange(4)[:, None]) > 1.5


def test_effective_size_falls_with_autocorrelation() -> None:
    noise = np.random.default_rng(1).normal(size=(4, 4000))
    assert effective_sample_size(noise) == pytest.approx(16000, rel=0.1)
    walk = np.zeros_like(noise)
    for n in range(1, 4000):
        walk[:, n] = 0.9 * walk[:, n - 1] + noise[:, n]
    assert effective_sample_size(walk) == pytest.approx(16000 * 0.1 / 1.9, rel=0.3)
