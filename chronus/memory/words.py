"""Views words as floats or as one row, copies and clears them, as NumPy's views, reshapes and slices do, in a few instructions.

NumPy's versions add checks of shapes, and messages built of strings, to each function that uses them: a third of the time to compile
the loops. A view lives as long as the memory it was made from, and nothing is checked: the caller knows the sizes.
"""

from __future__ import annotations

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_i64 = ir.IntType(64)


def _view(context, builder, array, data, shape):  # type: ignore[no-untyped-def]
    """An array of C order on memory that somebody else keeps."""
    item = context.get_data_type(array.dtype)
    size = _i64(context.get_abi_sizeof(item))
    strides = [size]
    for extent in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], extent))
    view = context.make_array(array)(context, builder)
    context.populate_array(
        view, data=builder.bitcast(data, item.as_pointer()), shape=shape, strides=strides, itemsize=size, meminfo=None
    )
    return view._getvalue()


def _row_of(dtype):  # type: ignore[no-untyped-def]
    @intrinsic
    def row(typing, address, count):  # type: ignore[no-untyped-def]
        """`count` words from an address on."""
        array = types.Array(dtype, 1, "C")

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            item = context.get_data_type(dtype).as_pointer()
            return _view(context, builder, array, builder.inttoptr(args[0], item), [args[1]])

        return array(types.int64, types.int64), generate

    return row


row_i64 = _row_of(types.int64)
row_i32 = _row_of(types.int32)
row_f32 = _row_of(types.float32)


@intrinsic
def floats_of(typing, words):  # type: ignore[no-untyped-def]
    """The same memory as `words` (int64), taken for float64."""
    array = types.Array(types.float64, words.ndim, "C")

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        of = context.make_array(signature.args[0])(context, builder, args[0])
        return _view(context, builder, array, of.data, cgutils.unpack_tuple(builder, of.shape))

    return array(words), generate


@intrinsic
def copy_words(typing, target, at, source, start, count):  # type: ignore[no-untyped-def]
    """target[at : at + count] = source[start : start + count]. Both are rows of int64; they may be the same one. `count` is not below 0."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        to, of = (context.make_array(signature.args[k])(context, builder, args[k]).data for k in (0, 2))
        cgutils.raw_memmove(builder, builder.gep(to, [args[1]]), builder.gep(of, [args[3]]), args[4], 8, align=8)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64, types.int64), generate


@intrinsic
def clear_words(typing, words, at, count):  # type: ignore[no-untyped-def]
    """words[at : at + count] = 0, of a row of int64. `count` is not below 0."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        cgutils.memset(builder, builder.gep(data, [args[1]]), builder.mul(args[2], _i64(8)), 0)
        return context.get_dummy_value()

    return types.void(words, types.int64, types.int64), generate
