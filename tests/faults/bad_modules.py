"""Modules that break, each in its own way: written into a folder for CHRONUS_MODULES, as a user's would be."""

from __future__ import annotations

from pathlib import Path

HEAD = '''"""A module of the tests that breaks."""
import llvmlite.ir as ir
import numpy as np
from numba import types
from numba.extending import intrinsic

from chronus.dsp.kernel import LANES, inline, kernel, plane_f64
from chronus.catalogue.spec import Param, Spec, switch

f32 = np.float32


@intrinsic
def divided(typing, a, b):
    """What the processor makes of a / b, asked of it without a look at b."""
    def generate(context, builder, signature, args):
        return builder.sdiv(*args)
    return types.int64(types.int64, types.int64), generate


@inline
def crashes():
    plane_f64(64, 1, 1)[0, 0] = 1.0


'''
RENDER = "(ins, outs, params, moving, state, memory, seed, rate, frames)"

KINDS = {
    # writes where nothing is
    "crasher": ("", "0", "crashes()"),
    # never returns
    "hanger": ("", "0", "while outs[0][0, 0] < f32(1.0):\n        outs[0][0, 0] = f32(0.0)"),
    # asks the processor for the impossible: SIGFPE
    "divider": ("", "0", "outs[0][0, 0] = f32(divided(np.int64(frames), np.int64(params[0][0, 0])))"),
    # 0 / 0 is NaN, 1 / 0 infinite, as IEEE 754 has it; 1 // 0 of whole numbers is 0 in compiled code
    "naner": ("", "0", "outs[0][:frames, :] = params[0][0, 0] * f32(0.0) / (params[0][0, 0] - params[0][0, 0])"),
    "infinite": ("", "0", "outs[0][:frames, :] = f32(1.0) / (params[0][0, 0] - params[0][0, 0])"),
    # about 30 ms a block
    "sloth": ("", "1", "x = state[0, 0]\n    for i in range(10_000_000):\n        x = x * 0.999 + 0.001 * (x > 2.0)\n    state[0, 0] = x"),
    # crashes after so much of its own time, when no trial looks any more
    "time_bomb": (
        'Param("seconds", 2, 60, 2, "s"),',
        "1",
        "state[0, 0] += frames\n    if state[0, 0] > params[1][0, 0] * rate:\n        crashes()",
    ),
    # breaks at values in the middle of a range, where no trial looks, and only when armed
    "bomb": (
        'Param("level", 0, 1, 0, help="4/8 crash, 5/8 hang, 2/8 SIGFPE, 3/8 NaN, 6/8 1e30; NaN once on passing 1/16"),\n'
        '    switch("armed", ("off", "on"), "off"),',
        "0",
        """e = int(params[1][0, 0] * f32(8.0) + f32(0.5)) if abs(params[1][0, 0] * f32(8.0) % f32(1.0)) < f32(0.01) else 0
    e = e if params[2][0, 0] > f32(0.5) else 0
    if e == 4:
        crashes()
    if e == 2:
        outs[0][0, 0] = f32(divided(np.int64(frames), np.int64(params[0][0, 0])))
    while e == 5 and outs[0][0, 0] < f32(1.0):
        outs[0][0, 0] = f32(0.0)
    zero = params[1][0, 0] - params[1][0, 0]
    level = f32(0.0)
    if e == 3:
        level = zero / zero
    if e == 6:
        level = f32(1e30)
    for i in range(frames):
        for l in range(LANES):
            passing = i > 0 and params[1][i - 1, l] < f32(0.0625) and params[1][i, l] >= f32(0.0625)
            outs[0][i, l] = zero / zero if passing else level""",
    ),
}  # fmt: skip


def write(folder: Path, *kinds: str) -> Path:
    """The folder with these modules in it."""
    folder.mkdir(exist_ok=True)
    for kind in kinds:
        params, state, body = KINDS[kind]
        every = f'(\n    Param("gain", 0, 1, 0.5),\n    {params}\n)'
        spec = f'SPEC = Spec(kind="{kind}", help="breaks", state={state}, params={every})\n\n\n'
        (folder / f"{kind}.py").write_text(f"{HEAD}{spec}@kernel(SPEC)\ndef render{RENDER}:\n    {body}\n")
    return folder
