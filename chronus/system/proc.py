"""Reads about a process from /proc: nothing where there is no /proc, and nothing about a process that has ended."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

TICKS = os.sysconf("SC_CLK_TCK")
"""A second of `cpu` and `started`, as the kernel counts it."""


class Stat(Struct, frozen=True):
    """`/proc/PID/stat`. `state` is a letter: R runs or could, T is stopped, Z and X are dead. Times in seconds; `started` is
    counted from the boot on."""

    state: str
    session: int
    cpu: float
    started: float
    arguments: tuple[int, int]
    """Where the words of its command begin and end in its memory."""


def stat(pid: int | str, task: int | None = None) -> Stat | None:
    """Reads the state of a process, or of one of its threads; `pid` may be "self"."""
    with suppress(OSError, ValueError, IndexError):
        where = f"/proc/{pid}/stat" if task is None else f"/proc/{pid}/task/{task}/stat"
        fields = Path(where).read_text().rpartition(")")[2].split()  # its name may hold anything
        spent = (int(fields[11]) + int(fields[12])) / TICKS
        return Stat(fields[0], int(fields[3]), spent, int(fields[19]) / TICKS, (int(fields[45]), int(fields[46])))
    return None


def lives(pid: int) -> bool:
    found = stat(pid)
    return found is not None and found.state not in ("Z", "X")


def pss_mb(pid: int, *kinds: str) -> float | None:
    """Memory in MiB, what is shared counted in shares; all of it, or these kinds of /proc/PID/smaps_rollup."""
    with suppress(OSError, ValueError, IndexError):
        rows = [line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
        return sum(int(row[1]) for row in rows if row[0] in (kinds or ("Pss:",))) / 1024
    return None


def own_memory(pid: int) -> int | None:
    """Returns the bytes that a process has for itself: what it shares with others, or maps from files, left out."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
    return None


def title(pid: int) -> bytes:
    """Returns the words of its command, each behind a NUL but the first."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
