"""What a fit was made with: preparation, model, detection, the tables' own settings, and notes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Which peaks of activations count as occurrences."""

    false_alarms_per_hour: float | None = None
    """False occurrences that are allowed in an hour, all motifs together, > 0; None: as many as
    `false_share` allows."""
    false_share: float = 0.01
    """Share of the reported occurrences that is expected to be false, 0 < share < 1."""
    least_weight: float | None = None
    """Of the first fits, which were not tested: share of its motif's typical weight that an
    occurrence had to have. It is kept in their files and not used."""
    least_score: float = -np.inf
    """Score from which occurrences are reported, nats; a fit finds it. Infinite where none can be,
    minus infinity while it is not known."""

    def __post_init__(self) -> None:
        rate = self.false_alarms_per_hour
        if rate is not None and not (np.isfinite(rate) and rate > 0):
            raise SpecError(f"false_alarms_per_hour is {rate}; it must be more than 0")
        if not 0 < self.false_share < 1:
            raise SpecError(f"false_share is {self.false_share}; it must be above 0 and below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How fast motifs follow the latest batch: (delay + step) ** -forgetting."""

    delay: float = 2.0
    """Steps that the beginning counts for, >= 1 (tau_0)."""
    forgetting: float = 0.7
    """Between 0.5, exclusive, and 1: 1 weighs all batches alike (kappa)."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.delay) and self.delay >= 1):
            raise SpecError(f"delay is {self.delay}; it must be 1 or more")
        if not 0.5 < self.forgetting <= 1:
            raise SpecError(
                f"forgetting is {self.forgetting}; it must be above 0.5 and at most 1, or the "
                "motifs never settle"
            )

    def at(self, step: int) -> float:
        """Return the rate of step 0, 1, 2..."""
        return float((self.delay + step) ** -self.forgetting)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamingState:
    """How a fit went through documents that stay in their files, and how far it came."""

    batch_documents: int
    """Documents between two moves of the motifs."""
    rate: Rate
    n_steps: int
    """Moves so far; the next one's rate follows from them."""
    updates: int = 0
    """Updates with new documents since the fit."""
    online: bool | None = None
    """Whether EM was stochastic; None: the fit was made in memory."""
    passes: int | None = None
    """Times that stochastic EM saw every document."""
    part_documents: int | None = None
    """Documents in which motifs were searched first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSpec:
    """Everything that a fit was asked for, and what was decided on the way."""

    settings: Mapping[str, Any]
    """Fields of the model's specification, by name."""
    preparation: Preparation = field(default_factory=Preparation)
    detection: Detection = field(default_factory=Detection)
    table: Mapping[str, Any] = field(default_factory=dict)
    """How the tables were made, see `ObservationTable.spec`."""
    streaming: StreamingState | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Plain values for people and for `motifmine.archive`: curves of chosen sizes, recordings of
    moved cameras, what chains say together, and the like."""

    def with_notes(self, notes: Mapping[str, Any]) -> "FitSpec":
        """Return the same with more notes; those of the same name are replaced."""
        return replace(self, notes={**self.notes, **notes})

    def plain(self) -> dict[str, Any]:
        """Return everything as one mapping of plain values, as it is in a file."""
        usual = Detection()
        detection = {
            name: value
            for name, value in asdict(self.detection).items()
            if name not in ("least_weight", "false_share") or value != getattr(usual, name)
        }
        if not np.isfinite(self.detection.least_score):
            # there is no infinity in JSON: None stands for it, and nothing for minus infinity
            del detection["least_score"]
            if self.detection.least_score > 0:
                detection["least_score"] = None
        streaming = {} if self.streaming is None else asdict(self.streaming)
        known = {name: value for name, value in streaming.items() if value is not None}
        return {
            **self.settings,
            "preparation": asdict(self.preparation),
            "detection": detection,
            "table": dict(self.table),
            **({"streaming": known} if known else {}),
            **self.notes,
        }

    @classmethod
    def of_plain(cls, values: Mapping[str, Any]) -> "FitSpec":
        """Return what `plain` made a mapping of: the model's settings come first in it, then parts.

        Raises
        ------
        SpecError
            When a value is out of its range.
        TypeError
            When they are no mapping, or a part has names that this version does not know.
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"settings are a mapping, not {values!r}")
        names = list(values)
        first = min((names.index(part) for part in PARTS if part in values), default=len(names))
        detection = dict(values.get("detection", {}))
        if detection.get("least_score", 0.0) is None:
            detection["least_score"] = np.inf
        streaming = values.get("streaming")
        return cls(
            settings={name: values[name] for name in names[:first]},
            preparation=Preparation(**values.get("preparation", {})),
            detection=Detection(**detection),
            table=values.get("table", {}),
            streaming=None
            if streaming is None
            else StreamingState(**{**streaming, "rate": Rate(**streaming["rate"])}),
            notes={name: values[name] for name in names[first:] if name not in PARTS},
        )


PARTS = ("preparation", "detection", "table", "streaming")
"""Names of the parts of a `FitSpec` in a file."""


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they come back from JSON: tuples as lists, names in order."""
    return {name: _plain(values[name]) for name in sorted(values)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain_values(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
