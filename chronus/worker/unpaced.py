"""Runs the same replica without a clock: renders block after block as fast as the machine can."""

from __future__ import annotations

from chronus.dsp.kernel import compiled
from chronus.graph import pending
from chronus.graph.block import call_block
from chronus.memory.atomics import address_of
from chronus.memory.layout import A_BLOCK, BLOCK, CHANNELS, CULPRIT0, TAIL


@compiled
def render(function, board, entries, arena, bounds, blocks, out):
    """Renders `blocks` blocks into `out` (blocks * 64, 2), all that is in the log being taken in before the first.

    `function` is `block.block_address()`. Returns the number of blocks rendered: fewer where the log was overtaken or a
    program is not bound.
    """
    for n in range(blocks):
        block = arena[A_BLOCK]
        if not pending.ingest(arena, entries, board[TAIL], block * BLOCK):
            return n
        place = address_of(out, 0) + n * BLOCK * CHANNELS * 4
        if (
            call_block(
                function, address_of(arena, 0), address_of(bounds, 0), address_of(board, 0), CULPRIT0, block, 0, place
            )
            < BLOCK
        ):
            return n
        arena[A_BLOCK] = block + 1
    return blocks
