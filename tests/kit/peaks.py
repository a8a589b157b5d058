"""True peaks: by the ideal interpolation, and as a meter finds them; and sounds that are hard to limit."""

from __future__ import annotations

import numpy as np

RATE = 44100


def ideal_peak(x: np.ndarray, times: int = 16) -> float:
    """Between the frames too, by an FFT of the whole: the ideal interpolation."""
    x = np.concatenate([np.zeros(512), x.astype(float), np.zeros(512)])
    spectrum = np.fft.rfft(x)
    padded = np.concatenate([spectrum, np.zeros(x.size * times // 2 + 1 - spectrum.size)])
    return np.abs(np.fft.irfft(padded, x.size * times)).max() * times


FIRST = [14, 90, -161, 272, -487, 1125, 7964, -838, 390, -218, 122, -68]
SECOND = [-239, 240, -424, 730, -1364, 3810, 6388, -1641, 832, -477, 271, -155]


def meter_peak(x: np.ndarray) -> float:
    """As ITU-R BS.1770 annex 2 has it: four phases of twelve coefficients, in 8192ths. It may read 0.22 dB too much, around 11 kHz."""
    phases = [FIRST, SECOND, SECOND[::-1], FIRST[::-1]]
    return max(np.abs(np.convolve(x.astype(float), np.array(phase) / 8192)).max() for phase in phases)


def below_20_khz(x: np.ndarray) -> np.ndarray:
    spectrum = np.fft.rfft(x)
    spectrum[int(20000 / RATE * x.size) :] = 0
    return np.fft.irfft(spectrum, x.size)


def bursts(frames: int, seed: int) -> np.ndarray:
    """Noise, squares, ringing sines, silence: one after another, up to +20 dB."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames) / RATE
    kinds = [
        rng.uniform(-1, 1, frames),
        np.sign(np.sin(2 * np.pi * 437 * t)),
        np.sin(2 * np.pi * RATE / 4 * t + np.pi / 4),
        np.sin(2 * np.pi * 15001 * t),
        np.sin(2 * np.pi * 50 * t) + 0.5 * np.sin(2 * np.pi * 9000 * t),
        np.zeros(frames),
    ]
    pick = np.repeat(rng.integers(0, 6, frames // 700 + 1), 700)[:frames]
    level = np.repeat(10 ** rng.uniform(-1, 1, frames // 350 + 1), 350)[:frames]
    return np.choose(pick, kinds) * level
