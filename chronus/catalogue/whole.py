"""Declares the parameters of the whole, which belong to no module. Each is declared here alone, and is a field of the rack.

A new one is a row here, a field of `Rack` (`rack/document.py`), and the code that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from chronus.catalogue.spec import Param
from chronus.pattern.harmony import SCALES


class Whole(Param, frozen=True):
    """A number. `is_verb`: it is a command as well (`bpm 174`), of which `examples` are given. `counts`: in whole numbers.

    `moving` is the field of the rack for what moves it, where it may move from one value to another over a length.
    """

    is_verb: bool = False
    examples: tuple[str, ...] = ()
    counts: bool = False
    moving: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """Of the rack."""
        return (self.name, self.moving) if self.moving else (self.name,)

    def rounded(self, number: float) -> float:
        """To six places: what can be typed, and counted exactly."""
        return int(number) if self.counts else float(round(number, 6))


class Text(Struct, frozen=True):
    """A setting in words: of a `shape`, as the `example` is. `default` where nobody has said any. `is_verb` as above."""

    name: str
    shape: str
    example: str
    help: str
    default: str = ""
    is_verb: bool = False
    examples: tuple[str, ...] = ()
    moving = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.name,)

    def fits(self, words: str) -> bool:
        return re.fullmatch(self.shape, words) is not None


BPM = Whole("bpm", 20, 400, 120, help="the tempo", is_verb=True, moving="tempo",
            examples=("bpm 174", "bpm 120..174 over 8 bars"))  # fmt: skip
SWING = Whole("swing", 50, 75, 50, "%", help="50 is straight, 66 triplets, 75 the most", is_verb=True,
              examples=("swing 56",))  # fmt: skip
KEY = Text("key", f"[a-g][#b]? ({'|'.join(SCALES)})", "a minor", f"a note and a scale: {', '.join(SCALES)}", is_verb=True,
           examples=("key a minor", "key f# phrygian"))  # fmt: skip
METER = Text("meter", "([1-9]|[12][0-9]|3[0-2])/[248]", "7/8", "beats in a bar, over 2, 4 or 8", "4/4", is_verb=True,
             examples=("meter 7/8", "meter 3/4 for 4 bars"))  # fmt: skip
PACE = Text("pace", "normal|half|double", "half", "how fast lanes go: normal, half or double", "normal")
SEED = Whole("seed", 0, 999_999_999, 0, help="of everything left to chance", counts=True)

WHOLE: Mapping[str, Whole | Text] = {row.name: row for row in (BPM, METER, SWING, PACE, KEY, SEED)}
"""In the order in which they are saved and shown."""
NUMBERS: Mapping[str, Whole] = {name: row for name, row in WHOLE.items() if isinstance(row, Whole)}
OF_OUT = ("volume",)
"""Parameters of `out` that need not be called by its name."""
