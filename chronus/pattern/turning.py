"""Turns the steps of a line: later or earlier inside of its loop, or the last one first. Pure, on the tree."""

from __future__ import annotations

from fractions import Fraction

from msgspec.structs import replace

from chronus.errors import ChronusError
from chronus.pattern.lane import MOST_STEPS
from chronus.pattern.tree import Group, Item, Lanes, Rest
from chronus.pattern.varying import cut, written_out

REST = Item(Rest())


def rotated(lanes: Lanes, clip: int, steps: int) -> Lanes:
    """Returns each line with its steps so many later, and what falls out at the end at the beginning; earlier where it is below 0."""
    return tuple(tuple(_rotated(_laid(items, clip), steps)) for items in lanes)


def reversed_lines(lanes: Lanes, clip: int) -> Lanes:
    """Returns each line with its last step first. What glides to a step glides to what was before it."""
    return tuple(tuple(_reversed(_laid(items, clip))) for items in lanes)


def _laid(items: tuple[Item, ...], clip: int) -> list[Item]:
    """Returns the steps of a line one by one, of as many as it is cut or filled to."""
    found = written_out(items)
    return cut(found, clip) if clip else found


def _rotated(items: list[Item], steps: int) -> list[Item]:
    items = [one for item in items for one in _single(item)]
    width = sum((Fraction(item.width) for item in items), Fraction(0))
    if not width or width > MOST_STEPS:
        return items
    left, place = -steps % width, 0
    while place < len(items) and left >= items[place].width:
        left -= items[place].width
        place += 1
    if left:
        raise ChronusError(
            "E_VALUE",
            f"a note would last beyond the end of the line; `shift` by {steps} moves it all the same",
            part="steps",
        )
    return items[place:] + items[:place]


def _single(item: Item) -> list[Item]:
    """Returns rests that are written as one long one, or held, as so many."""
    width = Fraction(item.width)
    if isinstance(item.sound, Rest) and width.denominator == 1 and not item.locks:
        return [REST] * int(width)
    return [item]


def _reversed(items: list[Item]) -> list[Item]:
    glides = [item.glide for item in items]
    found = []
    for k in range(len(items) - 1, -1, -1):
        item = items[k]
        if isinstance(item.sound, Group) and not item.sound.choice:
            parts = tuple(tuple(_reversed(list(part))) for part in item.sound.parts)
            item = replace(item, sound=replace(item.sound, parts=parts))
        found.append(replace(item, glide=glides[k - 1] and not isinstance(item.sound, Rest)))
    return found
