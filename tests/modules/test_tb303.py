"""The 303: in tune, sliding in its time, gathering its accents, quiet between its notes."""

import numpy as np
import pytest

from chronus.modules.tb303 import SPEC, render
from tests.kit.rig import Rig

RATE = 44100
MS = RATE // 1000
PHASE, LEVEL, SWEEP = 2, 5, 8


def play(frames, *, gate=1.0, velocity=1.0, accent=0.0, glide=0.0, cuts=(), moving=None, rig=None, **params):
    inputs = {"gate": gate, "velocity": velocity, "accented": accent, "glide": glide}
    return (rig or Rig(render)).render(frames, params, inputs, cuts, moving)["out"][:, 0].astype(float)


def notes(count, length, held, accents=()):
    """(gate, accent) of `count` notes."""
    gate, accent = np.zeros((2, count * length))
    for n in range(count):
        gate[n * length : n * length + held] = 1
        accent[n * length : (n + 1) * length] = n in accents
    return gate, accent


def spectrum(y):
    return np.fft.rfftfreq(len(y), 1 / RATE), np.abs(np.fft.rfft(y * np.hanning(len(y))))


def line(y, hertz):
    """Frequency and height of the line near `hertz`, by a parabola through the logarithms of a Gaussian window's peak."""
    n = len(y)
    window = np.exp(-0.5 * ((np.arange(n) - n / 2) / (n / 8)) ** 2)
    size = np.abs(np.fft.rfft(y * window))
    k = round(hertz * n / RATE)
    k += np.argmax(size[k - 3 : k + 4]) - 3
    a, b, c = np.log(size[k - 1 : k + 2])
    shift = 0.5 * (a - c) / (a - 2 * b + c)
    return (k + shift) * RATE / n, b - 0.25 * (a - c) * shift


