"""Checks of arguments, of the fields of specifications and of installed packages.

All have uniform messages.
"""

import functools
import inspect
import math
import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from importlib import import_module
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from motifmine.errors import MissingExtraError, SpecError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
# what annotations mean to people, and what they accept: a number of NumPy is a number, True is none
KINDS: dict[Any, tuple[str, tuple[type, ...]]] = {
    int: ("a whole number", (Integral,)),
    float: ("a number", (Real,)),
    str: ("a text", (str,)),
    bool: ("True or False", (bool,)),
    NoneType: ("None", (NoneType,)),
}


def check_argument_types(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return a public function that raises `SpecError` for arguments of another type than hinted.

    Else they would be noticed somewhere inside, where the error names none of what was given.
    """

    @functools.wraps(function)
    def checked(*args: Parameters.args, **more: Parameters.kwargs) -> Result:
        # unknown and missing arguments are a TypeError, as of any function
        given = inspect.signature(function).bind(*args, **more).arguments
        check_types(given, get_type_hints(function))
        return function(*args, **more)

    return checked


def check_types(values: Mapping[str, object], hints: Mapping[str, Any]) -> None:
    """Raise `SpecError` for the first value that is not of its type.

    Parameters
    ----------
    values : mapping of str to object
    hints : mapping of str to type
        See `typing.get_type_hints`; values without a hint are not checked.
    """
    for name, value in values.items():
        if name in hints and not _is_of(value, hints[name]):
            # a text in quotes: "3" is another mistake than 3
            raise SpecError(
                f"{name} is {reprlib.repr(value)}; it must be {' or '.join(_describe(hints[name]))}"
            )


def make_record(kind: type[Result], values: object, place: str) -> Result:
    """Return a dataclass of values that a file has, as JSON is decoded; tuples may be lists.

    Parameters
    ----------
    kind : dataclass
    values : mapping of str to object
        Values of its fields; those with a default may be missing.
    place : str
        Where they are, for messages.

    Raises
    ------
    SpecError
        When a field is missing, unknown, or of another type, with the value.
    """
    if not isinstance(values, Mapping):
        raise SpecError(
            f"{place} is {reprlib.repr(values)}; it must be an object with named values"
        )
    hints, known = get_type_hints(kind), {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - set(known)):
        raise SpecError(f"{place} has the unknown value {unknown[0]!r}; it has {', '.join(known)}")
    found = {}
    for name, item in known.items():
        if name in values:
            found[name] = tuple(values[name]) if isinstance(values[name], list) else values[name]
        elif item.default is MISSING and item.default_factory is MISSING:
            raise SpecError(f"{place} lacks {name!r}")
    for name, value in found.items():
        # NaN and infinity are no JSON, and Python reads them all the same
        if isinstance(value, int | float) and not abs(value) < 1 << 63:
            raise SpecError(f"{name} of {place} is {value!r:.80}; it must be finite and below 2^63")
        check_types({f"{name} of {place}": value}, {f"{name} of {place}": hints[name]})
    return kind(**found)


def _is_of(value: object, hint: Any) -> bool:
    kind = get_origin(hint) or hint
    if kind in (Union, UnionType):
        return any(_is_of(value, part) for part in get_args(hint))
    if kind is Literal:
        return value in get_args(hint) and isinstance(value, str)
    if kind is Sequence:
        # also arrays of NumPy and indices of pandas, whose classes are no sequences
        if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
            return False
        return all(_is_of(part, *get_args(hint)) for part in iter(value))  # type: ignore[call-overload]
    if kind is tuple and isinstance(value, tuple) and ... in get_args(hint):
        return all(_is_of(part, get_args(hint)[0]) for part in value)
    if kind is Mapping and isinstance(value, Mapping):
        return all(_is_of(part, get_args(hint)[1]) for part in value.values())
    if kind in (int, float) and isinstance(value, bool):
        return False
    # variables of types and the like accept all
    return (
        kind is Any
        or not isinstance(kind, type)
        or isinstance(value, KINDS.get(kind, ("", (kind,)))[1])
    )


def _describe(hint: Any) -> list[str]:
    """Return what a value of a type may be."""
    kind = get_origin(hint) or hint
    if kind in (Union, UnionType):
        return [word for part in get_args(hint) for word in _describe(part)]
    if kind is Literal:
        return [repr(word) for word in get_args(hint)]
    if kind is Sequence:
        return ["a list of " + " or ".join(_describe(*get_args(hint)))]
    return [KINDS[kind][0] if kind in KINDS else kind.__name__]


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
