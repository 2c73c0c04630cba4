"""What is done to counts before a model sees them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from motifmine.errors import SpecError
from motifmine.records.table import ObservationTable
from motifmine.types import Floats32

Counts = Literal["auto", "raw", "sqrt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """How a table is made ready for a fit."""

    counts: Counts = "auto"
    """`raw` as they are, `sqrt` compressed by a square root, `auto` square root for video: a lorry
    is not forty times a car."""
    least_bins: int | None = None
    """Words seen in fewer time bins are left out, >= 0; None decides: for video one bin in 250, at
    most 8 (what flickers once or twice is not an activity), for all else 1."""

    def __post_init__(self) -> None:
        if self.counts not in ("auto", "raw", "sqrt"):
            raise SpecError(f"counts is {self.counts!r}; it must be auto, raw or sqrt")
        if self.least_bins is not None and self.least_bins < 0:
            raise SpecError(f"least_bins is {self.least_bins}; it must be 0 or more")

    def resolve(self, table: ObservationTable, *, n_times: int | None = None) -> "Preparation":
        """Return the preparation with all that was left open decided for `table`.

        `n_times` are the time bins of all documents, where `table` holds but some of them.
        """
        n_times = table.n_times if n_times is None else n_times
        layout, counts, least_bins = table.vocabulary.layout, self.counts, self.least_bins
        if counts == "auto":
            counts = layout.usual_counts
        if least_bins is None:
            least_bins = layout.least_bins(n_times)
        return Preparation(counts=counts, least_bins=least_bins)

    def apply(self, table: ObservationTable) -> ObservationTable:
        """Return the table as a model shall see it; words and times stay what they are."""
        choice = self.resolve(table)
        seen = np.bincount(table.word, minlength=table.n_words)
        count = choice._compressed(table)
        count[seen[table.word] < (choice.least_bins or 0)] = 0
        return table.with_counts(count)

    def apply_counts(self, table: ObservationTable) -> ObservationTable:
        """Return new recordings for a fit: counts are treated alike, rare words are kept."""
        return table.with_counts(self.resolve(table)._compressed(table))

    def _compressed(self, table: ObservationTable) -> Floats32:
        count = np.sqrt(table.count) if self.counts == "sqrt" else table.count.copy()
        return count.astype(np.float32)
