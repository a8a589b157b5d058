"""Every rack comes back: by its script, from the journal of an engine that died, and from a file that goes on from another one.

The lines are those of the whole language, as strangers type them; what is refused is part of it. `CHRONUS_RACKS=100000` asks for as many
examples as that, other ones each time.
"""

from __future__ import annotations

import os
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chronus.catalogue.kinds import Catalogue
from chronus.commands import Open, Say, Submission
from chronus.conductor.conductor import Conductor
from chronus.conductor.transaction import Section
from chronus.conductor.waiting import together
from chronus.errors import ChronusError
from chronus.journal import standing
from chronus.journal.records import Journal, Said, Sealed, Stands
from chronus.journal.replay import NEVER, rebuild
from chronus.language.making import variation
from chronus.language.parser import parse, statements
from chronus.rack.document import EMPTY, Moving, Rack, replace
from chronus.rack.edit import edit
from chronus.rack.script import script
from chronus.score.courses import onward
from chronus.worker import ledger

RATE = 44100
MANY = int(os.environ.get("CHRONUS_RACKS", "0"))
HEADER = {"rate": RATE, "seed": 0}


@lru_cache(1)
def catalogue() -> Catalogue:
    return Catalogue(ledger.specs())


@lru_cache(1 << 16)
def read(text):
    """(command, canonical text) of each statement; none where the line is refused."""
    try:
        parsed = [parse(statement) for statement in statements(text)]
    except ChronusError:
        return ()
    return tuple((one.command, one.text) for one in parsed)


# ---------------------------------------------------------------- lines

