"""What the answers, `list` and `show` tell of gates, drones and voices; and where sounds lead, in whatever order they were patched."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.commands import Clear, Gate, List, Note, Panic, Patch, Play, Say, Sequence, Show, Undo, Unpatch
from chronus.journal import standing
from chronus.pattern.lane import Hit, Pattern
from chronus.rack.document import EMPTY
from chronus.rack.edit import edit
from chronus.rack.patching import settled, silent
from chronus.rack.script import script
from tests.kit.stage import CATALOGUE, NOW, Stage, chain, load, put, seq


@pytest.fixture
def stage():
    return Stage()


def lines(stage, command):
    (outcome,) = stage.say(command)
    return outcome.lines


OFF = "gated off; `gate saw on` lets it sound"
HUSHED = "gated off; `play` or `gate saw on` lets it sound"


@pytest.mark.parametrize(
    ("silencing", "told"),
    [
        ((Note(name="saw", pitch=69),), OFF),
        ((Gate(name="saw", on=True), Gate(name="saw", on=False)), OFF),
        ((seq("saw", "x."), Clear(name="saw", when=NOW)), OFF),
        ((Panic(),), HUSHED),
        ((Gate(name="saw", on=True), Panic()), HUSHED),
        ((Note(name="saw", pitch=69), Panic()), OFF),
        ((Say(words="quiet", commands=(Gate(name="saw", on=False),), lines=("gate saw off",)),), OFF),
    ],
)
def test_a_drone_that_was_silenced_says_so_and_what_brings_it_back(stage, silencing, told):
    stage.fine(load("saw"), load("kick"))
    for command in silencing:
        stage.fine(command)
    assert lines(stage, List(what="modules")) == ("out", f"saw > out ({told})", "kick > out")
    assert lines(stage, Show(name="saw"))[1] == told
    (outcome,) = stage.say(List(what="modules"))
    assert [module.get("gate") for module in outcome.result["modules"]] == [None, "off", None]


@pytest.mark.parametrize(
    "commands",
    [
        (),
        (seq("saw", "x."),),
        (seq("saw", "x."), Panic()),
        (Panic(), Play()),
        (Panic(), Undo()),
        (Gate(name="saw", on=False), Patch(chain=chain("kick.gate", "saw.gate"))),
    ],
)
def test_of_a_drone_that_sounds_or_that_something_plays_nothing_is_said(stage, commands):
    stage.fine(load("saw"), load("kick"))
    for command in commands:
        stage.say(command)
    assert "gate" not in "".join(lines(stage, List(what="modules")))


def test_a_gate_that_is_held_is_shown(stage):
    stage.fine(load("adsr"), Gate(name="adsr", on=True))
    assert lines(stage, List(what="modules")) == ("out", "adsr > out (gate held on)")
    assert lines(stage, Show(name="adsr"))[1] == "gate held on"


def test_what_ends_a_drone_says_so(stage):
    stage.fine(load("saw"))
    assert stage.fine(Note(name="saw", pitch=69)) == f"note saw a4; afterwards saw is {OFF}"
    assert stage.fine(Note(name="saw", pitch=69)) == "note saw a4", "it is known by now"
    stage.fine(seq("saw", "x."))
    assert stage.fine(Clear(name="saw", when=NOW)) == f"clear saw; saw is {OFF}"


def test_play_tells_which_drones_sound_again(stage):
    stage.fine(load("saw"), load("noise"), load("saw", "silent"), Gate(name="silent", on=False), Panic())
    assert stage.fine(Play()) == "play (saw, noise sound again)"
    assert stage.fine(Play()) == "play"


def test_a_silenced_drone_is_silent_when_its_script_is_played(stage):
    stage.fine(load("saw"), load("noise"), Panic(), Gate(name="noise", on=True))
    assert script(stage.rack, CATALOGUE)[-2:] == ("gate saw off", "gate noise on")


def test_what_panic_has_silenced_is_still_known_to_who_takes_the_place_of_control(stage):
    stage.fine(load("saw"), load("noise"), Gate(name="noise", on=False), Panic())
    again = Stage()
    again.conductor.state = standing.restored(again.conductor.state, standing.keep(stage.conductor.state))
    assert lines(again, List(what="modules"))[1] == f"saw > out ({HUSHED})"
    assert again.fine(Play()) == "play (saw sounds again)"


# ---------------------------------------------------------------- more notes than voices


def chords(name, *hits, steps=8):
    return Sequence(name=name, text="...", pattern=Pattern(steps, tuple(hits)))


FOUR = Hit((0, 1), (4, 1), (45, 48, 52, 55))
WRAPPED = (Hit((6, 1), (4, 1), (45,)), Hit((1, 1), (1, 1), (48,)))
LONG = (Hit((0, 1), (4, 1), (45,)), Hit((2, 1), (4, 1), (48,)))


@pytest.mark.parametrize(
    ("kind", "voices", "hits", "told"),
    [
        ("bass", 1, (FOUR,), "bass has one voice and plays one note of the chord (voices=4 would play all)"),
        ("bass", 3, (FOUR,), "bass has 3 voices and plays 3 notes of the chord (voices=4 would play all)"),
        ("bass", 4, (FOUR,), ""),
        ("kick", 1, (FOUR,), "kick has one voice and plays one note of the chord"),
        ("bass", 1, LONG, "bass has one voice and plays one note of 2 at once (voices=2 would play all)"),
        ("bass", 2, LONG, ""),
        ("bass", 1, WRAPPED, "bass has one voice and plays one note of 2 at once (voices=2 would play all)"),
        ("bass", 1, (Hit((0, 1), (2, 1), (45,)), Hit((2, 1), (2, 1), (48,))), ""),
        ("bass", 1, (Hit((0, 1), (8, 1), (45,)),), ""),
        ("bass", 1, (Hit((0, 1), (4, 1), (45,), glide=True), Hit((2, 1), (0, 1), (48,))), ""),
        ("filter", 1, (FOUR,), "filter has one voice and plays one note of the chord (voices=4 would play all)"),
    ],
)  # fmt: skip
def test_a_lane_of_more_notes_at_once_than_voices_says_so(stage, kind, voices, hits, told):
    stage.fine(load(kind))
    if voices > 1:
        stage.fine(put(f"{kind}.voices", voices))
    text = stage.fine(chords(kind, *hits))
    assert text.rpartition("; ")[2] == told if told else "voice" not in text


def test_a_chord_on_what_has_the_voices_of_what_it_follows_is_played_whole(stage):
    stage.fine(load("bass", voices=6), Patch(chain=chain("bass", "adsr")))
    assert "voice" not in stage.fine(chords("adsr", FOUR))
    stage.fine(put("bass.voices", 2))
    assert "adsr has 2 voices and plays 2 notes of the chord" in stage.fine(chords("adsr", FOUR))


def test_voices_taken_from_a_lane_that_has_a_chord_are_told(stage):
    stage.fine(load("bass", voices=4), chords("bass", FOUR))
    assert stage.fine(put("bass.voices", 3)) == (
        "set bass.voices 3 (was 4); bass has 3 voices and plays 3 notes of the chord (voices=4 would play all)"
    )
    assert stage.fine(put("bass.voices", 4)) == "set bass.voices 4 (was 3)"


def test_notes_by_hand_at_once_beyond_the_voices_are_told(stage):
    stage.fine(load("bass"))
    *first, last = stage.say(Note(name="bass", pitch=57), Note(name="bass", pitch=60))
    assert [outcome.text for outcome in first] == ["note bass a3"]
    assert last.text == "note bass c4; bass has one voice and plays one note of 2 at once (voices=2 would play all)"
    stage.fine(put("bass.voices", 2))
    assert stage.fine(Note(name="bass", pitch=57), Note(name="bass", pitch=60)) == "note bass c4"


# ---------------------------------------------------------------- where sounds lead


@pytest.mark.parametrize(
    ("patched", "to_out"),
    [
        ([("saw", "filter"), ("filter", "delay"), ("delay", "filter")], {"delay"}),
        (
            [("kick", "filter"), ("filter", "delay"), ("delay", "filter"), ("filter", "pump"), ("pump", "filter")],
            {"delay", "pump"},
        ),
        ([("delay", "filter"), ("filter", "delay")], {"filter"}),
        ([("saw", "adsr"), ("adsr.pitch", "saw.freq")], {"adsr"}),
        ([("saw", "filter"), ("filter", "saw.freq")], {"filter"}),
        ([("saw", "saw2.freq"), ("saw2", "filter"), ("filter", "saw.freq")], {"filter"}),
        ([("saw", "saw2.freq"), ("saw2", "saw.freq")], {"saw2"}),
        ([("delay", "delay")], {"delay"}),
        ([("saw", "out.left"), ("saw", "filter")], {"filter"}),
        ([("saw", "out"), ("saw", "filter.cutoff")], {"saw", "filter"}),
    ],
)
def test_where_sounds_lead_does_not_depend_on_the_order_of_patching(patched, to_out):
    found = []
    for order in list(permutations(patched))[:24]:
        stage = Stage()
        kinds = ["saw", "filter", "delay", "pump", "adsr", "kick", "saw"]
        stage.fine(*(load(kind) for kind in (kinds if len(found) % 2 else reversed(kinds))))
        stage.fine(*(Patch(chain=chain(*pair)) for pair in order))
        found.append(stage.rack.cables)
    assert all(cables == found[0] for cables in found)
    involved = {word.partition(".")[0] for pair in patched for word in pair}
    assert {key.source for key in found[0] if key.target == "out" and key.into == "in"} & involved == to_out


def test_what_was_to_be_silent_stays_so_whatever_else_is_patched(stage):
    stage.fine(
        load("saw"),
        load("kick"),
        Unpatch(chain=chain("saw", "out")),
        Patch(chain=chain("kick", "filter", "delay", "filter")),
    )
    assert not any(key.source == "saw" for key in stage.rack.cables)


PORTS = ("saw", "saw2", "filter", "delay", "adsr", "pump", "kick")
GOALS = (
    *PORTS[2:-1],
    "out",
    "saw.freq",
    "saw2.freq",
    "filter.cutoff",
    "pump.key",
    "adsr.gate",
    "out.volume",
    "out.left",
    "saw.sync",
)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from(PORTS), st.sampled_from(GOALS)), max_size=14),
    st.sets(st.sampled_from(PORTS), max_size=2),
)
def test_what_leads_to_out_after_each_patch_is_what_all_the_cables_say(patched, silenced):
    commands = [*(load(kind) for kind in ("saw", "saw", "filter", "delay", "adsr", "pump", "kick"))]
    commands += [Unpatch(chain=chain(name, "out")) for name in sorted(silenced)]
    commands += [Patch(chain=chain(*pair)) for pair in patched]
    rack = EMPTY
    for command in commands:
        rack = edit(rack, command, CATALOGUE).rack
        assert settled(rack, silent(rack, CATALOGUE), CATALOGUE) is rack
