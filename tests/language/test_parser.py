from __future__ import annotations

import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus import commands as c
from chronus.commands import Change, Length, Port, Quantity, Relative, Sweep, When, Word
from chronus.errors import ChronusError
from chronus.language import grammar, rows, syntax
from chronus.language.parser import Statement, parse, statements
from tests.kit.machine import seconds_of

BAR = When("next", 1, "bar")


def set_(module: str, param: str, value: c.Value, **times: object) -> c.Set:
    return c.Set(changes=(Change(module, param, value),), **times)  # type: ignore[arg-type]


def lane(text: str, **fields: object) -> c.Sequence:
    command = parse(Statement(f"seq a: {text}")).command
    assert isinstance(command, c.Sequence)
    return c.Sequence(**({"name": "a", "text": text, "pattern": command.pattern} | fields))  # type: ignore[arg-type]


LINES: list[tuple[str, c.Command, str]] = [
    ("load bass_module", c.Load(kind="bass"), "load bass"),
    ("LOAD Kick AS K2", c.Load(kind="kick", name="k2"), "load kick as k2"),
    ("load 303", c.Load(kind="303"), "load 303"),
    ("load reese as growl detune=25ct wave = Saw",
     c.Load(kind="reese", name="growl",
            params=(Change("", "detune", Quantity(25, "ct")), Change("", "wave", Word("saw")))),
     "load reese as growl detune=25 ct wave=saw"),
    ("load x decay=5 s=1", c.Load(kind="x", params=(Change("", "decay", Quantity(5)), Change("", "s", Quantity(1)))),
     "load x decay=5 s=1"),
    ("load patches/Growl.chronus as g", c.Load(kind="patches/Growl.chronus", name="g"),
     "load patches/Growl.chronus as g"),
    ('load "My Growl.chronus"', c.Load(kind="My Growl.chronus"), 'load "My Growl.chronus"'),
    ("unload kick at next bar", c.Unload(name="kick", when=BAR), "unload kick at next bar"),
    ("patch tb303 > filter > delay", c.Patch(chain=(Port("tb303"), Port("filter"), Port("delay"))),
     "patch tb303 > filter > delay"),
    ("patch lfo>filter.cutoff -0.5oct",
     c.Patch(chain=(Port("lfo"), Port("filter", "cutoff")), amount=Quantity(-0.5, "oct")),
     "patch lfo > filter.cutoff -0.5 oct"),
    ("unpatch a > b.key", c.Unpatch(chain=(Port("a"), Port("b", "key"))), "unpatch a > b.key"),
    ("unpatch a", c.Unpatch(chain=(Port("a"),)), "unpatch a"),
    ("set bass.freq 55", set_("bass", "freq", Quantity(55)), "set bass.freq 55"),
    ("set bass.freq 55hz", set_("bass", "freq", Quantity(55, "Hz")), "set bass.freq 55 Hz"),
    ("set bass.freq 55 Hz", set_("bass", "freq", Quantity(55, "Hz")), "set bass.freq 55 Hz"),
    ("set f.cutoff 1.2k", set_("f", "cutoff", Quantity(1200)), "set f.cutoff 1200"),
    ("set f.cutoff 1.2khz", set_("f", "cutoff", Quantity(1200, "Hz")), "set f.cutoff 1200 Hz"),
    ("set f.mix 80%", set_("f", "mix", Quantity(80, "%")), "set f.mix 80%"),
    ("set f.mix .5", set_("f", "mix", Quantity(0.5)), "set f.mix 0.5"),
    ("set volume -6db", set_("", "volume", Quantity(-6, "dB")), "set volume -6 dB"),
    ("set f.t 120ms", set_("f", "t", Quantity(120, "ms")), "set f.t 120 ms"),
    ("set f.t 0.5s", set_("f", "t", Quantity(0.5, "s")), "set f.t 0.5 s"),
    ("set f.t 3/16", set_("f", "t", Quantity(3 / 16, "whole")), "set f.t 3/16"),
    ("set f.t 1/8d", set_("f", "t", Quantity(3 / 16, "whole")), "set f.t 3/16"),
    ("set f.t 1/8t", set_("f", "t", Quantity(1 / 12, "whole")), "set f.t 1/12"),
    ("set bass.freq a1", set_("bass", "freq", Quantity(33, "note")), "set bass.freq a1"),
    ("set bass.freq Eb3", set_("bass", "freq", Quantity(51, "note")), "set bass.freq d#3"),
    ("set bass.freq c#2 # low", set_("bass", "freq", Quantity(37, "note")), "set bass.freq c#2"),
    ("set a.wave Saw", set_("a", "wave", Word("saw")), "set a.wave saw"),
    ("set a.bypass on", set_("a", "bypass", Word("on")), "set a.bypass on"),
    ('set a.file "My Loop.wav"', set_("a", "file", Word("My Loop.wav")), 'set a.file "My Loop.wav"'),
    ("set key A minor", set_("", "key", Word("a minor")), "set key a minor"),
    ("set key c# phrygian", set_("", "key", Word("c# phrygian")), "set key c# phrygian"),
    ("set a.b +10%", set_("a", "b", Relative("+", 10, "%")), "set a.b +10%"),
    ("set a.b *0.5", set_("a", "b", Relative("*", 0.5)), "set a.b *0.5"),
    ("set a.b /2", set_("a", "b", Relative("/", 2)), "set a.b /2"),
    ("set a.b +2st", set_("a", "b", Relative("+", 2, "st")), "set a.b +2 st"),
    ("set a.b -3db", set_("a", "b", Quantity(-3, "dB")), "set a.b -3 dB"),
    ("set a.b -= 3 db", set_("a", "b", Relative("-", 3, "dB")), "set a.b -=3 dB"),
    ("set a.b += 3", set_("a", "b", Relative("+", 3)), "set a.b +3"),
    ("set a.b 1, c.d saw , e.f 2ms now",
     c.Set(changes=(Change("a", "b", Quantity(1)), Change("c", "d", Word("saw")), Change("e", "f", Quantity(2, "ms"))),
           when=When("now")),
     "set a.b 1, c.d saw, e.f 2 ms now"),
    ("set a.b 400..2400 over 8 bars", set_("a", "b", Sweep(Quantity(400), Quantity(2400)), over=Length(8, "bars")),
     "set a.b 400..2400 over 8 bars"),
    ("set a.b 0.4..2.4khz over 500ms at 8 bars",
     set_("a", "b", Sweep(Quantity(0.4, "Hz"), Quantity(2400, "Hz")), over=Length(500, "ms"), when=When("every", 8)),
     "set a.b 0.4 Hz..2400 Hz over 500 ms at 8 bars"),
    ("set a.b a1..a2 at next beat over 1 beat",
     set_("a", "b", Sweep(Quantity(33, "note"), Quantity(45, "note")),
          over=Length(1, "beats"), when=When("next", 1, "beat")),
     "set a.b a1..a2 over 1 beat at next beat"),
    ("bpm 174", set_("", "bpm", Quantity(174)), "set bpm 174"),
    ("bpm +3%", set_("", "bpm", Relative("+", 3, "%")), "set bpm +3%"),
    ("bpm 120..140 over 4 bars", set_("", "bpm", Sweep(Quantity(120), Quantity(140)), over=Length(4, "bars")),
     "set bpm 120..140 over 4 bars"),
    ("swing 56%", set_("", "swing", Quantity(56, "%")), "set swing 56%"),
    ("sequence a: x.x.x.x.", lane("x.x.x.x."), "sequence a: x.x.x.x."),
    ("seq A:X...", lane("X..."), "sequence a: X..."),
    ("seq a: x.x. at next bar", lane("x.x.", when=BAR), "sequence a: x.x. at next bar"),
    ("seq a: x.x. NOW", lane("x.x.", when=When("now")), "sequence a: x.x. now"),
    ("seq a: x.x. gate=60% every=1/8 at 4 bars",
     lane("x.x.", options=c.LaneOptions((1, 8), 0.6), when=When("every", 4)),
     "sequence a: x.x. every=1/8 gate=0.6 at 4 bars"),
    ("seq a: x..x len=3 swing=58", lane("x..x len=3", options=c.LaneOptions(swing=58)),
     "sequence a: x..x len=3 swing=58"),
    ("seq a: a1 c#2^ . at 2 beats # c#3", lane("a1 c#2^ .", when=When("every", 2, "beat")),
     "sequence a: a1 c#2^ . at 2 beats"),
    ("clear kick", c.Clear(name="kick"), "clear kick"),
    ("mute kick, snare hat", c.Mute(names=("kick", "snare", "hat")), "mute kick snare hat"),
    ("unmute", c.Unmute(), "unmute"),
    ("unmute kick at next bar", c.Unmute(names=("kick",), when=BAR), "unmute kick at next bar"),
    ("solo kick", c.Solo(names=("kick",)), "solo kick"),
    ("mute kick in 4 bars", c.Mute(names=("kick",), when=When("in", 4)), "mute kick in 4 bars"),
    ("mute kick at bar 17", c.Mute(names=("kick",), when=When("bar", 17)), "mute kick at bar 17"),
    ("stop at next 4 bars", c.Stop(when=When("every", 4)), "stop at 4 bars"),
    ("play at next 2 beats", c.Play(when=When("every", 2, "beat")), "play at 2 beats"),
    ("undo in 3 beats", c.Undo(when=When("in", 3, "beat")), "undo in 3 beats"),
    ("solo kick for 4 bars at next bar", c.Solo(names=("kick",), lasts=Length(4, "bars"), when=BAR),
     "solo kick for 4 bars at next bar"),
    ("seq a: x.x. for 500ms at bar 17", lane("x.x.", lasts=Length(500, "ms"), when=When("bar", 17)),
     "sequence a: x.x. for 500 ms at bar 17"),
    ("set in.freq 5 in 1 bar", set_("in", "freq", Quantity(5), when=When("in", 1)), "set in.freq 5 in 1 bar"),
    ("mute in, for in 2 bars", c.Mute(names=("in", "for"), when=When("in", 2)), "mute in for in 2 bars"),
    ("set key a for 2 bars", set_("", "key", Word("a"), lasts=Length(2, "bars")), "set key a for 2 bars"),
    ("stop at now", c.Stop(when=When("now")), "stop now"),
    ("unsolo now", c.Unsolo(when=When("now")), "unsolo now"),
    ("gate bass on", c.Gate(name="bass", on=True), "gate bass on"),
    ("gate on off", c.Gate(name="on", on=False), "gate on off"),
    ("note bass a1", c.Note(name="bass", pitch=33), "note bass a1 vel=0.8 len=1/8"),
    ("note bass 33.5 len=200ms vel=50%", c.Note(name="bass", pitch=33.5, velocity=0.5, length=0.2, length_unit="s"),
     "note bass 33.5 vel=0.5 len=0.2 s"),
    ("note bass 55hz len=1 bar", c.Note(name="bass", pitch=33, length=1), "note bass a1 vel=0.8 len=1/1"),
    ("play", c.Play(), "play"),
    ("stop at next bar", c.Stop(when=BAR), "stop at next bar"),
    ("panic", c.Panic(), "panic"),
    ("save My.Set-1", c.Save(name="My.Set-1"), "save My.Set-1"),
    ('open "My_Set"', c.Open(name="My_Set"), "open My_Set"),
    ("new", c.New(), "new"),
    ("undo", c.Undo(), "undo"),
    ("redo 3", c.Redo(steps=3), "redo 3"),
    ("list", c.List(), "list"),
    ("list Lanes", c.List(what="lanes"), "list lanes"),
    ("show", c.Show(), "show"),
    ("show patch", c.Show(what="patch"), "show patch"),
    ("show patch --svg My.Rack", c.Show(what="patch", form="svg", file="My.Rack"), "show patch --svg My.Rack"),
    ('show patch --dot "at"', c.Show(what="patch", form="dot", file="at"), 'show patch --dot "at"'),
    ("show patch2", c.Show(name="patch2"), "show patch2"),
    ("show kick loop 3", c.Show(name="kick", loop=3), "show kick loop 3"),
    ("show loop", c.Show(name="loop"), "show loop"),
    ("describe bass_module", c.Describe(kind="bass"), "describe bass"),
    ("help", c.Help(), "help"),
    ("help E_VALUE", c.Help(word="e_value"), "help e_value"),
    ("status", c.Status(), "status"),
    ("wait 4 bars", c.Wait(length=Length(4, "bars")), "wait 4 bars"),
    ("wait 2s", c.Wait(length=Length(2, "s")), "wait 2 s"),
    ("wait until bar 17", c.Wait(until_bar=17), "wait until bar 17"),
    ("sync", c.Sync(), "sync"),
    ("assert bass.freq == 55", c.Assert(target=Port("bass", "freq"), test="==", value=Quantity(55)),
     "assert bass.freq == 55"),
    ("assert bpm>=120", c.Assert(target=Port("bpm"), test=">=", value=Quantity(120)), "assert bpm >= 120"),
    ("assert a.wave != saw", c.Assert(target=Port("a", "wave"), test="!=", value=Word("saw")), "assert a.wave != saw"),
    ("crash active", c.Crash(what="active"), "crash active"),
    ("quit", c.Quit(), "quit"),
    ("\tset \\\n  bass.freq \\\n 55", set_("bass", "freq", Quantity(55)), "set bass.freq 55"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "command", "text"), LINES, ids=[line for line, _, _ in LINES])
