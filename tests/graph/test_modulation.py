"""Anything moves anything, at audio rate: the sidebands lie where theory has them, as high as it has them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.kit.typed import RATE, heard

CARRIER, MODULATOR = 3000, 700
SECONDS = 2


def bessel(order: int, x: float) -> float:
    """J of that order at x, from its series."""
    sign = -1 if order < 0 and order % 2 else 1
    n = abs(order)
    return sign * sum(
        (-1) ** k / (math.factorial(k) * math.factorial(k + n)) * (x / 2) ** (2 * k + n) for k in range(30)
    )


def levels(*lines: str) -> np.ndarray:
    """The magnitude at each whole number of hertz in the second second of what is heard; 1 is a sine that reaches 1."""
    sound = heard({0: ("set out.limiter off, out.volume 0db", *lines)}, SECONDS * RATE)[RATE:, 0]
    return np.abs(np.fft.rfft(sound.astype(float))) * 2 / RATE


@pytest.fixture(scope="module")
def plain() -> float:
    """The level of the carrier by itself."""
    return float(levels(f"load sine as c freq={CARRIER} gain=0.5")[CARRIER])


@pytest.mark.parametrize("index", [0.5, 1.0, 2.5])
def test_fm_has_the_sidebands_of_bessel(index, plain):
    found = levels(
        f"load sine as c freq={CARRIER} gain=0.5",
        f"load sine as m freq={MODULATOR} gain=1",
        f"patch m > c.freq {index * MODULATOR}hz",
    )
    # the phase is a sum of steps, and a sum of steps of a sine is higher than its integral by this
    half = math.pi * MODULATOR / RATE
    for n in range(-3, 4):
        expected = abs(bessel(n, index * half / math.sin(half))) * plain
        assert found[CARRIER + n * MODULATOR] == pytest.approx(expected, abs=3e-5 * plain), n


def test_several_sources_into_one_parameter_add(plain):
    other, one, two = 410, 0.8, 0.6
    found = levels(
        f"load sine as c freq={CARRIER} gain=0.5",
        f"load sine as m freq={MODULATOR} gain=1",
        f"load sine as n freq={other} gain=1",
        f"patch m > c.freq {one * MODULATOR}hz",
        f"patch n > c.freq {two * other}hz",
    )
    for k in range(-2, 3):
        for n in range(-2, 3):
            expected = abs(bessel(k, one) * bessel(n, two)) * plain
            assert found[CARRIER + k * MODULATOR + n * other] == pytest.approx(expected, abs=5e-4 * plain), (k, n)


def test_a_sine_into_the_level_of_a_vca_is_amplitude_modulation(plain):
    found = levels(
        f"load sine as c freq={CARRIER} gain=0.5",
        f"load sine as m freq={MODULATOR} gain=1",
        "patch c > vca",
        "patch m > vca.level 0.5",
        "set vca.level 0.5",
    )
    assert found[CARRIER] == pytest.approx(plain / 2, rel=1e-3)
    for side in (CARRIER - MODULATOR, CARRIER + MODULATOR):
        assert found[side] == pytest.approx(plain / 4, rel=1e-3)


def test_a_sine_into_the_ring_of_a_vca_leaves_the_sidebands_alone(plain):
    found = levels(
        f"load sine as c freq={CARRIER} gain=0.5",
        f"load sine as m freq={MODULATOR} gain=1",
        "patch c > vca",
        "patch m > vca.ring",
        "set vca.level 0",
    )
    for side in (CARRIER - MODULATOR, CARRIER + MODULATOR):
        assert found[side] == pytest.approx(plain / 2, rel=1e-3)
    assert found[CARRIER] < 1e-6 and found[MODULATOR] < 1e-6


def test_a_cutoff_moves_within_a_cycle_of_what_it_filters(plain):
    """In octaves, and at audio rate: the filter makes sidebands of a steady sine."""
    found = levels(
        f"load sine as c freq={CARRIER} gain=0.5",
        f"load sine as m freq={MODULATOR} gain=1",
        "patch c > filter",
        f"set filter.cutoff {CARRIER}",
        "patch m > filter.cutoff 0.2",
    )
    for side in (CARRIER - MODULATOR, CARRIER + MODULATOR):
        assert found[side] > 0.05 * plain


def test_feedback_into_its_own_frequency_is_heard_a_block_later_and_stays_finite():
    sound = heard({0: (f"load sine as c freq={CARRIER} gain=0.5", "patch c > c.freq 2000hz")}, RATE)
    assert np.isfinite(sound).all() and np.abs(sound[RATE // 2 :]).max() > 0.1
