"""What the recorder reads in the shared memory, where a clock that a test moves plays rings that a test fills."""

import numpy as np
import pytest
import soundfile

from chronus.engine_line import ForkRecorder, Record, Recording
from chronus.journal.records import Ended, Sealed, header_line, lines
from chronus.memory.layout import BLOCK, FADED, HEARD, RATE, RING_BLOCKS, RING_HEAD, RING_STRIDE, STOPPING, Memory
from chronus.takes import recorder
from chronus.takes.recorder import PATIENT_BLOCKS, Played, Recorder

LATENCY = 40


def sound_of(block):
    return np.full((BLOCK, 2), (block + 1) / 4096, np.float32)


def whole(start, frames):
    blocks = np.concatenate([sound_of(block) for block in range(start // BLOCK, (start + frames) // BLOCK + 1)])
    return blocks[start % BLOCK :][:frames]


class Rings:
    """Both slots have played up to a frame, but for blocks that one or both `lack`."""

    def __init__(self):
        self.memory = Memory()
        self.memory.board[RATE] = 44100
        self.block = 0

    def play(self, until, lack=(), slots=(0, 1)):
        while self.block * BLOCK < until:
            if self.block not in lack:
                self.lay(self.block, slots)
            self.block += 1
        self.memory.board[HEARD] = until

    def lay(self, block, slots=(0, 1)):
        for slot in slots:
            row = self.memory.ring(slot)[block % RING_BLOCKS * (RING_STRIDE // 8) :][: RING_STRIDE // 8]
            row[RING_HEAD:] = sound_of(block).reshape(-1).view(np.int64)
            row[0] = block + 1


@pytest.fixture
def rings():
    return Rings()


def test_every_frame_is_read_once_from_whichever_slot_has_it(rings):
    played, pieces = Played(rings.memory, 100), []
    for until, slots in ((50, (0, 1)), (101, (0, 1)), (3000, (1,)), (3001, (0,)), (9000, (0, 1))):
        rings.play(until, slots=slots)
        pieces.append(played.more(1 << 62))
    assert np.array_equal(np.concatenate(pieces), whole(100, 8900)) and played.missing == 0


def test_a_block_that_nobody_has_is_waited_for_and_then_silence_that_is_counted(rings):
    played = Played(rings.memory, 0)
    rings.play(20 * BLOCK, lack=(10, 11))
    assert len(played.more(1 << 62)) == 10 * BLOCK
    rings.lay(10)  # a slot that came back has rendered what it missed
    assert np.array_equal(played.more(1 << 62), sound_of(10))
    rings.play((11 + PATIENT_BLOCKS) * BLOCK)
    found = played.more(1 << 62)
    assert not found[:BLOCK].any() and np.array_equal(found[BLOCK:], whole(12 * BLOCK, (PATIENT_BLOCKS - 1) * BLOCK))
    assert played.missing == BLOCK


def test_the_end_comes_also_where_its_last_block_is_lost(rings):
    played = Played(rings.memory, 0)
    rings.play(10 * BLOCK, lack=(9,))
    assert len(played.more(10 * BLOCK)) == 9 * BLOCK
    rings.play((9 + PATIENT_BLOCKS) * BLOCK)
    assert len(played.more(10 * BLOCK)) == BLOCK and played.missing == BLOCK


def test_who_comes_too_late_says_how_much_is_missing(rings):
    rings.play(2 * RING_BLOCKS * BLOCK)
    played = Played(rings.memory, 0)
    found = played.more(1 << 62)
    assert len(found) == 2 * RING_BLOCKS * BLOCK and played.missing == RING_BLOCKS * BLOCK


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """The take that is being recorded has a journal."""
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    monkeypatch.setattr(recorder, "JOURNAL_SECONDS", 0.0)  # nobody moves the clock on
    folder = tmp_path / "journals" / "default"
    folder.mkdir(parents=True)
    path = folder / "0001.journal"
    path.write_bytes(header_line({"rate": 44100, "seed": 0}) + lines([Sealed(1, 64)]))
    return path


def record(rings, wanted, steps, after=None):
    """Runs a recorder: each step is what happens before it looks the next time, and what it is told then. Returns what it said."""
    said, steps = [], iter(steps)

    def hear(seconds):
        return next(steps)() or []

    Recorder(rings.memory, ForkRecorder(1, "default", wanted, after), said.append).run(hear)
    return said


def test_what_is_recorded_lasts_from_the_first_frame_to_the_last_as_the_music_counts_them(rings, tmp_path, journal):
    file = tmp_path / "a.wav"
    wanted = Record(str(file), 1000, latency=LATENCY, goal=str(file))
    ended = Record(str(file), 1000, 5000, LATENCY, goal=str(file))
    said = record(
        rings, wanted,
        [lambda: rings.play(500), lambda: rings.play(3000), lambda: rings.play(9000) or [ended], lambda: rings.play(30_000)],
    )  # fmt: skip
    assert [one.state for one in said][:1] + [said[-1].state] == ["waits", "written"]
    assert said[-1].frames == 4000 and said[-1].missing == 0 and said[-1].remark == ""
    found, _ = soundfile.read(file, dtype="float32")
    assert np.array_equal(found, whole(1000 + LATENCY, 4000)) and said[-1].peak == found.max()
    script = (tmp_path / "a.chronus").read_bytes()
    assert script.startswith(header_line({"rate": 44100, "seed": 0, "stretch": [1000, 5000]})) and b'"sealed"' in script


def test_a_beginning_that_is_still_to_come_moves_with_the_tempo(rings, tmp_path, journal):
    file = tmp_path / "a.wav"
    moved = Record(str(file), 2000, 4000, LATENCY, goal=str(file))
    said = record(
        rings, Record(str(file), 3000, latency=LATENCY, goal=str(file)),
        [lambda: rings.play(500), lambda: [moved], lambda: rings.play(9000), lambda: rings.play(30_000)],
    )  # fmt: skip
    assert said[-1].frames == 2000
    assert np.array_equal(soundfile.read(file, dtype="float32")[0], whole(2000 + LATENCY, 2000))


def test_row_46_the_next_recorder_goes_on_where_a_dead_one_was(rings, tmp_path, journal):
    file = tmp_path / "a.wav"
    wanted = Record(str(file), 0, goal=str(file))

    def dies():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(rings, wanted, [lambda: rings.play(3000), lambda: None, dies])
    rings.play(9000)
    ended = Record(str(file), 0, 9000, goal=str(file))
    said = record(rings, ended, [lambda: rings.play(30_000)], after=Recording(wanted, "records", missing=5))
    assert said[-1].state == "written" and said[-1].frames == 9000 and said[-1].missing == 5
    assert np.array_equal(soundfile.read(file, dtype="float32")[0], whole(0, 9000))


def test_it_ends_where_the_engine_has_faded_out(rings, tmp_path, journal):
    def stop():
        rings.play(3000)
        rings.memory.board[[STOPPING, FADED]] = 2, 1
        with journal.open("ab") as file:
            file.write(lines([Ended(3000)]))

    file = tmp_path / "a.wav"
    said = record(rings, Record(str(file), 0, goal=str(file)), [stop, lambda: None])
    assert said[-1].state == "written" and said[-1].frames == 3000 and (tmp_path / "a.chronus").exists()


def test_what_cannot_be_opened_is_told(rings, tmp_path):
    (said,) = record(rings, Record(str(tmp_path / "none" / "a.wav"), 0), [])
    assert said.state == "failed" and said.problem == "a.wav cannot be written: No such file or directory"


def test_flac_is_made_of_it_at_the_end(rings, tmp_path, journal):
    wav, flac = tmp_path / "a.wav", tmp_path / "a.flac"
    wanted = Record(str(wav), 0, 9000, goal=str(flac))
    said = record(rings, wanted, [lambda: rings.play(15_000), lambda: rings.play(30_000)])
    assert [one.state for one in said][-2:] == ["encodes", "written"] and not wav.exists()
    sound, _ = soundfile.read(flac, dtype="float32")
    assert np.abs(sound - whole(0, 9000)).max() < 2**-23
