"""What is tried out before it is rendered, and what is said of how that ended."""

from __future__ import annotations

import signal

import pytest

from chronus.commands import Open, Submission, Undo, Unload, When
from chronus.control.jobs.proving import judged, trials
from chronus.memory.sheet import Finding
from tests.kit.stage import Stage, load, put, seq

# "pump" is the one kind of the stage that did not come with Chronus


@pytest.fixture
def stage():
    return Stage()


def asked(stage, *commands):
    """(outcome, new strangers, names of the rack) of each trial that the commands need."""
    whole = Submission(tuple(range(len(commands))), ("",) * len(commands), commands)
    t = stage.conductor.perform(whole)
    return [(trial.outcome, set(trial.new), set(trial.rack.modules)) for trial in trials(t, whole)]


def test_what_came_with_chronus_needs_no_trial(stage):
    stage.fine(load("kick"))
    assert asked(stage, load("bass"), put("kick.decay", 200), seq("kick", "x.x."), load("saw", "pad"), Undo()) == []


def test_a_stranger_is_tried_out_in_the_rack_that_it_comes_into(stage):
    stage.fine(load("kick"))
    assert asked(stage, load("bass"), load("pump"), load("saw")) == [(1, {"pump"}, {"out", "kick", "bass", "pump"})]


def test_one_that_is_there_is_tried_out_again_only_when_it_is_another_one(stage):
    stage.fine(load("pump"))
    assert asked(stage, load("kick")) == []
    assert asked(stage, Unload(name="pump"), load("pump")) == [(1, {"pump"}, {"out", "pump"})]


def test_a_patch_is_tried_out_whatever_is_in_it(stage):
    opened = Open(name="x", commands=(load("kick"),), when=When("now"))
    assert asked(stage, opened) == [(0, set(), {"out", "kick"})]


def test_what_is_to_come_later_is_tried_out_now(stage):
    stage.fine(load("kick"), seq("kick", "x.x."))
    assert asked(stage, Open(name="x", commands=(load("bass"),))) == [(0, set(), {"out", "bass"})]
    later = load("pump")
    later = type(later)(kind=later.kind, when=When("next"))
    assert asked(stage, later) == [(0, {"pump"}, {"out", "kick", "pump"})]


def test_a_module_that_is_unloaded_and_loaded_in_one_go_has_a_place_of_its_own(stage):
    stage.fine(load("kick"), load("bass"), seq("bass", "x.x."))
    before = stage.conductor.plan.seats
    stage.fine(Unload(name="bass"), load("bass"), seq("bass", "x.x."))
    after = stage.conductor.plan.seats
    assert after["kick"] == before["kick"] and after["bass"].incarnation != before["bass"].incarnation
    assert after["bass"].region != before["bass"].region


@pytest.mark.parametrize(
    "status, kind, code, words",
    [
        (-signal.SIGSEGV, "pump", "E_MODULE", 'the module "d" (pump) crashed (SIGSEGV)'),
        (-signal.SIGFPE, "pump", "E_MODULE", "crashed (SIGFPE)"),
        (70, "pump", "E_MODULE", "crashed (exit 70)"),
        (Finding.HANGS, "pump", "E_MODULE", "did not return"),
        (-signal.SIGALRM, "pump", "E_MODULE", "did not return"),
        (Finding.UNSOUND, "pump", "E_MODULE", "NaN"),
        (Finding.SLOW, "pump", "E_MODULE", "would take 120 %"),
        (Finding.SLOW, "saw", "E_BUDGET", "would take 120 %"),
    ],
)
def test_how_a_trial_ended_is_said_in_words(status, kind, code, words):
    error = judged(int(status), "d", kind, 120)
    assert error is not None and error.code == code and words in error.message and error.part == "kind"


def test_a_trial_that_ends_well_says_nothing_and_one_without_a_culprit_names_none():
    assert judged(Finding.SOUND, "", "", 3) is None
    assert judged(-signal.SIGSEGV, "", "", 0).message.startswith("what it makes crashed")
