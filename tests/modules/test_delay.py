import numpy as np
import pytest

from chronus.modules.delay import render
from tests.kit.rig import Rig
from tests.kit.rooms import jump

RATE = 44100


def impulse(frames, lanes=(0, 1), at=0):
    x = np.zeros((frames, 2), np.float32)
    x[at, list(lanes)] = 1
    return x


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("time", [1.0, 2.5, 100.3, 250.0, 1999.9, 2000.0])
def test_the_first_echo_is_an_exact_copy_on_its_frame(time, rate):
    frames = round(float(np.float32(time)) * rate / 1000)
    rig = Rig(render, rate=rate)
    out = rig.render(frames + 50, {"time": time, "mix": 1, "feedback": 0}, {"in": impulse(frames + 50, at=3)})["out"]
    assert np.array_equal(np.flatnonzero(out[:, 0]), [frames + 3])
    assert np.all(out[frames + 3] == 1)


def test_a_dry_delay_is_the_input():
    noise = np.random.default_rng(1).uniform(-1, 1, (3000, 2)).astype(np.float32)
    assert np.array_equal(Rig(render).render(3000, {"mix": 0, "time": 5}, {"in": noise})["out"], noise)


def test_echoes_fall_by_the_feedback_and_darken():
    x = np.zeros((40000, 2))
    x[:2000] = 0.1 * np.sin(2 * np.pi * 400 * np.arange(2000) / RATE)[:, None]
    out = Rig(render).render(
        40000, {"time": 100, "mix": 1, "feedback": 0.5, "tone": 20000, "low": 20, "drive": 0}, {"in": x}
    )["out"]
    power = [np.sqrt(np.mean(out[4410 * k : 4410 * k + 2000, 0] ** 2)) for k in (1, 2, 3)]
    assert power[1] / power[0] == pytest.approx(0.5, rel=0.02) and power[2] / power[1] == pytest.approx(0.5, rel=0.02)
    ringing = Rig(render).render(
        20000, {"time": 100, "mix": 1, "tone": 1000, "low": 20, "drive": 0}, {"in": impulse(20000)}
    )["out"][:, 0]
    bright = np.abs(np.fft.rfft(ringing[4410 * 2 - 100 : 4410 * 3 - 100]))
    assert bright[100] / bright[20] == pytest.approx(np.sqrt((1 + 0.2**2) / (1 + 1**2)), rel=0.02)


def test_pingpong_goes_left_right_left():
    params = {"time": 50, "mix": 1, "mode": "pingpong", "feedback": 0.5}
    out = Rig(render).render(10000, params, {"in": impulse(10000)})["out"]
    energy = [(out[2205 * k : 2205 * k + 1000] ** 2).sum(0) for k in (1, 2, 3)]
    assert energy[0][0] == 1 and energy[0][1] == 0
    assert energy[1][1] > 100 * energy[1][0] and energy[2][0] > 100 * energy[2][1]


def test_a_feedback_above_1_is_held():
    noise = np.random.default_rng(2).uniform(-1, 1, (RATE * 5, 2))
    rig = Rig(render)
    loud = rig.render(RATE * 5, {"feedback": 1.1, "time": 20, "tone": 20000, "mix": 1}, {"in": noise})["out"]
    assert np.abs(loud).max() < 4
    tail = rig.render(RATE * 5, {"feedback": 1.1, "time": 20, "tone": 20000, "mix": 1})["out"][-RATE:]
    assert 0.1 < np.abs(tail).max() < 2 and abs(tail.mean()) < 0.01


def test_the_tail_falls_to_exactly_zero():
    rig = Rig(render)
    rig.render(5000, {"time": 10}, {"in": 0.5})
    assert not rig.render(RATE * 2, {"time": 10})["out"][-1000:].any()


def clicks(times, frames=32768):
    """The highest spectral line above 10 kHz while a 100 Hz sine echoes, re full scale."""
    sine = np.sin(2 * np.pi * 100 * np.arange(frames) / RATE)
    out = Rig(render).render(frames, {"time": times, "mix": 1, "feedback": 0}, {"in": sine})["out"][:, 0].astype(float)
    out = out[14000:30384]
    window = np.blackman(out.size)
    lines = np.abs(np.fft.rfft(out * window)) * 2 / window.sum()
    return 20 * np.log10(lines[int(10000 * out.size / RATE) :].max())


@pytest.mark.parametrize("old, new", [(200, 100), (100, 200), (100, 101), (100, 103)])
def test_a_jump_of_the_time_makes_no_click(old, new):
    times = np.interp(np.arange(32768), [20000, 20441], [old, new])
    assert clicks(times) < -122


def test_a_slow_sweep_of_the_time_bends_the_pitch():
    times = 100 + 0.1 * np.arange(32768) / RATE * 1000
    sine = np.sin(2 * np.pi * 1000 * np.arange(32768) / RATE)
    out = Rig(render).render(32768, {"time": times, "mix": 1, "feedback": 0}, {"in": sine})["out"][12000:28384, 0]
    peak = np.abs(np.fft.rfft(out * np.hanning(out.size))).argmax() * RATE / out.size
    assert peak == pytest.approx(900, abs=3)


