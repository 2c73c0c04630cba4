"""State of an archive: progress by scene, and files and scenes with problems."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, fields

from motifmine.archive.journal import Journal
from motifmine.archive.plan import Plan, PlannedScene
from motifmine.reporting.html.archive_page import FileTrouble

STATUS_FORMAT = "motifmine.archive/1"
STATUS_NAME = "status.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneState:
    """Progress of one scene."""

    scene: str
    files: int
    """Files in the plan, including removed files whose table exists."""
    ok: int
    partial: int
    """Tables of recordings of which a part could not be read."""
    failed: int
    open: int
    """Files without a result: lost with a worker, still being written, or not started."""
    hours: float
    """Total duration of the tables, hours."""
    motifs: int
    occurrences: int
    fit: str
    """`ok`, `failed`, or `open`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveState:
    """Progress of an archive."""

    archive: str
    scenes: tuple[SceneState, ...]
    troubles: tuple[FileTrouble, ...]

    @property
    def has_failed(self) -> bool:
        """Whether any job failed or was lost."""
        return any(trouble.status in ("failed", "lost") for trouble in self.troubles)


def collect_state(plan: Plan, journal: Journal) -> ArchiveState:
    """Collect the state of an archive from the journal."""
    troubles = [
        FileTrouble(path=item.path, status="left out", reason=item.reason) for item in plan.excluded
    ]
    scenes = []
    for scene in plan.scenes:
        scenes.append(_summarise_scene(scene, journal))
        troubles += _list_troubles(scene, journal)
    return ArchiveState(
        archive=plan.archive,
        scenes=tuple(scenes),
        troubles=tuple(troubles),
    )


def format_state(state: ArchiveState) -> str:
    """Return the state as JSON text."""
    return json.dumps({"format": STATUS_FORMAT, **asdict(state)}, indent=1) + "\n"


def _summarise_scene(scene: PlannedScene, journal: Journal) -> SceneState:
    counts: Counter[str] = Counter()
    recorded_s = 0.0
    for file in scene.files:
        record = journal.records.get(f"{scene.name}/{file.name}")
        # a removed file without a table has left nothing to report
        if file.is_gone and (record is None or not record.is_done):
            continue
        status = record.status if record is not None else "open"
        counts[status if status in ("ok", "partial", "failed") else "open"] += 1
        if record is not None and record.is_done:
            recorded_s += record.recorded_s
    fit = journal.records.get(scene.name)
    return SceneState(
        scene=scene.name,
        files=sum(counts.values()),
        ok=counts["ok"],
        partial=counts["partial"],
        failed=counts["failed"],
        open=counts["open"],
        hours=round(recorded_s / 3600, 4),
        motifs=fit.n_motifs if fit else 0,
        occurrences=fit.n_occurrences if fit else 0,
        fit=fit.status if fit and fit.status in ("ok", "failed") else "open",
    )


def _list_troubles(scene: PlannedScene, journal: Journal) -> list[FileTrouble]:
    found = []
    for file in scene.files:
        record = journal.records.get(f"{scene.name}/{file.name}")
        if file.is_gone or (record is not None and record.status == "ok"):
            continue
        status, reason = (record.status, record.reason) if record else ("open", "not begun yet")
        found.append(FileTrouble(path=file.path, status=status, reason=reason))
    fit = journal.records.get(scene.name)
    if fit is not None and fit.status == "ok" and not fit.result_bytes:
        found.append(FileTrouble(path=scene.name, status="no motion", reason=fit.reason))
    if fit is not None and fit.status != "ok":
        found.append(FileTrouble(path=scene.name, status=fit.status, reason=fit.reason))
    return found


def tabulate_state(state: ArchiveState) -> tuple[list[str], list[list[str]]]:
    """Return the head of a table of the scenes, and its rows."""
    head = [item.name for item in fields(SceneState)]
    return head, [[str(getattr(scene, name)) for name in head] for scene in state.scenes]
