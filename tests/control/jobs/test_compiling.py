"""A line whose kernels are not there yet: it steps aside, nobody else waits for it, and it is answered when they are."""

from __future__ import annotations

import pytest

from chronus import commands as c
from chronus.commands import When
from chronus.control.jobs.compiling import LONGEST_SECONDS, REMARK_SECONDS, Compiling, of_program
from chronus.memory import layout
from chronus.memory.program import Program
from tests.kit.house import House
from tests.kit.stage import put


class Line:
    """What control says to the supervisor of kernels, and hears."""

    def __init__(self):
        self.kernels, self.compiled, self.asked = set(), {}, []

    def compile(self, number, kernels):
        self.asked.append((number, frozenset(kernels)))

    def make(self):
        """All that is asked for is compiled."""
        for number, kernels in self.asked:
            self.kernels |= kernels
            self.compiled[number] = None
        self.asked.clear()

    def refuse(self, kernel, code="E_MODULE"):
        for number, kernels in self.asked:
            if kernel in kernels:
                self.compiled[number] = (kernel, code, f"{kernel} cannot be compiled")
        self.asked.clear()


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def house(tmp_path, monkeypatch, line):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    house.performer.compiling = Compiling(line, house.conductor.catalogue, house._clock)
    yield house
    house.close()


def laid(house) -> set[str]:
    """The kernels of all programs that the workers were ever told of."""
    memory, found = house.memory, set()
    for number in range(1, memory.word(layout.PROGRAM) + 1):
        found |= of_program(Program.read(memory.program(number)))
    return found


LOAD = c.Load(kind="bass")


def test_what_a_program_needs_is_there_before_it_is_laid(house, line):
    caller = house.caller()
    caller.say(LOAD)
    house.run(50)
    assert line.asked and line.asked[0][1] == {"bass x1", "out x2"} and caller.replies == [] and laid(house) == set()
    line.make()
    (reply,) = house.until(caller, 1)
    assert reply.ok and "bass x1" in laid(house)
    assert house.ask(caller, c.Load(kind="bass"))[-1].ok and line.asked == [], "once there it is there"


def test_who_waits_longer_than_one_expects_is_told_once(house, line, monkeypatch):
    told = []
    monkeypatch.setattr(house.performer, "told", lambda kind, text: told.append((kind, text)))
    house.caller().say(LOAD)
    house.run(5)
    assert told == []
    monkeypatch.setattr(house.performer.compiling, "clock", lambda: house._clock() + REMARK_SECONDS)
    house.run(50)
    assert told == [("compiling", "compiling bass, out, this once; the answer comes when that is done")]


def test_others_are_answered_meanwhile_and_its_author_in_order(house, line):
    line.kernels |= {"out x2", "kick x1"}
    anna, ben = house.caller(), house.caller("ben")
    anna.say(LOAD, put("bass.freq", 55))
    house.run(5)
    assert house.ask(ben, c.Load(kind="kick"))[-1].ok and anna.replies == []
    line.make()
    assert [reply.ok for reply in house.until(anna, 2)] == [True, True]


def test_those_that_wait_do_not_wait_for_each_other(house, line):
    line.kernels |= {"out x2"}
    anna, ben = house.caller(), house.caller("ben")
    anna.say(LOAD)
    house.run(5)
    ben.say(c.Load(kind="kick"))
    house.run(5)
    (number, kernels) = line.asked[1]
    assert kernels == {"kick x1"}
    line.kernels |= kernels
    line.compiled[number] = None
    assert house.until(ben, 1)[0].ok and anna.replies == []


def test_what_cannot_be_compiled_is_refused_alone(house, line):
    caller = house.caller()
    caller.say(c.Load(kind="kick"), LOAD, c.Load(kind="sine"))
    house.run(5)
    line.kernels |= {"out x2", "kick x1", "sine x1"}
    line.refuse("bass x1")
    kick, bass, sine = house.until(caller, 3)
    assert kick.ok and sine.ok and not bass.ok and bass.code == "E_MODULE" and "bass x1 cannot" in bass.text
    assert set(house.conductor.rack.modules) == {"out", "kick", "sine"}


def test_what_is_to_come_later_is_compiled_now(house, line):
    line.kernels |= {"out x2", "kick x1"}
    caller = house.caller()
    house.ask(caller, c.Load(kind="kick"))
    caller.say(c.Load(kind="bass", when=When("bar", count=9)))
    house.run(5)
    assert line.asked[0][1] == {"bass x1"} and len(caller.replies) == 1
    line.make()
    assert house.until(caller, 2)[1].ok


def test_panic_does_not_wait_for_a_compiler_and_what_waits_is_not_heard_after_it(house, line):
    line.kernels |= {"out x2"}
    caller = house.caller()
    caller.say(LOAD)
    house.run(3)
    caller.say(c.Panic())
    load, panic = house.until(caller, 2, most=200)
    assert panic.ok and not load.ok and "panic" in load.text and load.code == "E_ENGINE"
    line.make()
    house.run(50)
    assert "bass" not in house.conductor.rack.modules


def test_stop_does_not_wait_for_a_compiler_and_what_waits_comes_after_it(house, line):
    line.kernels |= {"out x2"}
    caller = house.caller()
    caller.say(LOAD)
    house.run(3)
    caller.say(c.Stop())
    caller.say(c.Unload(name="bass"))
    house.run(100)
    assert not house.conductor.state.playing and caller.replies == []
    line.make()
    assert all(reply.ok for reply in house.until(caller, 3)), "what was said after it still comes after it"


def test_a_supervisor_that_never_answers_is_not_waited_for_without_end(house, line, monkeypatch):
    line.kernels |= {"out x2"}
    caller = house.caller()
    caller.say(LOAD)
    house.run(5)
    monkeypatch.setattr(house.performer.compiling, "clock", lambda: house._clock() + LONGEST_SECONDS)
    (reply,) = house.until(caller, 1)
    assert not reply.ok and reply.code == "E_ENGINE" and f"{LONGEST_SECONDS:g} s" in reply.text
