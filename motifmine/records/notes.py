"""What a fit keeps in addition to its settings: its request, cameras, decisions, and findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from motifmine.validation import make_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What a fit keeps for its repetition, for reports and for archives."""

    request: Mapping[str, Any] | None = None
    """Options of the fit as they were given, by field of `motifmine.models.request.FitRequest`;
    None for fits of older versions."""
    n_observations_extracted: int | None = None
    """Number of observations as `extract` counts them, before counts were prepared."""
    cameras: tuple[str, ...] = ()
    """Lines for people on cameras that were moved, and on recordings that are excluded."""
    moved_cameras: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Fields of `motifmine.features.video.registration.Placement`, by name of the recording."""
    agreement: str = ""
    """How chains or groups agree."""
    decisions: tuple[str, ...] = ()
    """What the model decided, for people."""
    archive_key: str = ""
    """Digest of everything that the fit of a scene of an archive depends on."""
    archive_added: int = 0
    """Recordings that the last update of an archive added."""
    findings: Mapping[str, Any] = field(default_factory=dict)
    """What else the model says of its fit; plain values, which reports list."""

    def plain(self) -> dict[str, Any]:
        """Return what differs from the defaults as plain values, findings without a group."""
        usual = Notes()
        known = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "findings"}
        return {
            **self.findings,
            **{
                name: list(value) if isinstance(value, tuple) else value
                for name, value in known.items()
                if value != getattr(usual, name)
            },
        }

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Notes":
        """Return the notes from the values of `plain`; names without a field are findings."""
        known = {f.name for f in fields(cls)} - {"findings"}
        given = {name: value for name, value in values.items() if name in known}
        others = {name: value for name, value in values.items() if name not in known}
        return make_record(cls, {**given, "findings": others}, "the notes of the fit")

    def merge(self, others: "Notes") -> "Notes":
        """Return both; where both have a value, that of `others`."""
        return Notes.from_plain({**self.plain(), **others.plain()})
