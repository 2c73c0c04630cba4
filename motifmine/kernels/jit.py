"""The decorators of all numba kernels.

`nogil` lets kernels run in parallel threads, `cache` avoids recompilation in every process, and the
NumPy error model makes a division by zero infinite instead of raising. `fastmath=True` is not used:
it makes `isnan` return False for NaN. `fast_kernel` only allows sums to be reordered, which the
compiler needs to vectorise a dot product.
"""

from numba import njit

kernel = njit(nogil=True, cache=True, error_model="numpy")
fast_kernel = njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp"}
)
