"""Progress of a fit, passed to callbacks named `on_progress`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a running fit."""

    done: int
    """Iterations done, in all restarts together."""
    total: int
    """Largest number of iterations of all restarts together."""
    log_likelihood: float
    """Of the latest iteration, nats."""
