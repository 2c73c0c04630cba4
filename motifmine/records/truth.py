"""What really happened, one entry each, to hold the occurrences of a fit against."""

from dataclasses import dataclass

from motifmine.types import Floats, Indices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What really happened, one entry each.

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
    """The same of the end, NaN where it is not told, float64 array (N,)."""

    def __len__(self) -> int:
        return len(self.label)
