"""Compiles every kernel once, so that the first note of every later start finds machine code on the disk, and weighs those that are ours.

python -m chronus.worker.build           compiles what is missing; prints a JSON line a kernel: [done, all, name]
python -m chronus.worker.build --hand    compiles the jobs whose numbers come in, a line each (what the first form starts)
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from chronus import places
from chronus.errors import ChronusError
from chronus.system import lifeline, title
from chronus.worker import hoard

if TYPE_CHECKING:
    from chronus.dsp.kernel import Kernel


Costs = dict[str, float]
"""Nanoseconds a block by `KIND xLANES`."""
Job = tuple[str, Callable[[], Costs]]


def jobs() -> list[Job]:
    """(name, compile it) of all that can be compiled beforehand, the longest first. What is weighed returns its costs.

    No two have a function of their own in common, and the variants of a kernel are one job: its parts are then compiled once.
    """
    from chronus.dsp.discovery import discover
    from chronus.graph.block import block_address
    from chronus.worker import rehearsal

    def engine(load: Callable[[], object]) -> Costs:
        load()
        return {}

    kernels = discover(places.modules_folders()).values()
    longest = sorted(kernels, key=lambda kernel: -len(kernel.spec.lanes) * len(kernel.function.__code__.co_code))
    return [
        ("graph", lambda: engine(block_address)),
        ("loops", lambda: engine(rehearsal.loops)),
        ("callbacks", lambda: engine(rehearsal.callbacks)),
        *((kernel.spec.kind, lambda kernel=kernel: _make(kernel, kernel.spec.lanes)) for kernel in longest),  # type: ignore[misc]
    ]


def _make(kernel: Kernel, variants: Iterable[int]) -> Costs:
    """Compiles them. What somebody else wrote is not weighed: it may crash or never return."""
    from chronus.worker.weigh import weigh

    for name in kernel.made:
        keep_table(kernel, name)
    shipped = kernel.function.__code__.co_filename.startswith(str(places.PACKAGE))
    costs = {}
    for lanes in variants:
        kernel.address(lanes)
        if shipped:
            costs[f"{kernel.spec.kind} x{lanes}"] = weigh(kernel, lanes)
    return costs


def build_wide(line: int) -> None:
    """One after the other, at the lowest priority; each is kept when it is done. `line` is the lifeline."""
    from chronus.dsp.discovery import discover

    lifeline.hold(line)
    title.take("compiling")
    os.nice(19)
    for _, kernel in sorted(discover(places.modules_folders()).items()):
        for lanes in kernel.spec.wide_lanes:
            costs = _make(kernel, (lanes,))
            if costs:
                keep_costs(costs)
    places.wide_file().touch()


def is_built() -> bool:
    return places.catalogue_file().exists()


def lend_a_hand() -> None:
    """Does the jobs whose numbers are read, and says the name and the costs of each when it is done."""
    gc.disable()  # a compiler keeps nearly all it makes: looking through it again and again took a tenth of the time
    todo = jobs()
    for line in sys.stdin:
        name, make = todo[int(line)]
        print(json.dumps([name, make()]), flush=True)


def write_catalogue() -> None:
    """The modules' SPECs as JSON, for those who must not import them."""
    from chronus.dsp.discovery import discover

    specs = [kernel.spec for _, kernel in sorted(discover(places.modules_folders()).items())]
    _write(places.catalogue_file(), specs)


def keep_costs(costs: Mapping[str, float]) -> None:
    """Adds costs of kernels, in nanoseconds a block by `KIND xLANES`, to those that are known."""
    target = places.costs_file()
    known = json.loads(target.read_text()) if target.exists() else {}
    _write(target, {**known, **costs})


def keep_table(kernel: Kernel, name: str) -> None:
    """Has a table that code makes be there for all who lay it on a shelf."""
    import numpy as np

    target = places.table_file(kernel.spec.kind, name)
    if not target.exists():
        table = io.BytesIO()
        np.save(table, kernel.table(name))
        _put(target, table.getvalue())


def _write(target: Path, content: object) -> None:
    _put(target, msgspec.json.encode(content))


def _put(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=target.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, target)


def build(report: Callable[[int, int, str], None]) -> None:
    """Compiles all, on all processors, and writes the catalogue. E_ENGINE: what the compiler said last; E_FILE: no place for it."""
    with contextlib.ExitStack() as stack:
        complaints = stack.enter_context(tempfile.TemporaryFile("w+"))
        selector = stack.enter_context(selectors.DefaultSelector())
        hands = [_begun(stack, complaints) for _ in range(min(4, processors()))]
        total = len(jobs())  # it imports what the hands import meanwhile
        numbers = iter(range(total))
        for hand in hands:
            selector.register(hand.stdout, selectors.EVENT_READ, hand)  # type: ignore[arg-type]
            _give(hand, next(numbers, None))
        done, costs = 0, {}
        while selector.get_map():
            for key, _ in selector.select():
                line = key.fileobj.readline()  # type: ignore[union-attr]
                if line:
                    done += 1
                    name, found = json.loads(line)
                    costs.update(found)
                    report(done, total, name)
                    _give(key.data, next(numbers, None))
                else:
                    selector.unregister(key.fileobj)
        if any(hand.wait() != 0 for hand in hands) or done < total:
            complaints.seek(0)
            last = (complaints.read().strip().splitlines() or ["a compiler was killed"])[-1]
            raise _refused("E_FILE" if last.startswith(DISK) else "E_ENGINE", last)
    try:
        keep_costs(costs)
        write_catalogue()
    except OSError as problem:
        raise _refused("E_FILE", problem.strerror or str(problem)) from None
    hoard.claim(places.kernel_cache())
    hoard.prune(places.kernel_cache())


DISK = ("OSError", "PermissionError", "FileNotFoundError", "NotADirectoryError")
"""How the last line of a compiler begins whom the disk refused."""


def _refused(code: str, why: str) -> ChronusError:
    where = f" into {places.kernel_cache()}" if code == "E_FILE" else ""
    hint = "; XDG_CACHE_HOME may name another folder" if code == "E_FILE" else ""
    return ChronusError(code, f"the kernels could not be compiled{where}: {why}{hint}")


def processors() -> int:
    """How many this process may use. One hand more than that only makes each slower, and the longest job last longer."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _hand(complaints: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "chronus.worker.build", "--hand"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=complaints, text=True)  # type: ignore[call-overload, no-any-return]


def _begun(stack: contextlib.ExitStack, complaints: object) -> subprocess.Popen[str]:
    """A hand that does not outlive this: who is told to end waits for no compiler."""
    hand = stack.enter_context(_hand(complaints))
    stack.callback(hand.kill)
    return hand


def _give(hand: subprocess.Popen[str], number: int | None) -> None:
    """The next job, or the end of the work."""
    assert hand.stdin
    try:
        if number is None:
            hand.stdin.close()
        else:
            hand.stdin.write(f"{number}\n")
            hand.stdin.flush()
    except BrokenPipeError:
        pass  # it has died; its exit code says so


def main() -> None:
    if sys.argv[1:] == ["--hand"]:
        lend_a_hand()
    elif sys.argv[1:2] == ["--wide"]:
        build_wide(int(sys.argv[2]))
    elif not is_built():
        try:
            build(lambda done, total, name: print(json.dumps([done, total, name]), flush=True))
        except ChronusError as error:
            sys.exit(f"{error.code} {error.message}")


if __name__ == "__main__":
    main()
