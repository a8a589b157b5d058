"""Commands on the rack: what they answer, what they refuse, and which cables come and go by themselves."""

from __future__ import annotations

import pytest

from chronus.catalogue.kinds import Catalogue
from chronus.commands import (
    Assert,
    Change,
    Clear,
    Length,
    Mute,
    New,
    Patch,
    Port,
    Quantity,
    Relative,
    Set,
    Show,
    Solo,
    Sweep,
    Unload,
    Unpatch,
)
from chronus.errors import ChronusError
from chronus.pattern.lane import LaneOptions
from chronus.rack.document import Key, value
from tests.kit.stage import CATALOGUE, NOW, Stage, chain, load, put, seq


@pytest.fixture
def stage():
    return Stage()


def test_what_is_sent_to_one_side_leaves_the_middle(stage):
    stage.fine(load("saw"), load("noise"))
    stage.fine(
        Patch(chain=chain("saw", "out.left")),
        Patch(chain=chain("noise", "out")),
        Patch(chain=chain("noise", "out.right")),
    )
    assert {key.into for key in stage.rack.cables if key.source == "saw"} == {"left"}
    assert {key.into for key in stage.rack.cables if key.source == "noise"} == {"in", "right"}, "that one was asked for"
    stage.fine(Unpatch(chain=chain("saw", "out.left")))
    assert not [key for key in stage.rack.cables if key.source == "saw"]


def test_whatever_plays_notes_offers_its_gate_and_pitch(stage):
    stage.fine(load("saw"), load("adsr"), load("filter"), load("lfo"))
    assert stage.fine(Patch(chain=chain("saw.gate", "adsr.gate"))) == "patch saw.gate > adsr.gate"
    stage.fine(Patch(chain=chain("saw.pitch", "filter.cutoff")))
    assert Key("saw", "pitch", "filter", "cutoff") in stage.rack.cables
    assert Key("saw", "out", "out", "in") in stage.rack.cables, "which moves nothing off out"
    assert stage.refused(Patch(chain=chain("saw.gat", "adsr.gate"))).suggestions == ("gate",)
    assert stage.refused(Patch(chain=chain("filter.pitch", "saw.freq"))).code == "E_PORT"
    # in the middle of a chain a gate is what was led into
    stage.fine(Patch(chain=chain("lfo", "saw.gate", "filter")))
    assert Key("saw", "out", "filter", "in") in stage.rack.cables
    offered = {kind: [out["name"] for out in spec["outs"]] for kind, spec in CATALOGUE.plain().items()}
    assert offered["saw"] == ["out", "gate", "pitch"] and offered["filter"] == ["out"]
    assert offered["adsr"] == ["out", "env", "gate", "pitch"]


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (Quantity(99, "oct"), "the amount is -10..10 oct; 99 oct is outside"),
        (Quantity(-12_001, "ct"), "the amount is -10..10 oct; -12001 ct is outside"),
        (Quantity(20_000, "Hz"), "the amount is -19980..19980 Hz; 20000 Hz is outside"),
        (Quantity(2), "the amount is -1..1; 2 is outside"),
    ],
)
def test_an_amount_reaches_no_further_than_the_parameter(stage, amount, told):
    stage.fine(load("lfo"), load("filter"))
    error = stage.refused(Patch(chain=chain("lfo", "filter.cutoff"), amount=amount))
    assert (error.code, error.part, error.message) == ("E_VALUE", "amount", told)
    stage.fine(Patch(chain=chain("lfo", "filter.cutoff"), amount=Quantity(-10, "oct")))


def cables(stage):
    return {f"{k.source} > {k.target}" + ("" if k.into == "in" else f".{k.into}") for k in stage.rack.cables}


# ---------------------------------------------------------------- modules


def test_the_suffix_module_and_an_alias_are_as_good_as_the_name(stage):
    assert stage.fine(load("bass_module")) == "load bass"
    assert stage.fine(load("acid")) == "load tb303"
    assert list(stage.rack.modules) == ["out", "bass", "tb303"]


def test_a_second_kick_is_kick2(stage):
    assert [stage.fine(load("kick")) for _ in range(3)] == ["load kick", "load kick as kick2", "load kick as kick3"]


