"""What a script that is opened does besides the rack that it makes: sweeps go on, notes sound, gates are held."""

from __future__ import annotations

import pytest

from chronus.commands import Gate, Length, New, Note, Open, Quantity, Submission, Sweep, Undo, Unload, When
from chronus.conductor import authors
from chronus.memory.log import GATE, NOTE_ON, SET
from tests.kit.stage import NOW, Stage, load, put, seq


@pytest.fixture
def stage():
    return Stage()


def opened(*commands, when=None):
    return Open(name="song", commands=commands, when=when)


def sweep(target, low, high, bars):
    return put(target, Sweep(Quantity(low), Quantity(high)), over=Length(bars, "bars"))


def sweeps(stage):
    """(where to, frames, from where) of what moves for longer than a jump does."""
    return [(entry.a, entry.b, entry.c) for entry in stage.values(SET) if entry.b > 512]


BAR = 88200
"""Frames at 120 bpm."""


def test_each_sweep_of_an_opened_script_lasts_as_long_as_it_says(stage):
    stage.fine(
        opened(load("tb303"), load("kick"), sweep("tb303.cutoff", 300, 2400, 16), sweep("kick.decay", 90, 900, 2))
    )
    assert sweeps(stage) == [(2400, 16 * BAR, 300), (900, 2 * BAR, 90)]


def test_a_later_word_of_the_script_on_the_same_parameter_ends_its_sweep(stage):
    stage.fine(opened(load("tb303"), sweep("tb303.cutoff", 300, 2400, 16), put("tb303.cutoff", 500)))
    assert sweeps(stage) == [] and stage.rack.modules["tb303"].params == {"cutoff": 500}
    stage.fine(
        opened(load("tb303"), sweep("tb303.cutoff", 300, 2400, 16), Unload(name="tb303"), load("tb303"), when=NOW)
    )
    assert sweeps(stage) == []


def test_a_sweep_with_a_time_of_its_own_is_told_from_those_beside_it(stage):
    stage.fine(load("tb303"), load("kick"))
    stage.fine(sweep("tb303.cutoff", 300, 2400, 1), sweep("kick.decay", 90, 900, 3), put("kick.freq", 60))
    assert sweeps(stage) == [(2400, BAR, 300), (900, 3 * BAR, 90)]


def test_a_note_of_an_opened_script_sounds(stage):
    stage.fine(opened(load("bass"), Note(name="bass", pitch=33)))
    assert [entry.a for entry in stage.values(NOTE_ON)] == [pytest.approx(55)]


@pytest.mark.parametrize("author", ["", authors.JOURNAL])
def test_a_gate_that_is_held_in_what_is_opened_or_recovered_is_on(stage, author):
    stage.say(opened(load("bass"), load("saw"), Gate(name="bass", on=True), Gate(name="saw", on=False)), author=author)
    held = stage.conductor.plan.seats["bass"].handle
    assert (held, 1.0) in [(entry.index, entry.a) for entry in stage.values(GATE)]


def test_an_undo_that_brings_back_a_module_whose_gate_was_held_holds_it_again(stage):
    stage.fine(load("bass"), Gate(name="bass", on=True))
    stage.fine(Unload(name="bass"))
    stage.fine(Undo())
    seat = stage.conductor.plan.seats["bass"]
    assert [(entry.index, entry.incarnation, entry.a) for entry in stage.values(GATE)] == [
        (seat.handle, seat.incarnation, 1.0)
    ]


def test_a_gate_that_hands_hold_is_told_once(stage):
    stage.fine(load("bass"))
    stage.fine(Gate(name="bass", on=True))
    assert len(stage.values(GATE)) == 1
    stage.fine(put("bass.freq", 60))
    assert stage.values(GATE) == []
    stage.fine(New())
    assert stage.values(GATE) == []


def test_a_line_that_is_not_valid_any_more_is_named_by_its_place_in_the_file_and_nothing_is_changed(stage):
    stage.fine(load("kick"))
    inside = (load("bass"), put("bass.freq", 60), put("bass.shine", 1))
    song = Open(name="song", commands=inside, places=((1, 1), (3, 5), (3, 20)), when=NOW)
    error = stage.refused(song)
    assert (error.code, error.part, error.suggestions) == ("E_PARAM", "name", ())
    assert error.message == 'song, 3:20: bass has no parameter "shine"'
    assert list(stage.rack.modules) == ["out", "kick"]
    typo = Open(name="song", commands=(load("bass"), put("bas.freq", 1)), places=((1, 1), (2, 3)), when=NOW)
    assert stage.refused(typo).message == 'song, 2:3: no module "bas" is loaded; did you mean "bass"?'


def test_what_was_put_off_for_another_rack_is_withdrawn_with_it(stage):
    stage.fine(load("kick"), seq("kick", "x..."))
    stage.until(1000)
    stage.fine(put("kick.freq", 60, when=When("next")), Gate(name="kick", on=True, when=When("every", 4)))
    text = stage.fine(New())
    assert "2 that waited withdrawn" in text and stage.conductor.state.kept == ()
    stage.fine(Undo())
    assert len(stage.conductor.state.kept) == 2, "undo brings them back with their rack"


def test_what_is_said_after_an_open_that_waits_stays_and_what_was_said_before_goes(stage):
    stage.fine(load("kick"), seq("kick", "x..."))
    stage.fine(put("kick.freq", 60, when=When("bar", 9)))
    stage.fine(opened(load("bass")), put("bass.freq", 70, when=When("bar", 9)))
    stage.until(BAR)
    for at, dues in stage.conductor.due(BAR + 1):
        whole = Submission(tuple(range(len(dues))), tuple(due.text for due in dues), tuple(due.command for due in dues))
        t = stage.conductor.perform(whole, due=[due.number for due in dues])
        stage.conductor.accept(stage.conductor.commit(t, at, True))
    assert [due.text for due in stage.conductor.state.kept] == ["Set"] and "bass" in stage.rack.modules
    assert stage.conductor.state.kept[0].command.changes[0].module == "bass"
