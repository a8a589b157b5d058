"""Turns samples into bytes: WAV by our own writer, FLAC, Ogg Vorbis and AIFF by libsndfile.

libsndfile leaves a WAV beyond 4 GiB without a header that can be read; ours becomes RF64 (EBU Tech 3306) there. A WAV also holds
no time of day, so the same sound is the same file.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePath
from typing import Any, BinaryIO, Protocol

import numpy as np
from msgspec import Struct

from chronus.errors import ChronusError

CHANNELS = 2
RIFF_BYTES = (1 << 32) - 1
"""The most that the sizes of RIFF and AIFF can say."""
HEADER_ROOM = 4096


class Format(Struct, frozen=True):
    """`kind` and `subtypes` (for 24 bits, for float, "" where there is none) are libsndfile's names; `limit` is in bytes."""

    name: str
    kind: str
    subtypes: tuple[str, str]
    sample_bytes: tuple[int, int] = (3, 4)
    limit: int | None = None


WAV = Format("WAV", "WAV", ("PCM_24", "FLOAT"))
FORMATS = {
    ".wav": WAV,
    ".flac": Format("FLAC", "FLAC", ("PCM_24", "")),
    ".ogg": Format("Ogg Vorbis", "OGG", ("VORBIS", "")),
    ".aiff": Format("AIFF", "AIFF", ("PCM_24", "FLOAT"), limit=RIFF_BYTES),
    ".aif": Format("AIFF", "AIFF", ("PCM_24", "FLOAT"), limit=RIFF_BYTES),
}
ENDINGS = ".wav, .flac, .ogg or .aiff"


def format_of(path: str, *, as_float: bool) -> Format:
    """Returns the format that a name ends with; raises E_FILE where there is none of that name, E_VALUE where it has no 32-bit float."""
    ending = PurePath(path).suffix
    found = FORMATS.get(ending.lower())
    if found is None:
        what = (
            f'"{ending}" is no sound file that can be written' if ending else "its ending says what kind of file it is"
        )
        raise ChronusError("E_FILE", f"{path} cannot be written: {what}; use {ENDINGS}")
    if as_float and not found.subtypes[1]:
        raise ChronusError("E_VALUE", f"{found.name} has no 32-bit float; use .wav or .aiff with --float")
    return found


def needed_bytes(format: Format, frames: int, *, as_float: bool) -> int:
    """Returns how large a file without compression becomes; raises E_LIMIT where the format cannot hold it."""
    size = HEADER_ROOM + frames * CHANNELS * format.sample_bytes[as_float]
    if format.limit is not None and size > format.limit:
        raise _too_long(format)
    return size


def _too_long(format: Format) -> ChronusError:
    return ChronusError("E_LIMIT", f"{format.name} holds 4 GiB at most; a .wav may be longer")


class Writer(Protocol):
    """Takes (frames, 2) float32 until it is closed; an OSError is the disk's, E_LIMIT the format's."""

    def write(self, piece: np.ndarray) -> None: ...

    def close(self) -> None: ...

    def give_up(self) -> None:
        """Lets go of the file, whatever is in it."""


def writer(format: Format, file: BinaryIO, rate: int, *, as_float: bool) -> Writer:
    """Writes into an open, empty file that can be sought in; the file itself stays open."""
    return WavWriter(file, rate, as_float=as_float) if format is WAV else SoundfileWriter(format, file, rate, as_float)


# ---------------------------------------------------------------- WAV


class WavWriter:
    """The sizes are filled in at the end. The room of 28 bytes in front, a chunk to pass over, is then for those beyond 4 GiB."""

    largest = RIFF_BYTES
    """The most that a RIFF may say of its size; beyond it is an RF64."""

    def __init__(self, file: BinaryIO, rate: int, *, as_float: bool) -> None:
        self.file, self.rate, self.as_float = file, rate, as_float
        self.frames = 0
        self.file.write(self._header())

    def write(self, piece: np.ndarray) -> None:
        self.file.write(_bytes_of(piece, as_float=self.as_float))
        self.frames += len(piece)

    def close(self) -> None:
        self.file.seek(0)
        self.file.write(self._header())
        self.file.seek(0, io.SEEK_END)

    def give_up(self) -> None: ...

    def _header(self) -> bytes:
        return wav_header(self.frames, self.rate, as_float=self.as_float, largest=self.largest)


