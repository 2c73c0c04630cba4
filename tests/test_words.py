"""Prose and names: no words that the glossary excludes, and parameters are documented."""

import ast
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from tests.helpers.paths import ROOT

EXCLUDED = (
    *(r"told", r"tells?", r"beside", r"anew", r"so many", r"foretells?", r"hangs? on", r"dealt"),
    *(r"stands? (for|in|beside|there|on)", r"put right", r"set apart", r"left out", r"last touch"),
    *(
        r"agenda",
        r"crew",
        r"strangers?",
        r"but (one|a few|once)",
        r"shared? out",
        r"brought together",
    ),
    *(
        r"what (is|was) (done|there|left|asked)",
        r"pays? for (itself|themselves)",
        r"goes on (from|with)",
    ),
)
"""Regular expressions of words that the glossary replaces, in docstrings and messages."""


MODULES = sorted([*(ROOT / "motifmine").rglob("*.py"), *(ROOT / "cli").glob("*.py")])
TESTS = sorted(set((ROOT / "tests").rglob("*.py")) - {Path(__file__)})


def read_prose(module: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of all docstrings, messages, comments and names of functions."""
    text = module.read_text()
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.count(" ") > 1
        ):
            yield node.lineno, node.value
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name.replace("_", " ")
    yield 1, module.stem.replace("_", " ")
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def find_excluded(module: Path) -> list[str]:
    """Return the excluded words of a module with their lines."""
    pattern = re.compile(rf"\b({'|'.join(EXCLUDED)})\b", re.IGNORECASE)
    return [
        f"{module.name}:{line}: {match[0]}"
        for line, prose in read_prose(module)
        for match in pattern.finditer(prose)
    ]


NEEDS_WORDS = re.compile(
    r"\b(NDArray|float|float32|Tensor|Floats|Floats32|Singles?|Reals|Indices|Indices32|Ints|Longs"
    r"|Index|Pixels|Masks?)\b"
)
"""Annotations that leave shape and unit open. A record, a path or a generator explains itself."""

COMMON = set(
    re.findall(
        r"`(\w+)`",
        (ROOT / "docs/glossary.md")
        .read_text()
        .partition("## Parameters that are the same everywhere")[2]
        .partition("\n## ")[0],
    )
)
"""Parameters that the glossary documents for all functions."""


def find_undocumented(module: Path) -> list[str]:
    """Return the public functions of three or more parameters that leave shapes or units open.

    Such a function has a Parameters section. What click calls is not among them: the help of
    options and arguments documents a command. Nor is what only other kernels call: the module of
    their records says what they take. A class whose docstring refers to its protocol has its
    parameters there.
    """
    found = []

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                is_documented = "see `motifmine.models.protocol" in (ast.get_docstring(node) or "")
                is_option = any("ParamType" in ast.unparse(base) for base in node.bases)
                if not (is_documented or is_option):
                    visit(node.body, f"{node.name}.")
            elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                if any(
                    re.match(r"click\.(command|group)|inner_", ast.unparse(d))
                    for d in node.decorator_list
                ):
                    continue
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                n = sum(argument.arg not in ("self", "cls") for argument in arguments)
                is_open = any(
                    a.annotation is None or NEEDS_WORDS.search(ast.unparse(a.annotation))
                    for a in arguments
                    if a.arg not in {"self", "cls", *COMMON}
                )
                documented = "Parameters\n" in (ast.get_docstring(node) or "")
                if n >= 3 and is_open and not documented:
                    found.append(prefix + node.name)

    visit(ast.parse(module.read_text()).body, "")
    return found


def test_prose_and_names_use_the_words_of_the_glossary() -> None:
    found = {str(m.relative_to(ROOT)): find_excluded(m) for m in (*MODULES, *TESTS)}
    assert {name: words for name, words in found.items() if words} == {}


def test_public_functions_document_their_parameters() -> None:
    found = {str(m.relative_to(ROOT)): find_undocumented(m) for m in MODULES}
    assert {name: functions for name, functions in found.items() if functions} == {}


def test_planted_faults_are_noticed(tmp_path: Path) -> None:
    module = tmp_path / "planted.py"
    module.write_text(
        '"""What stands beside it is told anew."""\n'
        "# so many of them\n"
        'def describe(a, b, *, c):\n    """Return a + b."""\n'
        '    raise ValueError("it is left out")\n'
        "def test_it_is_told(): pass\n"
    )
    assert len(find_excluded(module)) == 6
    assert find_undocumented(module) == ["describe"]