def test_a_line_is_a_command_and_its_canonical_text_is_the_same_one(line: str, command: c.Command, text: str) -> None:
    (statement,) = statements(line)
    parsed = parse(statement)
    assert parsed.command == command
    assert parsed.text == text
    assert parse(Statement(text)).command == command


NOTATION = [
    "load bass_module", "set bass.freq 55", "set bass.distortion 0.7", "sequence bass: x.x.x.x.x.x.x.x.",
    "load tb303_module", "patch tb303 > filter > delay",
    "sequence tb303: ..x...x.x.x.....x                 # 17 steps, legal",
    "seq kick: x... x... x... x...                     # four to the floor",
    "seq kick: X.........x..... | X..o......x..x..     # DnB two-step, two bars",
    "seq ride: 9.5.7.5.9.5.7.5.                        # velocities",
    "seq tb303: a1 a1^ . a2~ a1 . c2^ a1 | a1 . g1 a1^ . e2~ d2 . gate=60%",
    "seq reese: e1@8 . . . . g1@2 d1@2 gate=100%",
    "seq poly: x..x..x.x..x len=12                     # 12 against 16",
    "load reese as growl detune=25ct", "set tb303.cutoff 400..2400 over 8 bars",
]  # fmt: skip


@pytest.mark.parametrize("line", NOTATION)
def test_the_examples_of_the_notation_are_read(line: str) -> None:
    (statement,) = statements(line)
    parse(statement)