def test_load_sets_what_it_is_given_and_checks_it(stage):
    assert stage.fine(load("kick", "boom", decay=500)) == "load kick as boom"
    assert stage.rack.modules["boom"].params == {"decay": 500.0}
    error = stage.refused(load("kick", "bang", decay=5))
    assert (error.code, error.part) == ("E_VALUE", "params.0.value") and "10..4000 ms" in error.message
    assert "bang" not in stage.rack.modules


def test_an_unknown_kind_is_refused_with_what_it_may_have_been(stage):
    error = stage.refused(load("kik"))
    assert (error.code, error.suggestions, error.part) == ("E_MODULE", ("kick",), "kind")


def test_a_taken_name_is_refused(stage):
    stage.fine(load("kick"))
    assert stage.refused(load("saw", "kick")).code == "E_EXISTS"
    assert stage.refused(load("out")).code == "E_EXISTS"
    assert stage.refused(Unload(name="out")).code == "E_VALUE"


def test_256_modules_are_the_limit():
    stage = Stage()
    stage.fine(*(load("kick") for _ in range(255)))
    assert stage.refused(load("kick")).code == "E_LIMIT"


def test_unload_takes_cables_and_lane_along_and_what_led_there_is_heard_again(stage):
    stage.fine(Patch(chain=chain("saw", "filter", "delay")), seq("filter", "x."))
    assert stage.fine(Unload(name="delay")).startswith("unload delay")
    assert cables(stage) == {"saw > filter", "filter > out"}
    assert stage.fine(Unload(name="filter")).startswith("unload filter")
    assert cables(stage) == {"saw > out"} and not stage.rack.lanes


def test_new_leaves_out_alone(stage):
    stage.fine(load("kick"), put("out.volume", -12), put("bpm", 174), New())
    assert list(stage.rack.modules) == ["out"] and stage.rack.bpm == 120 and not stage.rack.modules["out"].params


# ---------------------------------------------------------------- values


def test_set_tells_what_was(stage):
    stage.fine(load("bass"))
    assert stage.fine(put("bass.freq", 55)) == "set bass.freq 55 Hz (was 440 Hz)"
    assert stage.fine(put("bass.freq", Relative("*", 2))) == "set bass.freq 110 Hz (was 55 Hz)"
    assert stage.fine(put("bpm", 174)) == "bpm 174 (was 120)"
    assert stage.fine(put("volume", -12)) == "set out.volume -12 dB (was -6 dB)"


def test_several_changes_are_whole_or_nothing(stage):
    stage.fine(load("bass"))
    both = Set(changes=(Change("bass", "freq", Quantity(55)), Change("bass", "distortion", Quantity(3))))
    error = stage.refused(both)
    assert (error.code, error.part) == ("E_VALUE", "changes.1.value")
    assert stage.rack.modules["bass"].params == {}


@pytest.mark.parametrize(
    ("target", "value", "code", "part"),
    [
        ("bas.freq", 55, "E_NAME", "changes.0.module"),
        ("bass.frek", 55, "E_PARAM", "changes.0.param"),
        ("bass.freq", 5, "E_VALUE", "changes.0.value"),
        ("bass.freq", "loud", "E_VALUE", "changes.0.value"),
        ("bmp", 174, "E_PARAM", "changes.0.param"),
        ("bpm", 1740, "E_VALUE", "changes.0.value"),
        ("swing", 80, "E_VALUE", "changes.0.value"),
        ("seed", -1, "E_VALUE", "changes.0.value"),
        ("kick.voices", 8, "E_PARAM", "changes.0.param"),
        ("bass.voices", 65, "E_LIMIT", "changes.0.value"),
        ("bass.voices", 1.5, "E_VALUE", "changes.0.value"),
    ],
)
def test_a_wrong_word_is_named_by_its_place(stage, target, value, code, part):
    stage.fine(load("bass"), load("kick"))
    error = stage.refused(put(target, value))
    assert (error.code, error.part) == (code, part)


def test_the_example_of_the_interface(stage):
    stage.fine(load("bass"))
    error = stage.refused(put("bas.freq", 55))
    assert error.message == 'no module "bas" is loaded' and error.suggestions == ("bass",)
    error = stage.refused(put("acid.cutoff", 400))
    assert error.message == 'no module "acid" is loaded; `load tb303` makes one' and error.suggestions == ()


