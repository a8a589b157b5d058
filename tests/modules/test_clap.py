"""The clap: when its hands meet, and where its band lies."""

from functools import partial

import numpy as np
import pytest

from chronus.modules.clap import SPEC, render
from tests.kit.listening import RATE, centroid, struck

play = partial(struck, render, hold=500)


def envelope(model, **params):
    """The mean level of many hits, by the millisecond."""
    hits = [play(RATE // 5, 0, model=model, drive=0, seed=seed, **params) ** 2 for seed in range(40)]
    return np.sqrt(np.mean(hits, axis=0)[: 44 * 150].reshape(-1, 44).mean(axis=1))


@pytest.mark.parametrize(("model", "apart"), [("808", 10), ("909", 11)])
def test_four_hands_meet_ten_or_eleven_ms_apart(model, apart, quality):
    level = envelope(model)
    rises = np.flatnonzero(level[2:60] > 1.6 * level[:58]) + 2
    hands = [int(group[0]) for group in np.split(rises, np.flatnonzero(np.diff(rises) > 3) + 1)]
    off = max(abs(one - want) for one, want in zip(hands, (apart, 2 * apart, 3 * apart), strict=False))
    assert len(hands) >= 3, hands
    quality("clap", "808, 909: when its hands meet, off 10 and 11 ms apart", off, "<=", 2, "ms")


@pytest.mark.parametrize(("model", "middle"), [("808", 1000), ("909", 1140)])
def test_its_band_lies_where_the_circuit_has_it(model, middle, quality):
    power = sum(
        np.abs(np.fft.rfft(play(RATE, 0, model=model, drive=0, decay=1000, seed=seed))) ** 2 for seed in range(30)
    )
    hertz = np.fft.rfftfreq(RATE, 1 / RATE)
    smooth = np.array([power[(hertz > f * 0.94) & (hertz < f * 1.06)].mean() for f in np.arange(500, 2500, 20.0)])
    found = np.arange(500, 2500, 20.0)[np.argmax(smooth)]
    quality("clap", "808, 909: middle of its band, off 1 and 1.14 kHz", 100 * abs(found / middle - 1), "<=", 12, "%")


def test_tone_brightens_and_spread_lengthens():
    tones = [centroid(play(RATE, 0, tone=tone)) for tone in (0, 0.5, 1)]
    assert tones == sorted(tones)
    narrow, wide = envelope("808", spread=5), envelope("808", spread=30)
    assert wide[60:90].mean() > 2 * narrow[60:90].mean()


def test_every_hit_is_another():
    assert SPEC.param("model").words == ("808", "909", "dnb", "techno")
    y = play(RATE, 0, RATE // 2)
    assert not np.allclose(y[:4000], y[RATE // 2 : RATE // 2 + 4000])
