"""Damage of HDF5 files by their structure: each kind at each group, dataset and attribute."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from motifmine.io.hdf5.nodes import is_dimension

Damage = Callable[[h5py.File, str], None]


def places(path: Path) -> list[str]:
    """Return the paths of all groups and datasets of a file; nothing reads axes without values."""
    found: list[str] = []

    def note(name: str, node: h5py.Group | h5py.Dataset) -> None:
        if not (isinstance(node, h5py.Dataset) and is_dimension(node)):
            found.append(f"/{name}")

    with h5py.File(path, "r") as file:
        file.visititems(note)
    return found


def _replaced(make: Callable[[h5py.Dataset], Any]) -> Damage:
    def damage(file: h5py.File, place: str) -> None:
        node = file[place]
        if not isinstance(node, h5py.Dataset):
            raise ValueError
        attributes, data = dict(node.attrs), make(node)
        del file[place]
        file[place] = data
        file[place].attrs.update(attributes)

    return damage


def _other_values(value: float) -> Damage:
    def make(node: h5py.Dataset) -> Any:
        if node.dtype.kind not in "iuf" or not node.size:
            raise ValueError
        data = node[:]
        top = np.iinfo(data.dtype).max if data.dtype.kind in "iu" else np.inf
        data.flat[data.size // 2] = (
            min(value, float(top))
            if data.dtype.kind == "f"
            else (
                max(min(int(value), int(top)), int(np.iinfo(data.dtype).min))
                if np.isfinite(value)
                else 7
            )
        )
        return data

    return _replaced(make)


def _huge(file: h5py.File, place: str) -> None:
    node = file[place]
    if not isinstance(node, h5py.Dataset) or not node.shape:
        raise ValueError
    dtype, attributes, rest = node.dtype, dict(node.attrs), node.shape[1:]
    del file[place]
    file.create_dataset(place, shape=(1 << 33, *rest), dtype=dtype, chunks=(1024, *rest))
    file[place].attrs.update(attributes)


def _linked(make: Callable[[h5py.File, str], Any]) -> Damage:
    def damage(file: h5py.File, place: str) -> None:
        file.move(place, "/moved")
        file[place] = make(file, place)

    return damage


def _virtual(file: h5py.File, place: str) -> None:
    node = file[place]
    if not isinstance(node, h5py.Dataset) or not node.shape:
        raise ValueError
    layout = h5py.VirtualLayout(shape=node.shape, dtype=node.dtype)
    layout[...] = h5py.VirtualSource("/etc/passwd", "x", shape=node.shape)
    del file[place]
    file.create_virtual_dataset(place, layout)


def _external(file: h5py.File, place: str) -> None:
    node = file[place]
    if not isinstance(node, h5py.Dataset) or not node.shape or node.dtype.kind == "O":
        raise ValueError
    shape, dtype = node.shape, node.dtype
    del file[place]
    file.create_dataset(place, shape=shape, dtype=dtype, external=[("/etc/passwd", 0, 100)])


def _attributes(value: Any) -> Damage:
    def damage(file: h5py.File, place: str) -> None:
        names = list(file[place].attrs)
        if not names:
            raise ValueError
        for name in names:
            if name != "format":
                file[place].attrs[name] = value

    return damage


def _delete(file: h5py.File, place: str) -> None:
    del file[place]


DAMAGES: dict[str, Damage] = {
    "missing": _delete,
    "negative": _other_values(-5),
    "huge value": _other_values(2e9),
    "infinite": _other_values(np.inf),
    "not a number": _other_values(np.nan),
    "shorter": _replaced(lambda node: node[: len(node) // 2]),
    "scalar": _replaced(lambda _: 7),
    "text": _replaced(lambda _: "text"),
    "other type": _replaced(
        lambda node: node[...].astype("f2" if node.dtype.kind != "f" else "i1")
    ),
    "more axes": _replaced(lambda node: node[...][None]),
    "no shape": _replaced(lambda node: h5py.Empty(node.dtype)),
    "claims 2^33 rows": _huge,
    "soft link": _linked(lambda *_: h5py.SoftLink("/moved")),
    "link to itself": _linked(lambda _, place: h5py.SoftLink(place)),
    "external link": _linked(lambda *_: h5py.ExternalLink("other.h5", "/x")),
    "group in a group": _linked(lambda file, _: file["/"]),
    "virtual": _virtual,
    "external storage": _external,
    "attributes empty": _attributes(h5py.Empty("f4")),
    "attributes text": _attributes("\x1b[31m" + "[" * 30_000),
    "attributes huge": _attributes(2**62),
    "attributes array": _attributes(np.zeros((2, 2))),
}
ELSEWHERE = ("soft link", "link to itself", "external link", "virtual", "external storage")
"""Kinds that must always be refused."""


def damaged_files(path: Path, folder: Path, every: int = 1) -> Iterator[tuple[str, str, Path]]:
    """Yield kind, place and path of a damaged copy of a file, for each kind and place.

    Parameters
    ----------
    path : Path
    folder : Path
        Where each copy is written; the next one replaces it.
    every : int
        Only each n-th pair of a kind and a place.
    """
    number = 0
    for place in ["/", *places(path)]:
        for kind, damage in DAMAGES.items():
            number += 1
            if number % every:
                continue
            copy = shutil.copy(path, folder / "damaged.h5")
            try:
                with h5py.File(copy, "r+") as file:
                    damage(file, place)
            except (ValueError, TypeError, KeyError, RuntimeError, OSError, OverflowError):
                continue  # this kind does not apply here
            yield kind, place, Path(copy)
