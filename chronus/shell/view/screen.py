"""The terminal that a view takes over: the other screen, keys one by one, and a frame at a time in one write.

Rule 1: whatever ends the view, the terminal is as it was before: `close` may be called at any moment, and again.
Rule 2: only lines that changed are written. Behind each frame the terminal is asked where its cursor is, and the next frame waits
for that answer: so a terminal that is slow gets few frames, and none pile up on the way.
Rule 3: what is still to be answered when the view ends is waited for, or it would stand on the screen of whoever comes next.
Rule 4: no write waits for ever. A terminal that takes nothing (Ctrl-S) loses the rest of that frame, and gets the next one whole.
"""

from __future__ import annotations

import os
import re
import select
import termios
import time
import tty
from collections.abc import Mapping, Sequence
from contextlib import suppress

ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
LEAVE = "\x1b[0m\x1b[2J\x1b[?25h\x1b[?1049l"
"""It is emptied before: tmux 3.3 brings lines of it to the other screen where the window was made smaller meanwhile."""
ASK = "\x1b[6n"
ANSWER = re.compile(rb"\x1b\[\d+;\d+R")
UNFINISHED = re.compile(rb"\x1b(\[[\d;]*)?\Z")
LAST_SECONDS = 0.3
"""So long an answer is waited for at the end."""
TAKE_SECONDS = 1.0
"""So long a terminal may take nothing of what is written to it."""

STYLES: dict[str, tuple[str, str]] = {
    "dim": ("90", "38;5;243"),
    "title": ("1", "1;38;5;255"),
    "note": ("36", "38;5;80"),
    "good": ("32", "38;5;114"),
    "warm": ("33", "38;5;214"),
    "hot": ("31", "38;5;203"),
    "head": ("7", "7"),
}
"""Of each kind of text: with 16 colours, and with 256."""
WITHOUT_COLOURS = {"head": "7"}


class Ink:
    """Colours text for a terminal: `colours` is 0, 16 or 256."""

    def __init__(self, colours: int) -> None:
        if colours:
            self._codes = {kind: codes[colours == 256] for kind, codes in STYLES.items()}
        else:
            self._codes = WITHOUT_COLOURS

    def __call__(self, kind: str, text: str) -> str:
        code = self._codes.get(kind)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def colours(environ: Mapping[str, str]) -> int:
    """Returns how many colours a terminal has."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term.startswith("vt"):
        return 0
    return 256 if "256" in term or environ.get("COLORTERM") else 16


class Frames:
    """What stands on the screen: makes of the next page the bytes that change it. Pure."""

    def __init__(self) -> None:
        self._there: list[str] = []

    def next(self, lines: Sequence[str]) -> str:
        """Returns what is to be written; "" where all is there already."""
        shown = [*lines, *[""] * max(len(self._there) - len(lines), 0)]
        before = [*self._there, *[None] * len(shown)]
        changed = [
            f"\x1b[{row};1H{line}\x1b[K"
            for row, (line, was) in enumerate(zip(shown, before, strict=False), 1)
            if line != was
        ]
        self._there = list(shown)
        return "".join(changed)

    def forget(self) -> str:
        """Begins anew, on a screen that was resized; returns what empties it."""
        self._there = []
        return "\x1b[0m\x1b[2J"


class Screen:
    """`typed` gives what was pressed; `unanswered` frames are still on their way."""

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, _of_its_own(target)
        self._before = termios.tcgetattr(source)
        self._frames = Frames()
        self._read = b""
        self.unanswered = 0
        self.gone = False
        self._there = False
        self.open()

    def open(self) -> None:
        """Takes the terminal over, again after it was closed."""
        self._there = True
        tty.setcbreak(self._source, termios.TCSANOW)
        self._frames.forget()
        self._write(ENTER)

    def size(self) -> tuple[int, int]:
        """Returns columns and rows."""
        with suppress(OSError):
            found = os.get_terminal_size(self._target)
            if found.columns and found.lines:
                return found.columns, found.lines
        return 80, 24

    def draw(self, lines: Sequence[str]) -> None:
        """Writes what changed, all at once, and asks for an answer."""
        text = self._frames.next(lines)
        if text:
            self.unanswered += 1
            self._write(text + ASK)

    def resized(self) -> None:
        self._write(self._frames.forget())

    def typed(self) -> bytes:
        """Returns what was typed since the last time; takes in the terminal's answers on the way."""
        try:
            more = os.read(self._source, 4096)
        except BlockingIOError:
            return b""
        except OSError:
            more = b""
        if not more:
            self.gone = True
            return b""
        typed, count = ANSWER.subn(b"", self._read + more)
        self.unanswered = max(self.unanswered - count, 0)
        rest = UNFINISHED.search(typed)
        self._read = rest[0] if rest else b""
        return typed[: rest.start()] if rest else typed

    def close(self) -> None:
        if not self._there:
            return
        self._there = False
        until = time.monotonic() + LAST_SECONDS
        while self.unanswered and not self.gone and (left := until - time.monotonic()) > 0:
            if select.select([self._source], [], [], left)[0]:
                self.typed()
        self.unanswered = 0
        self._write(LEAVE)
        with suppress(termios.error, OSError):
            termios.tcsetattr(self._source, termios.TCSAFLUSH, self._before)

    def _write(self, text: str) -> None:
        left = text.encode()
        while left and not self.gone:
            try:
                left = left[os.write(self._target, left) :]
            except BlockingIOError:
                if not select.select([], [self._target], [], TAKE_SECONDS)[1]:
                    self._frames.forget()
                    return
            except OSError:  # the terminal is gone
                self.gone = True


def _of_its_own(target: int) -> int:
    """Opens a terminal once more, so that writing never blocks here and still does for all others that have it open."""
    try:
        return os.open(os.ttyname(target), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return target
