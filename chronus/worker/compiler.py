"""The compiler: a process that puts machine code on the disk, a job at a time, for all others to load.

`python -m chronus.worker.compiler [LINE]`, where LINE is a lifeline. Its jobs come in on standard input, their results go out on
standard output; see engine_line.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys

from chronus import engine_line, places
from chronus.catalogue.kinds import kind_and_lanes, variant
from chronus.engine_line import Complete, FromCompiler, ListAll, Listed, Made, Make, Relax
from chronus.errors import ChronusError
from chronus.system import lifeline, title
from chronus.system.urgency import expendable

_POINTS = 900
"""Where memory runs out, a compiler goes before everybody else: it is begun again."""


class Compiler:
    def __init__(self) -> None:
        from chronus.dsp import machinecode
        from chronus.dsp.discovery import discover
        from chronus.worker.rehearsal import PARTS

        self.unkept, self.parts = machinecode.unkept, PARTS
        self.kernels = discover(places.modules_folders())

    def do(self, asked: ListAll | Make) -> FromCompiler:
        """Does a job and returns the answer."""
        job = asked.job if isinstance(asked, Make) else "list"
        self.unkept.clear()
        try:
            if isinstance(asked, ListAll):
                return self._list()
            if job in self.parts:
                self.parts[job]()
            else:
                self._kernel(*kind_and_lanes(job))
            if self.unkept:
                raise self.unkept[0]
        except OSError as problem:
            return Made(job, ("E_FILE", not_kept(job, problem)))
        except ChronusError as error:
            return Made(job, (error.code, error.message))
        except Exception as error:
            return Made(job, ("E_MODULE", f"{job} cannot be compiled: {_in_short(error)}"))
        return Made(job)

    def _list(self) -> Listed:
        from chronus.worker import hoard, ledger

        specs = ledger.specs()
        for kernel in self.kernels.values():
            try:
                ledger.keep_tables([kernel])
            except OSError:
                raise
            except Exception:  # a module whose own code fails is told of when it is loaded; the others are listed
                continue
        hoard.claim(places.kernel_cache())
        hoard.prune(places.kernel_cache())
        out = self.kernels["out"].spec  # the one that is in every rack
        parts = (*self.parts, *(variant(out.kind, lanes) for lanes in out.lanes))
        return Listed(parts, tuple(one for one in ledger.in_order(specs) if one not in parts))

    def _kernel(self, kind: str, lanes: int) -> None:
        """Compiles a kernel. One that did not come with Chronus is not weighed: it may crash or never return."""
        from chronus.dsp.kernel import Kernel
        from chronus.worker import ledger
        from chronus.worker.weigh import weigh

        if kind not in self.kernels:
            raise ChronusError("E_MODULE", f"there is no file of {kind} any more")
        known = self.kernels[kind]
        kernel = Kernel(
            known.spec, known.function, known.made
        )  # one that looks at the disk, whatever this process has made before
        kernel.text = known.text
        kernel.address(lanes)
        ledger.keep_tables([kernel])
        if kind in places.shipped_kinds() and variant(kind, lanes) not in ledger.costs():
            ledger.keep_cost(variant(kind, lanes), weigh(kernel, lanes))


def not_kept(job: str, problem: OSError) -> str:
    where = problem.filename or places.kernel_cache()
    return f"{job} could not be compiled into {where}: {problem.strerror or problem}; {places.ELSEWHERE}"


def _in_short(error: Exception) -> str:
    """Shortens Numba's message to the first line that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def main() -> None:
    if len(sys.argv) > 1:
        lifeline.hold(int(sys.argv[1]))
    title.take("compiling")
    expendable(_POINTS)
    os.setpriority(
        os.PRIO_PROCESS, 0, max(0, os.getpriority(os.PRIO_PROCESS, 0))
    )  # whoever starts it may be in a hurry
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # a compiler keeps nearly all it makes: looking through it again and again took a tenth of the time
    compiler, said = Compiler(), engine_line.to_compiler()
    while more := os.read(0, 1 << 16):
        for asked in said.feed(more):
            if isinstance(asked, Relax):
                os.setpriority(os.PRIO_PROCESS, 0, 19)
            elif isinstance(asked, Complete):
                with contextlib.suppress(OSError):
                    places.complete_file().touch()
            else:
                os.write(1, engine_line.encode(compiler.do(asked)))


if __name__ == "__main__":
    main()
