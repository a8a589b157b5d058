"""Inserts: where they go in a chain and in front of `out`, what that refuses, and how a script says it."""

from __future__ import annotations

import pytest

from chronus.commands import Change, Insert, Patch, Quantity, Unload, Unpatch
from chronus.language.parser import parse, statements
from chronus.rack.document import EMPTY, Key
from chronus.rack.edit import edit
from chronus.rack.script import script
from chronus.units import SILENCE
from tests.kit.stage import CATALOGUE, Stage, chain, load


@pytest.fixture
def stage():
    return Stage()


def insert(kind, on, name="", **params):
    return Insert(kind=kind, on=on, name=name, params=tuple(Change("", k, Quantity(v)) for k, v in params.items()))


def patch(*words, amount=None):
    return Patch(chain=chain(*words), amount=amount)


def cables(rack):
    """Those of sound, with a star where nobody asked for them."""
    return {f"{k.source} > {k.target}" + "*" * cable.auto for k, cable in rack.cables.items()}


def again(rack):
    """The rack that its script makes."""
    made = EMPTY
    for line in script(rack, CATALOGUE):
        made = edit(made, parse(statements(line)[0]).command, CATALOGUE).rack
    return made


def comes_back(rack):
    made = again(rack)
    assert script(made, CATALOGUE) == script(rack, CATALOGUE)
    assert (made.cables, made.before_out, list(made.modules)) == (rack.cables, rack.before_out, list(rack.modules))


def test_the_first_goes_between_a_module_and_out_and_the_next_behind_it(stage):
    stage.fine(load("kick"))
    assert stage.fine(insert("filter", "kick", cutoff=300)) == "insert filter on kick (kick > filter > out)"
    assert stage.fine(insert("delay", "kick", "echo")) == ("insert delay on kick as echo (kick > filter > echo > out)")
    assert cables(stage.rack) == {"kick > filter", "filter > echo", "echo > out*"}
    assert stage.rack.modules["filter"].params == {"cutoff": 300.0}
    comes_back(stage.rack)


def test_it_goes_in_front_of_all_that_the_module_goes_to_and_gains_stay(stage):
    stage.fine(load("bus", "drums"), load("kick"), load("delay"))
    stage.fine(patch("kick", "drums"), patch("kick", "delay", amount=Quantity(-12, "dB")), patch("kick", "pump.key"))
    stage.fine(insert("filter", "kick"))
    assert cables(stage.rack) == {
        "kick > filter", "filter > drums", "filter > delay", "kick > pump", "drums > out*", "delay > out*", "pump > out*",
    }  # fmt: skip
    assert stage.rack.cables[Key("filter", "out", "delay", "in")].amount == Quantity(-12, "dB")
    comes_back(stage.rack)


def test_what_only_this_goes_through_is_its_chain(stage):
    stage.fine(patch("saw", "filter", "adsr"))
    assert stage.fine(insert("delay", "saw")).endswith("(saw > filter > adsr > delay > out)")
    # the delay is heard by two from here on: that ends the chain of the saw in front of it
    stage.fine(load("noise"), patch("noise", "delay"))
    assert stage.fine(insert("filter", "saw", "tone")).endswith("(saw > filter > adsr > tone > delay)")
    assert stage.fine(insert("filter", "delay", "last")).endswith("(delay > last > out)")


def test_a_bus_ends_a_chain_even_if_one_alone_goes_there(stage):
    stage.fine(load("bus", "drums"), load("kick"), patch("kick", "drums"))
    assert stage.fine(insert("filter", "kick")).endswith("(kick > filter > drums)")
    assert stage.fine(insert("delay", "drums")).endswith("(drums > delay > out)")
    assert cables(stage.rack) == {"kick > filter", "filter > drums", "drums > delay", "delay > out*"}


def test_a_chain_that_comes_round_to_itself_ends(stage):
    stage.fine(patch("filter", "delay"), patch("delay", "filter"))
    stage.fine(insert("adsr", "filter"))
    comes_back(stage.rack)


def test_what_was_silent_on_purpose_stays_so(stage):
    stage.fine(load("kick"), Unpatch(chain=chain("kick", "out")), insert("filter", "kick"))
    assert cables(stage.rack) == {"kick > filter"}
    comes_back(stage.rack)


def test_on_out_it_stands_between_all_that_comes_and_out_now_and_later(stage):
    stage.fine(load("kick"), patch("saw", "delay", "out"))
    assert stage.fine(insert("filter", "out", "tone")) == "insert filter on out as tone (tone > out)"
    assert cables(stage.rack) == {"kick > tone*", "saw > delay", "delay > tone", "tone > out*"}
    assert stage.fine(insert("adsr", "out")) == "insert adsr on out (tone > adsr > out)"
    stage.fine(load("noise"))
    assert {"noise > tone*", "tone > adsr*", "adsr > out*"} <= cables(stage.rack)
    assert stage.fine(patch("noise", "out")) == "patch noise > tone (tone is inserted on out)"
    assert stage.fine(insert("delay", "tone", "echo")) == "insert delay on tone as echo (tone > adsr > echo > out)"
    comes_back(stage.rack)


def test_a_chain_ends_in_front_of_what_is_inserted_on_out(stage):
    stage.fine(load("kick"), insert("filter", "out"))
    assert stage.fine(insert("delay", "kick")) == "insert delay on kick (kick > delay > filter)"


def test_unloaded_it_leaves_no_gap_in_front_of_out(stage):
    stage.fine(load("kick"), load("saw"), patch("saw", "out"), insert("filter", "out"), insert("delay", "out"))
    stage.fine(Unload(name="filter"))
    assert cables(stage.rack) == {"kick > delay*", "saw > delay*", "delay > out*"}
    stage.fine(Unload(name="delay"))
    assert cables(stage.rack) == {"kick > out*", "saw > out*"} and not stage.rack.before_out


