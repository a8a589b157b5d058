"""Musical words: all of a sentence is understood, or nothing is done and every word that is not is named."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus import places
from chronus.catalogue.kinds import Catalogue
from chronus.commands import Say
from chronus.conductor.conductor import Conductor
from chronus.errors import ChronusError
from chronus.language.canonical import canonical
from chronus.language.parser import Statement, parse
from chronus.language.sentence import vocabulary
from tests.kit.stage import RATE, Stage


def spoken(line: str) -> Say:
    command = parse(Statement(line)).command
    assert isinstance(command, Say)
    return command


def said(line: str) -> list[str]:
    return [canonical(each) for each in spoken(line).commands]


def refused(line: str) -> ChronusError:
    with pytest.raises(ChronusError) as caught:
        parse(Statement(line))
    assert caught.value.code == "E_SYNTAX"
    return caught.value


def test_the_founding_sentence_comes_to_a_dnb_beat() -> None:
    assert said("Yo! Chronus, drop in some kick and snare for a DnB song...") == [
        "set bpm 174",
        "load kick model=dnb",
        "load snare model=dnb",
        "sequence kick: X.........x.....",
        "sequence snare: ....X.......X...",
    ]


def test_it_brings_its_lines_along_as_they_would_be_typed() -> None:
    command = spoken("say a dnb kick")
    assert command.lines == ("bpm 174", "load kick model=dnb", "seq kick: X.........x.....")
    assert tuple(parse(Statement(line)).command for line in command.lines) == command.commands


UNDERSTOOD = [
    ("Chronus, add hats", "load hat"),
    ("yo drop a kick", "load kick"),
    ("say KICKS", "load kick"),
    ("say add a 303", "load tb303"),
    ("say a drum and bass beat", "bpm 174; load kick model=dnb; load snare model=dnb; load hat"),
    ("say a drum'n'bass bassline", "bpm 174; load bass"),
    ("say a drum\u2019n\u2019bass bassline", "bpm 174; load bass"),
    ("say hard techno", "bpm 145; load kick model=techno; load snare model=909; load hat model=techno"),
    ("say some techno at 138 bpm", "bpm 138; load kick model=techno; load snare model=909; load hat model=909"),
    ("say acid", "bpm 130; load kick model=909; load hat model=909; load tb303"),
    ("say an acid line over it", "load tb303"),
    ("say an acid line over a techno beat", "bpm 132; load kick model=techno; load snare model=909; load hat; load tb303"),
    ("say 128.5 bpm", "bpm 128.5"),
    ("say set the tempo to 140", "bpm 140"),
    ("say tempo 90", "bpm 90"),
    ("say techno @ 140", "bpm 140; load kick model=techno; load snare; load hat"),
    ("say a kick at 128", "bpm 128; load kick"),
    ("say 174 bpm, kick and snare", "bpm 174; load kick; load snare"),
    ("Chronus, an acid line at 130", "bpm 130; load tb303"),
    ("say an 808 kick", "load kick model=808"),
    ("say a 909 kick and snare", "load kick model=909; load snare model=909"),
    ("say an 808 kick and a snare", "load kick; load snare"),
    ("say 808 kick, 909 snare and a tr-808 hat", "load kick model=808; load snare model=909; load hat model=808"),
    ("say an 808 beat", "load kick model=808; load snare model=808; load hat model=808"),
    ("say a techno beat with an 808 kick", "bpm 132; load kick model=808; load snare model=909; load hat"),
    ("say dnb hats", "bpm 174; load hat model=dnb"),
    ("say a techno clap and a ride", "bpm 132; load clap model=techno; load ride"),
    ("say 808 claps, a rimshot, a tom and a crash", "load clap model=808; load rim; load tom; load crash"),
    ("say a house hat", "bpm 124; load hat model=909 open=0.6"),
    ("say please add some nice hats", "load hat"),
    ("say a bit of hi-hat, please", "load hat"),
    ("say can you add a snare?", "load snare"),
    ("say could we have some drums?", "load kick; load snare; load hat"),
    ("say how about a bassline?", "load bass"),
    ("say let's hear a kick", "load kick"),
    ("say I'd like a kick, a snare & hats", "load kick; load snare; load hat"),
    ("say give me a simple beat", "load kick; load snare; load hat"),
    ("say lay down a groove", "load kick; load snare; load hat"),
    ("say bring in the bass", "load bass"),
    ("say bring the bass in", "load bass"),
    ("say throw in a backbeat", "load snare"),
    ("say hats too", "load hat"),
    ("say kick / snare", "load kick; load snare"),
    ("say a kick... a snare; hats!", "load kick; load snare; load hat"),
    ("say add hats to the beat", "load hat"),
    ("say put a kick under it", "load kick"),
    ("say mute the kick", "mute kick"),
    ("say take out the kick", "mute kick"),
    ("say take the kick and the hats out", "mute kick hat"),
    ("say turn off the kick", "mute kick"),
    ("say turn the kick off, please", "mute kick"),
    ("say switch off the hats", "mute hat"),
    ("say cut the kick", "mute kick"),
    ("say lose the snare", "mute snare"),
    ("say turn the kick on", "unmute kick"),
    ("say bring the kick back", "unmute kick"),
    ("say unmute the hats", "unmute hat"),
    ("say solo the bass", "solo bass"),
    ("say drop a reese bassline", "load reese"),
    ("say a dnb reese and a dark pad", "bpm 174; load reese freq=e1; load pad voices=4"),
    ("say hats and ride", "load hat; load ride"),
    ("say dub chords", "bpm 124; load stab voices=4 cutoff=500"),
    ("say a dub techno beat with a sub", "bpm 124; load kick model=808; load snare; load hat; load sub"),
    ("Chronus, add a cowbell, congas and a lead", "load cowbell; load perc model=conga; load lead"),
    ("say plucks, a hoover and stabs", "load hoover; load stab; load pluck"),
    ("say mute the pad and the reese bass", "mute pad reese"),
    ("say mute the 303", "mute tb303"),
    ("say mute the kick and add hats", "load hat; mute kick"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), UNDERSTOOD, ids=[line for line, _ in UNDERSTOOD])
def test_a_sentence_comes_to_its_lines_and_to_no_others(line: str, expected: str) -> None:
    lines = [one for one in spoken(line).lines if not one.startswith("seq")]
    wanted = expected.split("; ")
    assert len(lines) == len(wanted), lines
    for begins, one in zip(wanted, lines, strict=True):
        assert f"{one} ".startswith(f"{begins} "), lines
    loads = [one.split()[1] for one in lines if one.startswith("load")]
    assert [one.split()[1] for one in spoken(line).lines if one.startswith("seq")] == [f"{name}:" for name in loads]


NOT = [
    # what is typed | the words that must be named | what is offered
    ("Chronus, add hats and a sitar", "sitar", "say hats"),
    ("say a two-step beat with ghosted snares and a reese in F minor", "two-step, ghosted, F minor", "say beat and snares and reese"),
    ("say an acid line at 130 with five accents and three slides", "five accents, three slides", "say acid line at 130 bpm"),
    ("say arrange 64 bars: intro, build, drop, break, drop", "arrange 64 bars, intro, build, drop, break", ""),
    ("say the kick is too loud", "is too loud", ""),
    ("say fade the kick", "fade", ""),
    ("say keep the kick", "keep", ""),
    ("say keep only the kick", "keep only", "solo kick"),
    ("say only the kick", "only", "solo kick"),
    ("say where is the kick?", "where is, ?", ""),
    ("say kick at bar 8", "at bar 8", "say kick"),
    ("say pan the kick left", "pan, left", ""),
    ("say turn down the kick", "turn down", ""),
    ("say turn up the hats", "turn up", ""),
    ("say make the bass louder", "louder", ""),
    ("say more kick", "more", ""),
    ("say no kick", "no", "mute kick"),
    ("say don't mute the kick", "don't mute", ""),
    ("say don\u2019t stop", "don\u2019t stop", ""),
    ("say a kick without hats", "without", ""),
    ("say the kick isn't needed", "isn't needed", ""),
    ("say is there a kick?", "is, ?", ""),
    ("say hats?", "?", ""),
    ("say remove the kick", "remove", "unload kick"),
    ("say stop the kick", "stop", ""),
    ("say a kick on every beat", "on every beat", "say kick"),
    ("say a kick on beat 2", "on beat 2", "say kick"),
    ("say hats for 4 beats", "4 beats", "say hats"),
    ("say a techno beat in 7/8", "7/8", "say techno beat"),
    ("say techno and house", "house", "say techno"),
    ("say techno at 8", "at 8", "say techno"),
    ("say techno at 64 bars", "at 64 bars", "say techno"),
    ("say kick at 90%", "at 90%", "say kick"),
    ("say an 808", "808", ""),
    ("say an 808 bass", "808 bass", ""),
    ("say a 909 pad", "909 pad", ""),
    ("say a fat kick and a nice snare", "fat", "say kick and snare"),
    ("say a kick then a snare", "then", "say kick and snare"),
    ("say kick it", "it", "say kick"),
    ("say an open hat", "open", "say hat"),
    ("say too many hats", "too many", "say hats"),
    ("say add a 303, call and response", "call, response", "say 303"),
    ("say mute the drums", "mute, drums", ""),
    ("say mute", "mute", ""),
    ("say a snare with reverb at 120", "reverb", "say snare at 120 bpm"),
    ("Hey Chronus, drop!", "drop", ""),
    ("say \u043a\u0438\u043a \U0001f941", "\u043a\u0438\u043a \U0001f941", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words", "offer"), NOT, ids=[line for line, *_ in NOT])
def test_every_word_that_is_not_understood_is_named(line: str, words: str, offer: str) -> None:
    error = refused(line)
    named = re.findall(r'"([^"]+)"', error.message.split(" not understood")[0])
    assert sorted(named) == sorted(words.split(", ")), error.message
    assert error.column == min(line.index(one) for one in named) + 1
    offered = re.findall(r"`([^`]+)`", error.message)
    assert offered == ([offer] if offer else []), error.message
    for one in offered:
        assert parse(Statement(one))


@pytest.mark.parametrize(
    ("line", "column", "suggestion"),
    [
        ("say a kik and a snare", 7, "kick"),
        ("say a snaer", 7, "snare"),
        ("say some teckno", 10, "techno"),
        ("say ad some hats", 5, ""),
        ("say jungel at 170", 5, "jungle"),
        ("say a bassline and hihtas", 20, "hihats"),
        ("say a zither", 7, ""),
    ],
)
def test_a_slip_of_the_finger_is_told_what_it_may_have_been(line: str, column: int, suggestion: str) -> None:
    error = refused(line)
    assert error.column == column
    assert error.suggestions[:1] == ((suggestion,) if suggestion else ())
    if suggestion:
        word = re.match(r"\w+", line[column - 1 :])[0]  # type: ignore[index]
        assert spoken(line[: column - 1] + suggestion + line[column - 1 + len(word) :])


@pytest.mark.parametrize(
    "line",
    ["Yo! Chronus, a kick", "yo chronus a kick", "YO a  kick", "chronus, a kick", "Chronus: a kick", "Chronus! a kick",
     "Hey Chronus, a kick", "hey, chronus: a kick", "OK Chronus a kick", "say Yo, Chronus: a kick", "say hey chronus, a kick",
     "Chronus a kick", "say a kick"],
)  # fmt: skip
def test_the_address_is_no_part_of_the_words(line: str) -> None:
    parsed = parse(Statement(line))
    assert parsed.text == "say a kick"
    assert parsed.spans["words"][1] == line.index("a ") + 1


@pytest.mark.parametrize("line", ["Chronus play some hats", "Chronus, please play hats", "Chronus load hats"])
def test_a_verb_may_follow_the_address(line: str) -> None:
    assert spoken(line).lines[0] == "load hat"


@pytest.mark.parametrize("line", ["say", "Yo!", "say ...", "say please", "Chronus,"])
def test_words_that_say_nothing_are_told_what_could_be_said(line: str) -> None:
    error = refused(line)
    assert error.message.startswith("say what to play: genres (dnb, ") and error.column == len(line) + 1
    assert spoken(f"{line} {error.suggestions[0]}").lines[:2] == ("load kick", "load snare")


@pytest.mark.parametrize("line", ["Chronus, stop", "chronus status", "Chronus: set bass.freq 55", "say load saw"])
def test_a_command_said_to_chronus_is_told_to_come_by_itself(line: str) -> None:
    assert "is a command: send it by itself" in refused(line).message


@given(st.lists(st.sampled_from(sorted(vocabulary())), min_size=1, max_size=8))
def test_what_is_offered_is_understood_whole(phrases: list[str]) -> None:
    try:
        spoken(f"say {' '.join(phrases)}")
    except ChronusError as error:
        for one in re.findall(r"`(say [^`]+)`", error.message):
            assert spoken(one).lines


def test_every_line_of_the_vocabulary_can_be_read_and_performed() -> None:
    table = tomllib.loads((places.shipped("grammar") / "phrases.toml").read_text())
    for name, genre in {"": table["plain"], **table["genres"]}.items():
        for instrument in table["order"]:
            lines = genre.get(instrument, ())
            assert name or lines
            stage = real()
            for line in lines:
                stage.fine(parse(Statement(line)).command)
    for model in table["models"]:
        for drum in table["beat"]:
            real().fine(parse(Statement(f"load {drum} model={model}")).command)


def test_every_word_of_the_vocabulary_is_understood() -> None:
    table = tomllib.loads((places.shipped("grammar") / "phrases.toml").read_text())
    words = [word for genre in table["genres"].values() for word in genre["words"]]
    for word in [*words, *(word for known in table["instruments"].values() for word in known)]:
        assert said(f"say some {word}, please"), word


# ---------------------------------------------------------------- what is there is kept


def real() -> Stage:
    stage = Stage()
    stage.conductor = Conductor(Catalogue.load(), RATE)
    return stage


def perform(stage: Stage, *lines: str) -> list[str]:
    """The last answer's lines."""
    for line in lines:
        parsed = parse(Statement(line))
        (outcome,) = stage.say(parsed.command)
        assert outcome.error is None, outcome.error
    return list(outcome.lines)


