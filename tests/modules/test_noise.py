"""Noise: its slopes, its spread, and that the same seed gives the same noise."""

import numpy as np
import pytest

from chronus.modules.noise import render
from tests.kit.listening import RATE, tone
from tests.kit.rig import Rig

ON = {"gate": 1.0, "velocity": 1.0}


def bands(y, low, high):
    """Middles of third octaves in Hz, and the power per Hz in each in dB."""
    span = 1 << 15
    window = np.hanning(span)
    pieces = np.lib.stride_tricks.sliding_window_view(y, span)[:: span // 2]
    power = (np.abs(np.fft.rfft(pieces * window, axis=1)) ** 2).mean(0)
    freq = np.fft.rfftfreq(span, 1 / RATE)
    middles = low * 2 ** np.arange(0, np.log2(high / low) + 1e-9, 1 / 3)
    within = [(freq >= m * 2 ** (-1 / 6)) & (freq < m * 2 ** (1 / 6)) for m in middles]
    return np.array([freq[w].mean() for w in within]), 10 * np.log10([power[w].mean() for w in within])


# what chance itself leaves of a third octave at 40 Hz, after two minutes, is about 0.15 dB
@pytest.mark.parametrize(
    "color, slope, low, most", [("white", 0, 40, 0.4), ("pink", -10, 40, 0.5), ("brown", -20, 80, 0.6)]
)
def test_it_falls_as_its_color_says(color, slope, low, most, quality):
    high = 15000 if color != "brown" else 5000
    freq, level = bands(tone(render, 120 * RATE, color=color), low, high)
    wanted = slope * np.log10(freq)
    off = level - wanted
    quality("noise", f"{color}: third octaves off its slope by", np.abs(off - off.mean()).max(), "<=", most, "dB")


@pytest.mark.parametrize("color", ["white", "pink", "brown"])
def test_it_peaks_between_a_half_and_one_at_the_default_gain(color):
    y = tone(render, 10 * RATE, color=color, gain=0.5)
    assert 0.45 < np.abs(y).max() < 1.1
    assert 0.15 < y.std() < 0.35
    assert abs(y.mean()) < 0.03


def test_white_noise_is_even_and_without_memory():
    y = tone(render, 1 << 18)
    share, _ = np.histogram(y, 20, (-1, 1))
    assert np.abs(share / len(y) * 20 - 1).max() < 0.03
    spectrum = np.fft.rfft(y, 2 * len(y))
    echo = np.fft.irfft(np.abs(spectrum) ** 2)[1:2000] / (y @ y)
    assert np.abs(echo).max() < 0.012


def test_lanes_and_seeds_differ_and_a_seed_repeats():
    y = Rig(render, lanes=8).render(1 << 15, {}, ON)["out"].astype(float)
    assert np.abs(np.corrcoef(y.T) - np.eye(8)).max() < 0.03
    again = Rig(render, lanes=8).render(1 << 15, {}, ON)["out"]
    assert (y == again).all()
    other = Rig(render, lanes=8, seed=2).render(1 << 15, {}, ON)["out"]
    assert abs(np.corrcoef(y[:, 0], other[:, 0])[0, 1]) < 0.03


def test_it_begins_and_ends_in_ramps_of_3_ms():
    gate = np.zeros(2000)
    gate[500:1500] = 1
    y = np.abs(tone(render, 2000, skip=0, inputs={"gate": gate, "velocity": 0.5}))
    assert y[:500].max() == 0 and y[1500 + 67 :].max() == 0
    t = np.arange(2000)
    level = np.clip((t - 499) / 132.3, 0, 0.5) - np.clip((t - 1499) / 132.3, 0, 0.5)
    assert (y <= level + 1e-5).all() and y[700:1500].max() > 0.45
