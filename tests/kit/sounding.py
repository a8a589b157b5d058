"""A house whose first slot sounds: the real catalogue, a real replica, what it rendered; and the same again from its journal."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from chronus import commands as c
from chronus import places
from chronus.catalogue.kinds import Catalogue
from chronus.conductor.conductor import Conductor
from chronus.dsp.discovery import discover
from chronus.graph.block import block_address
from chronus.journal import reading
from chronus.language import parser
from chronus.memory.layout import BLOCK, CHANNELS, PROGRAM, TAPS, Memory
from chronus.memory.program import Program
from chronus.memory.shelf import Shelf
from chronus.render.take import Take, play_journal
from chronus.worker import unpaced
from chronus.worker.binding import Bindings
from tests.kit.house import RATE, Caller, House
from tests.kit.replicas import Replicas

BPM = 400
BAR = 4 * 60 * RATE // BPM
"""The quickest bar, so that a test of bar lines takes little."""


class Sounding(Replicas):
    """The blocks of slot 0 are rendered as they are sealed; slot 1 only says so."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.shelf = Shelf()
        taps = memory.bytes.ctypes.data + TAPS if len(memory.bytes) > TAPS else 0
        self.bindings = Bindings(_kernels(places.modules_folders()), RATE, self.shelf, taps=taps)
        self.bound = 0
        self.blocks: list[np.ndarray] = []

    def begin(self, block: int) -> None:
        super().begin(block)
        if block < len(self.blocks):
            return
        memory, out = self.memory, np.empty((BLOCK, CHANNELS), np.float32)
        for number in range(self.bound + 1, memory.word(PROGRAM) + 1):
            self.bindings.bind(Program.read(memory.program(number)), memory.arena(0).ctypes.data)
            self.bound = number
        table = self.bindings.table
        assert unpaced.render(block_address(), memory.board, memory.log, memory.arena(0), table, 1, out) == 1
        self.blocks.append(out)


@cache
def _kernels(folders):
    return discover(folders)


def sounding(folder: Path, memory: Memory | None = None) -> House:
    """What files are named is read when it is asked for, without a thread. `memory`: a shared one, where taps are looked at."""
    memory = memory or Memory()
    conductor, replicas = Conductor(Catalogue.load(), RATE), Sounding(memory)
    return House(folder, memory, replicas=replicas, conductor=conductor, shelf=replicas.shelf)


def say(house: House, caller: Caller, *lines: str) -> list[c.Reply]:
    """Typed lines, as one submission; the answers to them."""
    send(caller, *lines)
    return house.until(caller, caller.number)[-len(lines) :]


def send(caller: Caller, *lines: str) -> None:
    parsed = [parser.parse(statement) for line in lines for statement in parser.statements(line)]
    caller.say(*(one.command for one in parsed), texts=tuple(one.text for one in parsed))


def playing(folder: Path) -> tuple[House, Caller]:
    """A house in which a kick has played for a bar."""
    house = sounding(folder)
    caller = house.caller()
    begun = say(house, caller, f"bpm {BPM}", "load bass", "load kick", "load sine as pad freq=330", "seq kick: x.x.")
    assert all(reply.ok for reply in begun), begun
    to(house, begun[-1].frame + BAR)
    return house, caller


def to(house: House, frame: int) -> None:
    """Up to the block that holds a frame."""
    house.run(max(0, frame // BLOCK - house.replicas.block()))


def differing(house: House) -> int:
    """The first frame at which the take and a rendering of its journal differ; -1 where they do not. It ends the house."""
    house.run(60)
    house.close()
    live = np.concatenate(house.replicas.blocks)
    take = Take(RATE, 0, None)
    play_journal(take, reading.read_take(house.pen.path), None)
    take.go(len(live))
    again = np.concatenate(take.blocks)[: len(live)]
    assert len(again) == len(live) and np.abs(live).max() > 0.001
    differ = np.flatnonzero((live.view(np.int32) != again.view(np.int32)).any(axis=1))
    return int(differ[0]) if differ.size else -1
