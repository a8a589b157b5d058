"""The figures of `chronus bench`, printed into the report of the run; gates only on ratios within one run, because machines differ."""

import json
import statistics
import time

import numpy as np
import pytest
from numba import njit

from chronus.dsp.kernel import HEAD, call_kernel
from chronus.modules import saw
from tests.kit.live import Home
from tests.kit.rig import BLOCK, Rig


@pytest.mark.proof
def test_the_figures_of_chronus_bench_are_all_there(tmp_path, figure):
    done = Home(tmp_path).chronus("bench", "--json", seconds=180)
    found = json.loads(done.stdout.splitlines()[-1])["figures"]
    for one in found:
        bar = "" if one["bar"] is None else f"(bar {one['bar']:g}: {'holds' if one['holds'] else 'MISSED'})"
        figure(f"  {one['name']:<42} {one['value']:10.3f} {one['unit']} {bar}")
    assert len(found) == 10 and all(one["value"] > 0 for one in found)


@njit
def _many(address, table, times):
    for _ in range(times):
        call_kernel(address, table, 0, BLOCK)


def _stopwatch(lanes):
    """Measures once, when called: microseconds that a block of one voice takes."""
    rig = Rig(saw.render, lanes=lanes)
    spec = rig.spec
    signals = [
        np.ones((BLOCK, lanes), np.float32) if p.role in ("gate", "velocity") else np.zeros((BLOCK, lanes), np.float32)
        for p in spec.ins
    ]
    signals += [np.zeros((BLOCK, lanes), np.float32) for _ in spec.outs]
    signals += [np.full((BLOCK, lanes), p.default, np.float32) for p in spec.params]
    table = np.zeros(HEAD + len(signals), np.int64)
    table[:7] = [rig.state.ctypes.data, len(rig.state), rig.memory.ctypes.data, len(rig.memory), 0, 1, 44100]

    def measure():
        table[HEAD:] = [signal.ctypes.data for signal in signals]
        began = time.perf_counter()
        _many(rig.address, table.ctypes.data, 400)
        return (time.perf_counter() - began) / 400 * 1e6 / lanes

    return measure


def test_voices_side_by_side_cost_less_than_half_of_voices_one_by_one():
    """In turn, and the median of the pairs: others at work slow both of a pair, and now and then one of them alone."""
    one, many = _stopwatch(1), _stopwatch(32)
    assert statistics.median(many() / one() for _ in range(100)) < 0.5
