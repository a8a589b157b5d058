"""Bytes as they come from a file or a pipe -> statements, each where its line began. Opens nothing.

Rules: a line is read when it is whole (`\\` at its end takes the next one along), the last one at the end of the input;
every statement of it is given, also the wrong ones; no line is kept beyond its limit.
"""

from __future__ import annotations

import msgspec

from chronus.errors import ChronusError
from chronus.language import parser
from chronus.language.pasted import Pasted
from chronus.language.plainly import plainly
from chronus.language.statements import LONGEST_LINE, Open, Statement, check_size, goes_on, statements

MOST_BYTES = 4 * (LONGEST_LINE + 1)
"""As many as a line that is just too long may have: `parser` refuses it, and its rest need not be kept."""

MOST_JOINED = LONGEST_LINE + 2
"""Lines joined by `\\` that come to more characters are one line that is too long."""


class Source:
    """Cuts bytes into statements. `feed` the bytes of one read, and get what is whole; `close` gives a last line without its newline."""

    def __init__(self) -> None:
        self._rest = b""  # a line that is not whole yet
        self._joined: list[str] = []  # whole lines that go on in the next
        self._open: Open | None = None  # how the last of them goes on
        self._size = 0  # characters of all of them
        self.line = 1  # the number of the line that comes next
        self._pasted = Pasted()
        self._skipping = False  # in the rest of a line that was too long

    @property
    def goes_on(self) -> bool:
        """Whether the last whole line continues in the next one."""
        return bool(self._joined)

    def feed(self, more: bytes) -> list[Statement]:
        *whole, self._rest = (self._rest + more).split(b"\n")
        found: list[Statement] = []
        for line in whole:
            if line or self._joined or self._skipping:
                found += self._take(line)
            else:
                self.line += 1
        if len(self._rest) > MOST_BYTES:
            if not self._skipping:
                found += self._take(self._rest)
                self.line -= 1
            self._skipping = True
            self._rest = b""
        return found

    def close(self) -> list[Statement]:
        rest, self._rest = self._rest, b""
        last = (self._take(rest) if rest else []) + self._statements()
        note, self._pasted.note = self._pasted.note, ""
        return [*last, Statement("", self.line - 1, 1, note)] if note else last

    def _take(self, line: bytes) -> list[Statement]:
        self.line += 1
        if self._skipping:
            self._skipping = False
            return []
        # Bytes that are not UTF-8 stay in the text as lone surrogates, so that only their own statement is refused.
        text = self._copied(line.removesuffix(b"\r").decode("utf-8", "surrogateescape"))
        self._joined.append(text)
        self._size += len(text) + 1
        self._open = goes_on(text, self._open)
        return [] if self._open and self._size <= MOST_JOINED else self._statements()

    def _copied(self, text: str) -> str:
        """The line in plain characters, without what only came along; as long as it was."""
        text = plainly(text)
        if self._joined:
            return text
        if "\r" not in text:
            return self._pasted.blanked(text)
        return "\r".join(map(self._pasted.blanked, text.split("\r")))

    def _statements(self) -> list[Statement]:
        lines, self._joined, self._open, self._size = self._joined, [], None, 0
        found = statements("\n".join(lines), self.line - len(lines)) if lines else []
        if found and self._pasted.note:
            found[0] = msgspec.structs.replace(found[0], note=self._pasted.note)
            self._pasted.note = ""
        return found


def whole(text: str) -> list[Statement]:
    """Returns the statements of a whole text."""
    check_size(text)
    source = Source()
    return source.feed(text.encode("utf-8", "surrogateescape")) + source.close()


def parse(statement: Statement) -> parser.Parsed:
    """The command, or ChronusError: also where a byte is no text."""
    for offset, character in enumerate(statement.text):
        if "\udc80" <= character <= "\udcff":
            line, column = statement.position(offset)
            message = f"the byte 0x{ord(character) - 0xDC00:02x} is not UTF-8 text"
            raise ChronusError("E_SYNTAX", message, line=line, column=column)
    return parser.parse(statement)
