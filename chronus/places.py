"""Where things lie: the package's own files, the user's, the cache, the runtime folder."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import platformdirs

from chronus.errors import ChronusError

PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """`grammar` or `patches`: inside the package (a wheel), or beside it (a checkout)."""
    inside = PACKAGE / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder


def home() -> Path:
    """Journals, recordings, the user's patches and modules."""
    told = os.environ.get("CHRONUS_HOME")
    return Path(told).expanduser() if told else Path(platformdirs.user_data_dir("chronus", appauthor=False))


def modules_folders() -> tuple[Path, ...]:
    """Where modules are found: the package's own folder, then those named in CHRONUS_MODULES."""
    more = os.environ.get("CHRONUS_MODULES", "")
    return (PACKAGE / "modules", *(Path(part) for part in more.split(os.pathsep) if part))


@cache
def shipped_kinds() -> frozenset[str]:
    """The kinds of module that came with Chronus. All others come from outside, and are proved before they are rendered."""
    return frozenset(source.stem for source in (PACKAGE / "modules").glob("[!_]*.py"))


def _digest(sources: Iterable[Path], place: str = "") -> str:
    digest = hashlib.sha256(place.encode())
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


SHARED_BY_KERNELS = ("dsp/*.py", "memory/*.py", "audio/ring.py", "audio/callback.py")
"""What is compiled into functions that stand in other files."""


@cache
def kernel_cache() -> Path:
    """Compiled kernels: a folder for each version of what they are made of, because Numba's cache sees only the file a kernel stands in.

    And for each place the package lies at: Numba knows a file by its path, so two checkouts share no machine code.
    """
    root = Path(platformdirs.user_cache_dir("chronus", appauthor=False))
    sources = (source for pattern in SHARED_BY_KERNELS for source in sorted(PACKAGE.glob(pattern)))
    return root / f"kernels-{_digest(sources, str(PACKAGE.resolve()))}"


def catalogue_file() -> Path:
    """What the modules say of themselves, as data; written when all their kernels are compiled, so it is also the sign of that."""
    sources = (source for folder in modules_folders() for source in sorted(folder.glob("*.py")))
    return kernel_cache() / f"catalogue-{_digest(sources)}.json"


def costs_file() -> Path:
    """What each kernel costs on this machine, as data."""
    return catalogue_file().with_suffix(".costs")


def wide_file() -> Path:
    """The sign that the kernels for many voices are compiled as well."""
    return catalogue_file().with_suffix(".wide")


def runtime() -> Path:
    """The folder of sockets and locks: 0700 and ours, or refused."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "chronus" if base else Path(f"/tmp/chronus-{os.getuid()}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise ChronusError("E_ENGINE", f"{folder} is not a private folder of yours (owner and mode 0700 are needed)")
    return folder
