"""The supervisor: starts the other processes, watches them, starts them again. It holds the shared memory and the engine's name.

It parses nothing and opens no device, and no process waits for it: stopped for half a minute, it would not be heard.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from chronus import connection
from chronus.engine import device, foundry, pair, recording, supervision
from chronus.engine.children import Children
from chronus.engine.inquest import Inquest
from chronus.engine.obituary import Obituary
from chronus.engine.roll import Born, CompilerSaid, Died, Heard, HostSaid, Ready
from chronus.engine.supervision import Child, Start
from chronus.engine.watch import Seen, Watch
from chronus.engine_line import (
    Compile,
    Compiled,
    Complete,
    FromCompiler,
    FromControl,
    FromHost,
    Kernels,
    Kill,
    Killed,
    LacksParts,
    ListAll,
    Listed,
    Load,
    Loaded,
    LoadParts,
    Make,
    Making,
    Move,
    Moved,
    NobodyKilled,
    Notice,
    Orphaned,
    Process,
    Processes,
    Prove,
    Proved,
    Record,
    Recording,
    Relax,
    Remark,
    Serving,
    Unopened,
    Victims,
)  # fmt: skip
from chronus.errors import ChronusError
from chronus.memory import layout
from chronus.memory.layout import (
    BLOCK,
    BLOCK0,
    DEAF,
    DOWN,
    FADED,
    HEARD,
    LINE,
    LOOKAHEAD,
    PERIODS,
    PLAYING,
    RATE,
    STARTING,
    STATE0,
    STOPPING,
    WANT0,
    Memory,
)  # fmt: skip
from chronus.settings import Settings
from chronus.system import proc
from chronus.system.urgency import WATCHING, expendable, hurry

_TICK = 0.05
_QUICK_TICK = 0.004
"""Between looks at the board: while all is well, and while somebody is starting."""
_START_SECONDS = 60.0
"""After what it cannot be without is compiled."""
_FADE_SECONDS = 0.5
_CONTROL_SECONDS = 1.5
_TAPE_SECONDS = 4.0
"""So long may a recorder take at the end for what it has not written yet."""
_AHEAD_SECONDS = 0.1
"""So long does a host wait, at most, for as much to be rendered as its device may ask for."""
_POINTS = -500
"""Where memory runs out, everybody else goes before the supervisor."""


class Engine:
    """Holds one engine's processes and what is known of them."""

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = time.monotonic,
        is_abandoned: Callable[[], bool] = lambda: False,
    ) -> None:
        """`is_abandoned`: whether the starter of the engine, which would have it end too, has gone before it is ready."""
        self.settings, self.tell, self.clock, self.is_abandoned = settings, tell, clock, is_abandoned
        self.state: supervision.State = {role: Child() for role in supervision.ROLES}
        for role in ("forkserver", "control"):
            self.state = supervision.afresh(self.state, role, 0.0)
        self.device = device.Device(settings.device)
        self.play_by: float | None = None
        self.notes: list[str] = []
        self.told_ready = False
        self.control_ready = False
        self.stopping_since: float | None = None
        self.exit_code: int | None = None
        self.proof = 0
        self.moved_from: tuple[float, int] | None = None
        """When the host was ended that another device takes over from, and the frame that was heard then."""
        self.foundry = foundry.Foundry()
        self.told_making = Making()
        self.tape = recording.Tape()
        self.give_up_at = 0.0
        self.watch = Watch()
        self.obituary = Obituary()
        self.listened = time.monotonic()

    # ------------------------------------------------------------ beginning

    def own_the_name(self) -> None:
        """Takes the lock of the name. Raises E_EXISTS where another engine has it."""
        self.lock = connection.own(self.settings.engine)
        self.path = connection.socket_path(self.settings.engine)
        self.path.unlink(missing_ok=True)  # ours to remove: we hold the lock

    def listen(self) -> None:
        """Opens the door. Connections wait in it until control takes them, also while control is being replaced."""
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        old = os.umask(0o177)
        try:
            self.door.bind(str(self.path))
        finally:
            os.umask(old)
        self.door.listen(256)

    def begin(self, memory: Memory, children: Children, built: bool = True) -> None:
        """Starts the processes. `built`: whether anything was ever compiled, and there is a catalogue of the modules."""
        self.memory, self.children, self.inquest = memory, children, Inquest(memory)
        self.both = pair.Pair(memory, BLOCK / self.settings.rate * 1e9)
        self.built = built
        if not built:
            self.state = supervision.afresh(self.state, "control", None)
        board = memory.board
        board[RATE], board[LOOKAHEAD] = self.settings.rate, lookahead(self.settings, self.settings.period)

    # ------------------------------------------------------------ running

    def run(self) -> int:
        """Runs until told to stop. Returns the exit code."""
        self.children.begin()
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        signal.signal(signal.SIGINT, lambda *_: self.stop())
        expendable(_POINTS)
        hurry(WATCHING)  # or two kernels that never return would keep it from its processor
        self.give_up_at = self.clock() + _START_SECONDS
        if not self.built:
            self._forge(self.foundry.begin())
        while self.exit_code is None:
            now = self.clock()
            self.look(now)
            if not self.told_ready and now > self.give_up_at:
                raise ChronusError("E_ENGINE", "the engine did not get ready in time")
            if not self.told_ready and self.is_abandoned():
                raise ChronusError("E_ENGINE", "whoever started the engine has gone")
            self._settle(now)
            self._note_deafness()
            heard = self.children.listen(self.pause())
            self.listened = time.monotonic()
            self.hear(heard)
        return self.exit_code

    def look(self, now: float) -> None:
        """Starts the processes that are due, and takes in what the board shows."""
        self._act(*supervision.due(self.state, now))
        self._look(now)

    def _awake(self) -> float:
        """Returns now in seconds watched: time that was not watched is held against no process."""
        return self.watch.awake(self.clock())

    def pause(self) -> float:
        """Returns the seconds until the next look, if no message comes."""
        starting = any(self.memory.board[STATE0 + slot * LINE] == STARTING for slot in range(layout.SLOTS))
        busy = (
            starting
            or self.play_by is not None
            or self.moved_from is not None
            or self.both.retiring is not None
            or self.watch.in_silence
        )
        begun = self.told_ready or not self.foundry.complete  # while it is compiled there is nothing to see
        settled = begun and not busy and self.stopping_since is None
        return _TICK if settled else _QUICK_TICK

    def _note_deafness(self) -> None:
        """Notes how long it was busy since it last listened: no other process may ever hold it up."""
        board, busy = self.memory.board, time.monotonic() - self.listened
        board[DEAF] = max(int(board[DEAF]), round(busy * 1e9))

    def _act(self, state: supervision.State, actions: list[supervision.Action]) -> None:
        self.state = state
        for action in actions:
            if isinstance(action, Start):
                self._start(action.role)
            elif isinstance(action, Notice):
                self._say(action)
        if actions:
            self._publish_processes()

    def _start(self, role: str) -> None:
        if role == "forkserver":
            self._ask_again()  # also whom nobody was there to be asked for
            self.children.start_forkserver()
        elif role == "control":
            self.children.start_control(self.door.fileno())
        elif role == "host":
            name, fall_back = self.device.begin(self._awake())
            self.children.fork_host(role, name, fall_back)
        else:
            slot = int(role[-1])
            for word in (BLOCK0, layout.CULPRIT0, layout.ENTRY0):
                self.memory.board[word + slot * LINE] = 0  # what its forerunner was at says nothing of it
            self.inquest.begins(slot, self._awake())
            self.memory.board[STATE0 + slot * LINE] = STARTING
            self.memory.board[layout.STARTED] += 1
            self.children.fork_worker(slot)

    def _prove(self, number: int) -> None:
        """Has the program on the sheet tried out."""
        self.proof = number
        self.children.fork_proof()
        if "forkserver" not in self.children.pids:
            self._proved(None)  # it is being replaced

    def _proved(self, status: int | None) -> None:
        """Tells control how the trial ended; None where it could not be made."""
        if self.proof:
            self.children.tell_control(Proved(self.proof, status))
            self.proof = 0

    def _forge(self, actions: Sequence[foundry.Action]) -> None:
        """Does what the foundry decides about machine code."""
        children = self.children
        for action in actions:
            match action:
                case foundry.Begin(role):
                    children.start_compiler(role)
                case foundry.Give(role, job):
                    children.tell_compiler(role, ListAll() if job == foundry.LIST else Make(job))
                case foundry.Slow(role):
                    children.tell_compiler(role, Relax())
                case foundry.Finish(role, complete):
                    if complete:
                        children.tell_compiler(role, Complete())
                    children.end_compiler(role)
                case foundry.Stop(role):
                    children.kill(role)
                case foundry.Fetch(kernels):
                    children.tell_forkserver(Load(kernels))
                case foundry.FetchParts():
                    children.tell_forkserver(LoadParts())
                case foundry.There(kernels, anew):
                    children.tell_control(Kernels(kernels, anew))
                case foundry.Answer(number, error):
                    children.tell_control(Compiled(number, error))
                case foundry.Progress(done, total, name):
                    self.tell({"progress": [done, total, name]})
        if actions:
            self._publish_making()

    def _publish_making(self, anew: bool = False) -> None:
        """Tells control what is being compiled, if that is not what it knows."""
        making = self.foundry.making
        if anew or making != self.told_making:
            self.told_making = making
            self.children.tell_control(making)

    def _compiler_says(self, message: FromCompiler) -> None:
        if isinstance(message, Listed):
            if not self.built:  # there is a catalogue now, so there can be a conversation
                self.built = True
                self.listen()
                self.state = supervision.afresh(self.state, "control", 0.0)
            self._forge(self.foundry.listed(message.parts, message.kernels))
        else:
            self._forge(self.foundry.done(message.job, message.error))

    # ------------------------------------------------------------ listening

    def hear(self, heard: Iterable[Heard]) -> None:
        for what in heard:
            if isinstance(what, Ready):
                self._forge(self.foundry.forkserver_is_new())
                self._workers_are_due()
                self._for_tape(*recording.can_fork(self.tape))
            elif isinstance(what, LacksParts):
                self._forge(self.foundry.lacks_parts())
            elif isinstance(what, Loaded):
                self._forge(self.foundry.found(what.kernels, what.missing))
            elif isinstance(what, CompilerSaid):
                self._compiler_says(what.message)
            elif isinstance(what, Born):
                self._publish_processes()
            elif isinstance(what, Died):
                self._is_dead(what.role, what.status)
            elif isinstance(what, HostSaid):
                self._host_says(what.role, what.message)
            elif isinstance(what, Recording):
                self._for_tape(*recording.heard(self.tape, what))
            else:
                self._control_says(what)

    def _workers_are_due(self) -> None:
        for slot in range(layout.SLOTS):
            role = f"worker {slot}"
            if not self.state[role].alive:
                self.state = supervision.afresh(self.state, role, 0.0)

    def _host_says(self, role: str, message: FromHost) -> None:
        now = self.clock()
        if role == "candidate":
            if isinstance(message, Unopened):
                self._for_device(self.device.candidate_gone(self._awake(), message.why))
            else:
                self._render_ahead(message.at_once)
                self.device.candidate_opened(message)
                self._for_device(self.device.look(self._awake()))
        elif not isinstance(message, Unopened):
            note = self.device.opened(self._awake(), message)
            self.notes += [note] if note and not self.told_ready else []
            self._render_ahead(self.device.at_once)
            self.play_by = now + _AHEAD_SECONDS
        elif not self.told_ready:
            raise ChronusError("E_DEVICE", message.why)

    def _control_says(self, said: FromControl) -> None:
        if isinstance(said, Serving):
            self.control_ready = True
            self._publish_processes()
            self.children.tell_control(Kernels(tuple(sorted(self.foundry.there)), anew=True))
            self._publish_making(anew=True)
            for notice in self.obituary.control_ready(self.clock(), int(self.memory.board[layout.SILENT])):
                self._say(notice)
            for recorded in recording.told_to_control(self.tape):
                self.children.tell_control(recorded)
        elif isinstance(said, Record):
            self._for_tape(*recording.wanted(self.tape, said))
        elif isinstance(said, Remark):
            self.notes.append(said.text)
        elif isinstance(said, Kill):
            self._crash(said.what)
        elif isinstance(said, Prove):
            self._prove(said.number)
        elif isinstance(said, Compile):
            self._forge(self.foundry.ask(said.number, said.kernels))
        elif isinstance(said, Move):
            self._for_device(self.device.move(self._awake(), said.device))
        else:
            self.stop()

    def _render_ahead(self, frames: int) -> None:
        """Has as much rendered ahead as a device may ask for at once."""
        self.memory.board[LOOKAHEAD] = lookahead(self.settings, frames)

    def _is_ahead(self) -> bool:
        board = self.memory.board
        enough = int(board[HEARD]) // BLOCK + int(board[LOOKAHEAD])
        return any(
            board[STATE0 + slot * LINE] == PLAYING and board[BLOCK0 + slot * LINE] >= enough
            for slot in range(layout.SLOTS)
        )

    def _play(self, now: float) -> None:
        """Tells the host to play what it has open."""
        self.play_by = None
        self.watch.host_begins(now)
        self.children.play()
        self._publish_processes()

    def _for_device(self, actions: list[device.Action]) -> None:
        for action in actions:
            if isinstance(action, device.Try):
                self.children.fork_host("candidate", action.name)
            elif isinstance(action, device.GiveUp):
                if action.role == "candidate" and "candidate" not in self.children.pids:
                    self._for_device(self.device.candidate_gone(self._awake()))  # the forkserver has not come to it
                if action.role == "host" and self.device.moving and self.moved_from is None:
                    self.moved_from = self.clock(), int(self.memory.board[HEARD])
                self.children.kill(action.role)
            elif isinstance(action, device.Tell):
                self._say(Notice("device", action.text))
            elif isinstance(action, device.Fail):
                self.children.tell_control(Moved(action.name, action.why))
            else:
                raise ChronusError("E_DEVICE", action.text)

    def _for_tape(self, tape: recording.Tape, actions: list[recording.Action]) -> None:
        self.tape = tape
        for action in actions:
            match action:
                case recording.Fork(record, after):
                    self.children.fork_recorder(record, after)
                case recording.Tell(record):
                    self.children.tell_recorder(record)
                case Notice():
                    self._say(action)
                case _:
                    self.children.tell_control(action)
        if actions and not isinstance(actions[0], Recording):
            self._publish_processes()

    def _candidate_takes_over(self) -> None:
        """Gives the candidate the host's place: the null device has ended, the candidate plays where it left off."""
        self.children.candidate_takes_over()
        self.state = supervision.followed(self.state, "host")
        now = self.clock()
        self.device.take(self._awake())
        self._render_ahead(self.device.at_once)
        self.play_by = now + _AHEAD_SECONDS

    def _is_dead(self, role: str, status: int) -> None:
        if self.stopping_since is not None:
            return
        if role in foundry.ROLES:
            self._forge(self.foundry.died(role, how_it_ended(status)))
            return
        if role == "candidate":
            self._for_device(self.device.candidate_gone(self._awake()))
            return
        if role == "host":
            if self.device.ready and "candidate" in self.children.pids:
                self._candidate_takes_over()
                return
            self._for_device(self.device.host_died(self._awake()))
        if role == "proof":
            self._proved(status)
            return
        if role == "recorder":
            self._for_tape(*recording.died(self.tape, self.clock(), how_it_ended(status)))
            self._publish_processes()
            return
        how = ended = how_it_ended(status)
        if role.startswith("worker"):
            slot = int(role[-1])
            how = "it hung" if slot in self.inquest.hung else how
            for notice in self.inquest.died(slot, status, self._awake()):
                self._say(notice)
            self.both.retire_nobody()
            self.memory.board[STATE0 + slot * LINE] = DOWN
            self.memory.board[WANT0 + slot * LINE] = 0  # what it asked for would be laid over its successor's arena
        if role == "control":
            self.control_ready = False
        if role == "forkserver":
            self._ask_again()
        now = self.clock()
        if role.startswith("worker"):
            self.obituary.died(slot, how, now)
        elif role == "control":
            self.obituary.control_died(how, now, int(self.memory.board[layout.SILENT]))
        self._act(*supervision.died(self.state, role, now, ended))
        self._publish_processes()

    def _ask_again(self) -> None:
        """Asks the next forkserver for what a dead one was asked for. Any process it forked without a report dies before that."""
        roles = self.children.owed()
        for role in roles:
            self.children.cut(role)
        self.state = supervision.unanswered(self.state, roles, self.clock())
        if "candidate" in roles:
            self._for_device(self.device.candidate_gone(self._awake()))
        if "proof" in roles:
            self._proved(None)
        if "recorder" in roles:
            self.tape = recording.lost(self.tape)

    # ------------------------------------------------------------ watching

    def _look(self, now: float) -> None:
        """Takes in what the board shows: which slots have begun to play, whether the clock moves."""
        board = self.memory.board
        for slot in range(layout.SLOTS):
            if board[STATE0 + slot * LINE] == STARTING and self.state[f"worker {slot}"].alive:
                heard = int(board[HEARD]) // BLOCK
                if board[BLOCK0 + slot * LINE] >= heard + min(2, int(board[LOOKAHEAD])):
                    board[STATE0 + slot * LINE] = PLAYING
                    self._publish_processes()
            elif board[STATE0 + slot * LINE] == PLAYING and self.inquest.had_time(slot, self._awake()):
                self.inquest.is_back()
        playing = tuple(bool(board[STATE0 + slot * LINE] == PLAYING) for slot in range(layout.SLOTS))
        if self.told_ready and not any(playing):
            for slot in range(layout.SLOTS):
                if board[STATE0 + slot * LINE] == STARTING and self.inquest.had_time(slot, self._awake()):
                    self.children.kill(f"worker {slot}")
        for notice in self.obituary.look(now, int(board[layout.ACTIVE]), playing, int(board[layout.SILENT])):
            self._say(notice)
        host = self.state["host"]
        if all(playing) and not host.alive and host.due is None:
            self.state = supervision.afresh(self.state, "host", now)
        elif host.alive:
            self._for_device(self.device.look(self._awake()))
        if self.play_by is not None and (self._is_ahead() or now > self.play_by):
            self._play(now)
        if self.device.on and self.play_by is None:
            self._watch(now)
            self._has_moved(now)
        if not self.told_ready and self.device.on and self.control_ready and board[PERIODS] > 0:
            self.told_ready = True
            self.tell({"ready": True, "notes": self.notes})
            self._forge(self.foundry.plays())
        if self.foundry.at_work:
            self._watch_compilers(now)

    def _has_moved(self, now: float) -> None:
        """Tells control, once the device that took over plays, how long no device played."""
        if self.moved_from is None or self.device.moving is not None:
            return
        since, frame = self.moved_from
        heard = int(self.memory.board[HEARD]) - frame
        if heard > 0:
            self.moved_from = None
            stood = max(now - since - heard / self.settings.rate, 0.0)
            self.children.tell_control(Moved(self.device.on, stood=round(stood, 4)))

    def _watch_compilers(self, now: float) -> None:
        """Ends compilers by the processor time they take: a busy machine makes no compiler too slow."""
        found = {role: proc.stat(self.children.pids.get(role, 0)) for role in foundry.ROLES}
        self._forge(self.foundry.look({role: one.cpu for role, one in found.items() if one}))
        self.give_up_at = now + _START_SECONDS

    def _watch(self, now: float) -> None:
        board = self.memory.board
        blocks = tuple(int(board[BLOCK0 + slot * LINE]) for slot in range(layout.SLOTS))
        due = int(board[HEARD]) // BLOCK + int(board[LOOKAHEAD])
        states = [int(board[STATE0 + slot * LINE]) for slot in range(layout.SLOTS)]
        silent = int(board[layout.SILENT])
        seen = Seen(
            now, int(board[PERIODS]), blocks, tuple(block < due for block in blocks),
            tuple(state == PLAYING for state in states), tuple(state == STARTING for state in states),
            tuple(int(board[layout.CULPRIT0 + slot * LINE]) for slot in range(layout.SLOTS)),
            silent / self.settings.rate, (int(board[HEARD]) + silent) // BLOCK,
            min(self.memory.word(layout.NANOSECONDS0, slot) for slot in range(layout.SLOTS)) / self.both.failing.block_nanoseconds,
        )  # fmt: skip
        stuck = self.watch.stuck_slots(seen)
        for slot in stuck:
            board[STATE0 + slot * LINE] = DOWN
        for slot in stuck:
            self.inquest.hangs(slot, self.watch.crawled_from)
            self.children.kill(f"worker {slot}")
        if self.watch.host_is_stuck(seen, self.settings.period / self.settings.rate):
            self.children.kill("host")
        pids = self.children.pids.get("worker 0", 0), self.children.pids.get("worker 1", 0)
        self._for_both(self.both.foresee(now, self._awake(), pids))
        if all(seen.playing):
            self._for_both(self.both.compare(min(blocks)))

    def _for_both(self, actions: list[pair.Action]) -> None:
        for action in actions:
            if isinstance(action, Notice):
                self._say(action)
            else:
                self.children.kill(f"worker {action.slot}")
                self.both.retire_nobody()

    def _publish_processes(self) -> None:
        """Sends control what `status` will show."""
        rows = [Process("supervisor", None, os.getpid(), "running", 0)]
        for role in supervision.ROLES:
            child, (name, _, slot), pid = self.state[role], role.partition(" "), self.children.pids.get(role)
            state: Literal["dying", "running", "starting", "down"]
            state = "dying" if child.doomed else "running" if pid else "starting" if child.alive else "down"
            restarts = max(0, child.restarts)
            rows.append(Process(name, int(slot) if slot else None, pid, state, restarts, child.ended, child.ended_at))
        if "recorder" in self.children.pids:
            pid = self.children.pids["recorder"]
            rows.append(Process("recorder", None, pid, "running", len(self.tape.deaths)))
        self.children.tell_control(Processes(tuple(rows), self.device.on, self.device.rate))

    def _say(self, notice: Notice) -> None:
        if self.settings.verbose:
            print(f"! {notice.kind}: {notice.text}", file=sys.stderr, flush=True)
        self.children.tell_control(notice)

    def _crash(self, what: Victims) -> None:
        """Kills on purpose the process that was named: the drill."""
        active = int(self.memory.board[layout.ACTIVE])
        victims = {
            "active": [f"worker {active}"], "standby": [f"worker {1 - active}"],
            "both": ["worker 0", "worker 1"], "host": ["host"], "control": ["control"],
        }[what]  # fmt: skip
        there = [role for role in victims if role in self.children.pids]
        pids = [self.children.pids[role] for role in there]
        self.state = supervision.doomed(self.state, there, self.clock())
        self._publish_processes()  # whoever asks next is not told that it runs
        for role in there:
            self.children.kill(role)
        self.children.tell_control(Killed(what, pids[0]) if pids else NobodyKilled(what))

    # ------------------------------------------------------------ ending

    def abandoned(self, untold: dict[str, Any]) -> None:
        """Whether the starter of the engine was gone when it got ready: control knows whether any client has come."""
        if "ready" in untold and not self.settings.keep:
            self.children.tell_control(Orphaned())

    def stop(self) -> None:
        """Fades out; then control closes the journal; then all processes end."""
        if self.stopping_since is None:
            self.stopping_since = time.monotonic()
            self.memory.board[STOPPING] = 1

    def _settle(self, now: float) -> None:
        if self.stopping_since is None:
            return
        if not self.memory.board[FADED] and now - self.stopping_since < _FADE_SECONDS:
            return
        if "control" in self.children.pids and self.memory.board[STOPPING] == 1:
            self.memory.board[STOPPING] = 2
            self.children.end_control(_CONTROL_SECONDS)
        if "recorder" in self.children.pids and now - self.stopping_since < _TAPE_SECONDS:
            return
        self.children.part_from_host()
        self.path.unlink(missing_ok=True)
        self.exit_code = 0


def how_it_ended(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit {status}"


def lookahead(settings: Settings, frames: int) -> int:
    """Returns the blocks to be rendered ahead: the number asked for holds for periods of 128 engine frames; a longer one takes more
    at once.
    """
    return settings.lookahead + max(0, -(-frames // BLOCK) - 2)
