"""Request of a fit: the model with its settings, and the settings common to all models.

Fields that are made by `setting` are options of `motifmine fit` and `motifmine batch`, and of the
line in a report that repeats the fit.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from motifmine.durations import Duration
from motifmine.errors import ConflictError, SpecError
from motifmine.models.options import Option, options_of, setting
from motifmine.models.registry import Entry, entry_of, settings_of
from motifmine.records.fit import FitRecord
from motifmine.records.settings import FitSpec
from motifmine.records.wall_clock import find_time_zone
from motifmine.validation import check_at_least, check_one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRequest:
    """Request of a fit; two fits of the same tables by the same request are the same."""

    model: str
    """Name of the model, see `motifmine.models.registry`."""
    n_motifs: int | Literal["auto"] | None = setting(
        None,
        help="Number of motifs; 'auto': the number that describes the data shortest, which plsm "
        "takes where none is given, but for video, where it takes 10.",
    )
    """None: the model's default."""
    motif_length: Duration | Literal["auto"] | None = setting(
        None,
        help="Length of the motifs: 3s, 500ms, 20bins; 'auto': up to where the order in time goes.",
        default_text="3s for video, auto for all else",
    )
    n_topics: int | Literal["auto", "off"] | None = setting(
        None,
        help="Learn motifs over N topics of words (not for tables of topics), or 'off'; "
        "'auto': 40 where more than 500 words occur.",
    )
    """See `motifmine.workflows.fit_topics`; None: the model's default."""
    counts: Literal["auto", "raw", "sqrt"] = setting(
        "auto", help="Raw counts or their square root; auto: the square root for video."
    )
    """Preparation of the counts of words, see `motifmine.features.preparation`."""
    false_alarms_per_hour: float | None = setting(
        None,
        help="Accepted false alarms per hour.",
        flag="--false-alarms",
        default_text="1 % of all occurrences",
    )
    seed: int | None = setting(0, help="Seed of all random draws.")
    stability: int | None = setting(
        None,
        help="Number of refits to resampled recordings that measure the stability of motifs.",
    )
    """See `motifmine.analysis.stability`; None: no refits."""
    time_zone: str = setting(
        "UTC",
        help="Time zone of reported hours and days: Europe/Zurich.",
        metavar="ZONE",
    )
    online: bool = setting(
        False,
        help="Out-of-core stochastic EM: update the motifs after every batch of tables.",
        capability="streams",
    )
    stream: bool = setting(
        False,
        help="Out-of-core batch EM, to convergence.",
        capability="streams",
    )
    passes: int | None = setting(
        None,
        help="With --online: passes over all tables.",
        default_text="3",
        capability="streams",
    )
    batch_documents: int | None = setting(
        None,
        help="With --online: tables of a batch.",
        default_text="a 24th, with 30,000 observations at least",
        capability="streams",
    )
    groups: int | Literal["auto"] | None = setting(
        None,
        help="Sample recordings in N groups and merge their motifs, an approximation "
        "where there are many; 'auto': 200,000 observations in each.",
        capability="groups_documents",
    )
    checkpoint: Path | None = setting(
        None,
        help="File that training resumes from if it exists, and saves its state to.",
        capability="writes_checkpoints",
        repeats=False,
    )
    limit: Duration | None = setting(
        None,
        help="Time for the fit, as 10min: what is not done by then ends early, and the best so far "
        "is the result.",
        default_text="none",
        repeats=False,
    )
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the model's own specification."""

    def __post_init__(self) -> None:
        check_at_least(self, 1, "n_topics", "stability", "passes", "batch_documents", "groups")
        check_one_of(self, "counts", ("auto", "raw", "sqrt"))
        rate = self.false_alarms_per_hour
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise SpecError(f"false_alarms_per_hour is {rate}; it must be above 0")
        find_time_zone(self.time_zone)
        if self.limit is not None and self.limit.unit == "bins":
            raise SpecError(f"--limit {self.limit} is no time of a clock; write 10min or 2h")
        self._check_capabilities(entry_of(self.model))
        self._check_combinations()

    @classmethod
    def of(cls, model: str, **values: Any) -> "FitRequest":
        """Return a request of values that are fields of the request or settings of the model."""
        common = {item.name for item in fields(cls)}
        return cls(
            model=model,
            settings={k: v for k, v in values.items() if k not in common and v is not None},
            **{k: v for k, v in values.items() if k in common and v is not None},
        )

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "FitRequest":
        """Return a request of plain values, as `as_plain` gives them."""
        length = values.get("motif_length")
        if length not in (None, "auto"):
            values = {**values, "motif_length": Duration.parse(length)}
        if values.get("limit") is not None:
            values = {**values, "limit": Duration.parse(values["limit"])}
        return cls.of(**values)

    def as_plain(self) -> dict[str, Any]:
        """Return all that is not as it comes as plain values, the seed and the counts always."""
        values: dict[str, Any] = {"model": self.model, **self.settings}
        for option in options_of(FitRequest):
            value = getattr(self, option.field)
            if value != option.default or option.field in ("seed", "counts"):
                values[option.field] = str(value) if isinstance(value, Duration) else value
        return values

    @property
    def is_streamed(self) -> bool:
        """Whether tables stay in their files."""
        return self.online or self.stream

    @property
    def limit_s(self) -> float:
        """Seconds that the fit may take, infinity where there is no limit."""
        return math.inf if self.limit is None else self.limit.seconds(1.0)

    @property
    def has_open_sizes(self) -> bool:
        """Whether the data decide the number or the length of the motifs."""
        return "auto" in (self.n_motifs, self.motif_length)

    def as_values(self) -> dict[str, object]:
        """Return what is not as it comes and is not kept with the fit elsewhere, plain values."""
        kept = {option.field: getattr(self, option.field) for option in options_of(FitRequest)}
        for name in ("n_motifs", "motif_length", "seed", "time_zone", "checkpoint", "limit"):
            del kept[name]
        defaults = {item.name: item.default for item in fields(self)}
        return {name: value for name, value in kept.items() if value != defaults[name]}

    def _check_capabilities(self, entry: Entry) -> None:
        for option in options_of(FitRequest):
            is_given = getattr(self, option.field) != option.default
            needed = option.setting.capability
            if is_given and needed and not getattr(entry, needed):
                raise SpecError(f"{self.model} has no option {option.flag}; leave it out")
        if self.has_open_sizes and not entry.chooses_sizes:
            raise SpecError(f"{self.model} cannot choose sizes by 'auto'; give it numbers")

    def _check_combinations(self) -> None:
        if self.online and self.stream:
            raise ConflictError("--online and --stream are two ways; choose one")
        if (self.passes or self.batch_documents) and not self.online:
            raise ConflictError("--passes and --batch-documents need --online")
        if self.is_streamed and self.stability:
            raise ConflictError("--stability does not go with --online and --stream")
        if self.groups and self.stability:
            raise ConflictError("--stability does not go with --groups")
        if self.is_streamed and self.n_topics not in (None, "off"):
            raise ConflictError(
                "--topics does not go with --online and --stream; extract the tables with topics"
            )
        for name, value in entry_of(self.model).settings_of_streams.items():
            if self.is_streamed and self.settings.get(name, value) != value:
                raise ConflictError(
                    f"--{name} {self.settings[name]} does not go with --online and --stream; "
                    "leave it out"
                )
        if self.is_streamed and self.has_open_sizes:
            raise SpecError(
                "sizes cannot be 'auto' where tables stay in their files; choose them in a fit of "
                "a few tables, then give numbers"
            )


