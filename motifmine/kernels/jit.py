"""The decorators of all numba kernels.

`nogil` lets kernels run in parallel threads, `cache` avoids recompilation in every process, and the
NumPy error model makes a division by zero infinite instead of raising. `fastmath=True` is not used:
it makes `isnan` return False for NaN. `fast_kernel` only allows sums to be reordered, which the
compiler needs to vectorise a dot product.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit

config: Any = numba.config
Function = TypeVar("Function", bound=Callable[..., Any])

FAST_MATH = {"reassoc", "contract", "nsz", "arcp"}


def cache_folder() -> Path | None:
    """Return the user's folder of compiled kernels, None where there is none.

    It is outside the package: files of numba in an installed package survive its removal, and then
    shadow another installation of it.
    """
    places = {"win32": "LOCALAPPDATA", "darwin": ""}
    variable = places.get(sys.platform, "XDG_CACHE_HOME")
    if variable and os.environ.get(variable):
        return Path(os.environ[variable]) / "motifmine" / "numba"
    try:
        home = Path.home()
    except RuntimeError:
        # a user without an entry in the system's list, and without HOME
        return None
    below = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return home / below / "motifmine" / "numba"


def _usable_folder() -> str:
    """Return `NUMBA_CACHE_DIR`, else the user's folder, "" where it cannot be written."""
    if config.CACHE_DIR:
        return str(config.CACHE_DIR)
    folder = cache_folder()
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return str(folder)
    except OSError:
        pass
    return ""


CACHE = _usable_folder()
"""Where compiled kernels are kept; "": they are compiled in every process."""


def _compile(function: Function, **options: Any) -> Function:
    """Return the compiled function."""
    # numba looks at its setting when a function is decorated; other packages keep their own
    before = config.CACHE_DIR
    config.CACHE_DIR = CACHE
    try:
        compiled = njit(nogil=True, error_model="numpy", cache=bool(CACHE), **options)(function)
        return cast(Function, compiled)
    finally:
        config.CACHE_DIR = before


def kernel(function: Function) -> Function:
    """Compile a function of arrays and scalars."""
    return _compile(function)


def fast_kernel(function: Function) -> Function:
    """Compile a function whose sums may be reordered."""
    return _compile(function, fastmath=FAST_MATH)
