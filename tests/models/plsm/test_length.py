"""The length of motifs is read off the order in time of the words."""

import numpy as np
import pytest

from motifmine.models.plsm.length import choose_length
from motifmine.records.table import ObservationTable, cut_documents, table_from_rows
from motifmine.records.vocabulary import Vocabulary
from motifmine.seeding import generator
from motifmine.simulation import simulate

WORDS = [str(word) for word in range(12)]


def of_counts(count: np.ndarray) -> ObservationTable:
    time, word = np.nonzero(count)
    return table_from_rows(
        time=time,
        word=word,
        count=count[time, word].astype(np.float64),
        n_times=len(count),
        vocabulary=Vocabulary.of_labels(WORDS[: count.shape[1]]),
        bin_s=1.0,
        name="drawn",
    )


@pytest.mark.statistical
@pytest.mark.parametrize(("length", "noise"), [(6, 0.1), (12, 0.5), (20, 0.3)])
def test_the_length_of_the_motifs_is_found(length: int, noise: float) -> None:
    table = simulate(
        n_motifs=4, motif_length=length, n_words=40, n_times=2500, noise=noise, seed=length
    ).table
    found = choose_length(table).bins
    assert found is not None
    assert 0.7 * length <= found <= 1.15 * length


@pytest.mark.statistical
def test_what_has_no_order_in_time_has_no_length() -> None:
    for seed in range(3):
        rng = generator(seed)
        slow = 1 + np.sin(np.arange(1500) / 200)[:, None]
        assert choose_length(of_counts(rng.poisson(0.5 * slow, (1500, 12)))).bins is None


def test_the_same_table_gives_the_same_length_and_a_profile_of_at_most_one() -> None:
    table = simulate(n_motifs=3, motif_length=8, n_times=1500, seed=4).table
    one, other = choose_length(table, seed=3), choose_length(table, seed=3)
    assert one.bins == other.bins
    np.testing.assert_array_equal(one.profile, other.profile)
    assert one.profile.max() == pytest.approx(1)


@pytest.mark.parametrize("shape", [(8, 3), (200, 1)])
def test_too_few_bins_or_words_say_so(shape: tuple[int, int]) -> None:
    choice = choose_length(of_counts(np.ones(shape)))
    assert choice.bins is None
    assert "too few" in choice.reason


def test_bins_of_two_documents_are_no_neighbours() -> None:
    """Words that follow one another only across documents have no order."""
    count = np.zeros((400, 2))
    count[9::10, 0] = 5
    count[0::10, 1] = 5
    count += generator(0).poisson(0.3, count.shape)
    whole = of_counts(count)
    assert choose_length(cut_documents(whole, 10)).bins is None
