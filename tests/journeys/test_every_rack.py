"""A rack comes back after SIGKILL of all processes, in a new engine: by the same words, and with the same words saved."""

from __future__ import annotations

import os
import signal

import pytest

from tests.kit.live import Home, alive, engine, until

LINES = """\
bpm 140
load kick as on; seq on: X.......|X..x.... swing=58; load delay; patch on > delay > out.left
set delay.time 1/1, on.decay 4/1
load lfo rate=1/64; load saw voices=8; patch lfo > saw.freq 2 oct
load bass; set bass.decay 1/1, bass.freq 41.2034446; gate bass on
load hat model=808; seq hat: x.x.x.x. every=1/8t vel=33%; mute hat
load tb303 as loop; seq loop: a1 . c2^ a1@2 e2~ d2 . . len=7; solo loop
load sine; unpatch sine > out; load filter; patch filter > filter.cutoff -0.25
set key f# dorian, seed 7, volume -9.5db; swing 66.6
undo; redo; undo 2
bpm 60
"""


@pytest.mark.proof
def test_row_58_a_rack_comes_back_after_the_death_of_all_processes(tmp_path):
    with engine(tmp_path, "--device", "null", "--osc-port", "0") as there:
        for line in LINES.splitlines():
            there.say(line)
        there.say("save before")
        pids = there.pids()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        there.process.wait()
        until(lambda: not any(map(alive, pids)), 2.0, "a process outlived its engine")
    home = Home(tmp_path)
    done = home.chronus("--device", "null", "-c", "save after; new; open before now; save again; list", seconds=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is recovered from" in done.stdout + done.stderr and "not recovered" not in done.stdout + done.stderr
    before, after, again = (
        (tmp_path / "home" / "patches" / f"{name}.chronus").read_text() for name in ("before", "after", "again")
    )
    assert len(before.splitlines()) > 25 and after == before and again == before
    assert "set delay.time 1/1" in before and "gate bass on" in before
