"""Sweeps as they sound: what control believes of them is what a replica renders, no change makes a jump, and a take that was
played is the same when its journal is."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from chronus.commands import Submission
from chronus.language import parser
from chronus.memory.layout import BLOCK, RAMP
from chronus.render.take import Take, play_script
from tests.kit.hearing import believed, heard
from tests.kit.sounding import BAR, RATE, differing, playing, say, to

PARAMS = {"sine.gain": (0.01, 1, ""), "filter.cutoff": (30, 15000, " hz"), "delay.time": (10, 900, " ms")}
LENGTHS = ("1 bar", "2 beats", "1.5 bars", "300 ms", "0.7 s", "5 ms")
STEEPEST = 1.875 / RAMP
"""Of the S-curve that a typed jump takes: shares of its way a frame."""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))


def line(chosen: random.Random) -> str:
    name, (low, high, unit) = chosen.choice(list(PARAMS.items()))
    value, other = (f"{chosen.uniform(low, high):.4g}{unit}" for _ in range(2))
    length = chosen.choice(LENGTHS)
    sweep = f"set {name} {value}..{other} over {length}"
    return chosen.choice((
        f"set {name} {value}", f"set {name} {value} over {length}", sweep, f"{sweep}; set {name} *0.9",
        f"set {name} +10%", f"set {name} *0.5 over {length}", "set delay.time 1/16..1/4 over 1 bar",
        f"bpm {chosen.randint(60, 240)}", f"bpm {chosen.randint(60, 240)} over {length}",
        "undo", "undo 2", "redo", "unload filter; load filter",
        f"note sine a4 len={chosen.choice(('1/8', '1/2', '3/4', '0.3s'))}", "set sine.voices 2", "set sine.voices 1",
    ))  # fmt: skip


def take_of(*lines: str) -> Take:
    take = Take(RATE, 0, keep=lambda sound: None)
    tell(take, *lines)
    return take


def tell(take: Take, *lines: str) -> list[str]:
    parsed = [parser.parse(statement) for text in lines for statement in parser.statements(text)]
    words, commands = tuple(one.text for one in parsed), tuple(one.command for one in parsed)
    outcomes = take.perform(Submission(tuple(range(len(parsed))), words, commands), take.frame, exact=True)
    return [outcome.error.message if outcome.error else outcome.text for outcome in outcomes]


def apart(name: str, one: float, other: float) -> float:
    """How far two values lie from one another, as a share of the range, in the parameter's own curve."""
    low, high, _ = PARAMS[name]
    return abs(one - other) / (high - low) if name == "sine.gain" else abs(math.log(one / other)) / math.log(high / low)


class Ear:
    """What a replica makes of the parameters, of the modules that there are. A module that is another one now has no past."""

    def __init__(self, take: Take) -> None:
        self.take, self.seats, self.known = take, {}, {}

    def listen(self) -> dict[str, float]:
        conductor, frame = self.take.conductor, self.take.frame
        seats, arena = conductor.plan.seats, self.take.memory.arena(0)
        there = [name for name in PARAMS if name.partition(".")[0] in seats]
        return {name: heard(arena, conductor, *name.split("."), frame) for name in there}

    def jump(self) -> float:
        """The farthest that anything has gone since it was asked last, and the seat it had then it has still."""
        now, seats = self.listen(), dict(self.take.conductor.plan.seats)
        same = [name for name in now if self.seats.get(name.partition(".")[0]) == seats[name.partition(".")[0]]]
        farthest = max((apart(name, self.known[name], now[name]) for name in same), default=0.0)
        self.seats, self.known = seats, now
        return farthest


@pytest.mark.parametrize("seed", range(10))
def test_what_control_believes_is_what_sounds_and_nothing_jumps(seed):
    chosen = random.Random(seed)
    take = take_of("load sine gain=0.5", "load filter", "load delay time=1/8")
    ear, said = Ear(take), []
    for _ in range(25):
        take.render(take.frame + BLOCK)
        ear.jump()
        said += [(take.frame, text) for text in tell(take, line(chosen))]
        told, until = take.frame, take.frame + chosen.choice((64, 128, 2048, 20_000, 60_000))
        while take.frame < min(until, told + 2 * RAMP):
            take.render(take.frame + BLOCK)
            assert ear.jump() < 1.3 * STEEPEST * BLOCK, said[-5:]
        take.render(until)
        for name, sounds in ear.listen().items() if take.frame > told + RAMP + BLOCK else ():
            assert believed(take.conductor, *name.split("."), take.frame) == pytest.approx(sounds, rel=1e-3), said[-5:]


@pytest.mark.parametrize(("bpm", "beats"), [(120, 2), (240, 1.5), (60, 3)])
def test_a_note_by_hand_sounds_until_its_beats_are_over(bpm, beats):
    """Half a bar at 120; after one beat of it the tempo changes."""
    sound = []
    take = Take(RATE, 0, keep=sound.append)
    tell(take, "load sine", "note sine a4 len=1/2")
    take.render(RATE // 2)
    tell(take, f"bpm {bpm}")
    take.render(3 * RATE)
    loud = np.flatnonzero(np.abs(np.concatenate(sound)[:, 0]) > 0.01)
    ends = (loud[-1] - take.latency) / (RATE // 2)
    assert ends == pytest.approx(beats, abs=0.02)


def test_a_wait_of_a_script_follows_a_tempo_that_was_put_off():
    take = Take(RATE, 0, keep=lambda sound: None)
    script = "load kick; seq kick: x...\nbpm 240 at bar 3\nset kick.decay 100ms over 4 bars\nwait 4 bars\nwait 1 s"
    wrong, end = play_script(take, script)
    assert not wrong and end == 6 * RATE + RATE, "two bars at 120 and two at 240, and a second"


# ---------------------------------------------------------------- played live


@pytest.mark.parametrize("seed", range(6))
def test_a_take_with_sweeps_is_the_same_to_the_bit_when_its_journal_is_rendered(tmp_path, seed):
    chosen = random.Random(seed)
    house, caller = playing(tmp_path)
    assert all(reply.ok for reply in say(house, caller, "load delay time=1/8", "load filter", "load sine gain=0.4"))
    for _ in range(12):
        replies = say(house, caller, line(chosen) + chosen.choice(("", "", " at next bar")))
        to(house, (replies[-1].frame or 0) + chosen.choice((BAR // 8, BAR // 2, BAR)))
        frame = house.replicas.block() * BLOCK
        for name in (
            PARAMS if not house.conductor.state.waiting and frame > house.conductor.state.now + RAMP + BLOCK else ()
        ):
            if name.partition(".")[0] in house.conductor.rack.modules:
                sounds = heard(house.memory.arena(0), house.conductor, *name.split("."), frame)
                assert believed(house.conductor, *name.split("."), frame) == pytest.approx(sounds, rel=1e-3), replies
    assert differing(house) == -1
