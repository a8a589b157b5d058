"""`arp NAME`: lanes and notes by hand through an arpeggiator, as the notes that the replicas are told."""

from fractions import Fraction

import pytest

from chronus.language.parser import parse, statements
from chronus.memory.log import NOTE_ON
from chronus.rack.script import script
from chronus.units import note_name, note_number
from tests.kit.said import BAR, Said
from tests.kit.stage import CATALOGUE


def notes(stage):
    """(sixteenths from transport zero, note) of the notes of the saw that are heard."""
    timeline = stage.conductor.state.score.timeline
    return [
        (timeline.position(entry.frame) * 4, note_name(round(note_number(entry.a))))
        for entry in stage.replayed()
        if entry.kind == NOTE_ON and entry.a  # what plays its own freq is a kick
    ]


def heard(*said, until=BAR):
    """A stage on which lines were said, and frames reached, one after the other."""
    stage = Said()
    for line in said:
        if isinstance(line, int):
            stage.play(line)
        else:
            stage.line(line)
    stage.play(until)
    return stage


CHORD = "note saw a2 len=1/1; note saw c3 len=1/1; note saw e3 len=1/1"


def played(stage, steps):
    """Which notes begin on each sixteenth of the first bar."""
    found = dict.fromkeys(range(steps), "")
    for step, note in notes(stage):
        if step < steps:
            assert step.denominator == 1
            found[int(step)] += note
    return [found[step] for step in range(steps)]


@pytest.mark.parametrize(
    "arp,order",
    [
        ("up", "a2 c3 e3 a2 c3 e3 a2 c3"),
        ("down", "e3 c3 a2 e3 c3 a2 e3 c3"),
        ("updown", "a2 c3 e3 c3 a2 c3 e3 c3"),
        ("up oct=2", "a2 c3 e3 a3 c4 e4 a2 c3"),
        ("order", "a2 c3 e3 a2 c3 e3 a2 c3"),
        ("", "a2 c3 e3 a2 c3 e3 a2 c3"),
    ],
)
def test_notes_by_hand_are_played_in_the_order_of_the_arpeggiator(arp, order):
    stage = heard(f"load saw; arp saw {arp}; {CHORD}")
    assert played(stage, 8) == order.split()


def test_order_is_that_of_typing():
    stage = heard("load saw; arp saw order; note saw e3 len=1/1; note saw a2 len=1/1; note saw c3 len=1/1")
    assert played(stage, 6) == ["e3", "a2", "c3", "e3", "a2", "c3"]


def test_the_rate_is_exact_to_the_frame():
    stage = heard(f"bpm 174; load saw; arp saw up rate=1/32; {CHORD}")
    timeline = stage.conductor.state.score.timeline
    frames = sorted(entry.frame for entry in stage.log if entry.kind == NOTE_ON)
    assert frames[:24] == [timeline.frame(Fraction(k, 8)) for k in range(24)]


def test_a_chord_begins_on_the_next_beat_and_lasts_as_long_as_its_longest_note():
    stage = Said()
    stage.line("load kick; load saw; seq kick: x...; arp saw up")
    stage.play(10_000)
    assert stage.line("note saw a2 len=1/2; note saw c3").startswith("note saw c3 (arp up: a2 c3, from bar 1 beat 2)")
    stage.play(2 * BAR)
    assert "saw" not in stage.rack.lanes
    assert notes(stage) == [(4 + k, ("a2", "c3")[k % 2]) for k in range(8)], "and nothing after it"
    assert stage.rack.modules["saw"].addressed, "a drone that hands have played is silent afterwards"


def test_with_latch_the_chord_goes_on_until_the_next_one():
    stage = heard("load saw; arp saw up latch; note saw a2; note saw c3", until=3 * BAR)
    assert played(stage, 16) == ["a2", "c3"] * 8
    stage.line("note saw d3")
    stage.play(5 * BAR)
    assert [note for step, note in notes(stage) if step >= 52] == ["d3"] * 28


