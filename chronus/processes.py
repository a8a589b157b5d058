"""Starts the engine's other processes, each with only the imports it needs: `python -m chronus.processes control|forkserver ...`.

Control is given its parser here: it must read the texts of a journal and of lanes, but may not import the language.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from chronus import places
from chronus.engine_line import ForkHost, ForkProof, ForkRecorder, ForkWorker, Given
from chronus.memory.layout import SLOTS, Memory
from chronus.memory.shelf import Shelf
from chronus.system import title
from chronus.system.urgency import REPAIRING, expendable, hurry

_POINTS = 100
"""For the system's choice of whom to end where memory runs out: after the workers, before the supervisor."""

if TYPE_CHECKING:
    from chronus.commands import AnyCommand, OfALine, Sequence
    from chronus.engine import forkserver
    from chronus.pattern.lane import LaneOptions


def _parse(text: str) -> Iterable[AnyCommand]:
    from chronus.language import parser

    return parser.sentences(text)


def _make(command: OfALine, name: str, text: str, options: LaneOptions) -> tuple[Sequence, str]:
    from chronus.language.making import variation

    return variation.made(command, name, text, options)


def _load(descriptor: int) -> tuple[forkserver.Lives, forkserver.Ahead, forkserver.Code]:
    """What a fork of this process can become, what it can do before it knows, and the machine code for it.

    `descriptor` is that of the shelf: all forks inherit the one view of it, in which nobody can write.
    """
    from chronus.audio import host as hosts
    from chronus.catalogue.kinds import kind_and_lanes
    from chronus.dsp import machinecode
    from chronus.dsp.discovery import discover
    from chronus.engine.forkserver import Code
    from chronus.takes import recorder as recorders
    from chronus.worker import hoard, ledger, rehearsal
    from chronus.worker import process as workers
    from chronus.worker import proof as proofs

    kernels = discover(places.modules_folders())
    machinecode.only_load()

    def load_parts(make: bool) -> bool:
        machinecode.only_load(not make)
        try:
            rehearsal.rehearse()
            for lanes in kernels["out"].spec.lanes:  # it is in every rack
                kernels["out"].address(lanes)
        except machinecode.NotCompiled:
            return False
        finally:
            machinecode.only_load()
        hoard.claim(places.kernel_cache())
        return True

    def load(kernel: str) -> bool:
        kind, lanes = kind_and_lanes(kernel)
        try:
            kernels[kind].address(lanes)
        except (machinecode.NotCompiled, KeyError):
            return False
        return True

    shelf = Shelf(descriptor)
    os.close(descriptor)
    made: list[workers.Worker] = []

    def ahead(memory: int) -> None:
        opened = Memory(memory)
        made.extend(workers.Worker(opened, slot, kernels, shelf) for slot in range(SLOTS))

    def worker(asked: ForkWorker, memory: int, wake: int) -> None:
        workers.main(made[asked.slot] if made else workers.Worker(Memory(memory), asked.slot, kernels, shelf), wake)

    def host(asked: ForkHost, memory: int, channel: int, alarm: int) -> None:
        opened = made[0].memory if made else Memory(memory)
        hosts.main(opened, socket.socket(fileno=channel), alarm, asked.device, asked.period, asked.fall_back, asked.log)

    def recorder(asked: ForkRecorder, memory: int, channel: int) -> None:
        opened = made[0].memory if made else Memory(memory)
        recorders.main(opened, socket.socket(fileno=channel), asked)

    def proof(_asked: ForkProof, sheet: int, _own: int) -> None:
        proofs.main(sheet, kernels, shelf)

    code = Code(load_parts, load, ledger.in_order(kernel.spec for kernel in kernels.values()))
    return {ForkWorker: worker, ForkHost: host, ForkRecorder: recorder, ForkProof: proof}, ahead, code


def main() -> int:
    words = argparse.ArgumentParser(prog="chronus.processes")
    words.add_argument("role", choices=("control", "forkserver"))
    words.add_argument("--line", type=int, required=True, help="the read end of the lifeline")
    words.add_argument("--channel", type=int, help="the forkserver's socket")
    words.add_argument("--shelf", type=int, help="for the forkserver, to read from")
    words.add_argument("--given", type=msgspec.json.Decoder(Given).decode, help="what control is given")
    arguments = words.parse_args()
    title.take(arguments.role)
    expendable(_POINTS)
    if arguments.role == "forkserver":
        from chronus.engine import forkserver

        return forkserver.main(arguments.channel, arguments.line, lambda: _load(arguments.shelf))
    hurry(REPAIRING)  # until it serves: what it has scheduled ahead lasts for 2 s
    from chronus.control import process

    return process.main(arguments.given, arguments.line, _parse, _make)


if __name__ == "__main__":
    sys.exit(main())