WRONG: list[tuple[str, str, int, str, str]] = [
    # line, code, column, piece of the message, a suggestion ("" for none)
    ("lod kick", "E_COMMAND", 1, 'there is no command "lod"', "load"),
    ("sett bass.freq 5", "E_COMMAND", 1, 'there is no command "sett"', "set"),
    ("exit", "E_COMMAND", 1, 'there is no command "exit"', "quit"),
    ("volume -3db", "E_COMMAND", 1, 'there is no command "volume"', "set volume"),
    ("kick: x...", "E_COMMAND", 1, 'there is no command "kick"', "sequence kick"),
    ("bass.freq 55", "E_COMMAND", 1, 'there is no command "bass.freq"', "set bass"),
    ("saw > filter", "E_COMMAND", 1, 'there is no command "saw"', "patch saw"),
    ("try 2 bars", "E_COMMAND", 1, 'there is no command "try" yet', ""),
    ("hear bass vs", "E_SYNTAX", 13, 'expected a name or a number after "vs"', ""),
    ("hear 2", "E_SYNTAX", 7, 'expected bars, beats, s or ms after "2"', " bars"),
    ("hear 0 bars", "E_VALUE", 6, "a length is more than nothing", ""),
    ("hear bass kick", "E_SYNTAX", 11, "", ""),
    ("hear vs 4 bars", "E_VALUE", 9, "an id of the history is a whole number", ""),
    ("hear save-ref", "E_SYNTAX", 14, 'expected a name after "save-ref"', ""),
    ("hear save-ref a.wav", "E_SYNTAX", 15, "a reference has a name, and then comes its file", "a a.wav"),
    ("song: intro*8 drop", "E_SYNTAX", 19, "for how many bars? drop*8", "*8"),
    ("song: intro*0", "E_VALUE", 12, "a section has 1..9999 bars", ""),
    ("scene drop = kick, filter.cutoff 400..800", "E_SYNTAX", 42, "a sweep needs a length", " over 8 bars"),
    ("every 8 beats fill", "E_VALUE", 7, "so many bars, 1..9999: every 8 bars fill", ""),
    ("55", "E_COMMAND", 1, 'there is no command "55"', ""),
    ("  (", "E_COMMAND", 3, "there is no command", ""),
    ("load", "E_SYNTAX", 5, 'expected a kind of module after "load"', ""),
    ("load kick as", "E_SYNTAX", 13, 'expected a name after "as"', ""),
    ("load kick as 2x", "E_SYNTAX", 14, 'expected a name after "as", not "2x"', ""),
    ("load kick as now", "E_SYNTAX", 14, '"now" cannot be a name', ""),
    ("load kick as fade", "E_SYNTAX", 14, '"fade" cannot be a name', ""),
    ("load kick as " + "a" * 33, "E_SYNTAX", 46, "a name has at most 32 characters", ""),
    ("load kick decay", "E_SYNTAX", 16, 'expected "=" after "decay"', "="),
    ("load kick decay=", "E_SYNTAX", 17, 'expected a value after "decay="', ""),
    ("load kick decay=+5", "E_SYNTAX", 17, 'expected a value after "decay="', ""),
    ("load kick a=1 a=2", "E_SYNTAX", 15, '"a" is given twice', ""),
    ('load "kick', "E_SYNTAX", 6, "the quote is not closed", ""),
    ("load kick over 4 bars", "E_SYNTAX", 11, '"over" belongs to set and bpm; load may begin "in"', "in"),
    ("mute kick over 2 bars", "E_SYNTAX", 11, 'belongs to set and bpm; mute may end with "for"', "for"),
    ("seq a: x.x. over 500 ms", "E_SYNTAX", 13, 'sequence may end with "for"', "for"),
    ("stop over 500 ms", "E_SYNTAX", 6, '"over" belongs to set and bpm', ""),
    ("load kick for 4 bars", "E_SYNTAX", 11, '"for" belongs to set, bpm, meter, swing', "in"),
    ("panic for 1 beat", "E_SYNTAX", 7, 'panic may begin "in" so many bars', "in"),
    ("mute kick for 1 bar for 2 bars", "E_SYNTAX", 21, "one length is enough", ""),
    ("mute kick for 2", "E_SYNTAX", 16, 'expected bars, beats, s or ms after "2"', " bars"),
    ("play at bar 0", "E_VALUE", 13, "a bar is a whole number, 1..", ""),
    ("play at bar 1.5", "E_VALUE", 13, "a bar is a whole number, 1..", ""),
    ("play in 4", "E_SYNTAX", 10, 'expected bars or beats after "4"', " bars"),
    ("play in 2 s", "E_SYNTAX", 9, 'a time is "in 8 bars"', "8 bars"),
    ("patch saw", "E_SYNTAX", 10, 'expected ">" after "saw"', ">"),
    ("patch saw >", "E_SYNTAX", 12, 'after ">"', ""),
    ("patch saw filter", "E_SYNTAX", 10, 'expected ">" after "saw", not "filter"', ">"),
    ("patch a > b 5 > c", "E_SYNTAX", 15, 'not ">"', ""),
    ("set", "E_SYNTAX", 4, 'expected a name or name.param after "set"', ""),
    ("set bass.freq", "E_SYNTAX", 14, 'expected a value after "bass.freq"', ""),
    ("set bass.freq at next bar", "E_SYNTAX", 15, 'expected a value after "bass.freq", not "at"', ""),
    ("set bass. 55", "E_SYNTAX", 10, 'expected a word after "bass."', ""),
    ("set bass.freq 55 c.d 4", "E_SYNTAX", 17, 'expected "," or the end of the line after "55", not "c.d"', ","),
    ("set bass.freq = 55", "E_SYNTAX", 15, 'expected a value after "bass.freq", not "="', ""),
    ("set bass.freq 5qq", "E_SYNTAX", 16, 'there is no unit "qq"', "Q"),
    ("set bass.freq 55 hzz", "E_SYNTAX", 18, 'not "hzz"', ""),
    ("set bass.freq 1/8hz", "E_SYNTAX", 18, "a fraction takes no unit", ""),
    ("set bass.freq 1/0", "E_VALUE", 15, "a note length is a fraction", ""),
    ("set bass.freq 1e999", "E_VALUE", 15, "the number is too large", ""),
    ("set bass.freq +-5", "E_SYNTAX", 16, 'one sign is enough: "+5"', ""),
    ("set bass.level 0..low over 2 s", "E_VALUE", 19, 'a sweep goes from a number to a number, or off, not "low"', ""),
    ("set bass.freq 400..800", "E_SYNTAX", 23, "a sweep needs a length", " over 8 bars"),
    ("seq a.b: 400^ . 800", "E_SYNTAX", 13, "is an accent and belongs to a note; this lane moves a parameter", ""),
    ("seq a.b: 400{c=2}", "E_SYNTAX", 13, "is a lock and belongs to a note", ""),
    ("seq a.b: 400 , 800", "E_SYNTAX", 14, "a parameter has one line of values", " "),
    ("seq a.b: _ 400", "E_SYNTAX", 10, "glides on from the value before it, and there is none", "."),
    ("seq a.b: [400 800", "E_SYNTAX", 10, 'this "[" has no "]"', "[400 800]"),
    ("seq a.b: 400 5x", "E_SYNTAX", 15, 'there is no unit "x"', ""),
    ("seq a.b: 400 gate=50%", "E_SYNTAX", 19, '"gate" is for notes; a lane of values takes every,', ""),
    ("seq a.b: 400..off", "E_VALUE", 15, "a sweep goes from one number to another", ""),
    ("seq a.b: . ?30", "E_SYNTAX", 12, "stands directly after a step", ""),
    (
        "set a.b lfo(sine, 1/2)",
        "E_SYNTAX",
        9,
        "a wave has a shape, a rate and its two ends",
        "lfo(sine, 1/2, 300..1200)",
    ),
    ("set a.b lfo(sine, 1/2, 300..1200", "E_SYNTAX", 9, "a wave has a shape, a rate", "lfo(sine, 1/2, 300..1200)"),
    ("set a.b lfo(sine, 1/2, 300)", "E_VALUE", 24, "a wave goes between two values", ""),
    ("set a.b lfo(sine, 1/2x, 3..4)", "E_SYNTAX", 22, 'a fraction takes no unit, not "x"', ""),
    ("set a.b lfo(sine, 2 hz, 3..low)", "E_VALUE", 28, 'not "low"', ""),
    ("load filter cutoff=lfo(sine, 1/2, 300)", "E_VALUE", 35, "a wave goes between two values", ""),
    ("set a.b foo(sine, 1/2)", "E_SYNTAX", 12, '"foo(" is not understood yet', ""),
    ("set a.b saw minor", "E_SYNTAX", 13, 'not "minor"', ","),
    ("set a.b 5 over 4", "E_SYNTAX", 17, 'expected bars, beats, s or ms after "4"', " bars"),
    ("set a.b 5 over 0 bars", "E_VALUE", 16, "more than nothing", ""),
    ("set a.b 5 over 4 hz", "E_VALUE", 16, "a length is in bars, beats, s or ms", ""),
    ("set a.b 5 now at next bar", "E_SYNTAX", 15, "one time is enough", ""),
    ("bpm fast", "E_VALUE", 5, 'bpm is a number, not "fast"', ""),
    ("seq kick x...", "E_SYNTAX", 9, 'expected ":" after "kick", not "x..."', ":"),
    ("seq kick:", "E_SYNTAX", 10, 'expected a pattern after "kick:"', " x..."),
    ("seq kick: now", "E_SYNTAX", 11, 'expected a pattern after "kick:"', "x..."),
    ("seq kick: x..h", "E_SYNTAX", 14, '"h" is not a step', ""),
    ("seq kick: x... at nxt bar", "E_SYNTAX", 19, 'expected a number, "bar" or "next" after "at", not "nxt"', "next"),
    ("seq kick: x... gate=2 now", "E_VALUE", 21, "gate is 0.01..1", ""),
    ("seq snare: ....X..o?3", "E_SYNTAX", 20, '"?3" needs two digits (?30)', "?30"),
    ("seq hat: x*1 . x", "E_SYNTAX", 11, '"*" takes 2 to 9 hits in the step', "*2"),
    ("seq perc: x(5 16 2)", "E_SYNTAX", 12, "a euclid is written (3,8)", ""),
    ("seq lead: 0 . 3 . <7 5> scale=minr", "E_VALUE", 31, "scale is one of minor", "minor"),
    ("seq pad: <a2:m7 f2:maj7@16", "E_SYNTAX", 10, 'this "<" has no ">"', ""),
    ("seq drums: bd . xh .", "E_SYNTAX", 17, '"xh" is not a note', ""),
    ("seq acid: x{cutoff=400 . note=a1", "E_SYNTAX", 12, 'this "{" has no "}"', ""),
    ("clear", "E_SYNTAX", 6, 'expected a name or name.param after "clear"', ""),
    ("clear kick snare", "E_SYNTAX", 12, 'not "snare"', ""),
    ("mute", "E_SYNTAX", 5, 'expected a name or name.param after "mute"', ""),
    ("gate bass", "E_SYNTAX", 10, 'expected "off" or "on" after "bass"', " on"),
    ("gate bass o", "E_SYNTAX", 11, 'not "o"', ""),
    ("note bass", "E_SYNTAX", 10, 'expected a note after "bass"', ""),
    ("note bass g9 vel=2", "E_VALUE", 18, "vel is 0..1", ""),
    ("note bass 128", "E_VALUE", 11, "a pitch is c-1..g9", ""),
    ("note bass a1 len=1", "E_VALUE", 18, "len is a note length", ""),
    ("play nwo", "E_SYNTAX", 6, "expected the end of the line or a time", "now"),
    ("play at 8", "E_SYNTAX", 10, 'expected bars or beats after "8"', " bars"),
    ("play at 0 bars", "E_VALUE", 9, "a time counts whole bars", ""),
    ("play at next bra", "E_SYNTAX", 14, 'expected a number, "bar" or "beat" after "next", not "bra"', "bar"),
    ("save", "E_SYNTAX", 5, 'expected a file name after "save"', ""),
    ("save ../../x", "E_PATH", 6, "a file name begins with", ""),
    ("save /etc/passwd", "E_PATH", 6, "a file name begins with", ""),
    ("open -rf", "E_PATH", 6, "a file name begins with", ""),
    ("save " + "a" * 65, "E_PATH", 6, "a file name begins with", ""),
    ("save a\0b", "E_PATH", 7, "a control character", ""),
    ("undo 0", "E_VALUE", 6, "a whole number, 1..9999", ""),
    ("undo 1.5", "E_VALUE", 6, "a whole number", ""),
    (
        "list cables",
        "E_SYNTAX",
        6,
        'expected "devices", "lanes", "modules", "patches", "patterns" or "scenes"',
        "patches",
    ),
    ("show kick 3", "E_SYNTAX", 11, 'expected "loop" or the end of the line', "loop 3"),
    ("wait 4", "E_SYNTAX", 7, 'expected bars, beats, s or ms after "4"', " bars"),
    ("wait until 4", "E_SYNTAX", 12, 'expected "bar" after "until"', "bar 4"),
    ("wait level > -40db", "E_SYNTAX", 6, 'not "level"', ""),
    ("assert bass.freq = 55", "E_SYNTAX", 18, "expected == or another comparison", "=="),
    ("assert bass.freq =! 55", "E_SYNTAX", 18, "expected == or another comparison", "!="),
    ("crash activ", "E_SYNTAX", 7, 'expected "active", "both", "control", "host" or "standby"', "active"),
    ("set bass.freq 5\x1b[31m5", "E_SYNTAX", 16, "a control character (U+001B) cannot be part of a line", ""),
    ("load k\u202eick", "E_SYNTAX", 7, "(U+202E right-to-left override)", ""),
    ("load kíck", "E_SYNTAX", 6, "(U+00ED latin small letter i with acute)", "kick"),
    ("load kick\u00a0as k", "E_SYNTAX", 10, "expected", ""),
]


