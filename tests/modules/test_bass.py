"""The bass: in tune, dirty as asked at a level that stays, over a clean sub; no clicks."""

import numpy as np
import pytest

from chronus.modules.bass import SPEC, render
from tests.kit.rig import Rig

RATE = 44100
MS = RATE // 1000
PHASE, SWEEP = 2, 7


def play(frames, *, gate=1.0, velocity=1.0, accent=0.0, glide=0.0, cuts=(), moving=None, rig=None, params=None, **more):
    inputs = {"gate": gate, "velocity": velocity, "accent": accent, "legato": glide}
    params = {**(params or {}), **more}
    return (rig or Rig(render)).render(frames, params, inputs, cuts, moving)["out"][:, 0].astype(float)


def harmonics(y, freq):
    """Power of the harmonics of a whole number of Hz, from a second of sound."""
    power = np.abs(np.fft.rfft(y[-RATE:])) ** 2
    return power[freq:20000:freq]


def pitch(y, hertz):
    """By a parabola through the logarithms of a Gaussian window's peak."""
    n = len(y)
    size = np.abs(np.fft.rfft(y * np.exp(-0.5 * ((np.arange(n) - n / 2) / (n / 8)) ** 2)))
    k = round(hertz * n / RATE)
    a, b, c = np.log(size[k - 1 : k + 2])
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * RATE / n


@pytest.mark.parametrize("freq", [55, 110, 440])
def test_it_is_in_tune_within_a_tenth_of_a_cent(freq):
    y = play(3 * RATE, freq=freq)[RATE:]
    assert abs(1200 * np.log2(pitch(y, freq) / freq)) < 0.1


def test_more_distortion_is_more_harmonics():
    parts = [harmonics(play(2 * RATE, distortion=d), 55) for d in np.linspace(0, 1, 11)]
    all_of_them = [np.sqrt(p[1:].sum() / p[0]) for p in parts]
    high = [np.sqrt(p[9:].sum() / p[0]) for p in parts]
    assert all_of_them == sorted(all_of_them) and high == sorted(high)
    assert all_of_them[-1] > 1.3 * all_of_them[0] and high[-1] > 2 * high[0]


@pytest.mark.parametrize("freq", [41.2, 55, 82.4])
def test_distortion_leaves_the_level(freq):
    levels = [20 * np.log10(play(RATE, freq=freq, distortion=d)[4410:].std()) for d in np.linspace(0, 1, 6)]
    assert max(levels) - min(levels) < 3


def test_the_sub_is_clean_and_fills_the_fundamental():
    bare, full = (harmonics(play(2 * RATE, sub=sub, distortion=0.8), 55) for sub in (0, 1))
    assert full[0] > 2 * bare[0] and (full[1:] < bare[1:]).mean() > 0.9
    only = harmonics(play(2 * RATE, sub=1, distortion=0, cutoff=40, env=0), 55)
    assert np.sqrt(only[1:].sum() / only[0]) < 0.05


