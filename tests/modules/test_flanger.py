import numpy as np
import pytest

from chronus.modules.flanger import render
from tests.kit.rig import Rig
from tests.kit.rooms import RATE, jump, pink

STILL = {"depth": 0, "delay": 1.0}


def response(hertz, **params):
    struck = np.zeros((1 << 15, 2))
    struck[0] = 1
    answer = Rig(render).render(1 << 15, {**STILL, **params}, {"in": struck})["out"][:, 0].astype(float)
    turns = np.outer(np.asarray(hertz) / RATE, np.arange(answer.size))
    return 20 * np.log10(np.maximum(np.abs(np.exp(-2j * np.pi * turns) @ answer), 1e-6))


def test_at_rest_it_is_a_comb():
    """A delay of 1 ms, 44.1 frames: notches at odd multiples of 500 Hz, peaks between them."""
    notches, peaks = response([500, 1500, 2500], feedback=0), response([1000, 2000, 3000], feedback=0)
    assert notches.max() < -30 and np.abs(peaks).max() < 0.1


def test_feedback_lifts_the_teeth_and_below_zero_the_gaps():
    assert response([1000], feedback=0.9)[0] > response([1000], feedback=0)[0] + 10
    # half a turn away the delayed sound comes back upside down, and a feedback below zero turns it again
    assert response([1500], feedback=-0.9, mix=1)[0] > response([1500], feedback=0, mix=1)[0] + 15


def test_through_zero_all_cancels_or_adds_up(quality):
    """At rest the dry sound waits exactly where the comb is: nothing is left between them."""
    noise = pink(RATE)
    out = Rig(render).render(RATE, {**STILL, "zero": "on", "feedback": 0}, {"in": noise})["out"][4000:, 0]
    pure = Rig(render).render(RATE, {**STILL, "mix": 1, "feedback": 0}, {"in": noise})["out"][4000:, 0]
    quality("flanger", "dry off the comb where they meet", np.abs(out - pure).max(), "<=", 1e-6)
    swept = Rig(render).render(
        8 * RATE, {"zero": "on", "feedback": 0, "rate": 0.5, "depth": 1}, {"in": pink(8 * RATE)}
    )["out"]
    short = Rig(render).render(
        8 * RATE, {"zero": "off", "feedback": 0, "rate": 0.5, "depth": 1}, {"in": pink(8 * RATE)}
    )["out"]
    assert not np.allclose(swept, short, atol=0.01)


def test_it_sweeps_from_nothing_to_twice_its_delay():
    clicks = np.zeros((4 * RATE, 2))
    clicks[::4410] = 1
    out = Rig(render).render(
        4 * RATE, {"mix": 1, "feedback": 0, "depth": 1, "delay": 4.0, "rate": 0.5, "width": 0}, {"in": clicks}
    )["out"]
    found = [int(np.abs(out[k : k + 2000, 0]).argmax()) for k in range(4410, 4 * RATE - 4410, 4410)]
    assert min(found) <= 25 and max(found) > 0.95 * 2 * 0.004 * RATE


JUMPS = [
    ("mix", 0, 1), ("rate", 0.1, 10), ("depth", 0, 1), ("delay", 0.1, 10), ("feedback", -0.9, 0.9), ("width", 0, 1), ("zero", "off", "on"),
]  # fmt: skip


@pytest.mark.parametrize("param, old, new", JUMPS)
def test_a_jump_makes_no_click(quality, param, old, new):
    left = jump(render, param, old, new, **{"feedback": 0.3, param: old})
    quality("flanger", "above 10 kHz while a parameter jumps", left, "<=", -120, "dBFS", peer="scsynth Lag -127")


def test_its_tail_ends_in_exact_zeros():
    rig = Rig(render)
    rig.render(RATE, {"feedback": 0.95}, {"in": pink(RATE)})
    assert not rig.render(10 * RATE, {"feedback": 0.95})["out"][-RATE:].any()