KINDS = [
    "saw", "sine", "noise", "kick", "bass", "tb303", "filter", "delay", "adsr", "lfo", "vca", "mixer", "distortion", "303", "bus",
]  # fmt: skip
NAMES = [
    "a", "b", "kick", "saw", "on", "loop", "s", "lfo", "filter", "adsr", "bass_module",
]  # fmt: skip
TARGETS = [
    "a.freq", "b.freq", "saw.freq", "saw.gain", "saw.detune", "saw.retrigger", "kick.decay", "kick.model", "a.decay", "a.time", "b.time",
    "on.cutoff", "loop.cutoff", "filter.cutoff", "filter.resonance", "filter.slope", "filter.mode", "lfo.rate", "lfo.shape", "a.rate",
    "s.rate", "adsr.attack", "adsr.sustain", "a.attack", "b.glide", "out.volume", "out.limiter", "a.level1", "b.mix", "a.voices",
    "saw.voices", "a.level", "saw.level", "kick.pan", "a.pan", "lfo.level", "out.pan", "filter.bypass", "a.bypass", "b.level",
]  # fmt: skip
VALUES = [
    "55", "440 Hz", "1.2k", "a1", "c#4", "80%", "0", "1", "0.3", "-6db", "120ms", "0.5s", "1e-5", "1/1", "2/1", "4/1", "1/64", "3/16",
    "1/8t", "1/16d", "2 beats", "1 bar", "64 bars", "on", "off", "high", "low", "square", "random", "808", "dnb", "12", "24", "8", "64",
    "20", "20000", "200", "10", "-100", "100 ct", "-12 ct", "0.1", "10000 ms", "+10%", "*0.5", "*0.333", "+2st", "-3db", "-1oct", "/3",
    "+1/4", "-=5", "400..2400", "1/8..1/2", "a1..a3", "50%..100%", "-inf", "-20db..off", "off..-6db", "left", "0.5", "-0.7", "-30 db",
    "lfo(sine, 1/2, 300..1200)", "lfo(random, 3 hz, 0.1..0.9)", "lfo(square, 2 bars, -20db..off)", "lfo(hold, 200 ms, 1/8..1/2)",
]  # fmt: skip
PORTS = [
    "a", "b", "kick", "saw", "filter", "adsr", "delay", "lfo", "on", "loop", "s", "out", "out.left", "out.right", "a.freq", "saw.freq",
    "saw.fm", "saw.sync", "kick.gate", "kick.pitch", "adsr.env", "adsr.gate", "filter.cutoff", "on.cutoff", "delay.time", "lfo.rate",
    "mixer.in2", "a.gate", "vca.level", "b.level", "a.level", "saw.pan", "filter.bypass", "a.pan",
]  # fmt: skip
AMOUNTS = [
    "", "", "", " -12db", " 110%", " -inf", " off", " 0.3", " -1", " 0", " 30%", " 200 Hz", " 2 oct", " -7 st", " 1/8",
]  # fmt: skip
PATTERNS = [
    "x...", "X..o..x.9.5.x...", "..x...x.x.x.....x", "x_..x_..", "5353", "x@3 . x", "a1 . c2^ a1@2 e2~ d2 . .", "a2:m7@8 f2:maj7@8",
    "e1 _ _ . g1 .", "X.......|X..x....", "-~.x", "o", "c-1 g9", ".", "x . x .",
    "x{freq=200} . . x", "a1{level=-6}@3 c2{decay=90..400} .", "x{time=1/4} . ",
]  # fmt: skip
MOVED = ["saw.freq", "a.level", "filter.cutoff", "filter.mode", "a.decay", "a.time", "out.volume", "kick.pan"]
OF_VALUES = [
    "400 . 800 _", "300..1k@3 .", "0.5 . 0.1 -", "-6 _ -12db", "1/8 . 1/4..1/2", "low . high .", "<200 400>?30 90 every=1/4",
    "[100|200] 50% . _ a1 len=7 shift=2 swing=60",
]  # fmt: skip
OPTIONS = [
    "", "", "", " every=1/8", " every=1/8t", " every=4/1", " len=7", " len=24", " swing=60", " swing=66.6", " vel=0.5", " vel=1e-5",
    " vel=33%", " gate=90%", " gate=.01", " shift=3", " shift=-2", " every=1/32 gate=55% vel=1.5 shift=1 len=5",
]  # fmt: skip
TIMES = [
    "", "", "", "", " now", " at next bar", " at next beat", " at bar 17", " in 2 bars", " at next 4 bars", " for 2 bars",
]  # fmt: skip
BPMS = [
    "20", "400", "60", "120", "133.3", "174", "90..140 over 2 bars", "+10%", "*0.9",
]  # fmt: skip
ONES = [
    "unmute", "unsolo", "undo", "undo 3", "undo to 2", "undo to 5", "undo 2 bars", "history",
    "claim kick 2 bars", "claim a", "release", "redo", "redo 2", "panic", "play", "stop", "new", "swing 58", "swing 50", "swing 66.6",
    "meter 7/8", "meter 3/4 for 2 bars", "halftime", "halftime off now", "doubletime for 2 bars",
    "set seed 7", "set seed 2147483647", "set key a minor", "set key f# dorian", "set volume -12db", "set volume +1db", "list", "show",
    "sync", "say drop in some kick and snare for a DnB song", "set saw.freq 300, saw.gain 0.3, kick.decay 1/2",
    "set a.freq 300, b.freq 2/1", "load kick; seq kick: x...; mute kick", "patch saw > filter > delay", "patch lfo > saw.freq 2 oct",
    "patch saw > adsr > vca > out",
]  # fmt: skip

SCENES, ITEMS = ["a", "drop", "loop"], [
    "a", "a b", "kick saw", "*", ".", "saw, saw.freq 300", "kick, kick.decay 1/2, out.volume -3db", "., a.freq 200..4k over 8 bars",
    "b, bpm 140", "saw kick, bypass filter on", "filter, filter.cutoff 300 over 1 bar, key a minor", "*, a.level off over 300 ms",
    "a saw.freq", ". filter.cutoff a.level",
]  # fmt: skip

name, value, time = st.sampled_from(NAMES), st.sampled_from(VALUES), st.sampled_from(TIMES)


def said(form, *parts):
    return st.tuples(*parts).map(lambda found: form.format(*found))


