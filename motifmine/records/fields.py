"""What the fields of a record are: the axes of an array, and its unit."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Record = TypeVar("Record")
NO_UNITS: Mapping[str, str] = MappingProxyType({})


def axes(
    names: str,
    unit: str = "",
    *,
    rule: str = "",
    name: str = "",
    stored: type[np.generic] | None = None,
    split: str = "",
    units: Mapping[str, str] = NO_UNITS,
) -> dict[str, Any]:
    """Return the metadata of a dataclass field that holds an array, or a tuple of texts.

    Parameters
    ----------
    names : str
        Axes in order, separated by commas. Arrays of a record that share the name of an axis share
        its length.
    unit : str
        Unit of the values, "" for plain numbers.
    rule : str
        What the values must be, see `is_allowed`; "": any.
    name : str
        Name in a file; "": that of the field.
    stored : numpy type or None
        Type in a file; None: that of the field.
    split : str
        Field of the same record, earlier in it, that names the entries of the last axis; these are
        stored as one array each.
    units : mapping of str to str
        Units of these entries.

    Examples
    --------
    >>> from dataclasses import dataclass, field
    >>> from motifmine.types import Floats
    >>> @dataclass(frozen=True, slots=True, kw_only=True, eq=False)
    ... class Rates:
    ...     rate: Floats = field(metadata=axes("motif, hour", "1/h"))
    """
    return {
        "axes": names,
        "unit": unit,
        "rule": rule,
        "name": name,
        "stored": stored,
        "split": split,
        "units": units,
    }


def is_allowed(values: NDArray[Any], rule: str, sizes: Mapping[str, int]) -> NDArray[np.bool_]:
    """Return which values follow a rule, bool array of the same shape.

    Parameters
    ----------
    values : array
    rule : str
        `finite`, `0 or more` (and finite), `index of AXIS`, or `start of a motif that reaches the
        document`, whose bins are the axis `time`; it may begin before them.
    sizes : mapping of str to int
        Lengths of axes; indices of an unknown one must be 0 or more.
    """
    allowed: NDArray[np.bool_]
    if rule.startswith("index of "):
        allowed = (values >= 0) & (values < sizes.get(rule.removeprefix("index of "), np.inf))
    elif rule == "start of a motif that reaches the document":
        allowed = (values > -sizes["relative_time"]) & (values < sizes["time"])
    elif rule == "finite":
        allowed = np.isfinite(values)
    else:
        assert rule == "0 or more", rule
        allowed = np.isfinite(values) & (values >= 0)
    return allowed


def select_entries(record: Record, axis: str, which: NDArray[Any]) -> Record:
    """Return a record with some entries of an axis, in all of its arrays that have the axis.

    Parameters
    ----------
    record : dataclass
        Its arrays have `axes` as metadata.
    which : int or bool array

    Examples
    --------
    >>> import numpy as np
    >>> from motifmine.records.fit import MotifSet
    >>> motifs = MotifSet(probability=np.zeros((3, 5, 2), np.float32), weight=np.ones(3))
    >>> select_entries(motifs, "motif", np.array([0, 2]))
    MotifSet(2 motifs of 5 bins x 2 words)
    """
    # `take` would read True and False as the indices 1 and 0
    index = np.flatnonzero(which) if which.dtype == np.bool_ else which
    return _with_axis(record, axis, lambda values, place: np.take(values, index, axis=place))


def spread_entries(record: Record, axis: str, which: NDArray[Any], size: int) -> Record:
    """Return a record whose arrays have `size` entries of an axis, all 0 but its own.

    Parameters
    ----------
    record : dataclass
        Its arrays have `axes` as metadata.
    which : int array
        Places of its entries, ascending.
    """

    def spread(values: NDArray[Any], place: int) -> NDArray[Any]:
        shape = (*values.shape[:place], size, *values.shape[place + 1 :])
        whole = np.zeros(shape, values.dtype)
        np.moveaxis(whole, place, 0)[which] = np.moveaxis(values, place, 0)
        return whole

    return _with_axis(record, axis, spread)


def _with_axis(
    record: Record, axis: str, change: Callable[[NDArray[Any], int], NDArray[Any]]
) -> Record:
    """Return a record whose arrays that have an axis are changed, given the place of the axis."""
    changed: dict[str, Any] = {}
    for item in fields(record):  # type: ignore[arg-type]  # every record is a dataclass
        value = getattr(record, item.name)
        names = [name.strip() for name in item.metadata.get("axes", "").split(",")]
        # `is_dataclass` holds for classes, too
        if is_dataclass(value) and not isinstance(value, type):
            changed[item.name] = _with_axis(value, axis, change)
        elif isinstance(value, np.ndarray) and axis in names:
            changed[item.name] = change(value, names.index(axis))
    return replace(record, **changed)  # type: ignore[type-var]


def are_equal(one: Any, two: Any) -> bool:
    """Return whether two objects are of one dataclass and equal in all fields, arrays too."""
    # the `==` of dataclasses compares tuples, and arrays in them have no truth value
    return type(one) is type(two) and all(
        np.array_equal(getattr(one, item.name), getattr(two, item.name), equal_nan=True)
        if isinstance(getattr(one, item.name), np.ndarray)
        else getattr(one, item.name) == getattr(two, item.name)
        for item in fields(one)
    )
