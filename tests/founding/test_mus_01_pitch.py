"""MUS-01, pitch. As first defined: every oscillator within 1 cent from 110 to 1760 Hz, and within 0.254 Hz at 440.

Asked here of the whole way of a line, of every oscillator there is and ten times as strictly: 0.1 cent. tests/laws/test_oscillators.py
asks a thousandth of a cent of the kernels alone.
"""

from __future__ import annotations

import numpy as np
import pytest

from chronus.dsp.discovery import discover
from chronus.dsp.oscillator import INS
from chronus.places import modules_folders
from tests.kit.listening import cents_off
from tests.kit.typed import RATE, heard

OSCILLATORS = [kind for kind, kernel in discover(modules_folders()).items() if kernel.spec.ins == INS]
HERTZ = (110, 220, 440, 880, 1760)
NOTES = {"a2": 110, "e4": 440 * 2 ** (-5 / 12), "a4": 440, "c#6": 440 * 2 ** (16 / 12), "a6": 1760}
SECONDS = 3
SETTLED = RATE // 10


def played(*lines: str) -> np.ndarray:
    """The left side of what is heard, once it has settled."""
    return heard({0: lines}, SECONDS * RATE)[SETTLED:, 0].astype(float)


@pytest.mark.parametrize("kind", OSCILLATORS)
def test_a_frequency_that_is_typed_is_what_is_heard(kind, held):
    off = {hertz: cents_off(played(f"load {kind} freq={hertz}"), hertz) for hertz in HERTZ}
    held(f"{kind}: cents off, worst of 110..1760 Hz", max(map(abs, off.values())), "ct", most=0.1)
    held(f"{kind}: off at 440 Hz", abs(440 * (2 ** (off[440] / 1200) - 1)), "Hz", most=0.254)


@pytest.mark.parametrize("kind", OSCILLATORS)
def test_a_note_that_is_played_is_what_is_heard(kind, held):
    off = [cents_off(played(f"load {kind}", f"seq {kind}: {note}@64"), hertz) for note, hertz in NOTES.items()]
    held(f"{kind}: cents off, worst of the notes a2..a6", max(map(abs, off)), "ct", most=0.1)
