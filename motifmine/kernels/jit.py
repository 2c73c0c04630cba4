"""The decorators of all numba kernels.

`nogil` lets kernels run in parallel threads, `cache` avoids recompilation in every process, and the
NumPy error model makes a division by zero infinite instead of raising. `fastmath=True` is not used:
it makes `isnan` return False for NaN. `fast_kernel` only allows sums to be reordered, which the
compiler needs to vectorise a dot product.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile
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


class KernelFiles(IndexDataCacheFile):
    """Compiled code on disk, in one file for each combination of types.

    numba numbers these files and lists them in an index. Of two processes that compile for
    different types at the same time both take the same number, and a third one that has read the
    index meanwhile gets code for other types, or of the source before a change.
    """

    def load(self, key: Any) -> Any:
        """Return what was saved for a key, None where there is nothing of use."""
        # whatever a file raises that was cut off with the power
        with suppress(Exception):
            *made_for, data = self._load_data(self._name(key))  # type: ignore[no-untyped-call]
            if made_for == [self._version, self._source_stamp, key]:
                return data
        return None

    def save(self, key: Any, data: Any) -> None:
        """Save the compiled code for a key; it replaces that of an earlier source."""
        content = (self._version, self._source_stamp, key, data)
        self._save_data(self._name(key), content)  # type: ignore[no-untyped-call]

    def _name(self, key: Any) -> str:
        signature, target, _ = key
        digest = hashlib.sha256(repr((signature, target)).encode()).hexdigest()[:16]
        return f"{Path(self._index_name).stem}.{digest}.nbc"


class KernelCache(FunctionCache):
    """Compiled code of one function; without it, or where it cannot be kept, all else works."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._cache_file.__class__ = KernelFiles

    @contextmanager
    def _guard_against_spurious_io_errors(self) -> Iterator[None]:
        # a full disk, a quota, a folder that was removed
        with suppress(OSError):
            yield


class Kernel(CPUDispatcher):
    """A function that is compiled for the types of its arguments, once for all integers."""

    def enable_caching(self) -> None:
        """Keep compiled code on disk."""
        self._cache = KernelCache(self.py_func)

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
