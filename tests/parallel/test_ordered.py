"""Results of threads in the order of the items."""

import time
from collections.abc import Iterator

import pytest

from motifmine.parallel.ordered import map_ordered


@pytest.mark.parametrize("threads", [1, 3])
def test_results_keep_the_order_of_the_items(threads: int) -> None:
    def square(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        return number * number

    assert list(map_ordered(square, range(20), threads)) == [n * n for n in range(20)]


def test_items_are_not_read_far_ahead_of_the_results() -> None:
    read = []

    def items() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    results = map_ordered(lambda number: number, items(), 2)
    assert next(results) == 0
    assert len(read) <= 6
