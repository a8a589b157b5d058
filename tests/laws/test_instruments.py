"""Laws asked of every finished instrument, found by its ports: in tune, clean, on time; and a stolen voice makes no click."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chronus.dsp.discovery import discover
from chronus.dsp.kernel import Kernel
from chronus.dsp.synth import notes
from chronus.places import modules_folders
from tests.kit.listening import PURITY, cents_off, decibels, lines
from tests.kit.rig import Rig

RATE = 44100
KERNELS = {kind: kernel for kind, kernel in discover(modules_folders()).items() if kernel.spec.ins == notes.INS}
STACKED = [kind for kind, kernel in KERNELS.items() if kernel.spec.param("cutoff")]
every = pytest.mark.parametrize("kind", KERNELS)
PLAIN = {
    "detune": 0, "vibrato": 0, "width": 0, "interval": 0, "drive": 0, "chorus": 0, "sub": 0, "resonance": 0, "sweep": 0, "glide": 0,
    "attack": 0.5, "sustain": 1, "feedback": 0, "index": 0,
}  # fmt: skip
"""Nothing detuned, nothing moving, nothing bent."""
STEAL_FRAMES = round(notes.FADE_SECONDS * RATE) + 1


def chosen(kernel: Kernel, **params: Any) -> dict[str, Any]:
    """Those of some parameters that a kind has."""
    return {name: value for name, value in params.items() if kernel.spec.param(name)}


def played(
    kernel: Kernel, frames: int, rig: Rig | None = None, gate: Any = 1.0, legato: Any = 0.0, **params: Any
) -> np.ndarray:
    inputs = {"gate": gate, "velocity": 0.8, "legato": legato}
    return (rig or Rig(kernel)).render(frames, params, inputs, moving=False)["out"][:, 0].astype(float)


def above_10_khz(y: np.ndarray) -> float:
    """The highest peak in dBFS of what lies above 10 kHz."""
    spectrum = np.fft.rfft(y * np.clip(np.minimum(np.arange(len(y)), np.arange(len(y))[::-1]) / 4000, 0, 1) ** 2)
    hertz = np.fft.rfftfreq(len(y), 1 / RATE)
    # a soft edge, lest the cut itself ring
    spectrum *= np.clip((hertz - 9500) / 1000, 0, 1)
    return float(decibels(np.abs(np.fft.irfft(spectrum, len(y))).max()))


@every
def test_where_nothing_is_detuned_it_is_in_tune(kind, quality):
    kernel = KERNELS[kind]
    for freq in (41.2, 110.0, 441.0, 987.0):
        off = cents_off(played(kernel, 4 * RATE, **chosen(kernel, **PLAIN, freq=freq, cutoff=12000))[RATE:], freq)
        quality(kind, "pitch off by, nothing detuned", abs(off), "<=", 0.01, "ct", peer="ChucK 1e-6")


@pytest.mark.parametrize("kind", STACKED)
@pytest.mark.parametrize(("freq", "bar"), PURITY[:3])
def test_its_saws_do_not_alias(kind, freq, bar, quality):
    kernel = KERNELS[kind]
    # a quarter of it, as some kinds play octaves below
    base = freq / 4 if kernel.spec.param("interval") else freq / 2
    y = played(kernel, 1 << 18, **chosen(kernel, **PLAIN, freq=freq, cutoff=12000, env=0))[-(1 << 17) :]
    harmonics, elsewhere = lines(y, base)
    quality(
        kind,
        f"alias at {freq} Hz",
        elsewhere - decibels(harmonics.max()),
        "<=",
        bar,
        "dB",
        peer=f"Csound vco2 {bar + 4}",
    )


@every
def test_its_envelope_keeps_its_times(kind, quality):
    kernel = KERNELS[kind]
    rig = Rig(kernel)
    times = {"attack": 80, "decay": 200, "sustain": 0.5, "release": 300}
    frames = round(0.08 * RATE)
    played(kernel, frames - 2, rig, **times)
    assert rig.state[notes.STAGE, 0] == notes.ATTACK and rig.state[notes.X, 0] < 1
    played(kernel, 4, rig, **times)
    assert rig.state[notes.STAGE, 0] == notes.HOLD
    played(kernel, round(0.1 * RATE), rig, **times)
    way = (rig.state[notes.X, 0] - 0.5) / 0.5
    tau = -0.1 / np.log(way)
    quality(
        kind,
        "time constant of its decay off by",
        abs(tau * np.log(1000) / 0.2 - 1) * 100,
        "<=",
        0.1,
        "%",
        peer="Csound 0.0",
    )
    played(kernel, RATE, rig, **times)
    played(kernel, round(0.3 * RATE), rig, gate=0.0, **times)
    fallen = decibels(rig.state[notes.X, 0] / 0.5)
    quality(kind, "release, from 60 dB in its time off by", abs(fallen + 60), "<=", 0.05, "dB")


@every
def test_a_stolen_voice_makes_no_click(kind, quality):
    """A loud voice, held or fading, is taken for another note, an octave and a fifth away, again and again."""
    kernel = KERNELS[kind]
    dull = chosen(
        kernel,
        cutoff=150,
        env=1,
        drive=0,
        resonance=0,
        index=0.3,
        feedback=0,
        attack=20,
        release=1000,
        damp=0.9,
        interval=0,
    )
    frames = 2 * RATE
    gate, freq = np.ones(frames), np.full(frames, 110.0)
    for k, at in enumerate(range(RATE // 4, frames - RATE // 4, 5003)):
        gate[at - 2000 * (k % 2) : at] = 0
        gate[at] = 2 if k % 2 == 0 else 1
        freq[at:] = (330.0, 82.4, 220.0, 147.0)[k % 4]
    y = Rig(kernel).render(frames, {**dull, "freq": freq}, {"gate": gate, "velocity": 0.9})["out"][:, 0].astype(float)
    # from the second note on: how the first one begins is the sound itself
    quality(kind, "above 10 kHz as voices are stolen", above_10_khz(y[RATE // 8 :]), "<=", -80, "dBFS")


@every
def test_the_tail_of_a_stolen_voice_is_gone_after_3_ms(kind, quality):
    kernel = KERNELS[kind]
    rig = Rig(kernel)
    before = played(kernel, RATE, rig, **chosen(kernel, attack=5, sustain=1))[-4410:].std()
    gate = np.ones(2000)
    gate[0] = 2
    after = played(kernel, 2000, rig, gate=gate, **chosen(kernel, attack=10000, sustain=1))
    quality(kind, "tail of a stolen voice after 3 ms", decibels(after[STEAL_FRAMES:].std() / before), "<=", -40, "dB")
    assert rig.state[notes.FADE, 0] == 0 and np.abs(after[:20]).max() > 0


@every
def test_a_slide_is_95_percent_there_in_its_time(kind):
    kernel = KERNELS[kind]
    slow = "glide" if kernel.spec.param("glide") else "fall"
    if not kernel.spec.param(slow):
        pytest.skip("it does not slide")
    rig = Rig(kernel)
    played(kernel, RATE, rig, freq=110, **chosen(kernel, interval=0, sustain=1))
    begun = rig.state[notes.ONSET, 0]
    played(kernel, round(0.1 * RATE), rig, freq=220, legato=1.0, **{slow: 100}, **chosen(kernel, interval=0, sustain=1))
    assert rig.state[notes.BEND, 0] == pytest.approx(-0.05, abs=0.0005)
    assert rig.state[notes.ONSET, 0] == begun, "it struck a new note"


@every
def test_a_note_is_as_loud_as_those_of_the_others(kind):
    """A note of one that plays chords, or a chord of it, and a note of the others: about -12 dBFS rms, and no peak beyond 0."""
    kernel = KERNELS[kind]
    pitches = (220, 261.6, 329.6, 392) if kernel.spec.voices > 1 else (kernel.spec.params[0].default,)
    rig = Rig(kernel, lanes=8)
    freq, gate = np.full((RATE, 8), 110.0), np.zeros((RATE, 8))
    freq[:, : len(pitches)], gate[:, : len(pitches)] = pitches, 1
    frames = RATE
    y = rig.render(frames, {**chosen(kernel, attack=5), "freq": freq}, {"gate": gate, "velocity": 0.8}, moving=False)[
        "out"
    ]
    whole = y.sum(1).astype(float)
    loudest = max(whole[n : n + 4410].std() for n in range(0, frames - 4410, 2205))
    assert -16 < decibels(loudest) < -9, decibels(loudest)
    assert np.abs(whole).max() < 1


@every
def test_velocity_and_accent_are_heard(kind):
    kernel = KERNELS[kind]

    def level(**inputs: float) -> float:
        out = Rig(kernel).render(8820, {}, {"gate": 1.0, "velocity": 0.8, **inputs}, moving=False)["out"]
        return float(out.astype(float).std())

    assert level(velocity=0.4) < 0.75 * level() < 0.9 * level(accent=1.0)
