from __future__ import annotations

import typing
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus import commands as c
from chronus.language.canonical import canonical
from chronus.language.notation import read_lane
from chronus.language.parser import Statement, parse, statements
from chronus.language.rows.written import format_value
from chronus.rack.document import RESERVED

names = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True).filter(lambda name: name not in RESERVED)
keywords = st.sampled_from(
    ["as", "on", "off", "bar", "bars", "next", "loop", "set", "vel", "len", "a1", "eb3", "minor", "k"]
)
names = names | keywords
printed = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters='"'), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1000, 1000).map(float)
positive = st.floats(0, c.LONGEST, exclude_min=True) | st.integers(1, 9999).map(float)
seconds = st.floats(0, c.LONGEST_NOTE, exclude_min=True)
shares = st.builds(lambda over, under: over / under, st.integers(1, 9999), st.integers(1, 1024))
plain = st.builds(
    c.Quantity, numbers, st.sampled_from(["", "Hz", "ms", "s", "dB", "ct", "st", "oct", "%", "Q", "bars", "beats"])
)
plain = plain | st.builds(c.Quantity, shares, st.just("whole"))
notes = st.builds(c.Quantity, st.integers(0, 127).map(float), st.just("note"))
quantities = plain | notes
words = st.builds(c.Word, names | printed)
relatives = st.builds(
    c.Relative, st.sampled_from("+-*/"), numbers.map(abs), st.sampled_from(["", "Hz", "dB", "%", "st"])
)
sweeps = st.builds(c.Sweep, quantities, quantities).filter(
    lambda sweep: sweep.start.unit or not sweep.stop.unit or sweep.stop.unit == "note"
)
lengths = st.builds(c.Length, positive, st.sampled_from(["bars", "beats", "s", "ms"]))
whens = (
    st.just(c.When("now"))
    | st.builds(c.When, st.just("next"), st.just(1), st.sampled_from(["bar", "beat"]))
    | st.builds(c.When, st.sampled_from(["every", "in"]), st.integers(1, 9999), st.sampled_from(["bar", "beat"]))
    | st.builds(c.When, st.just("bar"), st.integers(1, 10**9))
)
ports = st.builds(c.Port, names, st.just("") | names)
keys = st.builds(
    c.Change, st.just(""), st.just("key"), st.sampled_from(["a minor", "c# dorian", "eb major"]).map(c.Word)
)
changes = st.builds(c.Change, st.just("") | names, names, quantities | words | relatives) | keys
moving = changes | st.builds(c.Change, names, names, sweeps)
files = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", fullmatch=True)
given_names = names.filter(lambda name: name != "as")
params = st.lists(
    st.builds(c.Change, st.just(""), given_names, quantities | words), max_size=3, unique_by=lambda each: each.param
)
chains = st.lists(ports, min_size=2, max_size=4).map(tuple)
several = st.lists(names, min_size=1, max_size=3).map(tuple)
options = st.builds(
    c.LaneOptions,
    every=st.fractions(Fraction(1, 128), 4, max_denominator=384).map(Fraction.as_integer_ratio),
    gate=st.floats(0.01, 1),
    velocity=st.floats(0, 2, allow_subnormal=False).filter(lambda x: x == 0 or x > 1e-9),
    swing=st.none() | st.floats(50, 75),
    shift=st.integers(-4096, 4096),
)
bodies = st.lists(
    st.sampled_from(["x", "X", "o", ".", "5.", "x_", "x@3 ", "x^", " ", "|"]), min_size=1, max_size=20
).map("".join)
bodies = bodies.filter(lambda body: body.strip(" |.5") != "") | st.lists(
    st.sampled_from(["a1", "c#2^", "eb3~", ".", "_", "|", "a2:m7", "a1@4"]), max_size=12
).map(lambda tokens: " ".join(["a1", *tokens]))


@st.composite
def sequences(draw: st.DrawFn) -> c.Sequence:
    options_ = draw(options)
    lane = read_lane(draw(bodies) + draw(st.sampled_from(["", " len=5"])), 1)
    held = read_lane(f"{lane.text} gate={options_.gate!r}", 1)
    return c.Sequence(name=draw(names), text=lane.text, pattern=held.pattern, options=options_)


@st.composite
def patches(draw: st.DrawFn) -> c.Patch:
    return c.Patch(chain=draw(chains), amount=draw(st.none() | plain))


def spoken(words_: str) -> c.Command:
    return parse(Statement(f"say {words_}")).command


