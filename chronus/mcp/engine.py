"""The engine at the other end: reached when it is first needed, reached again when it was lost, ended if this server started it."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chronus.commands import Notice, Welcome
from chronus.errors import ChronusError
from chronus.language.source import Source
from chronus.language.statements import LONGEST_SCRIPT
from chronus.settings import Settings
from chronus.shell.answers import Answer
from chronus.shell.attached import AGAIN_SECONDS, Attached, attach, reach_again
from chronus.shell.conversation import Conversation

AUTHOR = "agent"
"""Who types, where `--as` does not say it."""
BEGUN = "no engine was running; a new one was started"
MOST_NOTICES = 12
"""Of what happened between two calls the last ones are told."""


class Ran(NamedTuple):
    """Answers, and notices where they came. `dropped`: commands that were not waited for to their end."""

    told: list[Answer | Notice]
    dropped: tuple[str, ...] = ()

    @property
    def answers(self) -> list[Answer]:
        return [one for one in self.told if isinstance(one, Answer)]

    @property
    def failed(self) -> bool:
        return bool(self.dropped) or any(answer.error for answer in self.answers)


class Alarm:
    """Wakes whoever waits for the engine or for a job. `ring` may be called by any thread."""

    def __init__(self) -> None:
        self.bell, self._rope = os.pipe()
        os.set_blocking(self.bell, False)
        os.set_blocking(self._rope, False)

    def ring(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._rope, b"!")

    def wait(self, seconds: float, socket: int = -1, events: int = 0) -> int:
        """Returns the events of the socket that came first; 0 where the alarm rang, or time is up."""
        poll = select.poll()
        poll.register(self.bell, select.POLLIN)
        if socket >= 0:
            poll.register(socket, events)
        came = dict(poll.poll(max(0.0, seconds) * 1000))
        if self.bell in came:
            with contextlib.suppress(BlockingIOError):
                os.read(self.bell, 4096)
        return came.get(socket, 0)


class Engine:
    """`stopped` says whether the present call has been cancelled."""

    def __init__(self, settings: Settings, alarm: Alarm, stopped: Callable[[], bool]) -> None:
        self._settings = settings._replace(author=settings.author or AUTHOR)
        self._alarm, self._stopped = alarm, stopped
        self._attached: Attached | None = None
        self._welcome: Welcome | None = None
        self._started: subprocess.Popen[bytes] | None = None
        self._name = ""
        self._unsent = bytearray()
        self._notices: deque[Notice] = deque(maxlen=MOST_NOTICES)

    def run(self, text: str, seconds: float, strict: bool = False) -> Ran:
        """Says lines of the language and waits for their answers, at most so many seconds. Raises E_ENGINE where there is no engine."""
        self._overhear()
        conversation = Conversation(strict=strict)
        said = text.encode("utf-8", "surrogateescape")
        if self._welcome is not None:
            conversation.hello(self._welcome)
        if len(said) > LONGEST_SCRIPT:
            conversation.refuse("E_LIMIT", "a script is at most 1 MiB")
        else:
            source = Source()
            conversation.say(source.feed(said) + source.close())
        told: list[Answer | Notice] = []
        until = time.monotonic() + seconds
        while True:
            self._send(conversation)
            told += self._heard(conversation)
            if conversation.ended or not conversation.waiting:
                return Ran(told)
            if self._stopped() or time.monotonic() >= until:
                # the engine drops what it has not begun when its client goes
                self._close()
                return Ran(told, tuple(one.text for one in conversation.drop()))
            self._turn(conversation, until)

    def tell_later(self, notices: Iterable[Notice]) -> None:
        """Keeps notices for the next call that tells them."""
        self._notices.extend(notices)

    # ------------------------------------------------------------

    def _heard(self, conversation: Conversation) -> list[Answer | Notice]:
        notices = [*self._notices]
        self._notices.clear()
        return [*notices, *(answer for _, answer in conversation.answers())]

    def _send(self, conversation: Conversation) -> None:
        while True:
            if not self._unsent:
                self._unsent += conversation.outgoing()
            if self._attached is None and (self._unsent or conversation.needs_engine):
                self._attach(conversation)
            if self._attached is None or not self._unsent:
                return
            try:
                del self._unsent[: self._attached.socket.send(self._unsent)]
            except BlockingIOError:
                return
            except OSError:
                self._unsent.clear()  # what it still said is read first; then its end is seen
                return

    def _turn(self, conversation: Conversation, until: float) -> None:
        """Waits for the engine, the alarm or the end, whatever comes first."""
        if self._attached is None:
            return
        events = select.POLLIN | (select.POLLOUT if self._unsent else 0)
        socket = self._attached.socket.fileno()
        if self._alarm.wait(until - time.monotonic(), socket, events) & ~select.POLLOUT and not self._listen(
            conversation
        ):
            self._lost(conversation)

    def _listen(self, conversation: Conversation | None) -> bool:
        """Takes what has come; False where the connection is gone."""
        assert self._attached is not None
        try:
            more = self._attached.socket.recv(1 << 16)
            self._attached.early += self._attached.frames.feed(more)
        except BlockingIOError:
            return True
        except (OSError, ChronusError):
            more = b""
        self._take(conversation)
        return bool(more)

    def _take(self, conversation: Conversation | None) -> None:
        assert self._attached is not None
        messages, self._attached.early = self._attached.early, []
        for message in messages:
            if conversation is not None:
                notice = conversation.receive(message)
            else:
                notice = message if isinstance(message, Notice) and message.kind != "rack" else None
            if notice is not None:
                self._notices.append(notice)

    def _overhear(self) -> None:
        """Takes what came since the last call: notices, or the end of the connection."""
        while self._attached is not None and select.select([self._attached.socket], [], [], 0)[0]:
            if not self._listen(None):
                self._close()

    def _attach(self, conversation: Conversation) -> None:
        self._take_up(*self._reach(), conversation)

    def _reach(self) -> tuple[Attached, Welcome]:
        if not self._name:
            return attach(self._settings, quiet=True)
        return reach_again(self._settings._replace(fresh=False), start=True, author=self._name)

    def _take_up(self, attached: Attached, welcome: Welcome, conversation: Conversation) -> None:
        self._attached, self._welcome, self._name = attached, welcome, welcome.name
        self._started = attached.started or self._started
        begun = [BEGUN] if attached.started is not None else []
        self._notices.extend(Notice("engine", note) for note in [*begun, *attached.notes])
        conversation.hello(welcome)
        self._take(conversation)
        attached.socket.setblocking(False)

    def _lost(self, conversation: Conversation) -> None:
        """Goes on with what was not sent yet if control is back in a moment; the engine is not started again in the middle of a call."""
        self._close()
        conversation.lost()
        try:
            found = attach(
                self._settings, timeout=AGAIN_SECONDS, start=False, quiet=True, again=True, author=self._name
            )
        except ChronusError:
            conversation.abandon()
        else:
            self._take_up(*found, conversation)

    def _close(self) -> None:
        self._unsent.clear()
        self._welcome = None
        if self._attached is not None:
            self._attached.close()
            self._attached = None

    def leave(self) -> None:
        """Ends an engine that this server started, unless others are attached to it or it is to be kept."""
        started = self._started
        if started is not None and started.poll() is None and not self._settings.keep:
            with contextlib.suppress(ChronusError):
                attached = self._attached or attach(self._settings, timeout=AGAIN_SECONDS, start=False, quiet=True)[0]
                attached.started = started
                attached.shut_down(alone=True)
        self._close()
