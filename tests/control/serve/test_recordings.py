"""What `record` and `record stop` ask for and answer, beside a supervisor that says what the test lets it say."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronus import commands as c
from chronus.commands import Change, Length, Quantity, When
from chronus.control.serve import recordings
from chronus.engine_line import Recording
from chronus.errors import ChronusError
from chronus.pattern.lane import Hit, LaneOptions, Pattern
from tests.kit.house import RATE, House

BAR = 2 * RATE
NEXT = When("next")


class Supervised(House):
    """`asked` is what the supervisor was asked for; it says at once that it is done, but where it is `dumb`."""

    def __init__(self, folder):
        super().__init__(folder)
        self.asked, self.dumb = [], False
        self.supervisor.record = self._record
        self.line = self.caller()

    def _record(self, record):
        self.asked.append(record)
        if not self.dumb:
            over = 0 < record.until <= self.publisher.front()
            self.fares(*(("written", record.until - record.start, 0.5) if over else ("records",)))

    def fares(self, state, frames=0, peak=0.0, **more):
        self.supervisor.take(Recording(self.asked[-1], state, frames, peak=peak, **more))

    def record(self, name="", **more):
        command = c.Record(name=name, **more)
        (reply,) = self.ask(self.line, command, texts=(f"record{' stop' if command.stop else ''}",))
        return reply

    def play(self):
        lane = Pattern(4, tuple(Hit((k, 1)) for k in range(4)))
        self.ask(
            self.line, c.Load(kind="kick"), c.Sequence(name="kick", text="xxxx", pattern=lane, options=LaneOptions())
        )
        self.run(300)


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = Supervised(tmp_path)
    yield house
    house.close()


def write(*names):
    for name in names:
        (recordings.folder() / name).write_bytes(b"")


@pytest.mark.parametrize(
    "there, name, file",
    [
        ((), "", "take-1.wav"),
        (("take-1.wav", "take-9.flac", "take-x.wav", "take-12"), "", "take-10.wav"),
        ((), "evening", "evening.wav"),
        ((), "evening.FLAC", "evening.flac"),
        ((), "v1.2", "v1.2.wav"),
    ],
)
def test_a_name_means_a_file_in_the_folder_of_recordings(house, there, name, file):
    recordings.folder().mkdir()
    write(*there)
    assert recordings.goal(name) == recordings.folder() / file


@pytest.mark.parametrize("there", ["evening.wav", "evening.flac", "evening.chronus"])
def test_no_file_is_written_over_nor_the_script_beside_it(house, there):
    recordings.folder().mkdir()
    write(there, "evening-2.wav")
    with pytest.raises(ChronusError, match="no file is written over") as refused:
        recordings.goal("evening")
    assert refused.value.code == "E_EXISTS" and refused.value.suggestions == ("evening-3.wav",)


@pytest.mark.parametrize("name, code", [("../x", "E_PATH"), ("a/b", "E_PATH"), (".x", "E_PATH"), ("a.mp3", "E_VALUE")])
def test_a_name_that_is_none_is_refused(house, name, code):
    with pytest.raises(ChronusError) as refused:
        recordings.goal(name)
    assert refused.value.code == code and refused.value.part == "name"


def test_it_begins_at_the_frame_of_the_command_and_its_end_tells_all_of_it(house):
    reply = house.record("evening")
    file = str(recordings.folder() / "evening.wav")
    assert reply.text == "record: evening.wav" and reply.result["file"] == file and reply.frame == house.asked[0].start
    house.run(300)
    reply = house.record(stop=True)
    frames = house.asked[-1].until - house.asked[-1].start
    assert reply.text == f"record stop: evening.wav, {frames / RATE:.2f} s, peak -6.02 dBFS"
    facts = {"file": file, "script": file[:-3] + "chronus", "frames": frames, "peak_dbfs": -6.02, "missing": 0}
    assert reply.result.items() >= facts.items()
    assert house.line.notices == []


def test_at_the_next_bar_it_is_meant_for_that_bar_and_moves_with_the_tempo(house):
    house.play()
    reply = house.record("evening", when=NEXT)
    zero = house.conductor.score.timeline.tempos[0].frame
    assert reply.text == "record: evening.wav, from bar 2" and reply.result["bar"] == 2 and reply.frame == zero + BAR
    house.ask(house.line, c.Set(changes=(Change("", "bpm", Quantity(60)),)))
    house.run(40)
    assert house.asked[-1].start > zero + BAR
    assert house.asked[-1].start == house.conductor.score.timeline.frame(4)


def test_its_end_at_a_bar_is_answered_at_once_and_told_when_it_is_there(house):
    house.play()
    house.record("evening")
    reply = house.record(stop=True, when=NEXT)
    assert reply.ok and reply.text == "record stop: evening.wav ends at bar 2" and reply.result["bar"] == 2
    house.run(40)
    house.fares("written", BAR, 1.0)
    house.run(2)
    (notice,) = house.line.notices
    assert notice.kind == "record" and notice.text.startswith("evening.wav: 2.00 s, ")


def test_before_the_music_begins_a_bar_is_one_of_the_music_to_come(house):
    reply = house.record("evening", when=NEXT)
    assert reply.ok and reply.text == "record: evening.wav, from bar 1 (once a lane plays)" and reply.frame is None
    house.play()
    assert house.asked[-1].start == house.conductor.score.timeline.tempos[0].frame


def test_one_file_at_a_time(house):
    house.record("evening")
    reply = house.record("other")
    assert reply.code == "E_EXISTS" and reply.suggestions == ("record stop",) and len(house.asked) == 1
    assert house.record(stop=True).ok
    reply = house.record(stop=True)
    assert reply.code == "E_VALUE" and reply.text.startswith("nothing is being recorded; evening.wav has ended: ")
    assert house.record("other").ok


def test_the_next_one_waits_until_the_last_one_is_finished(house):
    house.record("evening")
    house.dumb = True
    house.line.say(c.Record(stop=True), c.Record(name="other"), texts=("record stop", "record other"))
    house.run(60)
    assert len(house.line.replies) == 1 and len({one.file for one in house.asked}) == 1
    house.dumb = False
    house.fares("written", 6400, 0.5)
    replies = house.until(house.line, 3)[1:]
    assert [reply.ok for reply in replies] == [True, True] and house.asked[-1].goal.endswith("other.wav")


def test_row_43_where_the_disk_refuses_it_is_told_once_and_the_music_goes_on(house):
    house.record("evening")
    house.fares("failed", RATE, 0.5, problem="No space left on device")
    house.run(40)
    (notice,) = house.line.notices
    assert notice.text == (
        "evening.wav: No space left on device; the music goes on, and 1.00 s, peak -6.02 dBFS are written and valid"
    )
    reply = house.record(stop=True)
    assert reply.code == "E_VALUE" and "No space left on device" in reply.text


def test_a_file_that_cannot_be_opened_is_refused(house):
    house.dumb = True
    house.line.say(c.Record(name="evening"))
    house.run(5)
    house.fares("failed", problem="evening.wav cannot be written: Read-only file system")
    (reply,) = house.until(house.line, 1)
    assert reply.code == "E_FILE" and reply.text == "evening.wav cannot be written: Read-only file system"
    assert house.line.notices == []


def test_status_and_list_say_what_is_recorded_since_when_and_how_long(house):
    status, listed = house.ask(house.line, c.Status(), c.List())
    assert status.result["recording"] is None and "recording" not in listed.result
    house.play()
    house.record("evening")
    house.run(700)
    house.fares("records", 44_000, 0.5, missing=64)
    status, listed = house.ask(house.line, c.Status(), c.List())
    (line,) = (line for line in status.lines if line.startswith("recording"))
    assert (
        line in listed.lines
        and line.startswith("recording evening.wav, since bar 1 beat 1.")
        and "64 frames missing" in line
    )
    assert (
        status.result["recording"]["frames"] == 44_000
        and Path(listed.result["recording"]["file"]).name == "evening.wav"
    )


def test_a_script_records_exactly_the_bars_that_it_waits(house):
    house.play()
    house.line.say(
        c.Record(),
        c.Wait(length=Length(2, "bars")),
        c.Record(stop=True),
        texts=("record", "wait 2 bars", "record stop"),
    )
    house.until(house.line, house.line.number - 1, 8000)
    house.run(200)
    assert house.asked[-1].until - house.asked[-1].start == 2 * BAR
