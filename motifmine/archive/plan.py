"""The plan of an archive: which files make which scene, and what is done with them.

A plan is a JSON file, `motifmine.plan/1`, that people can read, keep and edit. It holds nothing of
when or where it was made, so the same archive gives the same bytes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from motifmine.errors import FormatError
from motifmine.features.video.extract import flow_spec_of, flow_spec_values
from motifmine.workflows.extract_jobs import ExtractionSettings

PLAN_FORMAT = "motifmine.plan/1"
PLAN_NAME = "plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One recording of an archive."""

    path: str
    """Relative to the archive, with slashes."""
    name: str
    """Of the recording, and so of its table."""
    n_bytes: int
    stamp: str
    """Changes when the file is written again."""
    length_s: float | None = None
    """What the container promises; None if nothing tells it."""
    width: int = 0
    height: int = 0
    start_utc: str = ""
    """Wall-clock start, ISO 8601, UTC; "" if nothing tells it."""
    time_from: str = ""
    """`name` or `metadata`, "" without a start."""
    picture: str = field(default="", repr=False)
    """Small first picture, only where scenes are told apart by it."""
    is_gone: bool = False
    """The file is no longer there; its table is kept and used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedScene:
    """What one fixed camera saw."""

    name: str
    """Of the scene's workspace, a folder of the results."""
    group: str
    """What its files share: a folder, what a pattern found, or their picture."""
    width: int = 0
    """Of the upright pictures, pixels; 0 without video."""
    height: int = 0
    files: tuple[PlannedFile, ...]

    @property
    def hours(self) -> float:
        """Length of the files that tell it, hours."""
        return sum(file.length_s or 0.0 for file in self.files) / 3600

    @property
    def span(self) -> tuple[str, str]:
        """First and last moment of the wall clock that the files tell, "" without any."""
        known = [file for file in self.files if file.start_utc]
        if not known:
            return "", ""
        ends = [
            datetime.fromisoformat(file.start_utc) + timedelta(seconds=file.length_s or 0.0)
            for file in known
        ]
        return min(file.start_utc for file in known), max(ends).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that is not in the plan, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How files become scenes."""

    scenes: str = "folder"
    """`folder`, `auto` (by frame size and first picture), or a regular expression on the path."""
    name_time: str = ""
    """Pattern of the wall-clock start in the path, as for `datetime.strptime`."""
    settle_s: float = 2.0
    """A file that was written so short a time ago is looked at again before it is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `motifmine batch` will do."""

    archive: str
    """Folder, by path or by URL."""
    grouping: Grouping
    extraction: ExtractionSettings
    fit: Mapping[str, Any]
    """What is asked of the fits, see `FitRequest.of_plain`."""
    scenes: tuple[PlannedScene, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def n_files(self) -> int:
        """Number of files in all scenes."""
        return sum(len(scene.files) for scene in self.scenes)


def plan_text(plan: Plan) -> str:
    """Return the plan as JSON, one line a file."""
    head = {
        "format": PLAN_FORMAT,
        "archive": plan.archive,
        "grouping": asdict(plan.grouping),
        "extraction": extraction_json(plan.extraction),
        "fit": dict(sorted(plan.fit.items())),
    }
    lines = [f" {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    scenes = ",\n".join(_scene_text(scene) for scene in plan.scenes)
    left_out = ",\n".join(f"  {json.dumps(asdict(item))}" for item in plan.left_out)
    return "\n".join(
        ["{", *lines, ' "scenes": [', scenes, " ],", ' "left_out": [', left_out, " ]", "}", ""]
    )


def _scene_text(scene: PlannedScene) -> str:
    values = {f.name: getattr(scene, f.name) for f in fields(scene) if f.name != "files"}
    files = ",\n".join(f"   {json.dumps(_file_json(file))}" for file in scene.files)
    return f'  {json.dumps(values)[:-1]}, "files": [\n{files}\n  ]}}'


def _file_json(file: PlannedFile) -> dict[str, Any]:
    """Return what the record says beyond its defaults."""
    values = asdict(file)
    defaults = {f.name: f.default for f in fields(PlannedFile)}
    return {name: value for name, value in values.items() if value != defaults[name]}


def plan_of_text(text: str, place: str) -> Plan:
    """Return the plan that `plan_text` wrote.

    Raises
    ------
    FormatError
        When the text is no plan; `place` is named in the message.
    """
    try:
        values = json.loads(text)
        if values.get("format") != PLAN_FORMAT:
            raise FormatError(
                f"{place} holds {values.get('format', 'no format')!r}; expected {PLAN_FORMAT}"
            )
        return Plan(
            archive=str(values["archive"]),
            grouping=Grouping(**values["grouping"]),
            extraction=extraction_of_json(values["extraction"]),
            fit=values["fit"],
            scenes=tuple(_scenes(values["scenes"])),
            left_out=tuple(LeftOut(**item) for item in values["left_out"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{place} is a damaged {PLAN_FORMAT}: {error!r}") from error


def _scenes(values: list[dict[str, Any]]) -> Iterator[PlannedScene]:
    for item in values:
        files = tuple(PlannedFile(**file) for file in item["files"])
        yield PlannedScene(**{**item, "files": files})


def plan_rows(plan: Plan) -> list[list[str]]:
    """Return the scenes of a plan as rows of text under a heading."""
    head = ["scene", "files", "gone", "unreadable", "size", "hours", "with time", "from", "to"]
    return [head, *(_scene_row(scene) for scene in plan.scenes)]


def _scene_row(scene: PlannedScene) -> list[str]:
    first, last = (moment[:16].replace("T", " ") for moment in scene.span)
    n_gone = sum(file.is_gone for file in scene.files)
    n_unreadable = sum(bool(scene.width and not file.width) for file in scene.files)
    return [
        scene.name,
        str(len(scene.files)),
        str(n_gone),
        str(n_unreadable),
        f"{scene.width}x{scene.height}" if scene.width else "",
        f"{scene.hours:.2f}",
        str(sum(bool(file.start_utc) for file in scene.files)),
        first,
        last,
    ]


OF_AN_ARCHIVE = ("label_bin_s", "strict", "patience_s")
"""Settings of extraction that a plan holds beside the words of videos."""


def extraction_json(settings: ExtractionSettings) -> dict[str, Any]:
    """Return settings of extraction as plain values."""
    kept = {name: getattr(settings, name) for name in OF_AN_ARCHIVE}
    return {**kept, "words": flow_spec_values(settings.spec)}


def extraction_of_json(values: Mapping[str, Any]) -> ExtractionSettings:
    """Return the settings that `extraction_json` wrote."""
    rest = {name: value for name, value in values.items() if name != "words"}
    return ExtractionSettings(spec=flow_spec_of(values["words"]), **rest)
