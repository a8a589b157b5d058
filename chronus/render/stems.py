"""Renders stems: what single modules contribute to `out`, before what is inserted on it, its volume, its DC block and its limiter.

A stem is rendered like the whole, with two changes in what the replica binds: only the cables of the chosen modules reach `out` and
what is inserted on it, and their kernels are replaced by ones that only add their inputs. Nothing before them can tell the difference.

A bus that leads there is looked through: what leads into it has a stem each, with the level and pan of the bus. It may be sent elsewhere
as well, to a reverb say, which has a stem of its own. Only a bus that hears something of itself again, through what leads into it, is one
stem: its parts cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from chronus.dsp.kernel import LANES, Kernel, kernel
from chronus.memory.program import Cable, Feed, Input, Instance, Param, Program
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


class Ways(NamedTuple):
    """How the modules of a program, by their rows, lead to `out`.

    `ends` are the inputs of `out` and of what is inserted on it, and `buses` the buses that are looked through, each with its input. From
    each of these rows all those of `reached` can be reached.
    """

    ends: tuple[int, ...]
    buses: dict[int, int]
    passed: frozenset[int]
    """Rows of the buses and of what is inserted: what comes from them is counted where it came in."""
    reached: dict[int, frozenset[int]]


def ways(program: Program, inserted: Collection[int]) -> Ways:
    rows, names = program.instances, program.names
    on_out = {k for k, row in enumerate(rows) if row[Instance.HANDLE] in inserted}
    ends = [
        k
        for n, row in enumerate(rows)
        for k in (_inputs(row) if names[row[Instance.NAME]] == "out" else _main(row) if n in on_out else ())
    ]
    buses = {
        n: int(_main(row)[0]) for n, row in enumerate(rows) if names[row[Instance.NAME]] == BUS and n not in on_out
    }
    goes_to = _goes_to(program) if buses else {}
    reached = {n: _reached(n, goes_to) for n in buses}
    into = {n: {int(cable[Cable.SOURCE_ROW]) for cable in _cables(program, k)} for n, k in buses.items()}
    looked_through: set[int] = set()
    sources = {int(cable[Cable.SOURCE_ROW]) for k in ends for cable in _cables(program, k)}
    while more := {n for n in (sources & buses.keys()) - looked_through if not (into[n] | {n}) & reached[n]}:
        looked_through |= more
        sources |= {source for n in more for source in into[n]}
    chosen = {n: buses[n] for n in looked_through}
    return Ways(tuple(ends), chosen, frozenset(on_out | looked_through), {n: reached[n] for n in chosen})


def _inputs(row: np.ndarray) -> range:
    return range(row[Instance.FIRST_INPUT], row[Instance.FIRST_INPUT] + row[Instance.INPUTS])


def _main(row: np.ndarray) -> range:
    first = row[Instance.FIRST_INPUT] + max(row[Instance.MAIN_INPUT], 0)
    return range(first, first + 1)


def _cables(program: Program, k: int) -> np.ndarray:
    """Returns the cables into an input, as rows that can be written to."""
    first = program.inputs[k, Input.FIRST_CABLE]
    return program.cables[first : first + program.inputs[k, Input.CABLES]]


def _goes_to(program: Program) -> dict[int, set[int]]:
    """By row, the rows into which it leads a cable of any kind."""
    found: dict[int, set[int]] = {}
    for n, row in enumerate(program.instances):
        params = range(row[Instance.FIRST_PARAM], row[Instance.FIRST_PARAM] + row[Instance.PARAMS] + row[Instance.MIX])
        spans = [(program.inputs[k, Input.FIRST_CABLE], program.inputs[k, Input.CABLES]) for k in _inputs(row)]
        spans += [(program.params[k, Param.FIRST_CABLE], program.params[k, Param.CABLES]) for k in params]
        for first, count in spans:
            for cable in program.cables[first : first + count]:
                found.setdefault(int(cable[Cable.SOURCE_ROW]), set()).add(n)
    return found


def _reached(row: int, goes_to: Mapping[int, set[int]]) -> frozenset[int]:
    """Returns the rows that can be reached from one, which is among them only if a circle leads back."""
    found: set[int] = set()
    ahead = [row]
    while ahead:
        new = goes_to.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return frozenset(found)


def handle_of(program: Program, cable: np.ndarray) -> int:
    """The handle of the module that a cable comes from."""
    return int(program.instances[cable[Cable.SOURCE_ROW], Instance.HANDLE])


def contributors(program: Program, inserted: Collection[int]) -> set[int]:
    """Returns the handles of the modules that have a stem."""
    found = ways(program, inserted)
    return {
        handle_of(program, cable)
        for k in (*found.ends, *found.buses.values())
        for cable in _cables(program, k)
        if int(cable[Cable.SOURCE_ROW]) not in found.passed
    }


def _hand_on(row: np.ndarray, bus: int) -> None:
    """Makes a bus of an instance: what comes into its main input goes on, whatever it is and whatever else it listens to."""
    row[Instance.NAME] = bus
    row[Instance.FIRST_INPUT] += row[Instance.MAIN_INPUT]
    row[Instance.FIRST_PARAM] += row[Instance.PARAMS]  # its level and pan stay
    row[[Instance.INPUTS, Instance.OUTPUTS]] = 1
    row[[Instance.PARAMS, Instance.MAIN_INPUT]] = 0
    row[[Instance.GATE_INPUT, Instance.PITCH_PARAM, Instance.BYPASS]] = -1


def only(program: Program, handles: Collection[int], inserted: Collection[int]) -> Program:
    """The same program, but of what leads into `out` only the cables from these: from one of the contributors, or from all of them.

    What is `inserted` on `out` hands on what comes in.
    """
    alone = Program(
        program.number, [*program.names, BUS], program.instances.copy(), program.inputs.copy(), program.params, program.cables.copy(),
        program.buffers, program.used, program.master, program.reads,
    )  # fmt: skip
    found, everyone = ways(alone, inserted), contributors(alone, inserted)
    rows = {n for n, row in enumerate(alone.instances) if row[Instance.HANDLE] in handles}
    # whoever hears a bus must hear all of it: then the bus leads elsewhere as ever, and not to `out`
    closed = {n for n in found.buses if rows & found.reached[n]}
    for row in alone.instances:
        if row[Instance.HANDLE] in inserted:
            _hand_on(row, len(program.names))
    if everyone <= set(handles):
        return alone
    for k in (*found.ends, *(k for n, k in found.buses.items() if n not in closed)):
        for cable in _cables(alone, k):
            source = int(cable[Cable.SOURCE_ROW])
            if source in closed or (source not in rows and source not in found.passed):
                cable[Cable.SOURCE], cable[Cable.FEEDBACK] = alone.buffers, 0  # the zeros that stand behind the buffers
                if alone.inputs[k, Input.SOURCE] == Feed.DIRECT:
                    alone.inputs[k, Input.SOURCE] = Feed.NOTHING
    return alone
