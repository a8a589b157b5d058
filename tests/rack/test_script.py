"""A rack as the commands that rebuild it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.commands import Clear, Gate, Mute, Patch, Quantity, Relative, Solo, Submission, Unload, Unmute, Unpatch
from chronus.language import parser
from chronus.pattern.lane import LaneOptions
from chronus.rack.document import replace
from chronus.rack.script import script
from tests.kit.stage import CATALOGUE, Stage, chain, load, put, seq

NAMES = ["kick", "bass", "saw", "filter", "delay", "lfo", "adsr", "noise", "kick2"]
NAME = st.sampled_from(NAMES)
PORT = st.sampled_from(
    ["filter", "delay", "out", "bass.freq", "filter.cutoff", "pump.key", "adsr", "adsr.gate", "out.left"]
)
COMMANDS = st.one_of(
    st.sampled_from(["kick", "bass", "saw", "filter", "delay", "lfo", "adsr", "pump", "noise"]).map(load),
    NAME.map(lambda name: Unload(name=name)),
    st.tuples(NAME, PORT).map(lambda pair: Patch(chain=chain(*pair))),
    st.tuples(NAME, PORT).map(lambda pair: Patch(chain=chain(*pair), amount=Quantity(0.25))),
    st.tuples(NAME, PORT).map(lambda pair: Unpatch(chain=chain(*pair))),
    NAME.map(lambda name: Unpatch(chain=chain(name))),
    st.tuples(NAME, st.floats(20, 20000)).map(lambda pair: put(f"{pair[0]}.freq", pair[1])),
    st.tuples(NAME, st.integers(1, 64)).map(lambda pair: put(f"{pair[0]}.voices", pair[1])),
    st.sampled_from([Quantity(3 / 16, "whole"), Quantity(1, "beats"), Quantity(120, "ms")]).map(
        lambda time: put("delay.time", time)
    ),
    st.sampled_from(["low", "high"]).map(lambda mode: put("filter.mode", mode)),
    st.floats(20, 400).map(lambda bpm: put("bpm", round(bpm, 3))),
    st.sampled_from(
        [
            put("swing", 57),
            put("seed", 3),
            put("key", "a minor"),
            put("volume", -12),
            put("volume", Relative("+", 1, "dB")),
        ]
    ),
    st.tuples(NAME, st.text("x.Xo", min_size=1, max_size=17)).map(lambda pair: seq(*pair)),
    st.tuples(
        NAME, st.sampled_from([LaneOptions(every=(1, 8), gate=0.9), LaneOptions(swing=60.0, shift=-1, velocity=0.7)])
    ).map(lambda pair: seq(pair[0], "x..x", pair[1])),
    NAME.map(lambda name: Clear(name=name)),
    NAME.map(lambda name: Mute(names=(name,))),
    NAME.map(lambda name: Solo(names=(name,))),
    st.just(Unmute()),
    st.tuples(NAME, st.booleans()).map(lambda pair: Gate(name=pair[0], on=pair[1])),
)
ALL = [load(kind) for kind in ("kick", "bass", "saw", "filter", "delay", "lfo", "adsr", "noise", "kick", "pump")]
RACKS = st.tuples(st.permutations(ALL), st.integers(0, 10), st.lists(COMMANDS, max_size=30)).map(
    lambda parts: [*parts[0][: parts[1]], *parts[2]]
)


def read(lines):
    statements = [parser.statements(line)[0] for line in lines]
    return tuple(parser.parse(statement).command for statement in statements)


def plain(rack):
    """Without what is not saved: how many lanes were ever typed, and whether it was a note or a gate that addressed a module."""
    drones = {kind for kind, spec in CATALOGUE.kinds.items() if spec.drone}
    modules = {
        name: replace(
            module, sequenced=False, played=False, hushed=False, params=dict(sorted(module.params.items()))
        ) for name, module in rack.modules.items()
    }  # fmt: skip
    silent = {
        name for name, module in rack.modules.items() if module.kind in drones and (module.addressed or module.hushed)
    }
    lanes = {name: replace(lane, take=0) for name, lane in rack.lanes.items()}
    return replace(rack, modules=modules, lanes=lanes, takes=0), list(rack.modules), silent


@settings(max_examples=150, deadline=None)
@given(RACKS)
def test_a_script_rebuilds_the_rack(commands):
    stage = Stage()
    stage.say(*commands)
    lines = script(stage.rack, CATALOGUE)
    again = Stage()
    spoken = read(lines)
    t = again.conductor.perform(Submission(tuple(range(len(spoken))), lines, spoken))
    assert [(line, o.error.message) for line, o in zip(lines, t.outcomes, strict=True) if o.error] == []
    assert plain(t.after) == plain(stage.rack)
    assert script(t.after, CATALOGUE) == lines


def test_a_script_reads_as_it_would_be_typed():
    stage = Stage()
    stage.fine(
        put("bpm", 174), load("kick", "boom", decay=500), Patch(chain=chain("saw", "filter", "delay")),
        Patch(chain=chain("lfo", "filter.cutoff"), amount=Quantity(2, "oct")), put("delay.time", Quantity(3 / 16, "whole")),
        seq("boom", "X...x...", LaneOptions(swing=58.0)), seq("saw", "x."), Mute(names=("saw",)),
    )  # fmt: skip
    assert script(stage.rack, CATALOGUE) == (
        "bpm 174",
        "load kick as boom",
        "set boom.decay 500 ms",
        "load saw",
        "load filter",
        "load delay",
        "set delay.time 3/16",
        "load lfo",
        "patch filter > delay",
        "patch lfo > filter.cutoff 2 oct",
        "patch saw > filter",
        "sequence boom: X...x... swing=58",
        "sequence saw: x.",
        "mute saw",
    )
