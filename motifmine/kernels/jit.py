"""The one decorator of numba kernels.

`nogil` lets kernels run side by side in threads, `cache` spares users the compilation, and the
NumPy error model makes a division by zero infinite, as NumPy does. `fastmath` is not used: it makes
`isnan` answer False for NaN. `fast_kernel` allows sums to be reordered (and nothing else), which is
what lets the compiler vectorise a dot product.
"""

from numba import njit

kernel = njit(nogil=True, cache=True, error_model="numpy")
fast_kernel = njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp"}
)
