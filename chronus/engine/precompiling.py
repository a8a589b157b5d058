"""Compiles all kernels, on all processors, before anybody plays: for packagers, tests and `chronus build`."""

from __future__ import annotations

import contextlib
import os
import selectors
from collections import deque
from collections.abc import Callable

from chronus import places
from chronus.engine.children import Compiler
from chronus.engine.foundry import LIST, LONGEST
from chronus.engine_line import ListAll, Listed, Make
from chronus.errors import ChronusError

MOST = 4
"""Compilers at once."""

Report = Callable[[int, int, str], None]
"""Jobs done, jobs in all, the one that was done."""


def build(report: Report = lambda done, total, name: None) -> None:
    """Compiles what is missing. Raises the ChronusError of the first kernel that cannot be compiled, when the rest is done."""
    todo, total, done = deque([LIST, LONGEST]), 0, 0
    first: list[ChronusError] = []
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())

        def go_on(compiler: Compiler) -> None:
            if todo:
                job = todo.popleft()
                compiler.tell(ListAll() if job == LIST else Make(job))
            else:
                idle.append(compiler)

        idle: list[Compiler] = []
        for _ in range(min(MOST, processors())):
            compiler = Compiler()
            stack.callback(compiler.kill)
            selector.register(compiler.answers, selectors.EVENT_READ, compiler)
            go_on(compiler)
        while not total or done < total:
            for key, _ in selector.select():
                for message in key.data.read():
                    done += 1
                    if isinstance(message, Listed):
                        todo += (job for job in (*message.parts, *message.kernels) if job != LONGEST)
                        total = len(message.parts) + len(message.kernels) + 1
                    elif message.error:
                        first.append(ChronusError(*message.error))
                        if message.job == LIST:
                            raise first[0]
                    report(done, max(total, done), LIST if isinstance(message, Listed) else message.job)
                    go_on(key.data)
                if key.data.gone:
                    raise ChronusError("E_ENGINE", "a compiler was killed")
            while todo and idle:
                go_on(idle.pop())
        if first:
            raise first[0]
    places.complete_file().touch()


def processors() -> int:
    """Returns how many processors this process may use. One compiler more than that only makes each slower."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
