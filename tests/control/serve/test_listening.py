"""What `hear` asks for and answers, where a test says what the process that measures finds."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import pytest

from chronus import commands as c
from chronus.commands import Length, When
from chronus.control.serve import listening
from chronus.control.serve.listening import ANSWER_SECONDS, MOST
from chronus.ears import references
from chronus.engine_line import Listen, Listened, Stretch, Unheard
from chronus.pattern.lane import Hit, LaneOptions, Pattern
from tests.kit.house import RATE, House

BAR = 2 * RATE
FIGURES = {"integrated": -14.0}


class Measuring:
    """The listener, from outside."""

    def __init__(self):
        self.answers, self._bell = os.pipe()
        os.set_blocking(self.answers, False)
        self.asked, self.said, self.alive, self.closed = [], [], True, False

    def ask(self, asked):
        self.asked.append(asked)

    def say(self, *said):
        self.said += said
        os.write(self._bell, b".")

    def hear(self):
        with suppress(BlockingIOError):
            os.read(self.answers, 100)
        said, self.said = self.said, []
        return said

    def lives(self):
        return self.alive

    def close(self):
        self.closed = True
        os.close(self.answers)
        os.close(self._bell)


class Hearing(House):
    """`begun` are the processes that were begun."""

    def __init__(self, folder):
        super().__init__(folder)
        self.begun, self.time = [], 0.0
        self.server.listening._begin = self._start
        self.server.listening.clock = lambda: self.time
        self.line = self.caller()
        lane = Pattern(4, tuple(Hit((k, 1)) for k in range(4)))
        self.ask(
            self.line, c.Load(kind="kick"), c.Sequence(name="kick", text="xxxx", pattern=lane, options=LaneOptions())
        )

    def _start(self, memory):
        self.begun.append(Measuring())
        return self.begun[-1]

    def play(self, bars):
        self.run(round(bars * BAR / 64) + 1)

    def hear(self, number=None, unit="bars", **more):
        length = Length(number, unit) if number is not None else None
        self.line.say(c.Hear(length=length, **more), texts=("hear",))
        self.run(40)

    def reply(self):
        return self.until(self.line, self.line.number)[-1]


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = Hearing(tmp_path)
    yield house
    house.close()


def found(asked, **more):
    return Listened(asked.id, ("loud",), {**FIGURES, **more}, "-14.0 LUFS")


def test_the_bars_up_to_now_are_measured_and_told_as_lines_and_numbers(house):
    house.play(1.55)
    house.hear(1)
    (process,) = house.begun
    (asked,) = process.asked
    zero, timeline = house.conductor.score.timeline.tempos[0].frame, house.conductor.score.timeline
    assert asked.what.name == "out" and asked.what.until - asked.what.start == BAR and asked.versus is None
    assert asked.what.start - zero == pytest.approx(0.5 * BAR, abs=RATE / 10) and asked.bpm == 120
    # where the next beat lies, seen from the first frame
    assert timeline.position(asked.what.start + round(asked.beat)).denominator == 1 and 0 <= asked.beat < RATE / 2
    process.say(found(asked))
    reply = house.reply()
    assert reply.ok and reply.lines == ("out: 2.00 s, 1.3 to 2.3", "loud")
    assert reply.result.items() >= {"state": "measured", "from": "1.3", "frames": BAR, **FIGURES}.items()
    house.hear(1)
    assert len(house.begun) == 1 and len(process.asked) == 2  # it has stayed


def test_without_a_length_it_is_the_last_two_bars_or_as_much_as_there_is(house):
    house.play(0.3)
    house.hear()
    house.play(1.8)
    house.hear(name="kick")
    short, long = house.begun[0].asked
    assert short.what.until - short.what.start == pytest.approx(0.3 * BAR, abs=RATE / 10)
    assert long.what.until - long.what.start == 2 * BAR and long.what.name == "kick"


def test_two_are_measured_over_the_same_stretch_each_behind_its_level(house):
    house.ask(house.line, c.Set(changes=(c.Change("kick", "level", c.Quantity(-6.0, "dB")),)), c.Load(kind="bass"))
    house.play(1.05)
    house.hear(1, name="kick", versus="bass")
    (asked,) = house.begun[0].asked
    start, until = asked.what.start, asked.what.until
    assert (asked.what, asked.versus) == (Stretch("kick", start, until, -6.0), Stretch("bass", start, until))
    house.begun[0].say(found(asked))
    assert house.reply().lines[0].startswith("kick beside bass: 2.00 s")


def test_a_reference_is_kept_of_what_was_heard_or_of_a_file_and_is_held_against(house, tmp_path):
    house.play(0.3)
    house.line.say(c.Hear(keep="mine"), c.Hear(keep="other", file="a/b.wav"), texts=("hear", "hear"))
    house.run(40)
    other, mine = house.begun[0].asked
    assert (mine.keep, mine.file, mine.source[:11]) == ("mine", "", "out, 1.1 to")
    assert (other.keep, other.file) == ("other", "a/b.wav")
    house.begun[0].say(found(mine), found(other))
    assert [one.lines[0] for one in house.until(house.line, 3)[-2:]] == [
        f"reference mine: {mine.source}",
        "reference other: a/b.wav",
    ]
    references.keep("mine", "that", {})
    house.hear(versus="mine")
    assert (house.begun[0].asked[-1].reference, house.begun[0].asked[-1].versus) == ("mine", None)
    house.hear(versus="dnb")
    assert house.begun[0].asked[-1].reference == "dnb"
    house.begun[0].say(Unheard(house.begun[0].asked[-2].id, "E_FILE", "no reference"), found(house.begun[0].asked[-1]))
    refused, told = house.until(house.line, house.line.number)[-2:]
    assert (refused.code, refused.part) == ("E_FILE", "versus") and told.result["versus"] == "dnb"


def test_it_is_held_against_an_earlier_step_of_the_history_as_long_as_that_was_heard(house):
    house.play(0.5)
    id = house.conductor.state.trail[-1][1]
    house.ask(house.line, c.Set(changes=(c.Change("kick", "freq", c.Quantity(90.0, "Hz")),)))
    changed = house.conductor.state.trail[-1][0]
    house.play(0.2)
    house.hear(0.1, versus=str(id))
    (asked,) = house.begun[0].asked
    assert asked.versus == Stretch("out", changed - round(0.1 * BAR), changed) and asked.called == f"step {id}"
    house.begun[0].say(found(asked))
    assert house.reply().lines[0].startswith(f"out beside step {id}: 0.20 s")
    for wrong in (str(id + 1), "99"):
        house.hear(0.1, versus=wrong)
        assert (house.reply().code, house.reply().part) == ("E_VALUE", "versus")
    assert house.reply().suggestions == (str(id),)


def test_what_the_same_client_says_next_does_not_wait_and_long_ones_are_told_by_a_notice(house):
    house.play(0.3)
    house.hear()
    house.line.say(c.Load(kind="bass"))
    house.run(60)
    assert "bass" in house.conductor.rack.modules and house.line.number - len(house.line.replies) == 2
    house.time = ANSWER_SECONDS
    answered, _ = house.until(house.line, house.line.number)[-2:]
    assert answered.text == "hear: is being measured; a notice tells the figures"
    assert answered.result["state"] == "measures"
    house.begun[0].say(found(house.begun[0].asked[0]))
    house.run(40)
    (notice,) = house.line.notices
    assert (notice.kind, notice.text) == ("hear", "hear: -14.0 LUFS") and notice.result["integrated"] == -14.0


REFUSED = (
    ({"number": 4}, "E_VALUE", "1.5 bars have been heard so far", ("1 bars",)),
    ({"number": 20, "unit": "s"}, "E_VALUE", "3.1 s have been heard so far", ("3 s",)),
    ({"name": "snare"}, "E_NAME", 'no module "snare" is loaded', ()),
    ({"versus": "kik"}, "E_NAME", 'no module "kik" is loaded', ("kick",)),
    ({"when": When("next")}, "E_VALUE", "hear is about what was just heard, so it takes no time; say it then", ()),
)


def test_what_was_not_heard_is_refused_with_what_there_is(house):
    house.play(1.5)
    for asked, code, message, suggestions in REFUSED:
        house.hear(**asked)
        reply = house.reply()
        assert (reply.code, reply.suggestions) == (code, suggestions) and message[3:] in reply.text, reply
    assert house.begun == []


def test_while_nothing_plays_there_are_seconds_and_no_bars(house):
    house.play(0.5)
    house.ask(house.line, c.Stop())
    house.hear(2)
    assert house.reply().text == "nothing plays, so no bars were just heard; seconds can be measured"
    house.hear()
    (asked,) = house.begun[0].asked
    assert asked.what.start == 0 and asked.what.until > RATE and asked.bpm == 0
    house.begun[0].say(Unheard(asked.id, "E_FILE", "no journal"))
    assert (house.reply().code, house.reply().text) == ("E_FILE", "no journal")


def test_a_death_is_told_and_the_next_question_begins_another_process(house):
    house.play(0.3)
    house.hear()
    house.begun[0].alive = False
    reply = house.reply()
    assert (reply.code, reply.text) == ("E_ENGINE", "the process that measures ended; say it once more")
    house.hear()
    assert len(house.begun) == 2 and house.begun[0].closed
    house.begun[1].say(found(house.begun[1].asked[0]))
    assert house.reply().ok
    house.begun[1].alive = False  # it dies while nobody asks
    house.hear()
    house.begun[2].say(found(house.begun[2].asked[0]))
    assert house.reply().ok


def test_there_is_an_end_to_how_much_is_asked_at_a_time(house):
    house.play(0.3)
    for _ in range(MOST + 1):
        house.line.say(c.Hear())
    house.run(60)
    for asked in list(house.begun[0].asked):
        house.begun[0].say(found(asked))
    assert house.reply().code == "E_LIMIT"


def test_the_process_that_ends_at_once_is_found_dead(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    process = listening.Process(-1)
    process.child.wait(10)
    process.ask(Listen(1, "", 0, 0, Stretch("out", 0, 64)))
    assert process.hear() == [] and not process.lives()
    process.close()