def test_unloaded_in_a_chain_it_leaves_no_gap_either_and_gains_stay(stage):
    stage.fine(load("kick"), insert("filter", "kick"), insert("adsr", "kick"), insert("delay", "kick"))
    assert stage.fine(Unload(name="adsr")) == "unload adsr (filter > delay)"
    assert cables(stage.rack) == {"kick > filter", "filter > delay", "delay > out*"}
    stage.fine(patch("kick", "filter", amount=Quantity(-6, "dB")), patch("filter", "delay", amount=Quantity(50, "%")))
    assert stage.fine(Unload(name="filter")) == "unload filter (kick > delay)"
    assert stage.rack.cables[Key("kick", "out", "delay", "in")].amount == Quantity(-12.02, "dB")
    comes_back(stage.rack)


def test_unloaded_it_sends_nothing_on_that_goes_elsewhere_too_or_would_come_round(stage):
    stage.fine(load("kick"), load("bus", "drums"), patch("kick", "delay", "drums"), patch("kick", "out"))
    assert stage.fine(Unload(name="delay")) == "unload delay"
    assert cables(stage.rack) == {"kick > out", "drums > out*"}
    stage.fine(load("saw"), patch("saw", "filter", "adsr", "filter"), patch("filter", "out"))
    assert stage.fine(Unload(name="adsr")) == "unload adsr"
    assert {"saw > filter", "filter > out"} < cables(stage.rack)


def test_what_listens_without_a_sound_of_its_own_is_told(stage):
    stage.fine(load("kick"), load("bass"), load("pump"))
    told = stage.fine(patch("kick", "pump.key"))
    assert told == "patch kick > pump.key (nothing goes through pump yet: `patch bass > pump`)"
    stage.fine(patch("bass", "pump"))
    assert stage.fine(patch("noise", "pump.key")) == "patch noise > pump.key (loaded noise)"
    assert "nothing goes through press" in stage.fine(patch("kick", "press.sidechain"))


def test_a_cable_may_be_off_and_is_saved_so(stage):
    stage.fine(load("kick"), load("lfo"), load("delay"))
    assert stage.fine(patch("kick", "delay", amount=SILENCE)) == "patch kick > delay off"
    assert stage.fine(patch("lfo", "delay.time", amount=SILENCE)) == "patch lfo > delay.time off"
    assert {"patch kick > delay off", "patch lfo > delay.time off"} <= set(script(stage.rack, CATALOGUE))
    comes_back(stage.rack)


def test_unpatch_from_out_means_what_is_inserted_there(stage):
    stage.fine(load("kick"), load("noise"), insert("filter", "out"))
    assert stage.fine(Unpatch(chain=chain("kick", "out"))) == "unpatch kick > filter"
    assert cables(stage.rack) == {"noise > filter*", "filter > out*"}
    comes_back(stage.rack)


def test_what_is_inserted_on_out_goes_nowhere_else(stage):
    stage.fine(load("kick"), insert("filter", "out"), load("delay"))
    error = stage.refused(patch("filter", "delay"))
    assert (error.code, error.part) == ("E_VALUE", "chain.1.name") and "inserted on out" in error.message
    stage.fine(load("pump"), patch("filter", "pump.key"), patch("filter", "out"))
    comes_back(stage.rack)


def test_what_takes_no_sound_in_or_puts_none_out_is_refused(stage):
    stage.fine(load("bass"), load("lfo"))
    error = stage.refused(insert("kick", "bass"))
    assert (error.code, error.part) == ("E_VALUE", "kind")
    assert error.message == "kick has no audio input: nothing can go through it"
    error = stage.refused(insert("filter", "lfo"))
    assert (error.code, error.part) == ("E_VALUE", "on")
    assert stage.refused(insert("filter", "bas")).suggestions == ("bass",)
    assert stage.refused(insert("filtr", "bass")).code == "E_MODULE"
    assert stage.refused(insert("filter", "bass", "lfo")).code == "E_EXISTS"
    assert stage.refused(insert("filter", "bass", cutoff=5)).part == "params.0.value"
    assert cables(stage.rack) == {"bass > out*"}, "what is refused changes nothing"


# ---------------------------------------------------------------- the gain of a cable


@pytest.mark.parametrize("amount", [Quantity(-12, "dB"), Quantity(30, "%"), Quantity(0.5), Quantity(12, "dB")])
def test_a_cable_of_sound_has_a_gain_and_is_saved_with_it(stage, amount):
    stage.fine(load("kick"), load("delay"))
    stage.fine(patch("kick", "delay", amount=amount), patch("kick", "pump.key", amount=amount))
    assert {cable.amount for key, cable in stage.rack.cables.items() if key.source == "kick"} == {amount}
    comes_back(stage.rack)


@pytest.mark.parametrize(
    ("into", "amount", "told"),
    [
        ("delay", Quantity(-61, "dB"), "a gain is -60..12 dB; -61 dB is outside"),
        ("delay", Quantity(-12), "a gain is -60..12 dB, or 0..398%; -12 is neither"),
        ("delay", Quantity(400, "%"), "a gain is -60..12 dB, or 0..398%; 400% is neither"),
        ("delay", Quantity(3, "Hz"), "a gain is -60..12 dB, or 0..398%; 3 Hz is neither"),
        ("adsr.gate", Quantity(0.5), "an amount goes with a sound or with a parameter; gate is no such input"),
    ],
)
def test_what_is_no_gain_is_refused(stage, into, amount, told):
    stage.fine(load("kick"))
    error = stage.refused(patch("kick", into, amount=amount))
    assert (error.code, error.part, error.message) == ("E_VALUE", "amount", told)
