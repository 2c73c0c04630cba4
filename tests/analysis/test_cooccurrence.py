import numpy as np
import pytest

from motifmine.analysis import cooccurrence
from motifmine.analysis.cooccurrence import Cooccurrence, find_relations
from motifmine.errors import SpecError
from motifmine.kernels.pair_lags import count_followers
from motifmine.records.fit import Occurrences
from motifmine.types import Indices
from tests.helpers.fit_records import occurrences_at

LENGTH = 8
N_TIMES = 600
N_DOCUMENTS = 6


def occurrences(starts: list[tuple[int, int, int]]) -> Occurrences:
    """Return occurrences from (document, start bin, motif)."""
    document, start, motif = np.array(sorted(starts)).reshape(-1, 3).T
    return occurrences_at(start, motif, document=document, bin_s=0.25)


def scattered(random: np.random.Generator, motif: int, n: int = 10) -> list[tuple[int, int, int]]:
    """Return `n` starts of a motif in each document, wherever chance puts them."""
    return [
        (d, int(t), motif)
        for d in range(N_DOCUMENTS)
        for t in random.choice(N_TIMES, n, replace=False)
    ]


def relations(starts: list[tuple[int, int, int]], n_motifs: int = 4) -> Cooccurrence:
    return find_relations(
        occurrences(starts),
        [N_TIMES] * N_DOCUMENTS,
        n_motifs=n_motifs,
        motif_length=LENGTH,
        n_shuffles=100,
    )


def test_planted_following_is_found_with_its_lag() -> None:
    random = np.random.default_rng(1)
    first = scattered(random, 0)
    after = [(d, t + 18, 1) for d, t, _ in first if random.random() < 0.7]
    found = relations([*first, *after, *scattered(random, 2), *scattered(random, 3)])
    strongest = found.relations[0]
    assert (strongest.first, strongest.second, strongest.follows) == (0, 1, True)
    assert (strongest.from_bins, strongest.to_bins) == (18, 20)
    assert strongest.share == pytest.approx(len(after) / len(first), abs=0.1)
    assert strongest.chance < 0.1


def test_planted_exclusion_is_found() -> None:
    random = np.random.default_rng(2)
    first = scattered(random, 0, 12)
    taken = {(d, t + lag) for d, t, _ in first for lag in range(16)}
    never_after = [x for x in scattered(random, 1, 60) if x[:2] not in taken]
    found = relations([*first, *never_after, *scattered(random, 2)])
    apart = [r for r in found.relations if not r.follows]
    assert [(r.first, r.second) for r in apart] == [(0, 1)]
    assert apart[0].share < 0.5 * apart[0].chance


def test_independent_motifs_show_nothing_in_most_of_50_seeds() -> None:
    quiet = 0
    for seed in range(50):
        random = np.random.default_rng(100 + seed)
        starts = [x for motif in range(4) for x in scattered(random, motif)]
        quiet += not relations(starts).relations
    assert quiet >= 40


def test_same_seed_gives_the_same_relations() -> None:
    random = np.random.default_rng(3)
    first = scattered(random, 0)
    starts = [*first, *((d, t + 5, 1) for d, t, _ in first)]
    assert relations(starts) == relations(starts)


def test_rare_motifs_are_excluded() -> None:
    found = relations([(0, t, motif) for motif in (0, 1) for t in range(5)])
    assert found.n_motifs == 0 and not found.relations


def test_no_occurrences_give_no_relations() -> None:
    assert not relations([]).relations


def test_too_many_occurrences_are_compared_in_some_of_the_documents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(4)
    starts = [x for motif in range(3) for x in scattered(random, motif)]
    monkeypatch.setattr(cooccurrence, "MOST_STEPS", 150)
    assert 0 < relations(starts).n_documents < N_DOCUMENTS


def test_too_few_shuffles_are_refused() -> None:
    with pytest.raises(SpecError, match="at least 19"):
        find_relations(occurrences([]), [9], n_motifs=2, motif_length=2, n_shuffles=10)


def test_counts_agree_with_counting_by_hand() -> None:
    random = np.random.default_rng(5)
    windows = np.array([(0, 3), (3, 6), (0, 6)])
    rows = np.unique(random.integers(0, (2, 20, 3), (40, 3)), axis=0)
    lags = np.arange(6)
    holds = (lags[:, None] >= windows[:, 0]) & (lags[:, None] < windows[:, 1])
    offsets = np.concatenate([[0], np.cumsum(holds.sum(axis=1))])
    document, start, motif = np.ascontiguousarray(rows.T)
    counts = count_followers(document, start, motif, offsets, np.nonzero(holds)[1], 3, 3)
    np.testing.assert_array_equal(counts, by_hand(rows, windows))


def by_hand(rows: Indices, windows: Indices) -> Indices:
    counts = np.zeros((3, 3, len(windows)), dtype=np.int64)
    for i, (document, start, motif) in enumerate(rows):
        others = [row for j, row in enumerate(rows) if j != i and row[0] == document]
        for second in range(3):
            for window, (low, high) in enumerate(windows):
                lags = [row[1] - start for row in others if row[2] == second]
                counts[motif, second, window] += any(low <= lag < high for lag in lags)
    return counts
