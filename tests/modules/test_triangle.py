"""The triangle: without aliases. What is asked of every oscillator is in laws/test_oscillators.py."""

import numpy as np
import pytest

from chronus.modules.triangle import render
from tests.kit.listening import PURITY, audible, decibels, sync_aliases, tone


@pytest.mark.parametrize("freq, most", PURITY)
def test_no_line_but_its_harmonics(freq, most, quality):
    k, harmonics, elsewhere = audible(render, freq)
    quality("triangle", f"worst line that is no harmonic, at {freq} Hz", elsewhere, "<=", most, "dB")
    assert elsewhere < most - 25, "it was 31 dB better than asked"
    odd = k % 2 == 1
    off = np.abs(decibels(harmonics * k**2)[odd]).max()
    quality("triangle", "odd harmonics up to 16 kHz off 1/k^2 by", off, "<=", 0.5, "dB")
    assert decibels(harmonics[~odd]).max(initial=-200) < -110


def test_it_reaches_from_minus_one_to_one():
    y = tone(render, 88200, freq=50)
    assert y.max() == pytest.approx(1, abs=0.003) and y.min() == pytest.approx(-1, abs=0.003)


def test_hard_sync_is_clean():
    assert sync_aliases(render) < -77
