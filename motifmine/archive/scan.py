"""From the files of an archive to its plan: looking at them, grouping, naming."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from motifmine.archive.plan import Grouping, LeftOut, Plan, PlannedFile, PlannedScene
from motifmine.archive.probe import Look, likeness, look_at
from motifmine.archive.storage import FoundFile, Place
from motifmine.errors import DataError, SpecError, WorkspaceError
from motifmine.io.sources import (
    is_recording,
    natural_key,
    safe_name,
    time_in,
)
from motifmine.parallel.threads import n_cores
from motifmine.workflows.extract_jobs import ExtractionSettings

ALIKE = 0.35
"""Correlation of small first pictures above which two recordings show one scene. Eighteen clips of
one street camera over a day lie above 0.56, those of other cameras below 0.15."""
YEAR = re.compile(r"(19|20)\d\d")
DATE = re.compile(r"(19|20)\d\d([-_.]?)\d\d(\2\d\d.*)?")
PART_OF_DATE = re.compile(r"\d{1,2}")
LONGEST_NAME = 120
"""Letters of a scene's or recording's name; a longer one is cut and gets a mark."""


def make_plan(
    archive: Place,
    output: Place,
    grouping: Grouping,
    extraction: ExtractionSettings,
    fit: Mapping[str, Any],
    *,
    before: Plan | None = None,
    workers: int | None = None,
    on_step: Callable[[str], None] | None = None,
) -> Plan:
    """Return the plan of what lies in an archive now.

    Parameters
    ----------
    archive, output : Place
        Where recordings are, and where results go.
    grouping : Grouping
    extraction : ExtractionSettings
    fit : mapping
        What is asked of the fits, see `motifmine.models.request.FitRequest.of_plain`.
    before : Plan or None
        The last plan of these results. Files that it knows keep their scene and name, those that
        did not change are not looked at again, and those that are gone stay in it.
    workers : int or None
        Processes that look at files; None takes the number of cores.
    on_step : callable or None
        Called with one line on each longer step.

    Raises
    ------
    WorkspaceError
        When the archive cannot be read.
    DataError
        When it holds no recording.
    SpecError
        When `grouping` makes no sense.
    """
    tell = on_step or (lambda _: None)
    found = [file for file in archive.tree(but_not=output) if is_recording(file.path)]
    found.sort(key=lambda file: natural_key(file.path))
    known = _known(before, grouping)
    if not found and not known:
        raise DataError(f"{archive.url} holds no recording, nor does any folder in it")
    if found and known and not any(file.path in known for file in found):
        raise WorkspaceError(
            f"{output.url} holds results of another archive, not of {archive.url}; choose another "
            "folder with -o"
        )
    found, left_out = _settled(archive, found, known, grouping.settle_s)
    group_of = {file.path: group_by_name(file.path, archive, grouping) for file in found}
    left_out += [
        LeftOut(path=path, reason=f"its path does not match --scenes {grouping.scenes!r}")
        for path, group in group_of.items()
        if group is None
    ]
    found = [file for file in found if group_of[file.path] is not None]
    files = _looked_at(archive, found, group_of, known, grouping, workers or n_cores(), tell)
    gone = [
        replace(entry.file, is_gone=True)
        for path, entry in known.items()
        if path not in group_of and path not in {item.path for item in left_out}
    ]
    scenes = _scenes([*files, *gone], group_of, known, grouping, before)
    return Plan(
        archive=archive.url,
        grouping=grouping,
        extraction=extraction,
        fit=fit,
        scenes=tuple(scenes),
        left_out=tuple(left_out),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """A file of the last plan."""

    file: PlannedFile
    group: str


def _known(before: Plan | None, grouping: Grouping) -> dict[str, _Known]:
    """Return the files of the last plan by path; none when scenes were made in another way."""
    if before is None or before.grouping.scenes != grouping.scenes:
        return {}
    return {file.path: _Known(file, scene.group) for scene in before.scenes for file in scene.files}


def _settled(
    archive: Place, found: Sequence[FoundFile], known: Mapping[str, _Known], settle_s: float
) -> tuple[list[FoundFile], list[LeftOut]]:
    """Return the files that nobody is writing to, and the others."""
    now_ns = time.time_ns()
    fresh = {
        file.path
        for file in found
        if archive.is_local
        and now_ns - int(file.stamp) < settle_s * 1e9
        and not _is_unchanged(file, known.get(file.path))
    }
    if fresh:
        time.sleep(settle_s)
    left_out = []
    for path in sorted(fresh, key=natural_key):
        before = next(file for file in found if file.path == path)
        try:
            is_same = archive.state(path) == before
        except FileNotFoundError:
            is_same = False
        if not is_same:
            left_out.append(LeftOut(path=path, reason="still being written; left for the next run"))
    unsettled = {item.path for item in left_out}
    return [file for file in found if file.path not in unsettled], left_out


def _is_unchanged(file: FoundFile, known: _Known | None) -> bool:
    return known is not None and (file.n_bytes, file.stamp) == (
        known.file.n_bytes,
        known.file.stamp,
    )


def group_by_name(path: str, archive: Place, grouping: Grouping) -> str | None:
    """Return what a file's path tells of its scene: "" when nothing, None when it is in none."""
    if grouping.scenes == "auto":
        return ""
    if grouping.scenes == "folder":
        return _camera_folder(path) or archive.url.rstrip("/").rpartition("/")[2] or "archive"
    try:
        match = re.search(grouping.scenes, path)
    except re.error as error:
        raise SpecError(
            f"--scenes {grouping.scenes!r} is neither 'folder' nor 'auto' nor a regular "
            f"expression: {error}"
        ) from error
    if match is None:
        return None
    return "-".join(part for part in match.groups() if part) or match[0]