@pytest.mark.parametrize(
    ("line", "code", "column", "message", "suggestion"), WRONG, ids=[repr(row[0][:40]) for row in WRONG]
)
def test_a_wrong_line_is_answered_where_it_is_wrong(
    line: str, code: str, column: int, message: str, suggestion: str
) -> None:
    (statement,) = statements(line)
    with pytest.raises(ChronusError) as caught:
        parse(statement)
    error = caught.value
    assert (error.code, error.line, error.column) == (code, 1, column)
    assert message in error.message
    assert suggestion in error.suggestions or not suggestion


def test_messages_show_nothing_of_the_parser() -> None:
    for line, *_ in WRONG:
        with pytest.raises(ChronusError) as caught:
            parse(Statement(line.strip()))
        assert caught.value.__cause__ is None
        for word in ("Token", "QUANTITY", "$END", "__ANON", "Unexpected", "Tree", "_TO"):
            assert word not in caught.value.message


def test_errors_of_continued_lines_are_counted_in_their_own_line() -> None:
    (statement,) = statements("# x\nset bass.freq \\\n  5qq")
    with pytest.raises(ChronusError) as caught:
        parse(statement)
    assert (caught.value.line, caught.value.column) == (3, 4)


@pytest.mark.parametrize(
    ("line", "spans"),
    [
        ("load bass_module as b freq=55",
         {"kind": 6, "name": 21, "params.0.param": 23, "params.0.value": 28}),
        ("set bass.freq 55, a.b +2st",
         {"changes.0.module": 5, "changes.0.param": 10, "changes.0.value": 15,
          "changes.1.module": 19, "changes.1.param": 21, "changes.1.value": 23}),
        ("set volume 5 over 4 bars at next bar",
         {"changes.0.module": 5, "changes.0.param": 5, "changes.0.value": 12, "over": 14, "when": 26}),
        ("bpm 174", {"changes.0.module": 1, "changes.0.param": 1, "changes.0.value": 5}),
        ("patch a > b.c 5", {"chain.0.name": 7, "chain.1.name": 11, "chain.1.port": 13, "amount": 15}),
        ("seq kick: x... gate=5% every=1/8 now",
         {"name": 5, "pattern": 11, "options.gate": 21, "options.every": 30, "when": 34}),
        ("mute a, b", {"names.0": 6, "names.1": 9}),
        ("note bass a1 vel=1", {"name": 6, "pitch": 11, "velocity": 18}),
        ("assert a.b == 5", {"target": 8, "target.name": 8, "target.port": 10, "test": 12, "value": 15}),
        ("save x", {"name": 6}),
        ("say a kick", {"words": 5}),
    ],
)  # fmt: skip
def test_every_field_knows_its_column(line: str, spans: dict[str, int]) -> None:
    assert parse(Statement(line)).spans == {path: (1, column) for path, column in spans.items()}


