"""The course of an iterative fit."""

import math

import pytest

from motifmine.errors import FitError
from motifmine.models.monitor import Monitor, has_converged
from motifmine.progress import Progress


def test_iterations_are_traced_and_reported() -> None:
    heard: list[Progress] = []
    monitor = Monitor(12, heard.append)
    monitor.record(-9.0, is_traced=False, n_iterations=10)
    monitor.record(-8.0)
    monitor.record(-7.0)
    monitor.record(-6.5)
    assert [(p.done, p.total, p.log_likelihood) for p in heard] == [
        *((10, 12, -9.0), (11, 12, -8.0), (12, 12, -7.0), (12, 12, -6.5))
    ]
    trace = monitor.trace()
    assert trace.iteration.tolist() == [0, 1, 2]
    assert trace.log_likelihood.tolist() == [-8.0, -7.0, -6.5]
    assert sorted(trace.seconds.tolist()) == trace.seconds.tolist()


def test_a_trace_of_nothing_is_empty() -> None:
    assert len(Monitor(3, None).trace().iteration) == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_end_the_fit(value: float) -> None:
    monitor = Monitor(3, None)
    monitor.record(-1.0)
    with pytest.raises(FitError, match="at iteration 1"):
        monitor.record(value)


def test_em_stops_when_an_iteration_gains_too_little_for_each_observation() -> None:
    assert has_converged(6, 0.9, 1e-3, 1000)
    assert not has_converged(6, 1.1, 1e-3, 1000)
    assert not has_converged(5, 0.0, 1e-3, 1000)
