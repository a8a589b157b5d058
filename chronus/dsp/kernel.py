"""The one place where Numba's options stand: a plain function on arrays becomes machine code.

An author writes

    @kernel(SPEC)
    def render(ins, outs, params, moving, state, memory, seed, rate, frames): ...

and refers to `LANES`, the number of voices rendered side by side, as if it were a constant. It is one:
the function is compiled once for each number of lanes, with `LANES` bound to it, so that LLVM
unrolls and vectorises the inner loops.

    ins, outs, params   tuples of float32 arrays (frames, LANES), in the order of the SPEC
    moving              bit p is set where params[p] changes within these frames; where it is clear, row 0 holds
    state               float64 (SPEC.state, LANES): copy to locals, loop, write back
    memory              float32 (rows, LANES): delay lines
    seed                an integer of its own for each module, for noise
    rate                Hz, a float64
    frames              1..64: a block, or a piece of one cut at an event

A kernel that names `still` behind `moving` is told of its inputs, too: render(ins, outs, params, moving, still, state, ...).

    still               bit k is set where ins[k] stays as it is within these frames: row 0 holds, and nobody needs to look. Where it is
                        clear, nothing is said. It is set for what no cable leads to, for a gate that neither opens nor closes, and for
                        what modules bring that are silent (then row 0 is zeros). A kernel yields the same samples whether it is told or not

A kernel whose SPEC asks for tables has them behind these: render(ins, outs, params, moving, tables, state, ...).

    tables              tuple of read-only float32 arrays (rows, columns), in the order of SPEC.tables. Any of them may have no rows: of
                        a file that nobody has named, or that is gone. Rows are not the same for each lane: column l is no lane

A table that code makes is the result of a function given to the decorator by the table's name, `@kernel(SPEC, window=hann)`. It takes no
arguments, and is called once, when the kernel is compiled; all replicas read the same memory. A constant of a few hundred numbers is as
well a global of the file: it becomes part of the machine code.

fastmath is {contract, nsz, arcp}: it lets LLVM fuse multiply and add, which is most of what is to be gained. It must not
grow: `nnan` and `ninf` would remove the NaN guards, `reassoc` would let a sum depend on how it was vectorised, and so
on the number of lanes.
"""

from __future__ import annotations

import inspect
import types as python_types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir as ir
import numpy as np
from numba import config, njit, types
from numba.core import codegen, compiler, sigutils
from numba.core.ccallback import CFunc
from numba.core.compiler_lock import global_compiler_lock
from numba.extending import intrinsic

from chronus import places
from chronus.catalogue.spec import Spec
from chronus.dsp.machinecode import Kept, text_of

config.CACHE_DIR = str(places.kernel_cache())
# LLVM unrolls a loop of 8 lanes completely before it could vectorise it; kept as a loop, saw took 0.27 us instead of 0.52
llvm.set_option("chronus", "-unroll-full-max-count=7")

FASTMATH = {"contract", "nsz", "arcp"}
SIDES = 2
LANES = 1
"""Bound anew for each variant; import it to refer to the number of lanes of a kernel."""

HEAD = 8
"""Words before the addresses in a call table: those of the next line."""
STATE, STATE_ROWS, MEMORY, MEMORY_ROWS, MOVING, SEED, RATE, STILL = range(HEAD)

CALL = types.void(types.CPointer(types.int64), types.int64, types.int64)
_i64 = ir.IntType(64)


class _PartLibrary(codegen.JITCodeLibrary):
    """What a part becomes: LLVM's code, optimised and made machine code not by itself but in each whole that it is linked into.

    By itself it would be so once more at every level of calls, for nothing: that was half of the time that LLVM took.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0

    @property
    def codegen(self) -> Any:
        return self

    def set_env(self, *_: Any) -> None:
        pass


class _Parts(compiler.CompilerBase):
    def define_pipelines(self) -> list[Any]:
        state = self.state
        state.library = _PartLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        return [compiler.DefaultPassBuilder.define_nopython_pipeline(state)]


def _part(function: Callable[..., Any], **options: Any) -> Any:
    """Only compiled code can call it: the wrappers for the interpreter and for C were a sixth of the time to compile a kernel."""
    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": _Parts}
    return njit(error_model="numpy", **options)(function)


def inline(function: Callable[..., Any]) -> Any:
    """For the small parts kernels are made of: always inlined, so that nothing of the call is left."""
    return _part(function, forceinline=True, fastmath=FASTMATH)


def unfused(function: Callable[..., Any]) -> Any:
    """Inlined, too, without fused multiply-adds: for a sum that two ways through a kernel must round alike, whatever stands around it."""
    return _part(function, forceinline=True, fastmath=FASTMATH - {"contract"})


class _Loop:
    """A function that both Python and compiled code call: for the one a whole, kept on disk, for the other a part of the caller."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._whole: Any = njit(nogil=True, error_model="numpy")(function)
        self._whole._cache = self._kept = Kept(function)
        self._part = _part(function)
        self.py_func = function

    @property
    def _numba_type_(self) -> Any:
        """What Numba takes this object for where compiled code names it."""
        return self._part._numba_type_

    def __call__(self, *args: Any) -> Any:
        try:
            return self._whole(*args)
        finally:
            self._kept.release()


