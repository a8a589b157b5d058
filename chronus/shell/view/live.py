"""Runs the view: asks the engine what plays, draws until it is left, and waits while there is no engine.

The laws: nothing here can hold the engine up, for it is asked once a second and everything else is read. A frame is drawn no sooner than
its work is worth: so much of a processor, whatever is on the page. A terminal that does not answer is drawn to once a second.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from chronus import connection, wire
from chronus.charts.canvas import no_style
from chronus.commands import AnyCommand, Reply, Show, Status, Submission
from chronus.errors import ChronusError
from chronus.memory import layout
from chronus.settings import Settings
from chronus.shell import glyphs
from chronus.shell.attached import Attached, attach
from chronus.shell.conversation import OK
from chronus.shell.view.ear import Ear, decibels, peak_of
from chronus.shell.view.memory import REACH, Memory
from chronus.shell.view.page import Seen, page, wanted
from chronus.shell.view.screen import Ink, Screen, colours

AUTHOR = "view"
SHARE = 0.02
"""Of a processor, that drawing may take."""
FASTEST, SLOWEST = 1 / 20, 1.0
"""Seconds between two frames."""
ASK_SECONDS, LATE_SECONDS = 1.0, 3.0
PATIENCE_SECONDS = 2.0
"""A terminal that has not answered for so long is one that never does."""
RETURN_SECONDS = 0.5
"""Between two looks for an engine."""
ATTACH_SECONDS = 0.5
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
LEAVING = b"qQ\x03\x04"
"""Keys: q, Ctrl-C, Ctrl-D."""
PEAK_SECONDS, MOST_LEVELS = 0.25, 64
"""The time whose peak is a module's level, and the modules whose level is looked at."""
TEXT_COLUMNS, TEXT_ROWS = 78, 40
QUESTIONS: dict[int, AnyCommand] = {1: Status(glance=True), 2: Show(what="lanes", glance=True)}


class Engine:
    """The engine that is looked at: what it said last, and its shared memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings._replace(author=AUTHOR)
        self._attached: Attached | None = None
        self._memory: Memory | None = None
        self.ear: Ear | None = None
        self.status: Mapping[str, Any] = {}
        self.lanes: list[Mapping[str, Any]] = []
        self._handles: Mapping[str, int] = {}
        self._peaks: dict[str, float | None] = {}
        self._limiter, self._peaks_of = 0.0, 0
        self.note = ""
        self._lost_before = 0
        self._asked = self._tried = 0.0
        self._waiting: set[int] = set()

    @property
    def socket(self) -> Any:
        return self._attached.socket if self._attached is not None else None

    def reach(self) -> None:
        """Connects to the engine, if there is one; ChronusError says why it cannot be looked at."""
        self._attached, welcome = attach(self._settings, timeout=ATTACH_SECONDS, start=False, quiet=True, looks=True)
        if not self._attached.lent:
            self.drop()
            raise ChronusError("E_ENGINE", "the engine did not lend its memory: it is of an older version")
        self._memory = Memory(self._attached.lent[0])
        rate = int(welcome.engine["rate"])
        if self.status.get("engine", {}).get("pid") != welcome.engine["pid"]:
            self._lost_before = self._memory.word(layout.SILENT)
            self.status, self.lanes = {"engine": dict(welcome.engine)}, []
            self.ear = Ear(rate)
        self.note, self._asked = "", 0.0
        self._waiting.clear()

    def drop(self) -> None:
        if self._attached is not None:
            self._attached.close()
        self._attached = None

    def turn(self, now: float) -> None:
        """Connects again if need be, and asks how things are once a second."""
        if self._attached is None:
            if now - self._tried >= RETURN_SECONDS:
                self._tried = now
                self._try()
        elif now - self._asked >= ASK_SECONDS and not self._waiting:
            self._asked, self._waiting = now, set(QUESTIONS)
            self._send()
        elif self._waiting:
            late = now - self._asked
            self.note = f"control has not answered for {late:.0f} s; the music goes on" if late > LATE_SECONDS else ""

    def _try(self) -> None:
        try:
            self.reach()
        except connection.NoEngine:
            self._memory = None  # until then it may be that only control is gone, and the music goes on
            self.note = f'no engine named "{self._settings.engine}" is running; waiting for one'
        except ChronusError as error:
            self.note = error.message

    def _send(self) -> None:
        assert self._attached is not None
        texts = ("status", "show lanes")
        frame = wire.encode(Submission(tuple(QUESTIONS), texts, tuple(QUESTIONS.values())))
        try:
            self._attached.socket.sendall(frame)
        except OSError:
            self._lose()

    def hear(self) -> None:
        """Takes in what has come from the engine."""
        assert self._attached is not None
        try:
            more = self._attached.socket.recv(1 << 16)
            messages = self._attached.frames.feed(more)
        except (OSError, ChronusError):
            more, messages = b"", []
        for message in messages:
            if isinstance(message, Reply):
                self.take(message)
        if not more:
            self._lose()

    def take(self, reply: Reply) -> None:
        self._waiting.discard(reply.id)
        if reply.ok and reply.id == 1:
            self.status = reply.result
        elif reply.ok and reply.id == 2:
            self.lanes, self._handles = reply.result["lanes"], reply.result["handles"]

    def _lose(self) -> None:
        self.drop()
        self.note = "the connection was lost; trying again"

    def ask(self) -> None:
        """Waits for the answers to all questions: for a single page."""
        assert self._attached is not None
        for number, question in QUESTIONS.items():
            reply = self._attached.ask(question, "")
            self.take(Reply(number, reply.ok, result=reply.result))

    def seen(self, width: int, height: int) -> Seen:
        """Returns what there is to be drawn now."""
        memory, ear = self._memory, self.ear
        if memory is None or ear is None:
            return Seen(self.status.get("engine", {}).get("frame", 0), self.status, self.lanes, note=self.note)
        frame = memory.heard
        bands, points = wanted(width, height, len(self.lanes))
        heard = ear.hear(memory.sound(frame - REACH, frame), frame, bands, points)
        self._look_at_modules(memory, frame, ear.rate)
        lost = memory.word(layout.SILENT) - self._lost_before
        return Seen(frame, self.status, self.lanes, heard, lost, self.note, self._peaks, self._limiter)

    def _look_at_modules(self, memory: Memory, frame: int, rate: int) -> None:
        """Looks a few times a second how loud each module with a lane is, and how its limiter holds down what is heard."""
        frames = round(PEAK_SECONDS * rate)
        if 0 <= frame - self._peaks_of < frames:
            return
        self._peaks_of, self._peaks = frame, {}
        for lane in self.lanes[:MOST_LEVELS]:
            if lane["name"] in self._handles:
                self._peaks[lane["name"]] = peak_of(memory.extents(self._handles[lane["name"]], frames), lane["level"])
        self._limiter = 0.0
        if "out" in self._handles:
            gain = float(memory.extents(self._handles["out"], frames).gain.min(initial=1.0))
            self._limiter = decibels(gain) or 0.0


# ---------------------------------------------------------------- the terminal


def main(settings: Settings, once: bool) -> int:
    """Shows the engine until the view is left; a single page, as text, where there is no terminal to show it in, or with `once`."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if once or settings.plain or not terminal:
        return _one_page(settings)
    engine = Engine(settings)
    with _signals() as woken:
        screen = Screen(sys.stdin.fileno(), sys.stdout.fileno())
        try:
            _run(engine, screen, woken)
        finally:
            screen.close()
            engine.drop()
    return OK


