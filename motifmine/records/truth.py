"""Truth: annotated events to evaluate the occurrences of a fit against."""

from dataclasses import dataclass

from motifmine.types import Floats, Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """Annotated events, one entry each.

    Examples
    --------
    >>> import numpy as np
    >>> from motifmine import Truth
    >>> len(
    ...     Truth(
    ...         document=np.array([0, 0]),
    ...         label=("arrive", "leave"),
    ...         start_s=np.array([6.6, 18.6]),
    ...         end_s=np.full(2, np.nan),
    ...     )
    ... )
    2
    """

    document: Indices
    """Number of the recording in the fit, int64 array (N,)."""
    label: tuple[str, ...]
    start_s: Floats
    """Seconds of the recording, float64 array (N,)."""
    end_s: Floats
    """End of the event in the same unit, NaN where it is unknown, float64 array (N,)."""

    def __len__(self) -> int:
        return len(self.label)
