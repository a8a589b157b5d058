import numpy as np
import pytest

from chronus.modules.chorus import render
from tests.kit.rig import Rig
from tests.kit.rooms import RATE, jump, pink


def test_without_mix_it_is_the_input():
    noise = np.random.default_rng(1).uniform(-1, 1, (3000, 2)).astype(np.float32)
    assert np.array_equal(Rig(render).render(3000, {"mix": 0}, {"in": noise})["out"], noise)


def test_it_bends_the_pitch_by_cents_and_not_by_tones():
    """With one voice heard by its sidebands: a sine spreads to both sides, but stays within a third of a semitone."""
    sine = np.sin(2 * np.pi * 1000 * np.arange(8 * RATE) / RATE)
    for rate in (0.1, 0.6, 3, 10):
        out = Rig(render).render(8 * RATE, {"mix": 1, "rate": rate, "depth": 1}, {"in": sine})["out"][2 * RATE :, 0]
        power = np.abs(np.fft.rfft(out * np.hanning(out.size))) ** 2
        hertz = np.fft.rfftfreq(out.size, 1 / RATE)
        spread = np.sqrt((power * (hertz - 1000) ** 2).sum() / power.sum())
        assert 0.3 < spread < 25


def test_it_is_wide_where_it_moves_and_mono_in_the_bass(quality):
    noise = pink(6 * RATE)
    out = Rig(render).render(6 * RATE, {}, {"in": noise})["out"][RATE:].astype(float)
    side, middle = (np.abs(np.fft.rfft(y)) ** 2 for y in (out[:, 0] - out[:, 1], out[:, 0] + out[:, 1]))
    hertz = np.fft.rfftfreq(len(out), 1 / RATE)

    def share(low, high):
        band = (hertz > low) & (hertz < high)
        return 10 * np.log10(side[band].sum() / middle[band].sum())

    quality("chorus", "side below mid under 60 Hz", -share(20, 60), ">=", 15, "dB")
    quality("chorus", "side below mid from 500 Hz to 8 kHz", -share(500, 8000), "<=", 12, "dB")


def test_it_is_as_loud_as_its_input():
    noise = pink(4 * RATE)
    for mix in (0.3, 0.5, 1):
        out = Rig(render).render(4 * RATE, {"mix": mix}, {"in": noise})["out"][RATE:]
        assert abs(20 * np.log10(out.std() / 0.1)) < 2


JUMPS = [("mix", 0, 1), ("rate", 0.1, 10), ("depth", 0, 1), ("feedback", 0, 0.9), ("low", 20, 1000), ("width", 0, 1)]


@pytest.mark.parametrize("param, old, new", JUMPS)
def test_a_jump_makes_no_click(quality, param, old, new):
    left = jump(render, param, old, new, **{"low": 20, param: old})
    quality("chorus", "above 10 kHz while a parameter jumps", left, "<=", -120, "dBFS", peer="scsynth Lag -127")


@pytest.mark.parametrize("rate", [8000, 48000, 192000])
def test_it_is_the_same_at_any_rate(rate):
    struck = np.zeros((rate // 10, 2))
    struck[0] = 1
    out = Rig(render, rate=rate).render(rate // 10, {"mix": 1, "low": 20, "depth": 0}, {"in": struck})["out"]
    assert abs(out[:, 0]).argmax() / rate == pytest.approx(0.009, abs=0.0002)


def test_its_tail_ends_in_exact_zeros_and_it_wakes_again():
    rig = Rig(render)
    rig.render(RATE, {"feedback": 0.9}, {"in": pink(RATE)})
    assert not rig.render(6 * RATE, {"feedback": 0.9})["out"][-RATE:].any()
    assert np.abs(rig.render(RATE, {}, {"in": pink(RATE)})["out"]).max() > 0.1
