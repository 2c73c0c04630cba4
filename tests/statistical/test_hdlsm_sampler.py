"""The HDLSM sampler draws from the posterior: enumeration, exact-start Geweke, calibration."""

import random  # noqa: TID251

import numpy as np
import pytest
from scipy.stats import chisquare, ks_2samp

from motifmine.models.hdlsm.kernels.bookkeeping import get_assignments
from motifmine.models.hdlsm.kernels.state import Prior, State, Tokens, make_empty_state
from tests.reference.hdlsm import Sampler, Setting, exact_means, summary
from tests.statistical.hdlsm_geweke import (
    HYPER,
    JOIN_MOVES,
    MIX,
    MOTIF_MOVES,
    N_STATISTICS,
    OCCURRENCE_MOVES,
    A,
    B,
    Bug,
    C,
    Floats,
    draw_seating,
    draw_tokens,
    replicates,
    round_of_moves,
    statistics,
)

pytestmark = [pytest.mark.statistical, pytest.mark.long]

N_WORDS, N_TIMES, N_DOCUMENTS, N_TOKENS = 2, 5, 2, 5
GRID = 10 ** np.linspace(-0.5, 0.5, 5)
NO_BUG = Bug(np.ones(4), 1.0, 0, 0)


def prior() -> Prior:
    shape = np.array([0.5, 0.3, 0.2]) / N_WORDS
    return Prior(np.array([1.0, 1.0, 1.5, 0.7]), shape, 0.8, 1)


def runs(moves: int, rounds: int, bug: Bug = NO_BUG, seed: int = 1) -> Floats:
    """Return statistics of 20,000 joint draws after `rounds` rounds of moves and fresh data."""
    draws: Floats = replicates(
        20_000,
        rounds,
        moves,
        prior(),
        bug,
        GRID,
        bool(moves & HYPER),
        N_DOCUMENTS,
        N_TOKENS,
        N_WORDS,
        N_TIMES,
        np.random.default_rng(seed),
    )
    return draws


@pytest.fixture(scope="module")
def joint_draws() -> dict[bool, Floats]:
    """Fresh joint draws, with hyper-parameters held and drawn."""
    return {drawn: runs(HYPER if drawn else 0, 0, seed=2) for drawn in (False, True)}


def least_p(draws: Floats, others: Floats) -> float:
    """Return the smallest KS p-value over the statistics, Bonferroni-corrected."""
    p = [ks_2samp(a, b).pvalue for a, b in zip(draws.T, others.T, strict=True)]
    return float(min(1.0, N_STATISTICS * min(p)))


MOVES = {
    "every observation": A,
    "every occurrence": B,
    "shifts": C,
    "merge and split of motifs": MOTIF_MOVES,
    "merge and split of occurrences": OCCURRENCE_MOVES,
    "join and part": JOIN_MOVES,
    "hyper-parameters": HYPER,
    "all moves": MIX,
}


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_moves_leave_the_joint_distribution_as_it_is(
    moves: int, joint_draws: dict[bool, Floats]
) -> None:
    assert least_p(runs(moves, 5), joint_draws[bool(moves & HYPER)]) > 1e-4


PLANTED = {
    "an observation counted twice": (A, NO_BUG._replace(leak=1)),
    "range of starts one short": (A, NO_BUG._replace(start_cut=1)),
    "wrong denominator": (A | B, NO_BUG._replace(shape=1.5)),
    "wrong gamma in the merge of motifs": (
        MOTIF_MOVES,
        NO_BUG._replace(hyper=np.array([1.0, 1.5, 1.0, 1.0])),
    ),
    "wrong alpha in the merge of occurrences": (
        OCCURRENCE_MOVES,
        NO_BUG._replace(hyper=np.array([1.5, 1.0, 1.0, 1.0])),
    ),
    "wrong alpha in join and part": (
        JOIN_MOVES,
        NO_BUG._replace(hyper=np.array([1.5, 1.0, 1.0, 1.0])),
    ),
}


@pytest.mark.parametrize(("moves", "bug"), PLANTED.values(), ids=PLANTED)
def test_planted_bugs_are_noticed(moves: int, bug: Bug, joint_draws: dict[bool, Floats]) -> None:
    assert least_p(runs(moves, 5, bug), joint_draws[False]) < 1e-4


def tiny_setting(share: float) -> Setting:
    """Two documents of 3 and 2 observations; starts may hang over the edges."""
    return Setting(
        tokens=[(0, 0, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 1, 2)],
        starts=[(-1, 2), (-1, 2)],
        n_bins=[3, 3],
        n_words=2,
        shape=[0.7 / 2, 0.3 / 2],
        alpha=1.3,
        gamma=0.8,
        eta=1.7,
        share=share,
        background_prior=0.8,
    )


