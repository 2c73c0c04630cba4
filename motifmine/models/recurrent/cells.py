"""A trained network in NumPy: it follows documents bin by bin, and forecasts without torch."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from motifmine.records.fields import axes
from motifmine.records.fit import FitRecord
from motifmine.records.model_state import restore_state
from motifmine.types import Floats, Floats32, Indices32

MOST_LOG = 10.0  # largest log of a rate over its mean


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Weights of a GRU or LSTM of H units as torch orders them, and of the rates of W words."""

    kind: str
    """`gru` or `lstm`."""
    input: Floats32 = field(metadata=axes("gate, word"))
    input_bias: Floats32 = field(metadata=axes("gate"))
    memory: Floats32 = field(metadata=axes("gate, unit"))
    memory_bias: Floats32 = field(metadata=axes("gate"))
    output: Floats32 = field(metadata=axes("word, unit"))
    output_bias: Floats32 = field(metadata=axes("word"))
    log_mean: Floats32 = field(metadata=axes("word"))
    """Log of the mean observations of a word in a bin."""


class CellFilter:
    """Follows documents with a network, and predicts.

    Parameters
    ----------
    weights : Weights
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.reset()

    def reset(self) -> None:
        """Begin another document."""
        n_units = self.weights.output.shape[1]
        self.hidden, self.cell = np.zeros(n_units), np.zeros(n_units)

    def step(self, word: Indices32, count: Floats | Floats32) -> None:
        """Take the observations of the next bin: words, each once, and their counts."""
        seen = self.weights.input[:, word] @ np.log1p(count)
        self.hidden, self.cell = self._advance(seen, self.hidden, self.cell)

    def predict(self, n_bins: int) -> Floats:
        """Return the expected observations of the next bins by word, float64 (n_bins, W)."""
        weights, hidden, cell = self.weights, self.hidden, self.cell
        found = []
        for _ in range(n_bins):
            log_rate = np.clip(weights.output @ hidden + weights.output_bias, -MOST_LOG, MOST_LOG)
            found.append(np.exp(log_rate + weights.log_mean))
            # what is expected takes the place of what is not seen yet
            hidden, cell = self._advance(weights.input @ np.log1p(found[-1]), hidden, cell)
        return np.array(found, dtype=np.float64)

    def going_on(self, n_bins: int) -> Floats:
        """Return no probabilities, (n_bins, 0): there are no motifs."""
        return np.zeros((n_bins, 0))

    def _advance(
        self, seen: Floats | Floats32, hidden: Floats, cell: Floats
    ) -> tuple[Floats, Floats]:
        """Return memory and cell one bin later."""
        weights = self.weights
        put = seen + weights.input_bias
        kept = weights.memory @ hidden + weights.memory_bias
        if weights.kind == "lstm":
            enter, forget, new, leave = np.split(put + kept, 4)
            cell = expit(forget) * cell + expit(enter) * np.tanh(new)
            return expit(leave) * np.tanh(cell), cell
        (reset, update, new), (old_reset, old_update, old) = np.split(put, 3), np.split(kept, 3)
        share = expit(update + old_update)
        new = np.tanh(new + expit(reset + old_reset) * old)
        return (1 - share) * new + share * hidden, cell


def filter_of_record(record: FitRecord) -> CellFilter:
    """Return the filter of a saved fit."""
    return CellFilter(restore_state(Weights, record.model_state))
