"""Renders stems: what single modules contribute to `out`, before its volume, its DC block and its limiter.

A stem is rendered like the whole, with two changes in what the replica binds: only the cables of the chosen modules reach `out`, and
its kernel is replaced by one that only adds its inputs. Nothing before `out` can tell the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from chronus.dsp.kernel import LANES, Kernel, kernel
from chronus.memory.program import Cable, Feed, Input, Instance, Program
from chronus.modules import out


@kernel(out.SPEC)
def _sum(ins, outs, params, moving, state, memory, seed, rate, frames):  # type: ignore[no-untyped-def]
    source, left, right = ins
    (sides,) = outs
    for i in range(frames):
        for l in range(LANES):
            sides[i, l] = source[i, l] + (left[i, l] if l == 0 else right[i, l])


def kernels(all_of_them: Mapping[str, Kernel]) -> dict[str, Kernel]:
    """The kernels of a replica that renders stems."""
    return {**all_of_them, "out": _sum}


def leading_out(program: Program) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(input, cable) of each cable into `out`, as rows of the tables."""
    row = next(row for row in program.instances if program.names[row[Instance.NAME]] == "out")
    for k in range(row[Instance.FIRST_INPUT], row[Instance.FIRST_INPUT] + row[Instance.INPUTS]):
        first = program.inputs[k, Input.FIRST_CABLE]
        for c in range(first, first + program.inputs[k, Input.CABLES]):
            yield program.inputs[k], program.cables[c]


def handle_of(program: Program, cable: np.ndarray) -> int:
    """The handle of the module that a cable comes from."""
    return int(program.instances[cable[Cable.SOURCE_ROW], Instance.HANDLE])


def only(program: Program, handles: set[int]) -> Program:
    """The same program, but of what leads into `out` only the cables from these."""
    alone = Program(
        program.number, program.names, program.instances, program.inputs.copy(), program.params, program.cables.copy(),
        program.buffers, program.used, program.master, program.reads,
    )  # fmt: skip
    for port, cable in leading_out(alone):
        if handle_of(alone, cable) not in handles:
            cable[Cable.SOURCE], cable[Cable.FEEDBACK] = alone.buffers, 0  # the zeros that stand behind the buffers
            if port[Input.SOURCE] == Feed.DIRECT:
                port[Input.SOURCE] = Feed.NOTHING
    return alone
