"""The history: ids, who and when; `undo to`, `undo 8 bars`; and what a way back does to what waits."""

from __future__ import annotations

import pytest

from chronus.conductor.history import HISTORY
from chronus.journal import standing
from chronus.rack.document import replace
from tests.kit.said import BAR, Said


@pytest.fixture
def beat():
    """Steps 1, 2 and 3."""
    stage = Said()
    for line in ("load kick", "load saw", "seq kick: x..."):
        stage.line(line, "ana")
    stage.play(1000)
    return stage


def told(stage, line="history"):
    (outcome,) = stage.lines(line)
    assert outcome.error is None
    return outcome


def ids(stage, line="history"):
    return [(one["id"], one["state"]) for one in told(stage, line).result["history"]]


def test_each_step_has_an_id_its_bar_and_who_said_it(beat):
    beat.play(2 * BAR + 10)
    beat.line("set kick.decay 100ms", "ben")
    assert told(beat).lines == (
        "1  -      ana  Load",
        "2  -      ana  Load",
        "3  bar 1  ana  Sequence",
        "4  bar 3  ben  Set",
    )
    last = told(beat).result["history"][-1]
    assert last == {
        "id": 4, "author": "ben", "bar": 3, "beat": pytest.approx(1.0, abs=0.01), "frame": 2 * BAR + 10, "text": "Set", "state": "done",
    }  # fmt: skip
    assert [line.split()[0] for line in told(beat, "history 2").lines] == ["...", "3", "4"]
    assert ids(beat, "history ben") == [(4, "done")] and beat.wrong("history bem").suggestions == ("ben",)


def test_a_question_and_a_hand_have_no_id(beat):
    beat.line("list; note kick c3; gate kick on")
    beat.line("set kick.decay 1s")
    assert ids(beat)[-1] == (4, "done")


def test_undo_says_whose_step_it_was(beat):
    outcome = beat.lines("undo 2", "ben")[0]
    assert outcome.text == "undo: Sequence (by ana); Load (by ana)" and outcome.result["of"] == ["ana"]
    assert beat.line("redo 2", "ana").startswith("redo: Load; Sequence")


def test_undo_to_is_a_step_that_undo_takes_back(beat):
    was = [beat.rack]
    for k in range(5):
        beat.line(f"set kick.freq {50 + k}")
        was.append(beat.rack)
    assert beat.line("undo to 5") == "undo to 5: as it was after 5, bar 1: Set"
    assert beat.rack == was[2] and ids(beat)[-1] == (9, "done")
    assert beat.line("undo to 3") == "undo to 3: as it was after 3, bar 1: Sequence (by ana)" and beat.rack == was[0]
    assert beat.line("undo to 8").startswith("undo to 8") and beat.rack == was[5]
    assert beat.line("undo") == "undo: Undo" and beat.rack == was[0]
    assert beat.line("undo") == "undo: Undo" and beat.rack == was[2]
    assert beat.line("redo") == "redo: Undo" and beat.rack == was[0]
    assert beat.line("undo to 0") == "undo to 0: as it was at first" and list(beat.rack.modules) == ["out"]


def test_what_was_undone_before_something_else_was_said_can_be_reached_still(beat):
    beat.line("set kick.freq 50")
    there = beat.rack
    beat.line("undo")
    beat.line("set kick.freq 60")
    assert ids(beat)[-2:] == [(4, "undone"), (5, "done")]
    assert beat.wrong("redo").message == "there is nothing to redo"
    beat.line("undo to 4")
    assert beat.rack == there
    beat.line("undo 3")
    beat.line("undo to 6")
    assert beat.rack == there, "one that redo would bring, too"


def test_a_step_that_is_not_known_is_refused_with_those_that_are(beat):
    error = beat.wrong("undo to 12")
    assert (error.code, error.part, error.message) == ("E_VALUE", "to", "the history has no step 12; it knows 1..3")
    assert beat.wrong("undo to 3").message == "3 is the present rack"


def test_undo_8_bars_brings_back_what_was_heard_then(beat):
    racks = {}
    for bar in range(1, 20):
        beat.play(bar * BAR + 10)
        beat.line(f"set kick.freq {50 + bar}")
        racks[bar] = beat.rack
    beat.play(20 * BAR)
    assert (
        beat.line("undo 8 bars").startswith("undo 8 bars: as it was after 14, bar 12: Set") and beat.rack == racks[11]
    )
    beat.play(20 * BAR + 500)
    assert beat.line("undo") == "undo: Undo" and beat.rack == racks[19]
    beat.play(30 * BAR)
    beat.line("undo 10 bars")
    assert beat.rack == racks[11], "as it was for a moment"
    beat.play(31 * BAR)
    beat.line("undo 20 beats")
    assert beat.rack == racks[19], "five bars ago what was heard was that again"
    beat.line("undo 500 bars")
    assert list(beat.rack.modules) == ["out"], "further back there was nothing"


def test_what_was_undone_meanwhile_is_heard_again_and_what_was_to_come_is_not(beat):
    beat.play(4 * BAR + 100)
    beat.line("set kick.freq 90")
    beat.line("seq kick: xxxx")  # heard from bar 6 on
    beat.play(4 * BAR + 200)
    beat.line("set kick.decay 1s")
    assert beat.rack.lanes["kick"].text == "xxxx"
    beat.play(6 * BAR)
    beat.line("undo 3")
    beat.play(8 * BAR + 300)
    beat.line("undo 4 bars")
    kick = beat.rack.modules["kick"]
    assert (kick.params, beat.rack.lanes["kick"].text) == ({"freq": 90.0, "decay": 1000.0}, "x...")
    beat.line("undo 3 bars")
    assert beat.rack.lanes["kick"].text == "xxxx"


