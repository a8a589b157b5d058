"""A device of another rate: sines come out as sines, any period gives the same, and nothing drifts."""

import ctypes
import math

import numpy as np
import pytest

from chronus.audio import ring
from chronus.audio.callback import D_CHANNELS, enter, make_desk
from chronus.audio.resample import Bench, portaudio_callback, window_length
from chronus.memory.layout import BLOCK, HEARD, LARGEST, LINE, MISSING, PLAYING, STATE0, Memory

STREAM_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p
)


class Host:
    """The resampler over a callback over a ring that holds `sound`, a function of the frame."""

    def __init__(self, engine_rate, device_rate, sound):
        self.memory, self.sound, self.laid = Memory(), sound, 0
        self.callback = STREAM_CALLBACK(portaudio_callback())
        for slot in range(2):
            self.memory.board[STATE0 + slot * LINE] = PLAYING
        rings = self.memory.ring(0), self.memory.ring(1)
        self.desk = make_desk(self.memory.board, rings)
        enter(self.desk, self.memory.board)
        self.bench = Bench(self.desk, engine_rate, device_rate)

    def play(self, frames, channels=2):
        """(frames, channels); the ring is kept full meanwhile."""
        out = np.full(channels * frames, np.nan, np.float32)
        while self.laid < self.memory.word(HEARD) // BLOCK + 250:
            frame = np.arange(self.laid * BLOCK, (self.laid + 1) * BLOCK)
            ring.write(self.memory.ring(0), self.laid, self.sound(frame).astype(np.float32), 0)
            self.laid += 1
        self.callback(None, out.ctypes.data, frames, None, 0, self.bench.words.ctypes.data)
        return out.reshape(-1, channels)


def sines(left_hz, right_hz, rate):
    return lambda frame: 0.5 * np.sin(2 * np.pi * np.outer(frame, [left_hz, right_hz]) / rate)


@pytest.mark.parametrize(
    ("engine_rate", "device_rate"),
    [(44100, 48000), (48000, 44100), (44100, 96000), (96000, 44100), (44100, 22050), (44100, 44056)],
)
def test_sines_come_out_as_the_same_sines_at_the_other_rate(engine_rate, device_rate):
    lower = min(engine_rate, device_rate)
    for hz in (lower * 0.01, lower * 0.2, lower * 0.4):
        host = Host(engine_rate, device_rate, sines(hz, hz / 2, engine_rate))
        skip = window_length(engine_rate, device_rate)  # there was silence before the first frame
        heard = host.play(4096)[skip:]
        meant = sines(hz, hz / 2, device_rate)(np.arange(skip, 4096))
        error = 20 * math.log10(np.abs(heard - meant).max() / 0.5)
        print(f"{engine_rate} -> {device_rate} Hz, {hz:.0f} Hz: error {error:.0f} dB")
        assert error < -90


def test_what_the_lower_rate_cannot_hold_is_kept_from_folding_back():
    host = Host(96000, 44100, sines(30000, 40000, 96000))
    assert np.abs(host.play(4096)[200:]).max() < 0.5 * 10 ** (-90 / 20)


@pytest.mark.parametrize("period", [1, 16, 100, 441, 3000])
def test_any_period_gives_the_same_frames(period):
    def rendered(period):
        host = Host(44100, 48000, sines(1000, 333, 44100))
        return np.concatenate([host.play(period) for _ in range(6000 // period)])[:6000]

    whole, pieces = rendered(6000), rendered(period)
    assert np.array_equal(whole[: len(pieces)], pieces)


@pytest.mark.parametrize("channels", [1, 8])
def test_any_number_of_channels_gets_the_same_sound(channels):
    stereo = Host(44100, 48000, sines(1000, 333, 44100)).play(3000)
    host = Host(44100, 48000, sines(1000, 333, 44100))
    host.desk[D_CHANNELS] = channels
    heard = host.play(3000, channels)
    if channels == 1:
        assert np.abs(heard[:, 0] - stereo.sum(axis=1) / 2).max() < 1e-7
    else:
        assert np.array_equal(heard[:, :2], stereo) and not heard[:, 2:].any()


def test_it_takes_as_many_frames_as_the_rates_say_and_never_drifts():
    host = Host(44100, 48000, lambda frame: np.zeros((len(frame), 2)))
    half = window_length(44100, 48000) // 2
    for periods in range(1, 2000):
        host.play(128)
        # the window's middle stands at the last frame that went out, and its end half a window further
        assert host.memory.word(HEARD) == (periods * 128 - 1) * 44100 // 48000 + half + 1
    assert host.memory.word(LARGEST) <= 128 + half and host.memory.word(MISSING) == 0
