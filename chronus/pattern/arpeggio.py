"""What an arpeggiator makes of a lane, and of a chord by hand: that becomes a lane, too, so replicas only know plain notes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from chronus.pattern.lane import LaneOptions, Pattern, Share
from chronus.pattern.tree import Group, Item, Tone, written
from chronus.pattern.unfold import HIT, unfold
from chronus.units import exact, note_name

SIXTEENTH: Share = (1, 16)
DRAWS = 16
"""Notes of a loop of what plays at random: they are drawn anew in the next."""


class Arpeggiator(Struct, frozen=True):
    """`rate` is the length of a note as a share of a whole one. `latch`: a chord by hand goes on until the next one."""

    order: str
    oct: int = 1
    rate: Share = SIXTEENTH
    latch: bool = False

    def words(self) -> str:
        """As it is typed; what is left out stands at its default."""
        rate = f" rate={self.rate[0]}/{self.rate[1]}" if self.rate != SIXTEENTH else ""
        return self.order + rate + f" oct={self.oct}" * (self.oct > 1) + " latch" * self.latch


class Chord(NamedTuple):
    """A chord by hand, as a lane."""

    text: str
    pattern: Pattern
    options: LaneOptions


def through(arp: Arpeggiator | None, options: LaneOptions) -> LaneOptions:
    """Returns the options of a lane whose notes go through an arpeggiator, or through none."""
    if arp is None:
        return replace(options, arp="", oct=1, rate=None)
    return replace(options, arp=arp.order, oct=arp.oct, rate=arp.rate)


def chord_of(arp: Arpeggiator, pitches: Sequence[int], velocity: float) -> Chord:
    """Returns the lane that a chord by hand becomes: as many steps as its order has notes, so that each loop plays it once."""
    pitches = list(dict.fromkeys(pitches))
    steps = DRAWS if arp.order == "random" else len(order_of(arp.order, pitches, arp.oct))
    tones = [Item(Tone(note_name(pitch), (pitch,))) for pitch in pitches]
    sound = Group(tuple((one,) for one in tones)) if len(tones) > 1 else tones[0].sound
    lanes = ((Item(sound, length=steps),),)
    scale = min(round(velocity / HIT, 6), 2.0)
    options = LaneOptions(every=arp.rate, velocity=scale, arp=arp.order, oct=arp.oct)
    return Chord(written(lanes), unfold(lanes, Fraction(exact(options.gate))), options)


def pitches_by_hand(arp: Arpeggiator, text: str, pattern: Pattern, options: LaneOptions) -> tuple[int, ...]:
    """Returns the notes of a lane that is a chord by hand; none if it is a lane that somebody wrote."""
    pitches = pattern.hits[0].pitches if len(pattern.hits) == 1 else ()
    if not pitches:
        return ()
    same = chord_of(arp, pitches, options.velocity * HIT)
    return pitches if (same.text, same.options.every) == (text, options.every) else ()


def order_of(arp: str, chord: Sequence[int], octaves: int) -> list[tuple[int, ...]]:
    """The notes of an arpeggio over so many octaves, in the order in which it plays them."""
    pitches = [pitch + 12 * octave for octave in range(octaves) for pitch in chord]
    rising = sorted(set(pitches))
    match arp:
        case "chord":
            return [tuple(rising)]
        case "down":
            return [(pitch,) for pitch in reversed(rising)]
        case "updown":
            return [(pitch,) for pitch in (*rising, *reversed(rising[1:-1]))]
        case "order" | "played":
            return [(pitch,) for pitch in dict.fromkeys(pitches)]
        case _:
            return [(pitch,) for pitch in rising]
