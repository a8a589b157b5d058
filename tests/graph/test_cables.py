"""Voices that meet in a cable: their sum does not depend on where in a block a frame lies, and is the same however it is vectorised."""

import numpy as np
import pytest

from chronus.graph.cables import meet


def by_halves(frame):
    while len(frame) > 1:
        frame = frame[: len(frame) // 2] + frame[len(frame) // 2 :]
    return frame[0]


@pytest.mark.parametrize("lanes", [1, 2, 8, 32, 64])
def test_voices_are_added_by_halves(lanes):
    sound = np.random.default_rng(lanes).uniform(-1, 1, (64, lanes)).astype(np.float32)
    expected = np.array([by_halves(frame) for frame in sound])
    for first, count in ((0, 64), (5, 1), (17, 31)):
        mono = np.full(64, np.nan, np.float32)
        meet(sound[first:].reshape(-1), count, lanes, mono)
        assert np.array_equal(mono[:count], expected[first : first + count])
        assert np.isnan(mono[count:]).all()
