"""Finds what may come next at the cursor, from the line, the catalogue, what is loaded, and the files that it is given. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from chronus.language import help
from chronus.language.rows import ROWS, SHORT
from chronus.language.rows.known import Catalogue, Files, Known, Pairs, Rack, given, no_files
from chronus.language.rows.row import Typed


class Completion(NamedTuple):
    """`text` takes the place of what is typed since `start` (0-based); `meta` explains it."""

    text: str
    start: int
    meta: str = ""


WORD = re.compile(r"[A-Za-z0-9_.]*\Z")
FILE = re.compile(r"\s*(\w+)\s+([^\s\"]*)\Z")
"""A command, and the file that it begins with."""
QUOTED = re.compile(r"(?:([a-z]\w*)\.([a-z]\w*)\s+|\b([a-z]\w*)=)\"([^\"]*)\Z", re.IGNORECASE)
"""A parameter, and the file or text that it is set to."""
TIMES = {
    "now": "at once",
    "next bar": "at the next bar",
    "next beat": "at the next beat",
    "next 4 bars": "at the next bar line that 4 divides",
    "bar 17": "at that bar",
}


def complete(line: str, cursor: int, catalogue: Catalogue, rack: Rack, files: Files = no_files) -> list[Completion]:
    """Returns what fits between the word typed before the cursor and what stands before it, best first."""
    before = line[:cursor]
    begin = _statement(before)
    topics = [(topic, "") for topic in (*help.TOPICS, *help.GROUPS)]
    known = Known(catalogue, rack, help.commands(), topics)
    kind, word = _file(before[begin:], known)
    start = cursor - len(word)
    if not kind:
        typed = WORD.search(before[begin:])
        assert typed is not None
        word, start = typed.group().lower(), begin + typed.start()
    found = files(kind, word) if kind else _candidates(before[begin:start], word, known)
    word = word.lower()
    fits = [
        Completion(text, start, meta) for text, meta in found if text.lower().startswith(word) and text.lower() != word
    ]
    return list({one.text: one for one in fits}.values())


def _statement(before: str) -> int:
    """Returns where the last statement begins: after the last `;` outside quotes and brackets."""
    begin = depth = 0
    quoted = False
    for place, character in enumerate(before):
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character in "([{") - (character in ")]}")
            if character == ";" and depth <= 0:
                begin, depth = place + 1, 0
    return begin


def _file(statement: str, known: Known) -> tuple[str, str]:
    """Returns which kind of file is being typed, and what of it; "" for none."""
    if quoted := QUOTED.search(statement):
        name, dotted, assigned, typed = quoted.groups()
        words = statement.lower().split()
        spec = known.spec(name.lower()) if name else known.kind("".join(words[1:2]))
        tables = (one for one in given(spec) if one["name"] == (dotted or assigned).lower())
        return ("sounds", typed) if any(one["source"] == "file" for one in tables) else ("", "")
    found = FILE.match(statement.replace('"', " ", 1))
    row = ROWS.get(SHORT.get(found[1].lower(), found[1].lower())) if found else None
    return (row.form.files, found[2]) if found and row and row.form.files else ("", "")


def _candidates(head: str, word: str, known: Known) -> Pairs:
    words = head.lower().split()
    if not words:
        return [*known.commands, *((short, ROWS[name].meaning) for short, name in SHORT.items())]
    command, rest = SHORT.get(words[0], words[0]), words[1:]
    if rest and rest[-1] == "at":
        return TIMES.items()
    if rest[-2:] == ["at", "next"]:
        return [("bar", ""), ("beat", ""), ("4 bars", "")]
    if rest and rest[-1] == "in":
        return [("4 bars", "so many bars after the next bar line")]
    if rest and rest[-1] == "for" and command in ROWS and ROWS[command].kind.may_last:
        return [("4 bars", "and then as it was"), ("500 ms", "")]
    row = ROWS.get(command)
    return row.form.offer(Typed(head.lower(), rest, word), known) if row else ()