def _one_page(settings: Settings) -> int:
    engine = Engine(settings)
    engine.reach()
    try:
        engine.ask()
        lines = page(engine.seen(TEXT_COLUMNS, TEXT_ROWS), TEXT_COLUMNS, TEXT_ROWS, "ascii", no_style)
    finally:
        engine.drop()
    print("\n".join(line.rstrip() for line in lines))
    return OK


def _run(engine: Engine, screen: Screen, woken: int) -> None:
    ink, drawn_with = Ink(colours(os.environ)), glyphs.of_terminal()
    due, drawn = 0.0, 0.0
    while not screen.gone:
        now = time.monotonic()
        engine.turn(now)
        silent = screen.unanswered and now - drawn < PATIENCE_SECONDS
        if now >= due and not silent:
            begun = time.process_time()
            width, height = screen.size()
            screen.draw(page(engine.seen(width, height), width, height, drawn_with, ink))
            pace = SLOWEST if screen.unanswered > 1 else FASTEST
            due = now + max(pace, (time.process_time() - begun) / SHARE)
            drawn = now
        wait = max(due - time.monotonic(), 0.0) if not screen.unanswered else FASTEST
        if not _wait(engine, screen, woken, max(wait, 0.001)):
            return


def _wait(engine: Engine, screen: Screen, woken: int, seconds: float) -> bool:
    """Waits for whatever comes first; False when the view is left."""
    sources = [sys.stdin.fileno(), woken, *([engine.socket] if engine.socket is not None else [])]
    ready = select.select(sources, [], [], seconds)[0]
    if woken in ready:
        numbers = os.read(woken, 64)
        if any(number in ENDING for number in numbers):
            return False
        if signal.SIGTSTP in numbers:
            screen.close()
            os.kill(os.getpid(), signal.SIGSTOP)  # until somebody says `fg`
            screen.open()
        screen.resized()
    if engine.socket is not None and engine.socket in ready:
        engine.hear()
    return not (sys.stdin.fileno() in ready and set(screen.typed()) & set(LEAVING))


@contextmanager
def _signals() -> Iterator[int]:
    """Gives a descriptor at which the numbers of signals can be read: those that end the view, and that of another size."""
    reads, writes = os.pipe()
    for end in (reads, writes):
        os.set_blocking(end, False)
    before = {number: signal.signal(number, lambda *_: None) for number in (*ENDING, signal.SIGWINCH, signal.SIGTSTP)}
    woken = signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    try:
        yield reads
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        for end in (reads, writes):
            with suppress(OSError):
                os.close(end)
