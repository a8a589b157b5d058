"""A simulated engine: its processes as steps of one thread, on one clock that nobody waits for.

Real: the supervisor (`Engine`, given children that are no processes), control (Conductor, Performer, Publisher, recovery, a journal on
disk), the log, the seals, the rings, the workers' turns, their joining, the callback. Simulated: when each of them gets its turn, how
long a process takes to start, who dies where. The music is a running hash (see `stretch.render`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from chronus.catalogue.kinds import Catalogue
from chronus.commands import AnyCommand, Submission
from chronus.conductor.conductor import BATCH
from chronus.control.jobs import recovery
from chronus.control.jobs.job import Applied, End, Failed, Job
from chronus.control.jobs.performer import Performer
from chronus.control.jobs.publisher import Publisher
from chronus.engine.roll import Roll
from chronus.engine_line import Notice, Opened, ToControl
from chronus.journal import records, writing
from chronus.language.parser import sentences
from chronus.memory import layout
from chronus.memory.layout import (
    A_BLOCK,
    ARENA_BYTES,
    BLOCK,
    BLOCK0,
    HEARD,
    INSTANCES,
    LINE,
    PENDING_TABLE,
    PLAYING,
    PREPARED0,
    PROGRAM,
    STATE0,
    TAIL,
    Memory,
)  # fmt: skip
from chronus.memory.log import Rows, Writer
from chronus.worker.joining import Joining
from tests.kit.house import SPECS
from tests.simulator import stretch as machine
from tests.simulator.stretch import (
    AT_CHECKPOINT,
    AT_LEND,
    AT_SEAL,
    AT_WRITE,
    BEGIN,
    CREDIT,
    GIVEN,
    HEALTHY,
    OWN_WORDS,
    PHASE,
    SERVING,
    SIZE,
    SPEED,
    UNBOUND,
)  # fmt: skip

if TYPE_CHECKING:
    from tests.simulator.world import World

CATALOGUE = Catalogue(SPECS)
OCCASIONS = {"seal": AT_SEAL, "write": AT_WRITE, "lend": AT_LEND, "checkpoint": AT_CHECKPOINT}
PATIENCE = 0.3
"""How long a fault waits for its occasion; then it strikes wherever the worker is."""
BACK_AGAIN = 2.0
"""Seconds after the last fault by which both slots are in lockstep, but for a pause that the restart budget asks for."""
MOST_WAITING = 100
"""Submissions and batches on their way at once; a few are said, and lanes come in batches of seconds."""
USED = INSTANCES // 8 + OWN_WORDS


class Fault(Struct, frozen=True, omit_defaults=True):
    """What is broken, `at` seconds after the engine got ready. `moment`: how many accesses to shared words into its occasion."""

    at: float
    what: str
    slot: int = 0
    occasion: str = ""
    moment: int = 0
    seconds: float = 0.0
    share: float = 0.0

    def __str__(self) -> str:
        said = {
            "slot": self.slot,
            "occasion": self.occasion,
            "moment": self.moment,
            "seconds": self.seconds,
            "share": self.share,
        }
        return ", ".join([f"{self.what} at {self.at:g}", *(f"{name} {value}" for name, value in said.items() if value)])


class Schedule(Struct, frozen=True):
    """All that a simulation depends on."""

    seed: int
    rate: int = 8000
    period: int = 128
    varies: bool = False
    lane: bool = False
    commands: tuple[float, ...] = ()
    faults: tuple[Fault, ...] = ()


class Failure(Exception):
    """An invariant does not hold."""


class Died(Exception):
    """Whoever ran this code was killed in it."""


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[AnyCommand, ...]:
    return tuple(sentences(text))


# ---------------------------------------------------------------- what all simulations of a process use, one after the other


class Ground:
    """Memory for one simulation at a time; zeroing what one used is cheaper than a new one."""

    FRAMES = 1 << 21

    def __init__(self) -> None:
        self.memory = Memory()
        m = self.memory
        self.arenas = m.region(layout.ARENAS, 2 * ARENA_BYTES).reshape(2, ARENA_BYTES // 8)
        self.checkpoints = m.checkpoints()
        self.rings = m.region(layout.RINGS, 2 * layout.RING_BYTES).reshape(2, layout.RING_BYTES // 8)
        self.ideal = np.zeros(ARENA_BYTES // 8, np.int64)
        self.reference = np.zeros((1 << 14, BLOCK, 2), np.float32)
        self.taken = np.zeros((1 << 13, 8), np.int64)
        self.capture = np.zeros(2 * self.FRAMES, np.float32)
        self.records = np.zeros((1 << 16, 6), np.int64)
        self.outs = np.zeros((2, BLOCK, 2), np.float32)

    def clear(self) -> None:
        memory, tail = self.memory, self.memory.word(TAIL)
        memory.log[: tail + BATCH] = 0  # also what was laid and never published
        for number in range(1, memory.word(PROGRAM) + 1):
            memory.program(number)[: 1 << 10] = 0
        memory.board[:] = 0
        memory.seals[:] = 0
        self.rings[:] = 0
        for arena in (*self.arenas, *self.checkpoints, self.ideal):
            arena[: PENDING_TABLE // 8 + 4096 * 8] = 0
            arena[INSTANCES // 8 : USED] = 0


# ---------------------------------------------------------------- processes


class Worker:
    """One life in a slot: it joins, and from then on its row says how far it is and how fast."""

    def __init__(self, world: World, slot: int, pid: int) -> None:
        self.world, self.slot, self.pid = world, slot, pid
        self.alive = True
        self.stopped = self.hung = self.busy = False
        self.on_since = -1.0
        self.slow_until = -1.0
        self.share = 1.0
        self.joining: Joining | None = None
        self.row = world.slots[slot]
        self.row[:] = 0
        self.join()

    def join(self) -> None:
        self.row[SERVING] = 0
        self.joining = Joining(self.world.memory, self.slot, self.bind)

    def look(self) -> None:
        """One look of a worker that waits for its arena."""
        if not self.alive or self.joining is None:
            return
        if self.stopped or not self.joining.look(self.world.clock()):
            self.world.at(0.001, self.look)
            return
        self.joining = None
        self.bind()
        self.world.memory.board[BLOCK0 + self.slot * LINE] = self.world.ground.arenas[self.slot][A_BLOCK]
        self.row[PHASE], self.row[CREDIT], self.row[UNBOUND] = BEGIN, 0, 0
        self.set_pace()

    def bind(self) -> None:
        if self.alive and not self.stopped:
            board = self.world.memory.board
            board[PREPARED0 + self.slot * LINE] = board[PROGRAM]

    def set_pace(self) -> None:
        if not self.alive:
            return  # the row is another one's
        able = self.joining is None and not (self.stopped or self.hung or self.busy)
        self.row[SERVING] = int(able)
        frames = 3 * machine.PRICE // BLOCK
        self.row[SPEED] = HEALTHY if self.share == 1.0 else int(frames * self.share)

    def lacks(self) -> int:
        """Blocks of the device's next period that are still to be rendered."""
        board, size = self.world.memory.board, int(self.world.device[SIZE])
        return -(-(int(board[HEARD]) + size) // BLOCK) - int(board[BLOCK0 + self.slot * LINE])

    @property
    def well(self) -> bool:
        """Whether nothing keeps it from having all blocks that the device's next period asks for."""
        board, base, device = self.world.memory.board, self.slot * LINE, self.world.device
        if not (self.row[SERVING] and self.share == 1.0 and board[STATE0 + base] == PLAYING):
            return False
        if board[PREPARED0 + base] != board[PROGRAM]:
            return False
        lacks = self.lacks()
        can = int(self.row[CREDIT]) + (0 if device[GIVEN] else int(self.row[SPEED] * device[SIZE]))
        return lacks <= 0 or (3 * lacks + 1) * machine.PRICE <= can


class Laying(Writer):
    """Control's hand on the log, that can die while it lays a batch or right after."""

    def __init__(self, world: World) -> None:
        super().__init__(world.memory)
        self.world = world

    def _lay(self, rows: Rows) -> None:
        for k in range(len(rows)):
            self.world.control_moment("lay")
            super()._lay(rows[k : k + 1])

    def publish(self, entries: Any) -> int:
        tail = super().publish(entries)
        self.world.control_moment("publish")
        return tail


class MortalPen:
    """A journal whose writer can die before a record, in it and after it."""

    def __init__(self, pen: writing.Pen, world: World) -> None:
        self.pen, self.world = pen, world

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pen, name)

    def write(self, *records: records.Record) -> bool:
        return self._mortally(self.pen.write, records)

    def owe(self, *records: records.Record) -> None:
        self._mortally(self.pen.owe, records)

    def _mortally(self, write: Callable[..., Any], records: Sequence[records.Record]) -> Any:
        self.world.control_moment("before the record")
        size = self.pen.path.stat().st_size
        kept = write(*records)
        try:
            self.world.control_moment("in the record")
        except Died:
            torn = self.pen.path.stat().st_size - 1
            os.truncate(self.pen.path, self.world.chance.randint(size, torn))
            raise
        self.world.kept.append((self.world.time, self.pen.path.stat().st_size))
        self.world.control_moment("after the record")
        return kept


