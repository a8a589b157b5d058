"""What is measured of a sound that goes by in pieces is what is measured of the whole."""

import hashlib

import numpy as np
import pytest

from chronus.ears.levels import SILENT, peak_dbfs
from chronus.ears.loudness import Loudness, lufs
from chronus.render.reel import FLOOR, Fade, Reel


def sine(seconds: float, rate: int, level: float, hertz: float = 997.0) -> np.ndarray:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_a_sine_at_minus_23_is_at_minus_23_lufs(rate, level):
    """EBU Tech 3341, the first two cases; within 0.1 LU."""
    assert abs(lufs(sine(20, rate, 10 ** (level / 20)), rate) - level) < 0.1


def test_quiet_stretches_do_not_count():
    """EBU Tech 3341, the third case: 10 s at -36, 60 s at -23, 10 s at -36."""
    loud, soft = sine(60, 48000, 10 ** (-23 / 20)), sine(10, 48000, 10 ** (-36 / 20))
    assert abs(lufs(np.concatenate([soft, loud, soft]), 48000) + 23) < 0.1


def test_loudness_in_pieces_is_that_of_the_whole():
    sound = np.random.default_rng(1).normal(0, 0.1, (100_000, 2)).astype(np.float32)
    sound *= np.linspace(0, 1, 100_000, dtype=np.float32)[:, None]
    pieces = Loudness(44100)
    at = 0
    for size in (1, 4409, 4411, 0, 64, 17, 44100, 30000):
        pieces.feed(sound[at : at + size])
        at += size
    pieces.feed(sound[at:])
    assert pieces.lufs() == lufs(sound, 44100)
    assert Loudness(44100).lufs() == lufs(sound[:10], 44100) == SILENT


def fed(reel: Reel, sound: np.ndarray, sizes: tuple[int, ...]) -> None:
    at = 0
    while at < len(sound):
        for size in sizes:
            reel.feed(sound[at : at + size])
            at += size


@pytest.mark.parametrize("sizes", [(64,), (44100,), (1, 333, 64)])
def test_a_reel_measures_exactly_what_it_writes(sizes):
    sound = np.random.default_rng(2).normal(0, 0.1, (30_000, 2)).astype(np.float32)
    written = []
    reel = Reel(8000, 64, written.append, lambda rendered: 20_000)
    fed(reel, sound, sizes)
    kept = np.concatenate(written)
    assert np.array_equal(kept, sound[64:20_064])
    assert reel.frames == 20_000 and reel.peak_dbfs == peak_dbfs(kept) and reel.lufs() == lufs(kept, 8000)
    assert reel.sha256() == hashlib.sha256(kept.tobytes()).hexdigest()


@pytest.mark.parametrize("sizes", [(64,), (44100,), (1, 333, 64)])
def test_the_silence_at_the_end_of_a_tail_is_left_out_and_that_within_it_is_not(sizes):
    sound = np.zeros((30_000, 2), np.float32)
    sound[[100, 9000, 15_000, 21_000], 1] = [0.5, 0.1, -2 * FLOOR, FLOOR / 2]
    written = []
    reel = Reel(8000, 0, written.append)
    reel.ring_from(5000, 1 << 40, None)
    fed(reel, sound, sizes)
    assert np.array_equal(np.concatenate(written), sound[:15_001])
    assert reel.heard == 15_001 and reel.rang == 30_000 - 15_001 and not reel.full


def test_a_tail_that_is_silent_adds_nothing_and_one_that_never_ends_is_faded():
    written: list[np.ndarray] = []
    reel = Reel(8000, 0, written.append)
    reel.ring_from(5000, 12_000, Fade(8000, 12_000))
    fed(reel, np.zeros((20_000, 2), np.float32), (64,))
    assert sum(map(len, written)) == 5000 and reel.full
    written.clear()
    reel = Reel(8000, 0, written.append)
    reel.ring_from(5000, 12_000, Fade(8000, 12_000))
    fed(reel, np.full((20_000, 2), 0.5, np.float32), (300,))
    kept = np.concatenate(written)
    assert (kept[:8001] == 0.5).all() and kept[10_000, 0] == pytest.approx(0.25, abs=0.001)
    assert 11_900 < len(kept) <= 12_000 and (np.diff(kept[:, 0]) <= 0).all() and kept[-1, 0] < 0.001
