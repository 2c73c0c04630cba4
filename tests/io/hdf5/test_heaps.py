"""Texts of variable length in HDF5: a damaged heap, which HDF5 reads for ever, is refused."""

import struct
from pathlib import Path

import h5py
import pytest

from motifmine.errors import FormatError
from motifmine.io.hdf5 import store
from motifmine.io.hdf5.heaps import refuse_endless_heap
from motifmine.io.hdf5.reader import read_file_format
from motifmine.io.series.open import open_series
from motifmine.io.series.options import SeriesOptions
from tests.helpers.fit_records import lane_record


@pytest.fixture
def fit(tmp_path: Path) -> Path:
    store.write_fit(tmp_path / "fit.h5", lane_record())
    return tmp_path / "fit.h5"


def _overwrite_texts(path: Path) -> Path:
    content = bytearray(path.read_bytes())
    at = content.index(b"GCOL")
    (size,) = struct.unpack_from("<Q", content, at + 8)
    content[at + 24 : at + size] = bytes(size - 24)
    path.write_bytes(content)
    return path


def test_heaps_that_hdf5_wrote_are_sound(fit: Path) -> None:
    refuse_endless_heap(fit)
    for n_texts in (1, 40, 4000):
        with h5py.File(fit, "w") as file:
            file["text"] = ["x" * (i % 300) for i in range(n_texts)]
        refuse_endless_heap(fit)


@pytest.mark.parametrize("size", [0, 1 << 40, (1 << 64) - 1])
def test_what_only_looks_like_a_heap_is_no_heap(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"GCOL\x01\0\0\0" + struct.pack("<Q", size) + bytes(9000))
    refuse_endless_heap(path)


def test_a_fit_whose_texts_are_overwritten_is_refused(fit: Path) -> None:
    _overwrite_texts(fit)
    with pytest.raises(FormatError, match=r"fit\.h5 is a damaged HDF5 file: its texts"):
        store.read_fit(fit)
    assert read_file_format(fit) == ""
    with pytest.raises(FormatError, match="its texts"), open_series(fit, SeriesOptions()):
        pass
