import numpy as np
import pytest

from chronus.modules.reverb import render
from tests.kit.rig import Rig
from tests.kit.rooms import RATE, answers, echo_density, jump, pink, reverberation, ringing


@pytest.mark.parametrize("params", [{"decay": 0.6}, {"decay": 1.8}, {"decay": 6}, {"size": 0}, {"size": 1}], ids=str)
def test_it_dies_by_sixty_decibels_in_its_decay(quality, params):
    decay = params.get("decay", 1.8)
    found = answers(render, 1.4 * decay, 4, **params)
    for middle in (500, 1000, 2000):
        off = 100 * abs(reverberation(found, middle) / decay - 1)
        quality("reverb", f"RT60 of the {middle} Hz octave off its decay", off, "<=", 3, "%", peer="Csound reverb")


def test_at_damp_it_dies_twice_as_fast():
    found = answers(render, 3, 4, decay=2, damp=4000)
    # the slower lower half of the octave is what is heard last
    assert 1 < reverberation(found, 4000) < 1.4
    assert reverberation(found, 500) == pytest.approx(2, rel=0.03)


def test_it_is_dense_after_a_tenth_of_a_second(quality):
    density = echo_density(answers(render, 0.3, 6), 0.1)
    quality("reverb", "echo density 100 ms after the direct sound", density, ">=", 0.9, peer="0.79")


def test_its_tail_does_not_ring(quality):
    """Noise of the same length has 10.1 dB; with walls that stand still it would be 18."""
    worst = max(ringing(y[:, side], 1.8) for y in answers(render, 1.6, 2) for side in (0, 1))
    quality("reverb", "lines of the tail above their surroundings (noise: 10 dB)", worst, "<=", 14, "dB")
    assert ringing(answers(render, 1.6, mod=0)[0, :, 0], 1.8) > 15


def test_its_sides_are_decorrelated_and_a_mono_sum_loses_nothing(quality):
    y = answers(render, 1.5)[0]
    both = float(np.corrcoef(y[4410:, 0], y[4410:, 1])[0, 1])
    quality("reverb", "correlation of the sides", abs(both), "<=", 0.1)
    mono = 10 * np.log10(((0.5 * y.sum(1)) ** 2).sum() / (0.5 * (y**2).sum()))
    assert -3.5 < mono < -2.5  # as of two noises
    narrow = answers(render, 0.5, width=0)[0]
    assert np.array_equal(narrow[:, 0], narrow[:, 1])


def test_it_builds_up_at_once_and_falls_smoothly():
    y = answers(render, 1.5, 4)
    levels = 10 * np.log10((y[:, : RATE // 100 * 100].reshape(4, 100, -1, 2) ** 2).sum((0, 2, 3)))
    first = int(np.argmax(levels > levels.max() - 30))
    assert 0.01 <= first * 0.015 <= 0.045
    late = levels[12:60]
    assert np.abs(late - np.polyval(np.polyfit(np.arange(late.size), late, 1), np.arange(late.size))).max() < 1.5


def test_pink_noise_leaves_it_as_loud_as_it_enters_and_without_bass():
    noise = pink(6 * RATE)
    out = Rig(render).render(6 * RATE, {"mix": 1}, {"in": noise})["out"][2 * RATE :].astype(float)
    assert abs(20 * np.log10(out.std() / 0.1)) < 1.5
    power, hertz = np.abs(np.fft.rfft(out[:, 0])) ** 2, np.fft.rfftfreq(len(out), 1 / RATE)
    bass, middle = (power[(hertz > low) & (hertz < 2 * low)].sum() for low in (40, 400))
    assert 10 * np.log10(bass / middle) < -12


def test_frozen_it_neither_dies_nor_grows_nor_lets_anything_in():
    rig, noise = Rig(render), 0.3 * np.random.default_rng(1).uniform(-1, 1, (2 * RATE, 2))
    rig.render(2 * RATE, {"mix": 1}, {"in": noise})
    rig.render(RATE, {"mix": 1, "freeze": "on"})
    before = rig.render(4 * RATE, {"mix": 1, "freeze": "on"})["out"].std()
    for _ in range(5):
        after = rig.render(4 * RATE, {"mix": 1, "freeze": "on"}, {"in": pink(4 * RATE, 0.3)})["out"].std()
    assert 20 * np.log10(after / before) == pytest.approx(0, abs=0.3)


JUMPS = [
    ("mix", 0, 1), ("decay", 0.2, 8), ("size", 0, 1), ("size", 1, 0.3), ("predelay", 0, 200), ("damp", 1000, 20000), ("low", 20, 1000),
    ("mod", 0, 1), ("width", 1, 0), ("freeze", "off", "on"), ("freeze", "on", "off"),
]  # fmt: skip


@pytest.mark.parametrize("param, old, new", JUMPS)
def test_a_jump_makes_no_click(quality, param, old, new):
    left = jump(
        render, param, old, new, **({"low": 20, "mix": 0.8} | ({} if param != "mix" else {"low": 20})) | {param: old}
    )
    quality("reverb", "above 10 kHz while a parameter jumps", left, "<=", -120, "dBFS", peer="scsynth Lag -127")


def test_the_tail_ends_in_exact_zeros_and_what_is_silent_renders_nothing():
    rig = Rig(render)
    rig.render(RATE, {"decay": 0.3}, {"in": 0.5})
    assert not rig.render(4 * RATE, {"decay": 0.3})["out"][-RATE:].any()
    assert not rig.memory.any()
    late = rig.render(3000, {"decay": 0.3, "mix": 1}, {"in": pink(3000)})["out"]
    assert np.abs(late[-500:]).max() > 1e-3


@pytest.mark.parametrize("rate", [8000, 48000, 192000])
def test_it_is_the_same_room_at_any_rate(rate):
    found = answers(render, 1.6, 2, rate=rate, decay=1.2, size=1)
    assert reverberation(found, 1000, rate) == pytest.approx(1.2, rel=0.06)
