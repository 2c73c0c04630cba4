"""Checks of the fields of specifications and of installed packages, with uniform messages."""

import math
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from motifmine.errors import MissingExtraError, SpecError


def check_at_least(spec: object, least: int, *names: str) -> None:
    """Raise `SpecError` unless the named whole numbers of `spec` are `least` or more.

    None and text, such as `auto`, are ignored.
    """
    _check(spec, names, lambda value: value >= least, f"{least} or more")


def check_not_negative(spec: object, *names: str) -> None:
    """Raise `SpecError` unless the named numbers of `spec` are finite and 0 or more, or None."""
    _check(spec, names, lambda value: math.isfinite(value) and value >= 0, "0 or more")


def check_positive(spec: object, *names: str) -> None:
    """Raise `SpecError` unless the named numbers of `spec` are finite and above 0, or None."""
    _check(spec, names, lambda value: math.isfinite(value) and value > 0, "above 0")


def check_share(spec: object, *names: str) -> None:
    """Raise `SpecError` unless the named shares of `spec` are 0 or more and below 1."""
    _check(spec, names, lambda value: 0 <= value < 1, "0 or more and below 1")


def check_positive_share(spec: object, *names: str) -> None:
    """Raise `SpecError` unless the named shares of `spec` are above 0 and at most 1."""
    _check(spec, names, lambda value: 0 < value <= 1, "above 0 and at most 1")


def _check(
    spec: object, names: Sequence[str], is_valid: Callable[[Any], bool], range_: str
) -> None:
    for name in names:
        value = getattr(spec, name)
        # None and "auto" are decided later, by the data
        if not isinstance(value, str | None) and not is_valid(value):
            raise SpecError(f"{name} is {value}; it must be {range_}")


def check_one_of(spec: object, name: str, choices: Sequence[str]) -> None:
    """Raise `SpecError` unless a text of `spec` is one of some choices, or None."""
    value = getattr(spec, name)
    if value is not None and value not in choices:
        listed = " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))
        raise SpecError(f"{name} is {value!r}; it must be {listed}")


def check_device(spec: object) -> None:
    """Raise `SpecError` unless the field `device` of `spec` names a device that networks run on."""
    device = getattr(spec, "device")  # noqa: B009 (any specification with that field)
    # whether the machine has it is asked when the fit begins, perhaps on another one
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise SpecError(f"device is {device!r}; it must be auto, cpu, mps, cuda or cuda:N")


def require_package(module: str, purpose: str, install: str) -> Any:
    """Return a module that is not always installed.

    The purpose is the subject of the message: `the reader of Parquet files`; `install` is what pip
    installs, `motifmine[EXTRA]`.

    Raises `MissingExtraError` when it is missing, with the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        # the package is there, but something that it needs itself is not
        if error.name is not None and error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        package = module.partition(".")[0]
        raise MissingExtraError(
            f"{purpose} needs {package}, which is not installed: pip install '{install}'"
        ) from error
