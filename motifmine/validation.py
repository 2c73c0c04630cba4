"""Checks of the fields of specifications, with uniform messages."""

import math
from collections.abc import Sequence

from motifmine.errors import SpecError


def check_at_least(spec: object, least: int, *names: str) -> None:
    """Raise `SpecError` unless the named whole numbers of `spec` are `least` or more.

    None and text, such as `auto`, are ignored.
    """
    for name in names:
        value = getattr(spec, name)
        if not isinstance(value, str | None) and value < least:
            raise SpecError(f"{name} is {value}; it must be {least} or more")


def check_not_negative(spec: object, *names: str) -> None:
    """Raise `SpecError` unless the named numbers of `spec` are finite and 0 or more, or None."""
    for name in names:
        value = getattr(spec, name)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise SpecError(f"{name} is {value}; it must be 0 or more")


def check_positive(spec: object, *names: str) -> None:
    """Raise `SpecError` unless the named numbers of `spec` are finite and above 0, or None."""
    for name in names:
        value = getattr(spec, name)
        if value is not None and not (math.isfinite(value) and value > 0):
            raise SpecError(f"{name} is {value}; it must be above 0")


def check_share(spec: object, *names: str) -> None:
    """Raise `SpecError` unless the named shares of `spec` are 0 or more and below 1."""
    for name in names:
        value = getattr(spec, name)
        if not 0 <= value < 1:
            raise SpecError(f"{name} is {value}; it must be 0 or more and below 1")


def check_positive_share(spec: object, *names: str) -> None:
    """Raise `SpecError` unless the named shares of `spec` are above 0 and at most 1."""
    for name in names:
        value = getattr(spec, name)
        if not 0 < value <= 1:
            raise SpecError(f"{name} is {value}; it must be above 0 and at most 1")


def check_one_of(spec: object, name: str, choices: Sequence[str]) -> None:
    """Raise `SpecError` unless a text of `spec` is one of some choices, or None.

    Parameters
    ----------
    spec : object
    name : str
        Name of the attribute.
    choices : sequence of str
    """
    value = getattr(spec, name)
    if value is not None and value not in choices:
        listed = " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))
        raise SpecError(f"{name} is {value!r}; it must be {listed}")
