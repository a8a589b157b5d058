"""Runs the one loop of the control process: clients, OSC, the supervisor and the clock, on a selector.

Not asyncio: importing it takes 33 ms on the reference machine (selectors 2 ms), and the loop waits mostly for a word in shared
memory, which no event loop can select on. So: while answers are outstanding the loop looks every half millisecond, otherwise it
sleeps until something comes, a wait ends, or the next tick of 50 ms that keeps the lanes scheduled.

Rule 1: nothing here blocks. A client that sends half a line, reads nothing or vanishes costs no other client anything.
Rule 2: a client's time is logical. After a wait that ended at frame E its next commands act at E; they are taken up to
100 ms before, so that a script's music stands on its frames whatever the machine does meanwhile.
"""

from __future__ import annotations

import math
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from chronus.audio.devices import NULL
from chronus.commands import (
    SAID,
    AnyCommand,
    Crash,
    Device,
    FromEngine,
    Hear,
    Keep,
    List,
    New,
    Notice,
    Panic,
    Record,
    Release,
    Reply,
    Save,
    Submission,
    Wait,
    Welcome,
)
from chronus.conductor import authors
from chronus.conductor.conductor import UNDONE
from chronus.conductor.transaction import Committed
from chronus.conductor.waiting import together
from chronus.control.jobs.job import Answered, Applied, Asked, End, Failed, Job, Shrink
from chronus.control.jobs.performer import Performer
from chronus.control.jobs.supervisor_line import SupervisorLine
from chronus.control.serve.bounces import Bounces
from chronus.control.serve.client import Client, Part
from chronus.control.serve.door import Door, Events
from chronus.control.serve.listening import Listening
from chronus.control.serve.names import unique
from chronus.control.serve.output_list import Found, Outputs, has_moved, listed, meant
from chronus.control.serve.overheard import Overheard
from chronus.control.serve.recordings import Recordings
from chronus.control.serve.replies import refusal, replies, saved, single
from chronus.control.serve.status import Status
from chronus.engine_line import Moved
from chronus.errors import ChronusError
from chronus.memory.layout import TURNED_AWAY

LOOK_SECONDS = 0.0005
TICK_SECONDS = 0.05
LEAD_SECONDS = 0.1
"""Commands for a later frame are performed so long before it."""
RETURN_SECONDS = 10.0
"""So long after it came back control tells that to those who were attached before, as they come back too."""
ORPHAN_SECONDS = 1.0
"""So long an engine waits for a first client after whoever started it has gone."""
LONG_SECONDS = 1.0
"""A submission longer than a client may send ahead acts so long after its beginning: by then the rest is here, and acts with it."""
STALE_SECONDS = 0.25
"""A client whose last moment lies further back has stopped sending ahead: its time is now."""


