"""What `keep` asks for and answers, where a test says how the rendering fares."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chronus import commands as c
from chronus.commands import Length, When
from chronus.control.serve import bounces, recordings
from chronus.control.serve.bounces import ANSWER_SECONDS, MOST
from chronus.engine_line import Bounce, Bounced, Progress, Unbounced
from chronus.pattern.lane import Hit, LaneOptions, Pattern
from tests.kit.house import RATE, House

BAR = 2 * RATE


class Rendering:
    """A bounce, from outside."""

    def __init__(self, asked):
        self.asked, self.said, self.closed = asked, [], False

    def hear(self):
        said, self.said = self.said, []
        return said

    def close(self):
        self.closed = True


class Keeping(House):
    """`begun` are the bounces that were begun."""

    def __init__(self, folder):
        super().__init__(folder)
        self.begun, self.time = [], 0.0
        self.server.bounces._begin = self._start
        self.server.bounces.clock = lambda: self.time
        self.line = self.caller()
        lane = Pattern(4, tuple(Hit((k, 1)) for k in range(4)))
        self.ask(
            self.line, c.Load(kind="kick"), c.Sequence(name="kick", text="xxxx", pattern=lane, options=LaneOptions())
        )

    def _start(self, asked):
        self.begun.append(Rendering(asked))
        return self.begun[-1]

    def play(self, bars):
        self.run(round(bars * BAR / 64) + 1)

    def keep(self, number=1.0, unit="bars", **more):
        self.line.say(c.Keep(length=Length(number, unit), **more), texts=(f"keep {number:g} {unit}",))

    def reply(self):
        return self.until(self.line, self.line.number)[-1]


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = Keeping(tmp_path)
    yield house
    house.close()


def test_the_last_whole_bars_are_rendered_from_the_journal_and_told_in_one_line(house):
    house.play(3.5)
    house.keep(2)
    house.run(60)
    (process,) = house.begun
    zero = house.conductor.score.timeline.tempos[0].frame
    file, number = recordings.folder() / "take-1.wav", house.conductor.score.timeline.number
    assert process.asked == Bounce(str(house.pen.path), str(file), zero + 3 * BAR, None, 1, number)
    process.said = [Progress(0.5), Bounced(zero + BAR, 2 * BAR, 0.5, -14.5)]
    reply = house.reply()
    assert reply.text == "keep 2 bars: take-1.wav, bars 2 to 3, 4.00 s, peak -6.02 dBFS, -14.5 LUFS"
    assert (
        reply.result.items()
        >= {"file": str(file), "bars": 2, "first_bar": 2, "frames": 2 * BAR, "state": "written"}.items()
    )
    assert process.closed and not house.server.bounces.wishes


def test_what_the_same_client_says_next_does_not_wait_for_it(house):
    house.play(1.2)
    house.keep()
    house.line.say(c.Load(kind="bass"))
    house.run(60)
    assert "bass" in house.conductor.rack.modules and house.line.number - len(house.line.replies) == 2
    house.begun[0].said = [Unbounced("E_FILE", "no room")]
    refused, loaded = house.until(house.line, house.line.number)[-2:]
    assert (refused.code, refused.text) == ("E_FILE", "no room") and loaded.ok


def test_after_a_while_the_answer_says_that_it_is_rendered_and_a_notice_tells_the_end(house):
    house.play(1.2)
    house.keep(name="drop.flac")
    house.run(60)
    house.time = ANSWER_SECONDS
    reply = house.reply()
    assert reply.text == "keep 1 bars: drop.flac is being rendered, bar 1; a notice tells when it is there"
    (process,) = house.begun
    process.said, house.time = [Progress(0.25)], ANSWER_SECONDS + bounces.TELL_SECONDS
    house.run(40)
    process.said = [Bounced(0, BAR, 1.0, -9.0, ("kick.wav is gone",))]
    house.run(40)
    assert [notice.text for notice in house.line.notices] == [
        "drop.flac: 25% is rendered",
        "drop.flac, bar 1, 2.00 s, peak 0 dBFS, -9 LUFS; kick.wav is gone",
    ]


def test_stems_of_what_is_kept_and_of_what_was_recorded_are_told(house):
    house.play(1.2)
    house.keep(stems=True)
    house.run(60)
    assert house.begun[0].asked.stems and house.begun[0].asked.whole
    house.begun[0].said = [Bounced(0, BAR, 0.5, -9.0, (), ("bass", "kick"))]
    reply = house.reply()
    assert reply.text.endswith("-9 LUFS; stems bass kick")
    assert [file.rpartition("/")[2] for file in reply.result["stems"]] == ["take-1-bass.wav", "take-1-kick.wav"]
    house.server.recordings.add_stems(recordings.folder() / "x.wav", 100, 900)
    house.run(60)
    asked = house.begun[1].asked
    assert (asked.start, asked.until, asked.stems, asked.whole) == (100, 900, True, False)
    house.begun[1].said = [Bounced(100, 0, 0.0, -70.0, (), ("kick",))]
    house.run(40)
    (notice,) = house.line.notices
    assert notice.text == "x.wav, stems kick"


@pytest.mark.parametrize(
    ("number", "unit", "more", "message", "suggestions"),
    [
        (4, "bars", {}, "3 whole bars have been heard since the music began", ("3 bars",)),
        (20, "s", {}, "the engine has played for 7.0 s only", ("7 s",)),
        (1, "bars", {"when": When("next")}, "keep is about what was just heard, so it takes no time; say it then", ()),
    ],
)
def test_what_was_not_heard_is_refused_with_what_there_is(house, number, unit, more, message, suggestions):
    house.play(3.5)
    house.keep(number, unit, **more)
    reply = house.reply()
    assert (reply.code, reply.text, reply.suggestions) == ("E_VALUE", message, suggestions) and house.begun == []


def test_before_the_first_bar_is_over_and_while_nothing_plays_there_are_no_bars(house):
    house.play(0.5)
    house.keep()
    assert house.reply().text == "no whole bar has been heard since the music began"
    house.ask(house.line, c.Stop())
    house.keep()
    assert house.reply().text == "nothing plays, so no bars were just heard; seconds can be kept"
    house.keep(500, "ms")
    house.run(300)
    assert house.begun[0].asked.until - house.begun[0].asked.start == RATE // 2


def test_two_that_are_rendered_and_one_that_is_recorded_have_names_of_their_own(house):
    house.play(1.2)
    house.keep()
    house.keep()
    house.line.say(c.Record())
    house.run(60)
    assert [process.asked.goal.rpartition("/")[2] for process in house.begun] == ["take-1.wav", "take-2.wav"]
    assert house.server.recordings.wanted.goal.endswith("take-3.wav")
    house.keep(name="take-3")
    house.run(20)
    assert len(house.server.bounces.wishes) == 2


def test_there_is_an_end_to_how_many_are_rendered(house):
    house.play(1.2)
    for _ in range(MOST):
        house.keep()
    house.run(60)
    house.line.say(c.Keep(length=Length(1, "bars")))
    house.time = ANSWER_SECONDS
    assert house.reply().code == "E_LIMIT"


def test_what_has_not_begun_when_control_ends_is_begun_then(house):
    house.play(1.2)
    house.keep(1, "s")
    house.run(2)
    assert house.begun == []
    house.server.bounces.close()
    assert len(house.begun) == 1


def test_one_that_dies_without_a_word_is_told(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    process = bounces.Process(Bounce("", "", 0))
    process.child.wait(10)
    assert process.hear() == [Unbounced("E_ENGINE", "the process that rendered it ended (exit 1); say it once more")]
    process.close()
    assert isinstance(process.child, subprocess.Popen)
