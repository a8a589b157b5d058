"""Knows the lines that come with Chronus, by genre and name: `dnb.two_step` has one for a kick, one for a snare and so on.

They are text, in grammar/patterns.toml, as it would be typed behind `seq kick:`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from chronus import places
from chronus.errors import ChronusError, nearest

WHOLE = ("kit", "drums")
"""Names that take all drums of a pattern, not one line of it."""
NAMED = re.compile(r"(@?)([A-Za-z][\w.]*)")
NUMBERED = re.compile(r"_?\d+\Z")


class Ready(NamedTuple):
    """A pattern: its lines by what plays them, and the drums of it that a kit plays. `about` says what it is like."""

    name: str
    about: str
    lines: Mapping[str, str]
    kit: tuple[str, ...]


class Chosen(NamedTuple):
    """What a name means for one module: one line, or several drums of a kit, each with its line."""

    line: str = ""
    drums: tuple[tuple[str, str], ...] = ()


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((places.shipped("grammar") / "patterns.toml").read_text(encoding="utf-8"))


@cache
def patterns() -> Mapping[str, Ready]:
    """Returns all of them by their full names, in the order in which they are listed."""
    found: dict[str, Ready] = {}
    also: dict[str, str] = {}
    for genre, some in _table().items():
        for name, pattern in some.items() if genre != "lines" else ():
            if isinstance(pattern, str):
                also[f"{genre}.{name}"] = pattern
                continue
            lines = {line: text for line, text in pattern.items() if line in _lines()}
            drums = pattern["kit"].split() if "kit" in pattern else [line for line in lines if "drum" in _lines()[line]]
            found[f"{genre}.{name}"] = Ready(f"{genre}.{name}", pattern["about"], lines, tuple(drums))
    return found | {name: found[other] for name, other in also.items()}


def genres() -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.partition(".")[0] for name in patterns()))


def of_genre(word: str) -> tuple[Ready, ...]:
    """Returns the patterns of a genre, or the one of that name; E_VALUE where there is none. "" is all of them."""
    found = [ready for name, ready in patterns().items() if not word or word in (name, *name.split("."))]
    if not found:
        known = [*genres(), *patterns()]
        raise ChronusError(
            "E_VALUE",
            f'there are no patterns "{word[:32]}"; there are those of {", ".join(genres())}',
            suggestions=nearest(word, known),
            part="genre",
        )
    return tuple({ready.name: ready for ready in found}.values())


def is_named(text: str) -> bool:
    """Whether a text is meant as a pattern of the library: after an `@`, or the whole of it is such a name."""
    found = NAMED.fullmatch(text)
    return text.startswith("@") or bool(found and _full(found[2].lower())[0])


def chosen(text: str, module: str, column: int) -> Chosen:
    """Returns what `@dnb.two_step` is for a module of that name; `@dnb.two_step.snare` is that line, whatever the module is called.

    `column` is where the text stands.
    """
    found = NAMED.fullmatch(text)
    if not found:
        raise ChronusError(
            "E_SYNTAX", "after @ comes a pattern, such as @dnb.two_step; `list patterns` has them", column=column
        )
    words = found[2].lower()
    name, line = _full(words)
    place, length = column + len(found[1]), len(found[2])
    if not name:
        raise _unknown(words, place, length)
    ready = patterns()[name]
    wanted = line or _line_of(module)
    if wanted in WHOLE:
        if ready.kit:
            return Chosen(drums=tuple((_lines()[drum]["drum"], ready.lines[drum]) for drum in ready.kit))
    elif wanted in ready.lines:
        return Chosen(ready.lines[wanted])
    which = tuple(f"{name}.{key}" for key in ready.lines)
    if wanted:
        message = f"{name} has no line for {wanted}; it has {', '.join(ready.lines)}"
        near = tuple(other.name for other in patterns().values() if wanted in other.lines)
    else:
        message, near = f'which line of {name} is "{module}": {", ".join(f"@{one}" for one in which)}?', which[:1]
    raise ChronusError("E_VALUE", message, suggestions=near[:1], column=place, length=length)


def _full(words: str) -> tuple[str, str]:
    """Returns the full name of a pattern, and the line that is asked for, if one is; ("", "") where there is no such pattern.

    A genre may be left out where the name is known: the first pattern of that name is meant.
    """
    for name in patterns():
        for short in (name, name.partition(".")[2]):
            if words == short:
                return name, ""
            before, dot, line = words.rpartition(".")
            if dot and before == short and (line in _lines() or line in WHOLE):
                return name, line
    return "", ""


def _unknown(words: str, column: int, length: int) -> ChronusError:
    some = [name for name in patterns() if name.partition(".")[0] == words]
    if some:
        return ChronusError(
            "E_VALUE", f"{words} is a genre; there are {', '.join(some)}", suggestions=some[:1], column=column, length=length
        )  # fmt: skip
    known = [*patterns(), *(name.partition(".")[2] for name in patterns())]
    return ChronusError(
        "E_VALUE", f'there is no pattern "{words[:40]}"; `list patterns` has them',
        suggestions=nearest(words, known), column=column, length=length,
    )  # fmt: skip


@cache
def _lines() -> Mapping[str, Mapping[str, Any]]:
    lines: Mapping[str, Mapping[str, Any]] = _table()["lines"]
    return lines


def _line_of(module: str) -> str:
    """Returns the line that a module of this name plays; "" where the name does not tell."""
    return next((_named(name) for name in (module, NUMBERED.sub("", module)) if _named(name)), "")


@cache
def _named(name: str) -> str:
    if name in WHOLE:
        return name
    return next((line for line, known in _lines().items() if name == line or name in known["names"]), "")


def names() -> Iterable[tuple[str, str]]:
    """Returns each full name with what it is like."""
    return ((name, ready.about) for name, ready in patterns().items())
