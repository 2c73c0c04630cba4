"""The coder of a fit as a record: layers that read starts and strengths off counts."""

from dataclasses import dataclass, field

from motifmine.records.fields import axes
from motifmine.types import Floats32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coder:
    """Layers that locate motifs in new documents, as convolutions over time.

    Spectral norm is divided out: the weights are those that are applied.
    """

    first_weight: Floats32 = field(metadata=axes("unit, word, first_lag"))
    first_bias: Floats32 = field(metadata=axes("unit"))
    second_weight: Floats32 = field(metadata=axes("unit, input, second_lag"))
    second_bias: Floats32 = field(metadata=axes("unit"))
    third_weight: Floats32 = field(metadata=axes("unit, input, third_lag"))
    third_bias: Floats32 = field(metadata=axes("unit"))
    # one axis of motifs each: motifs that do not recur are removed from a fit after it
    odds_weight: Floats32 = field(metadata=axes("motif, unit, output_lag"))
    """Of the log-odds of a start of every motif."""
    odds_bias: Floats32 = field(metadata=axes("motif"))
    strength_weight: Floats32 = field(metadata=axes("motif, unit, output_lag"))
    """Of the log strength."""
    strength_bias: Floats32 = field(metadata=axes("motif"))
    mass: Floats32 = field(metadata=axes("motif", "observations"))
    """Expected observations of an occurrence of strength 1."""
