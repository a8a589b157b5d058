"""Finds clicks: what is heard above 10 kHz, where music of low tones has nothing."""

from __future__ import annotations

import numpy as np

from tests.kit.typed import RATE

SPAN = 2048


def treble(sound: np.ndarray) -> float:
    """The highest spectral line above 10 kHz in any 46 ms of a sound (frames, sides), in dB of full scale."""
    window = np.kaiser(SPAN, 24)
    highest = 1e-12
    for start in range(0, len(sound) - SPAN + 1, SPAN // 2):
        piece = sound[start : start + SPAN].T * window
        lines = np.abs(np.fft.rfft(piece)) / window.sum() * 2
        highest = max(highest, float(lines[..., int(10_000 * SPAN / RATE) :].max()))
    return float(20 * np.log10(highest))
