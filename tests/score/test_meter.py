"""The meter: from the next bar line on bars have another length, and all that counts in bars follows it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chronus.commands import Length, Redo, Sweep, Undo, Wait, When
from chronus.language import parser
from chronus.rack.script import script
from chronus.score.timeline import Meter, Timeline
from tests.kit.stage import CATALOGUE, RATE, Quantity, Stage, load, put, seq

BEAT = RATE // 2
BAR = 4 * BEAT
SEVEN = Fraction(7, 2)


@pytest.fixture
def music():
    """A kick on every beat, at 120 bpm, in the middle of bar 2."""
    stage = Stage()
    stage.fine(load("kick"), load("bass"), seq("kick", "x..."))
    stage.until(BAR + 2 * BEAT)
    return stage


def typed(line: str):
    (statement,) = parser.statements(line)
    return parser.parse(statement).command


def where(stage, frame):
    return stage.conductor.state.where(frame)


def test_bars_and_positions_are_one_another_through_all_meters():
    timeline = Timeline.begin(RATE, 1, 0, 120).metered(Fraction(8), SEVEN).metered(Fraction(15), Fraction(3))
    assert timeline.meters == (Meter(), Meter(Fraction(8), 2, SEVEN), Meter(Fraction(15), 4, Fraction(3)))
    lines = [timeline.place(k) for k in range(7)]
    assert lines == [0, 4, 8, Fraction(23, 2), 15, 18, 21]
    for k in range(0, 200):
        position = Fraction(k, 8)
        assert timeline.place(timeline.bars(position)) == position
        bar, beat = timeline.bar_and_beat(position)
        assert lines[min(bar, 6)] <= position and timeline.place(bar) + beat == position
    assert timeline.metered(Fraction(8), Fraction(4)).meters == (Meter(),), "another word before it came"


def test_times_are_those_of_the_meter():
    timeline = Timeline.begin(RATE, 1, 0, 120).metered(Fraction(8), SEVEN)

    def at(when, beat):
        return timeline.at(when, timeline.frame(Fraction(beat)))

    assert at(When("next"), 8) == 8 and at(When("next"), 9) == Fraction(23, 2)
    assert at(When("every", 4), 9) == 15 and at(When("every", 4), 16) == 29
    assert at(When("bar", 5), 9) == 15 and at(When("in", 2), 9) == Fraction(37, 2)
    assert at(When("next", 1, "beat"), 11) == 11 and at(When("next", 1, "beat"), Fraction(45, 4)) == Fraction(23, 2)
    assert at(When("next", 1, "beat"), 12) == Fraction(25, 2), "beats count from their bar line"
    assert timeline.later(Fraction(9), Length(1, "bars")) == Fraction(25, 2)


def test_a_meter_takes_hold_at_the_next_bar_line_and_says_so(music):
    (outcome,) = music.say(typed("meter 7/8"))
    assert outcome.text == "meter 7/8 (was 4/4) (from bar 3)" and outcome.frame == 2 * BAR
    assert where(music, 2 * BAR - BEAT) == (2, 4.0) and where(music, 2 * BAR + 3 * BEAT) == (3, 4.0)
    assert where(music, 2 * BAR + 7 * BEAT // 2) == (4, 1.0)
    assert music.fine(seq("bass", "x.x.")).endswith(
        "(4 steps, from bar 3); 4 steps: realigns after 2 bars (len=2 to clip)"
    )
    assert music.conductor.state.wait_frame(Wait(until_bar=5), music.frame) == 2 * BAR + 7 * BEAT
    assert music.conductor.state.wait_frame(Wait(length=Length(2, "bars")), 2 * BAR) == 2 * BAR + 7 * BEAT
    assert script(music.rack, CATALOGUE)[0] == "meter 7/8"


def test_every_lane_goes_on_as_it_was(music):
    music.fine(typed("meter 7/8"))
    music.until(6 * BAR)
    assert [frame for frame, _, _ in music.heard()] == [k * BEAT for k in range(24)]


@pytest.mark.parametrize("first", [True, False])
def test_what_waits_for_a_bar_waits_for_that_bar_whichever_is_said_first(music, first):
    lines = [
        seq("bass", "x...", when=When("bar", 9)),
        load("saw", when=When("bar", 7)),
        put("bpm", 90, when=When("bar", 9)),
    ]
    for command in (typed("meter 7/8"), *lines) if first else (*lines, typed("meter 7/8")):
        music.fine(command)
    nine = music.conductor.score.timeline.frame(8 + 6 * SEVEN)
    assert nine == 2 * BAR + 21 * BEAT
    (seven,) = music.conductor.due(nine)
    assert seven[0] == 2 * BAR + 14 * BEAT
    (later,) = music.conductor.due(nine + 1)
    assert later[0] == nine
    music.until(nine + BAR)
    lane = music.conductor.score.lanes["bass"].player.index
    assert [frame for frame, index, _ in music.heard() if index == lane] == [nine + k * BEAT for k in range(4)]


def test_a_later_bar_comes_later_in_longer_bars_and_what_plays_until_then_plays_on(music):
    music.fine(seq("kick", "xx..", when=When("bar", 4)))
    music.until(music.frame + 1)
    music.fine(typed("meter 5/4"))
    four = 2 * BAR + 5 * BEAT
    music.until(four + 2 * BEAT)
    expected = [k * BEAT for k in range(13)] + [four + k * BEAT // 4 for k in (0, 1, 4, 5)]
    assert [frame for frame, _, _ in music.heard()] == expected


def test_for_so_many_bars_and_then_as_it_was(music):
    (outcome,) = music.say(typed("meter 3/4 for 2 bars"))
    assert outcome.text == "meter 3/4 (was 4/4) (from bar 3; until bar 5)"
    five = 2 * BAR + 6 * BEAT
    ((frame, dues),) = music.conductor.due(five + 1)
    assert frame == five
    music.until(five)
    music.fine(*(due.command for due in dues))
    assert music.rack.meter == "4/4" and where(music, five + BAR) == (6, 1.0)


def test_undo_before_it_comes_and_after_it(music):
    music.fine(typed("meter 7/8"))
    music.fine(Undo())
    assert music.conductor.score.timeline.meters == (Meter(),) and music.rack.meter == "4/4"
    music.fine(Redo())
    music.until(3 * BAR)
    music.fine(Undo())
    assert where(music, 2 * BAR + 7 * BEAT) == (5, 1.0) and where(music, 2 * BAR + 7 * BEAT + BAR) == (6, 1.0)


def test_before_there_is_music_it_is_the_meter_of_what_begins():
    stage = Stage()
    stage.fine(load("kick"), load("filter"))
    stage.fine(load("saw", when=When("bar", 3)))
    stage.fine(typed("meter 7/8"))
    assert stage.conductor.state.wait_frame(Wait(length=Length(2, "bars")), 0) == 7 * BEAT
    stage.fine(seq("kick", "x..."))
    assert where(stage, 7 * BEAT) == (3, 1.0)
    (due,) = stage.conductor.due(7 * BEAT + 1)
    assert due[0] == 7 * BEAT


def test_sweeps_over_bars_last_bars_of_the_meter(music):
    music.fine(typed("meter 3/4"))
    music.until(2 * BAR)
    music.fine(load("filter"))
    music.fine(put("filter.cutoff", Sweep(Quantity(100), Quantity(1600)), over=Length(2, "bars")))
    (course,) = music.conductor.score.courses.values()
    assert (course.frames, course.beats) == (6 * BEAT, 6.0)


@pytest.mark.parametrize("words", ["4", "7/7", "0/4", "33/4", "7/16", "fast", "3/4..7/8 over 2 bars"])
def test_what_is_no_meter_is_refused(music, words):
    text = music.refused(typed(f"meter {words}")).message
    assert text in ("a meter is beats in a bar, over 2, 4 or 8: 7/8", "meter cannot be swept")
    assert music.refused(typed(f"set meter {words}")).message == text


def test_two_meters_of_one_length_are_kept_apart(music):
    music.fine(typed("meter 6/8"))
    assert script(music.rack, CATALOGUE)[0] == "meter 6/8"
    assert music.fine(typed("set meter 3/4")).startswith("meter 3/4 (was 6/8)")


def test_bars_of_swung_music_keep_their_length(music):
    music.fine(put("swing", 66), typed("meter 7/8"), seq("kick", "xxxxxxxxxxxxxx"))
    music.until(8 * BAR)
    heard = [frame - 2 * BAR for frame, _, _ in music.heard() if frame >= 2 * BAR]
    assert heard[::14] == [k * 7 * BEAT // 2 for k in range(len(heard[::14]))] and len(heard[::14]) >= 6