def test_spans_count_from_where_the_statement_stands() -> None:
    first, second = statements("play\n  load x; set \\\n bass.freq 5")[1:]
    assert parse(first).spans == {"kind": (2, 8)}
    assert parse(second).spans["changes.0.param"] == (3, 7)


def test_what_would_grow_beyond_a_line_is_refused() -> None:
    line = "set " + ",".join(["a.b 1khz"] * 900)
    with pytest.raises(ChronusError) as caught:
        parse(Statement(line))
    assert caught.value.code == "E_LIMIT"


def test_the_first_words_come_from_the_grammar() -> None:
    assert {"load", "seq", "sequence", "quit"} <= syntax.commands()
    assert not {"now", "at", "try", ""} & syntax.commands()


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar.places, "kernel_cache", lambda: grammar.places.Path("/proc/none/kernels"))
    assert grammar.parser.__wrapped__("pattern", "grid", "tokens").parse("x...", start="grid")


WORDS = st.sampled_from([
    "load", "unload", "patch", "set", "seq", "sequence", "bpm", "mute", "gate", "note", "save", "wait", "assert", "say",
    "Yo!", "Chronus,", "kick", "bass.freq", "a1", "c#2", "55", "1.2k", "80%", "-6db", "400..800", "1/8", "1e999", "nan",
    ">", "=", "==", ":", ",", ";", "#", "//", "\\", '"', "'", "(", ")", "[", "]", "{", "}", "<", "+", "*", "-", "_", "^",
    "~", "@3", "x...", "X.o.", "at", "next", "bar", "over", "4 bars", "now", "as", "vel=", "len=", "gate=", "every=",
    "\t", "\0", "\x1b", "é", "🎛", "\n", "\r\n",
])  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=200) | st.lists(WORDS, max_size=30).map("".join))
def test_any_text_is_read_or_refused(source: str) -> None:
    for statement in statements(source):
        try:
            parsed = parse(statement)
            assert parse(Statement(parsed.text)).command == parsed.command
        except ChronusError as error:
            assert 1 <= error.line <= source.count("\n") + source.count("\r") + 1
            assert error.column >= 1
            assert "\0" not in error.message and "\x1b" not in error.message


