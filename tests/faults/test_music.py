"""Random music on control holds, and is seen to fail where control is broken on purpose. More of it: `python -m tests.simulator.music`."""

from __future__ import annotations

import pytest

from chronus.conductor import committing
from chronus.conductor.conductor import Conductor
from chronus.control.jobs import notes
from chronus.memory.layout import Memory
from tests.simulator import music

FEW = 2_000
PIECES = 8
MENDED = (407, 615, 1524, 1644, 2294, 5950)
"""Seeds that failed on the way."""


@pytest.fixture(scope="module")
def memory():
    return Memory()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, FEW, FEW // PIECES))
def test_row_57_random_music_is_answered_in_time_and_played_whole(memory, tmp_path, first):
    for seed in range(first, first + FEW // PIECES):
        wrong = music.run(seed, tmp_path, memory)
        assert not wrong, f"seed {seed}: {wrong}; replay it with python -m tests.simulator.music --seed {seed}"


@pytest.mark.parametrize("seed", MENDED)
def test_row_57_what_failed_once_holds(memory, tmp_path, seed):
    assert music.run(seed, tmp_path, memory) == ""


def fails(memory, folder) -> str:
    return next((wrong for seed in range(60) if (wrong := music.run(seed, folder, memory))), "")


def test_lanes_that_are_not_paid_are_missed(memory, tmp_path, monkeypatch):
    pay = Conductor.pay
    monkeypatch.setattr(Conductor, "pay", lambda self, now=0: pay(self, now)[::2])
    assert "were not given" in fails(memory, tmp_path)


def test_notes_that_are_paid_twice_are_seen(memory, tmp_path, monkeypatch):
    monkeypatch.setattr(notes.Notes, "inherited", property(lambda self: 0, lambda self, frame: None), raising=False)
    assert "twice" in fails(memory, tmp_path)


def test_notes_that_are_lost_with_a_control_killed_behind_a_command_are_missed(memory, tmp_path, monkeypatch):
    monkeypatch.setattr(committing, "AT_ONCE_ENTRIES", 0)
    assert "came too late" in music.run(407, tmp_path, memory)
    assert "only there (first" in music.run(615, tmp_path, memory)
