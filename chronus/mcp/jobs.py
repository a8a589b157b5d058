"""Runs other forms of the program in processes of their own, beside what plays: rendering and measuring. Each is a job with a name."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from chronus import places
from chronus.errors import ChronusError, nearest

MOST_RUNNING = 2
MOST_KEPT = 32
POLITE = 10
"""How much a job gives way to what plays."""
LONGEST_OUTPUT = 1 << 20


class Job:
    """`on_end` is called, by another thread, when it has ended."""

    def __init__(self, name: str, words: Sequence[str], about: str, on_end: Callable[[], None]) -> None:
        self.name, self.about = name, about
        self.output, self.errors = "", ""
        self.code: int | None = None
        self._began, self._on_end = time.monotonic(), on_end
        self.seconds = 0.0
        pipe = subprocess.PIPE
        command = [sys.executable, "-P", "-m", "chronus", *words]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=places.environment()
        )
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, POLITE)
        threading.Thread(target=self._wait, daemon=True).start()

    @property
    def runs(self) -> bool:
        return self.code is None

    def state(self) -> str:
        """Says in one line how it is."""
        if self.runs:
            return f"{self.name} runs since {time.monotonic() - self._began:.1f} s: {self.about}"
        how = "is done" if self.code == 0 else "was stopped" if self.code is not None and self.code < 0 else "failed"
        return f"{self.name} {how}, after {self.seconds:.1f} s: {self.about}"

    def told(self) -> list[str]:
        """Returns what it printed; of one that failed what it complained of."""
        errors = [line.removeprefix("chronus: ") for line in self.errors.splitlines()] if self.code else []
        return errors or self.output.splitlines()

    def stop(self) -> None:
        if self.runs:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    def _wait(self) -> None:
        output, errors = self._process.communicate()
        self.output = output[-LONGEST_OUTPUT:].decode("utf-8", "replace")
        self.errors = errors[-LONGEST_OUTPUT:].decode("utf-8", "replace")
        self.seconds = time.monotonic() - self._began
        self.code = self._process.returncode
        self._on_end()

    def kill(self) -> None:
        """Ends it at once, when the server ends."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


class Jobs:
    """The jobs of one server, by their names; of those that have ended the last ones are kept."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._jobs: dict[str, Job] = {}
        self._on_end = on_end

    def begin(self, name: str, words: Sequence[str], about: str) -> Job:
        running = [job.name for job in self._jobs.values() if job.runs]
        if len(running) >= MOST_RUNNING:
            raise ChronusError("E_LIMIT", f"{' and '.join(running)} run already; `job` tells when one has ended")
        job = self._jobs[name] = Job(name, words, about, self._on_end)
        for old in list(self._jobs)[:-MOST_KEPT]:
            if not self._jobs[old].runs:
                del self._jobs[old]
        return job

    def find(self, name: str) -> Job | None:
        return self._jobs.get(name)

    def all(self) -> list[Job]:
        return list(self._jobs.values())

    def close(self) -> None:
        for job in self._jobs.values():
            if job.runs:
                job.kill()


def no_such(name: str, known: Sequence[str]) -> ChronusError:
    there = f"there are {', '.join(known)}" if known else "there are none yet"
    return ChronusError(
        "E_NAME", f'there is no job or cut answer "{name[:64]}"; {there}', suggestions=nearest(name, known)
    )
