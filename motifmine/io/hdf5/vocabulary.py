"""Vocabularies to and from HDF5: numbers and names as attributes, arrays and labels as datasets."""

from collections.abc import Callable

import h5py
import numpy as np

from motifmine.errors import FormatError
from motifmine.io.hdf5.reader import Reader, write_dataset, write_strings
from motifmine.records.vocabulary import (
    Channels,
    FlowGrid,
    Layout,
    PlainLabels,
    Topics,
    Vocabulary,
)
from motifmine.types import Floats

MAX_DEPTH = 4
"""Vocabularies of topics of topics; no file of ours goes as deep."""


def write_vocabulary(group: h5py.Group, vocabulary: Vocabulary) -> None:
    """Write a vocabulary into an empty group."""
    layout = vocabulary.layout
    group.attrs["kind"] = layout.kind
    match layout:
        case FlowGrid():
            for name in (*GRID_NUMBERS, "static"):
                group.attrs[name] = getattr(layout, name)
        case PlainLabels():
            group.attrs["n_words"] = layout.n_words
        case Channels():
            group.attrs["words"] = layout.words
            group.attrs["per_channel"] = layout.per_channel
            for name in ("channels", "units"):
                names = np.array(getattr(layout, name), dtype=h5py.string_dtype("utf-8"))
                group.attrs[name] = names
            write_dataset(group, "coding", layout.coding, "channel, number")
        case Topics():
            group.attrs["model"] = layout.model
            write_dataset(group, "loadings", layout.loadings, "topic, inner_word")
            if layout.coding.size:
                write_dataset(group, "coding", layout.coding, "topic, number")
            write_vocabulary(group.create_group("inner"), layout.inner)
    write_strings(group, "label", vocabulary.labels, "word")


def read_vocabulary(
    reader: Reader, place: str = "vocabulary", depth: int = MAX_DEPTH
) -> Vocabulary:
    """Read the vocabulary in the group `place`.

    Raises
    ------
    FormatError
        When its kind is unknown or something of it is missing.
    """
    node = reader.group(place)
    kind = str(node.attrs["kind"])
    readers: dict[str, Callable[[Reader, h5py.Group, str, int], Layout]] = {
        "flow-grid": _read_grid,
        "labels": lambda *_: PlainLabels(n_words=int(node.attrs["n_words"])),
        "channels": _read_channels,
        "topics": _read_topics,
    }
    if kind not in readers or depth == 0:
        raise FormatError(f"{reader.path} has words of the unknown kind {kind!r}")
    layout = readers[kind](reader, node, place, depth)
    return Vocabulary(labels=reader.strings(f"{place}/label"), layout=layout)


GRID_NUMBERS = ("rows", "columns", "directions", "cell_px", "frame_width", "frame_height")


def _read_grid(_reader: Reader, node: h5py.Group, _place: str, _depth: int) -> FlowGrid:
    numbers = {name: int(node.attrs[name]) for name in GRID_NUMBERS}
    return FlowGrid(**numbers, static=bool(node.attrs["static"]))


def _read_channels(reader: Reader, node: h5py.Group, place: str, _depth: int) -> Channels:
    channels, units = (tuple(str(n) for n in node.attrs[name]) for name in ("channels", "units"))
    return Channels(
        channels=channels,
        units=units,
        words=str(node.attrs["words"]),
        per_channel=int(node.attrs["per_channel"]),
        coding=reader.array(f"{place}/coding", np.float64, (len(channels), None)),
    )


def _read_topics(reader: Reader, node: h5py.Group, place: str, depth: int) -> Topics:
    inner = read_vocabulary(reader, f"{place}/inner", depth - 1)
    loadings = reader.array(f"{place}/loadings", np.float32, (None, inner.n_words))
    more: dict[str, Floats] = {}
    if "coding" in node:
        more["coding"] = reader.array(f"{place}/coding", np.float64, (len(loadings), 2))
    return Topics(model=str(node.attrs["model"]), loadings=loadings, inner=inner, **more)
