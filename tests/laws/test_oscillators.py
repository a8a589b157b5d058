"""Laws asked of every module with the ports of an oscillator: in tune, and without clicks. How pure each is stands in its own file."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.dsp.discovery import discover
from chronus.dsp.kernel import Kernel
from chronus.dsp.oscillator import INS
from chronus.places import modules_folders
from tests.kit.listening import RATE, cents_off, tone
from tests.kit.rig import Rig

OSCILLATORS = {kind: kernel for kind, kernel in discover(modules_folders()).items() if kernel.spec.ins == INS}
pytestmark = pytest.mark.parametrize("kernel", OSCILLATORS.values(), ids=OSCILLATORS)


def test_its_pitch_is_within_a_thousandth_of_a_cent(kernel: Kernel, quality):
    for freq in (20.0, 55.25, 440.0, 1000.5, 9999.0):
        off = abs(cents_off(tone(kernel, 6 * RATE, freq=freq), freq))
        quality(kernel.spec.kind, "pitch off by, 20 Hz to 10 kHz", off, "<=", 0.001, "ct", peer="ChucK below 1e-6")


def test_a_minute_loses_no_phase(kernel: Kernel, quality):
    rig, freq, frames = Rig(kernel), 1234.5, 60 * RATE
    rig.render(frames, {"freq": freq})
    turns = frames * int(freq * 2) % (2 * RATE) / (2 * RATE)
    lost = abs((rig.state[0, 0] - turns + 0.5) % 1 - 0.5)
    quality(kernel.spec.kind, "turns lost in a minute", lost, "<=", 1e-8)


def test_detune_is_in_cents_and_fm_in_octaves(kernel: Kernel):
    y = tone(kernel, 2 * RATE, freq=440, detune=50)
    assert abs(cents_off(y, 440 * 2 ** (50 / 1200))) < 0.001
    y = tone(kernel, 2 * RATE, freq=440, inputs={"fm": 1.0})
    assert abs(cents_off(y, 880)) < 0.001


def test_notes_begin_change_and_end_in_straight_ramps_of_3_ms(kernel: Kernel):
    """On in 3 ms, to another velocity in less, off in 3 ms; beside the same wave held on."""
    frames, ramp = 8820, 0.003 * RATE
    gate, velocity = np.zeros(frames), np.full(frames, 0.25)
    gate[1000:6000] = 1
    gate[3000] = 2
    velocity[3000:] = 1
    held = tone(kernel, frames, freq=441, skip=0)
    played = tone(kernel, frames, freq=441, skip=0, inputs={"gate": gate, "velocity": velocity})
    t = np.arange(frames) + 1
    rising = np.minimum(0.25, np.maximum(0, (t - 1000) / ramp))
    louder = np.minimum(1, np.maximum(0.25, 0.25 + (t - 3000) / ramp))
    level = np.where(t <= 3000, rising, np.where(t <= 6000, louder, np.maximum(0, 1 - (t - 6000) / ramp)))
    after = slice(200, None)
    assert np.abs(played - held * level)[after].max() < 1e-5


def test_retrigger_starts_the_wave_anew(kernel: Kernel):
    """Two notes that begin anywhere in the wave sound the same once the old wave has rung off."""
    gate = np.zeros(12000)
    gate[1000:4000] = gate[5555:9000] = 1
    y = tone(kernel, 12000, skip=0, freq=314.5, retrigger="on", inputs={"gate": gate})
    assert np.abs(y[1100:4000] - y[5655:8555]).max() < 1e-6
    y = tone(kernel, 12000, skip=0, freq=314.5, retrigger="off", inputs={"gate": gate})
    assert np.abs(y[1100:4000] - y[5655:8555]).max() > 0.1
