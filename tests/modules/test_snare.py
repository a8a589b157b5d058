"""The snare: two skins in tune, noise in its band, a crack where small speakers have it."""

from functools import partial

import numpy as np
import pytest

from chronus.dsp.drum.snare import FIGURES
from chronus.modules.snare import SPEC, render
from tests.kit.listening import RATE, centroid, struck, time_to

WORDS = SPEC.param("model").words
each = pytest.mark.parametrize("model", WORDS)

play = partial(struck, render, hold=500)


@each
def test_the_skins_ring_at_freq_and_their_ratio(model, quality):
    y = play(RATE, 0, freq=200, decay=4000, snappy=0, drive=0, model=model)[8820:]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)), 1 << 18))
    hertz = np.fft.rfftfreq(1 << 18, 1 / RATE)
    ratio = FIGURES[WORDS.index(model), 0]
    first = hertz[np.argmax(spectrum * (hertz < 250))]
    second = hertz[np.argmax(spectrum * (hertz > 250))]
    quality(
        "snare",
        "pitch of the skins, off freq and its ratio",
        max(abs(first - 200), abs(second - 200 * ratio)),
        "<=",
        0.5,
        "Hz",
    )


def test_the_published_figures_of_the_machines_stand_in_its_table():
    assert FIGURES[0, 0] == pytest.approx(335 / 180, abs=0.001)
    assert FIGURES[1, 0] == 1.47


def test_the_noise_of_the_909_holds_before_it_falls():
    early = time_to(play(RATE, 0, decay=400, drive=0, snappy=1, model="909"), 12)
    plain = time_to(play(RATE, 0, decay=400, drive=0, snappy=1, model="808"), 12)
    assert early > plain + 40


@pytest.mark.parametrize("model", ["dnb", "techno"])
def test_it_cracks_at_200_hz_and_from_2_to_5_khz(model, quality):
    y = play(RATE, 0, model=model, freq=200)
    spectrum, hertz = np.abs(np.fft.rfft(y)) ** 2, np.fft.rfftfreq(RATE, 1 / RATE)

    def level(low, high):
        return 10 * np.log10(spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum())

    quality("snare", "dnb, techno: energy from 150 to 300 Hz, of all", level(150, 300), ">=", -8, "dB")
    quality("snare", "dnb, techno: energy from 2 to 5 kHz, of all", level(2000, 5000), ">=", -12, "dB")


def test_tone_snappy_and_velocity_brighten_it():
    tones = [centroid(play(9000, 0, tone=tone)) for tone in (0, 0.5, 1)]
    rattles = [centroid(play(9000, 0, snappy=snappy)) for snappy in (0, 0.5, 1)]
    blows = [centroid(play(9000, 0, velocity=velocity)) for velocity in (0.3, 0.6, 1)]
    assert tones == sorted(tones) and rattles == sorted(rattles) and blows == sorted(blows)
    assert 1500 < tones[1] < 6000 and rattles[0] < 400


@each
def test_a_second_hit_is_as_the_first(model):
    once = play(RATE, 0, model=model, snappy=0, decay=1000)
    for second in (1500, 2345, 3333):
        twice = play(RATE, 0, second, model=model, snappy=0, decay=1000, cuts=[second])
        assert np.allclose(twice[second + 1000 : second + 4000], once[1000:4000], atol=1e-4)


def test_the_same_seed_makes_the_same_noise():
    assert np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=3))
    assert not np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=4))
