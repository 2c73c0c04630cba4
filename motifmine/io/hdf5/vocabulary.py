"""Vocabularies to and from HDF5: the fields of a layout, whatever its kind, and the labels.

Numbers, text and tuples of text are attributes, arrays are datasets, and a vocabulary in a field is
a group. Empty arrays of optional fields are not written.
"""

from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints

import h5py
import numpy as np

from motifmine.errors import DataError, FormatError
from motifmine.io.hdf5.reader import Reader, write_dataset, write_strings
from motifmine.io.hdf5.records import get_element_type
from motifmine.records.layouts import LAYOUTS
from motifmine.records.vocabulary import Vocabulary, WordLayout

MAX_DEPTH = 4  # largest depth of vocabularies of topics of topics


def write_vocabulary(group: h5py.Group, vocabulary: Vocabulary) -> None:
    """Write a vocabulary into an empty group."""
    layout: Any = vocabulary.layout
    group.attrs["kind"] = layout.kind
    for field in fields(layout):
        _write_field(group, field, getattr(layout, field.name))
    write_strings(group, "label", vocabulary.labels, "word")


def _write_field(group: h5py.Group, field: "Field[Any]", value: Any) -> None:
    if isinstance(value, Vocabulary):
        write_vocabulary(group.create_group(field.name), value)
    elif isinstance(value, np.ndarray):
        if value.size or _is_required(field):
            write_dataset(group, field.name, value, field.metadata["axes"])
    elif isinstance(value, tuple):
        group.attrs[field.name] = np.array(value, dtype=h5py.string_dtype("utf-8"))
    else:
        group.attrs[field.name] = value


def read_vocabulary(
    reader: Reader, place: str = "vocabulary", depth: int = MAX_DEPTH
) -> Vocabulary:
    """Read a vocabulary.

    `depth` is how many layers of topics are accepted.

    Raises `FormatError` when its kind is unknown or a field is missing.
    """
    node = reader.group(place)
    kind = str(node.attrs["kind"])
    if kind not in LAYOUTS or depth == 0:
        raise FormatError(f"{reader.path} has words of the unknown kind {kind!r}")
    layout = _read_layout(reader, node, place, LAYOUTS[kind], depth)
    return Vocabulary(labels=reader.strings(f"{place}/label"), layout=layout)


def _read_layout(
    reader: Reader, node: h5py.Group, place: str, layout: type[WordLayout], depth: int
) -> WordLayout:
    """Return a layout, read field by field in the order of its class."""
    kinds = get_type_hints(layout)
    values: dict[str, Any] = {}
    for field in fields(layout):  # type: ignore[arg-type]  # every layout is a dataclass
        name, kind = field.name, kinds[field.name]
        if kind is Vocabulary:
            values[name] = read_vocabulary(reader, f"{place}/{name}", depth - 1)
        elif "axes" in field.metadata:
            if name in node or _is_required(field):
                n_axes = field.metadata["axes"].count(",") + 1
                dtype = get_element_type(kind)
                values[name] = reader.array(f"{place}/{name}", dtype, (None,) * n_axes)
        elif kind in (int, bool, str):
            values[name] = kind(node.attrs[name])
        else:
            values[name] = tuple(str(text) for text in node.attrs[name])
    try:
        return layout(**values)
    except DataError as error:
        raise FormatError(f"{reader.path} has an invalid vocabulary: {error}") from error


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING
