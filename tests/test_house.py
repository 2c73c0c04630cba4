"""The sources as a whole: sizes, names of models, and tests that import every module."""

import ast
import re

from motifmine.models.registry import OWN
from tests.helpers.layers import module_name, read_imports
from tests.helpers.paths import ROOT

MODULES = sorted([*(ROOT / "motifmine").rglob("*.py"), *(ROOT / "cli").glob("*.py")])
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60


def read_long_functions(source: str) -> list[str]:
    """Return the functions of a module whose body, without docstring, is too long."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            n_lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if n_lines > MOST_LINES_OF_A_FUNCTION:
                found.append(f"{node.name}: {n_lines} lines")
    return found


def test_no_file_and_no_function_is_too_long() -> None:
    sources = {str(m.relative_to(ROOT)): m.read_text(encoding="utf-8") for m in MODULES}
    lengths = {name: len(source.splitlines()) for name, source in sources.items()}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}
    functions = {name: read_long_functions(source) for name, source in sources.items()}
    assert {name: found for name, found in functions.items() if found} == {}


def test_the_top_of_the_package_is_seen_at_a_glance() -> None:
    modules = [m for m in MODULES if m.parent == ROOT / "motifmine" and m.name != "__init__.py"]
    assert len(modules) <= 10


def test_a_long_function_is_noticed_without_its_docstring() -> None:
    docstring = '    """Say much.\n' + "    more\n" * 70 + '    """\n'
    assert read_long_functions("def f():\n" + docstring + "    x = 1\n" * 60) == []
    assert read_long_functions("def f():\n" + docstring + "    x = 1\n" * 61) == ["f: 61 lines"]


def read_tested_modules() -> set[str]:
    """Return the modules of the package that some test imports by name."""
    tested = set()
    for item in read_imports(ROOT, "tests"):
        name = item.target
        while name:
            tested.add(name)
            name = name.rpartition(".")[0]
    return tested


def test_every_module_is_imported_by_a_test() -> None:
    files = (ROOT / "motifmine").rglob("*.py")
    modules = {module_name(ROOT, file) for file in files if file.name != "__init__.py"}
    assert sorted(modules - read_tested_modules()) == []


# the classes of the Python interface are named after models, and are no texts
MODEL = re.compile(rf"(?<![A-Za-z])({'|'.join(OWN)})(?![a-z])")


def test_no_module_outside_models_names_a_model() -> None:
    outside = [m for m in MODULES if "models" not in m.relative_to(ROOT).parts]
    naming = {m for m in outside if MODEL.search(m.read_text(encoding="utf-8"))}
    assert naming == set()


def test_a_named_model_is_noticed() -> None:
    assert MODEL.search("from motifmine.models.hdlsm.model import x")
    assert MODEL.search("motifmine show-motifs plsm-001 --open")
    assert not MODEL.search("class Plsm(PlsmSpec, _Fitting)")
