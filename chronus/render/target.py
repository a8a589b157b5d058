"""Writes a sound to its target: a file, written beside it and renamed when it is whole, or a pipe or a device.

Rule 1: a file that is read (the script, its journals, what it opens) is never written, by whatever name, link or descriptor it is named.
Rule 2: a link is followed, and the file that it names is replaced; a folder, a disk, a socket and a terminal are refused.
Rule 3: a target that cannot be written is refused before anything is rendered, where that can be known.
Rule 4: until all of it is written nothing has changed, and a failure leaves nothing behind.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from chronus.errors import ChronusError
from chronus.system import files

STANDARD_OUTPUT = "-"
DESCRIPTORS = re.compile(r"/proc/(\d+|self|thread-self)(/task/\d+)?/fd|/dev/fd")
BESIDE = ".chronus-"
"""How the name begins that a file has until it is whole."""
READER_SECONDS = 5.0
"""So long a pipe may wait for whoever reads from it."""
COPIED_BYTES = 1 << 20
LINKS = 40
"""So many a path may lead through, as for the system."""


class Target:
    """One place to write to. `file` takes the bytes; then `commit`, or `discard`."""

    def __init__(self, name: str, inputs: Iterable[Path]) -> None:
        self.name = name
        try:
            self._begin(list(inputs))
        except ValueError as problem:
            raise ChronusError("E_FILE", f"{name or repr(name)} cannot be written: {problem}") from None
        except OSError as problem:
            raise self.refusal(problem) from None

    def _begin(self, inputs: list[Path]) -> None:
        self.through, self.sending = self.name == STANDARD_OUTPUT, False
        self.goal, self.folder = Path(self.name), Path(tempfile.gettempdir())
        self.mode: int | None = None
        self.owner: tuple[int, int] | None = None
        if not self.name:
            raise ValueError("it is no name")
        if not self.through:
            self.goal, self.through = _followed(self.name)
        about = os.fstat(1) if self.name == STANDARD_OUTPUT else _about(self.goal)
        if about is not None:
            self._look(about, inputs)
        elif self.through:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self.name.endswith("/"):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        self.folder = self.folder if self.through else self.goal.parent
        self.path: Path | None = None
        self.file: BinaryIO = self._create()

    def _create(self) -> BinaryIO:
        """A file without a name where the file system knows such: it is gone when whoever writes it is, in whatever way."""
        with suppress(OSError, AttributeError):
            return os.fdopen(os.open(self.folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600), "w+b")
        descriptor, path = tempfile.mkstemp(prefix=BESIDE, dir=self.folder)
        self.path = Path(path)
        return os.fdopen(descriptor, "w+b")

    def _look(self, about: os.stat_result, inputs: list[Path]) -> None:
        """At what is there already."""
        for given in inputs:
            with suppress(OSError):
                if os.path.samestat(about, given.stat()):
                    raise ChronusError("E_FILE", f"{self.name} cannot be written: it is what is read ({given})")
        if stat.S_ISREG(about.st_mode):
            if not self.through and not os.access(self.goal, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            self.mode, self.owner = stat.S_IMODE(about.st_mode), (about.st_uid, about.st_gid)
            return
        self.through = True
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if stat.S_ISBLK(about.st_mode) or stat.S_ISSOCK(about.st_mode):
            what = "a disk" if stat.S_ISBLK(about.st_mode) else "a socket"
            raise ChronusError("E_FILE", f"{self.name} cannot be written: it is {what}")
        if stat.S_ISCHR(about.st_mode) and self._is_terminal():
            raise ChronusError("E_FILE", f"{self.name} is a terminal; lead it into a file or another program")

    def _is_terminal(self) -> bool:
        if self.name == STANDARD_OUTPUT:
            return os.isatty(1)
        descriptor = os.open(self.goal, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.isatty(descriptor)
        finally:
            os.close(descriptor)

    @property
    def is_standard_output(self) -> bool:
        """Whether what is printed would go where the sound goes."""
        if self.name == STANDARD_OUTPUT:
            return True
        with suppress(OSError):
            return self.through and os.path.samestat(os.fstat(1), self.goal.stat()) and not _is_null(self.goal)
        return False

    def check_room(self, size: int) -> None:
        """E_FILE where so many bytes do not fit on the disk."""
        with suppress(OSError):
            free = shutil.disk_usage(self.folder).free
            if free < size:
                what = f"it needs {size / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are free in {self.folder}"
                raise ChronusError("E_FILE", f"{self.name} cannot be written: {what}")

    def finish(self) -> None:
        """Has the disk take all of it; only the name is missing then. What is written through goes now."""
        try:
            self.file.flush()
            if not self.through:
                os.fchmod(self.file.fileno(), 0o666 & ~_umask() if self.mode is None else self.mode)
                if self.owner is not None:
                    with suppress(OSError):  # only root may give files away
                        os.fchown(self.file.fileno(), *self.owner)
                files.sync(self.file.fileno())
        except OSError as problem:
            raise self.refusal(problem) from None

    def commit(self) -> None:
        """Gives it its name, or sends it on its way."""
        try:
            if self.through:
                self._send()
                return
            if self.path is None:
                self.path = self.folder / f"{BESIDE}{os.urandom(8).hex()}"
                self._name()
            files.rename(self.path, self.goal)
            self.path = None
            files.sync_folder(self.folder)
        except BrokenPipeError:
            if self.name == STANDARD_OUTPUT:
                raise  # whoever read has had enough
            raise self.refusal(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))) from None
        except OSError as problem:
            raise self.refusal(problem) from None

    def _name(self) -> None:
        """Lets the file without a name have that of `path`. Python makes a link of what /proc shows only relative to a folder."""
        assert self.path is not None
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.link(f"/proc/self/fd/{self.file.fileno()}", self.path.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)

    def _send(self) -> None:
        standard = self.name == STANDARD_OUTPUT
        descriptor = os.dup(1) if standard else self._open_goal()
        self.sending = True
        self.file.seek(0)
        with open(descriptor, "wb", buffering=0) as goal:
            while piece := self.file.read(COPIED_BYTES):
                while piece:
                    piece = piece[goal.write(piece) :]

    def _open_goal(self) -> int:
        """E_FILE where it is a pipe that nobody reads from: to open it would wait for ever, without a word."""
        deadline = time.monotonic() + READER_SECONDS
        flags = os.O_WRONLY | os.O_TRUNC | os.O_NOCTTY | os.O_CLOEXEC
        if not stat.S_ISFIFO(self.goal.stat().st_mode):
            return os.open(self.goal, flags)
        while True:
            try:
                descriptor = os.open(self.goal, flags | os.O_NONBLOCK)
            except OSError as problem:
                if problem.errno != errno.ENXIO:
                    raise
                if time.monotonic() > deadline:
                    why = f"nobody has read from it within {READER_SECONDS:g} s"
                    raise ChronusError("E_FILE", f"{self.name} cannot be written: {why}") from None
                time.sleep(0.02)
            else:
                os.set_blocking(descriptor, True)
                return descriptor

    def discard(self) -> None:
        """Nothing of it stays."""
        with suppress(OSError):
            self.file.close()
        if self.path is not None:
            with suppress(OSError):
                files.remove(self.path)
            self.path = None

    def refusal(self, problem: OSError) -> ChronusError:
        """What the system refused, in one line."""
        why = problem.strerror or str(problem)
        if isinstance(problem, FileNotFoundError):
            why = f"there is no folder {self.goal.parent}"
        elif self.through and not self.sending and hasattr(self, "file"):
            why = f"{why} (in {self.folder}, where it is until it is whole)"
        return ChronusError("E_FILE", f"{self.name} cannot be written: {why}")


def _followed(name: str) -> tuple[Path, bool]:
    """(what a name comes to when every link is followed, whether that is an open descriptor: /dev/stdout, /dev/fd/3).

    Such a link of /proc is not followed: what it leads to may be a file that others hold, or have no name at all.
    """
    path = Path(os.getcwd(), name)
    for _ in range(LINKS):
        folder = os.path.realpath(path.parent)
        path = Path(folder) / path.name
        if DESCRIPTORS.fullmatch(folder):
            return path, True
        try:
            there = os.readlink(path)
        except OSError:
            return path, False
        path = Path(folder) / there
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _about(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _is_null(path: Path) -> bool:
    about = path.stat()
    return stat.S_ISCHR(about.st_mode) and about.st_rdev == os.makedev(1, 3)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
