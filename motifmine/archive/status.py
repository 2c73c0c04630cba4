"""What has come of an archive so far: by scene, and what could not be done."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, fields

from motifmine.archive.journal import Journal
from motifmine.archive.plan import Plan, PlannedScene

STATUS_FORMAT = "motifmine.archive/1"
STATUS_NAME = "status.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneState:
    """How far one scene is."""

    scene: str
    files: int
    """In the plan, with those that are gone from the archive but have a table."""
    ok: int
    partial: int
    """Tables of recordings of which something could not be read."""
    failed: int
    open: int
    """Not done yet: lost with a worker, still being written, or never begun."""
    hours: float
    """Length of the tables."""
    motifs: int
    occurrences: int
    fit: str
    """`ok`, `failed`, or `open`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A file or scene that is not done, or not whole."""

    path: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveState:
    """How far an archive is."""

    archive: str
    scenes: tuple[SceneState, ...]
    troubles: tuple[Trouble, ...]

    @property
    def has_failed(self) -> bool:
        """Whether anything could not be done."""
        return any(trouble.status in ("failed", "lost") for trouble in self.troubles)


def gather(plan: Plan, journal: Journal) -> ArchiveState:
    """Return how far the archive of a plan is."""
    troubles = [
        Trouble(path=item.path, status="left out", reason=item.reason) for item in plan.left_out
    ]
    scenes = []
    for scene in plan.scenes:
        scenes.append(_scene_state(scene, journal))
        troubles += _troubles(scene, journal)
    return ArchiveState(
        archive=plan.archive,
        scenes=tuple(scenes),
        troubles=tuple(troubles),
    )


def state_text(state: ArchiveState) -> str:
    """Return the state as JSON."""
    return json.dumps({"format": STATUS_FORMAT, **asdict(state)}, indent=1) + "\n"


def _scene_state(scene: PlannedScene, journal: Journal) -> SceneState:
    counts: Counter[str] = Counter()
    recorded_s = 0.0
    for file in scene.files:
        record = journal.records.get(f"{scene.name}/{file.name}")
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


def _troubles(scene: PlannedScene, journal: Journal) -> list[Trouble]:
    found = []
    for file in scene.files:
        record = journal.records.get(f"{scene.name}/{file.name}")
        if file.is_gone or (record is not None and record.status == "ok"):
            continue
        status, reason = (record.status, record.reason) if record else ("open", "not begun yet")
        found.append(Trouble(path=file.path, status=status, reason=reason))
    fit = journal.records.get(scene.name)
    if fit is not None and fit.status != "ok":
        found.append(Trouble(path=scene.name, status=fit.status, reason=fit.reason))
    return found


def state_rows(state: ArchiveState) -> list[list[str]]:
    """Return the scenes as rows of text under a heading."""
    head = [item.name for item in fields(SceneState)]
    return [head, *([str(getattr(scene, name)) for name in head] for scene in state.scenes)]
