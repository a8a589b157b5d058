"""The engine's other processes begin here, each with only what it needs: `python -m chronus.processes control|forkserver ...`.

This is also where control is given a parser: it must read the texts of a journal, and yet know no text.
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
from chronus.engine_line import ForkHost, ForkProof, ForkWorker, Given
from chronus.memory.layout import SLOTS, Memory
from chronus.memory.shelf import Shelf
from chronus.system import title
from chronus.system.urgency import REPAIRING, expendable, hurry

_POINTS = 100
"""For the system's choice of whom to end where memory runs out: after the workers, before the supervisor."""

if TYPE_CHECKING:
    from chronus.commands import AnyCommand
    from chronus.engine import forkserver


def _parse(text: str) -> Iterable[AnyCommand]:
    from chronus.language import parser

    return parser.sentences(text)


def _load(descriptor: int) -> tuple[forkserver.Lives, forkserver.Ahead]:
    """Loads every kernel and every loop; what a fork of this process can then become, and do before it knows.

    `descriptor` is that of the shelf: all forks inherit the one view of it, in which nobody can write.
    """
    from chronus.audio import host as hosts
    from chronus.dsp.discovery import discover
    from chronus.worker import hoard, rehearsal
    from chronus.worker import process as workers
    from chronus.worker import proof as proofs

    kernels = discover(places.modules_folders())
    for kernel in kernels.values():
        for lanes in kernel.spec.lanes:
            kernel.address(lanes)
    rehearsal.rehearse()
    hoard.claim(places.kernel_cache())

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

    def proof(_asked: ForkProof, sheet: int, _own: int) -> None:
        proofs.main(sheet, kernels, shelf)

    return {ForkWorker: worker, ForkHost: host, ForkProof: proof}, ahead


def main() -> int:
    words = argparse.ArgumentParser(prog="chronus.processes")
    words.add_argument("role", choices=("control", "forkserver"))
    words.add_argument("--line", type=int, required=True, help="the read end of the lifeline")
    words.add_argument("--channel", type=int, help="the forkserver's socket")
    words.add_argument("--shelf", type=int, help="for the forkserver, to read from")
    words.add_argument("--given", type=msgspec.json.Decoder(Given).decode, help="what control is given")
    told = words.parse_args()
    title.take(told.role)
    expendable(_POINTS)
    if told.role == "forkserver":
        from chronus.engine import forkserver

        return forkserver.main(told.channel, told.line, lambda: _load(told.shelf))
    hurry(REPAIRING)  # until it serves: what it has scheduled ahead lasts for 2 s
    from chronus.control import process

    return process.main(told.given, told.line, _parse)


if __name__ == "__main__":
    sys.exit(main())
