"""Scenes: what is heard with each, what is set with that, and what becomes of them when lanes and modules go."""

from __future__ import annotations

import pytest

from chronus.rack.document import audible
from chronus.rack.script import script
from tests.kit.said import BAR, Said


@pytest.fixture
def beat():
    stage = Said()
    stage.line("load kick; load tb303; load noise as hat; load filter; patch tb303 > filter")
    stage.line("seq kick: x...; seq tb303: x.x.; seq hat: ..x.")
    stage.play(1000)
    return stage


def heard(stage):
    return [name for name in stage.rack.lanes if audible(stage.rack, name)]


def params(stage, name):
    return stage.rack.modules[name].params


def test_exactly_its_lanes_are_heard_from_the_next_bar_on(beat):
    assert beat.line("scene drop = kick hat") == "scene drop = kick hat"
    assert heard(beat) == ["kick", "tb303", "hat"], "a definition changes nothing that is heard"
    assert beat.line("scene drop") == "scene drop (at bar 2)"
    beat.play(BAR)
    assert heard(beat) == ["kick", "tb303", "hat"]
    beat.play(BAR + 1)
    assert heard(beat) == ["kick", "hat"]


def test_a_lane_that_is_solo_is_no_more(beat):
    beat.line("solo tb303 now; scene drop = kick hat; scene drop now")
    assert heard(beat) == ["kick", "hat"]


def test_its_notes_begin_and_end_on_the_bar_line(beat):
    beat.line("scene drop = kick; scene drop at bar 3; scene all = *; scene all at bar 4")
    beat.play(4 * BAR)
    index = {name: playing.player.index for name, playing in beat.conductor.score.lanes.items()}
    kick, acid = ([f for f, lane, _ in beat.heard() if lane == index[name]] for name in ("kick", "tb303"))
    eighth = BAR // 8
    assert kick == [2 * eighth * k for k in range(16)], "the kick is in both"
    assert acid == [eighth * k for k in range(32) if not 16 <= k < 24], "in phase with where it was"


def test_values_and_bypasses_are_set_with_it_and_a_sweep_begins(beat):
    beat.line("scene build = hat, tb303.cutoff 800, volume -3db, filter.cutoff 400..4k over 8 bars, bpm 140")
    beat.line("scene build")
    assert "cutoff" not in params(beat, "tb303")
    beat.play(BAR + 1)
    moving = params(beat, "filter")["cutoff"]
    assert (moving.start, moving.stop, moving.over.number) == (400, 4000, 8)
    assert beat.conductor.score.courses[moving.number].begin == BAR
    assert params(beat, "tb303")["cutoff"] == 800 and params(beat, "out")["volume"] == -3 and beat.rack.bpm == 140


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("scene drop = kik", "E_NAME", 'no module "kik" is loaded'),
        ("scene drop = filter", "E_NAME", '"filter" has no lane'),
        ("scene drop = kick, filter.cutof 3", "E_PARAM", 'filter has no parameter "cutof"'),
        ("scene drop = kick, flter.cutoff 3", "E_NAME", 'no module "flter" is loaded'),
        ("scene drop = kick, filter.cutoff +10%", "E_VALUE", "a scene sets a value, not a step from another one"),
        ("scene drop = kick, filter.cutoff 1", "E_VALUE", "cutoff is 20..20000 Hz"),
        ("scene drop = kick for 4 bars", "E_VALUE", "`scene drop for 4 bars` is heard for so long; a definition stays"),
        ("scene dro", "E_NAME", 'there is no scene "dro"'),
        ("clear scene dro", "E_NAME", 'there is no scene "dro"'),
        ("clear drop", "E_NAME", '"drop" is no lane but a scene; `clear scene drop` takes it away'),
        ("clear scene drop for 4 bars", "E_VALUE", "a scene that is taken away does not come back by itself"),
        ("clear song", "E_VALUE", "there is no song; `song: intro*8 drop*16` makes one"),
        ("show scene dro", "E_NAME", 'there is no scene "dro"'),
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(beat, line, code, message):
    beat.line("scene drop = hat")
    before = beat.rack
    error = beat.wrong(line)
    assert error.code == code and error.message.startswith(message)
    assert beat.rack is before


def test_a_scene_that_is_not_there_is_told_with_those_that_are(beat):
    assert beat.wrong("scene dorp").message.endswith("`scene dorp = *` makes one of what is heard now")
    beat.line("scene drop = *")
    assert beat.wrong("scene dorp").suggestions == ("drop",)


def test_what_is_heard_now_becomes_a_scene(beat):
    beat.line("mute hat now; scene a = *; scene b = ., tb303.cutoff 400; unmute hat now")
    assert beat.rack.scenes["a"].lanes == ("kick", "tb303") and beat.rack.scenes["b"].lanes == ()
    beat.line("scene b now")
    assert heard(beat) == []


