"""Writes, syncs and renames the files that must not be lost, each call in one place, so that a test can make any of them fail in turn.

An error is an OSError; a write may be short, and the caller checks that.
"""

from __future__ import annotations

import ctypes
import errno
import os
from contextlib import suppress
from pathlib import Path

_KEEP_SIZE, _PUNCH_HOLE = 1, 2
"""Of Linux's fallocate."""


def make_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)


def create(path: Path) -> int:
    """Creates a file to write at the end of; raises FileExistsError where there is one."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)


def reopen(path: Path) -> int:
    """Opens a file that is there, to be written at its end."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)


def write(descriptor: int, data: bytes | memoryview) -> int:
    return os.write(descriptor, data)


def cut(descriptor: int, size: int) -> None:
    os.ftruncate(descriptor, size)


def sync(descriptor: int) -> None:
    os.fsync(descriptor)


def rename(old: Path, new: Path) -> None:
    os.replace(old, new)


def remove(path: Path) -> None:
    os.unlink(path)


def sync_folder(path: Path) -> None:
    """Makes new names last. A file system that cannot sync folders keeps them in its own time."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sync(folder)
        finally:
            os.close(folder)


def release(path: Path, upto: int) -> None:
    """Gives the disk back what a file holds before byte `upto`; its size stays, and what was there reads as zeros.

    A file system that cannot do that keeps it. Only Linux names the call; elsewhere it is kept, too.
    """
    fallocate = getattr(ctypes.CDLL(None), "fallocate64", None)
    if fallocate is None:
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        fallocate(descriptor, _PUNCH_HOLE | _KEEP_SIZE, ctypes.c_int64(0), ctypes.c_int64(upto))
    finally:
        os.close(descriptor)


def put(goal: Path, data: bytes) -> None:
    """Writes a whole file: into one beside it, synced, renamed. If anything fails, the old file stays, and nothing else."""
    beside = goal.with_name(f".{goal.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        remove(beside)
    descriptor = create(beside)
    try:
        try:
            if write(descriptor, data) < len(data):
                raise OSError(errno.ENOSPC, "the disk is full")
            sync(descriptor)
        finally:
            os.close(descriptor)
        rename(beside, goal)
    except BaseException:
        with suppress(OSError):
            remove(beside)
        raise
    sync_folder(goal.parent)
