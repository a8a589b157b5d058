"""Turns the tree of a line into its command, with its times.

Offsets count from 0 in the typed statement; a refusal carries `offset + 1` as its column, and the parser turns that
into a line and column of the source.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

import msgspec
from lark import Token, Tree

from chronus import commands as c
from chronus.catalogue.whole import WHOLE
from chronus.language.quantities import count, length, quantity, start, wrong
from chronus.language.rows.line import Line
from chronus.language.syntax import RULES

# ---------------------------------------------------------------- times


def _counted(kind: Literal["every", "in"], token: Token) -> c.When:
    given = quantity(token)
    if not given.unit:
        raise wrong(start(token) + len(token), f'expected bars or beats after "{token}"', " bars", " beats", length=0)
    if given.unit not in ("bars", "beats"):
        word = "in" if kind == "in" else "at"
        raise wrong(start(token), f'a time is "{word} 8 bars" or "{word} 2 beats"', "8 bars", "2 beats")
    if given.number != int(given.number) or not 1 <= given.number <= c.MOST_COUNTED:
        raise wrong(start(token), f"a time counts whole bars or beats, 1..{c.MOST_COUNTED}", code="E_VALUE")
    return c.When(kind, int(given.number), "bar" if given.unit == "bars" else "beat")


def _times(nodes: Iterable[Tree[Token]], line: Line) -> dict[str, Any]:
    """Reads `when`, `over` and `lasts` of a line, each at most once."""
    given: dict[str, Any] = {}
    for node in nodes:
        field = str(node.data) if node.data in ("over", "lasts") else "when"
        word, *rest = node.children
        offset = start(word)
        if field in given:
            raise wrong(offset, "one time is enough" if field == "when" else "one length is enough")
        line.spans[field] = offset
        match node.data, rest:
            case "now", _:
                given[field] = c.When("now")
            case "at_next", [unit]:
                given[field] = c.When("next", 1, "bar" if unit.type == "BAR" else "beat")  # type: ignore[union-attr]
            case "at_every", [number]:
                given[field] = _counted("every", number)  # type: ignore[arg-type]
            case "in_bars", [number]:
                given[field] = _counted("in", number)  # type: ignore[arg-type]
            case "at_bar", [_, number]:
                given[field] = c.When("bar", count(number, 1, c.FURTHEST, "a bar"))  # type: ignore[arg-type]
                line.mark("when.count", number)
            case _, [number]:
                given[field] = length(number)  # type: ignore[arg-type]
    return given


# ---------------------------------------------------------------- the whole line

_VERBS = [row for row in WHOLE.values() if row.is_verb]
SHORT = {"over": tuple(row.name for row in _VERBS if row.moving), "lasts": tuple(row.name for row in _VERBS)}
"""Short forms of `set` that may end so."""


def _check_lengths(command: c.Command, given: dict[str, Any], line: Line) -> None:
    """A length belongs to what can take it; each message is made of what is allowed, so that none contradicts another."""
    word = type(command).__name__.lower()
    for field, preposition, trait in (("over", "over", "may_move"), ("lasts", "for", "may_last")):
        if field not in given or getattr(command, trait):
            continue
        begins = ("in",) if given[field].unit in ("bars", "beats") else ()
        instead = ("for",) if command.may_last else begins
        how = f'{word} may end with "for"' if command.may_last else f'{word} may begin "in" so many bars'
        raise wrong(line.spans[field], f'"{preposition}" belongs to {_listed(trait, SHORT[field])}; {how}', *instead)


def _listed(trait: str, short: tuple[str, ...]) -> str:
    """The words of the commands that have a trait: of `set` these short forms as well."""
    words = [kind.__name__.lower() for kind in get_args(c.AnyCommand) if getattr(kind, trait)]
    words[words.index("set") + 1 : words.index("set") + 1] = short
    return f"{', '.join(words[:-1])} and {words[-1]}"


def translate(tree: Tree[Token], typed: str) -> tuple[c.Command, dict[str, int]]:
    """Returns the command of a line's tree, and the offset of each of its fields."""
    line = Line(typed)
    body, *times = tree.children
    row, read = RULES[body.data]  # type: ignore[union-attr]
    command = row.kind(**read(body.children, line))  # type: ignore[union-attr]
    given = _times(times, line)  # type: ignore[arg-type]
    sweeps = [k for k, change in enumerate(getattr(command, "changes", ())) if isinstance(change.value, c.Sweep)]
    _check_lengths(command, given, line)
    if sweeps and "over" not in given:
        raise wrong(len(typed), 'a sweep needs a length, as in "400..2400 over 8 bars"', " over 8 bars", length=0)
    return (msgspec.structs.replace(command, **given) if given else command), line.spans
