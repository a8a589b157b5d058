"""Patches that nobody would make: thirty modules, sixty cables anywhere, in circles too, and lines that change them while they play.

What comes out is finite and below the ceiling; the same lines give the same bytes; and so does a replica that is killed meanwhile and
comes back from the other's snapshot. CHRONUS_PATCHES says how many; `make test` plays a few.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from chronus.graph.block import block_address
from chronus.memory.layout import A_PROGRAM, A_USED, CHANNELS
from chronus.memory.program import Instance, Program
from chronus.render.take import Take
from chronus.worker import unpaced
from chronus.worker.binding import Bindings
from chronus.worker.replica import lay_snapshot
from tests.kit.peaks import ideal_peak
from tests.kit.random_patches import RandomPatch, say

RATE = 44100
PATCHES = int(os.environ.get("CHRONUS_PATCHES", "3"))
MODULES, BEATS, BEAT = 30, 16, 8000
CEILING = 10 ** (-1 / 20)


class Twins(Take):
    """A take that a second replica renders as well, from the same log; `kill` ends that one and lets another come back in its place."""

    def __init__(self, seed: int) -> None:
        super().__init__(RATE, seed)
        self.programs: list[Program] = []
        self.differing = 0
        self._begin()

    def _begin(self) -> None:
        self.second = Bindings(self.kernels, RATE, self.shelf)
        playing = int(self.memory.arena(1)[A_PROGRAM])
        for program in self.programs:
            if program.number >= playing:
                self.second.bind(program, self.memory.arena(1).ctypes.data)

    def _lay(self, program: Program | None) -> None:
        super()._lay(program)
        if program is not None:
            self.programs.append(Program.read(self.memory.program(program.number)))
            self.second.bind(self.programs[-1], self.memory.arena(1).ctypes.data)

    def _render(self, count: int, out: np.ndarray) -> int:
        done = super()._render(count, out)
        again = np.empty((len(out), CHANNELS), np.float32)
        memory = self.memory
        assert done == unpaced.render(
            block_address(), memory.board, memory.log, memory.arena(1), self.second.table, count, again
        )
        self.differing += int((out.view(np.int32) != again.view(np.int32)).any(axis=1).sum())
        return done

    def kill(self) -> None:
        """In the middle of a write: what lies in the arena cannot be trusted."""
        arena = self.memory.arena(1)
        arena[64 : int(arena[A_USED]) // 8] = 0x7FF8_DEAD_BEEF_0000
        lay_snapshot(self.memory.arena(0), arena)
        self._begin()


def played(seed: int) -> tuple[np.ndarray, Twins, list[str]]:
    take = Twins(seed)
    patch = RandomPatch(take.conductor.catalogue, seed, MODULES)
    done = say(take, 0, patch.begin())
    for beat in range(1, BEATS):
        done += say(take, beat * BEAT, [patch.change() for _ in range(4)])
        if beat % 3 == 0:
            take.kill()
    take.render(BEATS * BEAT)
    return take.sound(), take, done


@pytest.mark.parametrize("seed", range(PATCHES))
def test_any_patch_is_finite_below_the_ceiling_and_the_same_in_both_replicas(seed):
    sound, take, done = played(seed)
    assert len(done) > 2 * MODULES and len(sound) > (BEATS - 1) * BEAT
    assert np.isfinite(sound).all()
    # it breaks off in the middle of a wave, and what that makes would be found
    fade = np.clip(np.arange(len(sound), 0, -1) / 200, 0, 1)[:, None]
    assert max(ideal_peak(sound[:, side] * fade[:, 0]) for side in range(CHANNELS)) <= CEILING
    assert take.differing == 0
    again, _, lines = played(seed)
    assert lines == done and again.tobytes() == sound.tobytes()


def test_two_replicas_that_differ_are_seen():
    take = Twins(0)
    say(take, 0, ["load saw"])
    take.render(RATE // 2)
    take.memory.arena(1)[take.programs[-1].instances[0][Instance.STATE_AT] // 8] += 1 << 40
    take.render(RATE)
    assert take.differing > 0
