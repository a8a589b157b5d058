"""A job that is to be proved steps aside: others go on, its own author waits, and nothing is done twice.

The one who tries out is told of by hand here; with a real one this is in tests/faults/test_poison.py.
"""

from __future__ import annotations

import pytest

from chronus import commands as c
from chronus.control.jobs import performer, proving
from chronus.control.jobs.proving import Prover
from chronus.journal import reading
from chronus.memory.layout import PERFORMED
from chronus.memory.sheet import Finding, Sheet
from chronus.memory.sheet import create as create_sheet
from tests.control.jobs.test_recovery import killed
from tests.kit.house import RATE, House


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    monkeypatch.setattr("chronus.places.shipped_kinds", lambda: frozenset({"out", "sine", "bass", "filter", "lfo"}))
    there = House(tmp_path)
    there.performer.prover = Prover(Sheet(create_sheet()), there.supervisor, there.conductor.catalogue, RATE)
    yield there
    if there.listener.fileno() >= 0:  # nobody has killed it
        there.close()


def ends(house: House, status: int | None = 0) -> None:
    """The trial that is on ends so."""
    house.supervisor.proved[house.performer.prover.number] = status
    house.run(5)


def stranger(name: str = "") -> c.Load:
    return c.Load(kind="kick", name=name)


def freq(value: float) -> c.Set:
    return c.Set(changes=(c.Change("bass", "freq", c.Quantity(value)),))


@pytest.fixture
def anna(house):
    anna = house.caller("anna")
    assert house.ask(anna, c.Load(kind="bass"), texts=("load bass",))[0].ok
    return anna


@pytest.fixture
def bert(house):
    return house.caller("bert")


def test_others_go_on_while_one_is_tried_out_and_its_author_waits(house, anna, bert):
    bert.say(stranger())
    house.run(5)
    bert.say(c.Set(changes=(c.Change("kick", "freq", c.Quantity(60)),)), c.Sync())
    assert house.ask(anna, freq(220))[0].ok
    assert house.ask(anna, c.Panic())[0].ok
    assert bert.replies == [] and "kick" not in house.conductor.rack.modules
    ends(house)  # in the rack as it was
    ends(house)  # and in the one that anna left
    assert [reply.ok for reply in bert.replies] == [True, True, True]
    modules = house.conductor.rack.modules
    assert modules["kick"].params["freq"] == 60 and modules["bass"].params["freq"] == 220


def test_one_trial_is_enough_where_nothing_has_changed(house, anna, bert):
    performed = house.memory.word(PERFORMED)
    bert.say(stranger())
    house.run(5)
    first = house.performer.prover.number
    assert house.ask(anna, c.List())[0].ok
    ends(house)
    assert bert.replies[0].ok and house.performer.prover.number == first
    assert house.memory.word(PERFORMED) == performed + 2, "it counts twice"


def test_what_comes_back_to_another_rack_is_tried_out_in_that_one_while_others_wait(house, anna, bert):
    bert.say(stranger())
    house.run(5)
    first = house.performer.prover.number
    assert house.ask(anna, freq(220))[0].ok
    ends(house)
    assert house.performer.prover.number == first + 1 and bert.replies == []
    anna.say(freq(330))
    house.run(5)
    assert house.conductor.rack.modules["bass"].params["freq"] == 220
    ends(house)
    assert bert.replies[0].ok and anna.replies[-1].ok
    assert house.conductor.rack.modules["bass"].params["freq"] == 330


def test_what_is_refused_is_refused_alone_and_what_was_said_with_it_is_done(house, anna, bert):
    bert.say(c.Load(kind="sine"), stranger(), freq(110))
    house.run(5)
    assert house.ask(anna, freq(220))[0].ok
    ends(house, Finding.HANGS)
    assert [reply.code for reply in bert.replies] == ["", "E_MODULE", ""]
    rack = house.conductor.rack
    assert set(rack.modules) == {"out", "bass", "sine"} and rack.modules["bass"].params["freq"] == 110
    assert not house.performer.aside


def test_two_are_tried_out_one_after_the_other(house, anna, bert):
    anna.say(stranger("one"))
    house.run(2)
    bert.say(stranger("two"))
    house.run(5)
    first = house.performer.prover.number
    assert len(house.performer.aside) == 2
    ends(house)
    assert [reply.ok for reply in anna.replies[1:]] == [True] and bert.replies == []
    assert house.performer.prover.number == first + 1, "the second trial has not begun"
    ends(house)
    ends(house)  # once more, in a rack that has the first one
    assert bert.replies[0].ok
    assert {"one", "two"} <= set(house.conductor.rack.modules)


def test_a_trial_that_never_ends_is_given_up(house, anna, bert, monkeypatch):
    monkeypatch.setattr(proving, "ANSWER_SECONDS", 0.0)
    bert.say(stranger())
    bert.say(c.Sync())
    house.run(10)
    assert [reply.code for reply in bert.replies] == ["E_ENGINE", ""] and "no trial" in bert.replies[0].text
    assert house.ask(anna, freq(220))[0].ok


def test_a_journal_that_is_full_between_two_trials_goes_on_in_a_new_file(house, anna, bert, monkeypatch):
    anna.say(stranger("one"))
    house.run(2)
    bert.say(stranger("two"))
    house.run(5)
    file = house.pen.path
    monkeypatch.setattr(performer, "MOST_WEIGHT", 0)
    ends(house)
    assert anna.replies[-1].ok
    ends(house)
    ends(house)
    assert bert.replies and bert.replies[0].ok and house.pen.path != file


def test_a_name_that_somebody_else_takes_meanwhile_is_taken(house, anna, bert):
    bert.say(stranger("lead"))
    house.run(5)
    assert house.ask(anna, c.Load(kind="sine", name="lead"))[0].ok
    ends(house)
    assert bert.replies[0].code == "E_EXISTS"
    assert house.conductor.rack.modules["lead"].kind == "sine"


def test_a_control_that_dies_just_then_stands_where_it_stood_without_what_was_aside(house, anna, bert, tmp_path):
    bert.say(stranger(), texts=("load kick",))
    house.run(5)
    house.ask(anna, freq(220), texts=("set bass.freq 220",))
    ends(house)
    ends(house)
    carol = house.caller("carol")
    carol.say(stranger("late"))
    house.run(5)
    assert house.ask(anna, freq(330), texts=("set bass.freq 330",))[0].ok
    played = [one.said.texts for one in reading.read(house.pen.path).played()]
    assert played[-3:] == [("set bass.freq 220",), ("load kick",), ("set bass.freq 330",)]
    again = killed(house, tmp_path)
    assert again.conductor.rack == house.conductor.rack and "late" not in again.conductor.rack.modules
    assert again.conductor.plan.seats == house.conductor.plan.seats
    again.close()