def wav_header(frames: int, rate: int, *, as_float: bool, largest: int = RIFF_BYTES) -> bytes:
    """Returns what stands before so many frames; always of the same length. `largest`: beyond so many bytes it is an RF64."""
    align = CHANNELS * WAV.sample_bytes[as_float]
    size = frames * align  # even, as chunks must be
    shape = struct.pack(
        "<HHIIHH", 3 if as_float else 1, CHANNELS, rate, rate * align, align, 8 * WAV.sample_bytes[as_float]
    )
    count = [(b"fact", struct.pack("<I", min(frames, RIFF_BYTES)))] if as_float else []
    chunks = b"".join(name + struct.pack("<I", len(body)) + body for name, body in [(b"fmt ", shape), *count])
    whole = 4 + 8 + 28 + len(chunks) + 8 + size
    if whole <= largest:
        head = struct.pack("<4sI4s4sI28x", b"RIFF", whole, b"WAVE", b"JUNK", 28)
        return head + chunks + struct.pack("<4sI", b"data", size)
    sizes = struct.pack("<QQQI", whole, size, frames, 0)
    head = struct.pack("<4sI4s4sI", b"RF64", RIFF_BYTES, b"WAVE", b"ds64", 28)
    return head + sizes + chunks + struct.pack("<4sI", b"data", RIFF_BYTES)


def _bytes_of(piece: np.ndarray, *, as_float: bool) -> bytes:
    if as_float:
        return piece.astype("<f4", copy=False).tobytes()
    whole = np.rint(np.clip(piece.astype(np.float64), -1, 1) * 0x7FFFFF).astype("<i4")
    return whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


# ---------------------------------------------------------------- the others


class SoundfileWriter:
    """libsndfile takes a full disk for nothing that is worth telling, so what it is given to write into remembers it."""

    def __init__(self, format: Format, file: BinaryIO, rate: int, as_float: bool) -> None:
        import soundfile

        self.format, self.failing = format, soundfile.LibsndfileError
        self.file = _Remembering(file)
        self.left = format.limit and format.limit - HEADER_ROOM
        self.frame_bytes = CHANNELS * format.sample_bytes[as_float]
        with self.file.telling(self.failing):
            self.sound: Any = soundfile.SoundFile(
                self.file, "w", rate, CHANNELS, format.subtypes[as_float], format=format.kind
            )

    def write(self, piece: np.ndarray) -> None:
        if self.left is not None:
            self.left -= len(piece) * self.frame_bytes
            if self.left < 0:
                raise _too_long(self.format)
        with self.file.telling(self.failing):
            self.sound.write(piece)

    def close(self) -> None:
        with self.file.telling(self.failing):
            self.sound.close()

    def give_up(self) -> None:
        self.file.lost = True
        with suppress(self.failing):
            self.sound.close()


class _Remembering:
    """A file as libsndfile uses one. An error is kept, for it may not cross the library, and `telling` raises it.

    Once it is lost nothing reaches the file any more: the library writes on even where it was told of an error.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.lost = file, False
        self.problem: OSError | None = None

    def write(self, data: bytes) -> int:
        if self.lost:
            return 0
        try:
            return self.file.write(data)
        except OSError as problem:
            self.problem, self.lost = problem, True
            return 0

    def read(self, size: int = -1) -> bytes:
        return b"" if self.lost else self.file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if self.lost else self.file.seek(offset, whence)

    def tell(self) -> int:
        return 0 if self.lost else self.file.tell()

    @contextmanager
    def telling(self, failing: type[Exception]) -> Iterator[None]:
        """What the library says of a failure, or does not say, as the error that it was."""
        try:
            yield
        except (failing, AssertionError) as problem:
            if self.problem is None:
                raise ChronusError("E_FILE", f"libsndfile: {problem}") from None
        if self.problem is not None:
            raise self.problem
