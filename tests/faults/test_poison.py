"""Rows 8, 12, 15 and 16 of the table of faults: modules that crash, hang, or yield NaN."""

import numpy as np
import pytest

from chronus.memory import layout
from tests.faults.takes import in_lockstep, memory_of, settle
from tests.live import engine, until

BOMB = '''"""A module of the tests that can be told to break."""
from chronus.dsp.kernel import LANES, kernel, plane_f64
from chronus.dsp.spec import Param, Spec, switch

SPEC = Spec(kind="bomb", help="breaks when told to", params=(
    switch("crash", ("off", "on"), "off", "writes where nothing is"),
    switch("hang", ("off", "on"), "off", "never returns"),
    switch("nan", ("off", "on"), "off", "divides by zero"),
))


@kernel(SPEC)
def render(ins, outs, params, moving, state, memory, seed, rate, frames):
    if params[0][0, 0] > 0.5:
        plane_f64(64, 1, 1)[0, 0] = 1.0
    while params[1][0, 0] > 0.5:
        state_was = params[1][0, 0]
        params[1][0, 0] = state_was
    for i in range(frames):
        for l in range(LANES):
            outs[0][i, l] = params[2][i, l] * 0.0 / (params[2][i, l] - params[2][i, l]) if params[2][i, l] > 0.5 else 0.0
'''


@pytest.fixture
def running(tmp_path):
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "bomb.py").write_text(BOMB)
    with engine(tmp_path, "--device", "null", CHRONUS_MODULES=str(folder)) as there:
        there.home.environment["CHRONUS_MODULES"] = str(folder)
        there.home.chronus("-c", "load kick; seq kick: x...; load bomb")
        yield there


@pytest.mark.parametrize("how", ["crash", "hang"])
def test_rows_8_15_16_a_module_that_brings_workers_down_is_named_and_taken_out(running, how):
    memory = memory_of(running)
    settle(memory, 0.3)
    silent = memory.word(layout.SILENT)
    running.home.chronus("-c", f"set bomb.{how} on", seconds=30)
    until(lambda: memory.word(layout.QUARANTINE) > 0, 5, "nobody was blamed")
    in_lockstep(memory, 5)
    settle(memory, 0.5)
    restarts = sum(p["restarts"] for p in running.status()["processes"] if p["role"] == "worker")
    settle(memory, 1.0)
    status = running.status()
    assert sum(p["restarts"] for p in status["processes"] if p["role"] == "worker") == restarts, "it goes on crashing"
    assert status["slots"]["mode"] == "duplex"
    assert (memory.word(layout.SILENT) - silent) / 44100 <= 0.3
    print(f"{how}: {restarts} restarts, {(memory.word(layout.SILENT) - silent) / 44.1:.0f} ms of silence")
    assert running.home.chronus("-c", "set kick.decay 300; unload bomb").returncode == 0


def test_row_12_a_module_that_yields_nan_is_silenced_alone(running):
    memory = memory_of(running)
    settle(memory, 0.3)
    running.home.chronus("-c", "set bomb.nan on")
    until(lambda: memory.word(layout.GUARDED0) > 0, 2)
    status = running.status()
    assert status["counters"]["guarded"] > 0 and status["counters"]["missing"] == 0
    blocks = memory.ring(memory.word(layout.ACTIVE)).view(np.float32).reshape(layout.RING_BLOCKS, -1)
    samples = blocks[:, layout.RING_HEAD * 2 :]
    assert np.isfinite(samples).all() and np.abs(samples).max() > 0