def test_a_time_said_to_move_and_cuts_do_not_matter():
    noise = np.random.default_rng(3).uniform(-1, 1, (5000, 2))
    params = {"time": 33.3, "feedback": 0.7, "mode": "pingpong"}
    still = Rig(render).render(5000, params, {"in": noise})["out"]
    assert np.abs(still - Rig(render).render(5000, params, {"in": noise}, moving=True)["out"]).max() < 1e-6
    assert np.abs(still - Rig(render).render(5000, params, {"in": noise}, cuts=[1, 2, 65, 1000])["out"]).max() < 1e-6


def test_random_walks_of_everything_stay_finite():
    rng = np.random.default_rng(4)
    n = RATE * 3
    hold = lambda low, high: np.repeat(rng.uniform(low, high, n // 64 + 1), 64)[:n]  # noqa: E731
    params = {"time": hold(1, 2000), "feedback": hold(0, 1.1), "tone": hold(200, 20000), "mix": hold(0, 1)}
    params["mode"] = np.round(hold(0, 1))
    out = Rig(render).render(n, params, {"in": rng.uniform(-1, 1, (n, 2))})["out"]
    assert np.isfinite(out).all() and np.abs(out).max() < 4


JUMPS = [
    ("time", 100, 300), ("time", 300, 40), ("feedback", 0, 0.9), ("mix", 0, 1), ("tone", 200, 20000), ("low", 20, 1000), ("drive", 0, 1),
    ("mod", 0, 1), ("mode", "stereo", "pingpong"), ("moves", "fade", "tape"),
]  # fmt: skip


@pytest.mark.parametrize("param, old, new", JUMPS)
def test_a_jump_makes_no_click(quality, param, old, new):
    left = jump(render, param, old, new, **{"mix": 0.5, "feedback": 0, "time": 100.0, param: old})
    quality("delay", "above 10 kHz while a parameter jumps", left, "<=", -120, "dBFS", peer="scsynth Lag -127")


def test_the_first_echo_is_on_its_frame(quality):
    for time in (1.0, 33.3, 350.0, 2000.0):
        out = Rig(render).render(100000, {"time": time, "mix": 1}, {"in": impulse(100000)})["out"][:, 0]
        off = abs(int(np.flatnonzero(out)[0]) - round(float(np.float32(time)) * RATE / 1000))
        quality("delay", "first echo off its time", off, "<=", 0, "frames")


def test_the_loop_loses_its_bass_below_low():
    ringing = Rig(render).render(
        20000, {"time": 100, "mix": 1, "low": 800, "tone": 20000}, {"in": 0.01 * impulse(20000)}
    )["out"]
    second = np.abs(np.fft.rfft(ringing[4410 * 2 : 4410 * 3, 0]))
    assert second[20] / second[400] == pytest.approx(200 / np.hypot(200, 800), rel=0.06)


def test_drive_makes_the_loop_bite_sooner():
    sine = 0.5 * np.sin(2 * np.pi * 100 * np.arange(44100) / RATE)
    thirds = []
    for drive in (0, 1):
        params = {"time": 250, "mix": 1, "feedback": 0.5, "drive": drive, "tone": 20000, "low": 20}
        out = Rig(render).render(44100, params, {"in": sine})["out"]
        spectrum = np.abs(np.fft.rfft(out[33075:, 0] * np.hanning(11025)))
        thirds.append(spectrum[75] / spectrum[25])
    assert thirds[0] < 0.01 and thirds[1] > 0.03


def test_wow_bends_the_pitch_a_little_and_the_sides_apart():
    sine = np.sin(2 * np.pi * 1000 * np.arange(5 * RATE) / RATE)
    out = Rig(render).render(5 * RATE, {"time": 200, "mix": 1, "feedback": 0, "mod": 1}, {"in": sine})["out"][RATE:]
    turns = np.exp(-2j * np.pi * 1000 * np.arange(len(out)) / RATE)[:, None] * out
    smooth = np.apply_along_axis(lambda y: np.convolve(y, np.hanning(441), "same"), 0, turns)
    bent = np.diff(np.unwrap(np.angle(smooth), axis=0), axis=0)[1000:-1000] * RATE / (2 * np.pi)
    cents = 1200 * np.log2(1 + bent / 1000)
    assert 10 < np.abs(cents).max() < 30
    assert np.abs(bent[:, 0] - bent[:, 1]).max() > 5


def test_tape_bends_the_pitch_where_a_fade_does_not():
    sine = np.sin(2 * np.pi * 1000 * np.arange(3 * RATE) / RATE)
    times = np.where(np.arange(3 * RATE) < RATE, 400.0, 200.0)
    strong = {}
    for moves in ("fade", "tape"):
        out = Rig(render).render(3 * RATE, {"time": times, "mix": 1, "feedback": 0, "moves": moves}, {"in": sine})[
            "out"
        ]
        part = out[RATE + 2000 : RATE + 12000, 0]
        strong[moves] = np.abs(np.fft.rfft(part * np.hanning(part.size))).argmax() * RATE / part.size
    assert strong["fade"] == pytest.approx(1000, abs=5) and strong["tape"] == pytest.approx(1500, abs=20)


def test_what_is_silent_renders_nothing_and_wakes_again():
    rig = Rig(render)
    rig.render(5000, {"time": 10}, {"in": 0.5})
    rig.render(RATE * 6, {"time": 10})
    out = rig.render(2000, {"time": 10, "mix": 1}, {"in": impulse(2000)})["out"][:, 0]
    assert out[441] == 1 and not out[:441].any()
