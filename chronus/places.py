"""Says where files lie: the package's own, the user's, the cache, the runtime folder."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import platformdirs

from chronus.errors import ChronusError

PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """Returns the folder `grammar` or `patches`: inside the package (a wheel), or beside it (a checkout)."""
    inside = PACKAGE / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder


def home() -> Path:
    """Returns the folder of journals, recordings, the user's patches and modules."""
    told = os.environ.get("CHRONUS_HOME")
    if told:
        return Path(told).expanduser() if told.startswith("~") else Path(told)
    return _of_the_user(platformdirs.user_data_dir)


def _of_the_user(folder: Callable[..., str]) -> Path:
    """A folder below the user's home, or NO_HOME. What is not absolute would lie below whatever folder this is."""
    with suppress(RuntimeError):
        found = Path(folder("chronus", appauthor=False))
        if found.is_absolute():
            return found
    return NO_HOME


NO_HOME = Path(os.devnull) / "chronus"
"""Where nothing can be kept: in the place of a folder that would lie in whatever folder this is."""


def home_trouble(problem: OSError) -> str:
    """Says why nothing can be kept there, and what helps."""
    why = "there is no home folder" if home() == NO_HOME else f"{home()}: {problem.strerror or problem}"
    return f"{why}; CHRONUS_HOME may name another folder"


def modules_folders() -> tuple[Path, ...]:
    """Returns where modules are found: the package's own folder, then those named in CHRONUS_MODULES."""
    more = os.environ.get("CHRONUS_MODULES", "")
    return (PACKAGE / "modules", *(Path(part) for part in more.split(os.pathsep) if part))


@cache
def shipped_kinds() -> frozenset[str]:
    """Returns the kinds of module that came with Chronus. All others come from outside, and are proved before they are rendered."""
    return frozenset(source.stem for source in (PACKAGE / "modules").glob("[!_]*.py"))


def _digest(sources: Iterable[Path], place: str = "") -> str:
    digest = hashlib.sha256(place.encode())
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


SHARED_BY_KERNELS = (
    "catalogue/spec.py", "dsp/**/*.py", "graph/*.py", "memory/*.py", "audio/ring.py", "audio/callback.py",
)  # fmt: skip
"""What is compiled into functions that stand in other files."""


class Cache(NamedTuple):
    """`folder` holds what can be made again. `trouble` says why it is not where the user's caches lie; "" where it is."""

    folder: Path
    trouble: str = ""


@cache
def caches() -> Cache:
    """The user's cache, or where that cannot be had a private one for as long as the machine keeps it. E_FILE where there is neither.

    An engine looks once, and tells those it starts: a disk that fills meanwhile must not send them to different folders.
    """
    if DECIDED in os.environ:
        return Cache(Path(os.environ[DECIDED]))
    found = _of_the_user(platformdirs.user_cache_dir)
    try:
        _usable(found)
        return Cache(found)
    except OSError as problem:
        where = (
            f"in {problem.filename}: {problem.strerror}" if found != NO_HOME else "anywhere: there is no home folder"
        )
        trouble = f"the kernel cache cannot be kept {where}; {ELSEWHERE}"
    try:
        folder = Path(tempfile.gettempdir()) / f"chronus-cache-{os.getuid()}"
        _make_private(folder)
        _take_over(found / _kernels(), folder / _kernels())
        _usable(folder)
    except OSError as problem:
        raise ChronusError("E_FILE", f"{trouble} (nor in {problem.filename}: {problem.strerror})") from None
    return Cache(folder, f"{trouble}; until then it is in {folder}")


DECIDED = "CHRONUS_DECIDED_CACHE"
"""Names the folder to those that an engine starts."""
ELSEWHERE = "XDG_CACHE_HOME may name another folder"
NEEDED_BYTES = 16 << 20
"""What all kernels need, and room to spare."""
BUILT = "checkout"
"""A file that stands in each folder of kernels that is in use."""


def _usable(folder: Path) -> None:
    """Raises OSError where kernels cannot be kept, or where there is no room for them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(folder)) from None
    own = folder / _kernels()
    for there in (folder, *([own] if own.exists() else [])):
        if not os.access(there, os.W_OK | os.X_OK):
            number = errno.EROFS if os.statvfs(there).f_flag & os.ST_RDONLY else errno.EACCES
            raise OSError(number, os.strerror(number), str(there))
    if not _complete(own).exists() and shutil.disk_usage(folder).free < NEEDED_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _make_private(folder: Path) -> None:
    """Makes a folder that is ours alone, or finds it so."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise OSError(errno.EPERM, "it is not a private folder of yours (owner and mode 0700 are needed)", str(folder))


def _take_over(kernels: Path, goal: Path) -> None:
    """Copies kernels that can be read, but not added to."""
    with suppress(OSError):
        if (kernels / BUILT).exists() and not goal.exists():
            beside = goal.with_name(f"{goal.name}.{os.getpid()}")
            shutil.copytree(kernels, beside)
            beside.rename(goal)


@cache
def _kernels() -> str:
    sources = (source for pattern in SHARED_BY_KERNELS for source in sorted(PACKAGE.glob(pattern)))
    return f"kernels-{_digest(sources, str(PACKAGE.resolve()))}"


def kernel_cache() -> Path:
    """Returns the folder of compiled kernels: one for each version of what they are made of, because Numba's cache sees only the
    file a kernel stands in.

    And for each place the package lies at: Numba knows a file by its path, so two checkouts share no machine code.
    """
    return caches().folder / _kernels()


def catalogue_file() -> Path:
    """Returns the file of the modules' declarations; it is written before anything is compiled, so where it is not, nothing is."""
    return kernel_cache() / f"catalogue-{_modules()}.json"


def complete_file() -> Path:
    """The sign that all kernels have been compiled."""
    return _complete(kernel_cache())


def _complete(kernels: Path) -> Path:
    return kernels / f"catalogue-{_modules()}.complete"


def _modules() -> str:
    return _digest(source for folder in modules_folders() for source in sorted(folder.glob("*.py")))


def costs_file() -> Path:
    """What each kernel costs on this machine, as data."""
    return catalogue_file().with_suffix(".costs")


def table_file(kind: str, name: str) -> Path:
    """A table that a module's code makes, kept with the catalogue."""
    return catalogue_file().with_suffix(f".{kind}.{name}.npy")


def samples() -> Path:
    """Returns the folder of the user's recordings: found there by their names alone."""
    return home() / "samples"


def runtime() -> Path:
    """Returns the folder of sockets and locks: 0700 and ours, or refused."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "chronus" if base else Path(f"/tmp/chronus-{os.getuid()}")
    try:
        _make_private(folder)
    except OSError as problem:
        why = f"{folder} cannot hold sockets: {problem.strerror}; XDG_RUNTIME_DIR may name another folder"
        raise ChronusError("E_ENGINE", why) from None
    return folder


def environment() -> dict[str, str]:
    """For `python -P -m chronus`: -P keeps the folder we happen to be in out of it; a checkout that is not installed is named."""
    parent = PACKAGE.parent
    if parent.name in ("site-packages", "dist-packages"):
        return dict(os.environ)
    paths = [str(parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
