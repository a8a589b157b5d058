"""What comes in at the doors and should not: hostile packets, frames and clients, with neither sound nor engine."""

from __future__ import annotations

import random
import time
import typing

import numpy as np
import psutil
import pytest

from chronus import commands as c
from chronus import wire
from chronus.control import osc
from chronus.errors import ChronusError
from tests.control.house import Caller, House
from tests.control.test_osc import GOOD
from tests.hostile import mutated, wild

PACKET_SECONDS = 200e-6


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    yield house
    house.close()


def resident() -> int:
    return psutil.Process().memory_info().rss


# ---------------------------------------------------------------- OSC


def _understood(packet: bytes) -> int:
    """Messages of a packet that mean something; anything but a refusal is raised."""
    try:
        messages = osc.decode(packet)
    except ValueError:
        return 0
    found = 0
    for message in messages:
        try:
            osc.translate(message)
            found += 1
        except ValueError:
            continue
    return found


def _attack(number: int, seed: int) -> None:
    took = np.empty(number)
    understood = 0
    before = resident()
    for k, packet in enumerate(mutated(GOOD, number, seed)):
        began = time.perf_counter()
        understood += _understood(packet)
        took[k] = time.perf_counter() - began
    grown = resident() - before - took.nbytes
    p99 = float(np.quantile(took, 0.99))
    print(
        f"row 36: {number} packets, p99 {p99 * 1e6:.1f} us, worst {took.max() * 1e6:.0f} us, {grown >> 10} KiB more memory"
    )
    assert 0.01 * number < understood < 0.5 * number, "the packets are not on the edge between right and wrong"
    assert p99 <= PACKET_SECONDS
    assert grown < 8 << 20


def test_row_36_twenty_thousand_mutated_packets_are_understood_or_refused():
    _attack(20_000, seed=36)


@pytest.mark.soak
def test_row_36_a_million_mutated_packets_are_understood_or_refused():
    _attack(1_000_000, seed=1)


# ---------------------------------------------------------------- frames


def _corpus() -> list[bytes]:
    """A frame of every command, with values as wild as the wire lets them be."""
    frames: list[bytes] = [wire.encode(c.Hello(author="anna")), wire.encode(c.Shutdown(alone=True))]
    for kind in typing.get_args(c.AnyCommand):
        for seed in range(200):
            frame = wire.encode(c.Submission((1,), ("x",), (wild(kind, random.Random(seed)),)))
            if _decoded(frame):
                frames.append(frame)
                break
    return frames


def _decoded(stream: bytes) -> list[c.FromClient]:
    try:
        return wire.from_client().feed(stream)
    except ChronusError as error:
        assert error.code == "E_ENGINE"
        return []


def test_a_hundred_thousand_mutated_frames_are_messages_or_refused():
    before, messages = resident(), 0
    for frame in mutated(_corpus(), 100_000, seed=9):
        messages += len(_decoded(frame))
    assert 1000 < messages < 90_000
    assert resident() - before < 16 << 20


class Rude:
    """A client that says what it likes, and comes again whenever it is shown the door."""

    def __init__(self, house: House) -> None:
        self.house, self.turned_out = house, 0
        self.caller = self._come()

    def _come(self) -> Caller:
        caller = self.house.caller()
        self.house.ask(caller, c.Load(kind="bass"), c.Load(kind="filter"), c.Load(kind="sine"), c.Load(kind="lfo"))
        return caller

    def say(self, data: bytes, blocks: int = 3) -> None:
        self.caller.send(data)
        self.house.run(blocks)
        if self.caller.closed:
            self.turned_out += 1
            self.house.callers.remove(self.caller)
            self.caller = self._come()

    def go(self) -> None:
        """So that a wait does not hold up what it says next."""
        self.caller.socket.close()
        self.house.callers.remove(self.caller)
        self.caller = self._come()


def _say_wild_things(house: House, number: int, seed: int) -> None:
    chance = random.Random(seed)
    rude, polite = Rude(house), house.caller("polite")
    kinds = typing.get_args(c.AnyCommand)
    for k in range(number):
        command = wild(chance.choice(kinds), chance)
        if isinstance(command, c.Wait):
            rude.go()
        rude.say(wire.encode(c.Submission((k + 100,), ("x",), (command,))))
    assert rude.turned_out > number // 50, "nothing of it was refused at the door"
    assert house.ask(polite, c.New(), c.Sync())[-1].ok


def test_well_typed_frames_with_wild_values_are_answered_or_end_their_connection(house):
    _say_wild_things(house, 1_500, seed=3)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_wild_commands_are_answered_or_end_their_connection(house):
    _say_wild_things(house, 100_000, seed=4)


@pytest.mark.parametrize(
    "command",
    [
        c.Note(name="bass", pitch=60, length=1e300, length_unit="s"),
        c.Note(name="bass", pitch=1e308),
        c.Note(name="bass", pitch=float("nan")),
        c.Set(changes=(c.Change("bass", "freq", c.Quantity(float("inf"))),)),
        c.Wait(length=c.Length(float("nan"), "s")),
        c.Undo(steps=-(1 << 63)),
        c.Sequence(name="bass", text="x", pattern=c.Pattern(16, (c.Hit((1, 0)),))),
        c.Open(name="x", commands=(c.Open(name="y"),)),
        c.Open(name="x", commands=(c.Play(),) * (c.MOST_INSIDE + 1)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_no_shell_says_ends_the_connection_and_nothing_else(house, command):
    rude, other = house.caller(), house.caller()
    house.ask(other, c.Load(kind="bass"))
    rude.say(command)
    house.run(3)
    assert rude.closed
    assert house.ask(other, c.Sync())[0].ok


def test_more_commands_in_a_frame_than_a_frame_may_hold_end_the_connection(house):
    rude = house.caller()
    rude.say(*[c.Sync()] * (wire.MOST_COMMANDS + 1))
    house.run(3)
    assert rude.closed


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (c.Wait(), ""),
        (c.Sequence(name="bass", text="x", pattern=c.Pattern(4, (c.Hit((4, 1)),))), "pattern"),
        (c.Sequence(name="bass", text="x", pattern=c.Pattern(4, (c.Hit((0, 1), (5, 1)),))), "pattern"),
        (c.Sequence(name="bass", text="x", pattern=c.Pattern(1, ()), options=c.LaneOptions((1, 10**9))), "options.every"),
        (c.Patch(chain=(c.Port("lfo"), c.Port("bass", "freq")), amount=c.Quantity(1e300, "oct")), "amount"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_and_changes_nothing(house, command, part):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), c.Load(kind="lfo"))
    rack = house.conductor.rack
    (reply,) = house.ask(caller, command)
    assert (reply.code, reply.part) == ("E_VALUE", part)
    assert house.conductor.rack == rack
