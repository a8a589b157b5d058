"""Writes beside the machine code the declarations of modules, the tables they make, and what their kernels cost on this machine."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from chronus import places
from chronus.catalogue.kinds import variant
from chronus.catalogue.spec import Spec

if TYPE_CHECKING:
    from chronus.dsp.kernel import Kernel


def specs() -> list[Spec]:
    """Returns the declarations of the modules, from their files; also kept as JSON, if possible, for processes that must not import
    them.
    """
    from chronus.dsp.discovery import discover

    found = sorted((kernel.spec for kernel in discover(places.modules_folders()).values()), key=lambda spec: spec.kind)
    with suppress(OSError):
        _write(places.catalogue_file(), found)
    return found


def keep_tables(kernels: Iterable[Kernel]) -> None:
    """Keeps the tables that code makes, for every process that lays them on a shelf."""
    for kernel in kernels:
        for name in kernel.made:
            target = places.table_file(kernel.spec.kind, name)
            if not target.exists():
                table = io.BytesIO()
                np.save(table, kernel.table(name))
                _put(target, table.getvalue())


def costs() -> dict[str, float]:
    """Returns nanoseconds a block by kernel, as far as they were weighed."""
    try:
        found: dict[str, float] = json.loads(places.costs_file().read_bytes())
        return found
    except (OSError, ValueError):
        return {}


def keep_cost(kernel: str, nanoseconds: float) -> None:
    """Adds the cost of a kernel to those that are known, one process at a time."""
    target = places.costs_file()
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _write(target, {**costs(), kernel: nanoseconds})


def _write(target: Path, content: object) -> None:
    _put(target, msgspec.json.encode(content))


def _put(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=target.parent, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.replace(file.name, target)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def in_order(specs: Iterable[Spec]) -> list[str]:
    """Sorts all kernels, those that will most likely be asked for first: what the patches and phrases that ship name most often,
    with the fewest voices; then the others; then those for many voices.
    """
    texts = [*places.shipped("patches").glob("*.chronus"), places.shipped("grammar") / "phrases.toml"]
    words = [set(re.findall(r"[a-z]\w*", text.read_text(encoding="utf-8").lower())) for text in texts]
    known = sorted(specs, key=lambda spec: (-sum(spec.kind in there for there in words), spec.kind))
    first = [(spec, spec.lanes[0]) for spec in known if any(spec.kind in there for there in words)]
    narrow = [(spec, lanes) for spec in known for lanes in spec.lanes]
    wide = [(spec, lanes) for spec in known for lanes in spec.wide_lanes]
    return list(dict.fromkeys(variant(spec.kind, lanes) for spec, lanes in (*first, *narrow, *wide)))
