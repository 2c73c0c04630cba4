"""What the raw values of a series do while a motif occurs."""

from dataclasses import dataclass

from motifmine.types import Floats32, Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """The mean stretch of raw values at the occurrences of each motif, and its spread."""

    mean: Floats32
    """float32 array (K, L, channel), in the channels' units; NaN where there is nothing."""
    spread: Floats32
    """Standard deviation over the occurrences, float32 array (K, L, channel)."""
    n_occurrences: Indices
    """Occurrences that were averaged, int64 array (K,)."""
