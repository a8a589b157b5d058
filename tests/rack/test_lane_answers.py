"""What the answer to a lane tells beside its length, and what a module is not asked to play."""

from __future__ import annotations

import pytest

from chronus import wire
from chronus.catalogue.kinds import Catalogue
from chronus.commands import Reply
from chronus.conductor.conductor import Conductor
from chronus.errors import ChronusError
from chronus.language.parser import parse, statements
from chronus.pattern.loop import FAR
from tests.kit.stage import RATE, Stage


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture
def stage(catalogue: Catalogue) -> Stage:
    made = Stage()
    made.conductor = Conductor(catalogue, RATE)
    say(made, "load bass; load pad")
    return made


def say(stage: Stage, line: str) -> str:
    for statement in statements(line):
        told = stage.fine(parse(statement).command)
    return told


def refused(stage: Stage, line: str) -> ChronusError:
    return stage.refused(parse(statements(line)[0]).command)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("<a1 c2 e2> .", "goes round in 3 loops"),
        ("<a1 <c2 e2>> a1?1:3", "goes round in 12 loops"),
        ("{a1 c2 e2}%2 . .", "goes round in 3 loops"),
        ("{a1 c2}%4", ""),
        ("x?1:4 x", "goes round in 4 loops"),
        ("x . , x?1:4", "goes round in 2 loops"),
        ("x?fill x fill=4", "goes round in 4 loops"),
        ("x x fill=4", ""),
        ("x? [x|X]", ""),
        ("x? <x X>", "goes round in 2 loops"),
        ("0 2 4 3", "in c minor; key a minor sets another"),
        ("0 2 4 3 root=eb3", "in eb minor"),
        ("0 2 4 3 scale=phrygian", "in c phrygian"),
        ("0 2 scale=minor root=a2", ""),
        ("<0 2> 4", "goes round in 2 loops; in c minor; key a minor sets another"),
        ("1 0 1 0", "degrees in c minor; a rhythm is written x.x."),
        ("<a1 c2 e2>", "goes round in 3 loops"),
    ],
)
def test_the_answer_says_after_how_many_loops_a_lane_begins_anew_and_in_which_key_it_is(stage, line, told):
    assert say(stage, f"seq pad: {line}").partition("from bar 1)")[2].removeprefix("; ") == told


def test_a_lane_that_is_never_the_same_again_can_still_be_told(stage):
    """997 loops times 991 times ... would be more than a message holds."""
    cycles = " ".join(f"a1?1:{among}" for among in (997, 991, 983, 977, 971, 967, 953))
    (outcome,) = stage.say(parse(statements(f"seq pad: {cycles}")[0]).command)
    assert outcome.error is None and outcome.result["loops"] == FAR
    assert wire.encode(Reply(1, True, outcome.text, result=outcome.result))


def test_the_length_comes_first(stage):
    assert say(stage, "seq bass: <0 2> . .").partition("from bar 1); ")[2] == (
        "3 steps: realigns after 3 bars (len=2 to clip); goes round in 2 loops; in c minor; key a minor sets another"
    )


def test_the_key_that_is_set_is_named_and_a_kit_has_none(stage):
    assert say(stage, "key a phrygian; seq bass: 0 2 4 3").endswith("; in a phrygian")
    assert say(stage, "seq bass: 0 2 4 3 root=e2").endswith("; in e phrygian")
    assert say(stage, "load kit; seq kit: 0 2 4 3").endswith("; degrees are notes; a kit's drums are bd, sn, hh")


@pytest.mark.parametrize("line", ["bd . sn .", "<a1 bd>", "{bd hh a1}%2", "a1 [bd sn?10]", "a1 , bd?1:4"])
def test_names_of_drums_are_refused_by_what_is_no_kit_wherever_they_stand(stage, line):
    error = refused(stage, f"seq bass: {line}")
    assert error.part == "pattern" and "`load kit`" in error.message
    say(stage, "load kit")
    error = refused(stage, f"seq bass: {line}")
    assert error.part == "name" and error.suggestions == ("kit",)
    assert say(stage, f"seq kit: {line}")


@pytest.mark.parametrize("line", ["a2:m7 .", "<a1 [a1,c2]> .", "[c2,e2,g2] .", "{a1 a2:m}%2"])
def test_one_voice_says_how_many_notes_it_does_not_play(stage, line):
    assert "bass has one voice and plays one note of the chord" in say(stage, f"seq bass: {line}")
    assert "voice" not in say(stage, f"seq pad: {line}")
