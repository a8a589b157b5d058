"""Puts the grammar of commands together from grammar/chronus.lark and the rows: its parser, and the words that it knows."""

from __future__ import annotations

from functools import cache

from lark import Lark
from lark.lexer import PatternStr

from chronus.language.grammar import WHOLE_WORD, parser
from chronus.language.rows import ROWS
from chronus.language.rows.row import Reader, Row

RULES: dict[str, tuple[Row, Reader]] = {
    row.word + "_" * k: (row, read) for row in ROWS.values() for k, (_, read) in enumerate(row.form.rules)
}
"""The row of each alternative, and how its tree is read."""


def _commands() -> str:
    """Returns the alternatives of `command`, and the terms of each."""
    rules = [
        f"({' | '.join(map(_quoted, (row.word, *row.short)))}) {rule} -> {row.word}{'_' * k}"
        for row in ROWS.values()
        for k, (rule, _) in enumerate(row.form.rules)
    ]
    terms = [row.form.terms for row in ROWS.values()]
    return "\n".join(["?command: " + "\n    | ".join(rules), *terms, ""])


def _quoted(word: str) -> str:
    return f'"{word}"'


@cache
def language() -> Lark:
    return parser("chronus", "start", more=_commands())


@cache
def commands() -> frozenset[str]:
    """Returns the first words of all commands."""
    first = language().parse_interactive("").accepts()  # type: ignore[no-untyped-call]
    return frozenset(filter(None, (spelling(name) for name in first)))


def spelling(terminal: str) -> str:
    """Returns the word of the language that a terminal stands for; "" where it has no single spelling."""
    shape = language().get_terminal(terminal).pattern if terminal != "$END" else None
    if shape is None:
        return ""
    word = shape.value.removesuffix(WHOLE_WORD)
    return word if isinstance(shape, PatternStr) or word.isalpha() else ""
