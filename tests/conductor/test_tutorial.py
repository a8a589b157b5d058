"""The tutorial: each step is done by what is in the rack, however it came there."""

import pytest

from chronus.catalogue.kinds import Catalogue
from chronus.commands import Song, Tutorial
from chronus.conductor import tutorial
from chronus.conductor.conductor import Conductor
from chronus.language.parser import parse
from chronus.language.source import whole
from tests.kit.stage import RATE, Stage


@pytest.fixture
def stage():
    made = Stage()
    made.conductor = Conductor(Catalogue.load(), RATE)
    return made


def typed(stage, line):
    for statement in whole(line):
        stage.fine(parse(statement).command)


def due(stage):
    conductor = stage.conductor
    waits = any(isinstance(one.command, Song) for one in conductor.state.waiting)
    return tutorial.due(conductor.rack, conductor.catalogue, waits)


def test_each_line_that_is_shown_does_its_step_and_no_other(stage):
    for number, step in enumerate(tutorial.STEPS, 1):
        assert due(stage) == number
        typed(stage, step.line)
        assert due(stage) == number + 1, step.title
    assert tutorial.told(stage.conductor.rack, stage.conductor.catalogue, song_waits=True)[1]["done"]


OTHERWISE = [
    "load reese as growl", "seq growl: o", "load clap; seq clap: ....X", "set bpm 128 over 4 bars", "seq growl: 0 2 scale=minor",
    "set clap.level -3db", "load reverb; patch growl > reverb.in", "load lfo; patch lfo > growl.cutoff", "scene a = growl; scene b = clap",
    "song: a*2 b*2 loop",
]  # fmt: skip


def test_it_is_done_as_well_by_other_lines_than_those_shown(stage):
    for number, line in enumerate(OTHERWISE, 1):
        typed(stage, line)
        assert due(stage) >= number + 1, line
    assert due(stage) == len(tutorial.STEPS) + 1


@pytest.mark.parametrize("line", ["new", "undo 40"])
def test_what_is_taken_back_is_due_again(stage, line):
    for step in tutorial.STEPS[:4]:
        typed(stage, step.line)
    typed(stage, line)
    assert due(stage) == 1


def test_a_step_that_was_done_before_its_turn_is_passed_over(stage):
    typed(stage, "bpm 174; load kick; seq kick: x...; load hat; seq hat: ..x.")
    assert due(stage) == 5


def test_it_answers_at_the_prompt_and_in_json(stage):
    assert Tutorial().asks and not Tutorial().off
    lines, result = tutorial.told(stage.conductor.rack, stage.conductor.catalogue)
    assert lines[:2] == ["step 1 of 10, a sound: A module makes sound. This one is a bass drum.", "    load kick"]
    assert result == {"step": 1, "of": 10, "done": False, "title": "a sound", "line": "load kick"}
