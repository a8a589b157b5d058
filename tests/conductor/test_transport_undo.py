"""`stop`, `panic` and `play` are steps of undo, as all is but what hands do."""

from __future__ import annotations

import pytest

from tests.kit.said import BAR, Said


@pytest.fixture
def beat():
    stage = Said()
    stage.line("load kick; load saw; seq kick: x...")
    stage.play(1000)
    return stage


def goes(stage):
    """Whether notes are heard in the next bar."""
    begin = stage.frame
    stage.play(begin + BAR)
    return any(begin <= frame for frame, _, _ in stage.heard())


def test_undo_after_stop_lets_the_transport_go_as_play_would_and_redo_stops_it(beat):
    beat.line("stop")
    assert beat.line("undo") == "undo: Stop"
    assert list(beat.rack.lanes) == ["kick"] and beat.conductor.state.where(beat.frame) == (1, 1.0)
    assert goes(beat) and 1000 in [frame for frame, _, _ in beat.heard()]
    assert beat.line("redo") == "redo: Stop (transport stopped; play goes on)"
    assert not goes(beat)
    assert beat.line("undo") == "undo: Stop" and goes(beat)


def test_each_step_before_it_is_still_there_to_be_undone(beat):
    beat.line("bpm 150")
    beat.line("stop")
    beat.line("set kick.decay 100ms")
    assert beat.line("undo 3") == "undo: Set; Stop; Set"
    assert beat.rack.bpm == 120 and not beat.conductor.score.stopped and beat.rack.modules["kick"].params == {}
    assert beat.line("redo 3").startswith("redo: Set; Stop; Set")
    assert beat.rack.bpm == 150 and beat.conductor.score.stopped


def test_stop_twice_is_one_step_and_play_while_it_plays_none(beat):
    steps = len(beat.conductor.state.past)
    beat.line("play")
    beat.line("stop")
    beat.line("stop")
    beat.line("panic")
    assert len(beat.conductor.state.past) == steps + 2  # the panic has silenced the saw
    beat.line("panic")
    assert len(beat.conductor.state.past) == steps + 2


def test_play_is_a_step_too(beat):
    beat.line("stop")
    beat.line("play")
    assert beat.line("undo").startswith("undo: Play (transport stopped") and not goes(beat)
    assert beat.line("undo") == "undo: Stop" and goes(beat)


def test_undo_after_panic_brings_lanes_drones_and_held_gates_back(beat):
    beat.line("gate kick on")
    before = beat.rack
    beat.line("panic")
    assert beat.rack.modules["saw"].hushed and not beat.rack.modules["kick"].held
    assert beat.line("undo") == "undo: Panic"
    assert beat.rack.modules == before.modules and goes(beat)
    beat.line("redo")
    assert beat.rack.modules["saw"].hushed and not beat.rack.modules["kick"].held and not goes(beat)


def test_undo_after_panic_lets_wait_again_what_waited_as_far_as_its_time_has_not_passed(beat):
    beat.line("load bass at bar 5")
    beat.line("load noise at bar 2")
    beat.line("load filter at bar 3")
    assert beat.line("panic") == "panic (3 that waited withdrawn; transport stopped; play goes on)"
    beat.play(BAR + 5000)
    assert list(beat.rack.modules) == ["out", "kick", "saw"]
    assert beat.line("undo") == "undo: Panic (2 wait again; 1 no more, their time has passed)"
    assert [at for at, _ in [(d.frame, d) for d in beat.conductor.state.waiting]] == [4 * BAR, 2 * BAR]
    assert [step.label for step in beat.conductor.state.past][-2:] == ["Load", "Load"]
    beat.line("undo")
    assert [due.command.kind for due in beat.conductor.state.waiting] == ["bass"]
    beat.play(4 * BAR + 1)
    assert list(beat.rack.modules) == ["out", "kick", "saw", "bass"]


def test_redo_of_a_panic_withdraws_it_again_and_undo_of_that_brings_it_back_once_more(beat):
    beat.line("load bass at bar 5")
    beat.line("panic")
    beat.line("undo")
    beat.line("redo")
    assert beat.conductor.state.waiting == () and beat.conductor.score.stopped
    beat.line("undo")
    assert len(beat.conductor.state.waiting) == 1
    beat.play(4 * BAR + 1)
    assert "bass" in beat.rack.modules
    assert [step.label for step in beat.conductor.state.past][-1] == "Load"


def test_all_of_it_in_one_go_comes_to_the_same(beat):
    before = beat.rack
    beat.line("panic; undo; stop; play; panic; undo 3")
    assert beat.rack.modules == before.modules and beat.rack.lanes == before.lanes and not beat.conductor.score.stopped


def test_what_osc_does_to_the_transport_is_no_step(beat):
    steps = beat.conductor.state.past
    beat.line("stop", author="osc")
    assert beat.conductor.state.past == steps


def test_an_undo_of_many_names_three_and_counts_the_others(beat):
    for k in range(10):
        beat.line(f"bpm {100 + k}")
    (outcome,) = beat.lines("undo 10")
    assert outcome.text == "undo 10 steps: Set; Set; Set; ... and 7 more"
    assert outcome.result == {"steps": 10, "undone": ["Set"] * 10}
    (outcome,) = beat.lines("redo 4")
    assert outcome.text == "redo 4 steps: Set; Set; Set; ... and 1 more" and outcome.result["redone"] == ["Set"] * 4
