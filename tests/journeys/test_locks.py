"""Workers die in the middle of a step that locks and sweeps parameters, and of a lane's glide: nothing of it is lost, and a worker that
comes back has it too.
"""

from __future__ import annotations

import pytest

from chronus.memory import layout
from tests.kit.takes import in_lockstep, kill, settle, take, worker_pids

pytestmark = pytest.mark.proof

SONG = """\
bpm 120
load bass freq=55 cutoff=300
set bass.sub lfo(random, 1/8, 0..1), bass.pan lfo(saw, 3 Hz, -1..1)
seq bass.resonance: 0.1 _ _ 0.8 every=1/1
seq bass: a1{cutoff=200..4k, distortion=0.9}@16 a1{cutoff=2000, level=-6}@16 gate=100%
"""


def test_a_lock_and_a_glide_go_on_in_the_other_worker_and_in_the_one_that_comes_back(tmp_path):
    def killing(running, memory):
        for _ in range(4):
            kill(worker_pids(running)[memory.word(layout.ACTIVE)])
            in_lockstep(memory)
            settle(memory, 0.3)

    done = take(tmp_path, killing, song=SONG, after=2.5)
    counters = done.status["counters"]
    assert done.lost == 0 and counters["divergences"] == counters["missing"] == 0
    assert counters["switches"] >= 4
