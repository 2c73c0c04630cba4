"""The plan of an archive: which files belong to which scene, and the settings for all of them.

A plan is a JSON file, `motifmine.plan/1`, that can be read and edited by hand. It does not depend
on when or where it was made, so that the same archive gives the same bytes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from motifmine.archive.json_values import read_record
from motifmine.errors import FormatError
from motifmine.features.video.extract import (
    parse_flow_spec,
    parse_frame_options,
    video_spec_to_values,
)
from motifmine.models.request import FitRequest
from motifmine.workflows.extract_jobs import ExtractionSettings

PLAN_FORMAT = "motifmine.plan/1"
PLAN_NAME = "plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One recording of an archive."""

    path: str
    """Relative to the archive, with slashes."""
    name: str
    """Name of the recording and of its table."""
    n_bytes: int
    stamp: str
    """Changes when the file is rewritten."""
    length_s: float | None = None
    """Duration according to the container, seconds; None if unknown."""
    width: int = 0
    height: int = 0
    gap_s: float = 0.0
    """Usual time between frames, seconds; 0 if unknown or without video."""
    start_utc: str = ""
    """Wall-clock start, ISO 8601, UTC; "" if unknown."""
    time_from: str = ""
    """Source of the start: `name` or `metadata`; "" if unknown."""
    picture: str = field(default="", repr=False)
    """Thumbnail of the first frame, hexadecimal; only if scenes are distinguished by it."""
    is_gone: bool = False
    """The file was removed from the archive; its table is still used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedScene:
    """Recordings of one fixed camera."""

    name: str
    """Name of the scene's workspace, a folder of the results."""
    group: str
    """What the files have in common: a folder, the match of a pattern, or a picture."""
    width: int = 0
    """Width of the upright frames, pixels; 0 without video."""
    height: int = 0
    gap_s: float = 0.0
    """Usual time between frames of its first readable file, seconds; the bins follow from it."""
    files: tuple[PlannedFile, ...]

    @property
    def hours(self) -> float:
        """Total duration of the files whose duration is known, hours."""
        return sum(file.length_s or 0.0 for file in self.files) / 3600

    @property
    def span(self) -> tuple[str, str]:
        """Earliest start and latest end of the files, ISO 8601; "" if unknown."""
        known = [file for file in self.files if file.start_utc]
        if not known:
            return "", ""
        ends = [
            datetime.fromisoformat(file.start_utc) + timedelta(seconds=file.length_s or 0.0)
            for file in known
        ]
        return min(file.start_utc for file in known), max(ends).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedFile:
    """A file that is not in the plan, with the reason."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How files are grouped into scenes."""

    scenes: str = "folder"
    """`folder`, `auto` (by frame size and first picture), or a regular expression on the path."""
    name_time: str = ""
    """Pattern of the wall-clock start in the path, as for `datetime.strptime`."""
    settle_s: float = 2.0
    """Files modified less than this many seconds ago are checked again before they are used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Input of a run of `motifmine batch`."""

    archive: str
    """Folder of the recordings, a path or a URL."""
    grouping: Grouping
    extraction: ExtractionSettings
    fit: Mapping[str, Any]
    """Request of the fits as plain values, see `FitRequest.from_plain`."""
    scenes: tuple[PlannedScene, ...] = ()
    excluded: tuple[ExcludedFile, ...] = ()

    @property
    def n_files(self) -> int:
        """Number of files in all scenes."""
        return sum(len(scene.files) for scene in self.scenes)