@pytest.mark.parametrize(
    "line",
    [
        "mute " + "a " * 4090, "seq a: " + "0 " * 4000, "seq a: " + "a1 " * 2700, "seq a: " + "x^" * 4090,
        "patch " + "a > " * 2000 + "a", "set " + "a.b 5," * 1160 + "a.b 5", "[" * 8000, "seq a: " + "[" * 8000,
        "seq a: x" + " " * 8000 + "!", "set a.b " + "9" * 8000, "say " + "foo " * 2000, "seq a: x " + "a=1 " * 2000,
        "seq a: " + "{" * 8000, 'load "' + "a" * 8000, "load " + "a/" * 4000, "set a.b 5" + " " * 8000 + "k",
        "set a." + "a" * 8000 + " 5", "seq a: " + "x@1" * 2700, "load k " + "a=1 " * 2000, "wait " + "1" * 8000 + " bars",
    ],
    ids=lambda line: line[:12],
)  # fmt: skip
def test_the_longest_lines_are_read_or_refused_soon(line: str) -> None:
    def read() -> None:
        try:
            parse(Statement(line))
        except ChronusError as error:
            assert len(error.message) < 300

    parse(Statement("seq kick: x..."))
    assert seconds_of(read) < 0.05


def test_a_pipe_of_lines_is_read_at_thousands_a_second() -> None:
    lines = ["set bass.freq 55", "seq kick: x...x...x...x...", "patch tb303 > filter > delay", "mute kick snare"] * 250

    def read() -> None:
        for line in lines:
            parse(Statement(line))

    read()
    assert seconds_of(read) / len(lines) < 150e-6


# ---------------------------------------------------------------- rows


def test_every_command_has_a_row_and_every_row_is_written_under_its_own_word():
    assert set(rows.OF) == set(typing.get_args(c.AnyCommand))
    for word, row in rows.ROWS.items():
        assert row.word == word and word not in rows.SHORT
        if word == row.kind.__name__.lower():
            assert rows.OF[row.kind] is row
    assert set(rows.SHORT.values()) <= set(rows.ROWS)


def test_a_word_of_other_programs_is_meant_for_one_command():
    meant = [word for row in rows.ROWS.values() for word in row.meant.split()]
    assert len(meant) == len(set(meant)) and not set(meant) & {*rows.ROWS, *rows.SHORT}
