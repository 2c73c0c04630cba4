"""The index page of an archive, from its state and the summary of every scene."""

from motifmine.archive.plan import Plan
from motifmine.archive.status import ArchiveState
from motifmine.archive.storage import Storage
from motifmine.errors import FormatError
from motifmine.reporting.html.archive_page import (
    PAGE_NAME,
    ArchiveScene,
    FileTrouble,
    render_archive_page,
)
from motifmine.reporting.html.scene_summary import SceneFacts, decode_facts
from motifmine.reporting.report_files import REPORT_NAME

FACTS_NAME = "scene.json"  # summary of a scene, in its folder


def write_index(plan: Plan, state: ArchiveState, output: Storage) -> None:
    """Write the page, unless the file has the same content already."""
    model = str(plan.fit["model"])
    scene_of = {file.path: scene.name for scene in plan.scenes for file in scene.files}
    troubles: dict[str, list[FileTrouble]] = {scene.name: [] for scene in plan.scenes}
    for item in state.troubles:
        name = scene_of.get(item.path, item.path)
        if name in troubles:
            troubles[name].append(item)
    scenes = [
        ArchiveScene(
            name=scene.scene,
            files=scene.files,
            done=scene.ok + scene.partial,
            hours=scene.hours,
            report=_report(output, scene.scene, model),
            facts=_facts(output, scene.scene),
            troubles=tuple(troubles[scene.scene]),
        )
        for scene in state.scenes
    ]
    n_left_out = len(plan.excluded)
    others = f"{n_left_out:,} files are in no scene, see status.json." if n_left_out else ""
    html = render_archive_page(scenes, archive=_title(plan.archive), others=others)
    # with --watch this runs every minute; a page with a new time would be copied by backups
    if output.read_text(PAGE_NAME) != html:
        output.write_text(PAGE_NAME, html)


def _title(archive: str) -> str:
    """Return the last part of the archive's path."""
    return archive.rstrip("/").rpartition("/")[2]


def _report(output: Storage, scene: str, model: str) -> str:
    """Return the path of the scene's report, or "" if there is none yet."""
    folder = f"{scene}/reports/{model}"
    is_there = REPORT_NAME in output.subfolder(folder).list_sizes()
    return f"{folder}/{REPORT_NAME}" if is_there else ""


def _facts(output: Storage, scene: str) -> SceneFacts | None:
    """Return the summary of a scene, or None if there is none yet."""
    text = output.subfolder(scene).read_text(FACTS_NAME)
    if text is None:
        return None
    try:
        return decode_facts(text, f"{output.url}/{scene}/{FACTS_NAME}")
    except FormatError:
        return None
