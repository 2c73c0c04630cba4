"""Compiled kernels on disk: each process gets its own code, and failures cost only time."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numba import float64, int64
from numba.core.caching import IndexDataCacheFile

from motifmine.kernels import jit

TARGET = ("x86", "cpu", "+avx2")


def _files(folder: Path, stamp: float = 1.0) -> jit.KernelFiles:
    files: Any = jit.KernelFiles
    return cast(jit.KernelFiles, files(str(folder), "add-7.py313", (stamp, 100)))


def _key(kind: object) -> tuple[object, ...]:
    return ((kind, kind), TARGET, ("code", "cells"))


def test_code_for_other_types_takes_no_others_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # neither process knows of the other's files, as when both look before either writes
    monkeypatch.setattr(IndexDataCacheFile, "_load_index", lambda _: {})
    first, second = _files(tmp_path), _files(tmp_path)
    first.save(_key(float64), "of floats")
    second.save(_key(int64), "of integers")
    assert first.load(_key(float64)) == "of floats"
    assert first.load(_key(int64)) == "of integers"


def test_code_of_an_earlier_source_is_not_used_and_replaced(tmp_path: Path) -> None:
    _files(tmp_path).save(_key(float64), "before")
    assert _files(tmp_path, stamp=2.0).load(_key(float64)) is None
    _files(tmp_path, stamp=2.0).save(_key(float64), "after")
    assert _files(tmp_path, stamp=2.0).load(_key(float64)) == "after"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_was_cut_off_is_compiled_again(tmp_path: Path) -> None:
    files = _files(tmp_path)
    files.save(_key(float64), "whole")
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert files.load(_key(float64)) is None
    files.save(_key(float64), "whole")
    assert files.load(_key(float64)) == "whole"


@pytest.mark.skipif(bool(jit.config.DISABLE_JIT), reason="nothing is compiled")
def test_a_kernel_works_where_its_code_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jit, "CACHE", str(tmp_path))

    def add(a: float, b: float) -> float:
        return a + b

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jit.KernelFiles, "_save_data", refuse)
    assert jit.kernel(add)(np.float64(1.5), np.float64(2.0)) == 3.5
