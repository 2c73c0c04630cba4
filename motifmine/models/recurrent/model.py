"""GRU and LSTM as models: they forecast, and have no motifs.

Cho et al.: Learning phrase representations using RNN encoder-decoder, EMNLP 2014. Hochreiter and
Schmidhuber: Long short-term memory, Neural Computation 9(8), 1997.
"""

from dataclasses import dataclass
from typing import ClassVar

from motifmine.models.networks import NetworkModel
from motifmine.models.recurrent.cells import Weights
from motifmine.models.recurrent.spec import RecurrentSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Gru(RecurrentSpec, NetworkModel):
    """The specification of a network of gated recurrent units that predicts the words of bins.

    The trace has the log-likelihood of held-out windows, for as many observations as there are.
    """

    name: ClassVar[str] = "gru"
    fitting: ClassVar[str] = "motifmine.models.recurrent.network"
    state: ClassVar[type] = Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm(Gru):
    """The specification of a long short-term memory."""

    name: ClassVar[str] = "lstm"
