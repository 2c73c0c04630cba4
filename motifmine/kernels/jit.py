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
from numba.core.registry import CPUDispatcher

config: Any = numba.config
types: Any = numba.types
Function = TypeVar("Function", bound=Callable[..., Any])

# Inlined wherever it is called: of a function that stays on its own each caller has a copy, whose
# sums the compiler may order otherwise, and which copy runs depends on what was compiled or loaded
# first. The same fit would have other last digits on its second run.
FAST: dict[str, Any] = {"fastmath": {"reassoc", "contract", "nsz", "arcp"}, "forceinline": True}


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


CACHE = _usable_folder()  # where compiled kernels are kept; "": they are compiled in every process


class Kernel(CPUDispatcher):
    """A function that is compiled for the types of its arguments, once for all integers."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Return the compiled function for a call in another kernel."""
        # numba would compile again for 32 bits, for 64, and for every constant in a call
        return super().get_call_template(
            tuple(map(_widen, args)), {name: _widen(kind) for name, kind in kws.items()}
        )


class InnerKernel(Kernel):
    """A kernel that only other kernels call."""

    def _compile_for_args(self, *_: Any, **__: Any) -> Any:
        raise TypeError(f"{self.py_func.__name__} is called by kernels alone; declare it as kernel")


def _widen(kind: Any) -> Any:
    """Return the type that an argument of a call in a kernel is converted to."""
    kind = types.unliteral(kind)
    is_short = isinstance(kind, types.Integer) and kind.signed and kind.bitwidth < 64
    return types.int64 if is_short else kind


def _compile(function: Function, dispatcher: type[Kernel] = Kernel, **options: Any) -> Function:
    """Return the compiled function."""
    if config.DISABLE_JIT:
        return function
    # numba looks at its setting when a function is decorated; other packages keep their own
    before = config.CACHE_DIR
    config.CACHE_DIR = CACHE
    try:
        # no kernel is called from C
        usual = {"nopython": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
        compiled = dispatcher(py_func=function, targetoptions={**usual, **options})
        if CACHE:
            compiled.enable_caching()
        return cast(Function, compiled)
    finally:
        config.CACHE_DIR = before


def kernel(function: Function) -> Function:
    """Compile a function of arrays and scalars."""
    return _compile(function)


def inner_kernel(function: Function) -> Function:
    """Compile a function that only other kernels call, without an entry from Python.

    The conversion of many arrays from Python takes longer to compile than most of these functions.
    """
    return _compile(function, InnerKernel, no_cpython_wrapper=True)


def fast_kernel(function: Function) -> Function:
    """Compile a function whose sums may be reordered."""
    return _compile(function, **FAST)


def inner_fast_kernel(function: Function) -> Function:
    """Compile a function whose sums may be reordered and that only other kernels call."""
    return _compile(function, InnerKernel, no_cpython_wrapper=True, **FAST)
