"""Laws asked of the machine code of every module, found by looking: it allocates nothing, asks nobody for anything, and cannot fail."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.catalogue.spec import Param, Spec
from chronus.dsp.discovery import discover
from chronus.dsp.kernel import Kernel, kernel
from chronus.places import modules_folders
from tests.kit.machine_code import calls, errors, foreign

KERNELS = discover(modules_folders())


def found_in(one: Kernel, lanes: int) -> tuple[set[str], list[str]]:
    one.address(lanes)
    library = one._variants[lanes]._library
    return foreign(calls(library)), errors(library)


@pytest.mark.parametrize("kind", KERNELS)
def test_rendering_calls_nothing_but_arithmetic(kind: str) -> None:
    for lanes in KERNELS[kind].spec.lanes:
        assert found_in(KERNELS[kind], lanes) == (set(), [])


# ---------------------------------------------------------------- that the question finds anything


def _spec(kind: str) -> Spec:
    """One of its own for each: machine code is kept by the file and the kind."""
    return Spec(kind=kind, help="is no good", params=(Param("gain", 0, 1, 1),))


@kernel(_spec("spendthrift"))
def spendthrift(ins, outs, params, moving, state, memory, seed, rate, frames):
    row = np.zeros(frames + int(params[0][0, 0]), np.float32)
    for i in range(frames):
        outs[0][i, 0] = row[i]


@kernel(_spec("fragile"))
def fragile(ins, outs, params, moving, state, memory, seed, rate, frames):
    if params[0][0, 0] > 0.5:
        raise ValueError("it is too loud")
    outs[0][0, 0] = 0


def test_a_kernel_that_allocates_is_seen():
    called, _ = found_in(spendthrift, 1)
    assert any("NRT_" in name for name in called), called


def test_a_kernel_that_can_fail_is_seen():
    _, returned = found_in(fragile, 1)
    assert returned


def test_what_is_neither_arithmetic_nor_llvm_s_own_is_foreign():
    assert foreign({"tan", "tanf", "llvm.sqrt.f64", "malloc", "PyErr_Clear", "an address"}) == {
        "malloc", "PyErr_Clear", "an address",
    }  # fmt: skip