def test_nothing_has_changed_since_then(beat):
    beat.play(20 * BAR)
    error = beat.wrong("undo 8 bars")
    assert (error.code, error.part, error.message) == ("E_VALUE", "ago", "nothing has changed since then")


def test_what_waits_keeps_its_id_when_its_time_has_come(beat):
    beat.line("set kick.freq 90 at bar 4")
    beat.line("set kick.decay 1s")
    assert ids(beat)[-2:] == [(4, "waits"), (5, "done")]
    assert told(beat, "history 1").lines[-1].startswith("5")
    beat.play(5 * BAR)
    assert ids(beat)[-2:] == [(5, "done"), (4, "done")]
    assert [one["bar"] for one in told(beat, "history 2").result["history"]] == [1, 4]
    there = beat.rack
    beat.line("undo to 5")
    assert "freq" not in beat.rack.modules["kick"].params
    beat.line("undo to 4")
    assert beat.rack == there


def test_a_way_back_withdraws_what_was_said_since_and_undo_lets_it_wait_again(beat):
    beat.line("set kick.decay 1s at bar 9")
    beat.line("set kick.freq 90")
    beat.line("set kick.freq 70 at bar 4")
    assert beat.line("undo to 4").endswith("(1 that waited withdrawn)")
    assert [due.text for due in beat.conductor.state.waiting] == ["Set"] and ids(beat)[3][1] == "waits"
    beat.line("undo")
    assert len(beat.conductor.state.waiting) == 2
    beat.line("redo")
    assert beat.play(10 * BAR) == [] and beat.rack.modules["kick"].params == {"decay": 1000.0}


def test_what_held_for_a_length_then_is_over_or_is_still_to_end(beat):
    beat.line("set kick.freq 90 for 4 bars")
    beat.line("set kick.decay 1s")
    beat.line("set kick.decay 2s")
    beat.line("undo to 5")
    assert beat.rack.modules["kick"].params == {"freq": 90.0, "decay": 1000.0}
    beat.play(6 * BAR)
    assert beat.rack.modules["kick"].params == {"decay": 1000.0}
    beat.line("undo to 6")
    assert beat.rack.modules["kick"].params == {"decay": 2000.0}


def test_hands_stay_as_they_are(beat):
    beat.line("set kick.freq 90")
    beat.line("gate kick on")
    beat.line("undo to 3")
    assert beat.rack.modules["kick"].held


def test_the_history_is_bounded_and_its_ids_go_on(beat):
    for k in range(HISTORY + 20):
        beat.line(f"set kick.freq {50 + k % 700}")
    state = beat.conductor.state
    assert len(state.past) == HISTORY and state.past[-1].id == HISTORY + 23 and len(state.trail) <= HISTORY
    assert beat.wrong("undo to 7").message == f"the history has no step 7; it knows 24..{HISTORY + 23}"
    beat.line("undo to 23")  # the rack before the oldest step that is known
    assert beat.rack.modules["kick"].params == {"freq": 69.0}
    beat.line("undo 500")
    beat.line("set kick.freq 99")
    state = beat.conductor.state
    assert len(state.past) + len(state.dropped) == HISTORY and not state.future


def test_steps_of_a_journal_from_before_there_were_ids_are_numbered(beat):
    beat.line("undo 2")
    state = beat.conductor.state
    older = standing._decoder.decode(standing.keep(state))
    older = replace(older, marks=[], dropped=[], ways=[], timelines=[], step=0, trail=())
    fresh = standing.restored(Said().conductor.state, standing._encoder.encode(older))
    assert [(step.label, step.id, step.before) for step in fresh.past] == [("Load", 1, 0)]
    assert [(step.label, step.id) for step in fresh.future] == [("Sequence", 3), ("Load", 2)] and fresh.step == 3


def test_diff_gives_the_lines_between_two_racks(beat):
    beat.line("set kick.freq 90; load bass; patch kick > filter; scene drop = kick")
    beat.line("unload bass; seq kick: xx..; mute kick; bpm 150")
    assert told(beat, "diff").lines == ("bpm 150",)
    outcome = told(beat, "diff 3")
    assert outcome.lines == (
        "bpm 150", "load filter", "set kick.freq 90 Hz", "patch kick > filter", "sequence kick: xx..", "mute kick",
        "scene drop = kick",
    )  # fmt: skip
    assert outcome.result == {"from": 3, "to": 11, "lines": list(outcome.lines)}
    assert told(beat, "diff 11 3").lines[:3] == ("bpm 120", "unload filter", "set kick.freq 440 Hz")
    assert told(beat, "diff 3 3").lines == ("no difference",)
    assert (beat.wrong("diff 3 99").part, beat.wrong("diff 99").part) == ("second", "first")


def test_diff_tells_waves_and_lanes_of_values_and_those_that_stay_not_at_all(beat):
    beat.line("load filter; seq filter.cutoff: 400 . 800 _; mute filter.cutoff")
    beat.line("set kick.freq lfo(sine, 1/2, 40..90)")
    assert told(beat, "diff").lines == ("set kick.freq lfo(sine, 1/2, 40 Hz..90 Hz)",)
    beat.line("clear filter.cutoff")
    assert told(beat, "diff").lines == ("clear filter.cutoff",)
    beat.line("undo; unmute filter.cutoff")
    assert told(beat, "diff").lines == ("unmute filter.cutoff",)
