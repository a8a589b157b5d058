"""What `chronus hear` measures, against sounds whose answers are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

from chronus.ears.hearing import hear
from chronus.ears.key import chroma, keys_of
from chronus.ears.onsets import flux, onsets, tempo
from chronus.ears.pitch import pitch
from chronus.ears.spectra import EDGES, spectrum
from chronus.units import NOTES
from tests.kit.live import Home

RATE = 44100


def both(mono: np.ndarray) -> np.ndarray:
    return np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)


def sine(hertz: float, seconds: float, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def saw(hertz: float, seconds: float) -> np.ndarray:
    return sum(
        (sine(k * hertz, seconds, 0.3 / k) for k in range(1, int(18000 / hertz) + 1)), np.zeros(round(seconds * RATE))
    )


# ---------------------------------------------------------------- pitch


@pytest.mark.parametrize("hertz", [32.703, 41.2, 55, 82.41, 110.3, 196, 261.63, 440, 987.77, 2000, 3520])
@pytest.mark.parametrize("wave", [sine, saw], ids=["sine", "saw"])
def test_pitch_is_right_within_2_cents(wave, hertz):
    heard = pitch(wave(hertz, 0.25), RATE)
    assert heard is not None and abs(1200 * np.log2(heard.hertz / hertz)) < 2


def test_pitch_is_right_within_2_cents_beside_some_noise():
    noise = np.random.default_rng(1).standard_normal(RATE // 4) * 0.01
    heard = pitch(saw(110, 0.25) + noise, RATE)
    assert heard is not None and abs(1200 * np.log2(heard.hertz / 110)) < 2


@pytest.mark.parametrize("sound", ["noise", "silence", "chord"])
def test_what_has_no_pitch_is_given_none(sound):
    t = 0.25
    made = {
        "noise": np.random.default_rng(2).standard_normal(round(t * RATE)),
        "silence": np.zeros(round(t * RATE)),
        "chord": sine(220, t) + sine(233.08, t) + sine(311.13, t) + sine(370, t),
    }
    assert pitch(made[sound], RATE) is None


# ---------------------------------------------------------------- onsets


def struck(kind: str, seconds: float = 0.1) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(3).standard_normal(len(t))
    fade = np.clip((seconds - t) / 0.01, 0, 1)
    return (
        fade
        * {
            "kick": np.sin(2 * np.pi * (50 * t + 3 * (1 - np.exp(-40 * t)))) * np.exp(-20 * t),
            "hat": 0.3 * noise * np.exp(-60 * t),
            "note": 0.5 * np.sin(2 * np.pi * 220 * t) * np.exp(-15 * t),
            "click": np.exp(-2000 * t),
        }[kind]
    )


@pytest.mark.parametrize("bass", [0.0, 0.2], ids=["alone", "over a bass"])
@pytest.mark.parametrize("kind", ["kick", "hat", "note", "click"])
def test_onsets_are_found_within_a_millisecond(kind, bass):
    places = [round(k * 0.23 * RATE) + 5977 for k in range(16)]
    mono = bass * sine(55, 4.0, 1.0)
    for place in places:
        mono[place : place + RATE // 10] += struck(kind)
    found = onsets(both(mono), RATE)
    assert [int(np.abs(found - place).min()) < RATE / 1000 for place in places] == [True] * 16
    assert len(found) <= 18


def test_silence_and_a_steady_tone_have_no_onsets_but_the_first():
    assert len(onsets(np.zeros((RATE, 2), np.float32), RATE)) == 0
    assert len(onsets(both(sine(220, 2)), RATE)) <= 1


@pytest.mark.parametrize("bpm", [90, 120, 133.3, 174])
def test_the_tempo_of_a_beat_is_found(bpm):
    mono = np.zeros(10 * RATE)
    for k in range(int(10 * bpm / 60) - 1):
        place = round(k * 60 / bpm * RATE)
        mono[place : place + RATE // 10] += struck("kick" if k % 2 == 0 else "hat")
    assert tempo(flux(both(mono)), RATE) == pytest.approx(bpm, rel=0.01)


def test_onsets_are_told_early_or_late():
    mono = np.zeros(4 * RATE)
    for k in range(16):
        place = round((k * 0.2 + (0.012 if k % 4 == 2 else 0)) * RATE) + 10
        mono[place : place + RATE // 10] += struck("click")
    grid = hear(both(mono), RATE, 75).grid
    assert grid is not None and (grid.on, grid.late, grid.early) == (12, 4, 0)


# ---------------------------------------------------------------- spectrum and stereo


@pytest.mark.parametrize("place", range(len(EDGES) - 1))
def test_a_band_has_the_level_of_what_lies_in_it(place):
    inside, other = (EDGES[k] * EDGES[k + 1] for k in (place, (place + 4) % (len(EDGES) - 1)))
    sound = both(sine(inside**0.5, 2, 0.1) + sine(other**0.5, 2, 0.4))
    found = spectrum(sound, RATE)
    assert found.bands[place].level == pytest.approx(-10 * np.log10(17), abs=0.5)


@pytest.mark.parametrize(("left", "right", "correlation"), [(1, 1, 1), (1, -1, -1), (1, 0, 1)])
def test_correlation(left, right, correlation):
    wave = sine(440, 1)
    found = spectrum(np.stack([left * wave, right * wave], 1).astype(np.float32), RATE)
    assert found.correlation == pytest.approx(correlation, abs=1e-6) or right == 0


def test_two_noises_that_know_nothing_of_each_other_are_wide_and_not_correlated():
    noise = np.random.default_rng(4).standard_normal((RATE * 2, 2)).astype(np.float32) * 0.1
    found = spectrum(noise, RATE)
    assert abs(found.correlation) < 0.02 and all(abs(band.width) < 1 for band in found.bands if band.low >= 250)


def test_the_width_of_a_band_is_side_over_mid():
    mid, side = sine(700, 2, 0.4), sine(700, 2, 0.1)
    found = spectrum(np.stack([mid + side, mid - side], 1).astype(np.float32), RATE)
    assert found.bands[4].width == pytest.approx(20 * np.log10(0.25), abs=0.1)


def test_a_bass_out_of_phase_is_lost_in_mono():
    low = sine(60, 2)
    assert spectrum(both(low), RATE).mono_loss == pytest.approx(0, abs=0.01)
    assert spectrum(np.stack([low, -0.5 * low], 1).astype(np.float32), RATE).mono_loss == pytest.approx(10, abs=0.1)


def test_the_centroid_of_a_tone_is_its_frequency():
    assert spectrum(both(sine(1234, 2)), RATE).centroid == pytest.approx(1234, rel=0.02)


# ---------------------------------------------------------------- key and notes

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("root", range(12))
def test_the_key_of_a_scale_with_its_triad_is_found(root, mode):
    """Up and down the scale, and the chord of its root: as a bass line and a pad would."""
    steps = MAJOR if mode == "major" else MINOR
    line = [*steps, 12, *reversed(steps)]
    sound = np.concatenate([saw(440 * 2 ** ((45 + root + step - 69) / 12), 0.2) for step in line])
    triad = sum(saw(440 * 2 ** ((45 + root + steps[k] - 69) / 12), 1.5) for k in (0, 2, 4))
    found = keys_of(chroma(both(np.concatenate([sound, triad])), RATE))
    assert found[0].name == f"{NOTES[(45 + root) % 12]} {mode}"


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_where_the_notes_are_known_they_say_the_key_and_not_the_sound(mode):
    tones = [0.0] * 12
    for step, share in zip(MAJOR if mode == "major" else MINOR, (4, 1, 2, 1, 3, 1, 1), strict=True):
        tones[(2 + step) % 12] = share
    other = both(np.concatenate([saw(440 * 2 ** ((57 + step - 69) / 12), 0.2) for step in MAJOR]))
    heard = hear(other, RATE, tones=tones)
    assert (heard.keys[0].name, heard.keys_from) == (f"d {mode}", "notes")
    assert hear(other, RATE, tones=[0, 0, 1, 0, 0, 1, *[0] * 6]).keys_from == "sound"


def test_notes_are_named_in_their_order():
    line = ("a1", 55.0), ("c2", 65.41), ("e2", 82.41), ("g2", 98.0)
    sound = np.concatenate(
        [saw(hertz, 0.4) * np.minimum(1, np.arange(round(0.4 * RATE))[::-1] / 2000) for _, hertz in line]
    )
    heard = hear(both(sound), RATE)
    assert [note.name for note in heard.notes] == [name for name, _ in line]
    assert all(abs(note.cents) < 2 for note in heard.notes)


# ---------------------------------------------------------------- the command


def test_chronus_hear_tells_a_recording_and_a_script_as_json_and_as_a_table(tmp_path):
    home = Home(tmp_path)
    soundfile.write(tmp_path / "tone.wav", sine(440, 2), RATE)
    done = home.chronus("hear", str(tmp_path / "tone.wav"), "--json", seconds=60)
    told = json.loads(done.stdout)
    assert (
        done.returncode == 0 and told["notes"][0]["name"] == "a4" and told["true_peak"] == pytest.approx(-6.02, abs=0.1)
    )
    assert len(told["bands"]) == 9 and told["short_term"] is None
    script = tmp_path / "beat.chronus"
    script.write_text("bpm 120\nload kick\nseq kick: x...x...x...x...\n")
    done = home.chronus("hear", str(script), "--bars", "2", "--vs", str(tmp_path / "tone.wav"), seconds=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 in time, 0 early, 0 late" in done.stdout and "beside" in done.stdout


@pytest.mark.parametrize(
    ("name", "said"), [("none.wav", "no such file"), ("text.wav", "cannot be read"), ("none.chronus", "No such file")]
)
def test_chronus_hear_says_what_cannot_be_read(tmp_path, name, said):
    (tmp_path / "text.wav").write_text("no sound")
    done = Home(tmp_path).chronus("hear", str(tmp_path / name), seconds=60)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
