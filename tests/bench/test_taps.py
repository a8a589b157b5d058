"""What it costs to keep each module's sound for meters and scopes: of a rack of thirty-two at most half a percent of a block's time."""

from __future__ import annotations

import time

import numpy as np

from chronus.graph import bound
from chronus.graph.block import block_address
from chronus.memory import layout
from chronus.memory.layout import BLOCK, Memory
from chronus.worker import unpaced
from tests.kit import sounding
from tests.kit.house import RATE

BAR, RACK = 0.005, 32
ROUNDS, BLOCKS = 15, 700


def test_keeping_every_sound_costs_half_a_percent_of_a_block_at_most(tmp_path, figure):
    house = sounding.sounding(tmp_path, Memory(layout.create()))
    lines = ["bpm 170"]
    for k in range(RACK // 3):
        lines += [f"load kick as k{k}; seq k{k}: x.x.x.x.", f"load tb303 as t{k}; seq t{k}: xxxxxxxx"]
        lines.append(f"load reverb as r{k}" if k < 2 else f"load reese as r{k}; seq r{k}: x.x.x.x. note=e1")
    assert all(
        reply.ok for reply in sounding.say(house, house.caller(), *[one for line in lines for one in line.split("; ")])
    )
    sounding.to(house, RATE)
    memory, table = house.memory, house.replicas.bindings.table
    arena, out = memory.arena(0), np.empty((BLOCK * BLOCKS, 2), np.float32)
    used, taps = int(arena[layout.A_USED]) // 8, house.replicas.bindings.taps
    before, board = arena[:used].copy(), memory.board.copy()

    def once(where: int) -> float:
        """Renders the same second again, and returns the microseconds of a block."""
        arena[:used], memory.board[:] = before, board
        table[:, bound.B_TAPS] = where
        house.replicas.bindings.arena_changed()
        begun = time.thread_time()
        assert unpaced.render(block_address(), memory.board, memory.log, arena, table, BLOCKS, out) == BLOCKS
        return (time.thread_time() - begun) / BLOCKS * 1e6

    rounds = [(once(0), once(taps)) for _ in range(ROUNDS)]
    without, kept = (min(some) for some in zip(*rounds, strict=True))
    modules = len(house.conductor.rack.modules)
    each = (kept - without) / modules
    share = each * RACK / (BLOCK / RATE * 1e6)
    figure(
        f"  taps: {each * 1000:.0f} ns a module and block, {share:.2%} of a block's time for {RACK} modules (bar {BAR:.1%})"
    )
    assert share <= BAR
    house.close()
