"""A recording is set while a song plays: nothing is lost, whoever dies meanwhile, and the journal renders the same bytes."""

from __future__ import annotations

import os
import signal

import pytest

from chronus.memory import layout
from tests.kit.live import Engine, Home, alive, engine, until
from tests.kit.reading import MODULES, write
from tests.kit.takes import SONG, in_lockstep, kill, memory_of, settle, take, worker_pids
from tests.kit.talk import Talker

pytestmark = pytest.mark.proof

LONG = 10.0
"""Seconds of the recording, in stereo and at another rate than the engine's."""


def own(running: Engine) -> Talker:
    running.home.environment["CHRONUS_MODULES"] = str(MODULES)
    talker = Talker(running.home)
    talker.fine("load sampler; set sampler.gain 0.5; seq sampler: c4 . . . e4 . c5 . now")
    return talker


def test_a_long_recording_set_while_a_song_plays_costs_no_frame_and_nobody_waits_for_it(tmp_path, figure):
    write(tmp_path / "long.wav", LONG, rate=48000)
    write(tmp_path / "short.wav", 0.2, 1200)
    said, others = [], []

    def setting(running, memory):
        said.clear()
        others.clear()
        with own(running) as talker, Talker(running.home) as other:
            settle(memory, 0.3)
            for name in ("long.wav", "short.wav", "long.wav"):
                talker.begin(f'set sampler.file "{tmp_path}/{name}"')
                while not talker.heard():
                    others.append(other.fine("set kick.decay 250"))
                (reply,), seconds = talker.rest()
                assert reply.ok, reply.text
                said.append(seconds)
                settle(memory, 0.4)
            assert talker.ask(f'set sampler.file "{tmp_path}/gone.wav"').code == "E_FILE"
            talker.fine("undo")
            settle(memory, 0.4)

    done = take(tmp_path, setting, song=SONG, CHRONUS_MODULES=str(MODULES))
    counters = done.status["counters"]
    assert (
        done.lost == 0
        and counters["divergences"] == counters["missing"] == counters["silent"] == counters["guarded"] == 0
    )
    figure(
        f"a recording of 10 s in stereo, resampled, is set after {max(said) * 1e3:.0f} ms (longest of {len(said)}, with its trial)"
    )
    figure(f"answer to somebody else meanwhile: {max(others, default=0) * 1e3:.1f} ms (longest of {len(others)})")


def test_whoever_dies_while_it_plays_finds_the_recording_again(tmp_path):
    write(tmp_path / "long.wav", LONG)

    def killing(running, memory):
        with own(running) as talker:
            talker.fine(f'set sampler.file "{tmp_path}/long.wav"')
            settle(memory, 1.0)
            for slot in (memory.word(layout.ACTIVE), 1 - memory.word(layout.ACTIVE)):
                kill(worker_pids(running)[slot])
                in_lockstep(memory)
                settle(memory, 0.2)
            for pid in running.pids():
                if pid in [p["pid"] for p in running.status()["processes"] if p["role"] == "control"]:
                    kill(pid)
            settle(memory, 1.0)

    done = take(tmp_path, killing, song=SONG, CHRONUS_MODULES=str(MODULES))
    assert done.lost == 0 and done.status["counters"]["divergences"] == 0
    assert done.status["counters"]["switches"] >= 1


def test_an_engine_that_is_killed_plays_the_recording_again_or_says_that_it_has_changed(tmp_path):
    write(tmp_path / "a.wav")
    write(tmp_path / "b.wav", frequency=900)
    with engine(tmp_path, "--device", "null", CHRONUS_MODULES=str(MODULES)) as running:
        with own(running) as talker:
            talker.fine(f'set sampler.file "{tmp_path}/a.wav"; load sampler as two file="{tmp_path}/b.wav"; load kick')
        pids = running.pids()
        os.kill(running.process.pid, signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in pids), 5)
    write(tmp_path / "b.wav", frequency=901)
    with engine(tmp_path, "--device", "null", CHRONUS_MODULES=str(MODULES)) as again:
        assert any("b.wav has changed since it was set; in its place is silence" in note for note in again.notes), (
            again.notes
        )
        with Talker(again.home) as talker:
            settle(memory_of(again), 1.0)
            talker.fine(f'assert sampler.file == "{tmp_path}/a.wav"; assert two.file == "{tmp_path}/b.wav"; show kick')
            said = talker.ask("show two").lines
            assert f'file "{tmp_path}/b.wav" (not found: silent)' in said, said
            talker.fine(f'set two.file "{tmp_path}/b.wav"')
            assert "not found" not in "\n".join(talker.ask("show two").lines)


def test_a_file_is_named_from_the_folder_of_who_types_it(tmp_path):
    home = Home(tmp_path)
    here = tmp_path / "here"
    here.mkdir()
    write(here / "kick.wav")
    home.environment["CHRONUS_MODULES"] = str(MODULES)
    script = here / "song.chronus"
    script.write_text('load sampler\nset sampler.file "kick.wav"\nseq sampler: c4 . . .\nwait 1 bar\nsave song\n')
    os.chdir(here)
    try:
        done = home.chronus(str(script), "--device", "null")
        assert done.returncode == 0 and f'"{here}/kick.wav" (0.5 s, stereo' in done.stdout, done.stdout
        rendered = home.chronus("render", "song.chronus", "-o", "one.wav", "--bars", "1", "--json")
        os.chdir(tmp_path)
        saved = home.chronus("render", "song", "-o", "two.wav", "--bars", "1", "--json")
    finally:
        os.chdir(os.path.dirname(os.path.dirname(__file__)))
    assert rendered.returncode == saved.returncode == 0, rendered.stdout + saved.stdout
    sha = [line.split('"sha256": "')[1][:64] for line in (rendered.stdout, saved.stdout)]
    assert sha[0] == sha[1]
