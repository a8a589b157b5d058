"""`gate` and `pitch` as outputs of whatever plays notes: what they open opens on the same frame, what they tune is in tune."""

import numpy as np
import pytest

from tests.kit.listening import RATE, cents_off
from tests.kit.live import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("notes"))


def _render(home, name, text):
    script = home.folder / f"{name}.chronus"
    script.write_text(text)
    return home.render(script)


def _hertz(sound, begin, freq):
    """How far what sounds in the second from `begin` on is off, in cents."""
    piece = sound[round(begin * RATE) : round((begin + 1) * RATE), 0].astype(float)
    assert np.abs(piece).max() > 0.01, "it is silent"
    return cents_off(piece, freq)


def test_a_gate_that_comes_by_a_cable_opens_and_shuts_on_the_frames_of_its_lane(home):
    rack = "load noise\nload adsr attack=3ms\npatch noise > adsr\n"
    by_lane, _ = _render(home, "lane", f"{rack}seq adsr: X..XX_.X\nwait 2 bars\n")
    lead = "load saw as lead\nunpatch lead\npatch lead.gate > adsr.gate\nseq lead: X..XX_.X\n"
    by_cable, _ = _render(home, "cable", f"{rack}{lead}wait 2 bars\n")
    assert by_cable["sha256"] == by_lane["sha256"] and by_lane["peak_dbfs"] > -40


def test_a_pitch_moves_a_frequency_an_octave_for_an_octave(home):
    text = "load bass\nunpatch bass\nload sine\nset sine.freq 880\npatch bass.pitch > sine.freq\n"
    _, sound = _render(home, "pitch", f"{text}seq bass: a2 e3 every=1/1\nwait 2 bars\n")
    assert abs(_hertz(sound, 0.5, 220.0)) < 0.1
    assert abs(_hertz(sound, 2.5, 2 * 440 * 2 ** (-17 / 12))) < 0.1


def test_of_many_voices_a_single_one_follows_the_newest(home):
    keys = "load sine as keys voices=4\nunpatch keys\nload square\nset square.freq 440\n"
    text = f"{keys}patch keys.pitch > square.freq 12 st\nseq keys: a3 e4 every=1/1 gate=100%\nwait 2 bars\n"
    _, sound = _render(home, "newest", text)
    assert abs(_hertz(sound, 0.5, 220.0)) < 0.1
    assert abs(_hertz(sound, 2.5, 440 * 2 ** (-5 / 12))) < 0.1


def test_what_has_no_pitch_of_its_own_tells_that_of_the_notes_it_follows(home):
    text = "load bass\nload adsr\npatch bass > adsr\nunpatch adsr > out\nload sine\nset sine.freq 440\npatch adsr.pitch > sine.freq\n"
    _, sound = _render(home, "follower", f"{text}seq bass: a4 every=1/1\nwait 1 bar\n")
    assert abs(_hertz(sound, 0.5, 440.0)) < 0.1
    _, sound = _render(home, "follower2", f"{text}seq bass: a3 every=1/1\nwait 1 bar\n")
    assert abs(_hertz(sound, 0.5, 220.0)) < 0.1
