"""What is heard at the end of the chain is what `chronus render` renders, to the bit: on the paced null device, under a real JACK
server, while the interpreter of the host is held and workers are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chronus.memory import layout
from tests.kit.live import Home, engine, first_lost, jack, lost_frames, place_of, until
from tests.kit.machine import undisturbed
from tests.kit.takes import in_lockstep, kill, memory_of, settle, worker_pids

FOUNDING = """\
load bass_module
set bass.freq 55
set bass.distortion 0.7
sequence bass: x.x.x.x.x.x.x.x.
wait 2 bars
"""

CHANGING = """\
bpm 174
load bass freq=55
seq bass: a1 . a1 . c2 . . g1 gate=80%
load kick model=dnb
seq kick: X.........x.....
wait 1 bar
load saw as pad voices=3
patch pad > filter > adsr
seq pad: a2:m7 . . . . . . . every=1/8
set filter.cutoff 200..4000 over 4 bars
wait 2 bars
load tb303
patch tb303 > distortion > delay
seq tb303: ..x...x.x.x.....x
set bass.distortion 0.9, bass.cutoff 900
wait 2 bars
load lfo rate=3
patch lfo > filter.resonance 0.2
patch delay > filter
mute kick
wait 3 bars
unmute kick
unload lfo
bpm 160
seq bass: x.xx.x.x
wait 4 bars
unpatch tb303 > distortion
set delay.time 3/16, delay.feedback 0.6
undo 2
wait 2 bars
clear bass
set out.volume -9
swing 60
wait 6 bars
"""
"""20 bars with sets, sweeps, patches, a feedback cable, voices, and edits of lanes."""


ELSEWHERE = "something else keeps the processors busy"


@pytest.mark.parametrize("period", [128, *(pytest.param(other, marks=pytest.mark.proof) for other in (64, 441, 1024))])
def test_a_run_on_the_null_device_equals_the_rendering_whatever_the_period(tmp_path, period):
    home = Home(tmp_path)
    script = tmp_path / "founding.chronus"
    script.write_text(FOUNDING)
    _told, reference = home.render(script, "--seconds", "3.98")  # then the engine fades out

    def play(attempt):
        heard = tmp_path / f"heard{attempt}.f32"
        words = (str(script), "--device", "null", "--period", str(period))
        done = home.chronus(*words, CHRONUS_NULL_CAPTURE=str(heard), seconds=120)
        assert done.returncode == 0, done.stdout
        # a notice that somebody else keeps the processors busy says nothing of the frames, which are compared
        answers = [line for line in done.stdout.splitlines() if ELSEWHERE not in line]
        assert [line.split()[0] for line in answers] == ["ok"] * 5, done.stdout
        return np.fromfile(heard, np.float32).reshape(-1, 2)

    captured = undisturbed(play, lambda captured: lost_frames(reference, captured, place_of(reference, captured)))
    start = place_of(reference, captured)
    lost = lost_frames(reference, captured, start)
    assert lost == 0, f"{lost} frames, the first {first_lost(reference, captured, start)} after the first sound"
    assert not captured[: max(0, start)].any(), "something was heard before the first line took effect"


def test_the_same_script_gives_the_same_hash_twice_and_in_another_process(tmp_path):
    script = tmp_path / "changing.chronus"
    script.write_text(CHANGING)
    home = Home(tmp_path)
    hashes = {home.render(script)[0]["sha256"] for _ in range(2)}
    done = home.chronus("render", str(script), "-o", str(tmp_path / "another.wav"), "--float", "--json", seconds=120)
    assert hashes == {json.loads(done.stdout)["sha256"]}


def _take_under_jack(tmp_path, name, meanwhile, path):
    """Plays CHANGING on an engine under a JACK server of its own: (status, what was heard, the journal rendered again)."""
    script = tmp_path / "changing.chronus"
    script.write_text(CHANGING)
    with jack(tmp_path, name) as server:
        server.listen()
        with engine(tmp_path, "--device", "jack", **server.environment, PYTHONPATH=path) as running:
            shell = subprocess.Popen(
                [sys.executable, "-m", "chronus", str(script), "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                env=running.home.environment,
            )
            meanwhile(running, shell)
            said, _ = shell.communicate(timeout=90)
            assert shell.returncode == 0, said.decode()[-1500:]
            status = running.status()
            journal = running.journal()
            assert running.stop() == 0
        captured = server.heard()
    _, reference = running.home.render(journal, "--seconds", str(status["engine"]["frame"] / 44100))
    return status, captured, reference


def _compare(captured, reference):
    start = place_of(reference, captured)
    enough = min(len(reference), len(captured) - start) - 4 * 44100 // 100
    assert enough > 25 * 44100, "too little was captured"
    return lost_frames(reference[:enough], captured, start)


@pytest.mark.proof
def test_under_jack_a_live_take_equals_its_journal_while_ten_workers_die_and_a_thread_holds_the_interpreter_of_the_host(
    tmp_path,
):
    killed = []
    path = os.pathsep.join([str(Path(__file__).parent / "hog"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)

    def killing(running, shell):
        memory = memory_of(running)
        until(lambda: memory.word(layout.HEARD) > 0, 10)
        killed.clear()
        while len(killed) < 10:
            settle(memory, 1)
            killed.append(worker_pids(running)[memory.word(layout.ACTIVE)])
            kill(killed[-1])
            in_lockstep(memory)
        assert shell.poll() is None, "the script ended before ten workers were killed"

    def play(attempt):
        folder = tmp_path / f"take{attempt}"
        folder.mkdir()
        status, captured, reference = _take_under_jack(folder, f"chronus_kill_{os.getpid()}_{attempt}", killing, path)
        return status, _compare(captured, reference)

    status, lost = undisturbed(play, lambda done: done[1])
    assert len(set(killed)) == 10
    assert status["counters"]["switches"] >= 10 - 1
    assert lost == 0 and status["counters"]["missing"] == 0
