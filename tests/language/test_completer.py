"""Completion: what is offered fits where the cursor stands."""

import pytest

from chronus.catalogue.whole import WHOLE
from chronus.commands import AnyCommand
from chronus.language import help, parser
from chronus.language.completer import TIMES, complete
from chronus.language.rows.looking import LISTS
from chronus.language.rows.scripting import VICTIMS
from chronus.pattern.lane import OPTIONS


@pytest.fixture
def offered(catalogue, rack):
    def offered(line, cursor=None):
        found = complete(line, len(line) if cursor is None else cursor, catalogue, rack)
        return {one.text: one for one in found}

    return offered


@pytest.mark.parametrize(
    ("line", "wanted", "not_wanted"),
    [
        ("", {"load", "seq", "sequence", "quit", "help"}, {"saw"}),
        ("lo", {"load"}, {"list"}),
        ("LO", {"load"}, set()),
        ("load ", {"saw", "filter", "svf"}, {"bass"}),
        ("load saw ", {"as", "freq=", "gain="}, {"cutoff="}),
        ("load saw_module as lead ", {"freq="}, {"as"}),
        ("load filter mode=", {"low", "high", "band"}, {"cutoff="}),
        ("load filter cutoff=", {"lfo(sine,1/2,20..20000)"}, {"mode="}),
        ("load svf mode=b", {"band"}, {"low"}),
        ("set ", {"bass", "filter", "out", "bpm", "swing", "volume"}, {"saw"}),
        ("set bass.", {"bass.freq", "bass.gain"}, {"bass.out", "bass.gate"}),
        ("set filter.mode ", {"low", "high", "band"}, set()),
        ("set bass.freq ", {"440Hz"}, set()),
        ("set bass.freq 55, filter.m", {"filter.mode"}, {"filter.cutoff"}),
        ("patch ", {"bass", "filter", "saw"}, set()),
        ("patch bass.", {"bass.out"}, {"bass.freq"}),
        ("patch bass > filter.", {"filter.in", "filter.cutoff"}, {"filter.out"}),
        ("patch bass > filter.c", {"filter.cutoff"}, {"filter.in"}),
        ("unload ", {"bass", "filter"}, {"saw"}),
        ("mute bass ", {"filter"}, {"bass"}),
        ("gate bass ", {"on", "off"}, {"bass"}),
        ("seq b", {"bass"}, {"bpm"}),
        ("seq bass: x.x. ev", {"every="}, {"len="}),
        ("seq bass: x.x. at ", {"next bar", "now"}, set()),
        ("seq bass: x.x. at next ", {"bar", "beat", "4 bars"}, set()),
        ("seq bass: x.x. at ", {"bar 17", "next 4 bars"}, set()),
        ("mute bass in ", {"4 bars"}, {"filter"}),
        ("mute bass for ", {"4 bars", "500 ms"}, {"filter"}),
        ("load bass for ", set(), {"4 bars"}),
        ("set bass.freq 55 ", {"at", "in", "for", "over"}, set()),
        ("describe f", {"filter"}, {"saw"}),
        ("seq bass: 0 2 4 sca", {"scale="}, {"swing="}),
        ("seq bass: 0 2 4 scale=", {"minor", "phrygian", "chromatic"}, {"scale=", "up"}),
        ("seq bass: 0 2 4 scale=phry", {"phrygian", "phrygian_dominant"}, {"minor"}),
        ("seq bass: a2:m7 arp=", {"up", "updown", "random", "chord"}, {"minor"}),
        ("seq bass: a1 every=", {"1/8"}, {"minor"}),
        ("seq bass: a1{cutoff=", set(), {"1/8", "minor"}),
        ("help ", {"load", "patterns", "errors", "saw"}, set()),
        ("list l", {"lanes"}, {"modules"}),
        ("list patterns ", {"dnb", "dnb.two_step"}, {"lanes"}),
        ("seq bass: @dn", {"dnb.two_step"}, {"techno.four"}),
        ("crash ", {"active", "standby", "both", "host", "control"}, set()),
        ("wait ", {"until"}, set()),
        ("play; unl", {"unload"}, {"undo"}),
        ("seq bass: x(3,8); mu", {"mute"}, set()),
    ],
)
def test_what_fits_is_offered_and_nothing_else(offered, line, wanted, not_wanted):
    found = set(offered(line))
    assert wanted <= found
    assert not not_wanted & found


def test_a_completion_takes_the_place_of_the_word_at_the_cursor(offered):
    found = offered("set bass.fr 55", cursor=11)
    assert found["bass.freq"].start == 4
    assert offered("play; lo")["load"].start == 6


def test_a_parameter_is_offered_with_its_range_its_default_and_its_help(offered):
    assert offered("set bass.")["bass.freq"].meta == "20..20000 Hz (440 Hz)  frequency"
    assert offered("load saw ")["gain="].meta == "0..1 (0.5)  level"


def test_a_word_that_is_whole_is_not_offered_again(offered):
    assert "load" not in offered("load")


def test_nothing_known_offers_only_commands():
    assert complete("load ", 5, {}, {}) == []
    assert complete("", 0, {}, {})


def test_every_command_of_the_language_has_its_help():
    tags = {kind.__struct_config__.tag for kind in AnyCommand.__args__}
    short = {name for name, row in WHOLE.items() if row.is_verb} | {"bypass"}  # for `set`
    assert tags == set(help.ROWS) - short


EXAMPLES = [example for entry in help.ROWS.values() for example in entry.examples]
EXAMPLES += [line for lines in help.TOPICS.values() for line in lines if line.startswith("seq ")]
EXAMPLES += ["seq a: a1^ a1~ a1@3 . eb3 a2:m7 every=1/8 gate=60% swing=58 vel=0.8 shift=1 len=16"]
EXAMPLES += [f"seq a: x. {option.name}={option.example}" for option in OPTIONS.values()]
EXAMPLES += [
    f"set a.b {value}"
    for value in [
        "55",
        "55hz",
        "1.2k",
        "80%",
        "-6db",
        "120ms",
        "0.5s",
        "3/16",
        "a1",
        "on",
        "+10%",
        "*0.5",
        "+2st",
        "-3db",
    ]
]
EXAMPLES += [f"play at {time}" for time in TIMES if time != "now"] + ["set a.b 4..24 over 8 bars at 4 bars", "play now"]
EXAMPLES += (
    [f"list {what.word}" for what in LISTS]
    + [f"crash {what.word}" for what in VICTIMS]
    + [f"set {name} 60" for name in WHOLE]
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_help_and_completion_promise_is_understood(example):
    for statement in parser.statements(example):
        parser.parse(statement)


def test_files_and_texts_are_offered_where_they_can_be_set_and_not_as_places_for_cables(catalogue, rack):
    tables = [
        {"name": "file", "source": "file", "help": "the recording"},
        {"name": "window", "source": "code", "help": ""},
    ]
    reading = {**catalogue, "saw": {**catalogue["saw"], "tables": tables}}
    known = {**rack, "modules": {**rack["modules"], "lead": "saw"}}

    def texts(line):
        return {one.text: one.meta for one in complete(line, len(line), reading, known)}

    assert texts("set lead.f")["lead.file"] == "a file, in quotes  the recording"
    assert "lead.window" not in texts("set lead.") and "file=" in texts("load saw ")
    assert "lead.file" not in texts("patch bass > lead.")
