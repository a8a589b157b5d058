"""Frames and beats."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus.commands import Length, When
from chronus.score.timeline import FINEST, Ramp, Timeline, frames_of, near

TEMPI = st.integers(20_000, 400_000).map(lambda n: n / 1000)


def test_a_sixteenth_at_174_falls_on_the_frame_nearest_to_its_exact_time():
    timeline = Timeline.begin(44100, 1, 1000, 174)
    for sixteenth in range(64 * 16):
        seconds = Fraction(sixteenth, 4) * 60 / 174
        assert timeline.frame(Fraction(sixteenth, 4)) == 1000 + round(seconds * 44100)


def test_174_is_174_after_a_day():
    timeline = Timeline.begin(44100, 1, 0, 174)
    beats = 174 * 60 * 24
    assert timeline.frame(Fraction(beats)) == 24 * 3600 * 44100


@given(TEMPI, st.integers(0, 10**9))
def test_the_frame_of_a_frames_position_is_that_frame(bpm, frame):
    timeline = Timeline.begin(48000, 1, 0, bpm)
    assert timeline.frame(timeline.position(frame)) == frame


@given(TEMPI, TEMPI, st.integers(0, 10**7), st.integers(0, 10**6))
def test_a_change_of_tempo_moves_nothing_before_it(first, second, moment, earlier):
    before = Timeline.begin(44100, 1, 0, first)
    after = before.change(moment, second)
    position = before.position(max(moment - earlier, 0))
    if before.frame(position) < moment:
        assert after.frame(position) == before.frame(position)
    assert after.frame(after.position(moment)) == moment


def test_a_bar_line_exactly_at_the_moment_counts_as_the_next():
    timeline = Timeline.begin(44100, 1, 0, 120)
    assert timeline.at(When("next"), 0) == 0
    assert timeline.at(When("next"), 1) == 4
    assert timeline.at(When("next"), 88200) == 4
    assert timeline.at(When("next"), 88201) == 8


def test_it_counts_even_where_the_bar_line_was_rounded_to_that_frame():
    timeline = Timeline.begin(44100, 1, 0, 174)
    for bar in range(200):
        assert timeline.at(When("next"), timeline.frame(Fraction(bar * 4))) == bar * 4


def test_at_8_bars_is_the_next_bar_line_divisible_by_8():
    timeline = Timeline.begin(44100, 1, 0, 120)
    assert timeline.at(When("every", 8), 1) == 32
    assert timeline.at(When("every", 8), 32 * 22050 + 1) == 64
    assert timeline.at(When("next", unit="beat"), 22051) == 2


def test_at_bar_17_is_that_bar_line_wherever_it_is_asked_and_now_once_it_has_gone_by():
    timeline = Timeline.begin(44100, 1, 1000, 120)
    assert timeline.at(When("bar", 17), 0) == timeline.at(When("bar", 17), 50_000) == 64
    assert timeline.at(When("bar", 1), 1000) == 0
    assert timeline.at(When("bar", 2), 1000 + 5 * 22050) == 5


def test_in_4_bars_counts_from_the_next_bar_line_on_and_one_at_the_moment_is_the_next():
    timeline = Timeline.begin(44100, 1, 0, 120)
    assert timeline.at(When("in", 4), 0) == 16
    assert timeline.at(When("in", 4), 1) == 20
    assert timeline.at(When("in", 4), 88200) == 20
    assert timeline.at(When("in", 3, "beat"), 1) == 4


def test_a_tempo_changed_on_a_beat_begins_exactly_on_it():
    timeline = Timeline.begin(44100, 1, 0, 174)
    moment = timeline.frame(Fraction(16))
    assert timeline.change(moment, 120).tempos[-1].position == 16


def test_a_length_in_bars_follows_the_timeline():
    timeline = Timeline.begin(44100, 1, 0, 120).change(88200, 60)
    assert frames_of(Length(2, "bars"), 60, 44100, timeline, 0) == 88200 + 176400
    assert frames_of(Length(1.5, "s"), 60, 44100, timeline, 0) == 66150
    assert frames_of(Length(1, "beats"), 60, 44100, None, 7) == 44100


@pytest.mark.parametrize(
    ("start", "stop", "bars"), [(120, 180, 4), (400, 20, 1), (20, 400, 64), (174, 173.5, 8), (60, 61, 1)]
)
def test_while_the_tempo_moves_many_positions_at_once_come_where_each_does(start, stop, bars):
    paces = start / 60 / 44100 + stop / 60 / 44100
    frames = round(2 * 4 * bars / paces)
    line = Timeline.begin(44100, 1, 0, start).change(1000, start, Ramp(stop, frames, Fraction(4 * bars)))
    base, unit, offsets = line.position(1000) - 1, Fraction(1, 12), np.arange(12 * 4 * (bars + 2))
    found = line.frames(base, unit, offsets)
    assert found.tolist() == [line.frame(base + unit * int(k)) for k in offsets]
    assert (np.diff(found) > 0).all()
    assert line.frame(line.position(1000) + 4 * bars) == 1000 + frames
    for frame in range(900, 1000 + frames + 100, max(1, frames // 50)):
        assert line.frame(line.position(frame)) == frame


@pytest.mark.parametrize("beats", [Fraction(1, 3), Fraction(7, 16), Fraction(400, 3), Fraction(0)])
def test_a_position_of_music_is_kept_as_it_is(beats):
    assert near(beats) == beats


@pytest.mark.parametrize("beats", [Fraction(1, 10**300), 4 + Fraction(1, 3**80)])
def test_a_position_has_no_more_digits_than_can_be_kept(beats):
    assert near(beats).denominator <= FINEST and abs(near(beats) - beats) <= Fraction(1, 2 * FINEST)
