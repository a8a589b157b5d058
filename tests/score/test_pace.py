"""Half-time and double time: all lanes at another pace for so long, and back without a gap, on from where they would be."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.commands import Play, Stop, Undo, When
from chronus.language import parser
from chronus.memory.log import NOTE_OFF, NOTE_ON
from chronus.rack.script import script
from tests.kit.stage import CATALOGUE, RATE, Stage, load, put, seq

BEAT = RATE // 2
BAR = 4 * BEAT


def typed(line: str):
    (statement,) = parser.statements(line)
    return parser.parse(statement).command


def play(stage: Stage, frame: int) -> None:
    """Goes on to a frame, and performs what was put off to a time before it."""
    for at, dues in stage.conductor.in_turn(frame):
        stage.until(at)
        stage.fine(*(due.command for due in dues))
    stage.until(frame)


@pytest.fixture
def music():
    """A kick that is another one on each of its four beats, in the middle of bar 2."""
    stage = Stage()
    stage.fine(load("kick"), load("bass"), seq("kick", "x...x...x...x..."))
    stage.until(BAR + 2 * BEAT)
    return stage


def onsets(stage, name="kick"):
    lane = stage.conductor.score.lanes[name].player.index
    return [(frame, number) for frame, index, number in stage.heard() if index == lane]


@pytest.mark.parametrize(("word", "times"), [("halftime", 2), ("doubletime", Fraction(1, 2))])
def test_for_so_many_bars_and_back_in_phase(music, word, times):
    (outcome,) = music.say(typed(f"{word} for 4 bars"))
    assert outcome.text == f"{word} (from bar 3; until bar 7)" and outcome.frame == 2 * BAR
    play(music, 8 * BAR)
    expected = [(k * BEAT, k) for k in range(8)]
    expected += [(2 * BAR + int(k * times * BEAT), 8 + k) for k in range(int(16 / times))]
    expected += [(k * BEAT, k) for k in range(24, 32)]
    assert onsets(music) == expected
    assert music.rack.pace == "normal"


def test_it_is_off_again_when_it_is_said_and_saved_until_then(music):
    assert music.fine(typed("halftime")) == "halftime (from bar 3)"
    assert script(music.rack, CATALOGUE)[0] == "set pace half"
    music.until(3 * BAR + BEAT)
    assert music.fine(typed("halftime off now")) == "halftime off"
    music.until(4 * BAR)
    expected = (
        [k * BEAT for k in range(8)]
        + [2 * BAR + 2 * k * BEAT for k in range(3)]
        + [3 * BAR + k * BEAT for k in (1, 2, 3)]
    )
    assert [frame for frame, _ in onsets(music)] == expected
    assert "set pace half" not in script(music.rack, CATALOGUE)


def test_each_note_ends_and_none_twice(music):
    music.fine(seq("bass", "x_____.x" * 2), typed("halftime for 1 bar"))
    play(music, 8 * BAR)
    ends = [entry.frame for entry in music.replayed() if entry.kind == NOTE_OFF and entry.more == 1]
    begins = [entry.frame for entry in music.replayed() if entry.kind == NOTE_ON and entry.more == 1]
    assert len(set(begins)) == len(begins)
    for begin, then in zip(begins, [*begins[1:], 8 * BAR], strict=True):
        assert any(begin < end <= then for end in ends) or then - begin <= 3 * BEAT


def test_a_lane_that_begins_meanwhile_goes_at_that_pace_and_then_on_from_where_it_would_be(music):
    music.fine(typed("halftime for 4 bars"))
    music.until(2 * BAR + BEAT)
    music.fine(seq("bass", "x..x..x.x..x..x."))
    play(music, 8 * BAR)
    slow = [3 * BAR + BEAT // 2 * k for k in range(24) if "x..x..x.x..x..x."[k % 16] == "x"]
    fast = [6 * BAR + round(Fraction(BEAT * k, 4)) for k in range(32) if "x..x..x.x..x..x."[k % 16] == "x"]
    assert [frame for frame, _ in onsets(music, "bass")] == slow + fast


def test_a_lane_said_for_before_it_goes_at_both_paces(music):
    music.fine(typed("halftime"))
    music.fine(seq("bass", "x...", when=When("next", 1, "beat")))
    music.until(4 * BAR)
    assert [frame for frame, _ in onsets(music, "bass")][:4] == [
        BAR + 2 * BEAT,
        BAR + 3 * BEAT,
        2 * BAR,
        2 * BAR + 2 * BEAT,
    ]


def test_undo_goes_back_at_once_and_in_phase(music):
    music.fine(typed("doubletime"))
    music.until(2 * BAR + BEAT)
    music.fine(Undo())
    music.until(4 * BAR)
    assert [frame for frame, _ in onsets(music)][8:] == [2 * BAR, 2 * BAR + BEAT // 2] + [
        2 * BAR + k * BEAT for k in range(1, 8)
    ]


def test_swing_goes_at_that_pace_too(music):
    music.fine(put("swing", 60), typed("halftime"), seq("kick", "xxxx"))
    music.until(4 * BAR)
    late = [frame - 2 * BAR for frame, _ in onsets(music) if 2 * BAR <= frame < 2 * BAR + 2 * BEAT]
    assert late == [0, round(0.6 * BEAT), BEAT, BEAT + round(0.6 * BEAT)]


def test_while_the_transport_stands_it_is_how_the_music_will_go(music):
    music.fine(Stop())
    assert "transport stopped" in music.fine(typed("halftime"))
    music.until(3 * BAR)
    music.fine(Play())
    music.until(5 * BAR)
    assert [frame for frame, _ in onsets(music) if frame >= 3 * BAR] == [3 * BAR + 2 * BEAT * k for k in range(4)]


def test_before_the_first_lane_it_is_counted_from_where_the_music_begins():
    stage = Stage()
    stage.fine(load("kick"), typed("halftime for 1 bar"))
    stage.fine(seq("kick", "x..."))
    play(stage, 2 * BAR)
    assert [frame for frame, _, _ in stage.heard()] == [0, 2 * BEAT, BAR, BAR + BEAT, BAR + 2 * BEAT, BAR + 3 * BEAT]


def test_who_stays_with_it_for_the_tempo(music):
    """A change of tempo in half-time: each onset still on its own fraction of a beat."""
    music.fine(typed("halftime for 2 bars"))
    music.until(2 * BAR + BEAT)
    music.fine(put("bpm", 90))
    play(music, 6 * BAR)
    timeline = music.conductor.score.timeline
    expected = [timeline.frame(Fraction(beat)) for beat in (8, 10, 12, 14, 16, 17, 18)]
    assert [frame for frame, _ in onsets(music)][8:15] == expected


WORDS = ("halftime", "doubletime", "halftime off", "halftime for 1 bar", "doubletime for 2 bars", "undo", "bpm 133", "swing 60",
         "meter 7/8", "meter 4/4")  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 2 * BAR), st.sampled_from(WORDS), st.sampled_from(("", " now", " at next beat"))),
        max_size=6,
    )
)
def test_whatever_is_said_lanes_end_up_where_they_would_be(said):
    stage = Stage(zero=0)
    stage.fine(load("kick"), seq("kick", "x..x..x.x.x.x.."))
    stage.fine(*(put("kick.decay", 100 + k) for k in range(7)))  # for undo to take back instead of the lane
    moment = 0
    for wait, word, when in said:
        moment += wait
        play(stage, moment)
        stage.say(typed(word if word.startswith(("undo", "bpm", "swing", "meter")) or "for" in word else word + when))
    play(stage, moment + 8 * BAR)
    stage.fine(typed("set pace normal"), put("swing", 50))
    begin = stage.frame + BAR
    play(stage, begin + 4 * BAR)
    timeline = stage.conductor.score.timeline
    steps = [k for k in range(15) if "x..x..x.x.x.x.."[k] == "x"]
    places = (Fraction(loop * 15 + step, 4) for loop in range(200) for step in steps)
    expected = [frame for place in places if begin <= (frame := timeline.frame(place)) < stage.frame]
    assert [frame for frame, _, _ in stage.heard() if begin <= frame < stage.frame] == expected
