"""Renders stems: what single modules contribute to `out`, before what is inserted on it, its volume, its DC block and its limiter.

A stem is rendered like the whole, with two changes in what the replica binds: only the cables of the chosen modules reach `out` and
what is inserted on it, and their kernels are replaced by ones that only add their inputs. Nothing before them can tell the difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from chronus.dsp.kernel import LANES, Kernel, kernel
from chronus.memory.program import Cable, Feed, Input, Instance, Program
from chronus.modules import bus, out

BUS = bus.SPEC.kind


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


def leading_out(program: Program, inserted: Collection[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(input, cable) of each cable into `out` and into what is `inserted` on it, as rows of the tables; without those between them."""
    for row in program.instances:
        of_out = program.names[row[Instance.NAME]] == "out"
        if not of_out and row[Instance.HANDLE] not in inserted:
            continue
        first_input = row[Instance.FIRST_INPUT] + (0 if of_out else row[Instance.MAIN_INPUT])
        for k in range(first_input, first_input + (row[Instance.INPUTS] if of_out else 1)):
            first = program.inputs[k, Input.FIRST_CABLE]
            for c in range(first, first + program.inputs[k, Input.CABLES]):
                if handle_of(program, program.cables[c]) not in inserted:
                    yield program.inputs[k], program.cables[c]


def _hand_on(row: np.ndarray, bus: int) -> None:
    """Makes a bus of an instance: what comes into its main input goes on, whatever it is and whatever else it listens to."""
    row[Instance.NAME] = bus
    row[Instance.FIRST_INPUT] += row[Instance.MAIN_INPUT]
    row[Instance.FIRST_PARAM] += row[Instance.PARAMS]  # its level and pan stay
    row[[Instance.INPUTS, Instance.OUTPUTS]] = 1
    row[[Instance.PARAMS, Instance.MAIN_INPUT]] = 0
    row[[Instance.GATE_INPUT, Instance.PITCH_PARAM, Instance.BYPASS]] = -1


def handle_of(program: Program, cable: np.ndarray) -> int:
    """The handle of the module that a cable comes from."""
    return int(program.instances[cable[Cable.SOURCE_ROW], Instance.HANDLE])


def only(program: Program, handles: Collection[int], inserted: Collection[int]) -> Program:
    """The same program, but of what leads into `out` only the cables from these; what is `inserted` on `out` hands on what comes in."""
    alone = Program(
        program.number, [*program.names, BUS], program.instances.copy(), program.inputs.copy(), program.params, program.cables.copy(),
        program.buffers, program.used, program.master, program.reads,
    )  # fmt: skip
    for row in alone.instances:
        if row[Instance.HANDLE] in inserted:
            _hand_on(row, len(program.names))
    for port, cable in leading_out(alone, inserted):
        if handle_of(alone, cable) not in handles:
            cable[Cable.SOURCE], cable[Cable.FEEDBACK] = alone.buffers, 0  # the zeros that stand behind the buffers
            if port[Input.SOURCE] == Feed.DIRECT:
                port[Input.SOURCE] = Feed.NOTHING
    return alone