def test_words_of_an_enum_are_set_by_word(stage):
    stage.fine(load("filter"))
    assert stage.fine(put("filter.mode", "high")) == "set filter.mode high (was low)"


@pytest.mark.parametrize(
    "module, target, length, bpm",
    [
        ("delay", "delay.time", Quantity(1.0, "whole"), 20),
        ("delay", "delay.time", Quantity(1 / 1024, "whole"), 400),
        ("kick", "kick.decay", Quantity(2.0, "whole"), 50),
        ("kick", "kick.decay", Quantity(64, "beats"), 30),
        ("lfo", "lfo.rate", Quantity(1 / 64, "whole"), 400),
        ("lfo", "lfo.rate", Quantity(1024, "bars"), 20),
        ("adsr", "adsr.attack", Quantity(9999, "whole"), 20),
    ],
)
def test_a_musical_length_is_valid_at_every_tempo_and_stops_at_the_edge_of_the_range(module, target, length, bpm):
    typed_before, typed_after = Stage(), Stage()
    typed_before.fine(load(module), put(target, length), put("bpm", bpm))
    typed_after.fine(put("bpm", bpm), load(module), put(target, length))
    assert typed_before.rack == typed_after.rack
    param = CATALOGUE[module].param(target.partition(".")[2])
    for stage in (typed_before, typed_after):
        now = value(stage.rack, stage.rack.modules[module], param)
        assert now in (param.low, param.high) and stage.rack.modules[module].params[param.name] == length


def test_a_musical_length_is_told_with_what_it_comes_to(stage):
    stage.fine(load("delay"))
    assert stage.fine(put("delay.time", Quantity(0.25, "whole"))) == "set delay.time 1/4 (500 ms, was 300 ms)"
    assert stage.fine(put("delay.time", Quantity(2.5, "whole"))) == "set delay.time 5/2 (4000 ms, clamped, was 500 ms)"
    assert stage.fine(put("bpm", 300)) == "bpm 300 (was 120)"
    (shown,) = stage.say(Show(name="delay"))
    assert "time 5/2 (2000 ms, 1..4000 ms)" in shown.lines
    assert stage.fine(put("bpm", 60)) == "bpm 60 (was 300; clamped: delay.time 4000 ms)"
    assert stage.fine(put("bpm", 50)) == "bpm 50 (was 60)"
    (shown,) = stage.say(Show(name="delay"))
    assert "time 5/2 (4000 ms, clamped, 1..4000 ms)" in shown.lines
    stage.fine(Assert(target=Port("delay", "time"), test="==", value=Quantity(2.5, "whole")))


def test_a_length_of_nothing_and_one_for_what_is_no_time_are_refused_at_every_tempo(stage):
    stage.fine(load("delay"), load("lfo"), load("saw"))
    for bpm in (20, 120, 400):
        stage.fine(put("bpm", bpm))
        for target, length in (("delay.time", 0.0), ("delay.time", -0.25), ("lfo.rate", 0.0), ("volume", 0.25)):
            assert stage.refused(put(target, Quantity(length, "whole"))).code == "E_VALUE"


def test_a_musical_time_follows_the_tempo(stage):
    stage.fine(load("delay"), put("delay.time", Quantity(3 / 16, "whole")))
    stage.fine(put("bpm", 174))
    (change,) = stage.values(2)
    assert change.a == pytest.approx(3 / 16 * 4 * 60000 / 174)


def test_voices_are_for_poly_kinds(stage):
    stage.fine(load("bass", voices=8))
    assert stage.rack.modules["bass"].voices == 8
    assert stage.fine(put("bass.voices", 4)) == "set bass.voices 4 (was 8)"


def test_a_sweep_ends_at_its_goal(stage):
    stage.fine(load("filter"))
    sweep = Set(changes=(Change("filter", "cutoff", Sweep(Quantity(400), Quantity(2400))),), over=Length(2, "s"))
    assert stage.fine(sweep) == "set filter.cutoff 400 Hz..2400 Hz"
    (moved,) = stage.values(2)
    assert (moved.a, moved.b, moved.c, moved.flags, moved.frame) == (2400, 88200, 400, 1, 0)


# ---------------------------------------------------------------- cables