def _camera_folder(path: str) -> str:
    """Return the folders of a path without those that are dates: `site/cam3/2026/03/01` is cam3's.

    A number of one or two digits counts as part of a date only behind a year or a date.
    """
    kept, in_date = [], False
    for part in PurePosixPath(path).parts[:-1]:
        if YEAR.fullmatch(part) or DATE.fullmatch(part):
            in_date = True
        elif not (in_date and PART_OF_DATE.fullmatch(part)):
            kept.append(part)
    return "/".join(kept)


def _looked_at(
    archive: Place,
    found: Sequence[FoundFile],
    group_of: Mapping[str, str | None],
    known: Mapping[str, _Known],
    grouping: Grouping,
    workers: int,
    tell: Callable[[str], None],
) -> list[PlannedFile]:
    """Return what is planned of every file, looking at those that are new or changed."""
    new = [file for file in found if not _is_unchanged(file, known.get(file.path))]
    if archive.is_local:
        if new:
            tell(f"looking at {len(new)} new files of {len(found)}")
        looks = look_at([archive.path / file.path for file in new], workers)
        looks_of = {file.path: look for file, look in zip(new, looks, strict=True)}
    else:
        looks_of = _remote_looks(archive, new, group_of, known, grouping, tell)
    return [_planned(file, looks_of.get(file.path), known, grouping) for file in found]


def _remote_looks(
    archive: Place,
    new: Sequence[FoundFile],
    group_of: Mapping[str, str | None],
    known: Mapping[str, _Known],
    grouping: Grouping,
    tell: Callable[[str], None],
) -> dict[str, Look]:
    """Return looks at as few files as will do: each has to be fetched whole.

    Where names tell the scenes, that is one readable file of every new scene.
    """
    sized = {entry.group for entry in known.values() if entry.file.width}
    looks: dict[str, Look] = {}
    for file in new:
        group = group_of[file.path] or ""
        if grouping.scenes != "auto" and group in sized:
            continue
        tell(f"fetching {file.path} to look at it")
        with archive.local_copy(file.path, lambda: None) as path:
            (looks[file.path],) = look_at([path], 1)
        if looks[file.path].width:
            sized.add(group)
    return looks


def _planned(
    file: FoundFile, look: Look | None, known: Mapping[str, _Known], grouping: Grouping
) -> PlannedFile:
    start = time_in(file.path, grouping.name_time) if grouping.name_time else ""
    if look is None and file.path in known and _is_unchanged(file, known[file.path]):
        old = known[file.path].file
        made = old.start_utc if old.time_from == "metadata" else ""
        look = Look(
            length_s=old.length_s,
            width=old.width,
            height=old.height,
            made_utc=made,
            picture=old.picture,
        )
    look = look or Look()
    return PlannedFile(
        path=file.path,
        name="",
        n_bytes=file.n_bytes,
        stamp=file.stamp,
        length_s=None if look.length_s is None else round(look.length_s, 3),
        width=look.width,
        height=look.height,
        start_utc=start or look.made_utc,
        time_from="name" if start else "metadata" if look.made_utc else "",
        picture=look.picture if grouping.scenes == "auto" else "",
    )


