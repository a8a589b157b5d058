"""A simulated engine: one thread, one clock that nobody waits for, and what must hold at every turn of it."""

from __future__ import annotations

import heapq
import os
import random
import shutil
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace

import numpy as np

from chronus.audio.callback import enter, make_desk
from chronus.engine.device import FIRST_SECONDS
from chronus.engine.supervisor import Engine
from chronus.engine.watch import STARTING_SECONDS
from chronus.engine_line import CanFork, Forked, FromForkserver, Serving
from chronus.journal import reading, records, writing
from chronus.journal.replay import rebuild
from chronus.memory import layout
from chronus.memory.layout import (
    A_BLOCK,
    A_DROPPED,
    A_PENDING,
    ACTIVE,
    BLOCK,
    BLOCK0,
    CULPRIT0,
    HEARD,
    INSTANCES,
    LINE,
    MISSING,
    PENDING_TABLE,
    PLAYING,
    SEALS,
    STATE0,
)  # fmt: skip
from chronus.memory.log import FRAME, NOTE_ON, SET, WHAT, A, C
from chronus.score.score import events
from chronus.settings import Settings
from tests.simulator import mortal
from tests.simulator import stretch as machine
from tests.simulator.lives import (
    BACK_AGAIN,
    CATALOGUE,
    OCCASIONS,
    PATIENCE,
    USED,
    Children,
    Control,
    Died,
    Failure,
    Fault,
    Ground,
    Host,
    Schedule,
    Worker,
    one_thread,
    parse,
)  # fmt: skip
from tests.simulator.stretch import (
    CLOCK,
    NEVER,
    OCCASION,
    OCCURRED,
    PERIOD,
    PLAYS,
    RANDOM,
    RECORDS,
    SIZE,
    STALE,
    VARIES,
)

FIRST_LINES = ("load bass",)
LANE = "seq bass: x.x.x.x. now"
BUDGET, IN_SECONDS, FIRST_PAUSE = 5, 10.0, 0.1
"""As faults.md says them, not as the code does."""
JUST_NOW = 0.06
"""Seconds between two looks of the supervisor, and a little more."""
SLOW_LATELY = 1.0
"""So long after it was slow may a worker be replaced for it."""