class Server:
    """Serves everything that a client can ask for. `turn` goes round once, `run` until told to stop."""

    def __init__(
        self, performer: Performer, status: Status, listener: socket.socket, supervisor: SupervisorLine
    ) -> None:
        self.performer, self.status, self.supervisor = performer, status, supervisor
        self.conductor, self.publisher = performer.conductor, performer.publisher
        self.jobs: deque[Job | Asked | Shrink] = deque()
        self.reading: list[Job] = []
        """Jobs that wait for the files that they name."""
        self.reads_first: Callable[[Job, str], bool] = lambda job, folder: False
        """Asked of each job of a client, with the folder in which it types."""
        self._listens_from: float = 0
        """The frame: before it nobody is listened to."""
        self.lent = -1
        """The shared memory as a descriptor that it can only be read with, for those who look on; -1: there is none."""
        self.running = True
        self._returned: tuple[float, Notice] | None = None
        self.door = Door(
            listener, self._welcome, self._list, lambda: self.publisher.count(TURNED_AWAY), self._let_go_of
        )
        self.clients = self.door.clients
        self.watch = self.door.watch
        self._ready: deque[Client] = deque()
        self._sleeping: list[Client] = []
        self._waits: list[tuple[Client, Part]] = []
        self._timeline = self.conductor.score.timeline
        self._dirty: dict[Client, None] = {}
        self.next_tick = 0.0
        self._rack: dict[str, Any] = status.rack()
        self._rack_of: object = None
        self.outputs = Outputs()
        latency = self.conductor.catalogue["out"].latency
        self.recordings = Recordings(
            lambda: self.conductor.state, self.publisher, supervisor, latency, lambda *what: self.notify(*what)
        )
        self.bounces = Bounces(
            lambda: self.conductor.state, self.publisher, lambda: performer.pen.path, lambda *what: self.notify(*what)
        )
        self.listening = Listening(
            lambda: self.conductor.state, self.conductor.catalogue, self.publisher, lambda: performer.pen.path,
            lambda *what: self.notify(*what), self.door.watch, self.door.unwatch,
        )  # fmt: skip
        self.recordings.begun_by_others, self.bounces.begun_by_others = self.bounces.begun, self.recordings.begun
        self.recordings.add_stems = self.bounces.add_stems
        status.recordings, status.bounces = self.recordings, self.bounces
        self._overheard = Overheard()
        self._back_until = time.monotonic() + RETURN_SECONDS
        self.every_turn: list[Callable[[], object]] = [self.recordings.turn, self.listening.turn]
        self.every_tick: list[Callable[[], object]] = [
            supervisor.tick,
            self.outputs.tick,
            self.recordings.tick,
            self.bounces.tick,
            self._tell_what_was_said,
            self._release_of_nobody,
        ]
        if supervisor.channel is not None:
            self.watch(supervisor.channel, self._hear_supervisor)

    # ------------------------------------------------------------ the loop

    def run(self) -> None:
        while self.running:
            self.turn()

    def turn(self, block: bool = True) -> None:
        """Goes round once: what has come in, what is due, what can be performed, what can be answered."""
        for key, mask in self._wait() if block else self.door.look(0.0):
            key.data(mask)
        self._clock()
        for look in self.every_turn:
            look()
        if self.performer.current is not None or self.performer.uncompiled:
            self._meanwhile()
        self.performer.step(self._take)
        self._answer()

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.bounces.close()
        self.listening.close()
        self.door.close()

    def _wait(self) -> Events:
        if self.performer.busy or self.jobs or self._ready:
            # epoll counts in milliseconds; half of one needs a sleep of its own.
            events = self.door.look(0.0)
            if not events and not self._can_go_on:
                time.sleep(LOOK_SECONDS)
            return events
        return self.door.look(max(0.0, min(self.next_tick - time.monotonic(), self._until_due())))

    @property
    def _can_go_on(self) -> bool:
        if self.performer.at_work:
            return True
        return self.performer.current is None and bool(self.jobs or (self._ready and self._listens))

    @property
    def _listens(self) -> bool:
        return self.publisher.head() >= self._listens_from

    def _until_due(self) -> float:
        """Returns the seconds until the next wait ends or a sleeping client's next commands are taken up."""
        heard = self.publisher.heard()
        frames = [part.until - heard for _, part in self._waits]
        frames += [until - heard for until in self.listening.awaits()]
        frames += [self._early(client) for client in self._sleeping]
        return max(min(frames), 0) / self.publisher.rate + LOOK_SECONDS if frames else TICK_SECONDS

    @property
    def _lead(self) -> int:
        return round(LEAD_SECONDS * self.publisher.rate)

    def _early(self, client: Client) -> int:
        """Returns the frames until the client's next part is taken up: ahead of its time, but a question at its time."""
        if client.exact is None or not client.waiting:
            return 0
        part = client.waiting[0]
        if part.long and part.whole == client.begun:
            return 0
        return client.exact - (self.publisher.heard() if part.asks else self.publisher.front() + self._lead)

    def _clock(self) -> None:
        heard = self.publisher.heard()
        if self._timeline is not self.conductor.score.timeline:
            self._timeline = self.conductor.score.timeline
            self._follow_the_tempo()
        for client, part in self._waits:
            if heard >= part.until:
                part.replies = (single(part, part.until),)
                self._touch(client)
        self._waits = [pair for pair in self._waits if pair[1].replies is None and not pair[0].gone]
        awake = [client for client in self._sleeping if self._early(client) <= 0 or client.gone]
        for client in awake:
            self._sleeping.remove(client)
            self._list(client)
        now = time.monotonic()
        if now >= self.next_tick:
            self.next_tick = now + TICK_SECONDS
            self._tick(now)

    def _tick(self, now: float) -> None:
        self.performer.notes.schedule()
        self.performer.look_at_the_disk()
        self._put_off(self.publisher.front() + self._lead)
        # a program without what has faded out is that of all that was performed: it waits for what is promised
        settled = not self.performer.busy and self.conductor.state.promised < self.publisher.head()
        if settled and (shrinking := self.conductor.shrink(self.publisher.head())) is not None:
            self.jobs.append(Shrink(shrinking))
        for look in self.every_tick:
            look()
        self.door.tick(now)
        self._end_as_orphan(now)

    def _end_as_orphan(self, now: float) -> None:
        """Ends the engine if its starter was gone before it was ready, unless a client has come or it holds what it recovered."""
        since = self.supervisor.orphan_since
        if not since or self.door.visited or set(self.conductor.rack.modules) != {"out"}:
            self.supervisor.orphan_since = 0.0
        elif now - since > ORPHAN_SECONDS:
            self.supervisor.stop()

    def _put_off(self, frame: int) -> None:
        """Takes up what was put off to a time before this frame."""
        for at, dues in self.conductor.due(frame):
            due = tuple(one.number for one in dues)
            self.jobs.append(Job(together(dues), dues[0].author, at, due, ended=self._tell_of_what_was_put_off))

    def _tell_of_what_was_put_off(self, end: End) -> None:
        """Writes a notice if a command that was put off could not be performed: its answer was given long ago."""
        if isinstance(end, Failed):
            errors = [end.why] * len(end.submission.texts)
        else:
            errors = [outcome.error.message if outcome.error else "" for outcome in end.outcomes]
        for text, error in zip(end.submission.texts, errors, strict=True):
            if error:
                self.notify("put off", f'"{text}" could not be done: {error}')

    # ------------------------------------------------------------ what is performed next

    def perform(
        self, commands: Iterable[AnyCommand], texts: Iterable[str], author: str, *,
        wish: int | None = None, ended: Callable[[End], None] = lambda end: None,
    ) -> None:  # fmt: skip
        """Performs commands that no client sent."""
        commands = tuple(commands)
        submission = Submission(tuple(range(len(commands))), tuple(texts), commands)
        self.jobs.append(Job(submission, author, wish, ended=ended))

    def begin_with(self, submission: Submission, author: str, then: Callable[[], None] = lambda: None) -> None:
        """Performs a rack, and does what comes `then`, before any client is listened to: until then the names of its modules would mean
        nothing.
        """

        def over(end: End) -> None:
            then()
            self._listens_from = end.frame + 1 if isinstance(end, Applied) else 0
            errors = [end.why] if isinstance(end, Failed) else [one.error.message for one in end.outcomes if one.error]
            if errors:
                self.notify("recovery", f"the rack did not come back: {errors[0]}")

        self._listens_from = math.inf
        self.jobs.append(Job(submission, author, ended=over))

    def _meanwhile(self) -> None:
        """Does what no job on its way may block: questions, the end of the engine, a death on purpose; and what silences, which goes first.

        Each client's own order stays: what it said before is answered, or accepted.
        """
        for client in [client for client in self._ready if self._listens]:
            part = client.waiting[0] if client.waiting and not client.gone else None
            if part is None or client.awaits_a_death:
                continue
            waits = self.performer.has(client.job) or client.job in self.reading
            lacks = self.performer.lacks_kernels(client.job)
            if waits and not (part.silences and lacks):
                continue
            if part.shutdown is not None or isinstance(part.alone, Crash):
                if client.unanswered[0] is part:
                    client.waiting.popleft()
                    self._to_the_supervisor(client, part)
            elif client.halted or self._early(client) > 0:
                continue
            elif part.asks:
                self.performer.answer(self._job(client, client.together()))
            elif part.silences and self.performer.give_way():
                self._silence(client, client.waiting.popleft())

    def _silence(self, client: Client, part: Part) -> None:
        """Performs what silences first. What waits for a compiler is not heard after a panic; after a stop it may come, and later
        commands still wait for it.
        """
        job = client.job if self.performer.lacks_kernels(client.job) else None
        if job is not None and any(isinstance(command, Panic) for command in part.commands):
            self.performer.withdraw(job)
            job = None
        self.jobs.appendleft(self._job(client, [part]))
        client.job = job or client.job

    def _take(self) -> Job | Asked | Shrink | None:
        if self.jobs:
            return self.jobs.popleft()
        while self._ready and self._listens:
            client = self._ready.popleft()
            client.listed = False
            job = None if client.gone else self._next_of(client)
            if job is not None and client.hello is not None and self.reads_first(job, client.hello.folder):
                self._list(client)
                continue
            if job is not None:
                self._list(client)
                return job
            if self.jobs:
                return self.jobs.popleft()
        return None

    def _is_aside(self, job: Job | None) -> bool:
        """Whether the job was taken up, and has stepped aside for others."""
        return self.performer.is_aside(job) or job in self.reading

    def _list(self, client: Client) -> None:
        if not client.listed and client.waiting and not client.gone:
            client.listed = True
            self._ready.append(client)

    def _next_of(self, client: Client) -> Job | None:
        """Returns the client's next job; None where it has nothing more to do now, or its last one is still being tried out."""
        while client.waiting and not client.awaits_a_death and not self._is_aside(client.job):
            part = client.waiting[0]
            if client.halted and part.shutdown is None:
                client.waiting.popleft()
                part.replies = [refusal(id, ChronusError("E_ENGINE", UNDONE)) for id in part.ids]
                self._touch(client)
                continue
            if self._early(client) > 0:
                if client not in self._sleeping:
                    self._sleeping.append(client)
                return None
            if client.exact is not None:
                self._put_off(client.exact + 1)  # what was put off to that very moment was said before
                if self.jobs:
                    self._list(client)
                    return None
            if part.for_the_rack:
                return self._job(client, client.together())
            if isinstance(part.alone, Crash) or part.shutdown:
                if client.unanswered[0] is not part:
                    return None
                client.waiting.popleft()
                self._to_the_supervisor(client, part)
            else:
                client.waiting.popleft()
                self._stands_alone(client, part)
        return None

    def _job(self, client: Client, taken: list[Part]) -> Job:
        submission = taken[0]
        if len(taken) > 1:
            submission = Part(
                tuple(i for part in taken for i in part.ids),
                tuple(text for part in taken for text in part.texts),
                tuple(command for part in taken for command in part.commands),
                submission.strict,
            )

        def accepted(wish: int | None, done: Committed) -> None:
            # A little late is still the same moment, so that what is waited for next does not drift.
            late = wish is not None and done.moment - wish > self._stale
            client.moment = done.moment if wish is None or done.exact or late else wish
            client.exact = done.moment if done.exact else None
            client.halted |= submission.strict and any(outcome.error for outcome in done.transaction.outcomes)
            self._list(client)

        def ended(end: End) -> None:
            answers = replies(end, self.status, client.author)
            client.halted |= submission.strict and not all(reply.ok for reply in answers)
            for part in taken:
                part.replies, answers = answers[: len(part.ids)], answers[len(part.ids) :]
            if isinstance(end, Answered):
                self._overhear(client, end)
            if isinstance(end, Applied):
                client.applied = max(client.applied or 0, end.frame)
            self._touch(client)

        author, wish = client.author, client.exact
        long = next((part.whole for part in taken if part.long), client.begun)
        if long != client.begun:
            client.begun = long
            wish = max(wish or 0, self.publisher.safe_moment() + round(LONG_SECONDS * self.publisher.rate))
        client.job = Job(
            Submission(submission.ids, submission.texts, submission.commands, strict=submission.strict), author, wish,
            accepted=accepted, ended=ended,
        )  # fmt: skip
        return client.job

    @property
    def _stale(self) -> int:
        return round(STALE_SECONDS * self.publisher.rate)

    def _stands_alone(self, client: Client, part: Part) -> None:
        if isinstance(part.alone, Wait):
            self._begin_wait(client, part, part.alone)
        elif isinstance(part.alone, Save):
            rack, catalogue = self.conductor.document(self.publisher.head()), self.conductor.catalogue
            part.replies = (saved(part.ids[0], part.texts[0], part.alone, rack, catalogue),)
        elif isinstance(part.alone, Record | Keep | Hear):
            self._take_down(client, part, part.alone)
        elif isinstance(part.alone, Device) and part.alone.name:
            name = part.alone.name
            self.outputs.ask(lambda found: self._move(client, part, name, found))
        elif isinstance(part.alone, List | Device):
            self.outputs.ask(lambda found: self._tell_outputs(client, part, found))
        client.halted |= part.strict and not all(reply.ok for reply in part.replies or ())
        self._touch(client)

    def _tell_outputs(self, client: Client, part: Part, found: Found) -> None:
        part.replies = (listed(part.ids[0], part.texts[0], found, self.status.engine()["device"]),)
        self._touch(client)

    def _move(self, client: Client, part: Part, name: str, found: Found) -> None:
        """Lets another device take over, once it is known which one is meant."""
        was = str(self.status.engine()["device"] or NULL)

        def moved(told: Moved) -> None:
            part.replies = (has_moved(part.ids[0], was, told),)
            if not told.why:
                self.status.facts["device"] = told.device
            self._touch(client)

        try:
            device = meant(name, found)
        except ChronusError as error:
            part.replies = (refusal(part.ids[0], error),)
            self._touch(client)
            return
        if device == was:
            moved(Moved(device))
        else:
            self.supervisor.move(device, moved)

    def _now_of(self, client: Client) -> int:
        """Returns the frame of a client's present: of its last commands, if that was a moment ago."""
        front = self.publisher.front()
        fresh = client.moment is not None and client.moment >= front - self._stale
        return client.moment if client.moment is not None and fresh else front

    def _take_down(self, client: Client, part: Part, command: Record | Keep | Hear) -> None:
        def answered(reply: Reply | ChronusError) -> None:
            reply = refusal(part.ids[0], reply) if isinstance(reply, ChronusError) else reply
            part.replies = (reply,)
            client.halted |= part.strict and not reply.ok
            self._touch(client)

        begun, folder = self._now_of(client), client.hello.folder if client.hello else ""
        try:
            if isinstance(command, Record):
                self.recordings.ask(part.ids[0], part.texts[0], command, begun, answered)
            elif isinstance(command, Hear):
                self.listening.ask(part.ids[0], part.texts[0], command, begun, folder, answered)
            else:
                self.bounces.ask(part.ids[0], part.texts[0], command, begun, answered)
        except ChronusError as error:
            part.replies = (refusal(part.ids[0], error),)
            return
        client.moment = begun

    def _begin_wait(self, client: Client, part: Part, wait: Wait) -> None:
        part.begun = self._now_of(client)
        try:
            part.until = self.conductor.state.wait_frame(wait, part.begun)
        except ChronusError as error:
            part.replies = (refusal(part.ids[0], error),)
            return
        client.moment = client.exact = part.until
        self._waits.append((client, part))

    def _follow_the_tempo(self) -> None:
        """Moves the end of waits for bars with the tempo. What a client has sent since for the old end is on its way already."""
        for client, part in self._waits:
            assert isinstance(part.alone, Wait)
            before = part.until
            with suppress(ChronusError):  # a bar that is gone by now was waited for long enough
                part.until = self.conductor.state.wait_frame(part.alone, part.begun)
            if client.exact == before:
                client.moment = client.exact = part.until

    def _to_the_supervisor(self, client: Client, part: Part) -> None:
        def answered(ok: bool, text: str) -> None:
            code = "" if ok else "E_ENGINE"
            part.replies = (Reply(part.ids[0] if part.ids else 0, ok, text, code=code),)
            self._touch(client)

        if part.shutdown is None:
            assert isinstance(part.alone, Crash)
            self.supervisor.crash(part.alone.what, answered)
            return
        others = sum(
            1 for other in self.clients.values()
            if other.hello and not other.hello.looks and other is not client and not other.gone
        )  # fmt: skip
        if part.shutdown.alone and others:
            answered(
                False, f"{others} other {'shell is' if others == 1 else 'shells are'} attached; the engine goes on"
            )
        else:
            answered(True, "")
            client.answer()
            self.supervisor.stop()

    # ------------------------------------------------------------ answers and notices

    def _touch(self, client: Client) -> None:
        self._dirty[client] = None

    def _answer(self) -> None:
        self._tell_watchers()
        dirty, self._dirty = self._dirty, {}
        for client in dirty:
            client.answer()
            self._list(client)
            self.door.follow(client)

    def notify(self, kind: str, text: str, result: dict[str, Any] | None = None) -> None:
        """Sends a notice to every client; `status` tells of it, too."""
        self.status.note(kind, text)
        for client in list(self.clients.values()):
            if client.hello:
                self._tell(client, Notice(kind, text, result or {}))

    def _tell_watchers(self) -> None:
        if self._rack_of is self.conductor.rack:
            return
        self._rack_of = self.conductor.rack
        rack = self.status.rack()
        if rack != self._rack:
            self._rack = rack
            for client in list(self.clients.values()):
                if client.hello and client.hello.watch:
                    self._tell(client, Notice("rack", "", rack))

    def _overhear(self, client: Client, end: Answered) -> None:
        """Keeps what a client has changed, until the others are told."""
        for command, text, outcome in zip(end.submission.commands, end.submission.texts, end.outcomes, strict=True):
            if outcome.error is None and not (command.asks or command.elsewhere):
                self._overheard.add(client.author, text)

    def _tell_what_was_said(self) -> None:
        """Tells those who type what others have said."""
        for told in self._overheard.due(time.monotonic()):
            more = {"more": told.more} if told.more else {}
            notice = Notice(SAID, told.text, {"author": told.author, **more})
            for client in list(self.clients.values()):
                if client.hello and client.hello.watch and client.author != told.author:
                    self._tell(client, notice)

    # ------------------------------------------------------------ names, and what their bearers hold

    def _let_go_of(self, client: Client) -> None:
        """Releases what a client held that is gone."""
        if client.name:
            self._release(client.name)

    def _release(self, name: str) -> None:
        if self.running and any(claim.holder == name for claim in self.conductor.state.claims):
            self.perform((Release(),), ("release",), name)

    def _release_of_nobody(self) -> None:
        """Releases what is held by those who have not come back after control died."""
        if time.monotonic() > self._back_until:
            self._back_until = math.inf
            here = {client.author for client in self.clients.values()}
            for holder in {claim.holder for claim in self.conductor.state.claims} - here:
                self._release(holder)

    def _welcome(self, client: Client) -> None:
        assert client.hello is not None
        taken = [other.author for other in self.clients.values() if other.hello and other is not client]
        client.name = "" if client.hello.looks else unique(client.hello.author, client.hello.watch, taken)
        welcome = Welcome(1, self.status.engine(), self.status.catalogue, self.status.rack(), client.name)
        if client.hello and client.hello.looks and self.lent >= 0:
            client.lend(welcome, self.lent)
        else:
            client.tell(welcome)
        if self._returned and client.hello and client.hello.again:
            since, notice = self._returned
            if time.monotonic() - since < RETURN_SECONDS:
                client.tell(notice)

    def _tell(self, client: Client, message: FromEngine) -> None:
        client.tell(message)
        self.door.follow(client)

    # ------------------------------------------------------------ the supervisor

    def _hear_supervisor(self, mask: int) -> None:
        for notice in self.supervisor.hear():
            self.notify(notice.kind, notice.text)
            if notice.kind == "control":
                self._returned = time.monotonic(), Notice(notice.kind, notice.text)
            if notice.kind == "safe mode":  # the replicas begin with nothing, so the rack must be that too
                self.perform((New(),), ("new",), authors.ENGINE)
        if self.supervisor.gone:
            self.stop()
