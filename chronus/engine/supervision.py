"""Decides which process to start again after a death, and when. It starts nothing, kills nothing and reads no clock.

Rule 1: a child that dies is started again at once, as long as it has not died more than BUDGET times in PERIOD seconds; then after
        a pause that doubles from FIRST_PAUSE to LONGEST_PAUSE, for as long as it keeps dying. While the other slot is down as well,
        a slot waits no longer than ALONE_PAUSE: the pause is there to spare the machine, not to keep the music silent.
Rule 2: no process is stopped because another one fails.
Rule 3: a module that was being rendered at two such deaths is the cause; it is taken out, not the slot. Likewise an entry of the log
        that was being taken in at two deaths is passed over.
Rule 4: a checkpoint that a worker died of, or did not come back from, while no slot played is passed over; if the one before it fails
        too, the slot begins with nothing.
Rule 5: a slot is given to a new worker only after the old one is known to be dead; so a death is the only reason to start one.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from chronus.engine_line import Notice

BUDGET = 5
PERIOD = 10.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
ALONE_PAUSE = 0.4

ROLES = ("forkserver", "control", "worker 0", "worker 1", "host")


class Child(Struct, frozen=True):
    """Records how one child has fared. Times are seconds of the monotonic clock."""

    alive: bool = False
    deaths: tuple[float, ...] = ()
    pause: float = 0.0
    due: float | None = None
    """When it is to be started; None while it runs or has not been asked for."""
    restarts: int = 0
    ended: str = ""
    """How the last one in that place ended, and when."""
    ended_at: float = 0.0
    doomed: bool = False
    """It was killed, and is not known to be dead yet."""


State = dict[str, Child]


class Start(Struct, frozen=True):
    role: str


Action = Start | Notice


def afresh(state: State, role: str, due: float | None) -> State:
    """Has a child started as if for the first time; what is known of the last one in that place stays."""
    last = state[role]
    return {**state, role: Child(due=due, restarts=-1, ended=last.ended, ended_at=last.ended_at)}


def doomed(state: State, roles: Iterable[str], now: float) -> State:
    """Marks children that are about to be killed on purpose."""
    ended = "killed on purpose"
    return {**state, **{role: replace(state[role], ended=ended, ended_at=now, doomed=True) for role in roles}}


def followed(state: State, role: str) -> State:
    """Takes in that another process has taken the place of a dead one already."""
    return {**state, role: replace(state[role], doomed=False)}


def died(state: State, role: str, now: float, how: str) -> tuple[State, list[Action]]:
    """Decides when a dead child is to come back, and which notice its death needs."""
    child = state.get(role, Child())
    deaths = tuple(t for t in child.deaths if now - t < PERIOD) + (now,)
    pause = 0.0
    if len(deaths) > BUDGET:
        pause = min(max(child.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
    wait = pause
    if role.startswith("worker"):
        wait = pause if state.get(_other(role), Child()).alive else min(pause, ALONE_PAUSE)
    changed = replace(
        child, alive=False, deaths=deaths, pause=pause, due=now + wait, ended=how, ended_at=now, doomed=False
    )
    return {**state, role: changed}, _told(role, how)


def unanswered(state: State, roles: Iterable[str], now: float) -> State:
    """Asks again for the processes that a dead forkserver never reported."""
    return {**state, **{role: replace(state[role], alive=False, due=now) for role in roles if role in state}}


def _other(worker: str) -> str:
    return f"worker {1 - int(worker[-1])}"


def _told(role: str, how: str) -> list[Action]:
    """Returns the notice of a death. For a worker nothing is said before it is known which one plays on, for control nothing before
    it is back: see obituary.py.
    """
    return (
        []
        if role == "control" or role.startswith("worker")
        else [Notice(f"{role} restart", f"{role} died ({how}) and is started again")]
    )


class Blame(Struct, frozen=True):
    """What a worker was at when it died by itself: rendering a module (`incarnation` tells it from others in its place), or taking
    in an entry of the log, and no module.
    """

    handle: int = -1
    incarnation: int = 0
    entry: int = 0


OF_ITSELF = (-4, -6, -7, -8, -11)
"""Exit codes of who died of his own fault: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV. SIGKILL and SIGTERM blame nobody."""


def convicted(blamed: tuple[Blame, ...], new: Blame) -> tuple[tuple[Blame, ...], bool]:
    """Adds a blame. True if the same has now been blamed twice: an accident happens once, a fault comes again."""
    return (*blamed, new)[-64:], new in blamed


NEWEST, BEFORE, NOTHING = range(3)
"""What a worker that finds nobody playing goes back to."""


RESTORE_SECONDS = 2.0
"""A worker that does not play by then has not come back from where it went to; usual are 20 ms. One that dies of itself before then
may have died of it, also where it has begun to play."""


def restoring(tried: int, how: int, took: float, played: bool = False) -> int:
    """Decides what the next worker goes back to, after one that went back to `tried` died with `how` in so many seconds.

    Who was killed from outside blames nothing.
    """
    guilty = took <= RESTORE_SECONDS and how in OF_ITSELF if played else took > RESTORE_SECONDS or how in OF_ITSELF
    return min(tried + 1, NOTHING) if guilty else tried


NOTICE_BLOCKS = 16
"""So far ahead of a replica that plays, it surely sees a row of the board in time."""


def out_from(block: int, other: int | None) -> int:
    """Returns the block from which a convicted module is out. The dead worker got as far as `block`, the other one, if it plays, to
    `other`.

    Where both are down nobody got past `block`: they come back to it without the module. A slot that plays on has gone further, and is
    told of a block that it has not begun.
    """
    return block if other is None else max(block, other + NOTICE_BLOCKS)


def due(state: State, now: float) -> tuple[State, list[Action]]:
    """Returns the children that are due to be started."""
    ready = [role for role in ROLES if role in state and _is_due(state, role, now)]
    changed = {role: replace(state[role], alive=True, due=None, restarts=state[role].restarts + 1) for role in ready}
    return {**state, **changed}, [Start(role) for role in ready]


def _is_due(state: State, role: str, now: float) -> bool:
    """Whether a child is due. Workers and the host are forked by the forkserver, so they wait for it."""
    when = state[role].due
    forked = role.startswith("worker") or role == "host"
    return when is not None and when <= now and (not forked or state["forkserver"].alive)
