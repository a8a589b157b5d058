"""Reads a sound file as a table: finds it by its name, reads all of it, checks it, and brings it to the engine's rate.

Whatever the file holds, the result is finite numbers of a bounded size, or a refusal in words.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chronus import places
from chronus.errors import ChronusError, nearest
from chronus.memory.shelf import Table
from chronus.units import File

MOST_BYTES = 128 << 20
"""Of one recording as a table: six minutes in stereo at 44.1 kHz."""
MOST_READ = 512 << 20
"""Of a file."""
LONGEST_PATH = 4000
CHANNELS = (1, 2)
RATES = (1000, 768_000)
LOUDEST = 1000.0
QUALITY = "HQ"
_FRAMES_AT_ONCE = 1 << 18
_UNTYPEABLE = {'"', *map(chr, range(32)), "\x7f"}


class Recording(NamedTuple):
    file: File
    table: Table


def find(name: str, folder: str = "") -> Path:
    """The file that a name means: in `folder`, where it is typed, or among the user's samples. E_FILE with what it may have been."""
    typed = Path(name).expanduser() if name.startswith("~") else Path(name)
    tried = [place / typed for place in (*([Path(folder)] if folder else []), places.samples())]
    for path in tried:
        with suppress(OSError, ValueError):
            if path.exists():
                return path
    near = nearest(typed.name, sorted({other for path in tried for other in _beside(path)}))
    raise ChronusError(
        "E_FILE", f"there is no file {name}", suggestions=[f'"{typed.with_name(other)}"' for other in near]
    )


def _beside(path: Path) -> list[str]:
    with suppress(OSError, ValueError):
        return [other.name for other, _ in zip(path.parent.iterdir(), range(1000), strict=False)]
    return []


def called(path: Path) -> str:
    """What means the file wherever it is typed: its name alone if it is among the user's samples. E_PATH where nobody could type it."""
    inside = path.absolute()
    with suppress(ValueError):
        inside = inside.relative_to(places.samples().absolute())
    name = str(inside)
    if len(name) > LONGEST_PATH or _UNTYPEABLE & set(name) or not name.isprintable():
        raise ChronusError(
            "E_PATH", f"{path.name} lies where no line can name it: its path is too long, or has quotes in it"
        )
    return name


def read(path: Path, rate: int) -> Recording:
    """What a file holds, at that rate. E_FILE where it cannot be read, E_VALUE where it is no recording, E_LIMIT where it is too large."""
    return _recording(_content(path), path, rate)


def again(file: File, rate: int) -> Table:
    """The table of a recording that was read before; E_FILE as `check`."""
    return _recording(*_same(file), rate).table


def check(file: File) -> None:
    """E_FILE where a file that was read before is gone, or holds something else by now."""
    if file.digest:
        _same(file)


def _same(file: File) -> tuple[bytes, Path]:
    path = find(file.path)
    content = _content(path)
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise ChronusError("E_FILE", f"{path.name} has changed since it was set")
    return content, path


def _recording(content: bytes, path: Path, rate: int) -> Recording:
    samples, own = _decoded(content, path.name)
    frames, channels = samples.shape
    file = File(called(path), hashlib.sha256(content).hexdigest(), frames, channels, own)
    if file.at(rate) * channels * 4 > MOST_BYTES:
        raise _too_large(path.name)
    return Recording(file, _at_rate(samples, file, rate))


def _content(path: Path) -> bytes:
    try:
        # a pipe without a writer would keep whoever opens it waiting
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise OSError(errno.EINVAL, "it is no plain file")
            if about.st_size > MOST_READ:
                raise _too_large(path.name)
            return file.read(MOST_READ)
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        raise ChronusError("E_FILE", f"{path.name} cannot be read: {why}") from None


def _decoded(content: bytes, name: str) -> tuple[Table, int]:
    """(samples as they are in the file, its rate)."""
    import soundfile

    pieces: list[Table] = []
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            channels, rate, left = file.channels, file.samplerate, MOST_BYTES // 4 // max(1, file.channels)
            if channels not in CHANNELS or not RATES[0] <= rate <= RATES[1]:
                form = f"{channels} channels at {rate} Hz"
                raise ChronusError(
                    "E_VALUE", f"{name} has {form}; a recording has one or two, at {RATES[0]}..{RATES[1]} Hz"
                )
            while len(piece := file.read(_FRAMES_AT_ONCE, dtype="float32", always_2d=True)):
                left -= len(piece)
                if left < 0:
                    raise _too_large(name)
                pieces.append(piece)
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError):
        raise ChronusError("E_VALUE", f"{name} is no recording that can be read: WAV, FLAC, OGG and AIFF can") from None
    samples = np.concatenate(pieces) if pieces else np.zeros((0, channels), np.float32)
    if not len(samples):
        raise ChronusError("E_VALUE", f"{name} is empty: there is no frame in it")
    if not np.isfinite(samples).all():
        raise ChronusError("E_VALUE", f"{name} has NaN or infinity in it")
    if np.abs(samples).max() > LOUDEST:
        raise ChronusError("E_VALUE", f"{name} has samples beyond {LOUDEST:,.0f} in it; full level is 1")
    return samples, rate


def _at_rate(samples: Table, file: File, rate: int) -> Table:
    if file.rate == rate:
        return samples
    import soxr

    moved = soxr.resample(samples, file.rate, rate, quality=QUALITY).astype(np.float32, copy=False)
    whole = np.zeros((file.at(rate), file.channels), np.float32)
    rows = min(len(moved), len(whole))
    whole[:rows] = moved[:rows]
    return whole


def _too_large(name: str) -> ChronusError:
    minutes = MOST_BYTES / 4 / 2 / 44100 / 60
    return ChronusError(
        "E_LIMIT",
        f"{name} is too large: {MOST_BYTES >> 20} MB is the most, {minutes:.0f} minutes in stereo at 44.1 kHz",
    )
