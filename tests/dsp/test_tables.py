"""Tables in a kernel: they come in the order of the SPEC, cannot be written, and those that code makes are asked for by name."""

import numpy as np
import pytest
from numba.core.errors import TypingError

from chronus.catalogue.spec import Spec, Table
from chronus.dsp.kernel import LANES, kernel
from tests.kit.rig import Rig

f32 = np.float32
SPEC = Spec(
    kind="reader",
    help="puts out what it reads",
    tables=(Table("first", "file"), Table("ramp", "code"), Table("last", "text")),
)


def ramp():
    return np.arange(10.0)


@kernel(SPEC, ramp=ramp)
def reader(ins, outs, params, moving, tables, state, memory, seed, rate, frames):
    first, made, last = tables
    for i in range(frames):
        for l in range(LANES):
            outs[0][i, l] = f32(10000) * first[0, 1] + f32(100) * made[i % made.shape[0], 0] + f32(last.shape[0])


@kernel(Spec(kind="writer", help="writes where it should not", tables=(Table("file", "file"),)))
def writer(ins, outs, params, moving, tables, state, memory, seed, rate, frames):
    tables[0][0, 0] = f32(1)


def test_a_kernel_gets_its_tables_in_the_order_of_its_spec():
    tables = {"first": np.array([[0.0, 3.0]], f32), "last": np.zeros((7, 1), f32)}
    out = Rig(reader, tables=tables).render(12)["out"][:, 0]
    assert np.array_equal(out, 30000 + 100 * (np.arange(12) % 10) + 7)


def test_a_kernel_that_writes_into_a_table_does_not_compile():
    with pytest.raises(TypingError, match="readonly array"):
        writer.address(1)


def test_what_code_makes_is_given_by_the_names_that_the_spec_asks_for():
    for made in ({}, {"ramp": ramp, "other": ramp}):
        with pytest.raises(TypeError, match="asks code for"):
            kernel(SPEC, **made)(reader.function)
