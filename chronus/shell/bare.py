"""The shell for a terminal that can do no more than print lines (TERM=dumb: a shell in an editor, a serial line), or that
should do no more (`--plain`). The terminal's own driver edits the line; its answers follow it.

Ctrl-C takes back the line, or ends the waiting for the one that runs; it never ends the engine. It comes as a signal, and
this shell looks at it only where it waits: so it never interrupts what is being sent or read.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator

from chronus import connection
from chronus.commands import Notice
from chronus.errors import ChronusError
from chronus.language.source import Source
from chronus.language.statements import Statement
from chronus.settings import Settings
from chronus.shell import answers, glyphs, greeting
from chronus.shell.answers import INDENT
from chronus.shell.attached import attach, reach_again
from chronus.shell.conversation import LOST, OK
from chronus.shell.folding import columns
from chronus.shell.plain import READ_BYTES, Plain, write_out

PROMPT, MORE = "chronus> ", "...> "
ANSWER_SECONDS = 0.08
"""After Ctrl-C an answer is waited for so long, unless it is that of a `wait`."""
LINES = 0
"""Where the lines come from."""


def run(settings: Settings) -> int:
    """The whole of a bare shell, with its exit code."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the terminal is gone: so are we, and the music goes on
    return Bare(settings).run()


class Bare(Plain):
    """With `--plain` there is neither greeting nor prompt."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, None, write_out)
        self._asks = not settings.plain
        if self._asks:
            self.conversation.glyphs, self.conversation.keeps_glyphs = glyphs.of_terminal(), True
        self._standing = ""  # the prompt behind which the cursor stands
        self._interrupted = False
        self._signals = -1
        self._more_lines = True

    def run(self) -> int:
        """Takes lines until the user leaves."""
        self._attach()
        if self._asks:
            self._say(greeting.hint(columns()))
        with self._hearing_ctrl_c():
            while not self.conversation.ended and self._more_lines:
                said = self._line()
                if said:
                    self.conversation.width = columns() - INDENT
                    self.conversation.say(said)
                    self._answer()
            here = self.attached is not None
            self._leave()
        return OK if here else LOST

    @contextlib.contextmanager
    def _hearing_ctrl_c(self) -> Iterator[None]:
        self._signals, writing = os.pipe()
        for end in (self._signals, writing):
            os.set_blocking(end, False)
        before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
        waking = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waking)
            signal.signal(signal.SIGINT, before)
            os.close(self._signals)
            os.close(writing)

    # ------------------------------------------------------------ a line

    def _line(self) -> list[Statement]:
        """Returns what is typed next, or pasted at once; nothing if it was taken back, or if there is no more."""
        self._ask(PROMPT)
        self._interrupted = False
        source, said = Source(), list[Statement]()
        while not self._interrupted:
            if not self._look(lines=True):
                continue
            more = os.read(LINES, READ_BYTES)
            said += source.feed(more) if more else source.close()
            if more and (not more.endswith(b"\n") or select.select([LINES], [], [], 0)[0]):
                continue  # half a line; or pasted ones, which share a moment
            if source.goes_on:
                self._ask(MORE)
                continue
            if not more and not said:
                self._more_lines = False
                self._say([""])
            self._standing = ""
            return said
        self._standing = ""
        self._say([""])
        return []

    def _look(self, *, lines: bool, until: float | None = None) -> bool:
        """Waits for a line, the engine or Ctrl-C, whatever comes first; True if it is a line."""
        poll = select.poll()
        poll.register(self._signals, select.POLLIN)
        if lines:
            poll.register(LINES, select.POLLIN)
        there = self.attached.socket.fileno() if self.attached else -1
        if there >= 0:
            poll.register(there, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        patience = None if until is None else max(0.0, until - time.monotonic()) * 1000
        ready = dict(poll.poll(patience))
        if self._signals in ready:
            os.read(self._signals, READ_BYTES)
            self._interrupted = True
            return False
        if ready.get(there, 0) & ~select.POLLOUT:
            self._hear()
        return LINES in ready

    # ------------------------------------------------------------ its answers

    def _answer(self) -> None:
        """Waits until what was said is answered. Ctrl-C ends the waiting, and not at once: what was entered is as good as done."""
        patience: float | None = None
        while True:
            self._reach()
            self._print()
            if self.conversation.ended or not self.conversation.waiting:
                return
            if self._interrupted:
                patience = patience or time.monotonic() + ANSWER_SECONDS
                if self.conversation.rests or time.monotonic() >= patience:
                    self._cancel()
                    return
            self._look(lines=False, until=patience)

    def _reach(self) -> None:
        """Sends what may be sent, to an engine that is started if there is none; Ctrl-C may break that off."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler) if self.attached is None else None
        try:
            self._send()
        except ChronusError as error:
            self._notice("engine", f"{error.message}; the next line tries again")
            self.conversation.abandon()
        except KeyboardInterrupt:
            self.conversation.abandon()
        finally:
            if before is not None:
                signal.signal(signal.SIGINT, before)

    def _cancel(self) -> None:
        """Disconnects and connects again, because the engine drops what it has not begun when its client goes."""
        dropped = self.conversation.drop()
        self._say([""])  # after the terminal's own ^C
        self._notice("cancelled", "; ".join(one.text for one in dropped))
        if self.attached is not None:
            self._come_back()

    # ------------------------------------------------------------ the engine

    def _attach(self) -> None:
        attached, welcome = attach(self.settings, watch=True)
        if self._asks:
            self._say(greeting.found(self.settings, attached, dict(welcome.engine), columns()))
        self._take_up(attached, welcome)

    def _lost(self) -> None:
        with self._aside():
            self._notice("engine", "the connection was lost; trying again")
            self._come_back()

    def _come_back(self) -> None:
        assert self.attached is not None
        before = self.attached.started
        self.attached.close()
        self.attached = None
        self._unsent.clear()
        self.conversation.lost()
        self._print()
        try:
            attached, welcome = reach_again(self.settings, author=self.conversation.name)
        except connection.NoEngine:
            self._notice("engine", "it has ended; the next line starts it again")
            self.conversation.abandon()
        except ChronusError as error:
            self._notice("engine", f"{error.message}; the next line tries again")
            self.conversation.abandon()
        else:
            if attached.started is None and before is not None and before.poll() is None:
                attached.started = before
            self._take_up(attached, welcome)
        self._print()

    def _leave(self) -> None:
        self._notice("engine", greeting.goodbye(self.settings, self.attached))
        if self.attached is not None:
            self.attached.close()

    # ------------------------------------------------------------ what is shown

    def _ask(self, prompt: str) -> None:
        if self._asks:
            self._standing = prompt
            self._write(prompt)

    def _say(self, lines: list[str]) -> None:
        if self._asks:
            self._write("\n".join(lines) + "\n")

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """What is written within stands on lines of its own, and the prompt after it again."""
        standing, self._standing = self._standing, ""
        if standing:
            self._write("\n")
        yield
        if standing:
            self._ask(standing)

    def _notice(self, kind: str, text: str) -> None:
        with self._aside():
            self._write(answers.notice_plain(Notice(kind, text)) + "\n")

    def _write_notice(self, notice: Notice) -> None:
        with self._aside():
            super()._write_notice(notice)
