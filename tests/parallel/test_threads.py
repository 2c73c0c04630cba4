"""Work on threads, delivered in order."""

import time
from collections.abc import Iterator

import pytest

from motifmine.models.plsm.model import Plsm
from motifmine.parallel import threads
from motifmine.parallel.threads import limit_threads, map_ordered, most_threads, run_in_order
from motifmine.simulation import simulate


@pytest.mark.parametrize("n_threads", [1, 4])
def test_results_are_delivered_in_order_however_long_they_take(n_threads: int) -> None:
    seen: list[int] = []

    def work(item: int, worker: int) -> int:
        time.sleep(0.002 * ((item * 7) % 5))
        return item

    run_in_order(20, n_threads, work, lambda item, worker, result: seen.append(result))
    assert seen == list(range(20))


@pytest.mark.parametrize("n_threads", [1, 4])
def test_one_failing_item_fails_the_whole(n_threads: int) -> None:
    def work(item: int, worker: int) -> int:
        if item == 3:
            raise ValueError("item 3")
        return item

    with pytest.raises(ValueError, match="item 3"):
        run_in_order(16, n_threads, work, lambda item, worker, result: None)


@pytest.mark.parametrize("n_threads", [0, 1, 3])
def test_a_process_can_be_held_to_its_share_of_the_cores(
    n_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "_share", [])
    limit_threads(n_threads)
    assert most_threads() == max(1, n_threads)


def test_a_fit_does_not_depend_on_its_share_of_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_share", [])
    table = simulate(n_motifs=2, n_times=2000, n_words=60, seed=1).table
    spec = Plsm(n_motifs=2, motif_length=10, activity="sparse", restarts=1, rounds=1, iterations=5)
    found = []
    for n_threads in (1, 3):
        limit_threads(n_threads)
        found.append(spec.fit(table, seed=0))
    one, three = found
    assert one.motifs.probability.tobytes() == three.motifs.probability.tobytes()
    assert one.activations.mass.tobytes() == three.activations.mass.tobytes()


@pytest.mark.parametrize("n_threads", [1, 3])
def test_results_keep_the_order_of_the_items(n_threads: int) -> None:
    def square(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        return number * number

    assert list(map_ordered(square, range(20), n_threads)) == [n * n for n in range(20)]


def test_items_are_not_read_far_ahead_of_the_results() -> None:
    read = []

    def items() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    results = map_ordered(lambda number: number, items(), 2)
    assert next(results) == 0
    assert len(read) <= 6
