import math

import numpy as np
import pytest

from chronus.modules.adsr import render
from tests.kit.rig import Rig

RATE = 44100


def play(gate, velocity=1.0, rate=RATE, **params):
    """(env, out for an input of 1), one lane."""
    rig = Rig(render, rate=rate)
    outs = rig.render(len(gate), params, {"in": 1.0, "gate": gate, "velocity": velocity})
    return outs["env"][:, 0].astype(float), outs["out"][:, 0].astype(float)


def pulse(start, end, frames):
    gate = np.zeros(frames)
    gate[start:end] = 1
    return gate


@pytest.mark.parametrize("curve", ["linear", "exponential"])
@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("attack", [0.1, 1.0, 10.0, 333.3, 2000.0])
def test_the_attack_is_at_the_top_on_its_frame_and_not_before(attack, rate, curve, quality):
    frames = round(attack * rate / 1000)
    env, _ = play(pulse(37, 10**7, 37 + frames + 10), rate=rate, attack=attack, sustain=1.0, curve=curve)
    assert env[: 37 + 1].max() == 0
    late = int(np.argmax(env == 1)) - 37 - frames
    quality("adsr", "end of the attack off its frame by", abs(late), "<=", 0, "frames", peer="Csound linseg 0")


def test_linear_decay_and_release_end_on_their_frames(quality):
    params = {"attack": 5, "decay": 20.3, "sustain": 0.4, "release": 33.3, "curve": "linear"}
    top, down, away = (round(ms * RATE / 1000) for ms in (5, 20.3, 33.3))
    env, _ = play(pulse(10, 3000, 6000), **params)
    sustain = float(np.float32(0.4))
    late = int(np.argmax((env == sustain) & (np.arange(6000) > 10 + top))) - 10 - top - down
    quality("adsr", "end of a linear decay off its frame by", abs(late), "<=", 0, "frames", peer="Csound linseg 0")
    assert np.all(env[10 + top + down : 3001] == sustain)
    assert env[3000 + away - 1] > 0 and np.all(env[3000 + away :] == 0)


def test_linear_stages_are_straight():
    env, _ = play(pulse(0, 3000, 6000), attack=20, decay=20, sustain=0.5, release=40, curve="linear")
    for start, frames in ((0, 882), (882, 882), (3000, 1764)):
        line = np.linspace(env[start], env[start + frames], frames + 1)
        assert np.abs(env[start : start + frames + 1] - line).max() < 1e-6


def test_a_release_from_half_way_up_still_ends_on_its_frame():
    env, _ = play(pulse(0, 200, 2000), attack=20, release=10, curve="linear")
    assert env[200 + 441 - 1] > 0 and env[200 + 441] == 0


@pytest.mark.parametrize("milliseconds", [1.0, 30.0, 400.0, 5000.0])
def test_exponential_time_constants_hold_within_a_thousandth(milliseconds, quality):
    tau = milliseconds * RATE / 1000 / math.log(1000)
    span = max(2, int(tau * 3))
    env, _ = play(pulse(0, 5 + span, 10 + span), attack=0.1, decay=milliseconds, sustain=0.0)
    what = "exponential time constants off by, 1 ms to 5 s"
    quality("adsr", what, abs(-span / math.log(env[4 + span] / env[4]) / tau - 1) * 100, "<=", 0.1, "%")
    env, _ = play(pulse(0, 5, 6 + span), attack=0.1, sustain=1.0, release=milliseconds)
    quality("adsr", what, abs(-span / math.log(env[5 + span] / env[5]) / tau - 1) * 100, "<=", 0.1, "%")


def test_the_decay_goes_to_the_sustain_and_stays():
    env, _ = play(pulse(0, 60000, 60000), attack=1, decay=100, sustain=0.7)
    assert np.all(env[20000:] == float(np.float32(0.7)))
    assert np.all(np.diff(env[44:]) <= 0)


@pytest.mark.parametrize("curve", ["linear", "exponential"])
def test_it_falls_to_exactly_zero_without_a_step(curve):
    env, out = play(pulse(0, 2000, 30000), release=100, curve=curve)
    end = int(np.argmax((env == 0) & (np.arange(30000) > 2000)))
    assert 2000 < end < 2000 + 2.5 * 4410 and np.all(env[end:] == 0) and np.all(out[end:] == 0)
    if curve == "exponential":
        assert env[end - 1] < 1e-8


def test_a_retrigger_goes_on_from_where_it_stands():
    gate = pulse(0, 1000, 4000)
    gate[1500:] = 1
    env, _ = play(gate, attack=10, release=50, curve="linear")
    assert env[1500] > 0.3
    assert env[1501] == pytest.approx(env[1500] + 1 / 441, abs=1e-6)
    assert np.abs(np.diff(env)).max() < 1 / 440


def test_a_gate_of_2_for_one_frame_starts_anew():
    gate = pulse(0, 8000, 8000)
    gate[5000] = 2
    env, _ = play(gate, attack=10, decay=50, sustain=0.3)
    assert env[5000] == pytest.approx(0.3, abs=1e-3) and env[5000:5500].max() == 1


def test_velocity_scales_the_output_and_is_read_at_the_trigger():
    velocity = np.full(4000, 0.5)
    velocity[100:] = 0.9
    env, out = play(pulse(50, 3000, 4000), velocity)
    assert np.abs(out - 0.5 * env).max() < 1e-6


@pytest.mark.parametrize("sustain", [0.5, 1.0])
def test_a_new_velocity_while_it_sounds_makes_no_click(sustain):
    gate, velocity = pulse(0, 8000, 8000), np.full(8000, 0.2)
    gate[4000], velocity[4000:] = 2, 1.0
    _, out = play(gate, velocity, attack=1, sustain=sustain)
    assert np.abs(np.diff(out[500:])).max() < 0.03
    assert out[4700] > 0.45


def test_a_note_from_silence_has_its_velocity_at_once():
    gate = pulse(0, 1000, 60000)
    gate[50000:] = 1
    velocity = np.full(60000, 0.2)
    velocity[50000:] = 1.0
    env, out = play(gate, velocity)
    assert np.array_equal(env[50000:], out[50000:])


def test_times_said_to_move_give_the_same_envelope():
    gate = pulse(100, 3000, 9000)
    for curve in ("linear", "exponential"):
        params, inputs = {"curve": curve}, {"in": 1.0, "gate": gate, "velocity": 0.8}
        still = Rig(render).render(9000, params, inputs)["out"]
        moved = Rig(render).render(9000, params, inputs, moving=True)["out"]
        pieces = Rig(render).render(9000, params, inputs, cuts=[100, 101, 3000, 3007])["out"]
        assert np.array_equal(still, moved) and np.array_equal(still, pieces)


def test_lanes_have_envelopes_of_their_own():
    gates = np.stack([pulse(50 * l, 1000 + 100 * l, 4000) for l in range(8)], axis=1)
    outs = Rig(render, lanes=8).render(4000, {}, {"in": 1.0, "gate": gates, "velocity": 1.0})["out"]
    for l in range(8):
        assert np.abs(outs[:, l] - play(gates[:, l])[1]).max() < 1e-6
