"""The hat: bright, made of its six squares, with no more alias than the ear lets pass; a closed hit chokes an open one."""

from functools import partial

import numpy as np
import pytest

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.drum.metal import PACE, ROWS, SUM, add_pair
from chronus.dsp.kernel import kernel, local
from chronus.modules.hat import SPEC, render
from tests.kit.listening import RATE, centroid, struck, time_to
from tests.kit.rig import Rig

WORDS = SPEC.param("model").words
each = pytest.mark.parametrize("model", WORDS)

play = partial(struck, render, hold=500)


@each
@pytest.mark.parametrize(("decay", "opened", "want"), [(60, 0, 60), (60, 1, 480), (500, 0, 500)])
def test_open_rings_eight_times_as_long(model, decay, opened, want):
    y = play(RATE, 0, decay=decay, open=opened, model=model)
    assert time_to(y, 60) == pytest.approx(want, rel=0.1, abs=8)


@each
def test_it_is_bright_and_tone_decides_how_bright(model):
    bright = [centroid(play(9000, 0, model=model, tone=tone)) for tone in (0, 0.5, 1)]
    assert bright == sorted(bright) and bright[1] > 6000


def test_the_808_is_made_of_its_six_squares(quality):
    y = play(RATE, 0, decay=4000, model="808", tone=0)
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    hertz = np.fft.rfftfreq(len(y), 1 / RATE)
    band = (hertz > 3300) & (hertz < 7000)
    odd = np.concatenate([f * np.arange(1, 99, 2) for f in (205, 304, 370, 523, 540, 800)])
    near = np.abs(hertz[:, None] - odd).min(axis=1) < 4
    share = (spectrum[band & near] ** 2).sum() / (spectrum[band] ** 2).sum()
    quality("hat", "808: energy from 3.3 to 7 kHz on partials of its six squares", 100 * share, ">=", 97, "%")


def test_the_bands_of_the_808_lie_where_the_circuit_has_them(quality):
    """Its strongest third of an octave is that of the upper band-pass, 7.1 kHz."""
    y = sum(np.abs(np.fft.rfft(play(RATE, 0, decay=2000, model="808", seed=seed))) ** 2 for seed in range(4))
    hertz = np.fft.rfftfreq(RATE, 1 / RATE)
    middles = 1000 * 2 ** (np.arange(13) / 3)
    thirds = [y[(hertz > m * 2 ** (-1 / 6)) & (hertz < m * 2 ** (1 / 6))].sum() for m in middles]
    quality(
        "hat",
        "808: middle of its strongest third of an octave, off 7.1 kHz",
        abs(np.log2(middles[np.argmax(thirds)] / 7100)),
        "<=",
        0.34,
        "oct",
    )


BARE = Spec(
    kind="bare_squares",
    help="one pair of them",
    state=ROWS,
    params=(Param("freq", 20, 20000, 440, "Hz", "exp"), Param("gain", 0, 1, 1)),
)


@kernel(BARE)
def bare(ins, outs, params, moving, state, memory, seed, rate, frames):
    mix = local(np.float32, 64)
    state[PACE, 0] = np.floor(params[0][0, 0] / rate * 2.0**32)
    state[SUM, 0] = 1.0
    for i in range(frames):
        mix[i] = 0
    add_pair(mix, frames, state, 0, 0, 0)
    for i in range(frames):
        outs[0][i, 0] = mix[i]


@pytest.mark.parametrize("freq", [205, 304, 523, 540, 800])
def test_its_squares_have_little_alias(freq, quality):
    """Measured on a square alone: below 10 kHz, where no harmonic hides it, and anywhere."""
    y = Rig(bare).render(1 << 17, {"freq": freq})["out"][:, 0].astype(float)
    y -= y.mean()
    window = np.kaiser(len(y), 24)
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(y * window)) / np.abs(np.fft.rfft(y * window)).max() + 1e-12)
    hertz = np.fft.rfftfreq(len(y), 1 / RATE)
    away = np.abs(hertz / freq - np.rint(hertz / freq)) * freq > 40
    quality(
        "hat",
        "alias of its squares below 10 kHz, of the fundamental",
        spectrum[away & (hertz < 10000)].max(),
        "<=",
        -70,
        "dB",
    )
    quality("hat", "alias of its squares anywhere, of the fundamental", spectrum[away].max(), "<=", -45, "dB")


@each
def test_a_closed_hit_chokes_an_open_one(model):
    opened = np.zeros(RATE)
    opened[:10000] = 1
    alone = play(RATE, 0, decay=60, open=1.0, model=model)
    choked = play(RATE, 0, 10000, decay=60, open=opened, model=model)
    assert time_to(choked[10000:], 60) < 75
    assert np.abs(choked[14000:]).max() < 0.2 * np.abs(alone[14000:14500]).max()


def test_a_second_hit_starts_from_the_level_of_the_first():
    y = play(9000, 0, 3000, 6000, velocity=np.repeat([1, 0.1, 1], 3000), decay=2000, model="808")
    steps = np.abs(np.diff(y))
    assert steps[2999:3010].max() < steps[2900:2999].max() * 1.1


def test_the_same_seed_makes_the_same_noise():
    assert np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=3))
    assert not np.array_equal(play(4000, 0, seed=3), play(4000, 0, seed=4))
