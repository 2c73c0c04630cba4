"""The half of an auto-encoder that tells where motifs may start, as arrays."""

from dataclasses import dataclass

from motifmine.types import Floats32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoder:
    """What it takes to encode new documents."""

    filters: Floats32
    """(K, L, W), in the order of the motifs."""
    bias: Floats32
    """(K,)."""
    inhibition: float
    """How much of a blurred copy is subtracted from the activations."""
    threshold: float
    """Activations below are cut; found on the documents of the fit, kept for others."""
    scale: float
    """Counts are divided by this before they are encoded."""