def test_the_scene_said_last_for_a_bar_is_heard_and_nothing_of_the_other_is_set(beat):
    beat.line("scene a = kick, tb303.cutoff 500; scene b = hat; scene a")
    assert beat.line("scene b", author="another") == "scene b (at bar 2; in place of scene a)"
    assert beat.line("scene a at bar 3") == "scene a (at bar 3)"
    assert beat.play(BAR + 1) == []
    assert heard(beat) == ["hat"] and "cutoff" not in params(beat, "tb303")
    assert [step.label for step in beat.conductor.state.past[-2:]] == ["Scene", "Scene"]
    beat.play(2 * BAR + 1)
    assert heard(beat) == ["kick"] and params(beat, "tb303")["cutoff"] == 500


def test_taking_back_the_last_one_lets_the_other_be_heard(beat):
    beat.line("scene a = kick; scene b = hat; scene a")
    beat.line("scene b")
    beat.line("undo")
    beat.play(BAR + 1)
    assert heard(beat) == ["kick"]


def test_undo_brings_back_what_was_heard_before(beat):
    beat.line("scene a = kick, tb303.cutoff 500; scene a now")
    beat.line("undo")
    assert heard(beat) == ["kick", "tb303", "hat"] and "cutoff" not in params(beat, "tb303")
    beat.line("redo")
    assert heard(beat) == ["kick"] and params(beat, "tb303")["cutoff"] == 500


def test_for_some_bars_and_then_as_it_was(beat):
    beat.line("mute hat now; scene a = hat, tb303.cutoff 500")
    assert beat.line("scene a for 2 bars") == "scene a (at bar 2)"
    beat.play(BAR + 1)
    assert heard(beat) == ["hat"]
    beat.play(3 * BAR + 1)
    assert heard(beat) == ["kick", "tb303"] and "cutoff" not in params(beat, "tb303")


def test_lanes_and_modules_that_go_are_taken_out_and_told(beat):
    beat.line("scene a = kick hat, tb303.cutoff 500; scene b = tb303")
    assert (
        beat.line("clear hat now") == "clear hat; hat is gated off; `gate hat on` lets it sound; taken out of scene a"
    )
    assert beat.line("unload tb303").endswith("unload tb303; taken out of scenes a, b")
    assert beat.rack.scenes["a"].lanes == ("kick",) and beat.rack.scenes["a"].parts == ()
    assert beat.line("scene b now") and heard(beat) == []
    beat.line("undo 3")
    assert beat.rack.scenes["a"].lanes == ("kick", "hat") and beat.rack.scenes["b"].lanes == ("tb303",)


def test_a_lane_that_is_gone_for_some_bars_stays_in_its_scenes(beat):
    beat.line("scene a = kick hat; clear hat for 2 bars")
    beat.play(4 * BAR)
    assert beat.rack.scenes["a"].lanes == ("kick", "hat") and "hat" in beat.rack.lanes
    beat.line("seq filter: x... for 1 bar")
    beat.line("scene b = filter")
    beat.play(9 * BAR)
    assert beat.rack.scenes["b"].lanes == ()


def test_a_script_writes_them_and_they_can_be_listed(beat):
    line = "scene build = kick hat, tb303.cutoff 400 Hz..4000 Hz over 8 bars, filter.mode high, out.volume -3 dB"
    beat.line(line)
    beat.line("scene gap = .")
    assert script(beat.rack, beat.conductor.catalogue)[-2:] == (line, "scene gap = .")
    (listed,) = beat.lines("list scenes")
    assert listed.lines == (line.removeprefix("scene "), "gap = .")
    assert listed.result["scenes"][1] == {"name": "gap", "lanes": [], "sets": []}
    (shown,) = beat.lines("show scene build")
    assert shown.lines == (line, "heard  kick: x...", "muted  tb303: x.x.", "heard  hat: ..x.")


def test_one_is_taken_away_and_comes_back_with_undo(beat):
    beat.line("scene a = kick; scene b = hat")
    assert beat.line("clear scene a") == "clear scene a"
    assert list(beat.rack.scenes) == ["b"] and heard(beat) == ["kick", "tb303", "hat"]
    assert beat.line("clear scene b at bar 3") == "clear scene b (at bar 3)" and "b" in beat.rack.scenes
    beat.play(2 * BAR + 1)
    assert not beat.rack.scenes
    beat.line("undo 2")
    assert list(beat.rack.scenes) == ["a", "b"]


def test_said_again_it_is_another_one(beat):
    beat.line("scene a = kick")
    assert beat.line("scene a = hat") == "scene a = hat; heard so from its next recall on"
    beat.line("scene a now")
    assert heard(beat) == ["hat"]


def test_while_the_transport_stands_it_is_set_at_once_and_told(beat):
    beat.line("scene a = kick; stop")
    assert beat.line("scene a") == "scene a (transport stopped; play goes on)"
    assert heard(beat) == ["kick"]


def test_bars_follow_the_tempo(beat):
    beat.line("scene a = kick; scene a at bar 5; bpm 240 at bar 3")
    beat.play(3 * BAR)
    assert heard(beat) == ["kick", "tb303", "hat"]
    beat.play(3 * BAR + 1)
    assert heard(beat) == ["kick"]
