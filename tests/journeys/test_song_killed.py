"""Processes die in the middle of a song while scenes, jumps and half-time wait: it goes on in the right scene at the right bar."""

from __future__ import annotations

import os
import re
import signal

import pytest

from chronus.memory import layout
from tests.kit.live import Engine, alive, engine, until
from tests.kit.takes import in_lockstep, kill, memory_of, settle, take, worker_pids
from tests.kit.talk import Talker

pytestmark = pytest.mark.proof

SONG = """\
bpm 240
load kick; load bass freq=55; load hat; load saw as lead level=-12db; arp lead up
seq kick: x...; seq bass: x.x.; seq hat: ..x?nofill.x?fill.x
scene a = kick, bass.cutoff 400; scene b = kick bass, bass.cutoff 300..3k over 1 bar; scene c = hat bass
song: a*1 b*2 c*1 loop now; every 2 bars fill
"""
SCENES = "abbc"
WAITS = (
    "halftime for 1 bar",
    "fill on for 1 bar",
    "scene c",
    "note lead a2 len=1/2; note lead e3 len=1/1",
    "goto b",
    "goto a",
)
"""What waits for the next bar, or for its end, when a process dies."""


def said(running: Engine, lines: str) -> str:
    with Talker(running.home) as talker:
        replies, _ = talker.say(lines)
    assert all(reply.ok for reply in replies), replies
    return replies[-1].text


def of_role(running: Engine, role: str) -> int:
    return until(lambda: next((p["pid"] for p in running.status()["processes"] if p["role"] == role), 0), 5)  # type: ignore[return-value]


def check_place(status: dict, begun: int, first: int = 1) -> None:
    """The song is where it must be, if its bar `first` began at the bar `begun`."""
    bar, song = status["engine"]["bar"], status["song"]
    assert song["bar"] == (bar - begun + first - 1) % len(SCENES) + 1, (bar, begun, song)
    assert song["section"]["scene"] == SCENES[song["bar"] - 1], song


def bar_told(text: str) -> int:
    found = re.search(r"at bar (\d+)", text)
    assert found, text
    return int(found[1])


def test_a_song_goes_on_through_the_death_of_workers_and_of_control_with_no_frame_lost(tmp_path):
    told = []

    def killing(running, memory):
        for k, line in enumerate(WAITS):
            told.append(said(running, line))
            if k % 2:
                kill(of_role(running, "control"))
            else:
                active = memory.word(layout.ACTIVE)
                kill(worker_pids(running)[active if k % 4 else 1 - active])
                in_lockstep(memory)
            settle(memory, 0.3)

    done = take(tmp_path, killing, song=SONG, after=2.3)
    counters = done.status["counters"]
    assert done.lost == 0 and counters["divergences"] == counters["missing"] == 0, (counters, done.gaps)
    assert counters["switches"] >= 1
    check_place(done.status, bar_told(told[-1]))


def test_a_song_is_in_its_place_after_both_workers_the_host_and_then_all_were_killed(tmp_path):
    with engine(tmp_path, "--device", "null") as running:
        running.say(SONG)
        memory = memory_of(running)
        settle(memory, 0.3)
        begun = bar_told(said(running, "goto b"))
        for pid in worker_pids(running).values():
            os.kill(pid, signal.SIGKILL)
        in_lockstep(memory, 10)
        kill(of_role(running, "host"))
        until(lambda: running.status()["engine"]["bar"] >= begun + 2, 15)
        check_place(running.status(), begun, 2)
        pids = running.pids()
        said(running, "scene a at next 16 bars")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in pids), 5)
        running.process.wait(5)
    with engine(tmp_path, "--device", "null") as running:
        notes = " ".join(running.notes)
        where = re.search(r"the song goes on at bar (\d), in (.)", notes)
        assert where and SCENES[int(where[1]) - 1] == where[2], notes
        assert '"scene a at 16 bars" waited for its time; now it is done' in notes
        status = running.status()
        check_place(status, 1, int(where[1]))
        assert said(running, "list scenes") and status["lanes"] == 3
        assert running.stop() == 0
