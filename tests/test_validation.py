"""Checks of specifications: what is refused, and what is said."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from motifmine import validation
from motifmine.errors import SpecError


@pytest.mark.parametrize(
    ("check", "good", "bad", "message"),
    [
        (
            lambda s: validation.check_at_least(s, 1, "x"),
            (1, 7, None, "auto"),
            (0, -3),
            "1 or more",
        ),
        (lambda s: validation.check_at_least(s, 0, "x"), (0, None), (-1,), "0 or more"),
        (
            lambda s: validation.check_not_negative(s, "x"),
            (0, 0.5, None),
            (-0.1, float("nan"), float("inf")),
            "0 or more",
        ),
        (
            lambda s: validation.check_positive(s, "x"),
            (0.1, None),
            (0, -1, float("inf")),
            "above 0",
        ),
        (lambda s: validation.check_share(s, "x"), (0, 0.99), (1, -0.1, float("nan")), "below 1"),
        (lambda s: validation.check_positive_share(s, "x"), (1, 0.1), (0, 1.1), "at most 1"),
        (
            lambda s: validation.check_one_of(s, "x", ("a", "b")),
            ("a", None),
            ("c",),
            "must be a or b",
        ),
    ],
)
def test_bad_values_are_refused_with_the_name_and_what_would_do(
    check: Callable[[Any], None], good: tuple[Any, ...], bad: tuple[Any, ...], message: str
) -> None:
    for value in good:
        check(SimpleNamespace(x=value))
    for value in bad:
        with pytest.raises(SpecError, match=message) as error:
            check(SimpleNamespace(x=value))
        assert str(error.value).startswith("x is ")
