"""Resamples the callback's frames for a device of another rate. The engine keeps its own rate.

A windowed sinc (Kaiser, 64 frames long where the device is the faster one, longer by the ratio where it is the slower one), kept as a
table of PHASES fractions of a frame between which it is interpolated: J. O. Smith, "Digital Audio Resampling", 2002. Sines up
to 0.4 of the lower rate come out with errors of less than -90 dB; the upper twentieth of the band is rolled off. Positions are
counted in whole numbers of both rates, so it never drifts. It lies outside the promise of bit-identity, and delays by 32 engine frames.

Rule 1 of the callback holds here too: machine code, no interpreter, no allocation, no lock, no wait.
"""

from __future__ import annotations

import numpy as np
from numba import carray

from chronus.audio.callback import D_CHANNELS, DESK_WORDS, SIGNATURE, fill, put, waits
from chronus.dsp.kernel import c_function, inline, plane_f32
from chronus.memory.atomics import address_of
from chronus.memory.layout import CHANNELS
from chronus.memory.words import row_f32, row_i64

# the bench: int64 words of the host, whose address is the callback's user data
R_DESK, R_TABLE, R_PAST, R_LENGTH, R_FROM, R_TO, R_HAVE, R_AT, R_PHASE = range(9)
"""Addresses of the callback's desk, of the table and of the frames at hand; the window's length; both rates in Hz; how many
frames are at hand, where among them the next window begins, and by how much more, in parts of R_TO."""
BENCH_WORDS = 16

HALF = 32
"""Frames on either side of the window's middle."""
PHASES = 512
"""Interpolated linearly between them, the table is right to -106 dB."""
PIECE = 1024
"""Engine frames asked of the callback at a time, at most."""
_BETA = 10.0
"""Of the Kaiser window: 100 dB down, over a tenth of the lower rate."""


def window_length(engine_rate: int, device_rate: int) -> int:
    """Engine frames that one frame of the device is made of."""
    return 2 * -(-HALF * max(engine_rate, device_rate) // device_rate)


def table(engine_rate: int, device_rate: int) -> np.ndarray:
    """The window at each phase: (PHASES + 1, length) float32, each row of sum 1."""
    length = window_length(engine_rate, device_rate)
    band = min(1.0, device_rate / engine_rate)
    away = np.arange(length) - (length // 2 - 1) - np.arange(PHASES + 1)[:, None] / PHASES
    kaiser = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1.0 - (2 * away / length) ** 2)))
    rows = np.sinc(band * away) * kaiser
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


@inline
def _fill_resampled(bench, out):  # a part of the callback: linked to it from the cache instead, it brought LLVM down
    """Fills `out` (frames * channels, interleaved float32, at the device's rate) with what `fill` gives at the engine's."""
    desk = row_i64(bench[R_DESK], DESK_WORDS)
    channels = desk[D_CHANNELS]
    length, engine_rate, device_rate = bench[R_LENGTH], bench[R_FROM], bench[R_TO]
    rows = plane_f32(bench[R_TABLE], PHASES + 1, length)
    past = row_f32(bench[R_PAST], CHANNELS * (length + PIECE))
    have, at, phase = bench[R_HAVE], bench[R_AT], bench[R_PHASE]
    done, frames = 0, out.shape[0] // channels
    while done < frames:
        if at + length > have:
            for i in range(CHANNELS * at, CHANNELS * have):
                past[i - CHANNELS * at] = past[i]
            have, at = have - at, 0
            last = (phase + (frames - done - 1) * engine_rate) // device_rate
            count = min(last, PIECE) + length - have
            fill(desk, row_f32(address_of(past, CHANNELS * have), CHANNELS * count), CHANNELS)
            have += count
        place = np.float64(phase) * PHASES / device_rate
        row = np.int64(place)
        share = place - row
        left, right = 0.0, 0.0
        for j in range(length):
            weight = rows[row, j] + share * (rows[row + 1, j] - rows[row, j])
            left += weight * past[CHANNELS * (at + j)]
            right += weight * past[CHANNELS * (at + j) + 1]
        put(out, channels, done, left, right)
        phase += engine_rate
        at += phase // device_rate
        phase %= device_rate
        done += 1
    bench[R_HAVE], bench[R_AT], bench[R_PHASE] = have, at, phase


def _portaudio(_input, output, frames, _time, flags, bench):  # type: ignore[no-untyped-def]
    """PaStreamCallback: 0 is paContinue."""
    words, count = carray(bench, BENCH_WORDS), np.int64(frames)
    desk = row_i64(words[R_DESK], DESK_WORDS)
    out = carray(output, count * desk[D_CHANNELS])
    if not waits(desk, out, count, flags):
        _fill_resampled(words, out)
    return np.int32(0)


def portaudio_callback() -> int:
    """The address of a PaStreamCallback whose user data is the address of a bench."""
    return int(c_function(SIGNATURE)(_portaudio).address)


class Bench:
    """The words, the table and the frames at hand: kept alive for as long as the callback may be called."""

    def __init__(self, desk: np.ndarray, engine_rate: int, device_rate: int) -> None:
        length = window_length(engine_rate, device_rate)
        self._kept = desk, table(engine_rate, device_rate), np.zeros((length + PIECE, CHANNELS), np.float32)
        self.words = np.zeros(BENCH_WORDS, np.int64)
        self.words[[R_DESK, R_TABLE, R_PAST]] = [kept.ctypes.data for kept in self._kept]
        self.words[[R_LENGTH, R_FROM, R_TO]] = length, engine_rate, device_rate
        self.words[R_HAVE] = length // 2 - 1  # silence before the first frame
