"""The half of an auto-encoder that tells where motifs may start: what its fits keep."""

from dataclasses import dataclass, field
from typing import ClassVar

from motifmine.records.fields import axes
from motifmine.types import Floats32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoder:
    """What it takes to encode new documents."""

    group: ClassVar[str] = "encoder"
    """Where it is in the file of a fit."""
    filters: Floats32 = field(metadata=axes("motif, relative_time, word"))
    """(K, L, W), in the order of the motifs."""
    bias: Floats32 = field(metadata=axes("motif"))
    """(K,)."""
    inhibition: float
    """How much of a blurred copy is subtracted from the activations."""
    threshold: float
    """Activations below are cut; found on the documents of the fit, kept for others."""
    scale: float
    """Counts are divided by this before they are encoded."""
