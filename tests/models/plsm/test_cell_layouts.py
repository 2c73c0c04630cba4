"""Arrays for a pass begin on a cache line and have whole registers."""

import pytest

from motifmine.models.plsm.cell_layouts import aligned, stride


@pytest.mark.parametrize("shape", [1, 17, (3, 16), (0, 16)])
def test_arrays_begin_on_a_cache_line(shape: int | tuple[int, int]) -> None:
    found = aligned(shape)
    assert found.shape == (shape if isinstance(shape, tuple) else (shape,))
    assert found.ctypes.data % 64 == 0 or found.size == 0
    assert not found.any()


def test_rows_are_whole_registers() -> None:
    assert [stride(3, 7), stride(4, 4), stride(1, 1)] == [32, 16, 16]