LINE = st.one_of(
    said("load {} as {}{}", st.sampled_from(KINDS), name, time),
    said(
        "load {}{}",
        st.sampled_from(KINDS),
        st.sampled_from(["", "", " freq=90", " decay=1/1", " time=1/1", " voices=8", " rate=1/64"]),
    ),
    said("set {} {}{}", st.sampled_from(TARGETS), value, time),
    said(
        "insert {} on {}{}{}",
        st.sampled_from(KINDS),
        st.sampled_from(["out", "out", *NAMES]),
        st.sampled_from(["", "", " as a", " as b", " as s", " as loop cutoff=90"]),
        time,
    ),
    said("bypass {} {}{}", name, st.sampled_from(["on", "off"]), time),
    said("set {} {} over {}{}", st.sampled_from(TARGETS), value, st.sampled_from(["2 bars", "1 beat", "300 ms"]), time),
    said("seq {}: {}{}{}", name, st.sampled_from(PATTERNS), st.sampled_from(OPTIONS), time),
    said(
        "{} {}{}{}",
        st.sampled_from(["vary", "answer", "shift", "rotate"]),
        name,
        st.sampled_from(["", " 1", " 0"]),
        time,
    ),
    said("patch {} > {}{}{}", st.sampled_from(PORTS), st.sampled_from(PORTS), st.sampled_from(AMOUNTS), time),
    said("unpatch {} > {}", st.sampled_from(PORTS), st.sampled_from(PORTS)),
    said("{} {}{}", st.sampled_from(["unpatch", "unload", "clear", "mute", "solo", "unsolo", "unmute"]), name, time),
    said("reverse {}{}", name, time),
    said("seq {}: {}{}", st.sampled_from(MOVED), st.sampled_from(OF_VALUES), time),
    said("{} {}{}", st.sampled_from(["clear", "mute", "unmute", "solo"]), st.sampled_from(MOVED), time),
    said("gate {} {}", name, st.sampled_from(["on", "off"])),
    said("note {} {}", name, st.sampled_from(["a2", "60 vel=0.7 len=1/8"])),
    said("scene {} = {}", st.sampled_from(SCENES), st.sampled_from(ITEMS)),
    said("scene {}{}", st.sampled_from(SCENES), time),
    said("arp {} {}{}", name, st.sampled_from(["up oct=2", "random rate=1/32 latch", "chord", "off", "down"]), time),
    said("note {} c3 len={}; note {} e3", name, st.sampled_from(["1/1", "2/1"]), name),
    said("song: {}{}", st.sampled_from(["a*1", "a*2 drop*1", "drop*1 a*1 loop", "loop*3 a*1"]), time),
    said("{}{}", st.sampled_from(["song", "goto bar 2", "goto drop", "fill on", "fill off"]), time),
    st.sampled_from(["song stop", "song loop on", "song loop off", "every 2 bars fill", "every off"]),
    said("{}{}", st.sampled_from(["clear scene a", "clear scene drop", "clear song"]), time),
    said("bpm {}{}", st.sampled_from(BPMS), time),
    st.sampled_from(ONES),
)
BEGINNINGS = [
    "load saw; load kick; load filter",
    "load lfo; load adsr; load tb303 as a",
    "load delay as a; load lfo as s; load bass as b",
    "",
]
SESSION = st.tuples(st.sampled_from(BEGINNINGS), st.lists(LINE, min_size=1, max_size=20)).map(
    lambda found: [found[0], *found[1]]
)


# ---------------------------------------------------------------- what is played


class Session:
    """Lines said to an engine, one after the other, each some time after the one before; and the journal of it."""

    def __init__(self) -> None:
        self.conductor = Conductor(catalogue(), RATE)
        self.conductor.make = variation.made
        self.frame = self.number = self.last = 0
        self.records: list[Said | Sealed | Stands] = []

    def say(self, line: str) -> None:
        commands = read(line)
        if not commands:
            return
        self.frame += 30_000
        for at, dues in self.conductor.in_turn(self.frame):
            self._perform(together(dues), at, tuple(due.number for due in dues), dues[0].author)
        texts, found = tuple(text for _, text in commands), tuple(command for command, _ in commands)
        self._perform(Submission(tuple(range(len(found))), texts, found), self.frame)

    def _perform(self, submission: Submission, moment: int, due: tuple[int, ...] = (), author: str = "") -> None:
        conductor = self.conductor
        t = conductor.perform(submission, author, due=due, seen=moment)
        kept = [
            k
            for k, (command, outcome) in enumerate(zip(submission.commands, t.outcomes, strict=True))
            if outcome.error is None and not (command.asks or command.elsewhere)
        ]
        if not kept and not due:
            return  # as the performer does: nothing of it is for the replicas or the journal
        conductor.accept(conductor.commit(t, moment, True))
        conductor.sealed(t, moment)
        self.number, self.last = self.number + 1, moment
        found = [t.said(k, submission.commands[k], submission.texts[k]) for k in kept] if not due else []
        texts, whole = tuple(text for _, text in found), dict(enumerate(command for command, _ in found))
        carried = {k: one for k, one in whole.items() if isinstance(one, Open | Say)}
        said = Said(self.number, author, texts, moment, True, commands=carried, due=due, seen=moment)
        self.records += [said, Sealed(self.number, moment)]

    def turn_over(self) -> None:
        """The journal goes on in a new file."""
        texts = script(self.rack(), catalogue())
        self.records = [Stands(self.number, self.frame, texts, standing.keep(self.conductor.state))]

    def rack(self) -> Rack:
        """As a script can say it at the last word: what moves has still to come what is left of it."""
        return onward(self.conductor.rack, catalogue(), self.conductor.state.present(self.last))

    def all_is_over(self) -> None:
        """What waits is done, and so is the way back of what is only done then; but a song goes on no further."""
        while True:
            for at, dues in self.conductor.in_turn(NEVER):
                self._perform(together(dues), at, tuple(due.number for due in dues), dues[0].author)
                self.frame = max(self.frame, at)  # what is said after it is said later
            if all(isinstance(due.command, Section) for due in self.conductor.state.waiting):
                return


