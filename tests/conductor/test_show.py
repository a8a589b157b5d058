"""`show` alone: what is heard, what moves and what waits, on a screen whatever the rack is."""

import pytest

from chronus.catalogue.kinds import Catalogue
from chronus.commands import Show, Submission
from chronus.conductor.conductor import Conductor
from chronus.conductor.questions import SCREEN, folded
from chronus.language.parser import parse
from chronus.language.source import whole
from tests.kit.stage import RATE, Stage


@pytest.fixture
def stage():
    made = Stage()
    made.conductor = Conductor(Catalogue.load(), RATE)
    return made


def typed(stage, lines):
    for statement in whole(lines):
        stage.fine(parse(statement).command)


def shown(stage):
    return stage.conductor.perform(Submission((1,), ("show",), (Show(),)), "").outcomes[0]


def test_it_tells_what_is_muted_soloed_bypassed_held_and_on_its_way(stage):
    typed(
        stage,
        "load kick; seq kick: x...; load hat; seq hat: x.x.; solo hat; load delay; bypass delay on; load saw; gate saw on",
    )
    typed(stage, "set saw.freq 200..400 over 8 bars")
    answer = shown(stage)
    lines = "\n".join(answer.lines)
    for wanted in (
        "delay > out (bypassed)",
        "saw > out (gate held on)",
        "saw.freq 200 Hz..400 Hz over 8 bars: 0% done",
    ):
        assert wanted in lines
    assert answer.result["sweeps"]["saw.freq"]["over"] == "8 bars"
    assert [line for line in answer.lines if line.startswith("kick: ") and "(muted)" in line]
    assert [line for line in answer.lines if line.startswith("hat: ") and "(solo)" in line]


def test_it_tells_what_waits_and_for_which_bar(stage):
    typed(stage, "load kick; seq kick: x...")
    typed(stage, "set kick.level -3db at bar 9; bpm 150 at bar 5")
    answer = shown(stage)
    waits = [line for line in answer.lines if line.startswith("waits for ")]
    assert [line.split(": ")[0] for line in waits] == ["waits for bar 5", "waits for bar 9"]
    assert [one["at"] for one in answer.result["waits"]] == ["bar 5", "bar 9"]


def test_a_large_rack_fits_a_screen_and_json_has_all_of_it(stage):
    typed(stage, "\n".join(f"load bass as b{k}; seq b{k}: x.x." for k in range(40)))
    answer = shown(stage)
    assert len(answer.lines) <= SCREEN + 2
    assert sum(line.startswith("... and 3") for line in answer.lines) == 2
    assert len(answer.result["modules"]) == 41 and len(answer.result["lanes"]) == 40


def test_only_what_is_long_is_folded():
    assert folded([(["a"], "x"), (["b", "c"], "y")]) == ["a", "b", "c"]
    found = folded([(["a"], "x"), ([str(k) for k in range(100)], "numbers")])
    assert len(found) == SCREEN and found[0] == "a" and found[-1] == "... and 83 more numbers"
