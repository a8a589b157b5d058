"""`chronus bench modules`: measures what each kind costs by itself, beside a loop whose cost is known. No engine, no device.

Microseconds differ from machine to machine, and on one from hour to hour. So each round times the yardstick as well, and what is held
to bars (tests/bench) is the ratio of the least of all rounds to the least of the yardstick in the same rounds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import numpy as np
from msgspec import Struct, structs

from chronus.catalogue.spec import Spec
from chronus.dsp.discovery import discover
from chronus.dsp.kernel import LANES, Kernel, kernel, local
from chronus.errors import ChronusError, nearest
from chronus.memory.layout import BLOCK
from chronus.places import modules_folders
from chronus.render.take import ProgressBar
from chronus.worker.weigh import Cost, Scales

f32 = np.float32

YARDSTICK_US = 0.078
"""What the yardstick takes for a voice and 256 frames on a quiet machine, on which a fused loop in C takes 0.08. Bars are said in
microseconds of that machine."""
WIDTHS = {"mono": (1,), "poly": (1, 8, 32), "stereo": (2,)}
YARDSTICK_VOICES = 16
_ROUNDS = 40
_TO_256 = 256 / BLOCK / 1000
"""From nanoseconds a block to microseconds for 256 frames."""


class Row(Struct, frozen=True):
    """A kind at a number of lanes: microseconds a lane and 256 frames. `struck` is None for what takes no notes."""

    kind: str
    lanes: int
    struck: float | None
    held: float
    silent: float
    yardstick: float
    """The yardstick's, in the same rounds."""

    @property
    def ratio(self) -> float:
        """Of what it costs while it sounds."""
        return max(self.struck or 0.0, self.held) / self.yardstick

    @property
    def ratio_in_silence(self) -> float:
        return self.silent / self.yardstick


def rows_of(one: Kernel) -> list[Row]:
    """Measures one kind at all its numbers of lanes. What is not compiled yet is compiled first."""
    each = {lanes: Scales(one, lanes) for lanes in WIDTHS[one.spec.width]}
    yardstick = Scales(fused, YARDSTICK_VOICES)
    for _ in range(_ROUNDS):
        yardstick.round()
        for scales in each.values():
            scales.round()
    return [
        _row(one.spec.kind, lanes, scales.cost(), yardstick.cost().held * _TO_256 / YARDSTICK_VOICES)
        for lanes, scales in each.items()
    ]


def _row(kind: str, lanes: int, cost: Cost, yardstick: float) -> Row:
    per = _TO_256 / lanes
    struck = None if cost.struck is None else cost.struck * per
    return Row(kind, lanes, struck, cost.held * per, cost.silent * per, yardstick)


# ---------------------------------------------------------------- what is printed

HEADING = f"{'kind':<12}{'lanes':>5}{'struck':>9}{'held':>9}{'silent':>9}{'ratio':>9}"
NOTE = (
    "microseconds a lane and 256 frames, the least of {rounds} rounds; ratio: of the dearer of struck and held to a loop of\n"
    "saw, filter and envelope for 16 voices, which took {yardstick:.4f} in the same rounds ({quiet:.3f} on a quiet machine)"
)


def main(kinds: Sequence[str], as_json: bool) -> int:
    """Prints a line for each kind and number of lanes as it comes; without kinds all of them. As JSON, all rows in one object."""
    known = discover(modules_folders())
    for kind in kinds:
        if kind not in known:
            raise ChronusError("E_MODULE", f'there is no kind of module "{kind}"', suggestions=nearest(kind, known))
    bar = ProgressBar("measuring") if sys.stderr.isatty() and not as_json else None
    todo, rows = list(kinds or known), []
    if not as_json:
        print(HEADING, flush=True)
    for done, kind in enumerate(todo):
        if bar:
            bar(done / len(todo))
        found = rows_of(known[kind])
        if bar:
            bar.clear()
        if not as_json:
            print("\n".join(map(_line, found)), flush=True)
        rows += found
    if as_json:
        print(json.dumps({"modules": [{**structs.asdict(row), "ratio": row.ratio} for row in rows]}))
    else:
        yardstick = min(row.yardstick for row in rows)
        print(NOTE.format(rounds=_ROUNDS, yardstick=yardstick, quiet=YARDSTICK_US))
    return 0


def _line(row: Row) -> str:
    struck = "" if row.struck is None else f"{row.struck:.3f}"
    return f"{row.kind:<12}{row.lanes:>5}{struck:>9}{row.held:>9.3f}{row.silent:>9.3f}{row.ratio:>9.2f}"


# ---------------------------------------------------------------- the yardstick

G, K = np.float32(0.1), np.float32(1.4)
A1 = np.float32(1) / (np.float32(1) + G * (G + K))
STEP, UP = np.float32(0.001), np.float32(0.00005)


@kernel(Spec(kind="yardstick", help="a saw through a low-pass and an envelope, in one loop", state=4))
def fused(ins, outs, params, moving, state, memory, seed, rate, frames):
    """About the least that the three can cost: every coefficient is a constant, the saw's edge is rounded over one frame."""
    (out,) = outs
    phase, s1, s2, level = local(f32, LANES), local(f32, LANES), local(f32, LANES), local(f32, LANES)
    for l in range(LANES):
        phase[l], s1[l], s2[l], level[l] = state[0, l], state[1, l], state[2, l], state[3, l]
    for i in range(frames):
        for l in range(LANES):
            pace = STEP * f32(l + 1)
            ahead = phase[l] + pace
            ahead = ahead - f32(1) if ahead >= f32(1) else ahead
            phase[l] = ahead
            near = max(f32(0), f32(1) - ahead / pace)
            x = f32(2) * ahead - f32(1) + near * near
            v = A1 * (s1[l] + G * (x - s2[l]))
            low = s2[l] + G * v
            s1[l], s2[l] = f32(2) * v - s1[l], f32(2) * low - s2[l]
            level[l] += UP * (f32(1) - level[l])
            out[i, l] = low * level[l]
    for l in range(LANES):
        state[0, l], state[1, l], state[2, l], state[3, l] = phase[l], s1[l], s2[l], level[l]
