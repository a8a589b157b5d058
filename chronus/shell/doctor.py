"""`chronus doctor`: checks that everything Chronus needs is here, and says where it keeps its files."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from chronus import __version__, connection, places
from chronus.audio import devices
from chronus.errors import ChronusError
from chronus.settings import Settings
from chronus.shell import answers

PACKAGES = ("numpy", "numba", "sounddevice", "lark", "msgspec", "prompt_toolkit", "python-osc", "soundfile")


class Checked(NamedTuple):
    ok: bool
    what: str
    words: str


def main(settings: Settings) -> int:
    """Prints what was found; 1 if something that is needed is missing."""
    findings = list(_findings(settings))
    if settings.json:
        listed = [{"ok": one.ok, "what": one.what, "found": one.words} for one in findings]
        print(answers.one_object({"v": 1, "ok": all(one.ok for one in findings), "findings": listed}))
    else:
        for one in findings:
            print(answers.clean(f"{'ok ' if one.ok else 'BAD'} {one.what}: {one.words}"))
    return 0 if all(one.ok for one in findings) else 1


def _findings(settings: Settings) -> Iterator[Checked]:
    yield Checked(True, "chronus", __version__)
    yield Checked(sys.version_info >= (3, 11), "python", f"{platform.python_version()} ({sys.executable})")
    for package in PACKAGES:
        try:
            yield Checked(True, package, metadata.version(package))
        except metadata.PackageNotFoundError:
            yield Checked(False, package, "is not installed")
    yield _looked("runtime folder", lambda: _writable(places.runtime(), "XDG_RUNTIME_DIR"))
    yield _looked("home", lambda: _writable(places.home(), "CHRONUS_HOME"))
    yield _looked("kernel cache", _cache)
    yield _looked("engine", lambda: _engine(settings.engine))
    yield _devices()


def _looked(what: str, look: Callable[[], str]) -> Checked:
    try:
        return Checked(True, what, look())
    except (ChronusError, OSError) as problem:
        return Checked(False, what, str(problem))


def _cache() -> str:
    """Checks where kernels are kept; elsewhere than they should be is a finding, though all plays."""
    if places.caches().trouble:
        raise OSError(places.caches().trouble)
    return _writable(places.kernel_cache(), "XDG_CACHE_HOME")


def _writable(folder: Path, variable: str) -> str:
    """Returns the folder, if we can write into it, or create it. `variable` names another one."""
    there = folder
    while not there.exists():
        there = there.parent
    if not (there.is_dir() and os.access(there, os.W_OK)):
        raise OSError(f"{folder} cannot be written; {variable} may name another folder")
    if not folder.exists():
        return f"{folder} (not made yet)"
    return f"{folder} ({sum(1 for _ in folder.iterdir())} files)"


def _engine(name: str) -> str:
    held = connection.lock_held(name)
    listening = connection.socket_path(name).exists()
    if held:
        return f'"{name}" is running' + ("" if listening else ", and does not listen yet")
    return f'"{name}" is not running' + ("; a stale socket is there, the next start removes it" if listening else "")


def _devices() -> Checked:
    """Lists the devices. No device is no fault: then the null device plays."""
    found = devices.ask()
    if isinstance(found, str):
        return Checked(False, "devices", found)
    listed = "; ".join(output.title for output in found)
    return Checked(True, "devices", listed or "none; the null device plays, silently")