def test_a_chord_takes_the_place_of_the_lane_and_gives_it_back():
    stage = Said()
    stage.line("load saw; seq saw: a1 . . .; arp saw up")
    stage.play(1000)
    stage.line("note saw c3 len=1/4; note saw e3 len=1/4")
    assert stage.rack.lanes["saw"].text == "[c3,e3]@2"
    stage.play(BAR)
    assert stage.rack.lanes["saw"].text == "a1 . . ."


def test_arp_off_ends_the_chord_and_the_lane_that_was_there_goes_on():
    stage = Said()
    stage.line("load saw; seq saw: [a1,c2] . . .; arp saw up now")
    assert stage.rack.lanes["saw"].options.arp == "up"
    stage.play(1000)
    stage.line("note saw c3 len=4/1; note saw e3")
    stage.line("arp saw off")
    stage.play(3 * BAR)
    lane = stage.rack.lanes["saw"]
    assert (lane.text, lane.options.arp, stage.rack.modules["saw"].arp) == ("[a1,c2] . . .", "", None)


def test_a_lane_goes_through_it_whichever_was_typed_first():
    one, other = Said(), Said()
    one.line("load saw; arp saw down rate=1/32 oct=2; seq saw: [a2,c3]@4 . . .")
    other.line("load saw; seq saw: [a2,c3]@4 . . .; arp saw down rate=1/32 oct=2")
    for stage in (one, other):
        stage.play(BAR // 4)
    assert [note for _, note in notes(one)][:4] == ["c4", "a3", "c3", "a2"]
    assert notes(one)[:8] == notes(other)[:8]


def test_what_a_lane_says_of_its_own_holds():
    stage = Said()
    stage.line("load saw; arp saw down; seq saw: [a2,c3]@4 arp=up")
    assert stage.rack.lanes["saw"].options.arp == "up"


def test_a_latched_chord_is_played_as_the_arpeggiator_says_next():
    stage = heard("load saw; arp saw up latch; note saw a2; note saw c3; note saw e3", until=1000)
    stage.line("arp saw updown oct=2 latch now")
    lane = stage.rack.lanes["saw"]
    assert (lane.text, lane.options.arp, lane.options.oct) == ("[a2,c3,e3]@10", "updown", 2)


BEAT = BAR // 4


def chord_on(stage, beat):
    """The notes that begin on the four sixteenths of a beat, counted from 0."""
    return " ".join(note for step, note in notes(stage) if beat * 4 <= step < beat * 4 + 4)


def typed(*said):
    """A stage with a beat, on which lines are said one by one, each after half a beat more."""
    stage = Said()
    stage.line(f"load kick; seq kick: x...; load saw; {said[0]}")
    for k, line in enumerate(said[1:]):
        stage.play(BEAT * k + BEAT // 2)
        stage.line(line)
    stage.play(3 * BAR)
    return stage


def test_notes_of_different_lines_are_one_chord_while_they_are_held():
    stage = typed("arp saw up", "note saw a2 len=1/1", "note saw c3 len=1/2", "note saw e3 len=1/4")
    assert [chord_on(stage, beat) for beat in range(1, 6)] == [
        "a2 a2 a2 a2",
        "a2 c3 a2 c3",
        "a2 c3 e3 a2",
        "c3 e3 a2 c3",
        "",
    ], "until the longest of them is over, and each from the next beat on"
    assert "saw" not in stage.rack.lanes


def test_a_note_after_they_are_let_go_is_a_chord_of_its_own():
    stage = typed("arp saw up", "note saw a2", "show saw", "note saw c3")
    assert [chord_on(stage, beat) for beat in (1, 2, 3)] == ["a2 a2", "", "c3 c3"], "a note is held for half a beat"


def test_with_latch_a_note_joins_those_that_are_held_and_takes_the_place_of_those_that_are_not():
    stage = typed("arp saw up latch", "note saw a2 len=1/2", "note saw c3 len=1/4", "show saw", "note saw e3")
    assert [chord_on(stage, beat) for beat in (1, 2, 3, 4, 8)] == [
        "a2 a2 a2 a2", "a2 c3 a2 c3", "a2 c3 a2 c3", "e3 e3 e3 e3", "e3 e3 e3 e3"
    ]  # fmt: skip


def test_a_chord_is_one_step_of_undo_in_however_many_lines_it_was_typed():
    stage = Said()
    stage.line("load kick; seq kick: x...; load saw; seq saw: a1 . . .; arp saw up")
    stage.play(BEAT // 2)
    stage.line("note saw a2 len=4/1; note saw c3 len=4/1")
    stage.play(BEAT + BEAT // 2)
    stage.line("note saw e3 len=1/4")
    assert stage.rack.lanes["saw"].text == "[a2,c3,e3]@3"
    assert stage.line("undo") == "undo: Note; Note; Note", "one step, by the names of all"
    assert stage.rack.lanes["saw"].text == "a1 . . ." and stage.conductor.state.waiting == ()
    stage.line("redo")
    assert stage.rack.lanes["saw"].text == "[a2,c3,e3]@3"
    stage.play(6 * BAR)
    assert stage.rack.lanes["saw"].text == "a1 . . .", "and it is let go of by itself"


def test_what_is_said_between_two_notes_is_a_step_of_its_own():
    stage = Said()
    stage.line("load kick; seq kick: x...; load saw; arp saw up latch")
    stage.line("note saw a2 len=1/1; set saw.level -6db; note saw c3 len=1/1")
    stage.line("undo 2")
    assert stage.rack.lanes["saw"].text == "a2" and "level" not in stage.rack.modules["saw"].params
    stage.line("undo")
    assert "saw" not in stage.rack.lanes


def test_after_stop_and_play_a_note_begins_another_chord():
    stage = Said()
    stage.line("load kick; seq kick: x...; load saw; arp saw up latch; note saw a2 len=4/1")
    stage.play(BAR)
    stage.line("stop; play; note saw c3")
    assert stage.rack.lanes["saw"].text == "c3"


def test_while_the_transport_stands_a_note_is_a_note():
    stage = Said()
    stage.line("load saw; arp saw up latch; stop")
    assert stage.line("note saw a2").endswith("(not through its arp; transport stopped; play goes on)")
    assert "saw" not in stage.rack.lanes and stage.rack.modules["saw"].played


def test_it_is_undone_saved_and_comes_back():
    stage = Said()
    stage.line("load saw; arp saw random rate=1/8 oct=3 latch")
    assert "arp saw random rate=1/8 oct=3 latch" in script(stage.rack, CATALOGUE)
    stage.line("note saw a2; note saw e3")
    again = Said()
    for line in script(stage.rack, CATALOGUE):
        again.say(*(parse(statement).command for statement in statements(line)))
    kept, back = stage.rack.lanes["saw"], again.rack.lanes["saw"]
    assert (kept.text, kept.options) == (back.text, back.options)
    assert again.rack.modules["saw"].arp == stage.rack.modules["saw"].arp
    stage.line("undo 2")
    assert stage.rack.modules["saw"].arp is None and "saw" not in stage.rack.lanes


@pytest.mark.parametrize(
    "line,code,message",
    [
        ("arp out up", "E_VALUE", "out plays no notes"),
        ("arp filter up", "E_VALUE", "filter follows the notes of saw"),
        ("arp bas up", "E_NAME", 'no module "bas" is loaded'),
    ],
)
def test_what_cannot_be_is_said(line, code, message):
    stage = Said()
    stage.line("load saw; load adsr as filter; patch saw > filter; seq saw: a1 . . .")
    error = stage.wrong(line)
    assert (error.code, error.message[: len(message)]) == (code, message)


def test_show_tells_of_it():
    stage = Said()
    stage.line("load saw; arp saw down latch")
    (shown,) = stage.lines("show saw")
    assert "arp down latch" in shown.lines
    assert shown.result["arp"] == {"order": "down", "rate": "1/16", "oct": 1, "latch": True}
