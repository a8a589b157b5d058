"""Compiles every kernel once, so that the first note of every later start finds machine code on the disk, and weighs those that are ours.

python -m chronus.worker.build           compiles what is missing; prints a JSON line a kernel: [done, all, name]
python -m chronus.worker.build --hand    compiles the jobs whose numbers come in, a line each (what the first form starts)
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from chronus import lifeline, places, title

if TYPE_CHECKING:
    from chronus.dsp.kernel import Kernel


def jobs() -> list[tuple[str, Callable[[], float | None]]]:
    """(name, compile it) of all that can be compiled beforehand, the longest first. What is weighed returns its cost."""
    from chronus.dsp.catalogue import discover
    from chronus.worker import rehearsal

    kernels = discover(places.modules_folders())
    named: list[tuple[str, Callable[[], float | None]]] = [("engine", rehearsal.rehearse)]
    for kind, kernel in sorted(kernels.items()):
        for lanes in reversed(kernel.spec.lanes):
            named.append((f"{kind} x{lanes}", lambda kernel=kernel, lanes=lanes: _make(kernel, lanes)))  # type: ignore[misc]
    return named


def _make(kernel: Kernel, lanes: int) -> float | None:
    """Compiles it. What somebody else wrote is not weighed: it may crash or never return."""
    from chronus.worker.weigh import weigh

    kernel.address(lanes)
    shipped = kernel.function.__code__.co_filename.startswith(str(places.PACKAGE))
    return weigh(kernel, lanes) if shipped else None


def build_wide(line: int) -> None:
    """One after the other, at the lowest priority; each is kept when it is done. `line` is the lifeline."""
    from chronus.dsp.catalogue import discover

    lifeline.hold(line)
    title.take("compiling")
    os.nice(19)
    for kind, kernel in sorted(discover(places.modules_folders()).items()):
        for lanes in kernel.spec.wide_lanes:
            cost = _make(kernel, lanes)
            if cost is not None:
                keep_costs({f"{kind} x{lanes}": cost})
    places.wide_file().touch()


def is_built() -> bool:
    return places.catalogue_file().exists()


def lend_a_hand() -> None:
    """Does the jobs whose numbers are read, and says the name and the cost of each when it is done."""
    todo = jobs()
    for line in sys.stdin:
        name, make = todo[int(line)]
        print(json.dumps([name, make()]), flush=True)


def write_catalogue() -> None:
    """The modules' SPECs as JSON, for those who must not import them."""
    from chronus.dsp.catalogue import discover

    specs = [kernel.spec for _, kernel in sorted(discover(places.modules_folders()).items())]
    _write(places.catalogue_file(), specs)


def keep_costs(costs: Mapping[str, float]) -> None:
    """Adds costs of kernels, in nanoseconds a block by `KIND xLANES`, to those that are known."""
    target = places.costs_file()
    known = json.loads(target.read_text()) if target.exists() else {}
    _write(target, {**known, **costs})


def _write(target: Path, content: object) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=target.parent, delete=False) as file:
        file.write(msgspec.json.encode(content))
    os.replace(file.name, target)


def build(report: Callable[[int, int, str], None]) -> None:
    """Compiles all, on all cores, and writes the catalogue. Raises RuntimeError with what the compiler said."""
    total = len(jobs())
    with tempfile.TemporaryFile("w+") as complaints, selectors.DefaultSelector() as selector:
        hands = [_hand(complaints) for _ in range(max(1, min(4, os.cpu_count() or 1)))]
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
                    name, cost = json.loads(line)
                    if cost is not None:
                        costs[name] = cost
                    report(done, total, name)
                    _give(key.data, next(numbers, None))
                else:
                    selector.unregister(key.fileobj)
        if any(hand.wait() != 0 for hand in hands) or done < total:
            complaints.seek(0)
            raise RuntimeError(f"the kernels could not be compiled: {complaints.read()[-2000:]}")
    keep_costs(costs)
    write_catalogue()


def _hand(complaints: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "chronus.worker.build", "--hand"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=complaints, text=True)  # type: ignore[call-overload, no-any-return]


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
        build(lambda done, total, name: print(json.dumps([done, total, name]), flush=True))


if __name__ == "__main__":
    main()
