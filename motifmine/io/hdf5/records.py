"""Records to and from HDF5, field by field.

An array becomes a dataset with the axes and the unit that its field's metadata name
(`motifmine.records.fields`), a tuple of texts a dataset of strings, a number or text an attribute
of the group; a record inside a record shares its group unless its field has a name. Fields that are
None are not written.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import h5py
import numpy as np
from numpy.typing import NDArray

from motifmine.errors import FormatError
from motifmine.io.hdf5.nodes import list_datasets
from motifmine.io.hdf5.reader import Reader, write_attribute, write_dataset, write_strings
from motifmine.records.fields import is_allowed
from motifmine.records.model_state import DEFAULT_GROUP, StoredArray, StoredState, find_state_group

Record = TypeVar("Record")
# groups of model states; the auto-encoder has its own group since version 0.1
STATE_GROUPS = (DEFAULT_GROUP, "encoder")


def write_record(file: h5py.Group, place: str, record: Any) -> None:
    """Write a record as a group of an open file."""
    group = file.require_group(place)
    for item in fields(record):
        value, name = getattr(record, item.name), _get_stored_name(item)
        axes, unit = item.metadata.get("axes", ""), item.metadata.get("unit", "")
        if value is None:
            continue
        if item.metadata.get("stored"):
            # a type of the public format, which is older than that of the field
            value = value.astype(item.metadata["stored"])
        if item.metadata.get("split"):
            _write_split(group, name, value, item, getattr(record, item.metadata["split"]))
        elif isinstance(value, np.ndarray):
            write_dataset(group, name, value, axes, unit)
        elif isinstance(value, tuple):
            write_strings(group, name, value, axes)
        elif is_dataclass(value):
            write_record(file, _get_nested_place(place, item), value)
        else:
            write_attribute(group, name, value)


def _write_split(
    group: h5py.Group, name: str, values: NDArray[Any], item: Field[Any], names: tuple[str, ...]
) -> None:
    """Write one dataset for each entry of the last axis."""
    axes = item.metadata["axes"].rpartition(",")[0]
    for column, part in enumerate(names):
        unit = item.metadata["units"].get(part, "")
        write_dataset(group, f"{name}/{part}", values[..., column], axes, unit)


def read_record(
    reader: Reader, place: str, kind: type[Record], sizes: Mapping[str, int] | None = None
) -> Record:
    """Read a record from the group `place`.

    Arrays whose axes have other lengths than `sizes` are refused; lengths of other axes are taken
    from the first array that has them.

    Raises `FormatError` when something is missing, or of another type or shape.
    """
    return _read_fields(reader, place, kind, dict(sizes or {}))


def read_optional_record(
    reader: Reader, place: str, kind: type[Record], sizes: Mapping[str, int] | None = None
) -> Record | None:
    """Read a record from a group, None where there is no such group; see `read_record`."""
    return read_record(reader, place, kind, sizes) if reader.find(place) is not None else None


def _read_fields(reader: Reader, place: str, kind: type[Record], sizes: dict[str, int]) -> Record:
    group, hints = reader.group(place), get_type_hints(kind)
    values: dict[str, Any] = {}
    for item in fields(kind):  # type: ignore[arg-type]  # every record is a dataclass
        hint, name = _remove_none(hints[item.name]), _get_stored_name(item)
        if is_dataclass(hint):
            nested = _get_nested_place(place, item)
            if item.default is None and reader.find(nested) is None:
                continue
            # axes that only a record in a group of its own has are not those of its neighbours
            known = sizes if nested == place else dict(sizes)
            values[item.name] = _read_fields(reader, nested, hint, known)  # type: ignore[arg-type]
        elif item.metadata.get("split"):
            parts = [f"{place}/{name}/{part}" for part in values[item.metadata["split"]]]
            values[item.name] = _read_split(reader, parts, item, hint, sizes)
        elif get_origin(hint) is tuple:
            if name in group or item.default is MISSING:
                values[item.name] = reader.strings(f"{place}/{name}")
        elif get_origin(hint) is np.ndarray:
            if name in group or item.default is MISSING:
                values[item.name] = _read_array(reader, f"{place}/{name}", item, hint, sizes)
        elif name in group.attrs or item.default is MISSING:
            values[item.name] = hint(group.attrs[name])
    return kind(**values)


def _read_array(
    reader: Reader, place: str, item: Field[Any], hint: Any, sizes: dict[str, int]
) -> NDArray[Any]:
    """Read one array, check the known lengths of its axes, and add the others to `sizes`."""
    dtype = get_element_type(hint)
    names = [name.strip() for name in item.metadata["axes"].split(",")]
    if item.metadata["split"]:
        # the last axis is spread over datasets with names of their own
        names.pop()
    shape = tuple(sizes.get(name) for name in names)
    array = reader.array(place, item.metadata["stored"] or dtype, shape)
    if rule := item.metadata["rule"]:
        check_values(reader, place, array, rule, sizes)
    # the first array of an axis decides its length for all others: a damaged file is refused early
    sizes |= dict(zip(names, array.shape, strict=True))
    return array.astype(dtype, copy=False)


def check_values(
    reader: Reader, place: str, array: NDArray[Any], rule: str, sizes: Mapping[str, int]
) -> None:
    """Raise `FormatError` with the first value that is against a rule.

    Parameters
    ----------
    place : str
        Of the array.
    array : array
    rule : str
        See `motifmine.records.fields.is_allowed`.
    sizes : mapping of str to int
        Lengths of axes.
    """
    wrong = np.argwhere(~is_allowed(array, rule, sizes))
    if len(wrong):
        where = ", ".join(map(str, wrong[0]))
        known = sizes.get(rule.removeprefix("index of "))
        expected = rule if known is None else f"{rule}, of which there are {known}"
        raise FormatError(
            f"/{place}[{where}] of {reader.path} is {array[tuple(wrong[0])]}; expected {expected}"
        )


def _read_split(
    reader: Reader, places: list[str], item: Field[Any], hint: Any, sizes: dict[str, int]
) -> NDArray[Any]:
    """Read an array that is stored as one dataset for each entry of its last axis."""
    parts = [_read_array(reader, place, item, hint, sizes) for place in places]
    if parts:
        return np.stack(parts, axis=-1)
    return np.zeros((0,) * (item.metadata["axes"].count(",") + 1), get_element_type(hint))


def _get_nested_place(place: str, item: Field[Any]) -> str:
    """Return the group of a record inside a record: the same, or one below with a name."""
    name = item.metadata.get("name")
    return f"{place}/{name}" if name else place


def _get_stored_name(item: Field[Any]) -> str:
    return str(item.metadata.get("name") or item.name)


def _remove_none(hint: Any) -> Any:
    """Return the type of a field without None."""
    if isinstance(hint, UnionType):
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


def get_element_type(hint: Any) -> type:
    """Return the numpy type in `NDArray[type]`."""
    element: type = get_args(get_args(hint)[1])[0]
    return element


def write_state(file: h5py.File, state: object) -> None:
    """Write the state of a model into an open fit; nothing for None."""
    if state is None:
        return
    if not isinstance(state, StoredState):
        write_record(file, find_state_group(state), state)
        return
    group = file.require_group(state.group)
    for name, array in state.arrays.items():
        write_dataset(group, name, array.values, array.axes, array.unit)
    for name, texts in state.texts.items():
        write_strings(group, name, texts, "text")
    group.attrs.update(state.numbers)


def read_state(reader: Reader, sizes: Mapping[str, int]) -> StoredState | None:
    """Read the state of a model, None where there is none."""
    place = next((name for name in STATE_GROUPS if reader.find(name) is not None), None)
    if place is None:
        return None
    group = reader.group(place)
    arrays: dict[str, StoredArray] = {}
    texts: dict[str, tuple[str, ...]] = {}
    # read as found: the model that wrote it may not be installed here
    for path, node in list_datasets(group, depth=0):
        name = path.removeprefix("/")
        if h5py.check_string_dtype(node.dtype) is not None:
            texts[name] = reader.strings(f"{place}/{name}")
            continue
        axes = str(node.attrs.get("axes", ""))
        shape = tuple(sizes.get(axis.strip()) for axis in axes.split(","))
        arrays[name] = StoredArray(
            values=reader.array(f"{place}/{name}", node.dtype, shape),
            axes=axes,
            unit=str(node.attrs.get("unit", "")),
        )
    return StoredState(group=place, arrays=arrays, texts=texts, numbers=dict(group.attrs))
