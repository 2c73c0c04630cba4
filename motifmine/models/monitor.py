"""The course of an iterative fit: its trace, its progress, and when it has converged."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from motifmine.errors import FitError
from motifmine.progress import Progress
from motifmine.records.fit import Trace

LEAST_ITERATIONS = 5  # EM goes through more iterations than these, whatever the gain


def has_converged(iteration: int, gain: float, tolerance: float, total: float) -> bool:
    """Return whether EM can stop.

    Parameters
    ----------
    iteration : int
        Index of the iteration.
    gain : float
        Increase of the log-likelihood in it, nats.
    tolerance : float
        Smallest increase per observation that is worth going on for, nats.
    total : float
        Number of observations.
    """
    return iteration > LEAST_ITERATIONS and gain < tolerance * total


@dataclass(slots=True)
class Monitor:
    """Keeps the trace of a fit, reports progress, and refuses numbers that are not finite."""

    n_expected: int
    """Iterations at most."""
    on_progress: Callable[[Progress], None] | None
    began: float = field(default_factory=time.perf_counter)
    rows: list[tuple[float, float]] = field(default_factory=list)
    n_done: int = 0

    def record(self, value: float, *, is_traced: bool = True, n_iterations: int = 1) -> None:
        """Record the log-likelihood (nats) after an iteration, or after a step that costs several.

        Parameters
        ----------
        value : float
            Log-likelihood, nats.
        is_traced : bool
            Whether it is a row of the trace; rounds of a search only count as progress.
        n_iterations : int
            Iterations that the step counts for in the progress.

        Raises
        ------
        FitError
            When it is not finite.
        """
        if is_traced and not np.isfinite(value):
            raise FitError(f"the log-likelihood is {value} at iteration {len(self.rows)}")
        self.n_done += n_iterations
        if is_traced:
            self.rows.append((value, time.perf_counter() - self.began))
        if self.on_progress is not None:
            self.on_progress(Progress(min(self.n_done, self.n_expected), self.n_expected, value))

    def trace(self) -> Trace:
        """Return the iterations that were traced."""
        value, seconds = np.array(self.rows, dtype=np.float64).reshape(-1, 2).T
        return Trace(
            iteration=np.arange(len(value)), log_likelihood=value.copy(), seconds=seconds.copy()
        )
