"""Level, pan and bypass as parameters that every module has which puts out sound: set, refused, shown, saved."""

from __future__ import annotations

from itertools import pairwise

import pytest

from chronus.commands import Assert, Describe, Length, List, Patch, Port, Quantity, Relative, Set, Show, Word
from chronus.plan.difference import is_structural
from chronus.rack.document import value
from chronus.rack.script import script
from chronus.units import OFF
from tests.kit.stage import CATALOGUE, Stage, chain, load, put


@pytest.fixture
def stage():
    return Stage()


def level(stage, name="kick"):
    return value(stage.rack, stage.rack.modules[name], CATALOGUE["kick"].param("level"))


def test_they_are_set_like_any_parameter(stage):
    stage.fine(load("kick"))
    assert stage.fine(put("kick.level", Quantity(-6, "dB"))) == "set kick.level -6 dB (was 0 dB)"
    assert stage.fine(put("kick.pan", -0.3)) == "set kick.pan -0.3 (was 0)"
    assert stage.fine(put("kick.bypass", "on")) == "set kick.bypass on (was off)"
    assert stage.fine(put("kick.level", Relative("+", 3, "dB"))) == "set kick.level -3 dB (was -6 dB)"
    assert stage.fine(load("filter", level=-12)) == "load filter"
    stage.fine(Assert(target=Port("kick", "level"), test="==", value=Quantity(-3, "dB")))


def test_a_pan_may_be_a_side(stage):
    stage.fine(load("kick"))
    assert stage.fine(put("kick.pan", "left")) == "set kick.pan -1 (was 0)"
    assert stage.fine(put("kick.pan", "Right"), put("kick.pan", "center")) == "set kick.pan 0 (was 1)"
    assert stage.refused(put("kick.pan", "centre")).suggestions == ("center",)


def test_off_is_no_sound_at_all(stage):
    stage.fine(load("kick"))
    assert stage.fine(put("kick.level", "off")) == "set kick.level off (was 0 dB)"
    assert level(stage) == OFF
    assert stage.fine(put("kick.level", Quantity(OFF, "dB"))) == "set kick.level off (was off)"
    assert stage.fine(put("kick.level", -60)) == "set kick.level -60 dB (was off)"
    stage.fine(put("kick.level", "off"), Assert(target=Port("kick", "level"), test="==", value=Word("off")))
    assert stage.fine(Set(changes=put("kick.level", 0).changes, over=Length(2, "s"))) == "set kick.level off..0 dB"
    assert "set kick.level off..0 dB over 2 s" in script(stage.rack, CATALOGUE)


@pytest.mark.parametrize(
    ("target", "given", "told"),
    [
        ("kick.level", Quantity(-61, "dB"), "level is -60..12 dB, or off; -61 dB is outside"),
        ("kick.level", "loud", "level is -60..12 dB, or off, not the word loud"),
        ("kick.pan", Quantity(-2), "pan is -1..1; -2 is outside"),
        ("kick.pan", "lef", "pan is -1..1, not the word lef; left, center, right are words for it"),
        ("kick.bypass", Quantity(0.5), "bypass is one of off, on"),
    ],
)
def test_what_is_out_of_range_is_refused(stage, target, given, told):
    stage.fine(load("kick"))
    error = stage.refused(put(target, given))
    assert (error.code, error.part, error.message) == ("E_VALUE", "changes.0.value", told)


def test_what_puts_out_no_sound_has_none_of_them(stage):
    stage.fine(load("lfo"))
    for name in ("level", "pan", "bypass"):
        error = stage.refused(put(f"lfo.{name}", 0))
        assert (error.code, error.message) == ("E_PARAM", f"lfo puts out no sound, so it has no {name}")
    error = stage.refused(put("out.level", 0))
    assert (error.message, error.suggestions) == ("out is where all sound ends, so it has no level", ("volume",))
    assert stage.refused(Patch(chain=chain("lfo", "out.pan"))).code == "E_PORT"


def test_they_are_listed_shown_described_and_saved(stage):
    stage.fine(load("kick"), load("delay"), Patch(chain=chain("kick", "delay"), amount=Quantity(-12, "dB")))
    stage.fine(put("kick.level", -6), put("kick.pan", 0.5), put("delay.bypass", "on"))
    (listed,) = stage.say(List(what="modules"))
    assert listed.lines == ("out", "kick > delay -12 dB (level -6 dB, pan 0.5)", "delay > out (bypassed)")
    assert listed.result["modules"][1] == {"name": "kick", "kind": "kick", "level": -6.0, "pan": 0.5}
    assert listed.result["modules"][2] == {"name": "delay", "kind": "delay", "bypass": "on"}
    (shown,) = stage.say(Show(name="kick"))
    assert "level -6 dB (-60..12 dB, or off)" in shown.lines and "kick.out > delay.in -12 dB" in shown.lines
    assert shown.result["params"]["level"] == -6.0 and shown.result["params"]["bypass"] == "off"
    (described,) = stage.say(Describe(kind="kick"))
    (line,) = [line for line in described.lines if line.startswith("level ")]
    assert "-60..12 dB, or off" in line and "(0 dB)" in line and "kick -6 dB" in line
    assert {"set kick.level -6 dB, kick.pan 0.5", "set delay.bypass on"} <= set(script(stage.rack, CATALOGUE))


def test_a_module_s_own_level_comes_first():
    """The vca of the real catalogue has one: it is a share, and is moved by envelopes."""
    from chronus.worker import ledger

    (vca,) = (spec for spec in ledger.specs() if spec.kind == "vca")
    assert vca.param("level").high == 1 and [param.name for param in vca.mix] == ["pan", "bypass"]


def test_only_the_first_time_the_replicas_need_another_program(stage):
    stage.fine(load("kick"))
    racks = [stage.rack]
    for said in (-6, 0, 3):
        stage.fine(put("kick.level", said))
        racks.append(stage.rack)
    assert [is_structural(a, b) for a, b in pairwise(racks)] == [True, False, False]


def test_behind_what_is_panned_all_is_stereo_and_voices_stay_apart(stage):
    stage.fine(Patch(chain=chain("saw", "filter", "adsr")), put("saw.pan", 0.5))
    seats = stage.conductor.state.places.plan.seats
    assert [(seats[name].lanes, seats[name].stereo) for name in ("saw", "filter", "adsr")] == [
        (1, False), (2, True), (2, True),
    ]  # fmt: skip
    text = stage.fine(put("saw.voices", 4), put("saw.pan", -0.5))
    assert text == "set saw.pan -0.5 (was 0.5); its voices go on to filter one by one: `set filter.pan` pans them"
    seats = stage.conductor.state.places.plan.seats
    assert {(seats[name].lanes, seats[name].stereo) for name in ("saw", "filter", "adsr")} == {(8, False)}
    assert stage.fine(put("adsr.pan", -0.5)) == "set adsr.pan -0.5 (was 0)"
