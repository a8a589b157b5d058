"""What to say of a line that is no command: what was expected where, in plain words, and something valid there."""

from __future__ import annotations

import re

from lark.exceptions import UnexpectedInput

from chronus.errors import ChronusError, nearest
from chronus.text.grammar import accepted, commands, place_of, spelling
from chronus.text.quantities import wrong

WORD = re.compile(r'[\w.#%/+-]+|"[^"]*"?|.', re.DOTALL)

INSTEAD = {
    "exit": "quit", "bye": "quit", "tempo": "bpm", "connect": "patch", "disconnect": "unpatch", "remove": "unload",
    "delete": "unload", "rm": "unload", "ls": "list", "pattern": "sequence", "start": "play", "pause": "stop",
    "add": "load", "new_module": "load", "info": "status", "man": "help", "?": "help",
    "volume": "set volume", "key": "set key", "seed": "set seed",
}  # fmt: skip
"""What people type first, and what it is called here."""

LATER = frozenset((
    "scene", "song", "fill", "history", "diff", "record", "keep", "hear", "why", "meters", "scope", "spectrum",
    "try", "propose", "accept", "reject", "device", "midi", "link", "osc", "trust",
))  # fmt: skip
"""Commands of the language that are still to come."""

TIMES = {"NOW", "AT", "OVER", "IN", "FOR"}
VALUE = {"QUANTITY", "NOTE", "WORD", "STRING", "SIGN"}
NOUNS = {
    "NAME": "a name", "DOTTED": "a name.param", "KIND": "a kind of module", "FILE": "a file name", "TOPIC": "a word",
    "BODY": "a pattern", "TEST": "== or another comparison", "NOTE": "a note", "QUANTITY": "a number", "WORD": "a word",
}  # fmt: skip
HIDDEN = {"PATH", "STRING", "SIGN", "MODE", "_TO"}
"""Terminals that go without saying beside another one."""
EXAMPLES = {"TEST": ("==",), "BAR": ("bar",), "BEAT": ("beat",), "BODY": ("x...",)}


def unknown_command(typed: str, word: str) -> ChronusError:
    rest = typed[len(word) :].lstrip()
    near: tuple[str, ...]
    if word in LATER:
        return wrong(0, f'there is no command "{word}" yet', "help", code="E_COMMAND")
    if rest.startswith(":"):
        near = ("sequence",)
    elif "." in word and not word.startswith("."):
        near = ("set",)
    elif rest.startswith(">"):
        near = ("patch",)
    elif word in INSTEAD:
        near = (INSTEAD[word],)
    else:
        near = nearest(word, commands()) or ("help",)
    return wrong(0, f'there is no command "{word[:32]}"', *near, code="E_COMMAND")


def explain(typed: str, error: UnexpectedInput) -> ChronusError:
    """What was expected where, in plain words."""
    accepts = accepted(error)
    offset = place_of(error, typed)
    before, rest = typed[:offset].rstrip(" "), typed[offset:]
    offset += len(rest) - len(rest.lstrip(" "))
    found = WORD.match(typed, offset)
    word = found[0][:32] if found else ""
    if word.startswith('"') and word.count('"') == 1:
        return wrong(offset, "the quote is not closed")
    if word == "(" and before:
        return wrong(offset, f'"{before.split()[-1][-32:]}(" is not understood yet')
    last = (before.split() or [""])[-1][-32:]
    after, instead = f' after "{last}"' if last else "", f', not "{word}"' if word else ""
    message = f"expected {_expected(accepts)}{after}{instead}"
    return wrong(len(before) if not word else offset, message, *_suggestions(accepts, word.lower()))


def _expected(accepts: set[str]) -> str:
    names = accepts - TIMES - {"$END"}
    nouns: list[str] = []
    if names >= {"QUANTITY", "WORD"}:
        nouns.append("a value")
        names -= VALUE | HIDDEN
    elif names >= {"DOTTED", "NAME"}:
        nouns.append("a name or name.param")
        names -= {"DOTTED", "NAME"}
    elif names >= {"NOTE", "QUANTITY"}:
        nouns.append("a note")
        names -= {"NOTE", "QUANTITY"}
    names -= HIDDEN
    nouns += [NOUNS[name] for name in NOUNS if name in names]
    words = (EXAMPLES[name][0] if name in EXAMPLES else spelling(name) for name in names if name not in NOUNS)
    nouns += [f'"{word}"' for word in sorted(words)]
    if "$END" in accepts and len(nouns) < 3:
        nouns.append("the end of the line" if nouns else "the end of the line or a time")
    return f"{', '.join(nouns[:-1])} or {nouns[-1]}" if len(nouns) > 1 else nouns[0]


def _suggestions(accepts: set[str], word: str) -> tuple[str, ...]:
    examples = tuple(example for name in sorted(accepts & set(EXAMPLES)) for example in EXAMPLES[name])
    keywords = sorted(filter(None, (spelling(name) for name in accepts - set(EXAMPLES) - HIDDEN)))
    near = nearest(word, (*keywords, *examples)) if word else ()
    return near or (*examples, *(word for word in keywords if word not in ("at", "now", "over")))[:5]
