"""Loads and stores words shared between processes in an order that can be relied on, and sleeps on a word.

A plain load or store would do on x86, where the processor keeps the order. On ARM it would not: so every word that another
process reads goes through one of these.
"""

from __future__ import annotations

import ctypes
from typing import NamedTuple

import llvmlite.ir as ir
from numba import types
from numba.extending import intrinsic

_i64 = ir.IntType(64)


def _pointer(context, builder, array, index):  # type: ignore[no-untyped-def]
    from numba.np import arrayobj

    view = arrayobj.make_array(array[0])(context, builder, array[1])
    return builder.gep(view.data, [index])


@intrinsic
def load(typing, words, index):  # type: ignore[no-untyped-def]
    """words[index], acquired: whatever its writer stored before it is seen after it."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.load_atomic(_pointer(context, builder, (signature.args[0], args[0]), args[1]), "acquire", 8)

    return types.int64(words, types.int64), generate


@intrinsic
def store(typing, words, index, value):  # type: ignore[no-untyped-def]
    """words[index] = value, released: whatever was stored before it is seen by who sees it."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        pointer = _pointer(context, builder, (signature.args[0], args[0]), args[1])
        builder.store_atomic(args[2], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(words, types.int64, types.int64), generate


@intrinsic
def exchange(typing, words, index, expected, value):  # type: ignore[no-untyped-def]
    """Compare and swap: True if words[index] was `expected` and is `value` now."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        pointer = _pointer(context, builder, (signature.args[0], args[0]), args[1])
        outcome = builder.cmpxchg(pointer, args[2], args[3], "acq_rel", "acquire")
        return builder.extract_value(outcome, 1)

    return types.boolean(words, types.int64, types.int64, types.int64), generate


@intrinsic
def system_call(typing, function, a, b, c, d, e):  # type: ignore[no-untyped-def]
    """libc's `syscall` or another function of five words, by its address: an address compiled in would be frozen by the disk cache."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(_i64, [_i64] * 5)
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])

    return types.int64(*[types.int64] * 6), generate


@intrinsic
def address_of(typing, words, index):  # type: ignore[no-untyped-def]
    """The address of words[index], for a system call."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.ptrtoint(_pointer(context, builder, (signature.args[0], args[0]), args[1]), _i64)

    return types.int64(words, types.int64), generate


def libc_syscall() -> int:
    """The address of libc's `syscall` in this process."""
    return int(ctypes.cast(ctypes.CDLL(None).syscall, ctypes.c_void_p).value or 0)


def libc_clock() -> int:
    """The address of libc's `clock_gettime` in this process."""
    return int(ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value or 0)


class CallNumbers(NamedTuple):
    """Of system calls. Linux; the one place another system would differ."""

    futex: int
    clock_nanosleep: int
    clock_gettime: int
    write: int
    sched_setaffinity: int


def call_numbers() -> CallNumbers:
    """Those of this machine."""
    import platform

    numbers = {
        "x86_64": CallNumbers(202, 230, 228, 1, 203),
        "aarch64": CallNumbers(98, 115, 113, 64, 122),
    }
    return numbers[platform.machine()]