def compiled(function: Callable[..., Any]) -> Any:
    """For loops that run without the interpreter: no GIL, kept on disk, division as IEEE 754 has it.

    No fastmath here: these loops copy, compare and count.
    """
    return _Loop(function)


def c_function(signature: Any, text: str = "", **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """For what others call by its address; kept on disk. `text`: see Kept."""

    def made(function: Callable[..., Any]) -> Any:
        whole: Any = CFunc(function, sigutils.normalize_signature(signature), {}, {"error_model": "numpy", **options})
        whole._cache = Kept(function, text)
        try:
            whole.compile()
        finally:
            whole._cache.release()
        return whole

    return made


@contextmanager
def _sides_as_vectors(on: bool) -> Iterator[None]:
    """Has LLVM look for vectors in straight code as well, which is what a loop over two sides becomes: of them there are few in loops.

    `tape` and `eq` take a fifth less, a `ladder` of both sides a quarter. With one lane, or many, more kinds lose by it than gain.
    """
    with global_compiler_lock:
        config.SLP_VECTORIZE = int(on)
        try:
            yield
        finally:
            config.SLP_VECTORIZE = 0


@intrinsic(prefer_literal=True)
def signals(typing, table, first, count, lanes, start):  # type: ignore[no-untyped-def]
    """`count` arrays (frames, lanes) whose addresses stand in the table from `first` on, beginning at frame `start`."""
    array = types.Array(types.float32, 2, "C")
    n, width = count.literal_value, lanes.literal_value
    result = types.UniTuple(array, n)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        table, first, _, _, start = args
        views = []
        for k in range(n):
            address = builder.load(builder.gep(table, [builder.add(first, _i64(k))]))
            address = builder.add(address, builder.mul(start, _i64(4 * width)))
            views.append(_view(context, builder, array, address, _i64(64), _i64(width)))
        return context.make_tuple(builder, result, views)

    return result(table, first, count, lanes, start), generate


def _view(context, builder, array, address, rows, columns):  # type: ignore[no-untyped-def]
    item = context.get_data_type(array.dtype)
    size = _i64(context.get_abi_sizeof(item))
    view = context.make_array(array)(context, builder)
    context.populate_array(
        view,
        data=builder.inttoptr(address, item.as_pointer()),
        shape=[rows, columns],
        strides=[builder.mul(columns, size), size],
        itemsize=size,
        meminfo=None,
    )
    return view._getvalue()


def _plane_of(dtype):  # type: ignore[no-untyped-def]
    @intrinsic
    def plane(typing, address, rows, columns):  # type: ignore[no-untyped-def]
        array = types.Array(dtype, 2, "C")

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            return _view(context, builder, array, *args)

        return array(address, rows, columns), generate

    return plane


plane_f32 = _plane_of(types.float32)
plane_f64 = _plane_of(types.float64)
plane_i64 = _plane_of(types.int64)


TABLE_WORDS = 3
"""Of a table in a call table: its address, rows and columns."""


@intrinsic(prefer_literal=True)
def shared(typing, table, first, count):  # type: ignore[no-untyped-def]
    """`count` read-only arrays (rows, columns) that stand in the call table from `first` on."""
    array = types.Array(types.float32, 2, "C", readonly=True)
    n = count.literal_value
    result = types.UniTuple(array, n)

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        table, first, _ = args

        def word(k):  # type: ignore[no-untyped-def]
            return builder.load(builder.gep(table, [builder.add(first, _i64(k))]))

        views = [
            _view(context, builder, array, *(word(TABLE_WORDS * k + w) for w in range(TABLE_WORDS))) for k in range(n)
        ]
        return context.make_tuple(builder, result, views)

    return result(table, first, count), generate


def room_for(builder, kind):  # type: ignore[no-untyped-def]
    """Room on the stack, made once. Numba's own `alloca_once` clears it as well, and in an inlined part each time it is come by."""
    with builder.goto_entry_block():
        stack = builder.alloca(kind)
    stack.align = 64
    return stack


@intrinsic(prefer_literal=True)
def local(typing, dtype, count):  # type: ignore[no-untyped-def]
    """`local(np.float32, LANES)`: an array on the kernel's own stack, not cleared.

    Nothing can alias it, so LLVM keeps it in vector registers; the same loop on arrays in the arena
    took three to five times as long.
    """
    array = types.Array(dtype.dtype, 1, "C")
    n = count.literal_value

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        item = context.get_data_type(array.dtype)
        size = _i64(context.get_abi_sizeof(item))
        stack = room_for(builder, ir.ArrayType(item, n))
        view = context.make_array(array)(context, builder)
        context.populate_array(
            view,
            data=builder.bitcast(stack, item.as_pointer()),
            shape=[_i64(n)],
            strides=[size],
            itemsize=size,
            meminfo=None,
        )
        return view._getvalue()

    return array(dtype, count), generate


@intrinsic
def call_kernel(typing, address, table, start, frames):  # type: ignore[no-untyped-def]
    """Calls the kernel at `address` for `frames` frames from `start` on; `table` is the address of its call table."""

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        function = ir.FunctionType(ir.VoidType(), [_i64.as_pointer(), _i64, _i64])
        builder.call(
            builder.inttoptr(args[0], function.as_pointer()),
            [builder.inttoptr(args[1], _i64.as_pointer()), args[2], args[3]],
        )
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


Made = Callable[[], np.ndarray]


class Kernel:
    """A module's SPEC and its render function, compiled on demand for a number of lanes. `made` makes the tables that code makes."""

    def __init__(self, spec: Spec, function: Callable[..., None], made: Mapping[str, Made]) -> None:
        self.spec = spec
        self.function = function
        self.text = text_of(function.__code__.co_filename)
        self.made = made
        asked = {table.name for table in spec.tables if table.source == "code"}
        if made.keys() != asked:
            raise TypeError(f"SPEC.tables asks code for {sorted(asked)}, and the decorator is given {sorted(made)}")
        self.__doc__ = inspect.getdoc(function)
        self._variants: dict[int, Any] = {}

    def address(self, lanes: int) -> int:
        """The address of the machine code for `lanes` lanes; read from the disk, or compiled, at the first call."""
        if lanes not in self._variants:
            self._variants[lanes] = self._compile(lanes)
        return int(self._variants[lanes].address)

    def table(self, name: str) -> np.ndarray:
        """A table that code makes, float32 (rows, columns)."""
        made = np.ascontiguousarray(self.made[name](), np.float32)
        return made.reshape(len(made), -1)

    def has(self, lanes: int) -> bool:
        """Whether that address is known in this process."""
        return lanes in self._variants

    def _compile(self, lanes: int) -> Any:
        spec = self.spec
        body = inline(self._bind(self.function, f"{spec.kind}_{lanes}_body", LANES=lanes))
        call = self._bind(
            _call,
            f"{spec.kind}_{lanes}",
            # its machine code is known by the file a function stands in: for it, this one stands in the module's file
            file=self.function.__code__.co_filename,
            body=body,
            LANES=lanes,
            INS=len(spec.ins),
            OUTS=len(spec.outs),
            PARAMS=len(spec.params),
            FIRST_OUT=HEAD + len(spec.ins),
            FIRST_PARAM=HEAD + len(spec.ins) + len(spec.outs),
            FIRST_TABLE=HEAD + len(spec.ins) + len(spec.outs) + len(spec.params),
            TABLES=len(spec.tables),
            IS_TOLD="still" in self.function.__code__.co_varnames[: self.function.__code__.co_argcount],
        )
        with _sides_as_vectors(lanes == SIDES):
            return c_function(CALL, self.text, fastmath=FASTMATH)(call)

    def _bind(self, function: Callable[..., None], name: str, file: str | None = None, **names: Any) -> Any:
        code = function.__code__.replace(co_name=name, co_filename=file or function.__code__.co_filename)
        bound = python_types.FunctionType(code, {**function.__globals__, **names}, name)
        bound.__qualname__ = name
        bound.__module__ = self.function.__module__
        return bound


def kernel(spec: Spec, **made: Made) -> Callable[[Callable[..., None]], Kernel]:
    """Makes a module of a SPEC and a render function; see the head of this file."""
    return lambda function: Kernel(spec, function, made)


INS = OUTS = PARAMS = TABLES = FIRST_OUT = FIRST_PARAM = FIRST_TABLE = 1
IS_TOLD = False


def body(*_: Any) -> None: ...


def _call(table, start, frames):  # type: ignore[no-untyped-def]
    """The bridge from addresses to arrays, bound anew for each kernel and number of lanes. Only what a kernel asks for is compiled."""
    ins = signals(table, HEAD, INS, LANES, start)
    outs = signals(table, FIRST_OUT, OUTS, LANES, start)
    params = signals(table, FIRST_PARAM, PARAMS, LANES, start)
    state = plane_f64(table[STATE], table[STATE_ROWS], LANES)
    memory = plane_f32(table[MEMORY], table[MEMORY_ROWS], LANES)
    moving, seed, rate = table[MOVING], table[SEED], np.float64(table[RATE])
    if TABLES:
        tables = shared(table, FIRST_TABLE, TABLES)
        if IS_TOLD:
            body(ins, outs, params, moving, table[STILL], tables, state, memory, seed, rate, frames)
        else:
            body(ins, outs, params, moving, tables, state, memory, seed, rate, frames)
    elif IS_TOLD:
        body(ins, outs, params, moving, table[STILL], state, memory, seed, rate, frames)
    else:
        body(ins, outs, params, moving, state, memory, seed, rate, frames)
