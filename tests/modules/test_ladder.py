"""The Moog ladder: four ideal poles when it is calm, a whistle in tune when it is not, and nothing that moves can break it."""

import numpy as np
import pytest

from chronus.modules.ladder import SPEC, render
from tests.kit.listening import RATE, cents_off, decibels, lines, quiet_gain, whistle
from tests.kit.rig import Rig

INNER = 2 * RATE


def poles(hertz, cutoff, count):
    """That many real poles at the cutoff, bilinear at twice the rate and prewarped."""
    return decibels(np.abs(1 + 1j * np.tan(np.pi * hertz / INNER) / np.tan(np.pi * cutoff / INNER)) ** -count)


def played(source, rig=None, **params):
    return (rig or Rig(render)).render(len(source), params, {"in": source})["out"][:, 0].astype(float)


def saw(hertz, seconds=1.0, level=1.0):
    return level * (2 * (hertz * np.arange(int(seconds * RATE)) / RATE % 1) - 1)


@pytest.mark.parametrize("slope, count", [("24", 4), ("18", 3), ("12", 2)])
@pytest.mark.parametrize("cutoff", [50, 100, 1000, 8000])
def test_without_resonance_it_is_its_ideal_poles(cutoff, slope, count, quality):
    hertz = cutoff * np.array([0.1, 0.5, 1, 1.4])
    found = quiet_gain(render, hertz, cutoff=cutoff, slope=slope, resonance=0, drive=0)
    off = np.abs(found - poles(hertz, cutoff, count)).max()
    quality("ladder", "off the ideal poles at resonance 0", off, "<=", 0.05, "dB")


@pytest.mark.parametrize("cutoff", [50, 100, 440, 1000, 3000, 5000])
def test_its_whistle_is_in_tune_at_a_level_of_its_own(cutoff, quality):
    loud, soft = (whistle(render, cutoff, struck, 8 if cutoff < 100 else 4) for struck in (1.0, 0.01))
    quality(
        "ladder",
        "whistle off the cutoff, 50 Hz to 5 kHz",
        abs(cents_off(loud, cutoff)),
        "<=",
        3,
        "ct",
        peer="Csound moogladder2 3.9",
    )
    quality(
        "ladder",
        "level of the whistle, loudly or softly struck, apart by",
        abs(decibels(loud.std() / soft.std())),
        "<=",
        0.01,
        "dB",
    )
    assert -14 < decibels(loud.std() * np.sqrt(2)) < -10


@pytest.mark.parametrize("cutoff", [100, 1000, 4000])
def test_below_the_whistle_it_only_rings(cutoff):
    assert whistle(render, cutoff, 1.0, 8, resonance=0.9).std() < 1e-6


def test_the_whistle_is_nearly_a_sine(quality):
    y = whistle(render, 1000, 1.0)
    harmonics, elsewhere = lines(y, 1000)
    quality("ladder", "loudest harmonic of the whistle", decibels(harmonics[1:12].max()), "<=", -60, "dB")
    assert elsewhere < -90


@pytest.mark.parametrize("drive, bar", [(0.2, -80), (1.0, -56)])
def test_what_it_tears_hardly_folds_back(drive, bar, quality):
    tone = np.sin(2 * np.pi * 2093 * np.arange(1 << 17) / RATE)
    _, elsewhere = lines(played(tone, cutoff=8000, resonance=0.3, drive=drive), 2093)
    quality("ladder", f"alias of a sine of 2,093 Hz at full level, drive {drive:g}", elsewhere, "<=", bar, "dB")


def test_bass_gives_back_what_resonance_takes():
    def low(**params):
        return quiet_gain(render, [30], cutoff=1000, drive=0, **params)[0]

    assert low(resonance=0) == pytest.approx(0, abs=0.1)
    assert low(resonance=0.9, bass=0) == pytest.approx(-20 * np.log10(1 + 0.9 * 4.3), abs=0.1)
    assert low(resonance=0.9, bass=1) == pytest.approx(0, abs=0.1)
    assert low(resonance=0.9, bass=0) < low(resonance=0.9, bass=0.5) < low(resonance=0.9, bass=1)


def test_drive_makes_it_dirtier_at_about_the_same_level():
    levels, dirt = [], []
    for drive in np.linspace(0, 1, 5):
        y = played(0.5 * np.sin(2 * np.pi * 110 * np.arange(2 * RATE) / RATE), drive=drive, cutoff=4000, resonance=0)[
            RATE:
        ]
        size = np.abs(np.fft.rfft(y))
        levels.append(decibels(y.std() * np.sqrt(2) / 0.5))
        dirt.append(size[220:8000:110].sum() / size[110])
    assert dirt == sorted(dirt) and dirt[0] < 0.01 and dirt[-1] > 0.3
    assert max(levels) - min(levels) < 6


@pytest.mark.parametrize("seed", range(3))
def test_nothing_modulated_at_audio_rate_breaks_it(seed, quality):
    rng = np.random.default_rng(seed)
    params = {p.name: rng.uniform(p.low, p.high, RATE) for p in SPEC.params if not p.words}
    params |= {p.name: rng.choice([p.low, p.high], RATE) for p in SPEC.params if p.words or rng.random() < 0.5}
    rig = Rig(render)
    y = played(rng.uniform(-1, 1, RATE), rig, **params)
    quality("ladder", "peak with all parameters noise", decibels(np.abs(y).max()), "<=", 12, "dBFS")
    assert np.abs(played(np.zeros(RATE), rig, cutoff=200, resonance=0)[-100:]).max() < 1e-9


def test_a_new_slope_and_a_swept_cutoff_make_no_click():
    tone = 0.5 * np.sin(2 * np.pi * 100 * np.arange(8192) / RATE)
    slope = np.where(np.arange(8192) < 4000, 0, 2)
    y = played(tone, slope=slope, cutoff=500)
    spectrum = np.abs(np.fft.rfft(y * np.kaiser(len(y), 14)))
    assert decibels(spectrum[len(spectrum) // 2 :].max() / spectrum.max()) < -80


def test_its_squelch_stands_out_of_a_saw():
    calm, sharp = (played(saw(55), cutoff=1100, resonance=r) for r in (0, 0.85))
    size = [np.abs(np.fft.rfft(y[-RATE // 2 * 2 + 2 :] * np.hanning(RATE - 2))) for y in (calm, sharp)]
    near = slice(1000, 1200)
    assert decibels(size[1][near].max() / size[0][near].max()) > 12


def test_cuts_do_not_matter_and_lanes_do_not_meet():
    noise = np.random.default_rng(4).uniform(-0.5, 0.5, (1000, 8))
    cutoff = np.linspace(100, 8000, 8) * np.ones((1000, 1))
    whole = Rig(render, lanes=8).render(1000, {"cutoff": cutoff}, {"in": noise}, moving=False)["out"]
    pieces = Rig(render, lanes=8).render(1000, {"cutoff": cutoff}, {"in": noise}, cuts=[1, 70, 500], moving=False)[
        "out"
    ]
    assert np.abs(whole - pieces).max() < 1e-6
