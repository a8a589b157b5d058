"""Claims: nobody changes what another one holds, whatever the command; told at the word that names it."""

from __future__ import annotations

import pytest

from chronus import commands as c
from chronus.conductor.authors import ENGINE
from chronus.journal import standing
from chronus.language.making.variation import made
from chronus.language.parser import sentences
from chronus.language.rows import ROWS, SHORT
from tests.kit.said import BAR, Said


@pytest.fixture
def beat():
    """Bass is ana's until bar 7."""
    stage = Said()
    stage.conductor.make = made
    stage.line("load kick; load bass; load filter; load lfo; seq kick: x...; seq bass: x.x.", "ben")
    stage.line("scene drop = kick", "ben")
    stage.play(2 * BAR + 100)
    assert stage.line("claim bass 3 bars", "ana") == "claim bass (until bar 7)"
    return stage


def refused(stage, line, author="ben"):
    before = stage.rack, stage.conductor.state.past, stage.conductor.state.waiting
    (outcome,) = stage.lines(line, author)
    assert outcome.error is not None, outcome.text
    assert (stage.rack, stage.conductor.state.past, stage.conductor.state.waiting) == before
    return outcome.error


TOUCHING = (
    ("set bass.freq 60", "changes.0.module"),
    ("set kick.freq 60, bass.freq 60", "changes.1.module"),
    ("set bass.level -3db", "changes.0.module"),
    ("set bass.freq 50..90 over 4 bars", "changes.0.module"),
    ("set bass.freq 60 at bar 6", "changes.0.module"),
    ("set bass.freq 60 for 1 bar", "changes.0.module"),
    ("seq bass: x...", "name"),
    ("seq bass.freq: 50 . 90 .", "name"),
    ("clear bass", "name"),
    ("mute kick bass", "names.1"),
    ("solo bass", "names.0"),
    ("unload bass", "name"),
    ("note bass c2", "name"),
    ("gate bass on", "name"),
    ("arp bass up", "name"),
    ("patch bass > filter", "chain.0.name"),
    ("patch lfo > bass.freq", "chain.1.name"),
    ("unpatch bass > out", "chain.0.name"),
    ("insert delay on bass", "on"),
    ("scene drop", "name"),
    ("new", ""),
    ("undo 2", ""),
    ("undo to 0", ""),
    ("vary bass", "name"),
    ("answer bass", "name"),
    ("shift bass 1", "name"),
    ("rotate bass 1", "name"),
    ("reverse bass", "name"),
    ("bypass bass on", "changes.0.module"),
    ("claim bass", "name"),
    ("release bass", "name"),
)
OF_THE_WHOLE = {
    *("load", "play", "stop", "panic", "bpm", "meter", "swing", "key", "goto", "fill", "every", "song"),
    *("halftime", "doubletime", "unsolo"),
}
"""What says nothing of one module, or of a new one. Nor is one of these kept from anybody."""
ELSEWHERE = {"unmute", "redo", "say", "open", "import"}
"""Asked in tests of their own below."""


def test_each_command_is_asked():
    words = {word for word, row in ROWS.items() if row.kind.asks is not True and not row.kind.elsewhere}
    asked = {SHORT.get(word, word) for word in (line.split()[0] for line, _ in TOUCHING)}
    assert not asked & OF_THE_WHOLE and words == asked | OF_THE_WHOLE | ELSEWHERE


@pytest.mark.parametrize(("line", "part"), TOUCHING)
def test_what_touches_it_is_refused_at_its_name(beat, line, part):
    error = refused(beat, line)
    assert (error.code, error.part) == ("E_EXISTS", part) and error.message.startswith("bass is ana's until bar 7")


@pytest.mark.parametrize(
    "line", ["set kick.freq 60", "load saw", "bpm 150", "patch kick > filter", "stop", "panic", "mute kick", "undo"]
)
def test_what_does_not_touch_it_and_what_silences_is_not(beat, line):
    if line == "undo":
        beat.line("set kick.freq 70", "ana")
    beat.line(line, "ben")


def test_what_would_bring_back_how_it_was_is_refused(beat):
    beat.line("mute bass", "ana")
    beat.line("undo", "ana")
    assert refused(beat, "redo").message.startswith("bass is ana's")
    beat.line("mute bass", "ana")
    assert refused(beat, "unmute bass").part == "names.0"
    assert refused(beat, "unmute").message.startswith("bass is ana's")


def test_a_script_a_sentence_and_an_import_that_touch_it_are_refused(beat):
    (lane,), changed = sentences("seq bass: x..x"), tuple(sentences("set bass.freq 80"))
    for command in (
        c.Open(name="other", commands=(*sentences("load bass"), *changed)),
        c.Say(words="deeper", commands=changed, lines=("set bass.freq 80",)),
        c.Import(name="drums.mid", parts=(("bass", "36"),), lanes=(lane,), lines=("seq bass: x..x",)),
    ):
        (outcome,) = beat.say(command, author="ben")
        assert outcome.error is not None and outcome.error.message.startswith("bass is ana's"), command


def test_its_holder_and_the_song_may(beat):
    beat.line("set bass.freq 60; seq bass: xxxx", "ana")
    beat.line("scene drop now", ENGINE)


def test_it_is_over_at_its_bar_and_a_line_may_be_said_for_then(beat):
    assert "at bar 7" in refused(beat, "set bass.freq 60").message
    beat.line("set bass.freq 60 at bar 7", "ben")
    assert beat.play(6 * BAR + 10) == []
    assert beat.rack.modules["bass"].params == {"freq": 60.0}
    beat.line("set bass.freq 70", "ben")
    assert beat.lines("claim")[0].lines == ("nobody holds anything",)


def test_what_was_put_off_before_it_still_comes(beat):
    beat.line("release", "ana")
    beat.line("set bass.freq 60 at bar 5", "ben")
    assert beat.line("claim bass 4 bars", "ana") == "claim bass (until bar 8; 1 that waited before still come)"
    assert beat.play(5 * BAR) == [] and beat.rack.modules["bass"].params == {"freq": 60.0}


def test_without_bars_it_is_held_until_it_is_released(beat):
    assert beat.line("claim kick", "ben") == "claim kick (until it is released)"
    beat.play(100 * BAR)
    assert refused(beat, "mute kick", "ana").message == "kick is ben's until it is released"
    assert beat.lines("claim")[0].result == {"claims": [{"name": "kick", "holder": "ben", "until_bar": None}]}
    assert beat.lines("release", "ben")[0].result == {"released": ["kick"]}
    beat.line("mute kick", "ana")


def test_it_is_neither_a_step_nor_saved_but_a_control_that_takes_over_knows_it(beat):
    steps = beat.conductor.state.past
    beat.line("claim kick", "ana")
    assert beat.conductor.state.past == steps
    fresh = standing.restored(Said().conductor.state, standing.keep(beat.conductor.state))
    assert fresh.claims == beat.conductor.state.claims and len(fresh.claims) == 2