@pytest.mark.parametrize("wave", ["saw", "square"])
@pytest.mark.parametrize("freq", [55, 110, 440])
def test_it_is_in_tune_within_a_tenth_of_a_cent(freq, wave):
    y = play(2 * RATE, freq=freq, wave=wave, env=0)[RATE // 2 :]
    assert abs(1200 * np.log2(line(y, freq)[0] / freq)) < 0.1


@pytest.mark.parametrize("target", [116.54, 220, 880, 55])
def test_a_slide_is_95_percent_there_after_60_ms_whatever_the_interval(target):
    rig = Rig(render)
    play(3000, freq=110, rig=rig)
    before, pitches = rig.state[PHASE, 0], []
    for _ in range(4 * 60):
        play(MS // 4, freq=target, glide=1.0, rig=rig)
        phase = rig.state[PHASE, 0]
        pitches.append((phase - before) % 1 / (MS // 4) * RATE)
        before = phase
    gone = np.log(np.array(pitches) / 110) / np.log(target / 110)
    at = (np.arange(len(gone)) + 0.5) * (MS // 4) / RATE
    assert np.allclose(gone, 1 - np.exp(-3 * at / 0.060), atol=0.004)


def test_without_glide_the_pitch_jumps():
    rig = Rig(render)
    play(3000, freq=110, rig=rig)
    before = rig.state[PHASE, 0]
    play(40, freq=220, rig=rig)
    assert (rig.state[PHASE, 0] - before) % 1 == pytest.approx(40 * 220 / RATE, abs=1e-6)


def test_a_slide_strikes_no_new_note():
    rig = Rig(render)
    play(4000, rig=rig)
    level, sweep = rig.state[LEVEL, 0], rig.state[SWEEP, 0]
    play(400, freq=220, glide=1.0, rig=rig)
    assert 0.98 * level < rig.state[LEVEL, 0] < level and rig.state[SWEEP, 0] < sweep


def test_accented_notes_sweep_for_200_ms_whatever_the_decay():
    def long(**params):
        return play(RATE // 2, **params)

    assert np.array_equal(long(accent=1.0, decay=30), long(accent=1.0, decay=3000))
    assert not np.allclose(long(decay=30), long(decay=3000), atol=0.05)
    for accent, decay in ((1.0, 200), (0.0, 300)):
        rig = Rig(render)
        play(decay * MS + 66, accent=accent, rig=rig)
        assert rig.state[SWEEP, 0] == pytest.approx(0.1, rel=0.02)


def test_each_close_accent_opens_the_filter_further():
    length = 4742  # 16ths at 139.5 BPM

    def brightness(gate, accent):
        y = play(len(gate), gate=gate, accent=accent, resonance=0.5)
        out = []
        for n in range(0, len(y), length):
            f, size = spectrum(y[n : n + length])
            out.append((size[f > 2000] ** 2).sum() / (size**2).sum())
        return out

    plain, first, second, third = brightness(*notes(4, length, 2400, (1, 2, 3)))
    assert 5 * plain < first and 2 * first < second and 1.2 * second < third
    apart = brightness(*notes(16, length, 2400, (0, 15)))
    assert apart[15] == pytest.approx(apart[0], rel=0.1)


def test_it_attacks_in_3_ms_holds_8_ms_and_falls_in_8():
    rig = Rig(render)
    play(4 * MS, rig=rig)
    assert rig.state[LEVEL, 0] == pytest.approx(0.7, rel=0.01)
    gate = np.zeros(RATE)
    gate[1000:12000] = 1
    y = play(RATE, gate=gate, freq=300, cutoff=2000, env=0, resonance=0)
    assert not y[:1000].any() and y[1000:1002].any()
    held, late = np.abs(y[11700:12000]).max(), np.abs(y[12000 + 5 * MS : 12000 + 8 * MS]).max()
    assert late == pytest.approx(held, rel=0.05)
    assert np.abs(y[12000 + 22 * MS :]).max() < 0.02 * held
    assert not y[20000:].any()


def test_a_held_note_falls_by_60_db_in_three_and_a_half_seconds_and_ends():
    y = play(10 * RATE, env=0, resonance=0)
    late = np.abs(y[int(3.4 * RATE) : int(3.6 * RATE)]).max()
    assert 20 * np.log10(late / np.abs(y[:20000]).max()) == pytest.approx(-60, abs=2)
    assert not y[-1000:].any()


def test_without_resonance_it_has_the_ladder_s_four_poles_and_5_db_less_at_32_hz():
    def want(hertz):
        q = 2 + 1j * np.sqrt(2) * hertz / 3000  # Stinchcombe's ladder, tuned by where it would oscillate
        coupling = 1 / (1 + 47 / (1j * hertz))
        return 20 * np.log10(abs(coupling / (q**4 / 2 - 2 * q**2 + 1)))

    def heard(hertz):
        y = play(3 * RATE, freq=hertz, env=0, resonance=0, cutoff=3000, drive=0, velocity=0.3)[RATE:]
        return 20 / np.log(10) * line(y, hertz)[1]

    assert 20 * np.log10(abs(1 / (1 + 47 / 32j))) == pytest.approx(-5, abs=0.05)
    for hertz in (32, 300, 1000, 2000):
        assert heard(hertz) - heard(110) == pytest.approx(want(hertz) - want(110), abs=0.25)


def test_it_whistles_at_high_cutoffs_but_not_at_low_ones():
    def ring(cutoff):
        y = play(2 * RATE, freq=20, env=0, resonance=1, drive=0, cutoff=cutoff)[RATE:]
        f, _ = spectrum(y)
        band = (f > 0.8 * cutoff) & (f < 1.25 * cutoff)
        # between two edges of the saw, 50 ms apart: what is left just before an edge against just after one
        wave = np.fft.irfft(np.fft.rfft(y) * band)
        periods = np.abs(wave[: 20 * 2205].reshape(20, 2205)).mean(axis=0)
        parts = periods.reshape(9, 245).mean(axis=1)
        return parts.min() / parts.max()

    assert ring(400) < 0.15 and ring(4000) > 0.5


@pytest.mark.parametrize(
    "params", [{}, {"resonance": 0.3}, {"resonance": 1}, {"wave": "square"}, {"drive": 1}, {"distortion": 1}]
)
def test_levels_stay_close_whatever_the_colour(params):
    gate, accent = notes(8, 4742, 2400, (0, 3, 4, 5))
    y = play(len(gate), gate=gate, accent=accent, **params)
    assert 0.45 < np.abs(y).max() < 1.25
    assert abs(y.mean()) < 1e-3


def test_defaults_peak_below_one_with_full_velocity_and_accent():
    gate, accent = notes(8, 4742, 2400, range(8))
    assert np.abs(play(len(gate), gate=gate, accent=accent)).max() <= 1.0
    assert 0.5 < np.abs(play(len(gate), gate=gate, velocity=0.8)).max() < 0.9


@pytest.mark.parametrize(("param", "steps"), [("distortion", 5), ("env", 5), ("cutoff", 3), ("drive", 2)])
def test_turning_it_up_makes_it_brighter(param, steps):
    def treble(value):
        colour = {"env": 0.3, "resonance": 0.3 if param == "cutoff" else 0.85}
        f, size = spectrum(play(16384, **{**colour, param: value}))
        return (size[f > 1500] ** 2).sum() / (size**2).sum()

    low, high = SPEC.param(param).low, min(SPEC.param(param).high, 3000)
    values = [treble(value) for value in np.linspace(low, high, steps)]
    assert values == sorted(values) and values[-1] > 4 * values[0]


def test_notes_begin_and_end_without_a_click():
    gate, _ = notes(4, 5000, 2500)
    y = play(len(gate), gate=gate, freq=55, cutoff=100, env=0, resonance=0, drive=0)
    f, size = spectrum(y)
    assert size[f > 6000].max() < 1e-4 * size.max()
    again = gate.copy()
    again[1000] = 2
    f, size = spectrum(play(len(again), gate=again, freq=55, cutoff=100, env=0, resonance=0, drive=0))
    assert size[f > 6000].max() < 1e-4 * size.max()


def test_nothing_modulated_at_audio_rate_breaks_it():
    rng = np.random.default_rng(1)
    frames = RATE
    params = {p.name: rng.uniform(p.low, p.high, frames) for p in SPEC.params if not p.words}
    params["wave"] = rng.integers(0, 2, frames).astype(float)
    gate, accent = rng.integers(0, 2, (2, frames // 100)).repeat(100, axis=1)
    inputs = {"gate": gate, "velocity": 1.0, "accented": accent, "glide": rng.integers(0, 2, frames)}
    y = Rig(render).render(frames, params, inputs)["out"]
    assert np.isfinite(y).all() and np.abs(y).max() < 4


def test_cuts_do_not_change_the_sound():
    gate, accent = notes(3, 3000, 1500, (1,))
    whole = play(9000, gate=gate, accent=accent)
    assert np.allclose(whole, play(9000, gate=gate, accent=accent, cuts=range(0, 9000, 7)), atol=1e-6)
    assert np.allclose(whole, play(9000, gate=gate, accent=accent, moving=True), atol=1e-6)