class World:
    """`play` runs a schedule to its end, or raises a Failure. `trace` is told everything worth reading."""

    def __init__(
        self, schedule: Schedule, ground: Ground, name: str, trace: Callable[[str], None] | None = None
    ) -> None:
        self.schedule, self.ground, self.name, self._trace = schedule, ground, name, trace
        ground.clear()
        self.memory = memory = ground.memory
        self.chance = random.Random(schedule.seed)
        self.time = self.offset = 0.0
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._pids = count(), count(1 << 23)
        period = schedule.period * (2 if schedule.varies else 1)
        self.settings = Settings(device="null", rate=schedule.rate, period=period)
        self.slots = np.zeros((2, 8), np.int64)
        self.device = np.zeros(16, np.int64)
        self.device[[PERIOD, SIZE, VARIES, RANDOM]] = (
            schedule.period,
            schedule.period,
            schedule.varies,
            schedule.seed + 1,
        )
        self.desk = np.zeros(16, np.int64)
        self.workers: list[Worker | None] = [None, None]
        self.people: dict[int, str | Worker | Control | Host] = {}
        self.armed: dict[int, Fault] = {}
        self.control: Control | None = None
        self.control_armed: Fault | None = None
        self.forkserver = 0
        self.mail: deque[Callable[[], None]] = deque()
        self.inbox: deque[str] = deque()
        self.said: list[str] = []
        self.acked: dict[str, int | None] = {}
        self.answered_at: dict[str, float] = {}
        self.kept: list[tuple[float, int]] = []
        self.deaths: dict[str, list[float]] = {}
        self.flipped = self.ended = False
        self.longest_stop = 0.0
        self.trouble_until = 0.0
        self.children = Children(self)
        self.supervisor = Engine(self.settings, lambda message: None, self.clock)
        self.supervisor.door = SimpleNamespace(fileno=lambda: -1)  # nobody comes through it
        self.supervisor.begin(memory, self.children)
        self.supervisor_stopped = False

    def trace(self, text: str) -> None:
        if self._trace is not None:
            board = self.memory.board
            self._trace(f"{self.time:9.4f} s  block {int(board[HEARD]) // BLOCK:5d}  {text}")

    # ------------------------------------------------------------ time

    def clock(self) -> float:
        """CLOCK_MONOTONIC, as everybody reads it."""
        return self.time + self.offset

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """In so many seconds."""
        heapq.heappush(self.events, (self.time + seconds, next(self._order), act))

    def run_until(self, time: float) -> None:
        while self.events and self.events[0][0] <= time and not self.ended:
            if self.events[0][0] > self.time:
                self.go(self.events[0][0])  # in which much may happen, this event too
            else:
                heapq.heappop(self.events)[2]()
        self.go(time)

    def go(self, to: float) -> None:
        """Workers and device, up to a time; whoever is at an occasion is looked at."""
        ground, memory = self.ground, self.memory
        until = int(to * self.schedule.rate)
        while not self.ended:
            well = [worker is not None and worker.well for worker in self.workers]
            missing = memory.word(MISSING)
            what = machine.stretch(
                self.slots, self.device, until, memory.board, memory.log, memory.seals, ground.rings, ground.arenas,
                ground.checkpoints, ground.outs, self.desk, ground.capture, ground.records,
            )  # fmt: skip
            if any(well) and memory.word(MISSING) != missing:
                raise Failure(f"a block is missing, though slot {well.index(True)} had all it needed")
            if what == machine.DONE:
                break
            self.time = max(self.time, int(self.device[CLOCK]) / self.schedule.rate)
            if what >= OCCURRED:
                self._occur(what - OCCURRED)
            else:
                self._stale(what - STALE)
        self.time = max(self.time, to)
        if memory.word(HEARD) // BLOCK - int(ground.ideal[A_BLOCK]) > SEALS // 4:
            self._follow()

    def _follow(self) -> None:
        """The replica without a fault comes along, before the seals it needs are gone."""
        ground, memory = self.ground, self.memory
        if not machine.follow(ground.ideal, memory.board, memory.log, memory.seals, ground.reference, ground.taken):
            raise Failure("the log cannot be followed: an entry has another number than its place")

    # ------------------------------------------------------------ the supervisor

    def post(self, act: Callable[[], None], after: float = 0.0005) -> None:
        """Something the supervisor hears, as soon as it can."""
        self.at(after, lambda: self._deliver(act))

    def _deliver(self, act: Callable[[], None]) -> None:
        if self.supervisor_stopped:
            self.mail.append(act)
            return
        act()
        self.supervisor.look(self.clock())

    def _tick(self) -> None:
        if self.supervisor_stopped:
            return
        self.supervisor.look(self.clock())
        self.at(self.supervisor.pause(), self._tick)

    def _wake_supervisor(self) -> None:
        self.supervisor_stopped = False
        while self.mail:
            self.mail.popleft()()
        self._tick()

    def kill(self, pid: int, by: str, status: int = -9) -> None:
        """SIGKILL, or a death of its own. The supervisor hears of it later."""
        being = self.people.pop(pid, None)
        if being is None:
            return
        self.trace(f"{self._who(being)} (pid {pid}) dies by {by}")
        if by == "the supervisor" and not isinstance(being, str) and not self._may_be_killed(being):
            raise Failure(f"the supervisor killed {self._who(being)}, which was well")
        if isinstance(being, Worker):
            being.alive = False
            if self.workers[being.slot] is being:
                self.workers[being.slot] = None
                self.slots[being.slot] = 0
                self.armed.pop(being.slot, None)
        elif isinstance(being, Host):
            self.device[PLAYS] = 0
        elif isinstance(being, Control):
            being.pen.give_up()
            self.control = self.control_armed = None
        elif being == "forkserver":
            self.forkserver = 0
        role = self._who(being)
        self.deaths.setdefault(role, []).append(self.clock())
        forked = isinstance(being, Worker | Host)  # the forkserver tells of it, after it has told of its birth
        self.post(lambda: self.supervisor.hear(self.children.died(pid, status)), 0.0015 if forked else 0.0005)

    def cut(self, role: str) -> None:
        """A lifeline is let go of."""
        for pid in [pid for pid, being in self.people.items() if self._who(being) == role]:
            self.kill(pid, "its lifeline")

    def _may_be_killed(self, being: Worker | Control | Host) -> bool:
        """Who does nothing, or has done nothing until just now; and a standby that was made to differ."""
        if isinstance(being, Control):
            return False
        if isinstance(being, Worker) and self.flipped and being.slot != self.memory.word(ACTIVE):
            return True
        retiring = self.supervisor.both.retiring
        if isinstance(being, Worker) and retiring is not None and being.slot == retiring.slot:
            return self._may_be_retired(being)
        idle = being.stopped or (isinstance(being, Worker) and (being.hung or being.busy))
        return idle or self.time - being.on_since < JUST_NOW

    def _may_be_retired(self, worker: Worker) -> bool:
        """Who was slow, while another one plays, as far as the board tells, and has the block that is due."""
        memory, other = self.memory, 1 - worker.slot
        if memory.word(STATE0, other) != PLAYING or memory.word(BLOCK0, other) * BLOCK <= memory.word(HEARD):
            return False
        return self.time - max(worker.slow_until, worker.on_since) < SLOW_LATELY

    def _who(self, being: str | Worker | Control | Host) -> str:
        if isinstance(being, Worker):
            return f"worker {being.slot}"
        return being if isinstance(being, str) else type(being).__name__.lower()

    def _within_budget(self, role: str) -> None:
        now = self.clock()
        deaths = [when for when in self.deaths.get(role, ()) if now - when < IN_SECONDS]
        if len(deaths) > BUDGET and now - deaths[-1] < FIRST_PAUSE:
            raise Failure(f"{role} is started at once after {len(deaths)} deaths in {IN_SECONDS:g} s")

    # ------------------------------------------------------------ births

    def start_forkserver(self) -> None:
        self._within_budget("forkserver")
        pid = self.forkserver = next(self._pids)
        self.people[pid] = "forkserver"
        self.children.pids["forkserver"] = pid
        self.at(0.3 if self.supervisor.told_ready else 0.005, lambda: self._forkserver_says(pid, CanFork()))

    def _forkserver_says(self, pid: int, message: FromForkserver) -> None:
        if self.forkserver == pid:
            self.post(lambda: self.supervisor.hear(self.children.forkserver_said(message)))

    def ask_forkserver(self, asked: int, role: str, being: int | Host) -> None:
        self._within_budget(role)
        forkserver = self.forkserver
        self.at(self.chance.uniform(0.0005, 0.003), lambda: self._fork(forkserver, asked, role, being))

    def _fork(self, forkserver: int, asked: int, role: str, being: int | Host) -> None:
        if not forkserver or self.forkserver != forkserver:
            return  # it died over it
        pid = next(self._pids)
        self.at(0.0002, lambda: self._forkserver_says(forkserver, Forked(asked, pid)))
        self.trace(f"{role} is forked (pid {pid})")
        if isinstance(being, Host):
            self.people[pid] = being
            self.at(0.01, lambda: self._open(being))
            return
        slot = int(role[-1])
        if self.workers[slot] is not None:
            raise Failure(f"slot {slot} is given to a second worker while the first one lives")
        worker = self.workers[slot] = self.people[pid] = Worker(self, slot, pid)
        worker.look()

    def _open(self, host: Host) -> None:
        if host.stopped:
            self.at(0.01, lambda: self._open(host))
        elif host in self.people.values():
            self.post(lambda: self.supervisor.hear(self.children.host_said(host, host.opened)))

    def tell_host(self, host: Host) -> None:
        """It is told to play what it has open."""
        host.told = True
        if host in self.people.values() and not host.stopped:
            self._enter(host)

    def _enter(self, host: Host) -> None:
        host.entered = True
        rings = (self.memory.ring(0), self.memory.ring(1))
        self.desk = make_desk(self.memory.board, rings)
        enter(self.desk, self.memory.board)
        self.device[PLAYS] = 1

    def start_control(self) -> None:
        self._within_budget("control")
        pid = next(self._pids)
        self.people[pid] = "control"
        self.children.pids["control"] = pid
        again = self.supervisor.told_ready
        self.at(self.chance.uniform(0.05, 0.3) if again else 0.01, lambda: self._begin_control(pid))

    def _begin_control(self, pid: int) -> None:
        if self.people.get(pid) != "control":
            return
        try:
            self.control = self.people[pid] = Control(self)
        except Died:
            self.control_armed = None
            self.kill(pid, "a fault while it takes over")
            return
        self.post(lambda: self.supervisor.hear([Serving()]))
        self._step_control(self.control)

    def _step_control(self, control: Control) -> None:
        """One turn of control's loop, and when the next one comes."""
        if self.control is not control or control.stopped:
            return
        try:
            control.step()
        except Died:
            self.kill(self._pid(control), "a fault")
            return
        if self.time >= control.next_turn:
            control.next_turn = self.time + (0.004 if control.performer.busy or self.inbox else 0.05)
            self.at(control.next_turn - self.time, lambda: self._step_control(control))

    def _pid(self, being: Control | Host | Worker) -> int:
        return next(pid for pid, found in self.people.items() if found is being)

    def control_moment(self, name: str) -> None:
        """A place where control can die, if that was arranged."""
        fault = self.control_armed
        if fault is not None and fault.occasion == name:
            self.trace(f"control dies: {name}")
            self.control_armed = None
            raise Died

    def wake(self, slot: int) -> None:
        """Control has laid down a program; its worker binds it a little later."""
        worker = self.workers[slot]
        if worker is not None:
            self.at(self.chance.uniform(0.0005, 0.01), worker.bind)

    # ------------------------------------------------------------ commands

    def say(self, text: str) -> None:
        self.said.append(text)
        self.inbox.append(text)
        if self.control is not None:
            control = self.control
            self.at(0.0, lambda: self._step_control(control))

    def answered(self, text: str, frame: int | None) -> None:
        if text in self.acked:
            raise Failure(f"{text!r} was answered twice")
        self.acked[text], self.answered_at[text] = frame, self.time

    # ------------------------------------------------------------ faults

    def strike(self, fault: Fault) -> None:
        """Lets a fault happen, or waits for its occasion."""
        self.trace(f"fault: {fault}")
        getattr(self, f"_{fault.what}")(fault)

    def _arm(self, fault: Fault) -> bool:
        """True if the fault waits for an occasion of its worker."""
        worker = self.workers[fault.slot]
        if not fault.occasion or worker is None:
            return False
        self.armed[fault.slot] = fault
        self.slots[fault.slot, OCCASION] = OCCASIONS[fault.occasion]
        self.at(PATIENCE, lambda: self._too_late(fault))
        return True

    def _too_late(self, fault: Fault) -> None:
        if self.armed.get(fault.slot) is fault:
            del self.armed[fault.slot]
            self.slots[fault.slot, OCCASION] = NEVER
            self._hit(fault)

    def _kill(self, fault: Fault) -> None:
        if not self._arm(fault):
            self._hit(fault)

    _stop = _crash = _kill

    def _hit(self, fault: Fault) -> None:
        """Here and now, between two phases of a block."""
        worker = self.workers[fault.slot]
        if worker is None:
            return
        if fault.what == "kill":
            self.kill(worker.pid, "SIGKILL")
        elif fault.what == "crash":
            handle = np.nonzero(self.ground.arenas[fault.slot][layout.HANDLE_TABLE // 8 :][: 8 * layout.HANDLES])[0]
            self.memory.board[CULPRIT0 + fault.slot * LINE] = 1 + (int(handle[0]) // 8 if len(handle) else 0)
            self.kill(worker.pid, "SIGSEGV", -11)
        else:
            self._halt(worker, fault.seconds)

    def _halt(self, worker: Worker, seconds: float) -> None:
        worker.stopped = True
        worker.set_pace()
        self._trouble(seconds)
        self.longest_stop = max(self.longest_stop, seconds)
        self.at(seconds, lambda: self._continue(worker))

    def _continue(self, worker: Worker) -> None:
        if worker.alive:
            self.trace(f"worker {worker.slot} goes on")
            worker.stopped, worker.on_since = False, self.time
            worker.set_pace()
            worker.bind()

    def _occur(self, slot: int) -> None:
        """A slot's turn, an access at a time, with its fault somewhere in it."""
        fault, worker = self.armed.pop(slot), self.workers[slot]
        assert worker is not None
        self.slots[slot, OCCASION] = NEVER
        passed = 0

        def moment() -> None:
            nonlocal passed
            passed += 1
            if passed == fault.moment:
                self.trace(f"{fault.what} of worker {slot}, {passed} accesses into its {fault.occasion}")
                self._hit(fault)
                if fault.what == "stop":
                    self.run_until(self.time + fault.seconds)
            if not worker.alive:
                raise Died

        memory, ground = self.memory, self.ground
        worker.busy = True
        worker.set_pace()
        board, seals, checkpoints = (
            mortal.Watched(words, moment) for words in (memory.board, memory.seals, ground.checkpoints)
        )
        ring, other = mortal.Watched(ground.rings[slot], moment), mortal.Watched(ground.arenas[1 - slot], moment)
        nothing = ground.records[:0, :]
        try:
            with np.errstate(over="ignore"):
                fresh = mortal.turn(
                    self.slots[slot], board, memory.log, seals, ring, ground.arenas[slot], other, checkpoints, slot,
                    ground.outs[slot], nothing,
                )  # fmt: skip
        except Died:
            return
        worker.busy = False
        worker.set_pace()
        if passed < fault.moment:
            self._hit(fault)
        if not fresh and worker.alive:
            self._stale(slot)

    def _stale(self, slot: int) -> None:
        if self.longest_stop * self.schedule.rate / BLOCK < SEALS // 2:
            raise Failure(f"slot {slot} finds itself stale, and nobody overtook it")
        self.trace(f"slot {slot} is stale and joins again")
        worker = self.workers[slot]
        assert worker is not None
        worker.join()
        worker.look()

    def _both(self, fault: Fault) -> None:
        for slot in range(2):
            worker = self.workers[slot]
            if worker is not None:
                self.kill(worker.pid, "SIGKILL")

    def _hang(self, fault: Fault) -> None:
        worker = self.workers[fault.slot]
        if worker is not None:
            worker.hung = True
            worker.set_pace()
            if self.memory.word(STATE0, worker.slot) != PLAYING:
                self._trouble(STARTING_SECONDS + JUST_NOW)

    def _slow(self, fault: Fault) -> None:
        for slot in range(2) if fault.slot == 2 else (fault.slot,):
            worker = self.workers[slot]
            if worker is not None:
                worker.share, worker.slow_until = fault.share, self.time + fault.seconds
                worker.set_pace()
                self.at(fault.seconds, lambda worker=worker: self._quicken(worker))
        self._trouble(fault.seconds)

    def _quicken(self, worker: Worker) -> None:
        worker.share = 1.0
        worker.slow_until = self.time
        if worker.alive:
            worker.set_pace()

    def _flip(self, fault: Fault) -> None:
        """A bit of the standby's arena: of its tables, or of what the next samples come from."""
        slot = 1 - self.memory.word(ACTIVE)
        if all(worker is not None and worker.well for worker in self.workers):
            table = PENDING_TABLE // 8 - layout.HANDLE_TABLE // 8
            word = layout.HANDLE_TABLE // 8 + fault.moment if fault.moment < table else INSTANCES // 8
            self.flipped = True
            self._trouble(
                64 * BLOCK / self.schedule.rate + 0.06
            )  # as long as a checksum walks through an arena, and a look
            self.ground.arenas[slot][word] ^= 1 << (fault.moment % 60)

    def _host_kill(self, fault: Fault) -> None:
        for pid in [pid for pid, being in self.people.items() if isinstance(being, Host)]:
            self.kill(pid, "SIGKILL")

    def _host_stop(self, fault: Fault) -> None:
        """The host is stopped for a while, or for ever: then somebody must kill it."""
        for host in [being for being in self.people.values() if isinstance(being, Host)]:
            host.stopped = True
            self.device[PLAYS] = 0
            if not host.entered:
                self._trouble(FIRST_SECONDS + JUST_NOW)  # who opens a device has more time
            if fault.seconds:
                self._trouble(fault.seconds)
                self.at(fault.seconds, lambda host=host: self._play_on(host))

    def _play_on(self, host: Host) -> None:
        if host in self.people.values():
            host.stopped, host.on_since = False, self.time
            if not host.entered:
                if host.told:
                    self._enter(host)
                return
            self.device[PLAYS] = 1
            # what it makes up for comes at once: nobody gets a turn before it
            ahead = any(worker is not None and worker.well and worker.lacks() <= 0 for worker in self.workers)
            missing, ground = self.memory.word(MISSING), self.ground
            machine.play_period(self.device, self.memory.board, self.desk, ground.capture, ground.records)
            if ahead and self.memory.word(MISSING) != missing:
                raise Failure("a host that goes on finds no block, though a slot is ahead")

    def _control_kill(self, fault: Fault) -> None:
        if self.control is None:
            return
        if fault.occasion:
            self.control_armed = fault
            self.at(PATIENCE, lambda: self._control_too_late(fault))
        else:
            self.kill(self._pid(self.control), "SIGKILL")

    def _control_too_late(self, fault: Fault) -> None:
        if self.control_armed is fault:
            self.control_armed = None
            if self.control is not None:
                self.kill(self._pid(self.control), "SIGKILL")

    def _control_stop(self, fault: Fault) -> None:
        control = self.control
        if control is not None and not control.stopped:
            control.stopped = True
            self._trouble(fault.seconds)
            self.at(fault.seconds, lambda: self._control_on(control))

    def _control_on(self, control: Control) -> None:
        control.stopped, control.next_turn = False, 0.0
        self._step_control(control)

    def _supervisor_stop(self, fault: Fault) -> None:
        if not self.supervisor_stopped:
            self.supervisor_stopped = True
            self._trouble(fault.seconds)
            self.at(fault.seconds, self._wake_supervisor)

    def _forkserver_kill(self, fault: Fault) -> None:
        if self.forkserver:
            self.kill(self.forkserver, "SIGKILL")

    def _hour(self, fault: Fault) -> None:
        self.offset += 3600.0

    def _end(self, fault: Fault) -> None:
        """The supervisor dies, and everybody with it; or the power fails, and with it what was not yet on the disk."""
        self.ended = True
        if self.control is not None:
            self.control.pen.give_up()
        if fault.occasion == "power":
            since = self.time - writing.FSYNC_SECONDS
            self.acked = {text: frame for text, frame in self.acked.items() if self.answered_at[text] <= since}
            path, _ = reading.newest(self.name)
            assert path is not None
            size = path.stat().st_size
            os.truncate(
                path, self.chance.randint(max((kept for when, kept in self.kept if when <= since), default=0), size)
            )
            with path.open("ab") as file:
                file.write(self.chance.choice((b"", bytes(40), self.chance.randbytes(40))))

    def give_up_the_rack(self) -> None:
        """Control would empty it now: what comes then is another take."""
        if sum(fault.what in ("crash", "hang") for fault in self.schedule.faults) < 2:
            raise Failure("what sounded is given up, though nobody died of it twice")
        self._end(Fault(self.time, "end"))

    def _trouble(self, seconds: float) -> None:
        """No fault is over before then."""
        self.trouble_until = max(self.trouble_until, self.time + seconds)

    # ------------------------------------------------------------ the play

    def play(self) -> None:
        try:
            with one_thread():
                self._play()
        finally:
            if self.control is not None and not self.ended:
                self.control.pen.give_up()
            shutil.rmtree(reading.folder(self.name), ignore_errors=True)

    def _play(self) -> None:
        schedule = self.schedule
        self._tick()
        self._wait(lambda: self.supervisor.told_ready, 2.0, "ready")
        for text in (*FIRST_LINES, *((LANE,) if schedule.lane else ())):
            self.say(text)
        self._wait(lambda: len(self.acked) == len(self.said), 2.0, "first sound")
        begun = self.time
        for k, when in enumerate(schedule.commands):
            self.at(when, lambda k=k: self.say(f"set bass.freq {100 + k}"))
        for fault in schedule.faults:
            self.at(fault.at, lambda fault=fault: self.strike(fault))
            self.trouble_until = max(self.trouble_until, begun + fault.at + (PATIENCE if fault.occasion else 0))
        for when in (fault.at for fault in schedule.faults):
            self.run_until(begun + when)
        while self.time < self.trouble_until and not self.ended:
            self.run_until(self.trouble_until)
        if not self.ended:
            pause = max(child.pause for child in self.supervisor.state.values())
            self._wait(self._recovered, BACK_AGAIN + pause, "lockstep")
            last = begun + max(schedule.commands, default=0.0)
            self.run_until(max(self.time, last) + 0.1)
            self._wait(
                lambda: not self.inbox and self.control is not None and not self.control.performer.busy, 1.0, "answers"
            )
        self._check_sound()
        self._check_words()

    def _wait(self, over: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = self.time + seconds
        while not over():
            if self.time >= deadline:
                raise Failure(f"no {what} after {seconds:g} s")
            self.run_until(self.time + 0.02)

    def _recovered(self) -> bool:
        state = self.memory.board[[STATE0, STATE0 + LINE]]
        ahead = all(worker is not None and worker.well for worker in self.workers)
        return ahead and bool((state == PLAYING).all()) and self.control is not None and bool(self.device[PLAYS])

    # ------------------------------------------------------------ what must hold

    def _check_sound(self) -> None:
        """What was heard is what one replica without a fault would have played; and both slots are that replica."""
        ground, memory, device = self.ground, self.memory, self.device
        if not self.ended:
            device[PLAYS] = 0
            self._render_what_is_owed()
        self._follow()
        bad = machine.differing(ground.records, 0, int(device[RECORDS]), ground.capture, ground.reference)
        if bad >= 0:
            row = ground.records[bad]
            raise Failure(
                f"what was heard from frame {row[0]} on (block {row[0] // BLOCK}) is not what was rendered for it"
            )
        if memory.word(ACTIVE) not in (0, 1):
            raise Failure("no slot is active")
        if self.ended:
            return
        for slot in range(2):
            arena = ground.arenas[slot]
            if arena[A_DROPPED]:
                raise Failure(f"slot {slot} dropped entries")
            waiting = PENDING_TABLE // 8 + 8 * int(ground.ideal[A_PENDING])
            for first, last in ((0, waiting), (INSTANCES // 8, USED)):
                if not np.array_equal(arena[first:last], ground.ideal[first:last]):
                    word = first + int(np.nonzero(arena[first:last] != ground.ideal[first:last])[0][0])
                    raise Failure(f"slot {slot} is not in lockstep: word {word} of its arena differs")

    def _render_what_is_owed(self) -> None:
        """The device has stopped: who is in the middle of a block ends it, and whoever is behind comes along."""
        ground, memory, device = self.ground, self.memory, self.device
        for _ in range(4):
            until = int(device[CLOCK]) + 4 * int(device[SIZE])
            machine.stretch(
                self.slots, device, until, memory.board, memory.log, memory.seals, ground.rings, ground.arenas,
                ground.checkpoints, ground.outs, self.desk, ground.capture, ground.records,
            )  # fmt: skip
            due = memory.word(HEARD) // BLOCK + memory.word(layout.LOOKAHEAD)
            if all(memory.word(BLOCK0, slot) >= due for slot in range(2)):
                return

    def _check_words(self) -> None:
        """What was acknowledged is there, once: in the sound and in the journal."""
        taken = self.ground.taken[: int(self.ground.ideal[INSTANCES // 8 + machine.TAKEN])]
        kinds, values = taken[:, WHAT] & 0xFF, taken.view(np.float64)
        sets = Counter(round(value) for value in values[kinds == SET, A].tolist())
        _, found = reading.newest(self.name)
        played = Counter(text for done in found.played() for text in done.said.texts)
        for text in self.said:
            if played[text] > 1:
                raise Failure(f"{text!r} took effect {played[text]} times by the journal")
            if text in self.acked and played[text] != 1:
                raise Failure(f"{text!r} was acknowledged and is not in the journal")
            if not text.startswith("set"):
                continue
            heard = sets[int(text.split()[-1])]
            if heard != played[text] and not self.ended:
                raise Failure(
                    f"{text!r} took effect {heard} times in the replicas and {played[text]} times by the journal"
                )
            if heard > 1 or (text in self.acked and heard != 1 and not self.ended):
                raise Failure(f"{text!r} took effect {heard} times in the replicas")
            at = self.acked.get(text)
            rows = taken[(kinds == SET) & (np.round(values[:, A]) == int(text.split()[-1]))]
            if at is not None and len(rows) and int(rows[0, FRAME]) != at:
                raise Failure(f"{text!r} was said to act at frame {at} and acted at {int(rows[0, FRAME])}")
        self._check_notes(taken[kinds == NOTE_ON])
        if self.ended or self.schedule.seed % 4 == 0:
            self._check_rebuilt(found)

    def _check_notes(self, notes: np.ndarray) -> None:
        key = [(int(row[FRAME]), int(row[WHAT]), float(row.view(np.float64)[C])) for row in notes]
        if len(set(key)) != len(key):
            raise Failure("a note was played twice")
        if self.control is not None and self.schedule.lane and not self.ended:
            score = self.control.performer.conductor.score
            until = self.memory.word(HEARD)
            notes = events(score, 0, until)
            should = set(notes[notes[:, WHAT] & 0xFF == NOTE_ON, FRAME].tolist())
            missed = sorted(should - {frame for frame, *_ in key})
            if missed:
                raise Failure(f"{len(missed)} of {len(should)} notes were not played, the first at frame {missed[0]}")

    def _check_rebuilt(self, found: records.Journal) -> None:
        """Were the whole engine killed now, the next one would begin with all that was acknowledged."""
        whole, unreadable, *_ = rebuild(found, CATALOGUE, parse)
        if unreadable:
            raise Failure(f"the journal holds what cannot be read: {unreadable}")
        words = repr(whole)
        last = next((text for text in reversed(self.said) if text in self.acked), None)
        if last is not None and last.startswith("set"):
            later = self.said[self.said.index(last) :]
            if not any(
                f"number={float(text.split()[-1])!r}" in words or f"number={text.split()[-1]}" in words
                for text in later
            ):
                raise Failure(f"a new engine would not know of {last!r}: {words}")
