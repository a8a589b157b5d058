"""Cuts what an agent is given to at most MOST_TOKENS, and says what was left out and how to get it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from chronus.command_line.guide import MOST_TOKENS, tokens

ROOM = 60
"""Tokens for the line that says what was left out."""
FIRST = re.compile(r"err |! ")
"""Begins a line that is kept before others."""
LONGEST = 2000
"""Characters of a line."""


def fits(text: str) -> bool:
    return tokens(text) <= MOST_TOKENS


def cut(lines: Sequence[str], rest: str) -> str:
    """Joins as many lines as fit, errors and notices before others; `rest` is how the others are had."""
    lines = [line if len(line) <= LONGEST else f"{line[:LONGEST]} ..." for line in lines]
    room, kept = float(MOST_TOKENS - ROOM - tokens(rest)), set[int]()
    for place in sorted(range(len(lines)), key=lambda place: not FIRST.match(lines[place])):
        room -= _cost(lines[place])
        if room < 0:
            break
        kept.add(place)
    out = len(lines) - len(kept)
    told = [lines[place] for place in sorted(kept)]
    more = f"{out} more line{'s' if out > 1 else ''}" if out else "cut"
    return "\n".join([*told, f"... {more}: {rest}"])


def parts(text: str) -> list[str]:
    """Cuts a text into parts, each of which fits, at the ends of lines."""
    found, part, room = list[str](), list[str](), 0.0
    for line in text.split("\n"):
        for piece in [line[at : at + LONGEST] for at in range(0, len(line), LONGEST)] or [""]:
            if part and room + _cost(piece) > MOST_TOKENS - ROOM:
                found.append("\n".join(part))
                part, room = [], 0.0
            part.append(piece)
            room += _cost(piece)
    return [*found, "\n".join(part)]


def _cost(line: str) -> float:
    # the whole is estimated by its words or by its characters: so the sum of both maxima is never too low
    return max(len(line.split()) * 1.33, (len(line) + 1) / 4)


def shortened(value: dict[str, Any], rest: str) -> dict[str, Any]:
    """Returns a JSON object that fits: the longest list, object or text in it is halved until it does. `left_out` says how much is not
    there, by its place, and `rest` how it is had.
    """
    value = msgspec.json.decode(msgspec.json.encode(value))
    left: dict[str, int] = {}
    while tokens(msgspec.json.encode(value).decode()) > MOST_TOKENS - ROOM - 8 * len(left):
        place = _longest(value)
        if not place:
            break
        above, key, inside = place[-1][0], place[-1][1], place[-1][0][place[-1][1]]
        keep = len(inside) // 2
        name = ".".join(str(step) for _, step in place)
        left[name] = left.get(name, 0) + len(inside) - keep
        if isinstance(inside, dict):
            above[key] = dict(list(inside.items())[:keep])
        else:
            above[key] = inside[:keep]
    gone = {name: count for name, count in left.items() if not any(name.startswith(f"{other}.") for other in left)}
    return {**value, "left_out": {**gone, "rest": rest}}


def _longest(value: Any) -> list[tuple[Any, Any]]:
    """Returns the way to what is halved, as (what it is in, its key): from the top always into the largest part, as long as that is
    more than half of all there is.
    """
    way: list[tuple[Any, Any]] = []
    while isinstance(value, dict | list) and value:
        sizes = {key: _size(inside) for key, inside in (value.items() if isinstance(value, dict) else enumerate(value))}
        key = max(sizes, key=sizes.__getitem__)
        inside = value[key]
        if (way and sizes[key] * 2 < sum(sizes.values())) or not isinstance(inside, dict | list | str) or not inside:
            break
        way.append((value, key))
        value = inside
    return way


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))
