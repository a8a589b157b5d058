"""The diode ladder: its ideal poles when calm, else a whistle in tune; a bass that stays; and nothing that moves can break it."""

import numpy as np
import pytest

from chronus.modules.diode import APART, SPEC, render
from tests.kit.listening import RATE, cents_off, decibels, lines, quiet_gain, whistle
from tests.kit.rig import Rig

INNER = 2 * RATE


def poles(hertz, cutoff):
    """Stinchcombe's ladder, bilinear at twice the rate, tuned by where it oscillates with the corner in its feedback."""
    t = np.tan(np.pi * hertz / INNER) / np.tan(np.pi * cutoff / INNER)
    q = 2 + 1j * np.sqrt(2) * APART * t
    return decibels(np.abs(1 / (q**4 / 2 - 2 * q**2 + 1)))


def played(source, rig=None, **params):
    return (rig or Rig(render)).render(len(source), params, {"in": source})["out"][:, 0].astype(float)


def saw(hertz, seconds=1.0, level=1.0):
    return level * (2 * (hertz * np.arange(int(seconds * RATE)) / RATE % 1) - 1)


@pytest.mark.parametrize("cutoff", [50, 100, 1000, 8000])
def test_without_resonance_it_is_its_ideal_poles(cutoff, quality):
    hertz = cutoff * np.array([0.1, 0.5, 1, 1.4])
    off = np.abs(quiet_gain(render, hertz, cutoff=cutoff, resonance=0, drive=0) - poles(hertz, cutoff)).max()
    quality("diode", "off the ideal poles at resonance 0", off, "<=", 0.05, "dB")


@pytest.mark.parametrize("cutoff", [50, 100, 440, 1000, 3000, 5000])
def test_its_whistle_is_in_tune_at_a_level_of_its_own(cutoff, quality):
    loud, soft = (whistle(render, cutoff, struck, 8 if cutoff < 100 else 4) for struck in (1.0, 0.01))
    quality(
        "diode",
        "whistle off the cutoff, 50 Hz to 5 kHz",
        abs(cents_off(loud, cutoff)),
        "<=",
        3,
        "ct",
        peer="Csound moogladder2 3.9",
    )
    quality(
        "diode",
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


def test_the_whistle_is_a_sine_bent_a_little_by_the_stage_behind_it(quality):
    y = whistle(render, 1000, 1.0)
    harmonics, elsewhere = lines(y, 1000)
    quality("diode", "loudest harmonic of the whistle", decibels(harmonics[1:12].max()), "<=", -40, "dB")
    assert elsewhere < -90


@pytest.mark.parametrize("drive, bar", [(0.2, -80), (1.0, -56)])
def test_what_it_tears_hardly_folds_back(drive, bar, quality):
    tone = np.sin(2 * np.pi * 2093 * np.arange(1 << 17) / RATE)
    _, elsewhere = lines(played(tone, cutoff=8000, resonance=0.3, drive=drive), 2093)
    quality("diode", f"alias of a sine of 2,093 Hz at full level, drive {drive:g}", elsewhere, "<=", bar, "dB")


def test_its_bass_stays_below_the_corner_in_its_feedback():
    def low(hertz, **params):
        return quiet_gain(render, [hertz], cutoff=2000, drive=0, **params)[0]

    # far below the corner, a 250th of the cutoff, nothing is fed back; three octaves above it nearly all
    assert low(8, resonance=0.9, bass=0) > -10 > -18 > low(400, resonance=0.9, bass=0)
    assert low(110, resonance=0.9, bass=0) < low(110, resonance=0.9, bass=0.5) < low(110, resonance=0.9, bass=1)
    assert abs(low(400, resonance=0.9, bass=1)) < 3


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
    quality("diode", "peak with all parameters noise", decibels(np.abs(y).max()), "<=", 12, "dBFS")
    assert np.abs(played(np.zeros(RATE), rig, cutoff=200, resonance=0)[-100:]).max() < 1e-9


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
