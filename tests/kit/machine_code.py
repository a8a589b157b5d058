"""What machine code calls: read from what LLVM made of it, so of every way through it and not of those alone that a test takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite.binding.value import ValueKind

ARITHMETIC = {
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "exp", "exp2", "expm1", "log", "log2", "log10"),
    *("log1p", "pow", "sqrt", "cbrt", "hypot", "floor", "ceil", "round", "trunc", "rint", "fmod", "fabs", "fmin", "fmax", "ldexp"),
}  # fmt: skip
"""Of libm; with an f behind it in single precision. None of these allocates, locks or asks the system for anything."""


def calls(library: Any) -> set[str]:
    """The functions that compiled code calls, without those of its own; "an address" where it calls one that it was given.

    `library` is Numba's: of a cfunc `_library`, of an overload `library`. The way in from C and from Python is left out.
    """
    found = set()
    module = library._get_module_for_linking()
    own = {function.name for function in module.functions if not function.is_declaration}
    for function in _bodies(module):
        for instruction in _instructions(function, "call", "invoke"):
            *_, called = instruction.operands
            found.add(called.name if called.value_kind == ValueKind.function else "an address")
    return found - own


def errors(library: Any) -> list[str]:
    """What compiled code may return but 0: a value that is none means that it can raise."""
    returned = [
        str(instruction).strip()
        for function in _bodies(library._get_module_for_linking())
        for instruction in _instructions(function, "ret")
    ]
    return [one for one in returned if one not in ("ret i32 0", "ret void")]


def foreign(called: set[str]) -> set[str]:
    """Those of the functions called that are not arithmetic."""
    return {
        name
        for name in called
        if not name.startswith("llvm.") and name not in ARITHMETIC and name.removesuffix("f") not in ARITHMETIC
    }


def _bodies(module: Any) -> Iterator[Any]:
    for function in module.functions:
        if not function.is_declaration and not function.name.startswith(("cfunc.", "cpython.")):
            yield function


def _instructions(function: Any, *kinds: str) -> Iterator[Any]:
    for block in function.blocks:
        for instruction in block.instructions:
            if instruction.opcode in kinds:
                yield instruction