MADE = ("bpm 140", "load kick", "seq kick: X..X..X.X..X..X.")


@pytest.mark.parametrize(
    "line",
    [
        "say the kick is too loud", "say take out the kick", "say turn off the kick", "say cut the kick", "say lose the kick",
        "say fade the kick", "say keep the kick", "say only the kick", "say where is the kick?", "say kick at bar 8",
        "say pan the kick left", "say a kick", "say drop the kick", "Chronus, play the kick", "say an 808 kick",
        "say a techno beat", "say a dnb kick", "say hard techno", "say kick, snare and hats", "say some house drums",
        "Yo! Chronus, drop in some kick and snare for a DnB song...",
    ],
)  # fmt: skip
def test_no_sentence_takes_the_place_of_a_lane_or_of_a_tempo(line: str) -> None:
    stage = real()
    perform(stage, *MADE)
    try:
        stage.say(parse(Statement(line)).command)
    except ChronusError:
        pass
    rack = stage.rack
    assert rack.lanes["kick"].text == "X..X..X.X..X..X." and rack.bpm == 140
    assert not rack.modules["kick"].params


def test_what_is_kept_is_told_with_the_line_that_would_change_it() -> None:
    stage = real()
    perform(stage, *MADE)
    assert perform(stage, "say a techno beat with an 808 kick") == [
        "load snare model=909",
        "load hat model=909 open=0.6",
        "seq snare: ....x.......x...",
        "seq hat: ..x...x...x...x.",
        "the tempo stays 140; `bpm 132` changes that",
        "kick keeps its model; `set kick.model 808` changes that",
        "kick keeps its lane; `seq kick: X...X...X...X...` changes that",
    ]
    perform(stage, "undo")
    assert "snare" not in stage.rack.modules and "kick" in stage.rack.lanes


