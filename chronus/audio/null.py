"""The null device: calls the same callback on a thread with absolute deadlines. Nobody hears it; it may write to a file.

It keeps its own pace: ALSA's `null` does not, and would call 691,604 times in a second. After a stall (a stopped process, a suspended
machine) it catches up at most a period, in quick steps, and skips the rest: the workers could not refill a burst.
"""

from __future__ import annotations

import os
import threading

import numpy as np

from chronus.audio.callback import D_SYSCALL, count_stall, fill
from chronus.dsp.kernel import compiled, local
from chronus.memory.atomics import address_of, call_numbers, load, system_call
from chronus.memory.layout import CHANNELS
from chronus.system.urgency import PLAYING, hurry

# words of the device
V_SLEEP, V_WRITE, V_CLOCK, V_CAPTURE, V_QUIT, V_PERIOD, V_RATE = range(7)
_MONOTONIC, _ABSOLUTE = 1, 1
_MOST_BEHIND = 1
"""Periods it will make up for; further behind than that, it lets them go, and counts a stall."""
_QUICKEST = 0.9
"""Of a period, between two while it makes up for time: asked for at once, they would be more than is rendered ahead; and whatever held it
up may still hold the workers up, whose 8.7 ms ahead are then heard in 7.8 (in 6.5 at three quarters: so frames were lost)."""


@compiled
def pace(start, frames, now, period, rate):
    """(start, frames, due, stalled): when the next period is due, `frames` after `start`, at `now`; times in ns.

    Where it is too late for that, the count begins anew: the music is late by the stall from then on, and by no frame more.
    """
    due = start + frames // rate * 1_000_000_000 + frames % rate * 1_000_000_000 // rate
    length = period * 1_000_000_000 // rate
    if now - due > _MOST_BEHIND * length:
        return now + length, 0, now + length, True
    return start, frames, max(due, now + np.int64(_QUICKEST * length)), False


@compiled
def _play(device, desk, out):
    """Calls back every period until it is told to quit."""
    time = local(np.int64, 2)
    clock = desk[D_SYSCALL]
    period, rate = device[V_PERIOD], device[V_RATE]
    system_call(clock, device[V_CLOCK], _MONOTONIC, address_of(time, 0), 0, 0)
    start = time[0] * 1_000_000_000 + time[1]
    frames = 0
    while load(device, V_QUIT) == 0:
        fill(desk, out, CHANNELS)
        if device[V_CAPTURE] >= 0:
            system_call(clock, device[V_WRITE], device[V_CAPTURE], address_of(out, 0), out.shape[0] * 4, 0)
        frames += period
        system_call(clock, device[V_CLOCK], _MONOTONIC, address_of(time, 0), 0, 0)
        now = time[0] * 1_000_000_000 + time[1]
        start, frames, due, stalled = pace(start, frames, now, period, rate)
        if stalled:
            count_stall(desk)
        time[0], time[1] = due // 1_000_000_000, due % 1_000_000_000
        system_call(clock, device[V_SLEEP], _MONOTONIC, _ABSOLUTE, address_of(time, 0), 0)


def _device(period: int, rate: int, capture: int) -> np.ndarray:
    call = call_numbers()
    device = np.zeros(16, np.int64)
    device[[V_SLEEP, V_WRITE, V_CLOCK]] = [call.clock_nanosleep, call.write, call.clock_gettime]
    device[[V_CAPTURE, V_PERIOD, V_RATE]] = [capture, period, rate]
    return device


class NullDevice:
    """A device that keeps time and makes no sound.

    `capture` is a file to which everything that would be heard is written, as float32 stereo; what comes out at the end
    of the chain can so be compared with what should.
    """

    name = "null"

    def __init__(self, desk: np.ndarray, period: int, rate: int, capture: str | None = None) -> None:
        self.rate, self.at_once = rate, period
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(capture, flags, 0o600) if capture else -1
        self._device = _device(period, rate, descriptor)
        self._out = np.zeros(CHANNELS * period, np.float32)
        self._thread = threading.Thread(target=self._run, args=(desk,), daemon=True)

    def _run(self, desk: np.ndarray) -> None:
        hurry(PLAYING)
        _play(self._device, desk, self._out)

    def play(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._device[V_QUIT] = 1
        self._thread.join(1.0)


def rehearse(desk: np.ndarray) -> None:
    """Loads the device's loop without playing."""
    device = _device(64, 44100, -1)
    device[V_QUIT] = 1
    _play(device, desk, np.zeros(128, np.float32))
