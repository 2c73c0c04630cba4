"""What a field of a record is in a file: the axes of its array, and its unit."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

NO_UNITS: Mapping[str, str] = MappingProxyType({})


def axes(
    names: str,
    unit: str = "",
    *,
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
        "name": name,
        "stored": stored,
        "split": split,
        "units": units,
    }
