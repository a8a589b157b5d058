"""MUS-03. As shipped: the filter's -3 dB point within 0.5 dB and 2 % of the cutoff at 100 to 10000 Hz, about 12 dB an octave beyond,
stable. Originally: a dynamic range of more than 90 dB. Both are asked.

The range is measured on the file that `chronus render` writes, of the founding chain sine > filter > adsr and of what it comes to where a
note is as quiet as -60 dBFS: there a converter or a filter that adds anything of its own would show (AES17).
"""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from chronus.__main__ import main as chronus
from chronus.modules.filter import render
from tests.kit.listening import HALF_POWER, RATE, falls_through, gain
from tests.kit.rig import Rig

CUTOFFS = (100, 300, 1000, 3000, 10000)
SECONDS = 4
FREQ = 997.0
LOUD = -1.2
"""dBFS: below the limiter's ceiling of -1."""


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_the_minus_3_db_point_is_the_cutoff(cutoff, held):
    found = falls_through(render, cutoff, HALF_POWER, resonance=np.sqrt(0.5))
    at_cutoff = gain(render, [cutoff], cutoff=cutoff, resonance=np.sqrt(0.5))[0]
    held(f"{cutoff} Hz: -3 dB point, off the cutoff", abs(found / cutoff - 1) * 100, "%", most=2)
    held(f"{cutoff} Hz: gain at the cutoff, off -3 dB", abs(at_cutoff - HALF_POWER), "dB", most=0.5)


@pytest.mark.parametrize("cutoff", [100, 200, 300])
def test_it_falls_by_12_db_an_octave(cutoff, held):
    """Where the octaves are far enough from half the rate for a digital filter to have any."""
    octaves = gain(render, cutoff * 2.0 ** np.arange(2, 5), cutoff=cutoff, resonance=np.sqrt(0.5))
    held(f"{cutoff} Hz: slope, off 12 dB an octave, worst", np.abs(np.diff(octaves) + 12).max(), "dB", most=1)


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_it_is_stable_at_the_sharpest_resonance(cutoff, held):
    rig, params = Rig(render), {"cutoff": cutoff, "resonance": 20, "slope": "24"}
    noise = np.random.default_rng(cutoff).uniform(-1, 1, RATE)
    loud = rig.render(RATE, params, {"in": noise})["out"]
    still = rig.render(2 * RATE, params, {})["out"][-RATE // 10 :]
    held(f"{cutoff} Hz: loudest, noise at resonance 20", np.abs(loud).max(), "", most=20**2)
    held(f"{cutoff} Hz: what is left of it after 2 s", 20 * np.log10(np.abs(still).max() + 1e-20), "dB", most=-120)


def noise_below(sound: np.ndarray) -> tuple[float, float]:
    """(the rms of the sine in a sound, the rms of all the rest of it from 20 Hz on)."""
    t = np.arange(len(sound)) / RATE
    wave = np.stack([np.sin(2 * np.pi * FREQ * t), np.cos(2 * np.pi * FREQ * t)], 1)
    fit, *_ = np.linalg.lstsq(wave, sound, rcond=None)
    spectrum = np.fft.rfft((sound - wave @ fit) * np.hanning(len(sound)) * np.sqrt(8 / 3))
    spectrum[: round(20 * len(sound) / RATE)] = 0
    rest = np.sqrt(2 * (np.abs(spectrum) ** 2).sum()) / len(sound)
    return float(np.hypot(*fit) / np.sqrt(2)), float(rest)


def rendered(folder, rack: str, level: float, form: list[str]) -> np.ndarray:
    """The left side of a sine of FREQ whose peak is so many dBFS, as `chronus render` writes it."""
    script, out = folder / "tone.chronus", folder / "tone.wav"
    lines = ["set out.volume 0db", f"load sine freq={FREQ} gain={10 ** (level / 20):.9f}"]
    if rack != "sine":
        lines += ["load filter cutoff=8000", "load adsr attack=1ms sustain=1", f"patch {rack}", "gate adsr on"]
    script.write_text("\n".join(lines))
    assert chronus(["render", str(script), "-o", str(out), "--seconds", str(SECONDS), "--json", *form]) == 0
    sound, rate = soundfile.read(out, always_2d=True)
    assert rate == RATE and len(sound) == SECONDS * RATE
    return sound[RATE:, 0]


@pytest.mark.parametrize("rack", ["sine", "sine > filter > adsr"])
@pytest.mark.parametrize("form", [[], ["--float"]], ids=["24 bits", "float"])
def test_the_dynamic_range_of_what_is_rendered_is_above_90_db(tmp_path, rack, form, held):
    """Loud is as loud as the limiter lets pass untouched; at full scale it is at work, and that is told."""
    what = f"{rack}, {'float' if form else '24 bits'}"
    loud, quiet, limited = (noise_below(rendered(tmp_path, rack, level, form)) for level in (LOUD, -60, 0))
    assert loud[0] == pytest.approx(10 ** (LOUD / 20) / np.sqrt(2), rel=0.03)
    assert quiet[0] == pytest.approx(1e-3 / np.sqrt(2), rel=0.03)
    held(f"{what}: signal to noise", 20 * np.log10(loud[0] / loud[1]), "dB", least=90)
    held(f"{what}: range, by -60 dBFS", 20 * np.log10(np.sqrt(0.5) / quiet[1]), "dB", least=90)
    held(f"{what}: signal to noise while it limits", 20 * np.log10(limited[0] / limited[1]), "dB")
