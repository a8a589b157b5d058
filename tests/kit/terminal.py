"""A shell in tmux, on a socket and in folders of its own: typed into and looked at as a person does."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from tests.kit.live import until

WAIT_SECONDS = 10.0


_NUMBERS = count()
"""Each has a server of its own: one that was told to end may still take the next one's session with it."""


class Terminal:
    """`chronus WORDS` in a window of 100 columns; when it is left, its exit code is shown. `term`: TERM, tmux's own if empty."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *words: str,
        rows: int = 30,
        columns: int = 100,
        term: str = "",
    ) -> None:
        self._tmux = ["tmux", "-S", str(folder / f"tmux{next(_NUMBERS)}"), "-f", "/dev/null"]
        with_term = f"TERM={term} " if term else ""
        command = f"{with_term}{shlex.join([sys.executable, '-m', 'chronus', *words])}; echo left with $?; exec cat"
        given = {**environment, "NO_COLOR": "1"}
        told = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
        # PATH and the like come with the server, which this call starts
        self._run("new-session", "-d", "-x", str(columns), "-y", str(rows), *told, command, env={**os.environ, **given})

    def _run(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        return subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=False, env=env).stdout

    def type(self, *keys: str) -> None:
        """Keys by their tmux names, or text."""
        self._run("send-keys", *keys)

    def literal(self, text: str) -> None:
        """Text that may be the name of a key."""
        self._run("send-keys", "-l", text)

    def enter(self, line: str) -> None:
        self.literal(line)
        self._run("send-keys", "Enter")

    def paste(self, text: str) -> None:
        self._run("set-buffer", text)
        self._run("paste-buffer", "-p")

    def resize(self, columns: int, rows: int = 30) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def rows(self) -> list[str]:
        """The rows that are seen, without the empty ones at the end."""
        return [row.rstrip() for row in self._run("capture-pane", "-p").rstrip().split("\n")]

    def screen(self) -> str:
        """What stands in the window and what has scrolled out of it; lines that the window wrapped are whole again."""
        return self._run("capture-pane", "-p", "-J", "-S", "-500")

    def wait_for(self, text: str, seconds: float = WAIT_SECONDS) -> str:
        """The screen with `text` on it."""

        def found() -> str:
            screen = self.screen()
            return screen if text in screen else ""

        try:
            return str(until(found, seconds))
        except AssertionError:
            raise AssertionError(f"no {text!r} in\n{self.screen()}") from None

    def wait_for_prompt(self, seconds: float = WAIT_SECONDS) -> str:
        """The screen with the prompt, and nothing typed at it."""
        try:
            until(lambda: self._line() == "chronus>", seconds)
            return self.screen()
        except AssertionError:
            raise AssertionError(f"no prompt in\n{self.screen()}") from None

    def _line(self) -> str:
        """The line in which the cursor stands."""
        rows = self._run("capture-pane", "-p").split("\n")
        row = self._run("display-message", "-p", "#{cursor_y}").strip()
        return rows[int(row)].rstrip() if row.isdigit() and int(row) < len(rows) else ""

    def close(self) -> None:
        self._run("kill-server")
