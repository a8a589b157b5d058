"""A recording on the disk: valid at every moment, whatever is refused or killed."""

import errno
import os

import numpy as np
import pytest
import soundfile

from chronus.render.formats import wav_header
from chronus.system import files
from chronus.takes.tape import Tape

RATE = 44100


class Clock:
    time = 0.0

    def __call__(self):
        return self.time


def noise(frames, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (frames, 2)).astype(np.float32)


def read(path):
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    return sound


def test_the_header_is_renewed_twice_a_second_and_at_the_end_all_of_it_is_there(tmp_path):
    clock, sound = Clock(), noise(300)
    tape = Tape(tmp_path / "a.wav", RATE, clock=clock)
    assert len(read(tape.path)) == 0
    tape.write(sound[:100])
    assert len(read(tape.path)) == 0
    clock.time = 0.5
    tape.write(sound[100:200])
    assert np.array_equal(read(tape.path), sound[:200])
    tape.write(sound[200:])
    tape.close()
    assert np.array_equal(read(tape.path), sound)
    assert np.array_equal(np.concatenate(tape.read(64)), sound)


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    Tape(tmp_path / "a.wav", RATE).close()
    with pytest.raises(FileExistsError):
        Tape(tmp_path / "a.wav", RATE)


def test_who_goes_on_with_a_file_takes_all_that_was_written_and_cuts_a_torn_frame_off(tmp_path):
    sound = noise(300)
    tape = Tape(tmp_path / "a.wav", RATE)
    tape.write(sound[:200])  # the header says nothing of it yet
    with open(tape.path, "ab") as file:
        file.write(b"\x01\x02\x03")
    again = Tape(tape.path, RATE, again=True)
    assert again.frames == 200 and np.array_equal(read(tape.path), sound[:200])
    again.write(sound[200:])
    again.close()
    assert np.array_equal(read(tape.path), sound)


@pytest.mark.parametrize("room", [0, 7, 8, 1000, 1599])
def test_row_43_where_the_disk_is_full_the_file_ends_with_its_last_whole_frame(tmp_path, monkeypatch, room):
    sound, tape, left = noise(200), Tape(tmp_path / "a.wav", RATE), [room]

    def write(descriptor, data):
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = os.write(descriptor, data[: left[0]])
        left[0] -= done
        return done

    monkeypatch.setattr(files, "write", write)
    with pytest.raises(OSError, match="No space left"):
        tape.write(sound)
    assert np.array_equal(read(tape.path), sound[: room // 8])
    tape.close()
    assert np.array_equal(read(tape.path), sound[: room // 8])


def test_what_was_written_too_much_is_cut_off(tmp_path):
    sound, tape = noise(200), Tape(tmp_path / "a.wav", RATE)
    tape.write(sound)
    tape.shorten(120)
    tape.close()
    assert np.array_equal(read(tape.path), sound[:120])


@pytest.mark.parametrize("how", ["removed", "in another's place", "with its folder"])
def test_a_file_that_is_taken_away_is_told_within_a_second(tmp_path, how):
    clock, folder = Clock(), tmp_path / "recordings"
    folder.mkdir()
    tape = Tape(folder / "a.wav", RATE, clock=clock)
    tape.write(noise(100))
    if how == "with its folder":
        folder.rename(tmp_path / "elsewhere")
    else:
        tape.path.unlink()
        if how != "removed":
            tape.path.write_bytes(b"another")
    tape.write(noise(100))
    clock.time = 1.0
    with pytest.raises(FileNotFoundError, match="the file is gone"):
        tape.write(noise(100))
    assert tape.frames == 0


def test_beyond_four_gigabytes_the_header_is_that_of_an_rf64_of_the_same_length():
    small, large = (wav_header(frames, RATE, as_float=True) for frames in (1 << 28, 1 << 30))
    assert small[:4] == b"RIFF" and large[:4] == b"RF64" and len(small) == len(large)
    assert int.from_bytes(large[28:36], "little") == (1 << 30) * 8
