"""State of an installation: versions, codecs, threads, GPU, cache, write access, plug-ins."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, entry_points, requires, version
from pathlib import Path

from motifmine.io.readers import GROUP as READERS
from motifmine.io.video.codecs import describe_codecs, opencv_problem
from motifmine.kernels.jit import CACHE
from motifmine.models.registry import GROUP as MODELS
from motifmine.parallel.threads import n_cores
from motifmine.version import __version__

DEVELOPMENT = ("test", "docs", "dev")  # extras that only developers need
OPENCV = ("opencv-python-headless", "opencv-python", "opencv-contrib-python")
LEAST_FREE = 1 << 30  # free space below which a fit of footage may fail, bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One fact of the installation."""

    name: str
    value: str
    problem: str = ""
    """What is wrong and how to mend it, "" for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A model or a reader of another package."""

    kind: str
    name: str
    package: str
    problem: str = ""
    """Why it does not load, "" when it does."""


def examine(workspace: Path) -> list[Check]:
    """Return the state of the installation, and of the folder of a workspace."""
    return [
        Check(name="motifmine", value=f"{__version__}, Python {platform.python_version()}"),
        Check(name="system", value=f"{platform.system()} {platform.machine()}, {n_cores()} cores"),
        *_examine_packages(),
        _examine_opencv(),
        _examine_codecs(),
        _examine_gpu(),
        Check(name="kernel cache", value=CACHE or "none: kernels are compiled at every start"),
        *_examine_folder(workspace),
        *_examine_plugins(),
    ]


def list_plugins() -> list[Plugin]:
    """Return the models and readers of other packages, sorted by kind and name."""
    found = []
    for kind, group in (("model", MODELS), ("reader", READERS)):
        for point in entry_points(group=group):
            try:
                point.load()
                problem = ""
            except Exception as error:  # a package of somebody else may raise anything
                problem = f"{type(error).__name__}: {error}"
            package = f"{point.dist.name} {point.dist.version}" if point.dist else "?"
            found.append(Plugin(kind=kind, name=point.name, package=package, problem=problem))
    return sorted(found, key=lambda plugin: (plugin.kind, plugin.name))


def _examine_plugins() -> Iterator[Check]:
    for plugin in list_plugins():
        value = f"{plugin.kind} {plugin.name}"
        yield Check(name=plugin.package, value=value, problem=plugin.problem)


def _find_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _examine_opencv() -> Check:
    found = [f"{name} {number}" for name in OPENCV if (number := _find_version(name))]
    if broken := opencv_problem():
        # a package with windows needs libraries of a display, and owns the same folder cv2
        hint = "pip uninstall opencv-python; pip install --force-reinstall opencv-python-headless"
        problem = f"{broken}; {hint}"
        return Check(name="OpenCV", value=", ".join(found) or "missing", problem=problem)
    problem = "" if len(found) < 2 else "two packages overwrite each other; uninstall one"
    return Check(name="OpenCV", value=", ".join(found) or "unknown package", problem=problem)


def _examine_packages() -> Iterator[Check]:
    """Yield the packages that motifmine names in its metadata, those of every installation first.

    A package that several extras bring is listed with the first of them.
    """
    extra_of: dict[str, str] = {}
    for line in requires("motifmine") or ():
        requirement, _, marker = line.partition(";")
        extra = re.search(r'extra == "([\w-]+)"', marker)
        # any other marker is for another system
        if extra or not marker:
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            extra_of.setdefault(name, extra[1] if extra else "")
    for name, group in extra_of.items():
        # OpenCV may come from any of several packages; `motifmine` gathers extras
        if group not in DEVELOPMENT and name not in (*OPENCV, "motifmine"):
            missing = f"not installed (pip install 'motifmine[{group}]')"
            problem = "" if group or _find_version(name) else f"missing; pip install {name}"
            yield Check(name=name, value=_find_version(name) or missing, problem=problem)


def _examine_codecs() -> Check:
    value, missing = describe_codecs()
    problem = f"no decoder for {', '.join(missing)}" if missing else ""
    return Check(name="codecs", value=value, problem=problem)


def _examine_gpu() -> Check:
    if not _find_version("torch"):
        return Check(name="GPU", value="not used without torch")
    from motifmine.models.devices import describe_devices  # noqa: PLC0415 (needs torch)

    return Check(name="GPU", value=describe_devices())


def _examine_folder(workspace: Path) -> Iterator[Check]:
    folder = workspace
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    can_write = os.access(folder, os.W_OK)
    problem = "" if can_write else f"{folder} cannot be written; choose another --workspace"
    yield Check(name="workspace", value=str(workspace.absolute()), problem=problem)
    free = shutil.disk_usage(folder).free
    problem = "" if free >= LEAST_FREE else "less than 1 GiB; free some, or choose another disk"
    yield Check(name="free space", value=f"{free / 2**30:.1f} GiB", problem=problem)
    encoding = sys.getfilesystemencoding()
    yield Check(name="file names", value=encoding)
