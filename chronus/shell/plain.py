"""The shell without a prompt: reads a file, `-c` or a pipe, and prints answers as they come."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable
from types import FrameType

from chronus import wire
from chronus.commands import Notice, Welcome
from chronus.errors import ChronusError, did_you_mean
from chronus.language.source import Source
from chronus.language.statements import LONGEST_SCRIPT
from chronus.settings import Settings
from chronus.shell import answers
from chronus.shell.attached import AGAIN_SECONDS, Attached, attach
from chronus.shell.conversation import FAILED, INTERRUPTED, LOST, USAGE, Conversation

READ_BYTES = 1 << 16
TERMINATED = 143
ENDS = {
    "E_PATH": USAGE, "E_FILE": USAGE, "E_VALUE": USAGE, "E_COMMAND": USAGE, "E_MODULE": FAILED, "E_LIMIT": FAILED,
}  # fmt: skip
"""What a form that could not be carried out ends with; without an engine, if not told here."""


class Terminated(BaseException):
    """Raised by SIGTERM: ends as Ctrl-C does, with an exit code of its own."""


class Plain:
    """One run: `script` is all there is to do, or None for standard input, which is read as it comes."""

    def __init__(self, settings: Settings, script: bytes | None, write: Callable[[str], None]) -> None:
        self.settings = settings
        self.conversation = Conversation(strict=settings.strict)
        self.attached: Attached | None = None
        self.engine_lost = False
        self.unreadable = False
        self._source = Source()
        self._reading = script is None
        self._write = write
        self._unsent = bytearray()
        if script is not None and len(script) > LONGEST_SCRIPT:
            self.conversation.refuse("E_LIMIT", "a script is at most 1 MiB")
        elif script is not None:
            self.conversation.say(self._source.feed(script) + self._source.close())

    def run(self) -> int:
        """Runs until everything is answered."""
        try:
            while True:
                self._send()
                self._print()
                if self.conversation.ended or not (self._reading or self.conversation.waiting):
                    break
                self._turn()
        except BaseException:
            if self.attached is not None and not self.settings.keep:
                self.attached.terminate()  # and not by a frame: half of one may be on its way
            raise
        self._leave()
        if self.unreadable:
            return USAGE
        return LOST if self.engine_lost else self.conversation.exit_code

    # ------------------------------------------------------------

    def _send(self) -> None:
        while True:
            if not self._unsent:
                self._unsent += self.conversation.outgoing()
            if self.attached is None and (self._unsent or self.conversation.needs_engine):
                self._attach()
            if self.attached is None or not self._unsent:
                return
            try:
                del self._unsent[: self.attached.socket.send(self._unsent)]
            except BlockingIOError:
                return
            except ConnectionError:
                self._unsent.clear()  # what it still said is read first; then its end is seen
                return

    def _attach(self) -> None:
        self._take_up(*attach(self.settings))

    def _take_up(self, attached: Attached, welcome: Welcome) -> None:
        """Goes on with an engine that has just been reached."""
        self.attached = attached
        for note in attached.notes:
            self._write_notice(Notice("engine", note))
        self.conversation.hello(welcome)
        self._take()
        attached.socket.setblocking(False)

    def _print(self) -> None:
        form = answers.as_json if self.settings.json else _plain
        lines = [form(answer) for _asked, answer in self.conversation.answers()]
        if lines:
            self._write("\n".join(lines) + "\n")

    def _turn(self) -> None:
        """Waits for whatever comes first: input, if more may be sent, or the engine."""
        poll = select.poll()
        listening = self._reading and not self.conversation.full
        if listening:
            poll.register(0, select.POLLIN)
        there = self.attached.socket.fileno() if self.attached else -1
        if there >= 0:
            poll.register(there, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        for descriptor, _event in poll.poll():
            if descriptor == 0:
                self._read()
            elif _event & ~select.POLLOUT:
                self._hear()

    def _read(self) -> None:
        try:
            more = os.read(0, READ_BYTES)
        except OSError as problem:
            sys.stderr.write(f"chronus: standard input cannot be read: {problem.strerror}\n")
            self.unreadable = True
            more = b""
        if more:
            # what happens to come in one read was not meant for one moment
            found = self._source.feed(more)
            for start in range(0, len(found), wire.WINDOW):
                self.conversation.say(found[start : start + wire.WINDOW])
        else:
            self._reading = False
            self.conversation.say(self._source.close())

    def _hear(self) -> None:
        assert self.attached is not None
        try:
            more = self.attached.socket.recv(READ_BYTES)
            self.attached.early += self.attached.frames.feed(more)
        except BlockingIOError:
            return
        except (ConnectionError, ChronusError):
            more = b""
        self._take()
        if not more:
            self._lost()

    def _take(self) -> None:
        assert self.attached is not None
        messages, self.attached.early = self.attached.early, []
        for message in messages:
            notice = self.conversation.receive(message)
            if notice is not None:
                self._print()
                self._write_notice(notice)

    def _write_notice(self, notice: Notice) -> None:
        own = notice.kind == "engine"  # its words stand for themselves
        plain = answers.clean(f"! {notice.text}") if own else answers.notice_plain(notice)
        self._write((answers.notice_json(notice) if self.settings.json else plain) + "\n")

    def _lost(self) -> None:
        """The engine's control may be back in a moment; the engine itself is not started again under a script."""
        assert self.attached is not None
        started = self.attached.started
        self.attached.close()
        self.attached = None
        self._unsent.clear()
        self.conversation.lost()
        self._print()
        try:
            name = self.conversation.name
            attached, welcome = attach(self.settings, timeout=AGAIN_SECONDS, start=False, again=True, author=name)
        except ChronusError:
            self.engine_lost = True
            self.conversation.abandon()
            self._reading = False
            return
        attached.started = started
        self._take_up(attached, welcome)

    def _leave(self) -> None:
        if self.attached is None:
            return
        if self.attached.started is not None and not self.settings.keep:
            self.attached.shut_down()
        self.attached.close()


def _plain(answer: answers.Answer) -> str:
    return "\n".join(answers.plain(answer))


def run(settings: Settings, script: bytes | None) -> int:
    """The whole of a plain shell, with its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return Plain(settings, script, write_out).run()
    except BrokenPipeError:
        _hush()
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except ChronusError as error:
        return report(settings, error)


def report(settings: Settings, error: ChronusError) -> int:
    """Reports what could not be carried out at all, such as for want of an engine; returns the exit code."""
    if settings.json:
        with contextlib.suppress(BrokenPipeError):
            write_out(answers.as_json(answers.Answer(0, "", error=error)) + "\n")
    sys.stderr.write(answers.clean(f"chronus: {error.code} {error.message}{did_you_mean(error.suggestions)}") + "\n")
    return int(getattr(error, "exit", ENDS.get(error.code, LOST)))


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def write_out(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _hush() -> None:
    """Silences the interpreter's own flush at the end: no process reads any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
