"""The cowbell: its two squares, its band, its two stages."""

from functools import partial

import numpy as np

from chronus.modules.cowbell import render
from tests.kit.listening import RATE, struck

play = partial(struck, render, hold=500)


def test_its_two_squares_are_540_and_800_hz_in_a_band_of_850(quality):
    y = play(RATE, 0, decay=3000, drive=0)
    spectrum, hertz = np.abs(np.fft.rfft(y * np.hanning(RATE))), np.fft.rfftfreq(RATE, 1 / RATE)
    two = np.argsort([spectrum[int(f) - 2 : int(f) + 3].max() for f in range(300, 1500)])[-1] + 300
    partials = np.concatenate([f * np.arange(1, 41, 2) for f in (540, 800)])
    near = np.abs(hertz[:, None] - partials).min(axis=1) < 4
    quality(
        "cowbell",
        "energy on partials of 540 and 800 Hz",
        100 * (spectrum[near] ** 2).sum() / (spectrum**2).sum(),
        ">=",
        90,
        "%",
    )
    assert abs(two - 800) < 4  # the nearer to the middle of the band
    assert 0.2 < spectrum[538:543].max() / spectrum[798:803].max() < 1


def test_it_dies_in_two_stages():
    y = np.abs(play(RATE, 0, decay=600, drive=0))
    peaks = 20 * np.log10(np.array([y[k : k + 441].max() for k in range(0, 13230, 441)]))
    first, later = peaks[0] - peaks[5], peaks[10] - peaks[15]
    assert first > later + 3  # dB in 50 ms
