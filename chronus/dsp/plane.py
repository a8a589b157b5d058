"""Planes: `local_plane`, a small array (rows, lanes) on a kernel's own stack (see `local` in kernel.py for why), and `flat`."""

import llvmlite.ir as ir
from numba import types
from numba.extending import intrinsic

from chronus.dsp.kernel import room_for


@intrinsic(prefer_literal=True)
def local_plane(typing, dtype, rows, lanes):  # type: ignore[no-untyped-def]
    """`local_plane(np.float32, 96, LANES)`: not cleared. Both sizes are constants."""
    array = types.Array(dtype.dtype, 2, "C")
    n, width = rows.literal_value, lanes.literal_value

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        i64 = ir.IntType(64)
        item = context.get_data_type(array.dtype)
        size = context.get_abi_sizeof(item)
        stack = room_for(builder, ir.ArrayType(item, n * width))
        view = context.make_array(array)(context, builder)
        context.populate_array(
            view,
            data=builder.bitcast(stack, item.as_pointer()),
            shape=[i64(n), i64(width)],
            strides=[i64(width * size), i64(size)],
            itemsize=i64(size),
            meminfo=None,
        )
        return view._getvalue()

    return array(dtype, rows, lanes), generate


@intrinsic
def flat(typing, plane):  # type: ignore[no-untyped-def]
    """The same samples as `plane` (frames, lanes) in one row, the lanes of a frame side by side."""
    array = types.Array(plane.dtype, 1, "C")

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        of = context.make_array(signature.args[0])(context, builder, args[0])
        view = context.make_array(array)(context, builder)
        size = ir.Constant(ir.IntType(64), context.get_abi_sizeof(context.get_data_type(array.dtype)))
        context.populate_array(view, data=of.data, shape=[of.nitems], strides=[size], itemsize=size, meminfo=None)
        return view._getvalue()

    return array(plane), generate
