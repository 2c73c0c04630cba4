"""The sources as a whole: sizes, names of models, and tests that import every module."""

import ast

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


NAMES_MODELS = ("__init__.py", "api/models.py", "workflows/doctor.py")
"""The only modules outside `models/` whose code names a model: the Python interface, whose classes
are the models, and the check of the installation, which knows the extras."""


def read_named_models(source: str) -> set[str]:
    """Return the models that the code of a module names; texts and examples may name any."""
    words = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            words += [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            words.append(node.name)
        elif isinstance(node, ast.Name):
            words.append(node.id)
        elif isinstance(node, ast.Attribute):
            words.append(node.attr)
        elif isinstance(node, ast.Constant) and str(node.value) in OWN:
            words.append(str(node.value))
    return {model for model in OWN for word in words if model in word.lower()}


def test_no_module_outside_models_asks_for_a_model() -> None:
    outside = [m for m in MODULES if "models" not in m.relative_to(ROOT).parts]
    naming = [m for m in outside if read_named_models(m.read_text(encoding="utf-8"))]
    assert set(naming) == {ROOT / "motifmine" / name for name in NAMES_MODELS}


def test_a_named_model_is_noticed() -> None:
    assert read_named_models('x = "plsm"') == {"plsm"}
    assert read_named_models("from motifmine.models.hdlsm.model import Hdlsm") == {"hdlsm"}
    assert read_named_models('"""Such as plsm."""\nx = "motifmine fit --model plsm"') == set()
