"""What the tests of effects measure: how a room dies, how dense it is, whether it rings; what a jump leaves in the treble."""

from __future__ import annotations

from typing import Any

import numpy as np

from chronus.dsp.kernel import Kernel
from tests.kit.rig import Rig

RATE = 44100


def answers(kernel: Kernel, seconds: float, count: int = 1, rate: int = RATE, **params: Any) -> np.ndarray:
    """What comes back of an impulse, left and right in turn, (count, frames, 2): one rig, so the walls stand elsewhere each time."""
    frames, rig, found = round(seconds * rate), Rig(kernel, rate=rate), []
    for k in range(count):
        struck = np.zeros((frames, 2), np.float32)
        struck[0, k % 2] = 1
        found.append(rig.render(frames, {"mix": 1, **params}, {"in": struck})["out"].astype(float))
    return np.array(found)


def octave(y: np.ndarray, middle: float, rate: int = RATE) -> np.ndarray:
    """One octave of a sound along its last axis, without a shift of phase (a Butterworth band-pass of the sixth order)."""
    frames = y.shape[-1]
    hertz = np.fft.rfftfreq(2 * frames, 1 / rate)
    away = (hertz / middle - middle / np.maximum(hertz, 1e-9)) / (2**0.5 - 2**-0.5)
    return np.fft.irfft(np.fft.rfft(y, 2 * frames) / (1 + away**6))[..., :frames]


def reverberation(found: np.ndarray, middle: float, rate: int = RATE) -> float:
    """RT60 in seconds of an octave: Schroeder's integral of all answers and both ears, fitted from -5 to -35 dB (ISO 3382, T30)."""
    energy = (octave(np.moveaxis(found, 1, 2), middle, rate) ** 2).sum(axis=(0, 1))
    left = np.cumsum(energy[::-1])[::-1]
    fall = 10 * np.log10(left / left[0] + 1e-30)
    first, last = int(np.argmax(fall < -5)), int(np.argmax(fall < -35))
    return float(-60 / np.polyfit(np.arange(first, last) / rate, fall[first:last], 1)[0])


def echo_density(found: np.ndarray, seconds: float, rate: int = RATE) -> float:
    """Normalised echo density (Abel and Huang, AES 2006) of 20 ms around a time; 1 is as dense as noise. The mean of all answers."""
    half, middle = round(0.01 * rate), round(seconds * rate)
    window = np.hanning(2 * half + 1)
    window /= window.sum()
    densities = []
    for y in np.moveaxis(found, 1, 2).reshape(-1, found.shape[1]):
        part = y[middle - half : middle + half + 1]
        above = np.abs(part) > np.sqrt((window * part**2).sum())
        densities.append((window * above).sum() / 0.3173)
    return float(np.mean(densities))


def ringing(y: np.ndarray, decay: float, begin: float = 0.2, seconds: float = 1.3, rate: int = RATE) -> float:
    """How far the highest thousandth of the lines between 200 Hz and 6 kHz stands above the median around them, in dB.

    Of a tail from `begin` on, its fall made up for. Of noise it is 10 dB, of a mode that is left over far more.
    """
    tail = y[round(begin * rate) : round((begin + seconds) * rate)]
    tail = tail * np.exp(np.log(1000) / decay * np.arange(tail.size) / rate) * np.hanning(tail.size)
    power, hertz = np.abs(np.fft.rfft(tail)) ** 2, np.fft.rfftfreq(tail.size, 1 / rate)
    power = power[(hertz > 200) & (hertz < 6000)]
    around = np.array([np.median(power[max(0, k - 200) : k + 200]) for k in range(power.size)])
    return float(np.percentile(10 * np.log10(power / around), 99.9))


def jump(kernel: Kernel, param: str, old: Any, new: Any, ramp: int = 512, settle: int = 20000, **params: Any) -> float:
    """The highest line above 10 kHz, in dBFS, while a steady sine of 100 Hz sounds and a parameter goes where it is set.

    A number goes there as the graph moves it, in 512 frames; a word at once.
    """
    frames = settle + 32768
    t = (np.arange(frames) - settle - 8192) / ramp
    if isinstance(old, str):
        words = next(p.words for p in kernel.spec.params if p.name == param)
        course = np.where(t < 0, words.index(old), words.index(new)).astype(float)
    else:
        s = np.clip(t, 0, 1)
        course = old + (new - old) * s * s * s * (s * (s * 6 - 15) + 10)
    sine = np.sin(2 * np.pi * 100 * np.arange(frames) / RATE)
    out = Rig(kernel).render(frames, {**params, param: course}, {"in": 0.5 * sine})["out"][settle:].astype(float)
    window = np.blackman(len(out))
    lines = np.abs(np.fft.rfft(out * window[:, None], axis=0)) * 2 / window.sum()
    return float(20 * np.log10(lines[int(10000 * len(out) / RATE) :].max()))


def pink(frames: int, level: float = 0.1, seed: int = 1) -> np.ndarray:
    """Noise that falls by 3 dB an octave from 30 Hz on, of that RMS."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=frames))
    hertz = np.fft.rfftfreq(frames, 1 / RATE)
    spectrum = np.where(hertz < 30, 0, spectrum / np.sqrt(np.maximum(hertz, 1)))
    y = np.fft.irfft(spectrum, frames)
    return y * level / y.std()
