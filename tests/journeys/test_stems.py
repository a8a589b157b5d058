"""Stems: what each module contributes to `out`; together they are what `out` is given."""

import json

import numpy as np
import pytest
import soundfile

from chronus.ears.levels import peak_dbfs
from chronus.render import take
from tests.kit.live import Home

SCRIPT = """\
bpm 240
load kick; load bass; load saw as lead; load delay; load noise as hiss
patch lead > filter > delay
patch hiss > out.left
set lead.gain 0.2, hiss.gain 0.1
seq kick: x...x...
seq bass: a1 . c2 .
seq lead: a3 . e4 .
wait 1 bar
unload kick
load kick as thud
patch thud > out.right
seq thud: x.x.
wait 1 bar
"""
NAMES = ["bass", "delay", "hiss", "kick", "lead", "thud"]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("stems"))
    script, out = home.folder / "song.chronus", home.folder / "song.wav"
    script.write_text(SCRIPT)
    words = ("render", str(script), "-o", str(out), "--float", "--stems", "--json", "--seconds", "2.5")
    first, again = home.chronus(*words, seconds=120), home.chronus(*words, seconds=120)
    assert first.returncode == again.returncode == 0, first.stdout + first.stderr
    return home.folder, json.loads(first.stdout), json.loads(again.stdout)


def test_there_is_a_file_a_module_that_reaches_out(rendered):
    folder, told, again = rendered
    assert [stem["name"] for stem in told["stems"]] == [name for name in NAMES if name != "lead"]
    assert sorted(path.name for path in folder.glob("song-*.wav")) == [f"song-{s['name']}.wav" for s in told["stems"]]
    assert told["stems"] == again["stems"] and told["sha256"] == again["sha256"]


def test_the_stems_add_up_to_what_out_is_given(rendered):
    folder, told, _ = rendered
    whole = take.Take(44100, 0, stems=NAMES)
    take.play_script(whole, SCRIPT)
    whole.render(told["frames"])
    stems = [soundfile.read(folder / f"song-{stem['name']}.wav", dtype="float64")[0] for stem in told["stems"]]
    given = whole.sound(told["frames"]).astype(float)
    assert {len(stem) for stem in stems} == {told["frames"]}
    assert np.abs(sum(stems) - given).max() < 1e-6 and peak_dbfs(given) > -12
    hiss, thud = stems[2], stems[4]
    assert not hiss[:, 1].any() and hiss[:, 0].any() and not thud[:, 0].any() and thud[:, 1].any()


BUSES = """\
bpm 240
load kick; load snare; load hat; load bass; load bus as drums; load bus as all; load reverb as room; load bus as loop
patch kick > drums; patch snare > drums -6db; patch drums > all; patch bass > all; patch drums > room; patch room > all
patch hat > loop; patch loop > out; patch loop > delay -6db; patch delay > loop -6db; unpatch delay > out
set drums.level -3db, drums.pan 0.4, all.pan -0.2, room.mix 1
seq kick: x...x...
seq snare: ..x...x.
seq hat: xxxx
seq bass: a1 . c2 .
set drums.level -9db over 1 bar
wait 1 bar
unpatch snare > drums
wait 1 bar
"""


def test_what_leads_into_a_bus_has_a_stem_and_what_hears_the_bus_too(tmp_path):
    home = Home(tmp_path)
    (tmp_path / "song.chronus").write_text(BUSES)
    told, _ = home.render(tmp_path / "song.chronus", "--stems", "--seconds", "2")
    assert [stem["name"] for stem in told["stems"]] == ["bass", "kick", "loop", "room", "snare"]
    whole = take.Take(44100, 0, stems=[stem["name"] for stem in told["stems"]])
    take.play_script(whole, BUSES)
    whole.render(told["frames"])
    given = whole.sound(told["frames"]).astype(float)
    stems = {stem["name"]: soundfile.read(stem["file"], dtype="float64")[0] for stem in told["stems"]}
    assert np.abs(sum(stems.values()) - given).max() < 1e-6 and peak_dbfs(given) > -20
    assert all(np.abs(sound).max() > 0.003 for sound in stems.values())
    sides = [np.abs(part[:, 0] - part[:, 1]).max() for part in (stems["snare"][:40_000], stems["snare"][60_000:])]
    assert sides[0] > 0.003 and sides[1] == 0  # the pan of the buses; then it leads straight to `out`


INSERTED = """\
bpm 240
load kick; load bass; load compressor
seq kick: x...x...
seq bass: a1 . c2 .
insert compressor on out as glue ratio=8 threshold=-30
insert distortion on out as dirt drive=0.9
insert limiter on out
wait 1 bar
unload dirt
wait 1 bar
"""


def test_with_inserts_on_out_the_stems_are_what_comes_to_the_first_of_them(tmp_path):
    home = Home(tmp_path)
    (tmp_path / "song.chronus").write_text(INSERTED)
    (tmp_path / "bare.chronus").write_text(
        "\n".join(line for line in INSERTED.splitlines() if "dirt" not in line and "insert" not in line)
    )
    told, _ = home.render(tmp_path / "song.chronus", "--stems", "--seconds", "2")
    bare, _ = home.render(tmp_path / "bare.chronus", "--stems", "--seconds", "2")
    assert (
        [stem["name"] for stem in told["stems"]]
        == [stem["name"] for stem in bare["stems"]]
        == ["bass", "compressor", "kick"]
    )
    for stem, other in zip(told["stems"][::2], bare["stems"][::2], strict=True):
        given, plain = (soundfile.read(one["file"], dtype="float32")[0] for one in (stem, other))
        apart = np.abs(given - plain).max(1) > 1e-6
        fade = slice(44100, 44100 + 441)  # one cable fades out while another fades in
        assert np.abs(plain).max() > 0.1 and apart[fade].sum() == apart.sum()


def test_stems_are_as_long_as_a_whole_that_ends_by_itself(tmp_path):
    home = Home(tmp_path)
    (tmp_path / "song.chronus").write_text(
        "bpm 400\nload bass\nload delay\npatch bass > delay\nseq bass: x...\nwait 1 bar\n"
    )
    told, sound = home.render(tmp_path / "song.chronus", "--stems")
    (stem,) = told["stems"]
    dry, _ = soundfile.read(stem["file"], dtype="float32")
    assert len(dry) == len(sound) == told["frames"] > 26460 and np.abs(dry[26460:]).max() > 0.001
