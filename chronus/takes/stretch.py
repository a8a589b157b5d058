"""The script beside a file of what was heard: the journal of the take, and which frames of it the file holds.

A live take is more than the commands that make its rack: when each was said belongs to it. So this is a journal, as `chronus render`
reads it, with a `stretch` in its header: from which frame of the music until which.
"""

from __future__ import annotations

from pathlib import Path

from chronus.journal import reading
from chronus.journal.records import Ended, header_line, lines, records_in
from chronus.system import files

SUFFIX = ".chronus"
LAST_BYTES = 4096
"""In which the last record of a journal stands, if it says that it has ended."""


def beside(file: Path) -> Path:
    return file.with_suffix(SUFFIX)


def newest(engine: str) -> Path:
    """Returns the journal that an engine writes. Raises FileNotFoundError where there is none."""
    found, _ = reading.newest(engine)
    if found is None:
        raise FileNotFoundError(2, "there is no journal of it")
    return found


def is_closed(engine: str) -> bool:
    """Whether the engine has ended its journal."""
    found = reading.numbered(engine)
    if not found:
        return True
    path = found[-1][1]
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_BYTES))
        ends = file.read().rpartition(b"\n")[0].rpartition(b"\n")[2]
    return any(isinstance(record, Ended) for record in records_in(ends + b"\n", 0)[0])


def write(goal: Path, journal: Path, start: int, until: int) -> None:
    """Raises OSError where the disk refuses, E_FILE where the journal cannot be read."""
    take = reading.read_take(journal)
    header = {key: value for key, value in take.header.items() if key != "continues"}
    header |= {"stretch": [start, until]}
    files.put(goal, header_line(header) + lines(take.records))
