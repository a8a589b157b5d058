"""What the tests of modules measure: lines of a spectrum, pitch, the level of a note; how long a drum sounds, and how bright."""

from __future__ import annotations

from typing import Any

import numpy as np

from chronus.dsp.kernel import Kernel
from tests.kit.rig import Rig

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
    """By how much the pitch is off: the strongest line around `freq`, refined by the phases at the beginning and at the end."""
    size = 1 << (len(y) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(y * np.kaiser(len(y), 14), size))
    around = slice(int(freq / 1.5 * size / RATE), int(freq * 1.5 * size / RATE) + 2)
    near = (around.start + int(np.argmax(spectrum[around]))) * RATE / size
    span = len(y) // 3
    turn = np.exp(-2j * np.pi * near * np.arange(len(y)) / RATE) * y
    window = np.kaiser(span, 20)
    first, last = (turn[:span] * window).sum(), (turn[-span:] * window).sum()
    seconds = (len(y) - span) / RATE
    return 1200 * np.log2((near + np.angle(last / first) / (2 * np.pi * seconds)) / freq)


PURITY = [(440, -90), (1004, -90), (2093, -88), (5001, -84)]
"""Hz, and what the worst line that is no harmonic must stay below, in dB relative to the fundamental."""
PEERS = {440: "Csound vco2 -86, scsynth Saw -54", 1004: "Csound vco2 -94, scsynth Saw -48", 2093: "Csound vco2 -88, scsynth Saw -52",
         5001: "Csound vco2 -84, scsynth Saw -49"}  # fmt: skip
"""What the same line is in others' saws."""


def audible(kernel: Kernel, freq: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Numbers and levels of the harmonics up to 16 kHz, and the highest line elsewhere in dB; all relative to the first."""
    harmonics, elsewhere = lines(tone(kernel, 1 << 17, freq=freq), freq)
    k = np.arange(1, int(16000 / freq) + 1)
    return k, harmonics[: len(k)], elsewhere


def sync_aliases(kernel: Kernel, freq: float = 1913.0, leader: float = 701.0, **params: Any) -> float:
    """Worst line in dB that belongs to neither, synchronised by a sine of `leader` Hz."""
    frames = 1 << 17
    sync = np.sin(2 * np.pi * leader * np.arange(frames) / RATE)
    return lines(tone(kernel, frames, freq=freq, inputs={"sync": sync}, **params), leader)[1]


def highest_above(y: np.ndarray, hertz: float) -> float:
    """The highest line above a frequency, in dBFS."""
    window = np.kaiser(len(y), 14)
    spectrum = np.abs(np.fft.rfft(y * window)) * 2 / window.sum()
    return float(decibels(spectrum[int(hertz * len(y) / RATE) :].max()))


TYPED = 512
"""Frames that a typed jump of a parameter takes: the graph lays it as a ramp of that length."""


def jump(frames: int, at: int, before: float, after: float) -> np.ndarray:
    """A parameter that is set to another value at frame `at`, as a kernel sees it."""
    return np.interp(np.arange(frames), [at, at + TYPED], [before, after])


# ---------------------------------------------------------------- filters

HALF_POWER = float(10 * np.log10(0.5))
"""The famous -3 dB."""


def gain(kernel: Kernel, hertz: Any, **params: Any) -> np.ndarray:
    """What a filter makes of some frequencies, in dB: from 1.5 s of its answer to one sample of 1."""
    impulse = np.zeros(1 << 16, np.float32)
    impulse[0] = 1
    answer = Rig(kernel).render(impulse.size, params, {"in": impulse})["out"][:, 0].astype(float)
    turns = np.outer(np.asarray(hertz) / RATE, np.arange(impulse.size))
    return decibels(np.abs(np.exp(-2j * np.pi * turns) @ answer))


def falls_through(kernel: Kernel, cutoff: float, level: float, **params: Any) -> float:
    """The frequency near the cutoff at which the gain falls through a level in dB; NaN if it does not within a tenth of it."""
    low, high = cutoff * 0.9, min(cutoff * 1.1, 22000)
    for _ in range(3):
        grid = np.linspace(low, high, 30)
        below = gain(kernel, grid, cutoff=cutoff, **params) < level
        k = int(np.argmax(below))
        if k == 0:
            return float("nan")
        low, high = grid[k - 1], grid[k]
    return float(low)


def whistle(kernel: Kernel, cutoff: float, struck: float, seconds: float = 4.0, **params: Any) -> np.ndarray:
    """The last second and a half of a filter that oscillates by itself at resonance 1, struck once by so high an impulse."""
    impulse = np.zeros(int(seconds * RATE), np.float32)
    impulse[0] = struck
    out = Rig(kernel).render(impulse.size, {"cutoff": cutoff, "resonance": 1, **params}, {"in": impulse})["out"]
    return out[-RATE * 3 // 2 :, 0].astype(float)


def quiet_gain(kernel: Kernel, hertz: Any, **params: Any) -> np.ndarray:
    """As `gain`, of a filter that bends what is loud: in dB, from its answer to a sample of 0.01."""
    impulse = np.zeros(1 << 16, np.float32)
    impulse[0] = 0.01
    answer = Rig(kernel).render(impulse.size, params, {"in": impulse})["out"][:, 0].astype(float)
    turns = np.outer(np.asarray(hertz) / RATE, np.arange(impulse.size))
    return decibels(np.abs(np.exp(-2j * np.pi * turns) @ answer) / 0.01)


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