def format_plan(plan: Plan) -> str:
    """Return the plan as JSON text, one line per file."""
    head = {
        "format": PLAN_FORMAT,
        "archive": plan.archive,
        "grouping": asdict(plan.grouping),
        "extraction": extraction_to_json(plan.extraction),
        "fit": dict(sorted(plan.fit.items())),
    }
    lines = [f" {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    scenes = ",\n".join(_format_scene(scene) for scene in plan.scenes)
    excluded = ",\n".join(f"  {json.dumps(asdict(item))}" for item in plan.excluded)
    return "\n".join(
        ["{", *lines, ' "scenes": [', scenes, " ],", ' "left_out": [', excluded, " ]", "}", ""]
    )


def _format_scene(scene: PlannedScene) -> str:
    values = {f.name: getattr(scene, f.name) for f in fields(scene) if f.name != "files"}
    files = ",\n".join(f"   {json.dumps(_file_to_json(file))}" for file in scene.files)
    return f'  {json.dumps(values)[:-1]}, "files": [\n{files}\n  ]}}'


def _file_to_json(file: PlannedFile) -> dict[str, Any]:
    """Return the fields that differ from their defaults."""
    # only what differs from the defaults, so that plans of large archives can be read
    values = asdict(file)
    defaults = {f.name: f.default for f in fields(PlannedFile)}
    return {name: value for name, value in values.items() if value != defaults[name]}


def parse_plan(text: str | bytes, place: str) -> Plan:
    """Return the plan that `format_plan` wrote.

    Raises `FormatError` if the text is not a plan; the message names `place`.
    """
    try:
        values = json.loads(text)
        if not isinstance(values, dict):
            raise FormatError(f"{place} holds {text.strip()!r:.80}; expected {PLAN_FORMAT}")
        if values.get("format") != PLAN_FORMAT:
            raise FormatError(
                f"{place} holds {values.get('format', 'no format')!r}; expected {PLAN_FORMAT}"
            )
        return Plan(
            archive=str(values["archive"]),
            grouping=read_record(Grouping, values["grouping"], f"grouping of {place}"),
            extraction=extraction_from_json(values["extraction"]),
            fit=_check_request(values["fit"]),
            scenes=tuple(_parse_scenes(values["scenes"], place)),
            excluded=tuple(
                read_record(ExcludedFile, item, f"left_out of {place}")
                for item in values["left_out"]
            ),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # a ValueError, too, which names the field already
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{place} is a damaged {PLAN_FORMAT}: {error!r}") from error


def _parse_scenes(values: list[dict[str, Any]], place: str) -> Iterator[PlannedScene]:
    """Yield the scenes; each name is that of one folder, each file is below the archive."""
    known: set[str] = set()
    for item in values:
        scene = f"scene {item['name']!r:.80} of {place}"
        files = tuple(
            read_record(PlannedFile, file, f"a file of {scene}") for file in item["files"]
        )
        head = {name: value for name, value in item.items() if name != "files"}
        found = replace(read_record(PlannedScene, {**head, "files": ()}, scene), files=files)
        _refuse_unsafe_name(found.name, known, scene)
        names: set[str] = set()
        for file in files:
            _refuse_unsafe_name(file.name, names, f"recording {file.name!r:.80} of {scene}")
            steps = file.path.split("/")
            if file.path.startswith("/") or ".." in steps or "\0" in file.path:
                raise FormatError(f"{scene} has the file {file.path!r:.80} outside of the archive")
            if file.start_utc:
                datetime.fromisoformat(file.start_utc)
        yield found


def _check_request(values: dict[str, Any]) -> dict[str, Any]:
    """Return the request of the fits, whose values its class checks."""
    FitRequest.from_plain(values)
    return values


def _refuse_unsafe_name(name: str, known: set[str], what: str) -> None:
    """Raise `FormatError` unless a name is that of one file or folder, and not in use."""
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        raise FormatError(f"{what}: names become names of files; this one is empty or not safe")
    if name in known:
        raise FormatError(f"{what}: the name is given twice")
    known.add(name)


def tabulate_plan(plan: Plan) -> tuple[list[str], list[list[str]]]:
    """Return the head of a table of a plan's scenes, and its rows."""
    head = ["scene", "files", "gone", "unreadable", "size", "hours", "with time", "from", "to"]
    return head, [_tabulate_scene(scene) for scene in plan.scenes]


def _tabulate_scene(scene: PlannedScene) -> list[str]:
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


# extraction settings in a plan, in addition to the specification of video words
EXTRACTION_SETTINGS = ("label_bin_s", "strict", "patience_s")


def extraction_to_json(settings: ExtractionSettings) -> dict[str, Any]:
    """Return extraction settings as plain values."""
    kept = {name: getattr(settings, name) for name in EXTRACTION_SETTINGS}
    return {**kept, "words": video_spec_to_values(settings.spec, settings.frames)}


def extraction_from_json(values: Mapping[str, Any]) -> ExtractionSettings:
    """Return the settings from values of `extraction_to_json`."""
    rest = {name: value for name, value in values.items() if name != "words"}
    words = values["words"]
    return ExtractionSettings(
        spec=parse_flow_spec(words), frames=parse_frame_options(words), **rest
    )
