"""Places in sorted values and medians, for kernels.

Those of NumPy bring checks of types and messages of errors, which take a second to compile for each
kernel that has them.
"""

from typing import Any

from numpy.typing import NDArray

from motifmine.kernels.jit import inner_kernel


@inner_kernel
def first_not_below(values: NDArray[Any], least: int, begin: int, end: int) -> int:
    """Return the first place in `values[begin:end]`, ascending, that is not below `least`."""
    while begin < end:
        middle = (begin + end) // 2
        if values[middle] < least:
            begin = middle + 1
        else:
            end = middle
    return begin


@inner_kernel
def find_median(values: NDArray[Any], n: int) -> float:
    """Return the median of the first `n` values, one or more; they are put in order."""
    # few blocks of a picture, nearly in order after the first time
    for i in range(1, n):
        value, j = values[i], i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
    return float(0.5 * (values[(n - 1) // 2] + values[n // 2]))