def plain(rack: Rack):
    """Without what no script says: how many lanes and sweeps there ever were, and by what a module that is no drone was addressed."""
    drones = {kind for kind, spec in catalogue().kinds.items() if spec.drone}

    def module_of(module):
        silent = module.kind in drones and module.name not in rack.lanes and (module.addressed or module.hushed)
        params = {
            name: replace(setting, number=0) if isinstance(setting, Moving) else setting
            for name, setting in sorted(module.params.items())
        }
        return module.kind, module.name, module.voices, params, module.held, silent, module.arp

    lanes = [(name, replace(lane, take=0, held=0.0)) for name, lane in rack.lanes.items()]
    moving = {
        field: replace(thing, number=0)
        for field in rack.__struct_fields__
        if isinstance(thing := getattr(rack, field), Moving)
    }
    song = rack.song and replace(rack.song, zero=0, first=1)
    rest = replace(rack, modules={}, lanes={}, takes=0, song=song, **moving)
    return [module_of(module) for module in rack.modules.values()], lanes, rest


def made_of(commands) -> Rack:
    """The rack that commands make of an empty one; none may be refused."""
    rack = EMPTY
    for command in commands:
        rack = edit(rack, command, catalogue()).rack
    return rack


def comes_back(rack: Rack, commands) -> None:
    again = made_of(commands)
    assert plain(again) == plain(rack)
    assert script(again, catalogue()) == script(rack, catalogue())


def recovered(records) -> tuple:
    first, lost, *_ = rebuild(
        Journal(HEADER, tuple(records)), catalogue(), lambda text: [command for command, _ in read(text)]
    )
    assert lost == []
    return first.commands[0].commands if first is not None else ()


def racks(count: int):
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(
        max_examples=MANY or count, deadline=None, suppress_health_check=quiet, derandomize=not MANY, database=None
    )


@pytest.mark.timeout(0 if MANY else 300)
@racks(2000)
@given(SESSION, st.integers(0, 20))
@example(
    ["load saw; load kick; load filter", "bpm 90..140 over 2 bars for 2 bars", *["load saw as a"] * 2, "load saw",
     *["load saw as a"] * 4, "load saw as b"], 0,
)  # fmt: skip
@example(
    ["load saw; load kick; load filter", "load saw as a", "bpm 20 for 2 bars", "seq a: x...", "bpm 20 at next bar"], 0
)
@example(["load saw; load kick; load filter", "load saw as a", "seq a: x...", "fill on for 2 bars"], 0)
@example(
    ["load delay as a", "new", "load saw as a", "load saw", "patch a > a.gate", "load saw", "load saw", "undo"], 6
)  # fmt: skip
def test_row_58_every_rack_comes_back_by_its_script_from_its_journal_and_from_one_that_was_turned_over(lines, turn):
    session, older = Session(), []
    for k, line in enumerate(lines):
        session.say(line)
        if k == turn:
            older = session.records
            session.turn_over()
    rack, records = session.rack(), session.records
    spoken = [read(line) for line in script(rack, catalogue())]
    assert all(len(found) == 1 for found in spoken), script(rack, catalogue())
    comes_back(rack, [found[0][0] for found in spoken])
    session.all_is_over()
    rack = session.rack()
    if older:
        comes_back(rack, recovered(records))
        records = [*older, *records[1:]]
    comes_back(rack, recovered(records))
