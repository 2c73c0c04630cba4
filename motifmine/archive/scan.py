"""Scan of an archive: find and probe files, group them into scenes, and name them."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from motifmine.archive.plan import ExcludedFile, Grouping, Plan, PlannedFile, PlannedScene
from motifmine.archive.probe import Probe, correlate_pictures, probe_files
from motifmine.archive.storage import Storage, StoredFile
from motifmine.errors import DataError, SpecError, WorkspaceError
from motifmine.io.readers import natural_key
from motifmine.io.sources import find_time, is_recording, make_safe_name
from motifmine.parallel.threads import n_cores
from motifmine.workflows.extract_jobs import ExtractionSettings

# correlation of thumbnails above which two recordings show the same scene. Measured: above 0.56 for
# eighteen clips of one street camera over a day, below 0.15 against other cameras.
SAME_SCENE = 0.35
YEAR = re.compile(r"(19|20)\d\d")
DATE = re.compile(r"(19|20)\d\d([-_.]?)\d\d(\2\d\d.*)?")
PART_OF_DATE = re.compile(r"\d{1,2}")
# longest name of a scene or recording, bytes; longer ones are cut and get a hash
LONGEST_NAME = 120


def make_plan(
    archive: Storage,
    output: Storage,
    grouping: Grouping,
    extraction: ExtractionSettings,
    fit: Mapping[str, Any],
    *,
    before: Plan | None = None,
    workers: int | None = None,
    on_message: Callable[[str], None] | None = None,
) -> Plan:
    """Return the plan of an archive as it is now.

    Parameters
    ----------
    archive, output : Storage
        Folders of the recordings and of the results.
    fit : mapping
        Request of the fits as plain values, see `motifmine.models.request.FitRequest.from_plain`.
    before : Plan or None
        The last plan of these results. Its files keep their scene and name; unchanged files are not
        probed again, and removed files stay in the plan.
    workers : int or None
        Number of processes that probe files; None uses the number of cores.

    Raises
    ------
    WorkspaceError
        If the archive cannot be read, or if the results are those of another archive.
    DataError
        If it has no recordings.
    SpecError
        If `grouping` is invalid.
    """
    report = on_message or (lambda _: None)
    found = [file for file in archive.list_files(exclude=output) if is_recording(file.path)]
    # file systems list in any order, and the plan must have the same bytes
    found.sort(key=lambda file: natural_key(file.path))
    known = _index_known(before, grouping)
    if not found and not known:
        raise DataError(f"{archive.url} and its sub-folders contain no recordings")
    if found and known and not any(file.path in known for file in found):
        raise WorkspaceError(
            f"{output.url} has results of another archive, not of {archive.url}; choose another "
            "folder with -o"
        )
    found, excluded = _split_settled(archive, found, known, grouping.settle_s)
    group_of = {file.path: group_by_name(file.path, archive, grouping) for file in found}
    excluded += [
        ExcludedFile(path=path, reason=f"its path does not match --scenes {grouping.scenes!r}")
        for path, group in group_of.items()
        if group is None
    ]
    found = [file for file in found if group_of[file.path] is not None]
    files = _plan_files(archive, found, group_of, known, grouping, workers or n_cores(), report)
    gone = [
        replace(entry.file, is_gone=True)
        for path, entry in known.items()
        if path not in group_of and path not in {item.path for item in excluded}
    ]
    scenes = _plan_scenes([*files, *gone], group_of, known, grouping, before)
    return Plan(
        archive=archive.url,
        grouping=grouping,
        extraction=extraction,
        fit=fit,
        scenes=tuple(scenes),
        excluded=tuple(excluded),
    )


@dataclass(frozen=True, slots=True)
class _KnownFile:
    """A file of the last plan."""

    file: PlannedFile
    group: str


def _index_known(before: Plan | None, grouping: Grouping) -> dict[str, _KnownFile]:
    """Index the files of the last plan by path; empty if scenes were grouped differently."""
    # names and scenes of files are kept for good, but not across ways of grouping
    if before is None or before.grouping.scenes != grouping.scenes:
        return {}
    return {
        file.path: _KnownFile(file, scene.group) for scene in before.scenes for file in scene.files
    }


def _split_settled(
    archive: Storage, found: Sequence[StoredFile], known: Mapping[str, _KnownFile], settle_s: float
) -> tuple[list[StoredFile], list[ExcludedFile]]:
    """Split files into those that are complete and those that are still being written."""
    now_ns = time.time_ns()
    fresh = {
        file.path
        for file in found
        if archive.is_local
        and now_ns - int(file.stamp) < settle_s * 1e9
        and not _is_unchanged(file, known.get(file.path))
    }
    if fresh:
        # one wait for all files: recorders write continuously, so size or time stamp has changed by
        # then
        time.sleep(settle_s)
    excluded = []
    for path in sorted(fresh, key=natural_key):
        before = next(file for file in found if file.path == path)
        try:
            is_same = archive.stat_file(path) == before
        except FileNotFoundError:
            is_same = False
        if not is_same:
            excluded.append(
                ExcludedFile(path=path, reason="still being written; left for the next run")
            )
    unsettled = {item.path for item in excluded}
    return [file for file in found if file.path not in unsettled], excluded


def _is_unchanged(file: StoredFile, known: _KnownFile | None) -> bool:
    return known is not None and (file.n_bytes, file.stamp) == (
        known.file.n_bytes,
        known.file.stamp,
    )


def group_by_name(path: str, archive: Storage, grouping: Grouping) -> str | None:
    """Return the scene's group from a file's path: "" if unknown, None if the file is excluded.

    Raises `SpecError` if `grouping.scenes` is not a valid regular expression.
    """
    if grouping.scenes == "auto":
        return ""
    if grouping.scenes == "folder":
        return _camera_folder(path) or archive.url.rstrip("/").rpartition("/")[2] or "archive"
    try:
        match = re.search(grouping.scenes, path)
    except re.error as error:
        raise SpecError(
            f"--scenes {grouping.scenes!r} is neither 'folder' nor 'auto' nor a valid regular "
            f"expression: {error}"
        ) from error
    if match is None:
        return None
    return "-".join(part for part in match.groups() if part) or match[0]


def _camera_folder(path: str) -> str:
    """Return the folders of a path without dates: `site/cam3` for `site/cam3/2026/03/01`.

    A number of one or two digits is part of a date only if it follows a year or a date.
    """
    kept, in_date = [], False
    for part in PurePosixPath(path).parts[:-1]:
        if YEAR.fullmatch(part) or DATE.fullmatch(part):
            in_date = True
        elif not (in_date and PART_OF_DATE.fullmatch(part)):
            kept.append(part)
    return "/".join(kept)


def _plan_files(
    archive: Storage,
    found: Sequence[StoredFile],
    group_of: Mapping[str, str | None],
    known: Mapping[str, _KnownFile],
    grouping: Grouping,
    workers: int,
    report: Callable[[str], None],
) -> list[PlannedFile]:
    """Return the entry of every file, probing those that are new or have changed."""
    new = [file for file in found if not _is_unchanged(file, known.get(file.path))]
    if archive.is_local:
        if new:
            report(f"probing {len(new)} new files of {len(found)}")
        probes = probe_files([archive.path / file.path for file in new], workers)
        probe_of = {file.path: probe for file, probe in zip(new, probes, strict=True)}
    else:
        probe_of = _probe_remote(archive, new, group_of, known, grouping, report)
    return [_plan_file(file, probe_of.get(file.path), known, grouping) for file in found]


def _probe_remote(
    archive: Storage,
    new: Sequence[StoredFile],
    group_of: Mapping[str, str | None],
    known: Mapping[str, _KnownFile],
    grouping: Grouping,
    report: Callable[[str], None],
) -> dict[str, Probe]:
    """Probe as few remote files as necessary, because each has to be downloaded completely.

    If scenes are grouped by name, that is one readable file per new scene.
    """
    sized = {entry.group for entry in known.values() if entry.file.width}
    probes: dict[str, Probe] = {}
    for file in new:
        group = group_of[file.path] or ""
        if grouping.scenes != "auto" and group in sized:
            continue
        report(f"downloading {file.path} to probe it")
        with archive.local_copy(file.path, lambda: None) as path:
            (probes[file.path],) = probe_files([path], 1)
        if probes[file.path].width:
            sized.add(group)
    return probes


def _plan_file(
    file: StoredFile, probe: Probe | None, known: Mapping[str, _KnownFile], grouping: Grouping
) -> PlannedFile:
    start = find_time(file.path, grouping.name_time) if grouping.name_time else ""
    if probe is None and file.path in known and _is_unchanged(file, known[file.path]):
        old = known[file.path].file
        made = old.start_utc if old.time_from == "metadata" else ""
        probe = Probe(
            length_s=old.length_s,
            width=old.width,
            height=old.height,
            gap_s=old.gap_s,
            made_utc=made,
            picture=old.picture,
        )
    probe = probe or Probe()
    return PlannedFile(
        path=file.path,
        name="",
        n_bytes=file.n_bytes,
        stamp=file.stamp,
        length_s=None if probe.length_s is None else round(probe.length_s, 3),
        width=probe.width,
        height=probe.height,
        gap_s=probe.gap_s,
        start_utc=start or probe.made_utc,
        time_from="name" if start else "metadata" if probe.made_utc else "",
        picture=probe.picture if grouping.scenes == "auto" else "",
    )


def _plan_scenes(
    files: Sequence[PlannedFile],
    group_of: Mapping[str, str | None],
    known: Mapping[str, _KnownFile],
    grouping: Grouping,
    before: Plan | None,
) -> list[PlannedScene]:
    old = {scene.group: scene for scene in before.scenes} if known and before else {}
    members: dict[str, list[PlannedFile]] = {group: [] for group in old}
    references = {group: (s.width, s.height, _first_picture(s)) for group, s in old.items()}
    for file in files:
        if file.is_gone or (grouping.scenes == "auto" and file.path in known):
            group = known[file.path].group
        elif grouping.scenes == "auto":
            group = _assign_by_picture(file, references)
        else:
            group = group_of[file.path] or ""
        members.setdefault(group, []).append(file)
    members = {group: found for group, found in members.items() if found}
    names = make_distinct_names(
        {group: group.replace("/", "-") for group in members},
        {group: scene.name for group, scene in old.items()},
    )
    return [
        _plan_scene(names[group], group, members[group], old.get(group))
        for group in sorted(members, key=natural_key)
    ]


def _first_picture(scene: PlannedScene) -> str:
    return next((file.picture for file in scene.files if file.picture), "")


def _assign_by_picture(file: PlannedFile, references: dict[str, tuple[int, int, str]]) -> str:
    """Return the group whose reference thumbnail is most similar, or a new group."""
    if not file.width:
        return "unreadable"
    alike = [
        (correlate_pictures(file.picture, picture), group)
        for group, (width, height, picture) in references.items()
        if (width, height) == (file.width, file.height)
    ]
    # pictures of other sizes are not compared: their words differ in any case
    best, group = max(alike, default=(0.0, ""))
    if best >= SAME_SCENE:
        return group
    group = f"scene-{1 + sum(name != 'unreadable' for name in references):02d}"
    references[group] = (file.width, file.height, file.picture)
    return group


def _plan_scene(
    name: str, group: str, files: Sequence[PlannedFile], old: PlannedScene | None
) -> PlannedScene:
    """Return a scene; its frame size and rate are those of its first readable file, for good."""
    ordered = sorted(files, key=lambda file: natural_key(file.path))
    old_names = {file.path: file.name for file in old.files} if old else {}
    folder = "" if group == "unreadable" else _shared_folder([file.path for file in ordered])
    names = make_distinct_names(
        {file.path: _plain_name(file.path, folder) for file in ordered}, old_names
    )
    first = old if old and old.width else next((file for file in ordered if file.width), None)
    return PlannedScene(
        name=name,
        group=group,
        width=first.width if first else 0,
        height=first.height if first else 0,
        gap_s=first.gap_s if first else 0.0,
        files=tuple(replace(file, name=names[file.path]) for file in ordered),
    )


def _shared_folder(paths: Iterable[str]) -> str:
    """Return the folder that all files of a camera have in common, without dates."""
    folders = {_camera_folder(path) for path in paths}
    return folders.pop() + "/" if len(folders) == 1 else ""


def _plain_name(path: str, folder: str) -> str:
    return str(PurePosixPath(path.removeprefix(folder)).with_suffix("")).replace("/", "-")


def make_distinct_names(wanted: Mapping[str, str], taken: Mapping[str, str]) -> dict[str, str]:
    """Return a file name for every key, distinct on any file system.

    Names that are taken, by an earlier plan, are kept.
    """
    names = {key: taken[key] for key in wanted if key in taken}
    # some file systems do not distinguish upper and lower case
    used = {name.casefold() for name in taken.values()}
    for key, wish in wanted.items():
        if key in names:
            continue
        # of the key, not a counter: the name does not depend on which files came first
        mark = hashlib.sha256(key.encode("utf-8")).hexdigest()[:8]
        name = make_safe_name(wish)
        if len(name.encode("utf-8")) > LONGEST_NAME:
            name = f"{name.encode('utf-8')[: LONGEST_NAME - 9].decode('utf-8', 'ignore')}-{mark}"
        if name.casefold() in used:
            name = f"{name}-{mark}"
        used.add(name.casefold())
        names[key] = name
    return names
