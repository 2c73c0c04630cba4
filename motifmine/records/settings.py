"""Settings of a fit: preparation, model, detection, settings of the tables, and notes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_type_hints

import numpy as np

from motifmine.errors import SpecError
from motifmine.records.notes import Notes
from motifmine.records.table import ObservationTable
from motifmine.types import Floats32
from motifmine.validation import check_types, make_record

Counts = Literal["auto", "raw", "sqrt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Preparation of a table for a fit."""

    counts: Counts = "auto"
    """`raw`: unchanged, `sqrt`: square root, `auto`: square root for video, where large objects
    would dominate otherwise, and raw for other words."""
    least_bins: int | None = None
    """Words seen in fewer time bins are excluded, >= 0; None: for video one bin in 250, at most 8
    (flicker is not an activity), for other words 1."""

    def __post_init__(self) -> None:
        if self.counts not in ("auto", "raw", "sqrt"):
            raise SpecError(f"counts is {self.counts!r}; it must be auto, raw or sqrt")
        if self.least_bins is not None and self.least_bins < 0:
            raise SpecError(f"least_bins is {self.least_bins}; it must be 0 or more")

    def resolve(self, table: ObservationTable, *, n_times: int | None = None) -> "Preparation":
        """Return the preparation with `auto` and None resolved for `table`.

        `n_times` is the number of time bins of all documents, where `table` holds only some.
        """
        # a group of documents is prepared like all of them, or its words would be others
        n_times = table.n_times if n_times is None else n_times
        layout, counts, least_bins = table.vocabulary.layout, self.counts, self.least_bins
        if counts == "auto":
            counts = layout.usual_counts
        if least_bins is None:
            least_bins = layout.least_bins(n_times)
        return Preparation(counts=counts, least_bins=least_bins)

    def apply(self, table: ObservationTable) -> ObservationTable:
        """Return the prepared table; words and times do not change."""
        choice = self.resolve(table)
        count = choice._compress(table)
        # their words stay in the vocabulary, whose numbers are those of all tables of a scene
        is_rare = table.word_numbers() < (choice.least_bins or 0)
        if is_rare.any():
            count = np.where(is_rare[table.word], np.float32(0), count)
        return table.with_counts(count)

    def apply_counts(self, table: ObservationTable) -> ObservationTable:
        """Return the table with prepared counts, for new recordings: rare words are kept."""
        return table.with_counts(self.resolve(table)._compress(table))

    def _compress(self, table: ObservationTable) -> Floats32:
        return np.sqrt(table.count) if self.counts == "sqrt" else table.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Criteria by which peaks of activations become occurrences."""

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
    """Learning rate of stochastic EM: (delay + step) ** -forgetting."""

    delay: float = 2.0
    """Offset of the steps, >= 1 (tau_0); larger values slow down the first steps."""
    forgetting: float = 0.7
    """Exponent, 0.5 < forgetting <= 1 (kappa); 1 gives all batches the same weight."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.delay) and self.delay >= 1):
            raise SpecError(f"delay is {self.delay}; it must be 1 or more")
        # Robbins and Monro: rates must sum to infinity, and their squares must not
        if not 0.5 < self.forgetting <= 1:
            raise SpecError(
                f"forgetting is {self.forgetting}; it must be above 0.5 and at most 1, or the "
                "motifs do not converge"
            )

    def at(self, step: int) -> float:
        """Return the rate of step 0, 1, 2..."""
        return float((self.delay + step) ** -self.forgetting)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamingState:
    """Settings and progress of an out-of-core fit."""

    batch_documents: int
    """Documents of a batch; the motifs are updated after each."""
    rate: Rate
    n_steps: int
    """Updates of the motifs so far; they determine the next rate."""
    updates: int = 0
    """Incremental updates with new documents since the fit."""
    online: bool | None = None
    """Whether EM was stochastic; None: the fit was made in memory."""
    passes: int | None = None
    """Passes of stochastic EM over all documents."""
    part_documents: int | None = None
    """Documents of the initial search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSpec:
    """All settings of a fit, and values that were chosen during the fit.

    Two parts stay mappings of plain values, because their classes are of higher layers, or of
    packages that need not be installed where a fit is read: the settings of the model, which
    `motifmine.models.registry.specification_of` makes its specification, and those of the tables,
    which `motifmine.features` makes its own. Everything else is a record.
    """

    settings: Mapping[str, Any]
    """Fields of the model's specification, by name."""
    preparation: Preparation = field(default_factory=Preparation)
    detection: Detection = field(default_factory=Detection)
    table: Mapping[str, Any] = field(default_factory=dict)
    """How the tables were made, see `ObservationTable.spec`."""
    streaming: StreamingState | None = None
    notes: Notes = field(default_factory=Notes)

    def plain(self) -> dict[str, Any]:
        """Return everything as one mapping of plain values, as it is in a file."""
        usual = Detection()
        detection = {
            name: value
            for name, value in asdict(self.detection).items()
            # a file without them can be read by versions that do not know them
            if name not in ("least_weight", "false_share") or value != getattr(usual, name)
        }
        if not np.isfinite(self.detection.least_score):
            # JSON has no infinity: null is infinity, a missing key is minus infinity
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
            **self.notes.plain(),
        }

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "FitSpec":
        """Return the settings from the mapping of `plain`: model settings come first, then parts.

        Raises `SpecError` when a value is of another type or out of its range, or a part has names
        that this version does not know.
        """
        if not isinstance(values, Mapping):
            raise SpecError(f"settings are a mapping, not {values!r:.80}")
        names = list(values)
        # files are flat: what precedes the parts is of the model, what follows them are notes
        first = min((names.index(part) for part in PARTS if part in values), default=len(names))
        detection, streaming = values.get("detection", {}), values.get("streaming")
        is_infinite = isinstance(detection, Mapping) and detection.get("least_score", 0.0) is None
        if is_infinite:
            detection = {name: detection[name] for name in detection if name != "least_score"}
        detected = make_record(Detection, detection, "detection")
        if isinstance(streaming, Mapping):
            rate = make_record(Rate, streaming.get("rate"), "the rate of streaming")
            streaming = make_record(StreamingState, {**streaming, "rate": rate}, "streaming")
        check_types(
            {"table": values.get("table", {}), "streaming": streaming},
            get_type_hints(cls),
        )
        settings = {name: values[name] for name in names[:first]}
        check_types(settings, dict.fromkeys(settings, str | float | bool | None))
        return cls(
            settings=settings,
            preparation=make_record(Preparation, values.get("preparation", {}), "preparation"),
            detection=replace(detected, least_score=np.inf) if is_infinite else detected,
            table=values.get("table", {}),
            streaming=streaming,
            notes=Notes.from_plain(
                {name: values[name] for name in names[first:] if name not in PARTS}
            ),
        )


# names of the parts of a `FitSpec` in a file
PARTS = ("preparation", "detection", "table", "streaming")


def sort_plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON would return them: tuples as lists, names sorted."""
    return {name: _to_plain(values[name]) for name in sorted(values)}


def _to_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sort_plain_values(value)
    if isinstance(value, list | tuple):
        return [_to_plain(item) for item in value]
    return value
