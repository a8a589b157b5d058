"""The short-term loudness without a filter against that of the filter; the spectrum of what is known."""

import numpy as np
import pytest

from chronus.ears.levels import decibels, short_term
from chronus.ears.loudness import Loudness
from chronus.ears.spectra import THIRDS, thirds

RATE = 44100
WINDOW = 32768


def sine(hertz, db, frames=WINDOW, rate=RATE):
    wave = 10 ** (db / 20) * np.sin(2 * np.pi * hertz * np.arange(frames) / rate)
    return np.stack([wave, wave], axis=1).astype(np.float32)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_sine_reads_as_in_the_standard(rate):
    assert short_term(sine(997, -23, 3 * rate, rate), rate) == pytest.approx(-23.0, abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_short_term_loudness_agrees_with_the_filter(seed):
    some = np.random.default_rng(seed)
    colour = np.cumsum(some.normal(size=(4 * RATE, 2)), axis=0)
    colour -= np.linspace(colour[0], colour[-1], len(colour))
    sound = (0.1 * some.normal(size=(4 * RATE, 2)) + 0.001 * colour).astype(np.float32)
    sound *= np.clip(np.sin(np.arange(len(sound)) / 9000), 0, 1)[:, None].astype(np.float32)
    filtered = Loudness(RATE)
    filtered.feed(sound)
    last = np.concatenate(filtered._tenths)[-30:].mean()
    assert short_term(sound[-3 * RATE :], RATE) == pytest.approx(-0.691 + 10 * np.log10(last), abs=0.1)


@pytest.mark.parametrize("hertz", [31.5, 55.0, 63.0, 440.0, 1000.0, 7000.0, 15000.0])
def test_the_loudest_band_holds_the_frequency_at_its_level(hertz):
    bands, partials = thirds(sine(hertz, -12), RATE)
    loudest = int(np.argmax(bands))
    assert abs(np.log2(hertz / THIRDS[loudest])) < 1 / 6 + 0.01
    assert bands[loudest] == pytest.approx(-12, abs=0.6)
    assert partials[0].hertz == pytest.approx(hertz, abs=0.02) and partials[0].level == pytest.approx(-12, abs=0.02)


def test_all_bands_together_hold_the_power_of_noise():
    noise = np.random.default_rng(5).normal(size=WINDOW).astype(np.float32) * 0.1
    bands, _ = thirds(np.stack([noise, noise], axis=1), RATE)
    whole = sum(10 ** (band / 10) for band in bands) / 2
    assert decibels(whole**0.5) == pytest.approx(-20, abs=0.1)


def test_silence_has_no_peaks():
    bands, partials = thirds(np.zeros((WINDOW, 2), np.float32), RATE)
    assert max(bands) == -150 and partials == []
