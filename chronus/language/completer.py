"""Finds what may come next at the cursor, from the line, the catalogue and what is loaded. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from chronus.language import help
from chronus.language.rows import ROWS, SHORT
from chronus.language.rows.known import Catalogue, Known, Pairs, Rack
from chronus.language.rows.row import Typed


class Completion(NamedTuple):
    """`text` takes the place of what is typed since `start` (0-based); `meta` explains it."""

    text: str
    start: int
    meta: str = ""


WORD = re.compile(r"[A-Za-z0-9_.]*\Z")
TIMES = {
    "now": "at once",
    "next bar": "at the next bar",
    "next beat": "at the next beat",
    "next 4 bars": "at the next bar line that 4 divides",
    "bar 17": "at that bar",
}


def complete(line: str, cursor: int, catalogue: Catalogue, rack: Rack) -> list[Completion]:
    """Returns what fits between the word typed before the cursor and what stands before it, best first."""
    before = line[:cursor]
    begin = _statement(before)
    typed = WORD.search(before[begin:])
    assert typed is not None
    word, start = typed.group().lower(), begin + typed.start()
    head = before[begin:start]
    topics = [(topic, "") for topic in (*help.TOPICS, *help.GROUPS)]
    found = _candidates(head, word, Known(catalogue, rack, help.commands(), topics))
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
