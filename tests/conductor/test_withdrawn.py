"""Undo takes back what was said last, also where it still waits: then it never happens. So do the deaths of control and of the engine."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronus import commands as c
from chronus.commands import When
from chronus.memory.layout import Memory
from chronus.memory.log import decode
from tests.control.jobs.test_recovery import engine_died, killed, start
from tests.kit.house import House
from tests.kit.stage import Stage, load, put, seq

BAR = 88200
NEXT = When("next")


@pytest.fixture
def beat():
    stage = Stage()
    stage.fine(load("kick"), seq("kick", "x..."))
    stage.until(1000)
    return stage


def come_due(stage, frame):
    """Performs what was put off to a time before a frame, each at its own, as a server does. The errors."""
    wrong = []
    for at, dues in stage.conductor.due(frame):
        stage.until(max(at, stage.frame))
        t = stage.conductor.perform(
            c.Submission(tuple(range(len(dues))), tuple(due.text for due in dues), tuple(due.command for due in dues)),
            dues[0].author, due=[due.number for due in dues],
        )  # fmt: skip
        done = stage.conductor.commit(t, at, True)
        stage.log += decode(done.entries)
        stage.conductor.accept(done)
        stage.conductor.sealed(t, at)
        wrong += [outcome.error for outcome in t.outcomes if outcome.error]
    return wrong


def test_what_is_undone_while_it_waits_never_happens_and_redo_has_it_wait_again(beat):
    beat.fine(load("bass", when=NEXT))
    assert beat.fine(c.Undo()) == "undo: Load"
    assert beat.conductor.state.waiting == () and beat.conductor.due(9 * BAR) == []
    assert beat.fine(c.Redo()) == "redo: Load (at bar 2)"
    assert come_due(beat, 2 * BAR) == []
    assert list(beat.rack.modules) == ["out", "kick", "bass"]
    beat.fine(c.Undo())
    assert list(beat.rack.modules) == ["out", "kick"]


def test_undo_goes_back_in_the_order_of_saying(beat):
    beat.fine(put("kick.decay", 100))
    beat.fine(load("bass", when=NEXT))
    beat.fine(put("kick.decay", 200))
    beat.fine(put("bass.freq", 55, when=NEXT))
    assert beat.fine(c.Undo(steps=2)) == "undo: Set; Set"
    assert beat.rack.modules["kick"].params["decay"] == 100 and len(beat.conductor.state.waiting) == 1
    assert beat.fine(c.Redo(steps=2)) == "redo: Set; Set (at bar 2)"
    assert come_due(beat, 2 * BAR) == []
    assert beat.rack.modules["bass"].params["freq"] == 55 and beat.rack.modules["kick"].params["decay"] == 200


def test_an_open_that_waits_is_taken_back_with_all_that_was_said_after_it(beat):
    beat.fine(c.Open(name="song", commands=(load("bass"), seq("bass", "x..."))))
    beat.fine(put("bass.freq", 55))
    assert list(beat.conductor.document(0).modules) == ["out", "bass"]
    assert beat.fine(c.Undo()) == "undo: Set" and len(beat.conductor.state.waiting) == 1
    assert beat.fine(c.Undo()) == "undo: Open"
    assert list(beat.conductor.document(0).modules) == ["out", "kick"] and beat.conductor.state.waiting == ()
    assert beat.fine(c.Redo(steps=2)).startswith("redo: Open; Set")
    assert come_due(beat, 2 * BAR) == []
    assert beat.rack.modules["bass"].params["freq"] == 55 and "kick" not in beat.rack.modules


def test_what_is_said_and_undone_in_one_go_was_nothing(beat):
    beat.fine(load("bass", when=NEXT), put("bass.freq", 55, when=NEXT), c.Undo(steps=2), load("delay", when=NEXT))
    assert [due.command.kind for due in beat.conductor.state.waiting] == ["delay"]
    assert come_due(beat, 2 * BAR) == []
    assert list(beat.rack.modules) == ["out", "kick", "delay"]


def test_panic_withdraws_what_waits_and_says_so(beat):
    beat.fine(load("saw", when=NEXT))
    assert beat.fine(c.Panic()) == "panic (1 that waited withdrawn; transport stopped; play goes on)"
    assert beat.conductor.due(9 * BAR) == []


def test_after_a_stop_it_comes_at_the_frame_that_was_promised_whatever_plays_then(beat):
    (outcome,) = beat.say(load("bass", when=When("every", 2)))
    beat.fine(c.Stop())
    beat.until(50_000)
    beat.fine(c.Play())
    assert [at for at, _ in beat.conductor.due(99 * BAR)] == [outcome.frame] == [2 * BAR]


def test_where_nothing_plays_any_more_redo_says_that_it_cannot_wait(beat):
    beat.fine(load("bass", when=NEXT))
    beat.fine(c.Undo())
    beat.fine(c.Stop(), author="osc")  # which is no step
    assert "say it again" in beat.refused(c.Redo()).message


def test_a_name_that_is_gone_by_then_is_an_error_at_its_time_and_undo_of_that_mends_it(beat):
    beat.fine(put("kick.decay", 100, when=NEXT))
    beat.fine(c.Unload(name="kick"))
    beat.fine(c.Undo())
    assert come_due(beat, 2 * BAR) == [] and beat.rack.modules["kick"].params["decay"] == 100
    beat.fine(put("kick.decay", 300, when=NEXT))
    beat.fine(c.Unload(name="kick"))
    assert [error.code for error in come_due(beat, 3 * BAR)] == ["E_NAME"]


# ---------------------------------------------------------------- the same after a death

SAID = (
    ("load bass at next bar", load("bass", when=NEXT)),
    ("set kick.freq 60", put("kick.freq", 60)),
    ("load filter", load("filter")),
    ("set kick.freq 70 at next bar", put("kick.freq", 70, when=NEXT)),
    ("open song", c.Open(name="song", commands=(load("bass"), load("kick"), put("kick.freq", 99)))),
    ("undo", c.Undo()),
    ("undo 2", c.Undo(steps=2)),
    ("redo", c.Redo()),
    ("panic", c.Panic()),
    ("new", c.New()),
    ("unload kick", c.Unload(name="kick")),
)


def stood(house):
    """All that an author can find out of it."""
    conductor = house.conductor
    labels = [step.label for step in conductor.state.past], [step.label for step in conductor.state.future]
    return conductor.rack, labels, [(due.number, due.text, due.position) for due in conductor.state.kept]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=st.lists(st.sampled_from(SAID), min_size=1, max_size=7))
def test_a_control_that_takes_the_place_of_another_waits_for_the_same(tmp_path_factory, monkeypatch, said):
    folder = tmp_path_factory.mktemp("said")
    monkeypatch.setenv("CHRONUS_HOME", str(folder))
    house = House(folder)
    caller = house.caller()
    begin = (("load kick", load("kick")), ("seq kick: x...", seq("kick", "x...")))
    house.ask(caller, *(command for _, command in begin), texts=tuple(text for text, _ in begin))
    house.run(100)  # or the next bar line were the one that is just beginning
    for text, command in said:
        house.ask(caller, command, texts=(text,))
    was = stood(house)
    house = killed(house, folder)
    assert stood(house) == was
    house.run(1600)  # beyond the bar line
    assert house.conductor.state.kept == ()
    after = stood(house)
    house = killed(house, folder)
    assert stood(house) == after
    house.close()


def test_what_waits_when_the_engine_dies_is_there_in_the_next_one_and_what_was_undone_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    lines = (
        ("load kick", load("kick")), ("seq kick: x...", seq("kick", "x...")),
        ("load bass at next bar", load("bass", when=NEXT)), ("load filter at next bar", load("filter", when=NEXT)),
        ("undo", c.Undo()),
    )  # fmt: skip
    caller = house.caller()
    for text, command in lines:
        assert house.ask(caller, command, texts=(text,))[0].ok
        house.run(100)
    assert list(house.conductor.rack.modules) == ["out", "kick"]
    engine_died(house)
    found = start(Memory(), pid=2)
    loads = [command.kind for command in found.first.commands[0].commands if isinstance(command, c.Load)]
    assert loads == ["kick", "bass"]


def test_what_could_not_be_done_when_its_time_came_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    caller = house.caller()
    house.ask(caller, load("kick"), load("bass"), seq("kick", "x..."))
    house.run(100)
    house.ask(caller, put("bass.freq", 70, when=NEXT), texts=("set bass.freq 70 at next bar",))
    house.ask(caller, c.Unload(name="bass"))
    house.run(1600)
    (notice,) = (notice for notice in caller.notices if notice.kind == "put off")
    assert notice.text.startswith('"set bass.freq 70 at next bar" could not be done: no module "bass"')
    house.close()
