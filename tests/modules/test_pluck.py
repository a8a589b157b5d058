"""The pluck: tuned to a fraction of a sample, and it dies away in its time."""

import numpy as np
import pytest

from chronus.modules.pluck import render
from tests.kit.listening import centroid, cents_off, decibels
from tests.kit.rig import Rig

RATE = 44100


def play(frames, rig=None, gate=1.0, velocity=0.8, **params):
    return (rig or Rig(render)).render(frames, params, {"gate": gate, "velocity": velocity})["out"][:, 0].astype(float)


@pytest.mark.parametrize("freq", [41.2, 110.0, 440.0, 987.77, 2093.0])
def test_it_is_tuned_to_a_fraction_of_a_sample(freq, quality):
    off = cents_off(play(5 * RATE, freq=freq, decay=20000, damp=0.3)[RATE:], freq)
    quality("pluck", "pitch off by", abs(off), "<=", 0.01, "ct")


@pytest.mark.parametrize("freq", [82.4, 330.0, 1318.5])
@pytest.mark.parametrize("damp", [0.1, 0.8])
def test_its_fundamental_falls_by_60_db_in_its_decay(freq, damp, quality):
    y = play(3 * RATE, freq=freq, decay=2000, damp=damp)
    n = np.arange(8820)
    window = np.hanning(8820) * np.exp(-2j * np.pi * freq * n / RATE)
    early, late = (abs((y[at : at + 8820] * window).sum()) for at in (RATE // 2, 3 * RATE // 2))
    quality("pluck", "decay of its fundamental off by", abs(-decibels(late / early) / 30 - 1) * 100, "<=", 2, "%")


def test_it_grows_duller_and_a_soft_one_begins_dull():
    hard, soft = (play(RATE, freq=110, velocity=v) for v in (1.0, 0.3))
    assert centroid(hard[RATE // 2 :]) < 0.5 * centroid(hard[: RATE // 10])
    assert centroid(soft[: RATE // 10]) < 0.8 * centroid(hard[: RATE // 10])


def test_the_hand_on_the_string_ends_it():
    rig = Rig(render)
    play(4410, rig)
    y = play(RATE, rig, gate=0.0, release=100)
    assert np.abs(y[4410:5000]).max() < 2e-3 * np.abs(y[:500]).max() and not y[RATE // 2 :].any()


def test_a_string_picked_again_lets_what_it_was_fade_without_a_click(quality):
    """The new pick is not heard: what is left is the old one, and how it ends."""
    rig = Rig(render)
    frames, at = 2 * RATE, RATE
    gate, velocity = np.ones(frames), np.full(frames, 0.3)
    gate[at], velocity[at:] = 2, 0
    freq = np.where(np.arange(frames) < at, 110.0, 165.0)
    y = rig.render(frames, {"freq": freq, "damp": 1, "decay": 4000}, {"gate": gate, "velocity": velocity})["out"][
        :, 0
    ].astype(float)
    assert np.abs(y[at - 100 : at]).max() > 0.005 and not y[at + 140 :].any()
    piece = y[at - 4000 : at + 1000] * np.minimum(1, np.arange(5000) / 1000)
    spectrum = np.fft.rfft(piece) * np.clip((np.fft.rfftfreq(5000, 1 / RATE) - 9500) / 1000, 0, 1)
    quality(
        "pluck", "above 10 kHz as a string is taken", decibels(np.abs(np.fft.irfft(spectrum)).max()), "<=", -80, "dBFS"
    )


def test_a_pitch_that_moves_bends_the_string():
    y = play(3 * RATE, freq=np.where(np.arange(3 * RATE) < RATE, 220.0, 247.0), decay=20000)
    assert abs(cents_off(y[3 * RATE // 2 :], 247.0)) < 0.1
    assert np.abs(np.diff(y[RATE : RATE + 4000])).max() < 1.5 * np.abs(np.diff(y[RATE - 4000 : RATE])).max()
