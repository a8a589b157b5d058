"""The supersaw: seven saws where Szabó found them, bright to the top, at one level, and never in step."""

import numpy as np
import pytest

from chronus.modules.supersaw import KNOB, OFFSETS, render
from tests.kit.listening import ON, RATE, WIDTH, cents_off, decibels
from tests.kit.rig import Rig

SIZE = 1 << 17


def played(frames, lanes=1, seed=1, inputs=None, **params):
    fed = {**ON, **(inputs or {})}
    return Rig(render, lanes=lanes, seed=seed).render(frames, {"gain": 1, **params}, fed)["out"].astype(float)


def spectrum(y):
    window = np.kaiser(len(y), 24)
    return np.abs(np.fft.rfft(y * window)) / window.sum() * 2


@pytest.mark.parametrize("freq", [440.0, 9999.0])
def test_the_saw_in_the_middle_is_in_tune(freq, quality):
    y = played(6 * RATE, freq=freq, mix=0, detune=1)[2000:, 0]
    quality("supersaw", "pitch of the saw in the middle off by", abs(cents_off(y, freq)), "<=", 0.001, "ct")


def test_a_minute_loses_no_phase(quality):
    rig, freq, frames = Rig(render), 123.5, 60 * RATE
    rig.render(64, {"freq": freq})
    before = rig.state[0, 0] - 64 * freq / RATE
    rig.render(frames - 64, {"freq": freq})
    turns = frames * round(freq * 2) % (2 * RATE) / (2 * RATE)
    quality("supersaw", "turns lost in a minute", abs((rig.state[0, 0] - before - turns + 0.5) % 1 - 0.5), "<=", 1e-6)


@pytest.mark.parametrize("detune", [1.0, 0.5])
def test_the_six_others_are_where_szabo_found_them(detune, quality):
    knob = np.polynomial.polynomial.polyval(detune, KNOB)
    y = played(SIZE * 4, freq=3520, mix=1, detune=detune)[:, 0]
    size = spectrum(y)
    for offset in OFFSETS[1:]:
        hertz = 3520 * (1 + offset * knob)
        near = round(hertz * len(y) / RATE)
        found = near - 30 + int(np.argmax(size[near - 30 : near + 31]))
        quality(
            "supersaw", "a saw off its place by", 1200 * abs(np.log2(found * RATE / len(y) / hertz)), "<=", 0.1, "ct"
        )
        assert size[found] > 0.1 * size.max()


@pytest.mark.parametrize("freq, bar", [(220, -84), (440, -84), (1004, -80), (2093, -74), (5001, -70)])
def test_little_folds_back_where_it_could_be_heard(freq, bar, quality):
    size = spectrum(played(SIZE + 2000, freq=freq, mix=0, detune=0)[2000:, 0])
    elsewhere = np.arange(len(size)) < 20000 * SIZE / RATE
    elsewhere[:WIDTH] = False
    for k in range(1, int(RATE / 2 / freq) + 1):
        elsewhere[max(0, round(k * freq * SIZE / RATE) - WIDTH) : round(k * freq * SIZE / RATE) + WIDTH] = False
    found = decibels(size[elsewhere].max() / size.max())
    quality(
        "supersaw",
        f"worst line below 20 kHz that is no harmonic, {freq} Hz",
        found,
        "<=",
        bar,
        "dB",
        peer="scsynth Saw -48 to -54",
    )


@pytest.mark.parametrize("freq", [110, 440, 1004])
def test_it_is_bright_to_16_khz(freq, quality):
    bins = round(freq * SIZE / RATE)
    size = spectrum(played(SIZE + 2000, freq=bins * RATE / SIZE, mix=0, detune=1)[2000:, 0])
    k = np.arange(1, int(16000 / freq) + 1)
    # without those on which a line of another saw lies
    alone = [min(abs(n * (1 + o) - round(n * (1 + o))) for o in OFFSETS[1:]) * bins > 40 for n in k]
    off = np.abs(decibels(size[k * bins] / size[bins] * k))[alone].max()
    quality("supersaw", "harmonics up to 16 kHz off 1/k by", off, "<=", 0.5, "dB")
    assert sum(alone) > 8


def test_its_level_stays_whatever_the_mix(quality):
    levels = [decibels(played(4 * RATE, freq=220, detune=0.5, mix=mix)[2000:].std()) for mix in np.linspace(0, 1, 6)]
    quality("supersaw", "level from mix 0 to 1 apart by", max(levels) - min(levels), "<=", 0.5, "dB")
    assert levels[0] == pytest.approx(decibels(1 / np.sqrt(3)), abs=0.3)


def test_the_saws_of_each_lane_and_seed_stand_elsewhere():
    one, other = played(RATE, lanes=8), played(RATE, seed=2)
    assert abs(np.corrcoef(one[:, 0], one[:, 1])[0, 1]) < 0.5
    assert not np.allclose(one[:, 0], other[:, 0], atol=0.01)


def test_it_shimmers_and_does_not_stand_still():
    y = played(4 * RATE, freq=220, detune=0.2, mix=0.8)[:, 0]
    level = [y[n : n + 2205].std() for n in range(0, len(y), 2205)]
    assert max(level) > 1.3 * min(level)


def test_fm_is_in_octaves_and_notes_begin_and_end_in_3_ms():
    y = played(2 * RATE, freq=440, mix=0, detune=1, inputs={"fm": 1.0})[2000:, 0]
    assert abs(cents_off(y, 880)) < 0.001
    gate = np.zeros(8820)
    gate[1000:6000] = 1
    held, struck = played(8820)[:, 0], played(8820, inputs={"gate": gate})[:, 0]
    assert not struck[:1000].any() and not struck[6000 + 133 :].any()
    assert struck[1200:6000] == pytest.approx(held[1200:6000], abs=1e-5)
