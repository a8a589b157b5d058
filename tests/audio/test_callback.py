"""The callback alone, on a memory of its own: what it plays, when it switches, what it counts."""

import ctypes
import os

import numpy as np
import pytest

from chronus.audio import callback, ring
from chronus.memory.layout import (
    ACTIVE,
    BLOCK,
    BLOCK0,
    BORROWED,
    DOWN,
    FADED,
    HEARD,
    LARGEST,
    LATE0,
    LINE,
    LOOKAHEAD,
    MISSING,
    PERIODS,
    PLAYING,
    PREFERRED,
    RATE,
    SILENT,
    STALLS,
    STARTED,
    STATE0,
    STOPPING,
    SWITCHES,
    Memory,
)  # fmt: skip


class Host:
    def __init__(self):
        self.memory = Memory()
        self.memory.board[RATE] = 44100
        for slot in range(2):
            self.memory.board[STATE0 + slot * LINE] = PLAYING
        rings = (self.memory.ring(0), self.memory.ring(1))
        self.alarm = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.desk = callback.make_desk(self.memory.board, rings, self.alarm)

    def __del__(self):
        os.close(self.alarm)

    def rang(self):
        """How many times since the last look."""
        try:
            return os.eventfd_read(self.alarm)
        except BlockingIOError:
            return 0

    def lay(self, slot, block):
        """A block whose samples tell its number."""
        samples = np.arange(block * BLOCK * 2, (block + 1) * BLOCK * 2, dtype=np.float32).reshape(BLOCK, 2) + 1
        ring.write(self.memory.ring(slot), block, samples, 0)
        self.memory.board[BLOCK0 + slot * LINE] = block + 1

    def play(self, frames, channels=2):
        out = np.full(channels * frames, np.nan, np.float32)
        callback.fill(self.desk, out, channels)
        return out

    def __getitem__(self, word):
        return self.memory.word(word)


@pytest.mark.parametrize("period", [1, 16, 64, 100, 128, 441, 1024])
def test_any_period_hears_every_frame_once_and_in_order(period):
    host = Host()
    heard = []
    block = 0
    while len(heard) * period < 3000:
        while block < host[HEARD] // BLOCK + 20:
            host.lay(0, block)
            block += 1
        heard.append(host.play(period))
    whole = np.concatenate(heard)
    assert np.array_equal(whole, np.arange(1, len(whole) + 1, dtype=np.float32))
    assert host[HEARD] == len(whole) // 2
    assert (host[MISSING], host[SWITCHES], host[SILENT]) == (0, 0, 0)
    assert host[PERIODS] == len(heard) and host[LARGEST] == period


def test_a_block_that_only_the_other_slot_has_is_played_and_the_slot_stays_switched():
    host = Host()
    for block in range(4):
        host.lay(1, block)
    host.lay(0, 0)
    assert np.array_equal(host.play(256), np.arange(1, 513, dtype=np.float32))
    assert host[ACTIVE] == 1 and host[SWITCHES] == 1 and host[MISSING] == 0