class Host:
    """What plays from when it is told to, while it lives and is not stopped. It is its own channel to the supervisor."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stopped, self.on_since = False, -1.0
        self.told = self.entered = False

    @property
    def opened(self) -> Opened:
        return Opened("null", self.world.schedule.rate, self.world.settings.period)


@contextmanager
def one_thread() -> Iterator[None]:
    """The thread that calls fsync stays away: what it saves from a power cut is not asked here, and a simulation has one thread."""
    kept, writing.threading = writing.threading, _Unthreaded  # type: ignore[assignment]
    try:
        yield
    finally:
        writing.threading = kept


class _Unthreaded:
    class Event:
        def __init__(self) -> None:
            self.is_set = lambda: False
            self.set = self.wait = lambda *_: True

    class Thread:
        def __init__(self, **_: Any) -> None:
            self.start = self.join = lambda *_: None


class Control:
    """A life of control, from `recovery.begin` on."""

    def __init__(self, world: World) -> None:
        self.world, self.stopped = world, False
        header = {"rate": world.schedule.rate, "seed": 0, "pid": 1, "started": 2.0}
        start = recovery.begin(world.memory, CATALOGUE, world.name, header, parse, False)
        world.trace(f"control begins{' again' if start.resumed else ''} {start.notes or ''}")
        if start.notes:
            raise Failure(f"control could not go on where its forerunner was: {start.notes}")
        self.pen = start.pen
        publisher = Publisher(world.memory, world.wake)
        publisher.writer = Laying(world)
        pen = MortalPen(start.pen, world)
        self.performer = Performer(
            start.conductor, publisher, pen, lambda kind, text: None, start.number, clock=world.clock
        )
        if start.resumed is not None:
            try:
                recovery.take_over(self.performer, start.resumed)
            except Died:
                self.pen.give_up()
                raise
        self.tick_due = self.next_turn = 0.0

    def step(self) -> None:
        """One turn of its loop."""
        now = self.world.clock()
        if now >= self.tick_due:
            self.tick_due = now + 0.05
            self.performer.notes.schedule()
        self.performer.step(self._take)
        performer = self.performer
        waiting = len(performer.on_its_way) + len(performer.notes.unsealed) + len(performer.publisher.unsealed)
        if waiting > MOST_WAITING:
            raise Failure(f"{waiting} submissions and batches wait at once")

    def _take(self) -> Job | None:
        if not self.world.inbox:
            return None
        text = self.world.inbox.popleft()
        return Job(Submission((1,), (text,), parse(text)), "anna", ended=self._ended)

    def _ended(self, end: End) -> None:
        text = end.submission.texts[0]
        refused = [end.why] if isinstance(end, Failed) else [str(one.error) for one in end.outcomes if one.error]
        if refused:
            raise Failure(f"{text} was refused: {refused[0]}")
        self.world.control_moment("answer")
        self.world.answered(text, end.frame if isinstance(end, Applied) else None)


class Children(Roll):
    """What the supervisor does to processes, done to the simulated ones. Who is forked is the world's to say, as is when."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def start_forkserver(self) -> None:
        self.world.start_forkserver()

    def start_control(self, door: int) -> None:
        self.world.start_control()

    def fork_worker(self, slot: int) -> None:
        self._fork(f"worker {slot}", slot)

    def fork_host(self, role: str, device: str | None, fall_back: bool = False) -> None:
        self.hosts[role] = Host(self.world)
        self._fork(role, self.hosts[role])

    def _fork(self, role: str, being: int | Host) -> None:
        self.cut(role)
        self.world.ask_forkserver(self.ask(role), role, being)

    def tell_control(self, message: ToControl) -> None:
        if isinstance(message, Notice):
            self.world.trace(f"! {message.kind}: {message.text}")
            if message.kind == "safe mode":
                self.world.give_up_the_rack()

    def play(self) -> None:
        self.world.tell_host(self.hosts["host"])

    def kill(self, role: str) -> None:
        if role in self.pids:
            self.world.kill(self.pids[role], "the supervisor")

    def cut(self, role: str) -> None:
        self.world.cut(role)