def test_what_is_loaded_is_heard_but_no_modulator(stage):
    stage.fine(load("saw"), load("lfo"), load("filter"))
    assert cables(stage) == {"saw > out", "filter > out"}


def test_patch_loads_known_kinds_and_moves_sounds_off_out(stage):
    assert stage.fine(Patch(chain=chain("tb303", "filter", "delay"))) == (
        "patch tb303 > filter > delay (loaded tb303, filter, delay)"
    )
    assert cables(stage) == {"tb303 > filter", "filter > delay", "delay > out"}


def test_a_cable_into_a_key_or_a_parameter_leaves_a_sound_on_out(stage):
    stage.fine(Patch(chain=chain("kick", "pump.key")), load("bass"), Patch(chain=chain("kick", "bass.freq")))
    assert "kick > out" in cables(stage)


def test_a_drone_into_a_parameter_leaves_out(stage):
    stage.fine(load("saw"), Patch(chain=chain("saw", "filter.cutoff")))
    assert cables(stage) == {"saw > filter.cutoff", "filter > out"}


def test_an_explicit_cable_to_out_stays(stage):
    stage.fine(load("kick"), Patch(chain=chain("kick", "out")), Patch(chain=chain("kick", "delay")))
    assert cables(stage) == {"kick > out", "kick > delay", "delay > out"}


def test_feedback_is_allowed_and_told(stage):
    stage.fine(Patch(chain=chain("kick", "filter", "delay")))
    assert stage.fine(Patch(chain=chain("delay", "filter"))) == "patch delay > filter (feedback: one block late)"


def test_unpatch_of_one_cable_is_heard_on_out_again(stage):
    stage.fine(Patch(chain=chain("kick", "delay")), Unpatch(chain=chain("kick", "delay")))
    assert cables(stage) == {"kick > out", "delay > out"}


def test_unpatch_from_out_and_unpatch_of_all_are_wishes_for_silence(stage):
    stage.fine(load("kick"), load("saw"), Unpatch(chain=chain("kick", "out")), Unpatch(chain=chain("saw")))
    assert cables(stage) == set()


@pytest.mark.parametrize(
    ("patched", "removed", "left", "told"),
    [
        (["saw > filter", "lfo > filter.cutoff"], "filter", {"saw > filter", "lfo > filter.cutoff"}, "filter > out"),
        (["saw > filter > delay"], "filter", {"saw > filter", "filter > out", "delay > out"}, "filter > delay; filter to out again"),
        (["kick > filter > delay", "delay > filter"], "delay", {"kick > filter", "filter > delay"}, "delay > out, delay > filter"),
        (["adsr.env > filter.cutoff", "adsr.env > saw.freq"], "adsr.env", {"filter > out", "saw > out", "adsr > out"},
         "adsr.env > filter.cutoff, adsr.env > saw.freq"),
        (["bass.pitch > filter.cutoff", "bass > filter"], "bass.pitch", {"bass > filter", "filter > out"}, "bass.pitch > filter.cutoff"),
        (["lfo > filter.cutoff", "lfo > saw.freq", "lfo > delay.time", "lfo > kick.decay"], "lfo",
         {"filter > out", "saw > out", "delay > out", "kick > out"},
         "lfo > filter.cutoff, lfo > saw.freq, lfo > delay.time and 1 more"),
        (["delay > delay.time", "kick > delay"], "delay", {"kick > delay"}, "delay > out, delay > delay.time"),
        (["kick > out.left", "saw > kick.freq"], "kick", {"saw > kick.freq"}, "kick > out.left"),
    ],
)  # fmt: skip
def test_unpatch_takes_all_that_leaves_and_none_that_comes_in(stage, patched, removed, left, told):
    for line in patched:
        stage.fine(Patch(chain=chain(*line.split(" > "))))
    assert stage.fine(Unpatch(chain=chain(removed))) == f"unpatch {removed} (took away {told})"
    assert cables(stage) == left


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ("filter", "no cable leaves filter; `unpatch saw > filter` takes away what comes in"),
        ("filter.cutoff", "no cable leaves filter.cutoff; `unpatch lfo > filter.cutoff` takes away what comes in"),
        ("out", "no cable leaves out; `unpatch delay > out` takes away what comes in"),
        ("delay.time", "no cable leaves delay.time"),
        ("filter.nonsense", 'filter has no output "nonsense"'),
    ],
)
def test_unpatch_of_what_nothing_leaves_is_refused_and_takes_nothing(stage, removed, message):
    stage.fine(load("delay"), Patch(chain=chain("saw", "filter")), Patch(chain=chain("lfo", "filter.cutoff")))
    stage.fine(Unpatch(chain=chain("filter", "out")))
    before = cables(stage)
    assert stage.refused(Unpatch(chain=chain(removed))).message == message
    assert cables(stage) == before


