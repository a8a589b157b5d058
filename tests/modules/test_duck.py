import numpy as np
import pytest

from chronus.modules.duck import render
from tests.kit.listening import RATE, decibels, highest_above, jump
from tests.kit.rig import Rig
from tests.kit.typed import heard

HELD = round(0.016 * RATE)


def depth(key, **params):
    """dB by which a steady tone is pressed down, frame by frame."""
    out = Rig(render).render(len(key), params, {"in": 0.25, "key": key})["out"][:, 0].astype(float)
    return -decibels(out / 0.25)


def burst(frames, begin, end, level=0.5, hertz=60.0):
    t = np.arange(frames)
    return np.where((t >= begin) & (t < end), level * np.sin(2 * np.pi * hertz * (t - begin) / RATE), 0.0)


@pytest.mark.parametrize("level", [-24, -12, 0])
@pytest.mark.parametrize("amount", [3, 9, 24, 48])
def test_it_goes_as_deep_as_asked_however_loud_the_key_is(amount, level, quality):
    key = burst(RATE, 0, RATE, 10 ** (level / 20) * 1.001)
    off = abs(depth(key, amount=amount)[RATE // 2 :] - amount).max()
    quality("duck", "depth off by", off, "<=", 0.2, "dB")


def test_a_quiet_key_does_nothing_to_the_bit():
    noise = np.random.default_rng(1).uniform(-1, 1, (RATE, 2)).astype(np.float32)
    for key in (0.0, burst(RATE, 0, RATE, 10 ** (-36.1 / 20))):
        assert np.array_equal(Rig(render).render(RATE, {}, {"in": noise, "key": key})["out"], noise)


@pytest.mark.parametrize("ms", [20, 160, 1000])
def test_it_is_back_after_the_release(ms, quality):
    frames = RATE + round(ms * RATE / 1000) + 2 * HELD
    key = np.where(np.arange(frames) < RATE // 2, 0.5, 0.0)
    found = depth(key, release=ms, amount=12)
    gone = np.flatnonzero(found[RATE // 2 :] < 12 - 1e-3)[0]
    back = np.flatnonzero(found > 1e-3)[-1] - RATE // 2
    assert gone <= HELD + 0.02 * ms * RATE / 1000
    # smoothstep is within 1e-3 dB of its ends for half a percent of its way
    quality("duck", "release off by", abs((back - gone) / RATE * 1000 / ms - 1) * 100, "<=", 2, "%")
    assert (np.diff(found[RATE // 2 :]) <= 1e-5).all(), "it only comes back"


@pytest.mark.parametrize("ms", [1, 10, 100])
def test_it_is_down_after_the_attack(ms):
    key = np.where(np.arange(RATE) < 1000, 0.0, 0.5)
    found = depth(key, attack=ms)[1000:]
    assert np.flatnonzero(found > 9 - 1e-3)[0] == pytest.approx(ms * RATE / 1000, rel=0.03, abs=1)


def test_hold_waits_at_the_bottom():
    key = np.where(np.arange(RATE) < 1000, 0.5, 0.0)
    short, long = (np.flatnonzero(depth(key, hold=ms) < 9 - 1e-3)[100:] for ms in (0, 200))
    leaves = lambda found: found[np.flatnonzero(found > 1000)[0]]  # noqa: E731
    assert leaves(long) - leaves(short) == pytest.approx(0.2 * RATE, abs=2)


@pytest.mark.parametrize(
    "moves", [{}, {"amount": jump(44100, 22500, 0, 48)}, {"threshold": jump(44100, 22500, 0, -60)}]
)
def test_it_makes_no_click(moves, quality):
    """A kick twice, under a steady bass."""
    key = burst(44100, 8000, 12000) + burst(44100, 22000, 26000)
    wave = 0.5 * np.sin(2 * np.pi * 100 * np.arange(44100) / RATE)
    out = Rig(render).render(44100, {"amount": 12, **moves}, {"in": wave, "key": key})["out"][:, 0].astype(float)
    quality("duck", "above 10 kHz while it pumps a 100 Hz sine", highest_above(out, 10000), "<=", -140, "dBFS")


def test_the_kick_alone_is_heard_as_before_and_pumps_what_it_is_patched_beside():
    sound = heard(
        {
            0: ["bpm 120", "load saw freq=300 gain=0.3", "load kick", "patch saw > duck", "patch kick > duck.key",
                "set duck.amount 24db", "seq kick: x...x...x...x..."]
        },
        2 * RATE,
    )  # fmt: skip
    high = np.abs(np.diff(sound[:, 0], 2))
    just_after, before_next = high[RATE + 2205 : RATE + 4410].mean(), high[RATE + 19000 : RATE + 21500].mean()
    assert just_after < 0.25 * before_next
    assert np.abs(sound[RATE : RATE + 4410]).max() > 0.1, "the kick goes to out itself"
