"""What the tests of modules measure: lines of a spectrum, pitch, the level of a note; how long a drum sounds, and how bright."""

from __future__ import annotations

from typing import Any

import numpy as np

from chronus.dsp.kernel import Kernel
from tests.rig import Rig

RATE = 44100
ON = {"gate": 1.0, "velocity": 1.0}
WIDTH = 60
"""Bins a line is wide: a Kaiser window of beta 24 has fallen by 200 dB there."""


def tone(
    kernel: Kernel, frames: int, skip: int = 2000, inputs: dict[str, Any] | None = None, **params: Any
) -> np.ndarray:
    """One lane at full gain, without its first frames."""
    wired = {port.name for port in kernel.spec.ins}
    fed = {**{name: value for name, value in ON.items() if name in wired}, **(inputs or {})}
    out = Rig(kernel).render(frames, {"gain": 1, **params}, fed)["out"]
    return out[skip:, 0].astype(float)


def lines(y: np.ndarray, freq: float) -> tuple[np.ndarray, float]:
    """Harmonics relative to the first (index 0 is the first), and the highest line elsewhere, in dB relative to it."""
    window = np.kaiser(len(y), 24)
    spectrum = np.abs(np.fft.rfft(y * window)) / window.sum() * 2
    elsewhere = np.ones(len(spectrum), bool)
    elsewhere[:WIDTH] = False
    harmonics = []
    for k in range(1, int(RATE / 2 / freq) + 1):
        middle = round(k * freq * len(y) / RATE)
        here = slice(max(middle - WIDTH, 0), middle + WIDTH + 1)
        harmonics.append(np.sqrt((spectrum[here] ** 2).sum()))
        elsewhere[here] = False
    return np.array(harmonics) / harmonics[0], decibels(spectrum[elsewhere].max() / harmonics[0])


def decibels(ratio: Any) -> Any:
    return 20 * np.log10(np.maximum(ratio, 1e-12))


def cents_off(y: np.ndarray, freq: float) -> float:
    """By how much the pitch is off, from the phases at the beginning and at the end."""
    span = len(y) // 3
    turn = np.exp(-2j * np.pi * freq * np.arange(len(y)) / RATE) * y
    window = np.kaiser(span, 20)
    first, last = (turn[:span] * window).sum(), (turn[-span:] * window).sum()
    seconds = (len(y) - span) / RATE
    return 1200 * np.log2(1 + np.angle(last / first) / (2 * np.pi * seconds * freq))


def assert_in_tune(kernel: Kernel, most: float = 0.001) -> None:
    for freq in (20.0, 55.25, 440.0, 1000.5, 9999.0):
        assert abs(cents_off(tone(kernel, 6 * RATE, freq=freq), freq)) < most, freq


def assert_exact_after_a_minute(kernel: Kernel) -> None:
    rig, freq, frames = Rig(kernel), 1234.5, 60 * RATE
    rig.render(frames, {"freq": freq})
    turns = frames * int(freq * 2) % (2 * RATE) / (2 * RATE)
    assert abs((rig.state[0, 0] - turns + 0.5) % 1 - 0.5) < 1e-8


def assert_detune_and_fm_shift_the_pitch(kernel: Kernel) -> None:
    y = tone(kernel, 2 * RATE, freq=440, detune=50)
    assert abs(cents_off(y, 440 * 2 ** (50 / 1200))) < 0.001
    y = tone(kernel, 2 * RATE, freq=440, inputs={"fm": 1.0})
    assert abs(cents_off(y, 880)) < 0.001


def assert_notes_ramp(kernel: Kernel) -> None:
    """On in 3 ms, to another velocity in less, off in 3 ms, all in straight lines; beside the same wave held on."""
    frames, ramp = 8820, 0.003 * RATE
    gate, velocity = np.zeros(frames), np.full(frames, 0.25)
    gate[1000:6000] = 1
    gate[3000] = 2
    velocity[3000:] = 1
    held = tone(kernel, frames, freq=441, skip=0)
    played = tone(kernel, frames, freq=441, skip=0, inputs={"gate": gate, "velocity": velocity})
    t = np.arange(frames) + 1
    rising = np.minimum(0.25, np.maximum(0, (t - 1000) / ramp))
    louder = np.minimum(1, np.maximum(0.25, 0.25 + (t - 3000) / ramp))
    level = np.where(t <= 3000, rising, np.where(t <= 6000, louder, np.maximum(0, 1 - (t - 6000) / ramp)))
    after = slice(200, None)
    assert np.abs(played - held * level)[after].max() < 1e-5


def assert_retrigger_starts_anew(kernel: Kernel) -> None:
    """Two notes that begin anywhere in the wave sound the same once the old wave has rung off."""
    gate = np.zeros(12000)
    gate[1000:4000] = gate[5555:9000] = 1
    y = tone(kernel, 12000, skip=0, freq=314.5, retrigger="on", inputs={"gate": gate})
    assert np.abs(y[1100:4000] - y[5655:8555]).max() < 1e-6
    y = tone(kernel, 12000, skip=0, freq=314.5, retrigger="off", inputs={"gate": gate})
    assert np.abs(y[1100:4000] - y[5655:8555]).max() > 0.1


def sync_aliases(kernel: Kernel, freq: float = 1913.0, leader: float = 701.0, **params: Any) -> float:
    """Worst line in dB that belongs to neither, synchronised by a sine of `leader` Hz."""
    frames = 1 << 17
    sync = np.sin(2 * np.pi * leader * np.arange(frames) / RATE)
    return lines(tone(kernel, frames, freq=freq, inputs={"sync": sync}, **params), leader)[1]


# ---------------------------------------------------------------- drums


def gates(frames: int, *hits: int, hold: int = 2000) -> np.ndarray:
    """On for `hold` frames from each hit, lifted for one where it is on already."""
    gate = np.zeros(frames)
    for hit in hits:
        gate[hit : hit + hold] = 1
    for hit in hits:
        gate[hit] += hit > 0 and gate[hit - 1] > 0
    return gate


def struck(
    kernel: Kernel, frames: int, *hits: int, hold: int = 2000, velocity: Any = 1.0, accent: Any = 0.0, seed: int = 1,
    cuts: Any = (), moving: Any = None, **params: Any,
) -> np.ndarray:  # fmt: skip
    """A drum, struck at these frames."""
    inputs = {"gate": gates(frames, *hits, hold=hold), "velocity": velocity, "accent": accent}
    return Rig(kernel, seed=seed).render(frames, params, inputs, cuts, moving)["out"][:, 0].astype(float)


def time_to(y: np.ndarray, fall: float) -> float:
    """ms until the peak of any 10 ms is that many decibels below the highest."""
    peaks = np.array([np.abs(y[n : n + 441]).max() for n in range(0, len(y) - 441, 44)])
    return float(np.flatnonzero(peaks > peaks.max() * 10 ** (-fall / 20))[-1] * 44 / RATE * 1000)


def centroid(y: np.ndarray) -> float:
    """Hz: the mean of the spectrum, weighed by its power."""
    power = np.abs(np.fft.rfft(y)) ** 2
    return float((power * np.fft.rfftfreq(len(y), 1 / RATE)).sum() / power.sum())