paths = st.from_regex(r"[A-Za-z_]{1,8}/[A-Za-z ]{1,8}\.chronus", fullmatch=True)
kinds = names | paths | printed.filter(bool) | st.sampled_from(["303", "bass_module"])
scene_names = names.filter(lambda name: name not in ("bypass", "key"))
scene_parts = st.builds(
    c.ScenePart, st.builds(c.Change, names, names, quantities | words | relatives) | keys, st.none() | lengths
) | st.builds(c.ScenePart, st.builds(c.Change, names, names, sweeps), lengths)
scene_items = st.lists(scene_names, min_size=1, max_size=3).map(lambda found: {"lanes": tuple(found)})
ids = st.integers(0, 10**9)
EACH: dict[type[c.Command], st.SearchStrategy[c.Command]] = {
    c.Load: st.builds(c.Load, kind=kinds, name=st.just("") | names, params=params.map(tuple)),
    c.Insert: st.builds(c.Insert, kind=kinds, on=names, name=st.just("") | names, params=params.map(tuple)),
    c.Patch: patches(),
    c.Unpatch: st.builds(c.Unpatch, chain=chains | st.tuples(ports)),
    c.Set: st.builds(c.Set, changes=st.lists(changes, min_size=1, max_size=3).map(tuple), over=st.none() | lengths)
    | st.builds(c.Set, changes=st.lists(moving, min_size=1, max_size=3).map(tuple), over=lengths),
    c.Sequence: sequences(),
    c.Vary: st.builds(c.Vary, name=names, amount=st.floats(0, 1), seed=st.integers(0, 999_999_999)),
    c.Answer: st.builds(c.Answer, name=names, seed=st.integers(0, 999_999_999)),
    c.Scene: st.builds(c.Scene, name=names)
    | st.builds(
        lambda name, parts, lanes: c.Scene(name=name, defines=True, parts=tuple(parts), **lanes),
        names,
        st.lists(scene_parts, max_size=3),
        scene_items | st.sampled_from([{}, {"everything": True}]),
    ),
    c.Song: st.builds(c.Song, turn=st.sampled_from(["", "stop", "loop on", "loop off"]))
    | st.builds(
        c.Song,
        sections=st.lists(st.tuples(names, st.integers(1, 9999)), min_size=1, max_size=4).map(tuple),
        loop=st.booleans(),
    ),
    c.Goto: st.builds(c.Goto, bar=st.integers(1, 10**9)) | st.builds(c.Goto, scene=names),
    c.Fill: st.builds(c.Fill, on=st.booleans()),
    c.Every: st.builds(c.Every, bars=st.integers(0, 9999)),
    c.Unmute: st.builds(c.Unmute, names=several | st.just(())),
    c.Unsolo: st.builds(c.Unsolo, names=several | st.just(())),
    c.Gate: st.builds(c.Gate, name=names, on=st.booleans()),
    c.Note: st.builds(
        c.Note,
        name=names,
        pitch=st.floats(0, 127) | st.integers(0, 127).map(float),
        velocity=st.floats(0, 1),
        length=shares,
    )
    | st.builds(c.Note, name=names, pitch=st.just(60.0), length=seconds, length_unit=st.just("s")),
    c.Arp: st.builds(
        c.Arp,
        name=names,
        order=st.sampled_from(["up", "down", "updown", "order", "played", "random", "chord"]),
        oct=st.integers(1, 4),
        rate=st.sampled_from([(1, 16), (1, 8), (1, 12), (1, 128), (3, 16), (4, 1)]),
        latch=st.booleans(),
    )
    | st.builds(c.Arp, name=names, order=st.just("off")),
    c.Save: st.builds(c.Save, name=files),
    c.Open: st.builds(c.Open, name=files),
    c.Export: st.builds(c.Export, name=files, bars=st.integers(1, 999)),
    c.Record: st.builds(
        c.Record, name=st.just("") | files | st.sampled_from(["stop", "Stop", "Stems"]), stems=st.booleans()
    )
    | st.just(c.Record(stop=True)),
    c.Keep: st.builds(
        c.Keep,
        name=st.just("") | files | st.just("stems"),
        stems=st.booleans(),
        length=st.builds(c.Length, st.integers(1, 9999).map(float), st.just("bars"))
        | st.builds(c.Length, seconds, st.sampled_from(["s", "ms"])),
    ),
    c.Import: st.builds(
        c.Import,
        name=files | st.sampled_from(["~/loops/a.mid", "my loops/b.mid"]),
        parts=st.dictionaries(
            names.filter(lambda name: name not in ("as", "bars", "tempo")),
            st.sampled_from(["36", "ch2", "track1", "c2"]),
            max_size=3,
        ).map(lambda found: tuple(found.items())),
        bars=st.integers(0, 999),
        tempo=st.booleans(),
    ),
    c.Undo: st.builds(c.Undo, steps=st.integers(1, 9999)) | st.builds(c.Undo, to=ids) | st.builds(c.Undo, ago=lengths),
    c.History: st.builds(
        c.History, most=st.integers(1, 9999), author=st.just("") | names | st.sampled_from(["An A", "3rd", "in", "at"])
    ),
    c.Diff: st.just(c.Diff()) | st.builds(c.Diff, first=ids) | st.builds(c.Diff, first=ids, second=ids),
    c.Claim: st.just(c.Claim()) | st.builds(c.Claim, name=names, bars=st.integers(0, 9999)),
    c.Release: st.builds(c.Release, name=st.just("") | names),
    c.Redo: st.builds(c.Redo, steps=st.integers(1, 9999)),
    c.List: st.builds(c.List, what=st.sampled_from(["", "modules", "lanes", "patches", "scenes", "devices"]))
    | st.builds(c.List, what=st.just("patterns"), genre=st.sampled_from(["", "dnb", "dnb.two_step"])),
    c.Show: st.builds(
        c.Show,
        name=st.just("") | names.filter(lambda name: name not in ("patch", "lanes", "song", "script")),
        loop=st.none() | st.integers(0, 10**9),
    )
    | st.just(c.Show(what="lanes"))
    | st.builds(c.Show, what=st.just("scene"), name=names)
    | st.just(c.Show(what="song"))
    | st.just(c.Show(what="script")),
    c.Status: st.just(c.Status()),
    c.Meters: st.builds(c.Meters, names=several | st.just(())),
    c.Scope: st.builds(c.Scope, name=names, length=st.none() | lengths),
    c.Spectrum: st.builds(c.Spectrum, name=names, file=st.just("") | files),
    c.Why: st.builds(c.Why, name=st.just("") | names),
    c.Hear: st.builds(
        c.Hear,
        name=names.filter(lambda name: name != "vs"),
        length=st.none() | lengths,
        versus=st.just("") | names.filter(lambda name: name != "vs") | st.integers(0, 10**9).map(str),
    )
    | st.builds(c.Hear, keep=names, file=st.sampled_from(["", "a.wav", "../My Songs/a.flac"])),
    c.Glyphs: st.builds(c.Glyphs, kind=st.sampled_from(["", "ascii", "block", "braille"])),
    c.Clear: st.builds(c.Clear, name=names.filter(lambda name: name != "song"))
    | st.builds(c.Clear, what=st.just("scene"), name=names)
    | st.just(c.Clear(what="song")),
    c.Describe: st.builds(c.Describe, kind=names.filter(lambda kind: not kind.endswith("_module"))),
    c.Help: st.builds(c.Help, word=st.just("") | names | st.sampled_from(["c#2", "e_value", "bass.freq"])),
    c.Tutorial: st.builds(c.Tutorial, off=st.booleans()),
    c.Keys: st.builds(c.Keys, mode=st.sampled_from(["", "vi", "emacs"])),
    c.Wait: st.builds(c.Wait, length=lengths) | st.builds(c.Wait, until_bar=st.integers(1, 10**9)),
    c.Assert: st.builds(
        c.Assert, target=ports, test=st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), value=quantities | words
    ),
    c.Crash: st.builds(c.Crash, what=st.sampled_from(["active", "standby", "both", "host", "control"])),
    c.Say: st.sampled_from(["a kick", "hard techno; and hats", "Drop some DnB  kick...", "let's have a 303!"]).map(
        spoken
    ),
}


