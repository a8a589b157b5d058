"""The lines to try that every kind offers: asked of every module, found by looking."""

import numpy as np
import pytest

from chronus.render.take import Take
from tests.kit.typed import RATE, said
from tests.laws.test_modules import KERNELS

BAR = 2 * RATE


@pytest.mark.parametrize("kind", KERNELS)
def test_three_lines_to_try_are_done_and_heard(kind):
    tries = KERNELS[kind].spec.tries
    assert len(tries) == 3
    assert any(kind in line for line in tries)
    take = Take(RATE, 0)
    for number, line in enumerate(tries):
        said(take, number * BAR, [part.strip() for part in line.split(";")])
    take.render(3 * BAR + take.latency)
    assert np.abs(take.sound(3 * BAR)).max() > 0.05
