"""Rows of float32 whose length is a multiple of 16, one vector register at a time.

LLVM vectorises the plain loops too, but each short row has a cost: overlap checks, remainder loops,
one horizontal sum per product. Here the registers are spelt out. Each function has its plain form
above it, which runs when the JIT is off (NUMBA_DISABLE_JIT=1) and says what the other one does.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from motifmine.models.plsm.kernels.tiles import Longs, Singles

Dots = Callable[[Singles, int, Singles, Longs, int, Singles], None]
SweepRows = Callable[[Singles, int, Singles, Longs, Singles, int, int], None]
Emitted = tuple[Any, Callable[..., Any]]

LANES = 16
"""Float32 values in one AVX-512 register; LLVM splits it where registers are shorter."""
VECTOR = ir.VectorType(ir.FloatType(), LANES)
FLAGS = ("contract", "nsz")
IS_PLAIN = bool(vars(config)["DISABLE_JIT"])


def _pointer(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    """Return the float* (or other) data pointer of an array."""
    return context.make_array(array_type)(context, builder, array).data


def _load(builder: Any, data: Any, at: Any) -> Any:
    """Return 16 float32 from data[at], which need not be aligned."""
    place = builder.bitcast(builder.gep(data, [at]), VECTOR.as_pointer())
    return builder.load(place, align=4)


def _store(builder: Any, value: Any, data: Any, at: Any) -> None:
    """Store 16 float32 at data[at]."""
    place = builder.bitcast(builder.gep(data, [at]), VECTOR.as_pointer())
    builder.store(value, place, align=4)


def _splat(builder: Any, scalar: Any) -> Any:
    """Return a register holding one float32 in every lane."""
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), scalar, cgutils.int32_t(0))
    lanes = ir.Constant(ir.VectorType(cgutils.int32_t, LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(VECTOR, ir.Undefined), lanes)


def _multiply_add(builder: Any, x: Any, y: Any, z: Any) -> Any:
    """Return x * y + z, which LLVM fuses."""
    return builder.fadd(builder.fmul(x, y, flags=FLAGS), z, flags=FLAGS)


def _folded(builder: Any, vectors: list[Any]) -> Any:
    """Return one vector with the sums of 2, 4 or 8 registers, or of one, in its first lanes.

    Each round adds the upper to the lower half of the partial sums of two registers and packs them
    into one: half the adds and shuffles of separate horizontal sums.
    """
    int32 = cgutils.int32_t
    width = LANES
    while len(vectors) > 1:
        half = width // 2
        low = [g * width + j for g in range(LANES // width) for j in range(half)]
        high = [j + half for j in low]
        mask = ir.VectorType(int32, LANES)
        packed = []
        for a, b in zip(vectors[::2], vectors[1::2], strict=True):
            lo = builder.shuffle_vector(a, b, ir.Constant(mask, low + [j + LANES for j in low]))
            hi = builder.shuffle_vector(a, b, ir.Constant(mask, high + [j + LANES for j in high]))
            packed.append(builder.fadd(lo, hi, flags=FLAGS))
        vectors, width = packed, half
    (v,) = vectors
    n = LANES
    while width > 1:
        half = width // 2
        low = [g * width + j for g in range(n // width) for j in range(half)]
        mask = ir.VectorType(int32, len(low))
        lo = builder.shuffle_vector(v, v, ir.Constant(mask, low))
        hi = builder.shuffle_vector(v, v, ir.Constant(mask, [j + half for j in low]))
        v = builder.fadd(lo, hi, flags=FLAGS)
        n, width = len(low), half
    return v


def _dots(n_rows: int) -> Dots:
    """Return dots<n_rows>(x, x_at, y, y_at, n, out): products of one row with n_rows others."""

    def plain(x: Singles, x_at: int, y: Singles, y_at: Longs, n: int, out: Singles) -> None:
        for i in range(n_rows):
            out[i] = np.dot(x[x_at : x_at + n], y[y_at[i] : y_at[i] + n])

    def spelt(typingctx: Any, x: Any, x_at: Any, y: Any, y_at: Any, n: Any, out: Any) -> Emitted:
        signature = types.void(x, types.int64, y, y_at, types.int64, out)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            x, x_at, y, y_at, n, out = args
            kinds = signature.args
            x = builder.gep(_pointer(context, builder, kinds[0], x), [x_at])
            y = _pointer(context, builder, kinds[2], y)
            y_at = _pointer(context, builder, kinds[3], y_at)
            out = _pointer(context, builder, kinds[5], out)
            rows = [
                builder.gep(y, [builder.load(builder.gep(y_at, [cgutils.intp_t(i)]))])
                for i in range(n_rows)
            ]
            sums = [
                cgutils.alloca_once_value(  # type: ignore[no-untyped-call]
                    builder, ir.Constant(VECTOR, [0.0] * LANES)
                )
                for _ in range(n_rows)
            ]
            for s in sums:
                builder.store(ir.Constant(VECTOR, [0.0] * LANES), s)
            step = cgutils.intp_t(LANES)
            with cgutils.for_range_slice(builder, cgutils.intp_t(0), n, step) as (j, _):
                v = _load(builder, x, j)
                for row, s in zip(rows, sums, strict=True):
                    builder.store(
                        _multiply_add(builder, v, _load(builder, row, j), builder.load(s)), s
                    )
            v = _folded(builder, [builder.load(s) for s in sums])
            place = builder.bitcast(out, v.type.as_pointer())
            builder.store(v, place, align=4)
            return context.get_dummy_value()

        return signature, codegen

    return plain if IS_PLAIN else cast(Dots, intrinsic(spelt))


def _sweep_rows(n_rows: int) -> SweepRows:
    """Return sweep_rows<n_rows>(out, out_at, x, x_at, q, q_at, n): adds weighted rows to `out`."""

    def plain(
        out: Singles, out_at: int, x: Singles, x_at: Longs, q: Singles, q_at: int, n: int
    ) -> None:
        for i in range(n_rows):
            out[out_at : out_at + n] += q[q_at + i] * x[x_at[i] : x_at[i] + n]

    def spelt(
        typingctx: Any, out: Any, out_at: Any, x: Any, x_at: Any, q: Any, q_at: Any, n: Any
    ) -> Emitted:
        signature = types.void(out, types.int64, x, x_at, q, types.int64, types.int64)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            out, out_at, x, x_at, q, q_at, n = args
            kinds = signature.args
            out = builder.gep(_pointer(context, builder, kinds[0], out), [out_at])
            x = _pointer(context, builder, kinds[2], x)
            x_at = _pointer(context, builder, kinds[3], x_at)
            q = builder.gep(_pointer(context, builder, kinds[4], q), [q_at])
            rows, weights = [], []
            for i in range(n_rows):
                at = [cgutils.intp_t(i)]
                rows.append(builder.gep(x, [builder.load(builder.gep(x_at, at))]))
                weights.append(_splat(builder, builder.load(builder.gep(q, at))))
            step = cgutils.intp_t(LANES)
            with cgutils.for_range_slice(builder, cgutils.intp_t(0), n, step) as (j, _):
                v = _load(builder, out, j)
                for row, weight in zip(rows, weights, strict=True):
                    v = _multiply_add(builder, weight, _load(builder, row, j), v)
                _store(builder, v, out, j)
            return context.get_dummy_value()

        return signature, codegen

    return plain if IS_PLAIN else cast(SweepRows, intrinsic(spelt))


dots8, dots4, dots2, dots1 = (_dots(n) for n in (8, 4, 2, 1))
sweep_rows8, sweep_rows4, sweep_rows3, sweep_rows2, sweep_rows1 = (
    _sweep_rows(n) for n in (8, 4, 3, 2, 1)
)


def _prefetch_plain(x: Singles, at: int, n: int) -> None:
    """Ask for the float32 values x[at : at + n] to be brought near, in order."""


def _prefetch_spelt(typingctx: Any, x: Any, at: Any, n: Any) -> Emitted:
    signature = types.void(x, types.int64, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, at, n = args
        byte = ir.IntType(8).as_pointer()
        data = builder.gep(_pointer(context, builder, signature.args[0], x), [at])
        kind = ir.FunctionType(
            ir.VoidType(), [byte, cgutils.int32_t, cgutils.int32_t, cgutils.int32_t]
        )
        fetch = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, "llvm.prefetch.p0"
        )
        step = cgutils.intp_t(LANES)
        with cgutils.for_range_slice(builder, cgutils.intp_t(0), n, step) as (j, _):
            place = builder.bitcast(builder.gep(data, [j]), byte)
            read, keep, data_cache = (cgutils.int32_t(v) for v in (0, 2, 1))
            builder.call(fetch, [place, read, keep, data_cache])
        return context.get_dummy_value()

    return signature, codegen


prefetch: Callable[[Singles, int, int], None] = (
    _prefetch_plain if IS_PLAIN else cast(Any, intrinsic(_prefetch_spelt))
)
