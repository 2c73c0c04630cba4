"""The page on the layouts of fits, from the records that they store.

python -m tests.helpers.layout_page
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from motifmine.io.hdf5.records import get_element_type
from motifmine.io.hdf5.store import PARTS
from motifmine.models.tcae.encoder import Encoder
from motifmine.records.document_activations import DocumentActivations
from motifmine.records.fit import MotifSet, Occurrences, Trace
from tests.helpers.paths import ROOT

PAGE = ROOT / "docs/layouts.md"
HEAD = """# Groups of a fit

What `motifmine.fit/1` holds besides recordings and vocabulary, see
[the workspace and its files](workspace.md). Reader, writer, the damaged files of the tests and this
page are made from the same records (`motifmine/records/`); `python -m tests.helpers.layout_page`
writes it. Entries of type "attribute" are attributes of the group.
"""
GROUPS = {"motifs": MotifSet, "occurrences": Occurrences, "trace": Trace}
GROUPS |= {"activations/<recording>": DocumentActivations}
GROUPS |= {**dict(PARTS.values()), "encoder": Encoder}
# how docstrings name the type and the shape, which have columns of their own
TYPE = re.compile(r"(?:, |^)(?:float|int)\d+ arrays?(?: \([\w, ]*\))?|,? ?\([KLPW, \d]+\)")


def make_page() -> str:
    """Return the page."""
    parts = [HEAD]
    for place, kind in GROUPS.items():
        rows = "\n".join(" | ".join(("", *row, "")).strip() for row in describe(place, kind))
        about = (inspect.getdoc(kind) or "").partition("\n")[0]
        columns = "| name | type | axes | unit | what |\n|---|---|---|---|---|\n"
        parts.append(f"## /{place}\n\n{about}\n\n{columns}{rows}\n")
    return "\n".join(parts)


def describe(place: str, kind: type[Any]) -> Iterator[tuple[str, ...]]:
    """Yield name, type, axes, unit and meaning of each field of a record."""
    texts, hints = read_texts(kind), get_type_hints(kind)
    for item in fields(kind):
        meta, parts = item.metadata, (hints[item.name], *get_args(hints[item.name]))
        array = next((part for part in parts if get_origin(part) is np.ndarray), None)
        record = next((part for part in parts if is_dataclass(part)), None)
        name = f"/{place}/{meta.get('name') or item.name}"
        notes = [TYPE.sub("", texts.get(item.name, "")).strip(" ,;.").replace("|", "\\|")]
        notes += [meta["rule"]] if meta.get("rule") else []
        notes += ["may be absent"] if item.default is None else []
        what = "; ".join(filter(None, notes))
        if array is not None:
            stored = np.dtype(meta["stored"] or get_element_type(array)).name
            split = meta["split"] and f"/<{meta['split']}>"
            axes = meta["axes"].rpartition(",")[0] if split else meta["axes"]
            yield f"`{name}{split}`", stored, axes, meta["unit"], what
        elif isinstance(record, type) and item.default is None:
            yield f"`{name}/`", "group", "", "", f"{record.__name__}: {what}"
        elif isinstance(record, type):
            yield from describe(name[1:] if meta.get("name") else place, record)
        elif meta.get("axes"):
            yield f"`{name}`", "utf8", meta["axes"], "", what
        else:
            yield f"`{item.name}`", "attribute", "", "", what


def read_texts(kind: type[Any]) -> dict[str, str]:
    """Return the docstring of each field of a class that has one, on one line."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    for node, after in pairwise(body.body):
        match node, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                texts[name] = " ".join(text.split())
    return texts


if __name__ == "__main__":
    PAGE.write_text(make_page())
