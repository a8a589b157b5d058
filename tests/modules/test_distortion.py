import numpy as np
import pytest

from chronus.modules.distortion import render
from tests.kit.rig import Rig

RATE = 44100
MODES = ("soft", "hard", "fold", "crush", "diode")
N = 1 << 14


def sine(hertz, level, frames=N):
    return level * np.sin(2 * np.pi * hertz * np.arange(frames) / RATE)


def on_grid(hertz):
    """The nearest frequency with an odd whole number of turns in N frames."""
    return (round(hertz * N / RATE) | 1) * RATE / N


def settled(wave, **params):
    """N frames of the answer, after N frames to settle."""
    rig = Rig(render)
    rig.render(N, params, {"in": wave})
    return rig.render(N, params, {"in": wave})["out"][:, 0].astype(float)


@pytest.mark.parametrize("mode", MODES)
def test_no_drive_and_no_input_make_nan(mode):
    for drive in np.linspace(0, 1, 51):
        out = Rig(render).render(2048, {"mode": mode, "drive": drive}, {"in": sine(45, 1.0, 2048)})["out"]
        assert np.isfinite(out).all() and np.abs(out).max() < 2
    wild = np.random.default_rng(1).choice([0, 1, -1, 1e-40, 1e30, -3e38, 3e38], 4096)
    for drive in (0, 0.26, 1):
        out = Rig(render).render(4096, {"mode": mode, "drive": drive}, {"in": wild})["out"]
        assert np.isfinite(out).all()


STEPS = "its steps hold a value for up to 65 of the four times as many frames: the images are what it is for"


@pytest.mark.parametrize("mode, bar", [("soft", -80), ("hard", -60), ("fold", -75), ("diode", -70), ("crush", -60)])
@pytest.mark.parametrize("hertz", [1004, 2093])
def test_what_folds_back_is_far_below_the_sine(hertz, mode, bar, quality):
    hertz = on_grid(hertz)
    spectrum = np.abs(np.fft.rfft(settled(sine(hertz, 0.5), mode=mode, tone=20000)))
    turns = round(hertz * N / RATE)
    alias = spectrum.copy()
    alias[::turns] = 0
    alias[int(20000 * N / RATE) :] = 0
    found = 20 * np.log10(alias.max() / spectrum[turns])
    reason = STEPS if mode == "crush" else ""
    quality(
        "distortion",
        f"{mode}: worst alias of a sine of 0.5 at {turns * RATE // N} Hz",
        found,
        "<=",
        bar,
        "dB",
        short=reason,
    )


@pytest.mark.parametrize("mode", MODES)
def test_the_loudness_of_a_sine_hardly_depends_on_the_drive(mode, quality):
    wave = sine(110, 0.5)
    for drive in (0, 0.25, 0.5, 0.75, 1):
        out = settled(wave, mode=mode, drive=drive)
        off = abs(20 * np.log10(out.std() / wave.std()))
        quality("distortion", f"{mode}: loudness of a sine of 0.5 off by, at any drive", off, "<=", 2.5, "dB")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("drive", [0.1, 0.5, 1])
def test_no_shape_leaves_dc(mode, drive):
    assert abs(settled(sine(on_grid(110), 0.7), mode=mode, drive=drive).mean()) < 1e-3


@pytest.mark.parametrize("hertz", [50, 1000, 10000, 18000])
def test_the_dry_side_of_mix_keeps_its_level(hertz):
    wave = sine(on_grid(hertz), 0.5)
    assert 20 * np.log10(settled(wave, mix=0).std() / wave.std()) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("hertz", [100, 3000, 9000])
def test_dry_and_wet_do_not_cancel(hertz):
    wave = sine(on_grid(hertz), 0.02)
    params = {"drive": 0, "mode": "hard", "tone": 20000}
    k = round(on_grid(hertz) * N / RATE)
    wet, dry, half = (np.fft.rfft(settled(wave, mix=mix, **params))[k] for mix in (1, 0, 0.5))
    assert half == pytest.approx((wet + dry) / 2, rel=1e-3)
    assert abs(np.angle(wet / dry)) < 0.5  # what the low-pass behind the shape turns


def test_the_answer_begins_in_the_frame_of_the_question():
    wave = np.zeros(200)
    wave[50] = 0.5
    out = Rig(render).render(200, {}, {"in": wave})["out"][:, 0]
    assert not out[:50].any() and out[50] != 0 and np.abs(out).argmax() < 57


def test_silence_gives_silence_again():
    rig = Rig(render)
    for mode in MODES:
        rig.render(2000, {"mode": mode}, {"in": sine(100, 0.8, 2000)})
        assert np.abs(rig.render(RATE, {"mode": mode})["out"][-500:]).max() < 1e-6


def test_a_new_mode_is_faded_in():
    wave = sine(100, 0.5, 8192)
    rig = Rig(render)
    first = rig.render(4096, {"mode": "soft", "drive": 0.2}, {"in": wave[:4096]})["out"][:, 0]
    second = rig.render(4096, {"mode": "diode", "drive": 0.2}, {"in": wave[4096:]})["out"][:, 0]
    assert np.abs(np.diff(np.concatenate([first, second]))).max() < 0.05


def test_moving_params_cuts_and_lanes_do_not_matter():
    noise = np.random.default_rng(2).uniform(-0.8, 0.8, (1000, 8))
    for mode in MODES:
        params = {"mode": mode}
        whole = Rig(render, lanes=8).render(1000, params, {"in": noise})["out"]
        moved = Rig(render, lanes=8).render(1000, params, {"in": noise}, moving=True)["out"]
        pieces = Rig(render, lanes=8).render(1000, params, {"in": noise}, cuts=[1, 70, 500])["out"]
        alone = Rig(render).render(1000, params, {"in": noise[:, 5]})["out"][:, 0]
        bar = 2e-2 if mode == "crush" else 3e-6  # a rounding may fall on the other side of a step
        assert np.abs(whole - moved).max() < bar and np.abs(whole - pieces).max() < bar
        assert np.abs(whole[:, 5] - alone).max() < bar
