"""Cuts a text into statements: at newlines and `;`, without comments, continued lines joined. Pure, and linear in time."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from chronus.commands import LONGEST_LINE as LONGEST_LINE
from chronus.commands import LONGEST_SCRIPT as LONGEST_SCRIPT
from chronus.errors import ChronusError

NEWLINE = r"\r\n|\r|\n"
END_OF_LINE = re.compile(NEWLINE)
CONTINUATION = re.compile(rf"\\[ \t]*(?:{NEWLINE})")
BLANK = re.compile(rf"(?:[ \t]|\\[ \t]*(?:{NEWLINE}))*")
SPOKEN = re.compile(
    r"[ \t]*(?:say(?![\w.:=])|yo(?![\w.:=])|(?:(?:hey|hi|hello|ok|okay)[ \t,!]+)?chronus(?:[ \t]*[,:!]|[ \t]+(?=[^\W_])))",
    re.IGNORECASE,
)
"""Takes the rest of its line: no `;` splits it, no quote or bracket counts."""

MARK = re.compile(rf'"[^"\r\n]*"?|//|#|;+|[(\[{{]+|[)\]}}]+|\\[ \t]*(?:{NEWLINE}|\Z)|{NEWLINE}')
MARK_OF_WORDS = re.compile(rf"//|#|\\[ \t]*(?:{NEWLINE}|\Z)|{NEWLINE}")


class Statement(Struct, frozen=True):
    """One command as typed, a continued line's newlines and all; `line` and `column` are where it begins, 1-based.

    `note` tells what was left out of the text before it. Without a text it is nothing but that.
    """

    text: str
    line: int = 1
    column: int = 1
    note: str = ""

    def position(self, offset: int) -> tuple[int, int]:
        """Returns the line and column of a character of `text`, or of its end."""
        return self.positions((offset,))[0]

    def positions(self, offsets: Iterable[int]) -> list[tuple[int, int]]:
        newlines = [found.end() for found in END_OF_LINE.finditer(self.text)]
        if not newlines:
            return [(self.line, self.column + offset) for offset in offsets]
        places = []
        for offset in offsets:
            passed = bisect_right(newlines, offset)
            column = offset - newlines[passed - 1] + 1 if passed else self.column + offset
            places.append((self.line + passed, column))
        return places


def statements(source: str, line: int = 1) -> list[Statement]:
    """Cuts a text into statements, in order; `line` is the number of its first line.

    A line that is too long becomes one statement, cut off one character beyond the limit, which `parse` refuses; a
    script that is too long is refused here. Time grows with the length of the text, whatever it holds.
    """
    check_size(source, line)
    return _cut(source.removeprefix("\ufeff"), line)


def check_size(source: str, line: int = 1) -> None:
    """Raises E_LIMIT where a script is too long."""
    if len(source) > LONGEST_SCRIPT or (
        not source.isascii() and len(source.encode("utf-8", "surrogatepass")) > LONGEST_SCRIPT
    ):
        raise ChronusError("E_LIMIT", "a script is at most 1 MiB", line=line)


class Open(NamedTuple):
    """What must be known of a line to go on in the next: brackets that are open, and whether words take the rest of it."""

    depth: int = 0
    spoken: bool = False


def goes_on(line: str, before: Open | None) -> Open | None:
    r"""Whether the next line belongs to this one, which ends in a `\` outside of comments; None where it does not.

    `before` is what was said of the line before, if this one belongs to that.
    """
    if len(line) > LONGEST_LINE + 2:
        return None
    depth, spoken = before or Open(0, bool(SPOKEN.match(line)))
    here = position = 0
    while found := (MARK_OF_WORDS if spoken else MARK).search(line, position):
        mark, at, position = found[0], found.start(), found.end()
        if mark[0] == '"' or (mark == "#" and at > here and line[at - 1] not in " \t;"):
            continue
        if mark[0] in "([{)]}":
            depth = max(0, depth + (len(mark) if mark[0] in "([{" else -len(mark)))
        elif mark[0] == "\\" and position == len(line):
            return Open(depth, spoken)
        elif mark[0] == "\\":
            here = position
        elif mark[0] == ";":
            spoken = bool(SPOKEN.match(line, position)) if not depth else spoken
        else:  # a comment, or a carriage return that ends a line within this one
            newline = END_OF_LINE.search(line, position if mark in ("#", "//") else at)
            if newline is None:
                return None
            here = position = newline.end()
            depth, spoken = 0, bool(SPOKEN.match(line, position))
    return None


def _cut(source: str, first: int) -> list[Statement]:
    """Cuts the statements. `first` is the number of its first line."""
    ends = [found.end() for found in END_OF_LINE.finditer(source)]  # of the lines, their newlines included
    done: list[Statement] = []
    begin = 0
    while begin < len(source):
        number = bisect_right(ends, begin)
        end = after = ends[number] if number < len(ends) else len(source)
        pieces: list[tuple[int, int]] = []
        if end - begin <= LONGEST_LINE + 2:
            pieces, end, after = _line(source, begin)
        if end - begin > LONGEST_LINE:
            pieces = [(begin, begin + LONGEST_LINE + 1)]
        for piece in pieces:
            blank = BLANK.match(source, *piece)
            start = blank.end() if blank else piece[0]
            if text := source[start : piece[1]].rstrip(" \t\r\n\\"):
                number = bisect_right(ends, start)
                done.append(Statement(text, first + number, start - (ends[number - 1] if number else 0) + 1))
        begin = after
    return done


def _line(source: str, begin: int) -> tuple[list[tuple[int, int]], int, int]:
    """Reads one line and those that continue it: returns the pieces between its `;`, its end, and where the next line begins."""
    pieces: list[tuple[int, int]] = []
    here = position = piece = begin  # `here`: from where a `#` needs no space before it
    depth = 0
    marks = MARK_OF_WORDS if SPOKEN.match(source, begin) else MARK
    while found := marks.search(source, position):
        mark, at, position = found[0], found.start(), found.end()
        if mark[0] == '"' or (mark == "#" and at > here and source[at - 1] not in " \t;"):
            continue
        if mark[0] in "([{)]}":
            depth = max(0, depth + (len(mark) if mark[0] in "([{" else -len(mark)))
        elif mark[0] == "\\" and mark[-1] in "\r\n":
            here = position
        elif mark[0] == ";":
            if not depth:
                pieces.append((piece, at))
                piece = position
                marks = MARK_OF_WORDS if SPOKEN.match(source, piece) else MARK
        else:
            pieces.append((piece, at))
            if mark in ("#", "//"):
                newline = END_OF_LINE.search(source, position)
                at, position = newline.span() if newline else (len(source), len(source))
            return pieces, at, position
    return [*pieces, (piece, len(source))], len(source), len(source)