def compiled(setting: Setting) -> tuple[Tokens, State, Prior]:
    """Return what the kernels need for a setting whose starts hang over."""
    length, documents = setting.length, len(setting.n_bins)
    rows = np.array(setting.n_bins) + length - 1
    base = np.concatenate([[0], np.cumsum(rows)])
    order = sorted(setting.tokens, key=lambda t: (t[0], t[2], t[1]))
    bin_row = np.array([base[j] + t for j, _, t in order], dtype=np.int32)
    tokens = Tokens(
        np.array([w for _, w, _ in order], dtype=np.int32),
        bin_row,
        np.array([j for j, _, _ in order], dtype=np.int32),
        np.searchsorted(bin_row, np.arange(base[-1] + 1)),
        base[:-1].copy(),
        base[1:] - 1,
        np.array(setting.n_bins),
        np.repeat(np.arange(documents), rows).astype(np.int32),
    )
    hyper = np.array([setting.alpha, setting.gamma, setting.eta, setting.share])
    told = Prior(hyper, np.array(setting.shape), setting.background_prior, 1)
    return tokens, make_empty_state(tokens, told, setting.n_words, 12), told


def assert_same_means(draws: Floats, exact: list[float]) -> None:
    """Compare means of autocorrelated draws (n, s) with exact ones by batch means."""
    batches = draws.reshape(50, -1, draws.shape[1]).mean(axis=1)
    error = batches.std(axis=0, ddof=1) / np.sqrt(50)
    deviation = np.abs(batches.mean(axis=0) - exact) / np.maximum(error, 1e-9)
    assert deviation.max() < 4.5, deviation


@pytest.mark.parametrize("share", [0.0, 0.6], ids=["the paper's model", "with background"])
@pytest.mark.parametrize("moves", [A, A | B, MIX - HYPER], ids=["A", "A and B", "all moves"])
def test_frequencies_are_those_of_enumeration(share: float, moves: int) -> None:
    setting = tiny_setting(share)
    tokens, state, told = compiled(setting)
    rng = np.random.default_rng(5)
    round_of_moves(tokens, state, told, A, GRID, rng)
    draws = np.empty((20_000, 5))
    for n in range(len(draws)):
        round_of_moves(tokens, state, told, moves, GRID, rng)
        draws[n] = statistics(tokens, state, told)[:5]
    rows = draws[:, 4].copy()
    # rows of document j begin at 4 j, and start time s is row s + 1
    draws = draws[:, :4]
    exact = exact_means(setting)
    assert_same_means(draws, exact[:4])
    assert rows.min() >= 0


@pytest.mark.parametrize("share", [0.0, 0.6], ids=["the paper's model", "with background"])
def test_the_plain_twin_has_the_frequencies_of_enumeration(share: float) -> None:
    setting = tiny_setting(share)
    twin = Sampler(setting, random.Random(3))
    draws = np.empty((10_000, 5))
    for n in range(len(draws)):
        twin.sweep()
        draws[n] = summary(setting, *twin.state())
    assert_same_means(draws, exact_means(setting))


def describe(owner: np.ndarray, row: np.ndarray, motif: np.ndarray) -> list[float]:
    """Return what does not depend on labels: background, occurrences, motifs, earliest start."""
    return [
        int(np.sum(owner < 0)),
        len(row),
        len(np.unique(motif)),
        row.min() if len(row) else -1,
        np.bincount(motif).max() if len(motif) else 0,
    ]


def test_hyperparameters_and_states_are_calibrated() -> None:
    """Simulation-based calibration: ranks of what made the data among posterior draws are uniform.

    Talts et al., arXiv 1804.06788 (2018).
    """
    rng = np.random.default_rng(11)
    n_replicates, n_draws, thin = 400, 9, 6
    ranks = np.zeros((n_replicates, 9), dtype=np.int64)
    document = np.repeat(np.arange(3), 8).astype(np.int32)
    told = prior()
    for a in range(n_replicates):
        hyper = rng.choice(GRID, size=4)
        told.hyper[:] = hyper
        owner, row, motif = draw_seating(told, 3, 8, N_TIMES, rng)
        truth = np.array([*hyper, *describe(owner, row, motif)])
        tokens, _ = draw_tokens(told, owner, document, row, motif, 3, N_WORDS, N_TIMES, rng)
        told.hyper[:] = 1.0
        state = make_empty_state(tokens, told, N_WORDS, 60)
        for _ in range(30):
            round_of_moves(tokens, state, told, MIX, GRID, rng)
        below, equal = np.zeros(9, dtype=np.int64), np.zeros(9, dtype=np.int64)
        for _ in range(n_draws):
            for _ in range(thin):
                round_of_moves(tokens, state, told, MIX, GRID, rng)
            drawn = np.array([*told.hyper, *describe(*get_assignments(state))])
            below += drawn < truth
            equal += drawn == truth
        # a rank among equal ones is any of theirs
        ranks[a] = below + rng.integers(0, equal + 1)
    for h in range(9):
        assert chisquare(np.bincount(ranks[:, h], minlength=n_draws + 1)).pvalue > 1e-4
