"""Has the processor take denormal numbers for zero while a block is rendered.

What dies away, a filter or a tail, ends among numbers below 1e-38, and processors compute many times slower with those. The mode belongs
to the thread. So whoever renders sets it for a block and puts back what was there before: all renderers do the same sums, and NumPy
and Python, which run between two blocks, keep theirs.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir as ir
from numba import types
from numba.extending import intrinsic

_i32, _i64, _void = ir.IntType(32), ir.IntType(64), ir.VoidType()
_bytes = ir.IntType(8).as_pointer()

X86_ZERO = 0x8040
"""Bits of MXCSR: results that are denormal become zero, and so do operands."""
ARM_ZERO = 1 << 24
"""The bit of FPCR that says both."""


@intrinsic
def flush_denormals(typing):  # type: ignore[no-untyped-def]
    """From now on denormal numbers are zero in this thread. Returns the mode that it was in, for `put_back`."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        if _is_x86():
            place = _place(builder)
            _call(builder, "llvm.x86.sse.stmxcsr", _void, builder.bitcast(place, _bytes))
            was = builder.zext(builder.load(place), _i64)
            _set(builder, builder.or_(was, _i64(X86_ZERO)))
            return was
        was = _call(builder, "llvm.aarch64.get.fpcr", _i64)
        _set(builder, builder.or_(was, _i64(ARM_ZERO)))
        return was

    return types.int64(), generate


@intrinsic
def put_back(typing, mode):  # type: ignore[no-untyped-def]
    """Treats denormal numbers as before `flush_denormals`."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        _set(builder, args[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


def _is_x86() -> bool:
    return str(llvm.get_process_triple()).startswith("x86_64")


def _set(builder: Any, mode: Any) -> None:
    if _is_x86():
        place = _place(builder)
        builder.store(builder.trunc(mode, _i32), place)
        _call(builder, "llvm.x86.sse.ldmxcsr", _void, builder.bitcast(place, _bytes))
    else:
        _call(builder, "llvm.aarch64.set.fpcr", _void, mode)


def _place(builder: Any) -> Any:
    """Room for the register: x86 moves it through memory only."""
    with builder.goto_entry_block():
        return builder.alloca(_i32)


def _call(builder: Any, name: str, result: Any, *args: Any) -> Any:
    function = builder.module.declare_intrinsic(name, fnty=ir.FunctionType(result, [one.type for one in args]))
    return builder.call(function, args)