def test_a_sentence_that_leaves_nothing_to_do_is_refused_with_the_line_that_would() -> None:
    stage = real()
    perform(stage, *MADE)
    error = stage.refused(spoken("say a kick"))
    assert (error.code, error.message) == ("E_EXISTS", "kick keeps its lane; `seq kick: X...X...X...X...` changes that")


def test_a_module_without_a_lane_is_given_one() -> None:
    stage = real()
    assert perform(stage, "load kick decay=500ms", "say a kick") == ["seq kick: X...X...X...X..."]
    assert stage.rack.modules["kick"].params == {"decay": 500}


@pytest.mark.parametrize(
    ("before", "line", "bpm"),
    [
        ((), "say techno", 132),
        ((), "say a dnb kick", 174),
        (("load bass", "seq bass: x..."), "say some kick and snare for a dnb song", 174),
        (("load bass", "seq bass: x..."), "say a dnb beat", 174),
        (("load bass", "seq bass: x..."), "say a dnb kick", 120),
        (("bpm 90",), "say techno", 90),
        (("bpm 90",), "say techno at 138", 138),
        (("bpm 90", "load bass", "seq bass: x..."), "say kick, 100 bpm", 100),
        (("say techno",), "say an acid bassline", 132),
        (("say techno",), "say a house bassline", 132),
    ],
)
def test_only_what_asks_for_a_tempo_changes_it(before: tuple[str, ...], line: str, bpm: float) -> None:
    stage = real()
    perform(stage, *before, line)
    assert stage.rack.bpm == bpm


def test_muting_by_words_is_muting() -> None:
    stage = real()
    assert perform(stage, *MADE, "say take the kick out") == ["mute kick"]
    assert stage.rack.lanes["kick"].muted
    assert stage.refused(spoken("say mute the hats")).code == "E_NAME"
