"""How far a piece of work is: what callbacks named `on_progress` are called with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One message of a fit that is under way."""

    done: int
    """Iterations done, of all restarts."""
    total: int
    """Iterations at most, of all restarts."""
    log_likelihood: float
    """Of the latest iteration, nats."""