@pytest.mark.parametrize(("freq", "cutoff", "below"), [(113, 600, -110), (443, 3000, -60), (1001, 8000, -48)])
def test_the_dirt_hardly_aliases(freq, cutoff, below):
    y = play(2 * RATE, freq=freq, distortion=1, cutoff=cutoff, sub=0)[-RATE:]
    size = np.abs(np.fft.rfft(y * np.blackman(RATE)))
    wrong = size.copy()
    for k in range(0, RATE // 2, freq):
        wrong[max(0, k - 4) : k + 5] = 0
    assert 20 * np.log10(wrong[20:15000].max() / size[freq]) < below


@pytest.mark.parametrize("distortion", [0, 0.5, 1])
def test_its_peak_is_as_loud_as_asked(distortion):
    assert 0.65 < np.abs(play(RATE, velocity=0.8, distortion=distortion)).max() < 0.9
    assert np.abs(play(RATE, accent=1.0)).max() <= 1.0
    assert abs(play(2 * RATE)[RATE // 2 : RATE // 2 + 882 * 40].mean()) < 0.002


def test_it_begins_on_its_frame_and_ends_in_zero_10_ms_after_the_gate():
    gate = np.zeros(RATE)
    gate[1000:12000] = 1
    y = play(RATE, gate=gate)
    assert not y[:1000].any() and y[1000:1002].any()
    assert y[12000 + 5 * MS : 12000 + 10 * MS].any() and not y[12000 + 10 * MS + 3 :].any()
    again = Rig(render)
    play(RATE, gate=gate, rig=again)
    assert np.array_equal(play(RATE, gate=gate, rig=again, glide=0.0)[1000:1100], y[1000:1100])


def test_notes_begin_and_end_and_begin_again_without_a_click():
    params = {"distortion": 0, "cutoff": 40, "env": 0}
    gate = np.zeros(RATE)
    gate[1000:12000] = 1
    gate[5000] = 2
    gate[12200:30000] = 1
    y = play(RATE, gate=gate, params=params, velocity=np.where(np.arange(RATE) < 5000, 0.4, 1.0))
    size = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    hertz = np.fft.rfftfreq(len(y), 1 / RATE)
    assert size[hertz > 5000].max() < 1e-5 * size.max()


def test_velocity_and_accent_make_it_louder_and_brighter():
    def bright(**inputs):
        p = harmonics(play(RATE, sub=0, distortion=0, **inputs), 55)
        return p[5:].sum() / p.sum()

    assert bright(velocity=0.3) < bright(velocity=0.7) < bright(velocity=1)
    assert play(4000, velocity=0.4).std() < 0.7 * play(4000, velocity=0.8).std()
    assert play(4000, accent=1.0).std() > 1.03 * play(4000).std()


def test_a_slide_is_95_percent_there_in_its_time_and_strikes_no_new_note():
    rig = Rig(render)
    play(4000, freq=55, rig=rig)
    sweep = rig.state[SWEEP, 0]
    play(100 * MS, freq=110, glide=1.0, params={"glide": 100}, rig=rig)
    before = rig.state[PHASE, 0]
    play(MS, freq=110, glide=1.0, params={"glide": 100}, rig=rig)
    hertz = (rig.state[PHASE, 0] - before) % 1 / MS * RATE
    assert np.log2(hertz / 55) == pytest.approx(0.95, abs=0.003)
    assert rig.state[SWEEP, 0] < sweep
    play(10, freq=55, glide=1.0, params={"glide": 0}, rig=rig)
    before = rig.state[PHASE, 0]
    play(MS, freq=55, glide=1.0, params={"glide": 0}, rig=rig)
    assert (rig.state[PHASE, 0] - before) % 1 == pytest.approx(MS * 55 / RATE, abs=1e-9)


def test_the_sweep_is_down_to_a_tenth_after_decay():
    for decay in (20, 250, 2000):
        rig = Rig(render)
        play(decay * MS + round(0.0025 * RATE), decay=decay, rig=rig)
        assert rig.state[SWEEP, 0] == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_modulated_at_audio_rate_breaks_it(seed):
    rng = np.random.default_rng(seed)
    params = {p.name: rng.uniform(p.low, p.high, RATE) for p in SPEC.params}
    params |= {p.name: rng.choice([p.low, p.high], RATE) for p in SPEC.params if rng.random() < 0.5}
    gate, accent, glide = rng.integers(0, 2, (3, RATE // 100)).repeat(100, axis=1)
    y = play(RATE, gate=gate, accent=accent, glide=glide, params=params)
    assert np.isfinite(y).all() and np.abs(y).max() < 4


def test_cuts_do_not_change_the_sound():
    gate = np.zeros(8000)
    gate[100:3000] = gate[3100:7000] = 1
    whole = play(8000, gate=gate)
    assert np.allclose(whole, play(8000, gate=gate, cuts=range(0, 8000, 7)), atol=1e-6)
    assert np.allclose(whole, play(8000, gate=gate, moving=True), atol=1e-6)
