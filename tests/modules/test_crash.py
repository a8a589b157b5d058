"""Both cymbals: dense, inharmonic and bright, and no partial rings alone."""

import numpy as np
import pytest

from chronus.modules.crash import render as crash
from chronus.modules.ride import render as ride
from tests.kit.listening import RATE, centroid, struck, time_to

EACH = [("crash", crash, "808"), ("crash", crash, "909"), ("ride", ride, "808"), ("ride", ride, "909")]
each = pytest.mark.parametrize(("kind", "kernel", "model"), EACH, ids=[f"{kind} {model}" for kind, _, model in EACH])


def spectrum(kernel, model):
    """Power from 2 to 12 kHz of what rings on, and its Hz: 1.5 Hz a bin."""
    y = struck(kernel, RATE, 0, hold=500, model=model, decay=4000)[4410:]
    power = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
    hertz = np.fft.rfftfreq(len(y), 1 / RATE)
    band = (hertz > 2000) & (hertz < 12000)
    return power[band], hertz[band]


@each
def test_its_partials_are_dense(kind, kernel, model, quality):
    """So many lie within 20 dB of the strongest in each kHz: a bell has a handful, a cymbal dozens."""
    power, hertz = spectrum(kernel, model)
    counts = []
    for low in range(3000, 10000, 1000):
        part = power[(hertz >= low) & (hertz < low + 1000)]
        tops = (part[1:-1] > part[:-2]) & (part[1:-1] > part[2:]) & (part[1:-1] > part.max() / 100)
        counts.append(tops.sum())
    quality(kind, "partials within 20 dB of the strongest, in the sparsest kHz from 3 to 10", min(counts), ">=", 20)


@each
def test_no_partial_rings_alone(kind, kernel, model, quality):
    power, _ = spectrum(kernel, model)
    three = np.convolve(power, np.ones(3), "same")
    quality(kind, "energy of its strongest partial, of all", 100 * three.max() / power.sum(), "<=", 8, "%")


@each
def test_it_is_bright_and_grows_duller(kind, kernel, model):
    y = struck(kernel, 2 * RATE, 0, hold=500, model=model)
    early, late = centroid(y[:8820]), centroid(y[RATE // 2 : RATE])
    assert early > 3500 and late < early


@pytest.mark.parametrize("model", ["808", "909"])
def test_a_crash_is_long_and_a_ride_is_clear(model):
    wash, bow = (struck(kernel, 3 * RATE, 0, hold=500, model=model) for kernel in (crash, ride))
    assert time_to(wash, 30) > 700 and time_to(bow, 30) > 350
    # the stick stands out of the ride's shimmer
    assert np.abs(bow[:2205]).max() > 1.6 * np.abs(bow[8820:13230]).max()
