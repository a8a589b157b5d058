"""Keeps machine code on the disk: one process compiles it, all others load it.

Numba's own cache keeps an index for each function, beside its code. Of two processes that write it at once, one loses what it wrote,
and a process killed between index and code leaves an index that leads to older code. So there is no index here:

Rule 1: a function for one signature is one file. Its name says all that the code depends on (the text of the file that the function
        stands in, the signature, the processor, Numba's version), and it appears whole or not at all.
Rule 2: a process that finds no file compiles under the lock of that function, and looks once more before it begins: what two processes
        want is compiled once. A lock that is not given back in time is passed over; then both do the same work, and nothing breaks.
Rule 3: code that the disk refuses is used in this process all the same, and is in `unkept`.
Rule 4: in a process that `only_loads`, missing code raises NotCompiled. Every process that renders is of this sort.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from pickle import loads
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.serialize import dumps

LOCK_SECONDS = 60.0
"""Longer than any function takes to compile."""
LOOK_SECONDS = 0.01


class NotCompiled(Exception):
    """There is no machine code of that function, and this process must not make any."""


class _Ways:
    only_loads = False


class _Place(UserProvidedCacheLocator):
    """`config.CACHE_DIR`, and nowhere else: where nothing can be kept there, nothing is kept."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Place:
        return cls(py_func, py_file)


class _Form(CompileResultCacheImpl):
    _locator_classes = (_Place,)


unkept: list[OSError] = []
"""Why machine code that was made here could not be kept."""


def only_load(asked: bool = True) -> None:
    """From now on this process compiles nothing; its forks neither. With False it may again."""
    _Ways.only_loads = asked


class Kept(FunctionCache):
    """The machine code of one function: what Numba asks instead of its own cache."""

    _impl_class = _Form

    def __init__(self, function: Any, text: str = "") -> None:
        """`text` is what `text_of` the function's file was when it was imported."""
        super().__init__(function)
        self._base = Path(self.cache_path) / self._impl.filename_base
        self._text = text or text_of(self._impl.locator._py_file)
        self._lock: int | None = None

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code; None where there is none, and then the lock is held until `release`."""
        target_context.refresh()
        path = self._path(sig, target_context)
        found = self._load(path, target_context)
        if found is None and _Ways.only_loads:
            raise NotCompiled(self._base.name)
        if found is None and self._take_lock():
            found = self._load(path, target_context)
        if found is not None:
            self.release()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keeps the code, and clears away what it was made of before."""
        try:
            if self._impl.check_cachable(data):
                target = self._path(sig, data.target_context)
                _write(target, dumps(self._impl.reduce(data)))
                for older in target.parent.glob(f"{target.name.split('.code-')[0]}.code-*"):
                    if older != target:
                        older.unlink(missing_ok=True)
        except OSError as problem:
            unkept.append(problem)
        finally:
            self.release()

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _path(self, sig: Any, target_context: Any) -> Path:
        """`FUNCTION.SIGNATURE.code-TEXT`: what has the same beginning is the same function, made of another text."""
        what = _short(repr(self._index_key(sig, target_context.codegen())) + numba.__version__)
        return self._base.with_name(f"{self._base.name}.{what}.code-{self._text}")

    def _load(self, path: Path, target_context: Any) -> Any:
        try:
            return self._impl.rebuild(target_context, loads(path.read_bytes()))
        except Exception:  # no such file, or one that a failing disk has spoilt
            return None

    def _take_lock(self) -> bool:
        """Whether it is held now. Nobody is waited for without end: one that is stopped gives nothing back."""
        with suppress(OSError):
            self._base.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(f"{self._base}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            until = time.monotonic() + LOCK_SECONDS
            while time.monotonic() < until:
                with suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._lock = lock
                    return True
                time.sleep(LOOK_SECONDS)
            os.close(lock)
        return False


def _write(target: Path, code: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=".", delete=False) as file:
        try:
            file.write(code)
            file.flush()
            os.replace(file.name, target)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def text_of(source: str) -> str:
    """A digest of a source file. An engine goes on with the text that it has imported, whatever becomes of the file."""
    about = os.stat(source)
    return _digest(source, about.st_mtime_ns, about.st_size)


@cache
def _digest(source: str, _changed: int, _size: int) -> str:
    return _short(Path(source).read_bytes())


def _short(what: str | bytes) -> str:
    return hashlib.sha256(what.encode() if isinstance(what, str) else what).hexdigest()[:12]