def test_row_9_of_two_slots_that_take_turns_in_being_late_blocks_are_borrowed_without_changing_the_slot_all_the_time():
    host = Host()
    for block in range(3000):
        host.lay(block // 3 % 2, block)
        assert np.array_equal(host.play(64)[:2], [block * 128 + 1, block * 128 + 2])
    assert host[SWITCHES] == 3000 * BLOCK // (60 * 44100) + 1
    assert host[BORROWED] > 1400 and host[MISSING] == 0
    late = host[LATE0], host.memory.word(LATE0, 1)
    assert sum(late) == 3000 and max(late) == 1500


def test_a_slot_that_died_or_was_started_anew_is_switched_away_from_at_once():
    host = Host()
    host.lay(1, 0)
    host.play(64)
    host.memory.board[STATE0 + LINE] = DOWN
    host.lay(0, 1)
    host.play(64)
    assert (host[ACTIVE], host[SWITCHES], host[BORROWED]) == (0, 2, 0)
    host.memory.board[STATE0 + LINE] = PLAYING
    host.memory.board[STARTED] += 1
    host.lay(1, 2)
    host.play(64)
    assert (host[ACTIVE], host[SWITCHES], host[BORROWED]) == (1, 3, 0)


def test_a_slot_that_is_preferred_is_switched_to_once_it_holds_the_block_that_is_due():
    host = Host()
    host.memory.board[PREFERRED] = 2
    host.lay(0, 0)
    heard = [host.play(64)]
    assert host[ACTIVE] == 0
    for slot in range(2):
        host.lay(slot, 1)
    heard += [host.play(32), host.play(32)]
    assert (host[ACTIVE], host[SWITCHES]) == (1, 1)
    host.lay(1, 2)
    heard += [host.play(64)]
    assert np.array_equal(np.concatenate(heard), np.arange(1, 385, dtype=np.float32))
    assert host[SWITCHES] == 1


def test_a_torn_block_is_not_played():
    host = Host()
    host.lay(0, 0)
    host.lay(1, 0)
    place = host.memory.ring(0)
    place[0] = 0  # the number is stored last: a worker died before it
    place[8:40] = -1
    assert np.array_equal(host.play(64), np.arange(1, 129, dtype=np.float32))
    assert host[ACTIVE] == 1


def test_an_older_block_in_the_place_of_the_due_one_is_not_repeated():
    host = Host()
    host.lay(0, 0)
    host.play(64)
    host.memory.board[STATE0] = host.memory.board[STATE0 + LINE] = 0
    heard = host.play(64)
    assert host[MISSING] == 1 and host[SILENT] == 64
    assert abs(heard[-1]) == 0.0


def test_the_clock_waits_for_a_slot_that_lives_but_is_late():
    host = Host()
    host.lay(0, 0)
    host.play(64)
    host.play(128)
    assert host[HEARD] == 64 and host[MISSING] == 1 and host[SILENT] == 128
    host.lay(0, 1)
    host.play(64)
    assert host[HEARD] == 128


def test_the_clock_runs_on_while_nobody_lives():
    host = Host()
    host.memory.board[STATE0] = host.memory.board[STATE0 + LINE] = 0
    host.play(128)
    assert host[HEARD] == 128 and host[MISSING] == 2


def test_a_gap_is_faded_into_and_out_of_without_a_step():
    host = Host()
    flat = np.full((BLOCK, 2), 0.5, np.float32)
    ring.write(host.memory.ring(0), 0, flat, 0)
    parts = [host.play(64), host.play(64), host.play(64)]
    ring.write(host.memory.ring(0), 1, flat, 0)
    ring.write(host.memory.ring(0), 2, flat, 0)
    parts += [host.play(128)]
    left = np.concatenate(parts)[::2]
    assert left.min() == 0.0 and left[-1] == 0.5
    assert np.abs(np.diff(left)).max() <= 0.5 / 64 + 1e-6


def test_row_4_sound_comes_back_when_a_slot_holds_all_of_a_period_and_not_to_be_overtaken_in_the_middle_of_it():
    host = Host()
    host.memory.board[STATE0] = host.memory.board[STATE0 + LINE] = DOWN
    host.memory.board[LOOKAHEAD] = 6
    host.play(128)
    host.lay(0, 2)
    assert not host.play(128).any() and host[HEARD] == 256, "a block that nothing may follow was heard"
    host.lay(0, 4)
    host.lay(0, 5)
    assert host.play(128)[2:].all() and host[SILENT] == 256
    host.lay(0, 6)
    assert host.play(128)[:128].all(), "while it sounds, what there is is heard"


def test_sound_comes_back_with_the_lookahead_where_a_period_is_longer():
    host = Host()
    host.memory.board[LOOKAHEAD] = 2
    host.play(256)
    host.lay(0, 0)
    assert not host.play(256).any()
    host.lay(0, 1)
    assert host.play(256)[2:256].all() and host[HEARD] == 128


def test_the_alarm_is_rung_where_silence_begins_and_not_again_until_sound_is_back():
    host = Host()
    host.lay(0, 0)
    host.play(64)
    assert host.rang() == 0
    for _ in range(5):
        host.play(128)
    assert host.rang() == 1
    host.lay(0, 1)
    host.play(64)
    assert host.rang() == 0
    host.play(64)
    assert host.rang() == 1


def test_the_end_fades_out_in_20_ms_and_says_so():
    host = Host()
    flat = np.full((BLOCK, 2), 0.5, np.float32)
    for block in range(40):
        ring.write(host.memory.ring(0), block, flat, 0)
    host.memory.board[STOPPING] = 1
    left = host.play(1024)[::2]
    assert np.abs(np.diff(left)).max() < 0.001
    assert not left[882:].any() and left[800] > 0 and host[FADED] == 1


STREAM_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, *[ctypes.c_void_p] * 2, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p
)


