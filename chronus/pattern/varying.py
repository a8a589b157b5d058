"""Makes a line of a line: a variation of it, or the line with its answer behind it. Pure: the same tree, amount and seed, the same tree.

A step here is an item of a line with its repeats and spreads written out. What a loop decides for itself (chance, turns, `?fill`,
polymeters) stays as it is, and so does the first step of each bar of sixteen; of a line with nothing else, only the very first.

How far a variation goes, of h hits and an amount a: at most h * a / 2 are added (one at the least), and at most h * a / 3 are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from random import Random

from msgspec.structs import replace

from chronus.errors import ChronusError
from chronus.pattern.lane import MOST_STEPS
from chronus.pattern.tree import Drum, Group, Item, Lanes, Mark, Polymeter, Rest, Sound, Time, Tone, Turns
from chronus.pattern.unfold import euclid
from chronus.units import note_name

BEAT, BAR = 4, 16
"""In steps: where the strong ones are."""
GHOST = 4
"""The velocity of a ghost among notes, in tenths."""
LOWEST, MIDDLE, HIGHEST = 24, 60, 96
"""Notes do not leave these octaves; what lies below the middle is answered above it."""
REST = Item(Rest())
Line = tuple[Item, ...]


def written_out(items: Line) -> list[Item]:
    """Returns the steps of a line, without repeats and spreads: each item is one step of it, or one group."""
    found: list[Item] = []
    for item in items:
        each = replace(item, repeat=1, euclid=None, held=0, glide=False)
        silent = Item(Rest(), length=item.width if isinstance(item.sound, Polymeter) else item.length)
        spread = euclid(*item.euclid) if item.euclid else [True]
        found += [each if sounds else silent for _ in range(item.repeat) for sounds in spread]
        if len(found) > MOST_STEPS:
            raise ChronusError("E_LIMIT", f"a lane has at most {MOST_STEPS:,} steps")
        last = found[-1]
        found[-1] = replace(last, held=item.held, glide=item.glide and not isinstance(last.sound, Rest))
    return found


def sounds(item: Item) -> bool:
    return not isinstance(item.sound, Rest)


def hits(items: Line | list[Item]) -> int:
    return sum(map(sounds, items))


def varied(lanes: Lanes, amount: float, seed: int) -> Lanes:
    """Returns a variation: ghosts, hits left out, moved, struck twice, accented or on another note. None at amount 0."""
    if not amount:
        return lanes
    for laps in (1, 2):  # a line of one hit has to go round twice before anything can be different
        lines = [written_out(items) * laps for items in lanes]
        found = [_Variation(items, amount, Random(f"{seed} {k}"), laps == 1).items for k, items in enumerate(lines)]
        if found != lines:
            return tuple(map(tuple, found))
    raise ChronusError(
        "E_VALUE", "all of it is left to its loops (chance, turns): there is nothing to vary", part="name"
    )


class _Variation:
    """One line on its way."""

    def __init__(self, items: list[Item], amount: float, chance: Random, keeps_bars: bool) -> None:
        self.items, self.amount, self.chance = list(items), amount, chance
        self.starts = _starts(items)
        count = hits(items)
        self.may_add, self.may_drop = max(1, int(count * amount / 2)), int(count * amount / 3)
        self.held = {k for k, start in enumerate(self.starts) if not start or (keeps_bars and not start % BAR)}
        free = [k for k, item in enumerate(items) if k not in self.held and _is_plain(item)]
        chance.shuffle(free)
        left, changed = max(1, ceil(count * amount * 0.6)), set[int]()
        for place in free:
            if not left:
                break
            if place in changed:
                continue
            edits = self._ghosts() if not sounds(items[place]) else self._edits(place, changed)
            chance.shuffle(edits)
            touched = next((touched for edit in edits if (touched := edit(place))), ())
            changed.update(touched)
            left -= bool(touched)

    def _ghosts(self) -> list[Callable[[int], tuple[int, ...]]]:
        return [self._ghost] if self.may_add and hits(self.items) else []

    def _edits(self, place: int, changed: set[int]) -> list[Callable[[int], tuple[int, ...]]]:
        """Returns what may be done to a hit; each says which steps it touched, none where it cannot be done there."""
        weak = bool(self.starts[place] % BEAT)
        edits: list[Callable[[int], tuple[int, ...]]] = [self._again, self._accent, self._pitch]
        if weak:
            edits += [self._drop] * bool(self.may_drop)
            edits += [lambda place: self._move(place, changed)]
        return edits

    def _ghost(self, place: int) -> tuple[int, ...]:
        if self.items[place].length != 1:
            return ()
        sound = _ghost_of(self.items, place)
        if sound is None:
            return ()
        self.may_add -= 1
        velocity = 0 if isinstance(sound, Mark) else GHOST
        self.items[place] = replace(self.items[place], sound=sound, velocity=velocity)
        return (place,)

    def _drop(self, place: int) -> tuple[int, ...]:
        self.may_drop -= 1
        item = self.items[place]
        self.items[place] = Item(Rest(), length=item.length, held=item.held)
        return (place,)

    def _again(self, place: int) -> tuple[int, ...]:
        item = self.items[place]
        if item.ratchet > 1 or item.length != 1 or item.held or item.glide or isinstance(item.sound, Group):
            return ()
        self.items[place] = replace(item, ratchet=3 if self.chance.random() < self.amount / 3 else 2)
        return (place,)

    def _accent(self, place: int) -> tuple[int, ...]:
        item = self.items[place]
        if isinstance(item.sound, Mark):
            marks = {"x": "X", "X": "x", "o": "x"}
            if item.sound.mark not in marks or item.accent or item.velocity:
                return ()
            self.items[place] = replace(item, sound=Mark(marks[item.sound.mark]))
        else:
            self.items[place] = replace(item, accent=not item.accent, velocity=0)
        return (place,)

    def _pitch(self, place: int) -> tuple[int, ...]:
        item = self.items[place]
        if isinstance(item.sound, Mark | Drum | Group):
            return ()
        others = {other.sound for other in self.items if _is_plain(other) and isinstance(other.sound, type(item.sound))}
        choices = [sound for sound in others if sound != item.sound and not isinstance(sound, Rest)]
        if octave := _octave(item.sound, 12) or _octave(item.sound, -12):
            choices.append(octave)
        if not choices:
            return ()
        self.items[place] = replace(item, sound=self.chance.choice(sorted(set(choices), key=repr)))
        return (place,)

    def _move(self, place: int, changed: set[int]) -> tuple[int, ...]:
        """Changes places with the rest before or behind it."""
        item = self.items[place]
        for other in self.chance.sample((place - 1, place + 1), 2):
            if not 0 <= other < len(self.items) or other in changed or other in self.held:
                continue
            there = self.items[other]
            if there == replace(REST, length=item.length) and not item.held and not item.glide:
                self.items[place], self.items[other] = there, item
                return place, other
        return ()


def answered(lanes: Lanes, clip: int, seed: int) -> Lanes:
    """Returns each line with as much again behind it: its hits, in another octave, where it rests itself. The end is as the beginning."""
    found = []
    for k, items in enumerate(lanes):
        call = cut(written_out(items), clip) if clip else written_out(items)
        width = sum((Fraction(item.width) for item in call), Fraction(0))
        if width.denominator != 1 or 2 * width > MOST_STEPS:
            raise ChronusError("E_LIMIT", f"a line and its answer have at most {MOST_STEPS:,} whole steps")
        found.append((*call, *_answer(call, int(width), Random(f"{seed} {k}"))))
    return tuple(found)


def _answer(call: list[Item], width: int, chance: Random) -> list[Item]:
    sounding = [(int(start), item) for start, item in zip(_starts(call), call, strict=True) if sounds(item)]
    if not sounding:
        return [REST] * width
    busy = {step for start, item in sounding for step in range(start, start + max(1, ceil(item.width)))}
    free = [step for step in range(width) if step not in busy] or [step for step in range(width) if step % 2] or [0]
    onsets = [start for start, _ in sounding]
    # the caller's own rhythm, so much later that most of it falls where the caller rests
    delays = sorted(
        range(1, min(width, BAR) + 1), key=lambda delay: (-_landing(onsets, delay, free, width), chance.random())
    )
    places = sorted({(onset + delays[0]) % width for onset in onsets} & set(free) if width > 1 else free)
    more = [step for step in free if step not in places]
    chance.shuffle(more)
    wanted = min(len(free), max(1, len(onsets) * 2 // 3))
    places = sorted((*places, *more[: max(0, wanted - len(places))]))
    steps = [REST] * width
    voices = [item for _, item in sounding if not isinstance(item.sound, Polymeter | Turns)] or [
        item for _, item in sounding
    ]
    for k, place in enumerate(places):
        said = voices[k % len(voices)]
        steps[place] = replace(said, sound=_other_register(said.sound), length=1, held=0, ratchet=1, glide=False)
    end = voices[0]
    steps[places[-1]] = replace(end, length=1, held=0, ratchet=1, glide=False, chance=None, cycle=None, fill=None)
    return steps


def _landing(onsets: list[int], delay: int, free: list[int], width: int) -> int:
    return sum((onset + delay) % width in free for onset in onsets)


def _other_register(sound: Sound) -> Sound:
    if isinstance(sound, Tone):
        up = sound.pitches[0] < MIDDLE
        return _octave(sound, 12 if up else -12) or sound
    return sound


def _octave(sound: Sound, semitones: int) -> Tone | None:
    """Returns a single note that much higher; None for all else, and where it would leave the octaves that are heard well."""
    if not isinstance(sound, Tone) or len(sound.pitches) != 1 or not LOWEST <= sound.pitches[0] + semitones <= HIGHEST:
        return None
    pitch = sound.pitches[0] + semitones
    return Tone(note_name(pitch), (pitch,))


def _ghost_of(items: list[Item], place: int) -> Sound | None:
    """Returns what a ghost sounds like there: as the hit before it, of a chord or of drums at once only the first."""
    for back in range(1, len(items)):
        sound = items[place - back].sound
        if isinstance(sound, Mark):
            return Mark("o")
        if isinstance(sound, Group) and not sound.choice and sound.parts[0]:
            sound = sound.parts[0][0].sound
        if not isinstance(sound, Rest | Group | Turns | Polymeter):
            return sound
    return None


def _is_plain(item: Item) -> bool:
    """Whether nothing of a step is left to the loop."""
    undecided = item.chance is not None or item.cycle or item.fill is not None
    return not undecided and not (
        isinstance(item.sound, Turns | Polymeter) or (isinstance(item.sound, Group) and item.sound.choice)
    )


def _starts(items: list[Item]) -> list[Time]:
    found: list[Time] = []
    at: Time = 0
    for item in items:
        found.append(at)
        at = at + item.width
    return found


def cut(items: list[Item], steps: int) -> list[Item]:
    """Returns the items up to so many steps, the last one shortened, or rests behind them."""
    found: list[Item] = []
    left: Time = steps
    for item in items:
        if left <= 0:
            break
        if item.width > left:
            short = replace(item, held=0) if item.width - item.held <= left else Item(Rest(), length=left)
            item = replace(short, held=int(left - short.width)) if short.width < left else short
        found.append(item)
        left = left - item.width
    return found + [REST] * int(left)
