"""Work on threads, delivered in order."""

import time

import pytest

from motifmine.models.threads import in_order


@pytest.mark.parametrize("n_threads", [1, 4])
def test_results_are_delivered_in_order_however_long_they_take(n_threads: int) -> None:
    seen: list[int] = []

    def work(item: int, worker: int) -> int:
        time.sleep(0.002 * ((item * 7) % 5))
        return item

    in_order(20, n_threads, work, lambda item, worker, result: seen.append(result))
    assert seen == list(range(20))


@pytest.mark.parametrize("n_threads", [1, 4])
def test_one_failing_item_fails_the_whole(n_threads: int) -> None:
    def work(item: int, worker: int) -> int:
        if item == 3:
            raise ValueError("item 3")
        return item

    with pytest.raises(ValueError, match="item 3"):
        in_order(16, n_threads, work, lambda item, worker, result: None)
