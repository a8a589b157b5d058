"""Tries a program out before any replica gets it, in a throw-away process that may crash, hang or yield any output.

It renders the rack as it would be, a few hundred blocks of it with all gates opened and closed; then every module that did not come
with Chronus at the ends of each of its parameters, and at all the low and all the high ends together. It has no priority, and is judged
by the processor time it takes, so that no module seems slow because the machine is busy.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from queue import Queue

import numpy as np

from chronus import places
from chronus.dsp.kernel import Kernel
from chronus.graph.block import block_address
from chronus.memory import layout
from chronus.memory.layout import A_BLOCK, BLOCK, CULPRIT0, RATE, TAIL, Memory
from chronus.memory.log import GATE, SET, SWAP, Entry, Writer
from chronus.memory.program import Instance, Param, Program
from chronus.memory.sheet import R_BLOCKS, R_HANDLE, R_PERCENT, Finding, Sheet
from chronus.memory.shelf import Shelf
from chronus.worker import unpaced
from chronus.worker.binding import Bindings

BLOCKS = 256
"""Rendered with the parameters as they are."""
CORNER_BLOCKS = 4
"""At each end of a parameter."""
TOGETHER_BLOCKS = 16
"""With all parameters at their low, and at their high ends."""
GATES = ((4, 1.0), (100, 0.0), (130, 1.0))
"""(block, level): when the gates of all modules open and close."""
HANG_SECONDS = 0.15
"""Processor time for one block, by which a kernel is held to have lost its way."""
FAIR_SECONDS = 0.1
"""Processor time that a rack may take before anybody is called slow: the first blocks touch new memory."""
SLOW_PERCENT = 80
"""Share of a block's time, above which the machine could not render the rack in time."""
LOOK_SECONDS = 0.001
LONGEST_SECONDS = 5
"""By the clock on the wall, if all else fails."""


def main(descriptor: int, kernels: Mapping[str, Kernel], shelf: Shelf) -> None:
    """Tries out what lies on the sheet. Ends the process with a Finding, or however the program ends it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
    sheet = Sheet(descriptor)
    program = Program.read(sheet.program)
    memory = Memory()
    rate = int(sheet.board[RATE])
    bindings = Bindings(kernels, rate, shelf)
    bindings.bind(program, memory.arena(0).ctypes.data)
    writer = Writer(memory)
    entries, blocks = plan(program, kernels)
    for k in range(0, len(entries), _BATCH):
        writer.publish(entries[k : k + _BATCH])
    sheet.board[TAIL] = writer.tail
    strangers = [int(row[Instance.HANDLE]) for row in strange_rows(program)]
    os._exit(_watch(sheet, memory, bindings, blocks, BLOCK / rate, strangers))


_BATCH = layout.LOG_ENTRIES // 8


def plan(program: Program, kernels: Mapping[str, Kernel]) -> tuple[list[Entry], int]:
    """Returns what is done to the program, and for how many blocks."""
    entries = [Entry(SWAP, frame=0, a=float(program.number))]
    for block, level in GATES:
        entries += [_entry(GATE, block, row, level) for row in program.instances if row[Instance.VOICES]]
    at = BLOCKS
    for settings in _corners(program, kernels):
        if len(entries) + len(settings) > layout.PENDING - 8:
            break
        entries += [_entry(SET, at, row, value, k) for row, k, value in settings]
        at += CORNER_BLOCKS if len(settings) == 1 else TOGETHER_BLOCKS
    return entries, at


def _entry(kind: int, block: int, row: np.ndarray, value: float, param: int = 0) -> Entry:
    handle, incarnation = int(row[Instance.HANDLE]), int(row[Instance.INCARNATION])
    return Entry(kind, block * BLOCK, index=handle, more=param, incarnation=incarnation, a=value, c=float("nan"))


def strange_rows(program: Program) -> list[np.ndarray]:
    """Returns the instances of kinds that did not come with Chronus."""
    shipped = places.shipped_kinds()
    return [row for row in program.instances if program.names[row[Instance.NAME]] not in shipped]


Setting = tuple[np.ndarray, int, float]


def _corners(program: Program, kernels: Mapping[str, Kernel]) -> Iterator[list[Setting]]:
    """Sets one parameter after another to its ends (an enum: to each of its words) and back; then all together."""
    for row in strange_rows(program):
        first, spec = int(row[Instance.FIRST_PARAM]), kernels[program.names[row[Instance.NAME]]].spec
        table = program.params[first : first + len(spec.params)]
        low, high, initial = (
            np.ascontiguousarray(table[:, column]).view(np.float64) for column in (Param.LOW, Param.HIGH, Param.INITIAL)
        )
        for k, param in enumerate(spec.params):
            ends = range(len(param.words)) if param.words else (low[k], high[k])
            for value in (*ends, initial[k]):
                yield [(row, k, float(value))]
        for values in (low, high, initial):
            yield [(row, k, float(value)) for k, value in enumerate(values)]


def _watch(
    sheet: Sheet, memory: Memory, bindings: Bindings, blocks: int, block_seconds: float, strangers: list[int]
) -> Finding:
    """Renders in a thread without the interpreter, and checks it a thousand times a second.

    `strangers` are the handles of what did not come with Chronus: none of them may yield NaN. (Chronus's own are tested for that one by
    one, and guarded where they feed on each other.)
    """
    arena = memory.arena(0)
    out = np.zeros((blocks * BLOCK, layout.CHANNELS), np.float32)
    address, clocks, took = block_address(), Queue[int](), Queue[float]()

    def render() -> None:
        clocks.put(time.pthread_getcpuclockid(threading.get_ident()))
        unpaced.render(address, sheet.board, memory.log, arena, bindings.table, blocks, out)
        took.put(time.thread_time())

    thread = threading.Thread(target=render, daemon=True)
    thread.start()
    clock = clocks.get()
    seen: Counter[int] = Counter()
    spent, moved, last = 0.0, 0.0, 0
    while thread.is_alive():
        thread.join(LOOK_SECONDS)
        with suppress(OSError):  # it has just ended
            spent = time.clock_gettime(clock) if took.empty() else took.get()
        block, culprit = int(arena[A_BLOCK]), int(sheet.board[CULPRIT0])
        seen[culprit] += 1
        if block != last:
            last, moved = block, spent
            if spent > max(FAIR_SECONDS, block * block_seconds * SLOW_PERCENT / 100):
                break
        elif spent - moved > HANG_SECONDS:
            sheet.result[R_HANDLE], sheet.result[R_BLOCKS] = culprit, block
            return Finding.HANGS
    done = max(1, int(arena[A_BLOCK]))
    sheet.result[R_BLOCKS] = done
    sheet.result[R_PERCENT] = round(100 * spent / done / block_seconds)
    del seen[0]
    if thread.is_alive() or sheet.result[R_PERCENT] > SLOW_PERCENT:
        sheet.result[R_HANDLE] = max(seen, key=lambda handle: seen[handle], default=0)
        return Finding.SLOW
    for handle in strangers:
        if arena[layout.HANDLE_TABLE // 8 + handle * layout.HANDLE_WORDS + layout.H_GUARDED] > 0:
            sheet.result[R_HANDLE] = handle + 1
            return Finding.UNSOUND
    return Finding.SOUND