def _scenes(
    files: Sequence[PlannedFile],
    group_of: Mapping[str, str | None],
    known: Mapping[str, _Known],
    grouping: Grouping,
    before: Plan | None,
) -> list[PlannedScene]:
    old = {scene.group: scene for scene in before.scenes} if known and before else {}
    members: dict[str, list[PlannedFile]] = {group: [] for group in old}
    leaders = {group: (s.width, s.height, _first_picture(s)) for group, s in old.items()}
    for file in files:
        if file.is_gone or (grouping.scenes == "auto" and file.path in known):
            group = known[file.path].group
        elif grouping.scenes == "auto":
            group = _group_alike(file, leaders)
        else:
            group = group_of[file.path] or ""
        members.setdefault(group, []).append(file)
    members = {group: found for group, found in members.items() if found}
    names = distinct_names(
        {group: group.replace("/", "-") for group in members},
        {group: scene.name for group, scene in old.items()},
    )
    return [
        _scene(names[group], group, members[group], old.get(group))
        for group in sorted(members, key=natural_key)
    ]


def _first_picture(scene: PlannedScene) -> str:
    return next((file.picture for file in scene.files if file.picture), "")


def _group_alike(file: PlannedFile, leaders: dict[str, tuple[int, int, str]]) -> str:
    """Return the group whose first file looks most like this one; a new one when none does."""
    if not file.width:
        return "unreadable"
    alike = [
        (likeness(file.picture, picture), group)
        for group, (width, height, picture) in leaders.items()
        if (width, height) == (file.width, file.height)
    ]
    best, group = max(alike, default=(0.0, ""))
    if best >= ALIKE:
        return group
    group = f"scene-{1 + sum(name != 'unreadable' for name in leaders):02d}"
    leaders[group] = (file.width, file.height, file.picture)
    return group


def _scene(
    name: str, group: str, files: Sequence[PlannedFile], old: PlannedScene | None
) -> PlannedScene:
    """Return a scene; the size of its pictures is that of the first file that ever told it."""
    ordered = sorted(files, key=lambda file: natural_key(file.path))
    old_names = {file.path: file.name for file in old.files} if old else {}
    folder = "" if group == "unreadable" else _shared_folder([file.path for file in ordered])
    names = distinct_names({file.path: _plain(file.path, folder) for file in ordered}, old_names)
    size = next(((file.width, file.height) for file in ordered if file.width), (0, 0))
    if old and old.width:
        size = old.width, old.height
    return PlannedScene(
        name=name,
        group=group,
        width=size[0],
        height=size[1],
        files=tuple(replace(file, name=names[file.path]) for file in ordered),
    )


def _shared_folder(paths: Iterable[str]) -> str:
    """Return the folder in whose name all files of a camera share, dates excluded."""
    folders = {_camera_folder(path) for path in paths}
    return folders.pop() + "/" if len(folders) == 1 else ""


def _plain(path: str, folder: str) -> str:
    return str(PurePosixPath(path.removeprefix(folder)).with_suffix("")).replace("/", "-")


def distinct_names(wanted: Mapping[str, str], taken: Mapping[str, str]) -> dict[str, str]:
    """Return a file name for every key, no two alike on any file system.

    Parameters
    ----------
    wanted : mapping
        What each key would like to be called.
    taken : mapping
        Names that keys have from before and keep.
    """
    names = {key: taken[key] for key in wanted if key in taken}
    used = {name.casefold() for name in taken.values()}
    for key, wish in wanted.items():
        if key in names:
            continue
        mark = hashlib.sha256(key.encode("utf-8")).hexdigest()[:8]
        name = safe_name(wish)
        if len(name.encode("utf-8")) > LONGEST_NAME:
            name = f"{name.encode('utf-8')[: LONGEST_NAME - 9].decode('utf-8', 'ignore')}-{mark}"
        if name.casefold() in used:
            name = f"{name}-{mark}"
        used.add(name.casefold())
        names[key] = name
    return names
