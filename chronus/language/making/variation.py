"""Performs `vary`, `answer`, `shift`, `rotate` and `reverse` on the text of a lane: gives the `sequence` that they stand
for, so that no journal depends on how it is made.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from chronus.commands import Answer, OfALine, Reverse, Rotate, Sequence, Shift, Vary
from chronus.errors import ChronusError
from chronus.language.canonical import canonical
from chronus.language.notation import read_lane, read_steps
from chronus.pattern.lane import LaneOptions
from chronus.pattern.tree import Item, Lanes, Mark, written
from chronus.pattern.turning import reversed_lines, rotated
from chronus.pattern.varying import answered, varied


class Made(NamedTuple):
    """A command, and the line that makes it."""

    command: Sequence
    text: str


def made(command: OfALine, name: str, text: str, options: LaneOptions) -> Made:
    """Returns the lane `name` that a command makes of its present one, with all of its times and options."""
    lane = read_lane(text + options.words(), 1)
    lanes, length = read_steps(lane.steps, 1), f" len={lane.clip}" * bool(lane.clip)
    match command:
        case Vary(amount=amount, seed=seed):
            new = varied(lanes, amount, seed)
            text = text if new is lanes else _in_words(new) + length
        case Answer(seed=seed):
            text = _in_words(answered(lanes, lane.clip, seed))
        case Shift(steps=steps):
            options = replace(options, shift=(options.shift + steps) % lane.pattern.steps)
        case Rotate(steps=steps):
            text = _in_words(rotated(lanes, lane.clip, steps)) + length
        case Reverse():
            text = _in_words(reversed_lines(lanes, lane.clip)) + length
    made = read_lane(text + options.words(), 1)
    whole = Sequence(name=name, text=made.text, pattern=made.pattern, options=made.options)
    whole = replace(whole, when=command.when, lasts=command.lasts)
    return Made(whole, canonical(whole))


def _in_words(lanes: Lanes) -> str:
    """Writes a tree so that it is read as the same one: digits alone would be degrees, so those of a grid become hits with a velocity."""
    for some in (lanes, tuple(tuple(map(_lettered, items)) for items in lanes)):
        text = written(some)
        try:
            if read_steps(text, 1) == some:
                return text
        except ChronusError:
            continue
    raise ChronusError("E_VALUE", "what it would be cannot be written as a line", part="name")


def _lettered(item: Item) -> Item:
    if isinstance(item.sound, Mark) and item.sound.mark.isdigit():
        return replace(item, sound=Mark("x"), velocity=item.velocity or int(item.sound.mark))
    return item
