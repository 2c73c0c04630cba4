"""Random streams: named in one place, with numbers that stay what they are."""

import ast
from collections import defaultdict

import numpy as np
import pytest

from motifmine.seeding import Stream, generator
from tests.helpers.paths import ROOT

NUMBERS = {
    "CHAIN": 0,
    "COUNT": 1,
    "DOCUMENT_ORDER": 0,
    "SHIFT_FOR_SPREAD": 1,
    "SHIFT_FOR_NULL": 2,
    "ACTIVITY": 1 << 20,
    "SEARCH_PART": 1 << 21,
    "DETECTION": 1 << 22,
    "STREAMED_PART": 1 << 23,
    "STABILITY": 1 << 23,
    "SIGNIFICANCE": 1 << 24,
    "STREAMED_ORDER": 1 << 24,
    "UPDATE_ORDER": 1 << 25,
    "SKETCH": 1 << 25,
    "GROUP": 1 << 26,
}
"""Fits that exist were drawn from these."""
SHARED = {
    frozenset({"CHAIN", "DOCUMENT_ORDER"}),
    frozenset({"COUNT", "SHIFT_FOR_SPREAD"}),
    frozenset({"STREAMED_PART", "STABILITY"}),
    frozenset({"SIGNIFICANCE", "STREAMED_ORDER"}),
    frozenset({"UPDATE_ORDER", "SKETCH"}),
}
"""Streams of one number; there must not be more."""


def test_numbers_of_known_streams_stay() -> None:
    members = {name: int(stream) for name, stream in Stream.__members__.items()}
    assert {name: members[name] for name in NUMBERS} == NUMBERS


def test_no_new_stream_takes_the_number_of_another() -> None:
    names = defaultdict(set)
    for name, stream in Stream.__members__.items():
        names[int(stream)].add(name)
    assert {frozenset(group) for group in names.values() if len(group) > 1} == SHARED


@pytest.mark.parametrize("name", ["STABILITY", "STREAMED_ORDER"])
def test_a_second_key_gives_another_stream(name: str) -> None:
    stream = Stream[name]
    drawn = [generator(3, stream, *more).integers(1 << 62) for more in ((), (0,), (1,))]
    assert len(set(drawn)) == 3
    assert drawn[0] == generator(3, int(stream)).integers(1 << 62)


def test_streams_are_named_wherever_numbers_are_drawn() -> None:
    unnamed = []
    for path in sorted((ROOT / "motifmine").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "generator":
                keys = node.args[1:]
                if any(isinstance(key, ast.Constant | ast.BinOp) for key in keys):
                    unnamed.append(f"{path.name}:{node.lineno}")
            if isinstance(node, ast.Name) and node.id.endswith("_STREAM"):
                unnamed.append(f"{path.name}:{node.lineno}")
    assert unnamed == []


def test_a_generator_cannot_be_divided() -> None:
    with pytest.raises(TypeError, match="keyed by a stream"):
        generator(np.random.default_rng(0), Stream.GROUP)
