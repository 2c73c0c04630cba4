"""Imports of a source tree, read from its syntax, and what breaks the rules of the layers."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LAYERS = (
    (
        *("errors", "version", "types", "seeding", "files", "durations", "progress", "time_limit"),
        *("validation", "parallel"),
    ),
    ("records",),
    ("kernels", "io", "simulation"),
    ("features", "models"),
    ("analysis",),
    ("reporting",),
    ("workflows",),
    ("archive",),
    ("api",),
)
"""Parts of the package from the foundation upward; parts of one layer never meet."""

LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}

DOORS = {
    "torch": (
        "motifmine.models.devices",
        "motifmine.models.checkpoints",
        "motifmine.models.tcae",
        "motifmine.models.adversarial",
        "motifmine.models.recurrent.network",
    ),
    "av": ("motifmine.io.video", "motifmine.io.series.audio"),
    "cv2": ("motifmine.io.video", "motifmine.features.video", "motifmine.reporting.figures"),
    "h5py": ("motifmine.io",),
    "dask": ("motifmine.parallel", "motifmine.archive"),
    "distributed": ("motifmine.parallel", "motifmine.archive"),
}
"""Heavy libraries, and the packages that may import them."""


@dataclass(frozen=True, slots=True)
class Import:
    """A module that imports another."""

    module: str
    target: str


def module_name(root: Path, file: Path) -> str:
    """Return the dotted name of a source file below `root`, the folder that holds the package."""
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_imports(root: Path, package: str = "motifmine") -> list[Import]:
    """Return all imports of a package: absolute and relative, also in functions and type checks.

    `from a import b` is an import of module `a.b` where there is one, else of `a`.
    """
    files = {module_name(root, file): file for file in sorted((root / package).rglob("*.py"))}
    found = []
    for module, file in files.items():
        for target in _targets(module, file):
            name = target
            while name not in files and name.startswith(package) and "." in name:
                name = name.rpartition(".")[0]
            if name != module:
                found.append(Import(module, name))
    return found


def _targets(module: str, file: Path) -> Iterator[str]:
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for level, base, name in _import_statements(file.read_text(encoding="utf-8")):
        parts = package.split(".")
        above = parts[: len(parts) - level + 1] if level else []
        yield ".".join(part for part in (*above, base, name) if part)


@cache
def _import_statements(source: str) -> tuple[tuple[int, str, str], ...]:
    """Return level (0: absolute), module and name of everything that a source imports."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(0, "", alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.level, node.module or "", alias.name) for alias in node.names]
    return tuple(found)


def find_faults(imports: list[Import], package: str = "motifmine") -> list[str]:
    """Return a line for every import that breaks a rule, and for every circle."""
    return [
        *(fault for item in imports if (fault := _fault_of(item, package))),
        *(f"circle: {' -> '.join(circle)}" for circle in find_circles(imports, package)),
    ]


def _fault_of(item: Import, package: str) -> str:
    library = item.target.partition(".")[0]
    if library in DOORS and not any(_is_inside(item.module, door) for door in DOORS[library]):
        return f"door: {item.module} imports {library}"
    here, there = _parts(item.module, package), _parts(item.target, package)
    if not here or not there:
        return ""
    if here[0] not in LEVEL or there[0] not in LEVEL:
        return f"unknown part: {item.module} imports {item.target}"
    if LEVEL[there[0]] > LEVEL[here[0]]:
        return f"upward: {item.module} imports {item.target}"
    is_foundation = LEVEL[here[0]] == 0
    if LEVEL[there[0]] == LEVEL[here[0]] and there[0] != here[0] and not is_foundation:
        return f"same layer: {item.module} imports {item.target}"
    is_family = here[0] == there[0] == "models" and len(here) > 2 and len(there) > 2
    if is_family and here[1] != there[1]:
        return f"families: {item.module} imports {item.target}"
    return ""


def _parts(module: str, package: str) -> list[str]:
    """Return the parts of a module's name below the package; none for the package itself."""
    return module.split(".")[1:] if _is_inside(module, package) else []


def _is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def find_circles(imports: list[Import], package: str = "motifmine") -> list[list[str]]:
    """Return circles of modules that import each other, the first that a search meets."""
    arrows: dict[str, set[str]] = {}
    for item in imports:
        if _is_inside(item.target, package):
            arrows.setdefault(item.module, set()).add(item.target)
    circles, done = [], set()
    for first in sorted(arrows):
        stack = [(first, iter(sorted(arrows[first])))] if first not in done else []
        path = [first] if stack else []
        while stack:
            following = next(stack[-1][1], None)
            if following is None:
                stack.pop()
                done.add(path.pop())
            elif following in path:
                circles.append([*path[path.index(following) :], following])
            elif following not in done:
                path.append(following)
                stack.append((following, iter(sorted(arrows.get(following, ())))))
    return circles