BY_FIELD = {"name": names, "names": several, "on": st.booleans(), "steps": st.integers(-4096, 4096)}


def simple(kind: type[c.Command]) -> st.SearchStrategy[c.Command]:
    """A command with nothing but a name, or names, on or off, or nothing at all."""
    own = [field for field in kind.__struct_fields__ if field not in c.Command.__struct_fields__]
    return st.builds(kind, **{field: BY_FIELD[field] for field in own})


EACH |= {kind: simple(kind) for kind in typing.get_args(c.AnyCommand) if kind not in EACH}


@pytest.mark.parametrize("kind", EACH, ids=lambda kind: kind.__name__)
def test_the_canonical_text_of_a_command_is_that_command(kind: type[c.Command]) -> None:
    @settings(deadline=None, max_examples=150)
    @given(EACH[kind], st.none() | whens, st.none() | lengths)
    def check(command: c.Command, when: c.When | None, lasts: c.Length | None) -> None:
        if not isinstance(command, c.Say):
            command = msgspec.structs.replace(command, when=when)
        if command.may_last:
            command = msgspec.structs.replace(command, lasts=lasts)
        text = canonical(command)
        parsed = parse(Statement(text))
        assert parsed.command == command
        assert parsed.text == text
        assert [statement.text for statement in statements(text)] == [text]

    check()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (c.Quantity(55.0), "55"),
        (c.Quantity(0.7), "0.7"),
        (c.Quantity(1200.0, "Hz"), "1200 Hz"),
        (c.Quantity(-6.0, "dB"), "-6 dB"),
        (c.Quantity(80.0, "%"), "80%"),
        (c.Quantity(33.0, "note"), "a1"),
        (c.Quantity(0.1875, "whole"), "3/16"),
        (c.Quantity(1e300), "1e+300"),
        (c.Quantity(-0.0), "0"),
        (c.Relative("-", 3.0, "dB"), "-=3 dB"),
        (c.Relative("*", 0.5), "*0.5"),
        (c.Word("saw"), "saw"),
        (c.Word("a1"), '"a1"'),
        (c.Word("now"), '"now"'),
        (c.Sweep(c.Quantity(400.0), c.Quantity(2400.0)), "400..2400"),
    ],
)
def test_values_are_written_as_short_as_they_can_be_read(value: c.Value, text: str) -> None:
    assert format_value(value) == text
