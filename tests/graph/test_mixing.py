"""Level, pan, bypass and the gains of cables, as they are heard: in the real replica, from typed lines."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kit.treble import treble
from tests.kit.typed import RATE, heard

TONE = ("load sine as tone freq=100 gain=1", "set out.limiter off")
"""A sine at full scale, which drones."""
SETTLED = 2000
"""Frames after which a typed jump is over: it takes 512."""


def sides(*lines, at=0, end=6000, first=TONE, of=("tone",)):
    """What reaches `out`, when what was said first has sounded so long: (frames, 2)."""
    moments = {0: (*first, *lines)} if not at else {0: first, at: lines}
    return heard(moments, end, stems=of)


def loudness(sound):
    """RMS of each side over nine periods in dB, a sine at full scale being 0."""
    rms = np.sqrt(2 * (sound[SETTLED : SETTLED + 9 * 441].astype(float) ** 2).mean(axis=0))
    return 20 * np.log10(np.maximum(rms, 1e-9))


PLAIN = heard({0: TONE}, 6000, stems=("tone",))


# ---------------------------------------------------------------- level


@pytest.mark.parametrize(("said", "factor"), [("-6db", 10 ** (-6 / 20)), ("12db", 10 ** (12 / 20)), ("-60db", 1e-3)])
def test_a_level_is_in_decibels(said, factor):
    assert sides(f"set tone.level {said}") == pytest.approx(PLAIN * np.float32(factor), abs=1e-6)


@pytest.mark.parametrize("off", ["off", "-inf", "-inf db"])
def test_off_is_silence(off):
    assert not sides(f"set tone.level {off}").any()


def test_at_rest_in_the_middle_nothing_of_it_is_heard_at_all():
    assert np.array_equal(sides("set tone.level -6db", "set tone.level 0db", "set tone.pan 0"), PLAIN)


@pytest.mark.parametrize("said", ["-12db", "off", "12db"])
def test_a_level_that_is_set_while_it_sounds_leaves_no_click(said):
    sound = sides(f"set tone.level {said}", at=5003, end=12000)
    assert np.array_equal(sound[:5003], heard({0: TONE}, 12000, stems=("tone",))[:5003])
    assert treble(sound) < -120
    goal = 0.0 if said == "off" else 10 ** (float(said[:-2]) / 20)
    assert sound[5600:, 0] == pytest.approx(heard({0: TONE}, 12000, stems=("tone",))[5600:, 0] * goal, abs=1e-6)


def test_a_level_fades_evenly_in_decibels_and_to_off_evenly_in_gain():
    envelope = np.abs(sides("set tone.level -40db over 1s", at=64, end=RATE + 5000)[:, 0])
    peaks = envelope[: RATE // 441 * 441].reshape(-1, 441).max(axis=1)
    fall = 20 * np.log10(peaks[10:90])
    assert np.diff(fall) == pytest.approx(np.full(79, -0.4), abs=0.02)
    envelope = np.abs(sides("set tone.level off over 1s", at=64, end=RATE + 5000)[:, 0])
    peaks = envelope[: RATE // 441 * 441].reshape(-1, 441).max(axis=1)
    assert np.diff(peaks[10:90]) == pytest.approx(np.full(79, -0.01), abs=0.002)
    assert not envelope[RATE + 2000 :].any()


def test_the_level_is_heard_and_moves_nothing_else():
    """Keys and parameters take a sound as its module made it."""
    before = ("load saw as a freq=55", "load sine as b freq=30", "patch b > a.freq 20 Hz")
    moved = heard({0: (*before, "set b.level -20db")}, 9000)
    assert np.array_equal(moved, heard({0: before}, 9000))
    assert not np.array_equal(moved, heard({0: before[:2]}, 9000))


def test_an_lfo_moves_a_level_in_decibels():
    sound = sides("load lfo shape=square rate=10", "patch lfo > tone.level 6db", end=RATE)
    halves = 20 * np.log10(np.abs(sound[:, 0]).reshape(20, -1).max(axis=1))
    assert sorted({round(float(half)) for half in halves[1:]}) == [-6, 6]


# ---------------------------------------------------------------- pan


@pytest.mark.parametrize("pan", [-1, -0.7, -0.3, 0.0, 0.25, 1])
def test_a_pan_is_at_equal_power_and_0_db_in_the_middle(pan):
    left, right = loudness(sides(f"set tone.pan {pan}"))
    if abs(pan) < 1:
        assert 10 ** (left / 10) + 10 ** (right / 10) == pytest.approx(2, rel=1e-5)
    angle = (pan + 1) * np.pi / 4
    assert left == pytest.approx(20 * np.log10(np.sqrt(2) * max(np.cos(angle), 1e-9)), abs=1e-3) or left < -120
    assert right == pytest.approx(20 * np.log10(np.sqrt(2) * max(np.sin(angle), 1e-9)), abs=1e-3) or right < -120


def test_a_pan_that_is_set_or_swept_leaves_no_click():
    assert treble(sides("set tone.pan -1", at=5003, end=12000)) < -120
    assert treble(sides("set tone.pan -1..1 over 200ms", at=5003, end=16000)) < -110


def test_of_two_sides_a_pan_is_a_balance():
    first = (*TONE, "load delay mode=stereo mix=0 as wide", "patch tone > wide")
    both = sides(first=first, of=("wide",))
    right = sides("set wide.pan 0.5", first=first, of=("wide",))
    assert np.array_equal(right[:, 1], both[:, 1])
    assert loudness(right)[0] == pytest.approx(20 * np.log10(np.cos(np.pi / 4)), abs=1e-3)
    assert loudness(sides("set wide.pan -1", first=first, of=("wide",)))[1] < -120


def test_behind_a_voice_that_is_panned_all_is_stereo():
    first = (*TONE, "load filter cutoff=20k", "load vca", "patch tone > filter > vca")
    left, right = loudness(sides("set tone.pan -0.5", first=first, of=("vca",)))
    assert left - right == pytest.approx(20 * np.log10(1 / np.tan(np.pi / 8)), abs=1e-3)


def test_each_voice_is_where_its_own_pan_is():
    """The pitch of each of two notes moves its pan: a4 stays in the middle, a5 goes to the right."""
    lines = ("load sine as a voices=2 gain=0.5", "patch a.pitch > a.pan 0.5", "seq a: a4:oct@16 gate=100% now")
    sound = heard({0: lines}, RATE // 2, stems=("a",))[4410 : 4410 + 11_025].astype(float)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))[:, None], axis=0))
    low, high = spectrum[110], spectrum[220]
    assert low[0] == pytest.approx(low[1], rel=1e-3) and high[0] < high[1] * 1e-4
    assert high[1] == pytest.approx(low[1] * np.sqrt(2), rel=1e-3)


def test_several_voices_stay_apart_and_are_panned_where_they_meet():
    lines = ("load saw as a voices=4", "load adsr release=10ms", "patch a > adsr", "seq a: c3:maj@2 . now")
    together = heard({0: lines}, 20000, stems=("adsr",))
    assert np.array_equal(heard({0: (*lines, "set a.pan -1")}, 20000, stems=("adsr",)), together)
    assert not heard({0: (*lines, "set adsr.pan -1")}, 20000, stems=("adsr",))[SETTLED:, 1].any()


# ---------------------------------------------------------------- cables


@pytest.mark.parametrize(("said", "factor"), [("-12db", 10 ** (-12 / 20)), ("30%", 0.3), ("0.5", 0.5), ("0%", 0.0)])
def test_a_cable_has_a_gain(said, factor):
    sound = sides(f"patch tone > out {said}")
    assert sound == pytest.approx(PLAIN * np.float32(factor), abs=1e-6)


def test_a_gain_that_is_said_again_moves_and_leaves_no_click():
    first = (*TONE, "load bus", "patch tone > bus -6db")
    sound = sides("patch tone > bus", at=5003, end=12000, first=first)
    assert treble(sound) < -120
    long = heard({0: TONE}, 12000, stems=("tone",))
    assert np.array_equal(sound[5600:], long[5600:])
    back = heard({0: first, 5003: ("patch tone > bus -20db",), 7000: ("undo",)}, 12000, stems=("tone",))
    assert treble(back) < -120 and back[8000:] == pytest.approx(long[8000:] * np.float32(10 ** (-6 / 20)), abs=1e-6)


def test_a_cable_that_comes_back_before_it_has_faded_out_is_heard_again():
    lines = {0: (*TONE, "load bus", "patch tone > bus"), 5003: ("unpatch tone > bus",), 5100: ("undo",)}
    sound = heard(lines, 12000, stems=("tone",))
    assert sound[9000:] == pytest.approx(heard({0: TONE}, 12000, stems=("tone",))[9000:], abs=1e-6)


def test_a_bus_hands_on_what_comes_in():
    assert np.array_equal(sides("load bus as sum", "patch tone > sum"), PLAIN)


def test_in_a_circle_level_and_pan_are_those_of_what_comes_round():
    first = (
        *TONE, "load delay time=1ms mix=1 feedback=0 mode=stereo", "load bus", "patch tone > bus", "patch bus > delay > bus 50%",
        "patch bus > out",
    )  # fmt: skip
    loud, quiet, left = (
        sides(*said, first=first, of=("bus",), end=20000)
        for said in ((), ("set delay.level off",), ("set delay.pan -1",))
    )
    assert np.array_equal(quiet[5000:], heard({0: TONE}, 20000, stems=("tone",))[5000:])
    assert np.abs(loud - quiet)[5000:].max() > 0.3
    assert np.array_equal(left[5000:, 1], quiet[5000:, 1]) and np.array_equal(left[5000:, 0], loud[5000:, 0])


# ---------------------------------------------------------------- bypass


def test_a_bypassed_module_hands_on_what_comes_in_without_a_click():
    first = (*TONE, "load filter cutoff=30", "patch tone > filter")
    sound = sides("bypass filter on", at=5003, end=16000, first=first, of=("filter",))
    assert treble(sound[4000:]) < -110
    assert np.array_equal(sound[5600:], heard({0: TONE}, 16000, stems=("tone",))[5600:])
    again = heard({0: first, 5003: ("bypass filter on",), 9000: ("bypass filter off",)}, 16000, stems=("filter",))
    assert np.array_equal(again[10000:], heard({0: first}, 16000, stems=("filter",))[10000:]), (
        "it has gone on meanwhile"
    )


def test_a_bypassed_module_into_which_nothing_comes_is_silent():
    sound = sides("bypass tone on", at=5003, end=12000)
    assert not sound[5600:].any() and treble(sound) < -120
    assert not sides("set tone.bypass on").any()


# ---------------------------------------------------------------- any of it while music plays

BASS = ("load sine as tone freq=60 gain=0.5", "load filter cutoff=200 as warm", "patch tone > warm")


@pytest.mark.parametrize(
    "said",
    [
        ("load bus as all; patch warm > all",),
        ("insert delay on warm",),
        ("insert delay on warm", "unload delay"),
        ("insert filter on out as last cutoff=2k", "unload last"),
        ("insert delay on out", "bypass delay on", "bypass delay off", "unload delay"),
        ("set tone.pan -0.5", "set tone.pan 0", "undo 2"),
        ("set warm.level off", "undo"),
        ("patch warm > out -20db", "patch warm > out 12db", "unpatch warm > out", "undo"),
    ],
)
def test_changes_while_a_song_plays_leave_no_click(said):
    moments = {0: BASS}
    for k, line in enumerate(said):
        moments[20_003 + k * 9001] = tuple(line.split("; "))
    sound = heard(moments, 20_003 + len(said) * 9001 + 9000)
    assert np.abs(sound).max() > 0.05
    assert treble(sound[10_000:]) < -80
