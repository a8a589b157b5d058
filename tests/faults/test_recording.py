"""Rows 43 and 46: what is recorded while processes die and the disk fills."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chronus.journal import reading
from chronus.memory.layout import HEARD, MISSING
from tests.kit.live import alive, engine, until
from tests.kit.takes import RATE, in_lockstep, memory_of, settle
from tests.kit.talk import Talker

pytestmark = [pytest.mark.clock, pytest.mark.proof]

MUSIC = "load kick; seq kick: x...x...; load reese; seq reese: a1 . c2 . every=1/8"


def _pid(running, role: str) -> int:
    return next((one["pid"] for one in running.status()["processes"] if one["role"] == role), 0)


def test_row_46_whatever_is_killed_the_recording_is_whole_and_its_script_gives_it_again(tmp_path, measured):
    with engine(tmp_path, "--device", "null") as running, Talker(running.home) as line:
        line.fine(MUSIC)
        memory = memory_of(running)
        assert line.ask("record evening at next bar").ok
        settle(memory, 2.2)
        for what in ("active", "standby"):
            line.fine(f"crash {what}")
            in_lockstep(memory, 8)
        line.fine("bpm 150; set reese.cutoff 300..3000 over 1 bar")
        first = _pid(running, "recorder")
        os.kill(first, signal.SIGKILL)
        until(lambda: _pid(running, "recorder") not in (0, first), 3, "no recorder goes on")
        settle(memory, 0.3)
        line.fine("crash both")
        in_lockstep(memory, 8)
        line.fine("crash host")
        settle(memory, 0.3)
        before = running.status()["recording"]["frames"]
        control = _pid(running, "control")
        line.ask("crash control")
        until(lambda: not alive(control), 3)
        with Talker(running.home) as again:
            assert again.ask("list").result["recording"]["frames"] >= before
            again.fine("wait 2 bars")
            kept = again.ask("keep 2 bars").result
            stopped = again.ask("record stop")
        assert stopped.ok, stopped.text
        until(Path(kept["file"]).exists, 30, "nothing is kept")
        facts = stopped.result
        heard, _ = soundfile.read(facts["file"], dtype="float32", always_2d=True)
        assert len(heard) == facts["frames"] > 2 * RATE and np.abs(heard).max() > 0.1
        assert running.stop() == 0
        _told, rendered = running.home.render(facts["script"])
    assert len(rendered) == len(heard)
    differs = int((rendered != heard).any(axis=1).sum())
    measured("46", "frames of it missing", facts["missing"], bar=RATE)
    again, _ = soundfile.read(kept["file"], dtype="float32", always_2d=True)
    at = reading.read(Path(kept["file"]).with_suffix(".chronus")).header["stretch"][0] - facts["start"]
    assert np.array_equal(again, heard[at : at + len(again)]), "what was kept is not what was recorded"
    measured("46", "frames that differ and are not told", differs - facts["missing"], bar=0)


def test_row_46_where_the_whole_engine_is_killed_the_file_lacks_a_second_at_most(tmp_path, measured):
    with engine(tmp_path, "--device", "null") as running, Talker(running.home) as line:
        line.fine(MUSIC)
        memory = memory_of(running)
        begun = line.ask("record evening")
        settle(memory, 1.6)
        running.process.kill()
        running.process.wait(10)
        heard = memory.word(HEARD) - begun.frame
        sound, rate = soundfile.read(begun.result["file"], dtype="float32", always_2d=True)
    assert rate == RATE and np.abs(sound).max() > 0.1
    measured("46", "frames missing where the engine is killed", heard - len(sound), bar=RATE)


def test_row_43_where_the_disk_is_full_recording_ends_and_the_music_goes_on(tmp_path, measured):
    with engine(tmp_path, "--device", "null") as running, Talker(running.home) as line:
        line.fine(MUSIC)
        memory = memory_of(running)
        file = Path(line.ask("record evening").result["file"])
        settle(memory, 0.3)
        size = file.stat().st_size + 100_001
        resource.prlimit(_pid(running, "recorder"), resource.RLIMIT_FSIZE, (size, size))
        until(lambda: file.stat().st_size >= size - 8, 5, "it is not full")
        began = time.monotonic()
        told = line.notice("record")
        measured("43", "told after", time.monotonic() - began, "s", bar=1)
        assert told.startswith("evening.wav: File too large; the music goes on, and ")
        settle(memory, 0.3)
        measured("43", "blocks missing", memory.word(MISSING), bar=0)
        assert running.status()["recording"] is None and line.ask("record").ok
    sound, _ = soundfile.read(file, dtype="float32", always_2d=True)
    assert len(sound) == (size - (file.stat().st_size - 8 * len(sound))) // 8 and np.abs(sound).max() > 0.1


EDITS = (
    "set reese.cutoff 300..3000 over 2 bars", "mute kick for 1 bar", "seq hat: x*2 . x . [xx] . x?50 .", "undo", "redo",
    "set bass.distortion 0.8", "halftime for 1 bar", "seq bass: a1 . c2~ e2 . a1 . g1", "unload delay", "patch bass > delay",
    "note reese a3", "set volume -8db",
)  # fmt: skip
KILLS = ("active", "standby", "both", "host", "control")


def _one(chance: random.Random) -> str:
    """An edit, another tempo, or a death."""
    which = chance.random()
    if which < 0.3:
        return f"bpm {chance.randint(120, 180)}" + " over 2 bars" * (which < 0.1)
    return f"crash {chance.choice(KILLS)}" if which < 0.5 else chance.choice(EDITS)


@pytest.mark.soak
@pytest.mark.timeout(1500)
def test_row_46_what_is_kept_after_ten_minutes_of_edits_kills_and_tempos_is_what_was_recorded(tmp_path, measured):
    chance = random.Random(7)
    with engine(tmp_path, "--device", "null") as running:
        running.say(f"bpm 150; {MUSIC}; load hat; seq hat: ..x.; load bass; seq bass: a1 . c2 .; patch bass > delay")
        memory = memory_of(running)
        begun, goal = None, memory.word(HEARD) + 600 * RATE
        while memory.word(HEARD) < goal:
            if begun is None and memory.word(HEARD) > goal - 75 * RATE:
                with Talker(running.home) as line:
                    begun = line.ask("record tail at next bar")
            with contextlib.suppress(ConnectionError), Talker(running.home) as line:  # control may die of it
                line.ask(_one(chance))
            settle(memory, 2 + 2 * chance.random())
        with Talker(running.home) as line:
            kept, stopped = line.ask("keep 32 bars"), line.ask("record stop").result
        until(Path(kept.result["file"]).exists, 300, "nothing is kept")
        again, _ = soundfile.read(kept.result["file"], dtype="float32", always_2d=True)
        heard, _ = soundfile.read(stopped["file"], dtype="float32", always_2d=True)
        start = reading.read(Path(kept.result["file"]).with_suffix(".chronus")).header["stretch"][0]
        at = start - stopped["start"]
        assert at >= 0 and len(again) > 30 * RATE and np.abs(again).max() > 0.1
        differs = int((heard[at : at + len(again)] != again).any(axis=1).sum())
        measured("46", "frames of 32 bars that are kept and not as recorded", differs, bar=0)
