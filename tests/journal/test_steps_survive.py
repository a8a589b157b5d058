"""Lengths, steps of the transport, what waits for it: a control that takes another's place knows them from either form of the journal."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronus import commands as c
from chronus.catalogue.kinds import Catalogue
from chronus.conductor.conductor import Conductor
from chronus.journal import standing
from chronus.language.parser import sentences
from chronus.memory.layout import Memory
from chronus.rack.document import replace
from tests.control.jobs.test_recovery import engine_died, killed, start
from tests.kit.house import RATE, SPECS, House

SAID = (
    "stop", "play", "panic", "undo", "undo 2", "redo", "mute kick for 1 bar", "bpm 150 for 2 beats", "set kick.freq 80 for 500 ms",
    "set kick.freq 60", "unmute kick now", "load bass at bar 2", "set kick.freq 70 in 1 bar", "seq kick: xxxx for 1 bar",
    "gate kick on", "sequence kick: xx.. at bar 3", "unload kick", "mute kick", "undo at next beat",
)  # fmt: skip


def say(house, caller, line):
    (reply,) = house.ask(caller, *sentences(line), texts=(line,))
    return reply


def stood(conductor):
    """All that an author can find out of it, and all that undo knows."""
    score = replace(conductor.score, lanes={}, generation=0)  # lanes that are over are dropped by and by
    return (
        conductor.rack,
        conductor.state.past,
        conductor.state.future,
        conductor.state.kept,
        score,
        conductor.state.put_off,
    )


def from_the_newest_file(conductor):
    fresh = Conductor(Catalogue(SPECS), RATE)
    fresh.state = standing.restored(fresh.state, standing.keep(conductor.state))
    return fresh


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=st.lists(st.tuples(st.sampled_from(SAID), st.sampled_from([1, 1, 350, 1500])), min_size=2, max_size=9))
def test_who_takes_anothers_place_stands_where_that_one_stood(tmp_path_factory, monkeypatch, said):
    folder = tmp_path_factory.mktemp("said")
    monkeypatch.setenv("CHRONUS_HOME", str(folder))
    house = House(folder)
    caller = house.caller()
    say(house, caller, "load kick")
    say(house, caller, "seq kick: x...")
    for line, blocks in said:
        say(house, caller, line)
        house.run(blocks)
    house.run(200)  # whatever is performed ahead is there
    was = stood(house.conductor)
    assert stood(from_the_newest_file(house.conductor)) == was
    house = killed(house, folder)
    assert stood(house.conductor) == was
    house.close()


def test_what_held_for_a_length_when_the_engine_died_is_over_in_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    caller = house.caller()
    lengths = ("set kick.freq 80 for 64 bars", "bpm 99 for 8 bars", "mute kick for 9 bars")
    for line in ("load kick", "set kick.freq 60", "seq kick: x...", *lengths):
        assert say(house, caller, line).ok
    house.run(50)
    engine_died(house)
    opened = start(Memory(), pid=2).first.commands[0]
    assert not any(isinstance(command, c.Mute) for command in opened.commands)
    values = [(x.param, x.value.number) for one in opened.commands if isinstance(one, c.Set) for x in one.changes]
    assert values == [("freq", 60)]
