"""The encoder of the auto-encoder, which a fit stores to locate motifs in new documents."""

from dataclasses import dataclass, field
from typing import ClassVar

from motifmine.records.fields import axes
from motifmine.types import Floats32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoder:
    """Parameters for encoding new documents."""

    group: ClassVar[str] = "encoder"
    """Group in the file of a fit."""
    filters: Floats32 = field(metadata=axes("motif, relative_time, word"))
    """(K, L, W), in the order of the motifs."""
    bias: Floats32 = field(metadata=axes("motif"))
    """(K,)."""
    inhibition: float
    """Weight of the blurred copy that is subtracted from the activations."""
    threshold: float
    """Lower activations are set to 0; determined on the documents of the fit."""
    scale: float
    """Divisor of the counts before they are encoded."""
