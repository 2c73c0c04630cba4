"""Checks of specifications: what is refused, and with which words."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from motifmine import validation
from motifmine.errors import SpecError

NAN, INFINITY = float("nan"), float("inf")
Check = Callable[[object, str], None]
CASES: list[tuple[Check, list[object], list[object]]] = [
    (lambda spec, name: validation.at_least(spec, 1, name), [1, 5, None], [0, -1]),
    (validation.not_negative, [0, 0.5, None], [-1e-9, NAN, INFINITY]),
    (validation.positive, [1e-9, None], [0, -1, NAN, INFINITY]),
    (validation.share, [0, 0.99], [1, -0.1, NAN]),
    (validation.positive_share, [1, 0.01], [0, 1.01, NAN]),
    (lambda spec, name: validation.one_of(spec, name, ("a", "b")), ["a", "b", None], ["c", ""]),
]


@pytest.mark.parametrize(("check", "good", "bad"), CASES)
def test_values_beyond_the_limits_are_refused_by_name(
    check: Check, good: list[object], bad: list[object]
) -> None:
    for value in good:
        check(SimpleNamespace(field=value), "field")
    for value in bad:
        with pytest.raises(SpecError, match="field is"):
            check(SimpleNamespace(field=value), "field")
