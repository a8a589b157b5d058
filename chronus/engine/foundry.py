"""Decides which machine code is made next, by which compiler, and who is told about it. It starts nothing, opens nothing, reads no clock.

Rule 1: machine code goes one way. A compiler puts it on the disk; the forkserver loads it from there, so that every worker that is
        forked from then on has it; then control is told that the kernel is compiled. A program names only compiled kernels. So a
        worker that was forked before finds the code on the disk, and loads it while it binds the program, beside its render loop.
        No worker compiles, and no process but a compiler does while music plays.
Rule 2: both slots load one file, so both run the same instructions, at whatever address.
Rule 3: the code that the engine cannot run without comes first; then what a client waits for; then what is most likely to be needed.
        No job is given to two compilers.
Rule 4: one compiler hurries, the other one is patient: as soon as the engine plays it has the lowest priority. Only the patient one
        makes what nobody waits for, so that never delays what somebody waits for.
Rule 5: a job that a compiler dies of is tried once more, and then given up; so is one that takes more than MOST_SECONDS of a processor.
        It may be asked for again.
Rule 6: when everything is compiled, the compilers end.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct, field

from chronus.engine_line import Making
from chronus.errors import ChronusError

HURRIED, PATIENT = "compiler", "patient compiler"
ROLES = (HURRIED, PATIENT)
LIST, LONGEST = "list", "graph"
"""Jobs that are known before the list of all is: the list itself, and the part of the engine that takes longest."""
VANISHED = "its file has changed since this engine began, or the kernel cache was cleared"
MOST_SECONDS = 60.0
TRIES = 2
MOST_JOBS = 16
"""Of one compiler, since it keeps nearly all that it makes; then another one goes on."""
MOST_DEATHS = 8
"""After which nothing is compiled that nobody waits for."""


class Begin(Struct, frozen=True):
    role: str


class Give(Struct, frozen=True):
    role: str
    job: str


class Slow(Struct, frozen=True):
    """Has a compiler take the lowest priority from now on."""

    role: str


class Finish(Struct, frozen=True):
    """Lets a compiler end. `complete`: everything is compiled, which is to be noted on the disk."""

    role: str
    complete: bool


class Stop(Struct, frozen=True):
    """Ends a compiler at once."""

    role: str


class Fetch(Struct, frozen=True):
    """Has the forkserver load kernels, if they are on the disk."""

    kernels: tuple[str, ...]


class FetchParts(Struct, frozen=True):
    """Has the forkserver load what the engine cannot run without: it is on the disk now."""


class Answer(Struct, frozen=True):
    """Tells control how its question ended: `error` is (kernel, code, message), or None where all is compiled."""

    number: int
    error: tuple[str, str, str] | None


class There(Struct, frozen=True):
    """Tells control which kernels are compiled; `anew`: and no others."""

    kernels: tuple[str, ...]
    anew: bool = False


class Progress(Struct, frozen=True):
    done: int
    total: int
    name: str


Action = Begin | Give | Slow | Finish | Stop | Fetch | FetchParts | Answer | There | Progress


class Foundry(Struct):
    """Records what is compiled, what is to be compiled, and by which compiler. Each method takes in an event and returns what to do."""

    there: set[str] = field(default_factory=set)
    parts: dict[str, bool] = field(default_factory=dict)
    """What the engine cannot be without, and whether it is made; empty where it was there from the beginning."""
    wanted: deque[str] = field(default_factory=deque)
    likeliest: deque[str] = field(default_factory=deque)
    questions: dict[int, set[str]] = field(default_factory=dict)
    """What control waits for, by the number it asked under."""
    at_work: dict[str, str] = field(default_factory=dict)
    """Role -> job."""
    watched: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Role -> the job it was seen at, and what it had spent by then."""
    alive: set[str] = field(default_factory=set)
    jobs: Counter[str] = field(default_factory=Counter)
    """By role, those that were given to the compiler that is there."""
    relaxed: bool = False
    """Whether the patient one that is there has the lowest priority."""
    playing: bool = False
    tried: Counter[str] = field(default_factory=Counter)
    spared: dict[str, set[str]] = field(default_factory=dict)
    """A job over which a compiler died -> who was there beside it. The same may have killed them: the job is not given to them."""
    deaths: int = 0
    made: set[str] = field(default_factory=set)

    # ------------------------------------------------------------ what it is told

    def begin(self) -> list[Action]:
        """Starts to compile the engine's own parts."""
        if self.parts:
            return []
        self.parts = dict.fromkeys((LONGEST, LIST), False)
        return self._go_on()

    def lacks_parts(self) -> list[Action]:
        """The forkserver has not found the engine's own parts. If they are compiled by now it looks again."""
        return [FetchParts()] if self.parts and self.complete else self.begin()

    def listed(self, parts: Iterable[str], kernels: Iterable[str]) -> list[Action]:
        """Takes the list of all there is to compile."""
        self.parts = {**dict.fromkeys(parts, False), **self.parts}
        self.likeliest.extend(kernels)
        return self.done(LIST, None)

    def ask(self, number: int, kernels: Collection[str]) -> list[Action]:
        """Takes in that control waits for kernels."""
        lacking = set(kernels) - self.there
        if not lacking:
            return [Answer(number, None)]
        self.questions[number] = lacking
        return [Fetch(tuple(kernel for kernel in kernels if kernel in lacking))]

    def found(self, loaded: Collection[str], missing: Sequence[str]) -> list[Action]:
        """Takes in which kernels the forkserver has loaded; the others are not on the disk."""
        actions: list[Action] = []
        if loaded:
            self.there |= set(loaded)
            self.made -= self.there
            self.likeliest = deque(kernel for kernel in self.likeliest if kernel not in self.there)
            actions.append(There(tuple(loaded)))
        for number, lacking in list(self.questions.items()):
            lacking -= self.there
            if not lacking:
                del self.questions[number]
                actions.append(Answer(number, None))
        busy = set(self.at_work.values())
        for kernel in missing:
            if kernel in self.made:  # a moment ago it was written
                self.made.discard(kernel)
                actions += self._refuse(kernel, "E_FILE", f"{kernel} was compiled, and is not found again: {VANISHED}")
            elif self._is_wanted(kernel):
                if kernel not in self.wanted and kernel not in busy:
                    self.wanted.append(kernel)
                if kernel in self.likeliest:
                    self.likeliest.remove(kernel)
            elif kernel not in self.likeliest and kernel not in busy:
                self.likeliest.append(kernel)
        return actions + self._go_on()

    def done(self, job: str, error: tuple[str, str] | None) -> list[Action]:
        """Takes in that a compiler has done a job, or why it cannot. Raises E_ENGINE, E_FILE where the engine cannot run without it."""
        self.at_work = {role: at for role, at in self.at_work.items() if at != job}
        actions: list[Action] = []
        if job in self.parts:
            if error is not None:
                raise ChronusError(error[0] if error[0] == "E_FILE" else "E_ENGINE", error[1])
            self.parts[job] = True
            actions.append(Progress(sum(self.parts.values()), len(self.parts), job))
            if self.complete:
                actions.append(FetchParts())
        elif error is not None:
            actions += self._refuse(job, *error)
        else:
            self.made.add(job)
            actions.append(Fetch((job,)))
        return actions + self._go_on()

    def forkserver_is_new(self) -> list[Action]:
        """Takes in that a new forkserver loads what is on the disk by itself; what control waits for goes first."""
        self.there.clear()
        wanted = tuple(kernel for lacking in self.questions.values() for kernel in lacking)
        return [There((), anew=True), *([Fetch(wanted)] if wanted else [])]

    def plays(self) -> list[Action]:
        """Takes in that the engine plays: from now on what nobody waits for may be compiled."""
        self.playing = True
        return self._go_on()

    def died(self, role: str, how: str) -> list[Action]:
        """Takes in that a compiler is dead."""
        self._is_gone(role)
        job = self.at_work.pop(role, "")
        actions: list[Action] = []
        if job or self.likeliest:
            self.deaths += 1
        if job:
            self.tried[job] += 1
            self.spared[job] = set(self.alive)
            if self.tried[job] >= TRIES:
                del self.tried[job]
                actions += self._given_up(job, f"the compiler died of {job} ({how})")
            elif job in self.parts:
                pass  # it is given to the next one
            else:
                (self.wanted if self._is_wanted(job) else self.likeliest).appendleft(job)
        if self.deaths > MOST_DEATHS:
            self.likeliest.clear()
        return actions + self._go_on()

    def look(self, spent: Mapping[str, float]) -> list[Action]:
        """Ends a compiler that takes too long for one job. `spent`: seconds of a processor that each compiler has used so far."""
        actions: list[Action] = []
        for role, job in self.at_work.items():
            seen, before = self.watched.get(role, ("", 0.0))
            if seen != job or spent.get(role, 0.0) < before:
                self.watched[role] = job, spent.get(role, 0.0)
            elif spent[role] - before > MOST_SECONDS:
                self.tried[job] = TRIES
                actions.append(Stop(role))
        return actions

    # ------------------------------------------------------------ what it decides

    @property
    def making(self) -> Making:
        """What is compiled at this moment, and what is still to come."""
        parts = sum(not made for made in self.parts.values())
        return Making(tuple(sorted(self.at_work.values())), parts, len(self.wanted) + len(self.likeliest))

    @property
    def complete(self) -> bool:
        """Whether the engine has all that it cannot run without."""
        return LIST not in self.parts or all(self.parts.values())

    def _is_wanted(self, kernel: str) -> bool:
        return any(kernel in lacking for lacking in self.questions.values())

    def _given_up(self, job: str, why: str) -> list[Action]:
        if job in self.parts:
            raise ChronusError("E_ENGINE", why)
        return self._refuse(job, "E_ENGINE", why)

    def _refuse(self, kernel: str, code: str, message: str) -> list[Action]:
        """Tells control, if it waits for that kernel, why there is none."""
        numbers = [number for number, lacking in self.questions.items() if kernel in lacking]
        for number in numbers:
            del self.questions[number]
        return [Answer(number, (kernel, code, message)) for number in numbers]

    def _go_on(self) -> list[Action]:
        """Gives each idle compiler the next job, starts compilers that are needed, and ends those that are not."""
        actions: list[Action] = []
        self.wanted = deque(kernel for kernel in self.wanted if self._is_wanted(kernel))
        for role in ROLES:
            much = not self.complete or bool(self.wanted) or (self.playing and bool(self.likeliest))
            if self.jobs[role] >= MOST_JOBS and role not in self.at_work:
                self._is_gone(role)
                actions.append(Finish(role, complete=False))
            if much and role not in self.alive:
                self.alive.add(role)
                actions.append(Begin(role))
            elif role in self.alive and not (much or self.questions or self.at_work):
                self._is_gone(role)
                actions.append(Finish(role, complete=role == PATIENT and self.playing))
            job = self._next(role) if role in self.alive and role not in self.at_work else ""
            if job:
                self.at_work[role] = job
                self.jobs[role] += 1
                if role == PATIENT and self.playing and not self.relaxed:
                    self.relaxed = True
                    actions.append(Slow(role))
                actions.append(Give(role, job))
        return actions

    def _is_gone(self, role: str) -> None:
        self.alive.discard(role)
        for others in self.spared.values():
            others.discard(role)
        self.jobs[role] = 0
        if role == PATIENT:
            self.relaxed = False

    def _next(self, role: str) -> str:
        busy = set(self.at_work.values())
        part = next((part for part, made in self.parts.items() if not made and part not in busy), "")
        if part:
            return part
        for job in self.wanted:
            if role not in self.spared.get(job, ()):
                self.wanted.remove(job)
                return job
        if self.likeliest and ((role == PATIENT and self.playing) or not self.complete):
            return self.likeliest.popleft()
        return ""