def on_channels(stereo, channels):
    """What a device of so many channels gets of (frames, 2)."""
    if channels == 1:
        return stereo.sum(axis=1, keepdims=True) / 2
    out = np.zeros((len(stereo), channels), np.float32)
    out[:, :2] = stereo
    return out


@pytest.mark.parametrize("period", [16, 100, 1024])
@pytest.mark.parametrize("channels", [1, 2, 3, 8, 64])
def test_a_device_of_any_number_of_channels_plays_every_frame(channels, period):
    stereo = np.random.default_rng(7).uniform(-1, 1, (40 * BLOCK, 2)).astype(np.float32)
    host, heard, laid = Host(), [], 0
    host.desk[callback.D_CHANNELS] = channels
    callback.enter(host.desk, host.memory.board)
    played = STREAM_CALLBACK(callback.portaudio_callback())
    while sum(map(len, heard)) + period <= len(stereo):
        while laid < min(host[HEARD] // BLOCK + 20, 40):
            ring.write(host.memory.ring(0), laid, stereo[laid * BLOCK : (laid + 1) * BLOCK], 0)
            host.memory.board[BLOCK0] = laid = laid + 1
        out = np.full((period, channels), np.nan, np.float32)
        assert played(None, out.ctypes.data, period, None, 0, host.desk.ctypes.data) == 0
        heard.append(out)
    whole = np.concatenate(heard)
    assert np.array_equal(whole, on_channels(stereo[: len(whole)], channels).astype(np.float32))
    assert host[HEARD] == len(whole) and host[LARGEST] == period and host[SILENT] == 0


@pytest.mark.parametrize("channels", [1, 8])
def test_gaps_fade_and_waiting_is_silent_on_any_number_of_channels(channels):
    host = Host()
    host.desk[callback.D_CHANNELS] = channels
    played, out = STREAM_CALLBACK(callback.portaudio_callback()), np.full((128, channels), np.nan, np.float32)
    played(None, out.ctypes.data, 128, None, 0, host.desk.ctypes.data)
    assert not out.any() and host.desk[callback.D_ASKED] == 128 and host[HEARD] == 0
    ring.write(host.memory.ring(0), 0, np.full((BLOCK, 2), 0.5, np.float32), 0)
    host.memory.board[BLOCK0] = 1
    callback.enter(host.desk, host.memory.board)
    played(None, out.ctypes.data, 128, None, 0, host.desk.ctypes.data)
    assert out[63, 0] == 0.5 and 0 < out[100, 0] < 0.5 and out[127, 0] == 0, "a missing block is faded into"
    assert not out[:, 2:].any() and np.array_equal(out[:, 0], out[:, min(1, channels - 1)])


def test_a_host_that_waits_for_its_turn_gives_silence_and_leaves_the_board_alone():
    host = Host()
    host.lay(0, 0)
    before, out = host.memory.board.copy(), np.full(256, np.nan, np.float32)
    played = STREAM_CALLBACK(callback.portaudio_callback())
    for _ in range(2):
        assert played(None, out.ctypes.data, 128, None, 4, host.desk.ctypes.data) == 0
    assert not out.any() and np.array_equal(host.memory.board, before)
    assert (host.desk[callback.D_ASKED], host.desk[callback.D_MOST]) == (256, 128)
    callback.enter(host.desk, host.memory.board)
    played(None, out.ctypes.data, 64, None, 4, host.desk.ctypes.data)
    assert np.array_equal(out[:128], np.arange(1, 129, dtype=np.float32))
    assert host[HEARD] == 64 and host[STALLS] == 1, "an underflow is counted"


def test_a_host_that_takes_over_fades_in():
    host = Host()
    flat = np.full((BLOCK, 2), 0.5, np.float32)
    for block in range(4):
        ring.write(host.memory.ring(0), block, flat, 0)
    host.play(64)
    callback.enter(host.desk, host.memory.board)
    left = host.play(128)[::2]
    assert np.abs(np.diff(left, prepend=0)).max() <= 0.5 / 64 + 1e-6 and left[-1] == 0.5
