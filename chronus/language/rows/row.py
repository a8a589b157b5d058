"""Declares what a row says about its command, and the forms that several commands share.

A form turns a line into a command and back: its rules in the grammar, the function that makes fields of their tree, the function that
writes the fields as text, and what may come next while it is typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from chronus import commands as c
from chronus.language.grammar import WHOLE_WORD
from chronus.language.quantities import Node, count
from chronus.language.rows.known import Known, Pairs, dotted
from chronus.language.rows.line import Line
from chronus.language.rows.written import format_file

Children = Sequence[Node]
Fields = dict[str, Any]
Reader = Callable[[Children, Line], Fields]


class Typed(NamedTuple):
    """What stands before the cursor: all of it, its words behind the first one, and the word that is being typed."""

    head: str
    rest: list[str]
    word: str


def nothing(typed: Typed, known: Known) -> Pairs:
    return ()


class Form(NamedTuple):
    """What may follow the first word. `rules` are the alternatives, each with what makes fields of its children; `terms` are rules and
    terminals that they need and no other command does; `write` gives the text behind the first word."""

    rules: tuple[tuple[str, Reader], ...]
    write: Callable[[Any], str]
    offer: Callable[[Typed, Known], Pairs] = nothing
    terms: str = ""
    listed: Mapping[str, str] = {}
    """What other programs call a word that may stand here: word -> words."""
    files: str = ""
    """What kind of file it begins with: one of FILES; "" for none."""


class Row(NamedTuple):
    """A command. `short` are other words for its first one; `meant` are words of other programs, for who got it wrong."""

    kind: type[c.Command]
    usage: str
    meaning: str
    form: Form
    examples: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    meant: str = ""

    @property
    def word(self) -> str:
        return self.usage.split()[0]


BEGINS = {
    "at": "at next bar, at bar 17: when",
    "in": "in 4 bars: so many after the next bar line",
    "for": "for 4 bars: and then as it was",
}
"""How a time begins, offered where a command may be whole."""


# ---------------------------------------------------------------- nothing, or names


def _name(children: Children, line: Line) -> Fields:
    return {"name": line.name(children[0], "name")}


def offer_name(typed: Typed, known: Known) -> Pairs:
    return () if typed.rest else known.names()


def _names(children: Children, line: Line) -> Fields:
    words = children[0].children if children else ()
    return {"names": tuple(line.name(word, f"names.{k}") for k, word in enumerate(words))}


def _offer_names(typed: Typed, known: Known) -> Pairs:
    begins = BEGINS.items() if typed.rest else ()
    return [*((name, meaning) for name, meaning in known.names() if name not in typed.rest), *begins]


def _lanes(children: Children, line: Line) -> Fields:
    words = children[0].children if children else ()
    return {"names": tuple(line.lane(word, f"names.{k}") for k, word in enumerate(words))}


def _offer_lanes(typed: Typed, known: Known) -> Pairs:
    return dotted(typed.word, known, ("params",)) if "." in typed.word else _offer_names(typed, known)


ALONE = Form((("", lambda children, line: {}),), lambda command: "")
NAME = Form((("NAME", _name),), lambda command: command.name, offer_name)
NAMES = Form((("names", _names),), lambda command: " ".join(command.names), _offer_names)
NAMES_OR_NONE = NAMES._replace(rules=(("names?", _names),))
LANES = Form((("lanes", _lanes),), lambda command: " ".join(command.names), _offer_lanes)
LANES_OR_NONE = LANES._replace(rules=(("lanes?", _lanes),))


# ---------------------------------------------------------------- a file, a number, one of a few words


def _file(children: Children, line: Line) -> Fields:
    return {"name": line.file(children[0])}


def _steps(children: Children, line: Line) -> Fields:
    if not children:
        return {}
    line.mark("steps", children[0])
    return {"steps": count(children[0], 1, c.MOST_COUNTED, "the number of steps")}


FILES = ("scripts", "own", "midi", "sounds")
"""Scripts that can be opened, those of the user, MIDI files, recordings."""

FILE = Form((("(FILE | STRING)", _file),), lambda command: format_file(command.name))
STEPS = Form((("QUANTITY?", _steps),), lambda command: str(command.steps) if command.steps != 1 else "")


def terms(*words: str) -> str:
    """Terminals for words that must not go on: `on` is none of `one`."""
    return "\n".join(f"{word.upper()}: /{word}{WHOLE_WORD}/" for word in words)


class Choice(NamedTuple):
    """`meant` are words of other programs."""

    word: str
    meaning: str
    meant: str = ""


def choice(field: str, choices: Sequence[Choice], optional: bool = False) -> Form:
    """One of these words, whole; none of them where it is optional."""

    def read(children: Children, line: Line) -> Fields:
        if not children:
            return {}
        line.mark(field, children[0])
        return {field: str(children[0])}

    words = [one.word for one in choices]
    rule = f"({' | '.join(map(str.upper, words))})" + "?" * optional
    return Form(
        ((rule, read),),
        lambda command: str(getattr(command, field)),
        lambda typed, known: () if typed.rest else [(one.word, one.meaning) for one in choices],
        terms(*words),
        {one.word: one.meant for one in choices if one.meant},
    )
