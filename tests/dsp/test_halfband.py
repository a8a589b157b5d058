import numpy as np
from numba import njit

from chronus.dsp import halfband
from chronus.dsp.halfband import MEMORY

RATE = 44100


@njit
def up(y, frames, memory):
    halfband.up(y, frames, memory)


@njit
def down(y, frames, memory):
    halfband.down(y, frames, memory)


def raised(x):
    """A float32 signal at four times the rate, a piece of 64 frames at a time."""
    h, parts = np.zeros((MEMORY, 1), np.float32), []
    for start in range(0, x.size, 64):
        y = np.zeros((256, 1), np.float32)
        y[0::4, 0] = y[2::4, 0] = x[start : start + 64]
        up(y, 64, h)
        parts.append(y[:, 0])
    return np.concatenate(parts)


def lowered(y):
    h, parts = np.zeros((MEMORY, 1), np.float32), []
    for start in range(0, y.size, 256):
        piece = y[start : start + 256, None].astype(np.float32)
        down(piece, 64, h)
        parts.append(piece[0::4, 0] + piece[2::4, 0])
    return np.concatenate(parts)


def spectrum(x, rate):
    """dB at each frequency, of an impulse response."""
    return np.fft.rfftfreq(x.size, 1 / rate), 20 * np.log10(np.abs(np.fft.rfft(x)) + 1e-9)


def test_images_are_95_db_down_and_what_is_heard_is_flat():
    impulse = np.zeros(4096, np.float32)
    impulse[0] = 1
    hertz, level = spectrum(raised(impulse) / 4, 4 * RATE)
    assert np.abs(level[hertz < 20000]).max() < 0.001
    # 64 to 68 kHz is where the images of what nobody hears are, between the two filters
    assert level[(hertz > 23800) & (hertz < 64000) | (hertz > 68000)].max() < -93


def test_what_would_fold_back_is_95_db_down():
    for hertz in (24200, 30000, 68000, 80000):
        tone = np.sin(2 * np.pi * hertz * np.arange(16384) / RATE / 4).astype(np.float32)
        assert 20 * np.log10(np.abs(lowered(tone)[2048:]).max()) < -93


def test_up_and_down_is_an_all_pass():
    impulse = np.zeros(4096, np.float32)
    impulse[0] = 1
    there = lowered(raised(impulse))
    hertz, level = spectrum(there, RATE)
    assert np.abs(level[hertz < 20000]).max() < 0.001
    turns = np.unwrap(np.angle(np.fft.rfft(there)))
    assert -(turns[1] - turns[0]) * there.size / (2 * np.pi) < 5
    assert there[0] != 0