def command_line(record: FitRecord) -> list[str]:
    """Return the words of the command that makes a fit again from the same tables.

    Settings that have no option are taken to be as they come. Sizes that were left to the data are
    given as they were chosen.
    """
    values = request_values(record)
    words = ["motifmine", "fit", "--model", record.provenance.model]
    for option in _options_for(record.provenance.model):
        if option.setting.repeats:
            words += option.arguments(values.get(option.field))
    return words


def _options_for(model: str) -> tuple[Option, ...]:
    """Return common options and those of a model; only common ones where it is not installed."""
    try:
        own = settings_of(entry_of(model))
    except SpecError:
        own = ()
    return (*options_of(FitRequest), *own)


def request_values(record: FitRecord) -> dict[str, Any]:
    """Return the values of all options that make a fit again, by field."""
    spec = record.provenance.spec
    # where the data decided the length, they decide it again
    is_open = spec.settings.get("longest_s") is not None
    length = None if is_open else spec.settings.get("motif_length")
    return {
        **spec.settings,
        **(_of_older_versions(spec) if spec.notes.request is None else spec.notes.request),
        "motif_length": None if length is None else Duration(float(length), "bins"),
        "seed": record.provenance.seed,
        "time_zone": None if record.time_zone == "UTC" else record.time_zone,
    }


def _of_older_versions(spec: FitSpec) -> dict[str, Any]:
    """Return the values that can be read from fits that do not keep their request."""
    streaming = spec.streaming
    is_online = streaming is not None and bool(streaming.online)
    return {
        "counts": spec.preparation.counts,
        "false_alarms_per_hour": spec.detection.false_alarms_per_hour,
        "online": is_online,
        "stream": streaming is not None and streaming.online is False,
        "passes": streaming.passes if streaming is not None and is_online else None,
        "batch_documents": streaming.batch_documents if streaming and is_online else None,
    }
