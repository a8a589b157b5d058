"""The lines this project began with, rendered and measured."""

from fractions import Fraction

import numpy as np
import pytest
import soundfile

from chronus import places
from tests.kit.live import Home

RATE = 44100


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("founding"))


def _render(home, text, *words):
    script = home.folder / f"s{abs(hash(text)) % 10**8}.chronus"
    script.write_text(text)
    return home.render(script, *words)


def exact(step, bpm):
    """The frame of a sixteenth: the exact position, rounded half to even."""
    return round(Fraction(step) * Fraction(60 * RATE, 4 * bpm))


@pytest.fixture(scope="module")
def drums(home):
    _told, sound = _render(
        home, "bpm 174\nload hat decay=10ms\nseq hat: x.x.x.x.\nset out.limiter off\n", "--bars", "64"
    )
    return sound


def test_onsets_at_174_over_64_bars_stand_on_the_frame_they_belong_to(drums):
    loud = np.abs(drums).max(axis=1)
    steps = range(0, 64 * 16, 2)
    found = []
    for step in steps:
        frame = exact(step, 174)
        before = loud[max(0, frame - 2000) : frame]
        assert not before.any() or before.max() < 1e-5, f"something sounds before step {step}"
        found.append(frame + int(np.argmax(loud[frame : frame + 400] > 1e-5)))
    deviation = np.array(found) - np.array([exact(step, 174) for step in steps])
    assert found[0] == int(deviation[0]) and deviation[0] in (0, 1), "the first is not on frame 0"
    assert np.ptp(deviation) == 0, f"onsets wander by {np.ptp(deviation)} frames"


def test_the_bass_sounds_at_55_hz_within_a_tenth_of_a_cent(home):
    text = "load bass_module\nset bass.freq 55\nset bass.distortion 0.7\nsequence bass: x" + "_" * 255 + " gate=99%\n"
    _, sound = _render(home, text, "--seconds", "12")
    piece = sound[2 * RATE : 10 * RATE, 0].astype(np.float64) * np.hanning(8 * RATE)
    # the phase of the partial at 55 Hz in two halves tells its frequency
    half = 4 * RATE
    window = np.hanning(half)
    turn = np.exp(-2j * np.pi * 55 * np.arange(8 * RATE) / RATE)
    raw = sound[2 * RATE : 10 * RATE, 0] * turn
    first, second = (raw[:half] * window).sum(), (raw[half:] * window).sum()
    drift = np.angle(second / first) / (2 * np.pi * half / RATE)
    assert abs(first) > 1.0 and piece.any()
    assert abs(1200 * np.log2((55 + drift) / 55)) < 0.1


def test_the_founding_lines_are_finite_within_one_and_without_clicks(home):
    text = (
        "load bass_module\nset bass.freq 55\nset bass.distortion 0.7\nsequence bass: x.x.x.x.x.x.x.x.\n"
        "load tb303_module\npatch tb303 > filter > delay\nsequence tb303: ..x...x.x.x.....x\n"
        "Yo! Chronus, drop in some kick and snare for a DnB song...\n"
    )
    told, sound = _render(home, text, "--bars", "16")
    assert np.isfinite(sound).all() and np.abs(sound).max() <= 1.0
    assert told["peak_dbfs"] <= -1.0 and told["lufs"] > -24


def test_the_bass_begins_and_ends_its_notes_without_a_click(home):
    """A torn saw has edges of its own; where a note begins or ends there may be none that are steeper."""
    text = "load bass_module\nset bass.freq 55\nset bass.distortion 0.7\nsequence bass: x.x.x.x.x.x.x.x.\n"
    _, sound = _render(home, text, "--bars", "4")
    steep = np.abs(np.diff(sound[:, 0], 3))
    starts = [exact(step, 120) for step in range(2, 64, 2)]
    ends = [round(start + 0.25 * 60 * RATE / 120 / 2) for start in starts]
    middle = max(steep[start + 800 : end - 200].max() for start, end in zip(starts, ends, strict=True))
    at_starts = max(steep[start - 50 : start + 110].max() for start in starts)
    at_ends = max(steep[end : end + 600].max() for end in ends)
    assert at_starts <= middle and at_ends <= middle


@pytest.mark.parametrize("name", ["classic", "first-beat", "acid"])
def test_the_shipped_patches_play(home, name):
    text = (places.shipped("patches") / f"{name}.chronus").read_text()
    _, sound = _render(home, text + ("gate adsr on\n" if name == "classic" else ""), "--bars", "4")
    assert 0.05 < np.abs(sound).max() <= 1.0


def test_a_file_is_of_24_bits_at_the_engine_s_rate(home, tmp_path):
    (tmp_path / "song.chronus").write_text("load kick\nseq kick: x...\n")
    done = home.chronus("render", str(tmp_path / "song.chronus"), "-o", str(tmp_path / "x.wav"), "--bars", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    told = soundfile.info(tmp_path / "x.wav")
    assert (told.subtype, told.samplerate) == ("PCM_24", RATE)


def test_a_module_dropped_into_a_folder_is_found_without_an_edit_anywhere(home, tmp_path):
    (tmp_path / "halver.py").write_text(
        '"""Half as loud: a module of the tests."""\n'
        "import numpy as np\n"
        "from chronus.dsp.kernel import LANES, kernel\n"
        "from chronus.catalogue.spec import In, Param, Spec\n"
        'SPEC = Spec(kind="halver", help="half as loud", params=(Param("share", 0, 1, 0.5, help="of the level"),),\n'
        '            ins=(In("in"),))\n'
        "@kernel(SPEC)\n"
        "def render(ins, outs, params, moving, state, memory, seed, rate, frames):\n"
        "    for i in range(frames):\n"
        "        for l in range(LANES):\n"
        "            outs[0][i, l] = ins[0][i, l] * params[0][i, l]\n"
    )
    home.environment["CHRONUS_MODULES"] = str(tmp_path)
    try:
        listed = home.chronus("modules", "halver")
        _, plain = _render(home, "load sine\nset out.limiter off\n", "--seconds", "0.5")
        _, halved = _render(home, "load sine\npatch sine > halver\nset out.limiter off\n", "--seconds", "0.5")
    finally:
        del home.environment["CHRONUS_MODULES"]
    assert listed.returncode == 0 and "share" in listed.stdout
    assert np.array_equal(halved, plain * np.float32(0.5))