def test_ports_are_named_or_refused(stage):
    stage.fine(load("adsr"), load("saw"), load("filter"), load("lfo"))
    stage.fine(
        Patch(chain=chain("adsr.env", "filter.cutoff"), amount=Quantity(2, "oct")),
        Patch(chain=chain("saw", "out.left")),
    )
    assert Key("adsr", "env", "filter", "cutoff") in stage.rack.cables
    for port, part in [(chain("adsr.enf", "filter"), "chain.0.port"), (chain("lfo", "saw"), "chain.1.name"),
                       (chain("saw", "filter.cutof"), "chain.1.port")]:  # fmt: skip
        error = stage.refused(Patch(chain=port))
        assert (error.code, error.part) == ("E_PORT", part)
    assert stage.refused(Patch(chain=chain("saw", "nothing"))).code == "E_NAME"
    assert stage.refused(Unpatch(chain=chain("saw", "filter"))).code == "E_PORT"


@pytest.mark.parametrize("amount", [Quantity(2), Quantity(5, "ms"), Quantity(-150, "%")])
def test_an_amount_that_cannot_be_is_refused(stage, amount):
    stage.fine(load("filter"))
    error = stage.refused(Patch(chain=chain("lfo", "filter.cutoff"), amount=amount))
    assert (error.code, error.part) == ("E_VALUE", "amount")
    assert "lfo" not in stage.rack.modules


def test_an_output_inside_a_chain_is_where_it_goes_on_from(stage):
    stage.fine(Patch(chain=(Port("saw"), Port("adsr", "env"), Port("filter", "cutoff"))))
    assert {Key("saw", "out", "adsr", "in"), Key("adsr", "env", "filter", "cutoff")} <= stage.rack.cables.keys()


# ---------------------------------------------------------------- lanes


def test_a_lane_that_does_not_divide_into_bars_says_so(stage):
    stage.fine(load("tb303"), load("bass"))
    text = stage.fine(seq("tb303", "..x...x.x.x.....x"))
    assert text == (
        "sequence tb303: ..x...x.x.x.....x (17 steps, from bar 1); 17 steps: realigns after 17 bars (len=16 to clip)"
    )
    assert stage.fine(seq("bass", "x.x.x.x.")) == "sequence bass: x.x.x.x. (8 steps, from bar 1)"
    assert "realigns after 3 bars" in stage.fine(seq("bass", "x..x..x..x.x"))
    assert "realigns" not in stage.fine(seq("bass", "x." * 4, LaneOptions(every=(1, 8))))


def test_lanes_are_asked_for_by_name(stage):
    stage.fine(load("bass"))
    assert stage.refused(seq("bas", "x")).code == "E_NAME"
    assert stage.refused(Clear(name="bass")).part == "name"
    assert stage.refused(Mute(names=("bass",))).part == "names.0"
    assert stage.refused(seq("out", "x")).code == "E_VALUE"


def test_mute_and_solo_say_which(stage):
    stage.fine(load("bass"), load("kick"), seq("bass", "x"), seq("kick", "x"))
    stage.until(1000)
    assert stage.fine(Mute(names=("bass",))) == "mute bass (from bar 2)"
    assert stage.fine(Solo(names=("kick",), when=NOW)) == "solo kick"


def test_a_catalogue_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(ChronusError) as caught:
        Catalogue.load(tmp_path / "none.json")
    assert caught.value.code == "E_FILE"


def test_a_catalogue_is_read_as_it_was_written(tmp_path):
    import msgspec

    path = tmp_path / "catalogue.json"
    path.write_bytes(msgspec.json.encode(list(CATALOGUE.kinds.values())))
    assert Catalogue.load(path).kinds == CATALOGUE.kinds
