"""Records from JSON that people may have edited: every value is checked against its field."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from motifmine.errors import FormatError

Record = TypeVar("Record")


def read_record(kind: type[Record], values: object, place: str) -> Record:
    """Return a dataclass of plain fields from decoded JSON.

    Fields are texts, numbers, truth values, `Literal` or one of these or None; `place` is for
    messages.

    Raises `FormatError` when a field is missing, unknown, or of another type; the message has the
    value.
    """
    if not isinstance(values, Mapping):
        raise FormatError(f"{place} is {values!r:.80}; expected an object with named values")
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - set(known)):
        raise FormatError(
            f"{place} has the unknown value {unknown[0]!r}; it has {', '.join(known)}"
        )
    for name, item in known.items():
        if name not in values and item.default is MISSING and item.default_factory is MISSING:
            raise FormatError(f"{place} lacks {name!r}")
    for name, value in values.items():
        if not _fits(value, hints[name]):
            raise FormatError(
                f"{name} of {place} is {value!r:.80}; expected {_describe(hints[name])}"
            )
    return kind(**values)


def _fits(value: object, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, tuple)  # records that the caller has read
    if isinstance(hint, UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    if hint is float:
        # NaN and infinity are no JSON, and Python reads them all the same
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    if hint is int:
        return type(value) is int and abs(value) < 1 << 63
    return type(value) is hint


def _describe(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return " or ".join(map(repr, get_args(hint)))
    if isinstance(hint, UnionType):
        return " or ".join(map(_describe, get_args(hint)))
    return {str: "text", int: "a whole number", float: "a number", bool: "true or false"}.get(
        hint, "null"
    )
