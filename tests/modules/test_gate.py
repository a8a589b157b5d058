import numpy as np
import pytest

from chronus.modules.gate import render
from tests.kit.listening import RATE, decibels, highest_above, jump
from tests.kit.rig import Rig


def sine(frames, level, hertz=200.0):
    return level * np.sin(2 * np.pi * hertz * np.arange(frames) / RATE)


def test_open_it_is_the_sound_itself_and_shut_it_is_silence():
    loud, soft = sine(RATE, 0.5).astype(np.float32), sine(RATE, 0.004)
    assert np.array_equal(Rig(render).render(RATE, {}, {"in": loud})["out"][4410:, 0], loud[4410:])
    assert not Rig(render).render(RATE, {}, {"in": soft})["out"].any()


@pytest.mark.parametrize("threshold", [-60, -30, -10])
def test_it_opens_at_the_threshold_and_shuts_below_the_hysteresis(threshold, quality):
    levels = threshold + np.concatenate([np.linspace(-12, 6, 4 * RATE), np.linspace(6, -12, 4 * RATE)])
    wave = 10 ** (levels / 20) * np.sin(2 * np.pi * 1000 * np.arange(8 * RATE) / RATE)
    out = Rig(render).render(8 * RATE, {"threshold": threshold, "hold": 0, "release": 1}, {"in": wave})["out"][:, 0]
    heard = np.flatnonzero(out)
    opens, shuts = levels[heard[0]] - threshold, levels[heard[-1]] - threshold
    quality("gate", "threshold off by", abs(opens), "<=", 0.1, "dB")
    quality("gate", "hysteresis off by", abs(shuts + 6), "<=", 0.3, "dB")


def test_a_level_between_the_two_does_not_make_it_chatter():
    rng = np.random.default_rng(2)
    levels = np.repeat(rng.uniform(-45.5, -39, 400), 441)
    levels[:4410] = -30
    wave = 10 ** (levels / 20) * np.sin(2 * np.pi * 60 * np.arange(levels.size) / RATE)
    out = Rig(render).render(levels.size, {"hold": 0}, {"in": wave})["out"][:, 0]
    assert np.array_equal(out[4410:], wave.astype(np.float32)[4410:])


def test_hold_and_release_are_as_long_as_asked():
    key = np.where(np.arange(2 * RATE) < RATE, 0.5, 0.0)
    for hold, release in [(0, 50), (200, 50), (100, 400)]:
        out = Rig(render).render(2 * RATE, {"hold": hold, "release": release}, {"in": 0.25, "key": key})["out"][:, 0]
        full, gone = np.flatnonzero(out[RATE:] < 0.25)[0] / 44.1, np.flatnonzero(out[RATE:] == 0)[0] / 44.1
        assert hold + 11 < full < hold + 17 and gone - full == pytest.approx(release, rel=0.02)


def test_a_key_opens_it_for_another_sound():
    key = np.where(np.arange(RATE) % 11025 < 4000, 0.5, 0.0)
    out = Rig(render).render(RATE, {"hold": 5, "release": 20}, {"in": 0.25, "key": key})["out"][:, 0]
    assert out[3000] == np.float32(0.25) and out[9000] == 0 and out[11025 + 3000] == np.float32(0.25)


def test_depth_is_how_far_it_shuts():
    for depth in (6, 20, 40):
        out = Rig(render).render(RATE, {"depth": depth}, {"in": sine(RATE, 0.004)})["out"][-4410:, 0]
        assert -decibels(out.std() * np.sqrt(2) / 0.004) == pytest.approx(depth, abs=0.01)


@pytest.mark.parametrize("moves", [{}, {"threshold": jump(44100, 20000, -60, 0)}, {"depth": jump(44100, 6000, 0, 60)}])
def test_it_makes_no_click(moves, quality):
    """Chopping a steady bass."""
    key = np.where(np.arange(44100) % 11025 < 5000, 0.5, 0.0)
    wave = sine(44100, 0.5, 100)
    out = Rig(render).render(44100, {"hold": 0, **moves}, {"in": wave, "key": key})["out"][:, 0].astype(float)
    quality(
        "gate", "above 10 kHz as it chops a 100 Hz sine, attack 1 ms", highest_above(out, 10000), "<=", -130, "dBFS"
    )
