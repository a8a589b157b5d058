"""Blanks out what comes along when a session or a page is pasted: prompts, answers, numbering, code fences. Columns stay the same.

No command begins like any of these; the next answer says once what was left out.
"""

from __future__ import annotations

import re

FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[^`]*$")
IN_TICKS = re.compile(r"[ \t]*(`+)[^`]+(`+)[ \t]*$")
SESSION = re.compile(r"[ \t]*chronus>(?=[ \t]|$)", re.IGNORECASE)
PROMPT = re.compile(r"[ \t]*(?:\$|%|>{1,3}|\u276f)[ \t]+(?=[A-Za-z])")
NUMBER = re.compile(r"[ \t]*(?:[0-9]{1,5}[.):][ \t]+|[0-9]{1,5}\t[ \t]*|[-*\u2022][ \t]+)(?=[A-Za-z])")
ANSWER = re.compile(r" {0,2}(?:ok [0-9]+(?: |$)|err [0-9]+ E_[A-Z]+ [0-9]+:[0-9]+ |! [a-z]|\{\"v\":1,)")
BEGINS = re.compile(r"[ \t]*(?:[`~$%>\u276f0-9*\u2022!{-]|ok |err |chronus)|  ", re.IGNORECASE)
"""Only such a line can be any of them."""


class Pasted:
    """Looks at the lines of one text in order. `note` says what was left out since the last note."""

    def __init__(self) -> None:
        self.note = ""
        self._told: set[str] = set()
        self._session = False  # the lines of answers that follow are indented

    def blanked(self, line: str) -> str:
        """Returns the line with blanks where it was no part of a command, as long as before."""
        if not BEGINS.match(line):
            self._session = self._session and not line.strip()
            return line
        if SESSION.match(line):
            return self._prompt(line)
        if FENCE.match(line):
            return self._without(line, len(line), "code fences left out")
        if ANSWER.match(line):
            return self._without(line, len(line), "answers passed over")
        if line.startswith("  ") and self._session:
            return " " * len(line)
        self._session = False
        ticks = IN_TICKS.match(line)
        if ticks:
            self._tell("backticks left out")
            return line.replace("`", " ")
        for what, shape in (("prompt left out", PROMPT), ("numbering left out", NUMBER)):
            if found := shape.match(line):
                return self._without(line, found.end(), what)
        return line

    def _prompt(self, line: str) -> str:
        self._session = True
        self._told.add("answers passed over")
        found = SESSION.match(line)
        assert found is not None
        return self._without(line, found.end(), "prompts and answers of a session left out")

    def _without(self, line: str, length: int, what: str) -> str:
        self._tell(what)
        return " " * length + line[length:]

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self.note = f"{self.note}, {what}" if self.note else what
