"""The forward filter of states: what the bins so far lead to expect."""

import numpy as np

from motifmine.models.states.model import SavedStates
from motifmine.models.states.parameters import States
from motifmine.records.fit import FitRecord
from motifmine.records.model_state import restore_state
from motifmine.types import Floats, Floats32, Indices32


class StatesFilter:
    """Follows states and their ages through bins that come one after the other."""

    def __init__(self, states: States) -> None:
        self.states = states
        self.log_rate = np.log(states.rate)
        self.first = np.exp(states.log_terms().initial)
        self.reset()

    def reset(self) -> None:
        """Begin another document."""
        self.expected = self.first
        """Probability of state and age in the next bin, float64 array (K, D)."""

    def step(self, word: Indices32, count: Floats | Floats32) -> None:
        """Take the observations of the next bin: words, each once, and their counts."""
        value = self.log_rate[:, word] @ count.astype(np.float64)
        if self.states.emission == "poisson":
            value -= self.states.rate.sum(axis=1)
        now = self.expected * np.exp(value - value.max())[:, None]
        self.expected = self._advance(now / now.sum())

    def predict(self, n_bins: int) -> Floats:
        """Return the expected observations of the next bins by word, float64 (n_bins, W)."""
        return self.going_on(n_bins) @ self.states.rate

    def going_on(self, n_bins: int) -> Floats:
        """Return the probability of each state in the next bins, float64 (n_bins, K)."""
        ahead, found = self.expected, []
        for _ in range(n_bins):
            found.append(ahead.sum(axis=1))
            ahead = self._advance(ahead)
        return np.array(found)

    def _advance(self, now: Floats) -> Floats:
        """Return the probability of state and age one bin later."""
        hazard = self.states.hazard
        left = (now * hazard).sum(axis=1)
        stayed = now * (1 - hazard)
        later = np.zeros_like(now)
        later[:, 1:] = stayed[:, :-1]
        later[:, -1] += stayed[:, -1]
        later[:, 0] += left @ self.states.transition
        # a single state is never left
        total = later.sum()
        return later / total if total > 0 else now


def filter_of_record(record: FitRecord) -> StatesFilter:
    """Return the filter of a saved fit."""
    return StatesFilter(restore_state(SavedStates, record.model_state).as_states())
