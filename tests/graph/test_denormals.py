"""Denormal numbers are zero while a block is rendered, and only then."""

import numpy as np

from chronus.dsp.kernel import compiled
from chronus.graph.denormals import flush_denormals, put_back
from chronus.render.take import Take, play_script

LEAST = np.finfo(np.float32).tiny


@compiled
def _halved(numbers, flushes):
    mode = flush_denormals() if flushes else 0
    for k in range(len(numbers)):
        numbers[k] *= np.float32(0.5)
    if flushes:
        put_back(mode)


def _halves(flushes):
    numbers = np.array([LEAST, LEAST / 2, 2 * LEAST, -LEAST], np.float32)
    _halved(numbers, flushes)
    return numbers.tolist()


def test_what_is_denormal_becomes_zero_and_what_is_read_as_such_counts_as_zero():
    assert _halves(True) == [0.0, 0.0, float(LEAST), 0.0]


def test_the_mode_from_before_is_put_back():
    _halves(True)
    assert _halves(False) == [float(LEAST) / 2, float(LEAST) / 4, float(LEAST), -float(LEAST) / 2]
    assert np.float32(LEAST) * np.float32(0.5) > 0


def test_a_filter_that_rings_out_keeps_no_denormal_number():
    take = Take(44100, 0)
    lines = "load saw freq=110; load ladder; patch saw > ladder; gate saw on", "wait 0.2 s", "gate saw off", "wait 4 s"
    wrong, _ = play_script(take, "\n".join(lines), None)
    assert not wrong
    kept = np.abs(take.memory.arena(0)[: 1 << 18].view(np.float64))
    assert take.sound().any() and not ((kept > 1e-45) & (kept < LEAST)).any()
