"""Two workers without sound: they begin blocks, seal them and say that they have rendered, the way workers do."""

from __future__ import annotations

import numpy as np

from chronus.memory import layout
from chronus.memory.layout import BLOCK, LINE, LOG_ENTRIES, PLAYING, SEALS, Memory
from chronus.memory.log import BATCH, FRAME, NOW, WHAT, A


class Replicas:
    """`render(n)` lets every playing slot render n blocks, and the device hear all but the last `ahead` of them."""

    def __init__(self, memory: Memory, slots: int = 2, rate: int = 44100, ahead: int = 6) -> None:
        self.memory, self.ahead = memory, ahead
        memory.board[layout.RATE] = rate
        self.slots = list(range(slots))
        self.cursor = 0
        self.entries: list[tuple[int, np.ndarray]] = []
        """(frame of the sealing block, words) of every entry of an accepted batch."""
        self.refused = 0
        self.prepares = True
        for slot in self.slots:
            memory.board[layout.STATE0 + slot * LINE] = PLAYING

    def block(self, slot: int = 0) -> int:
        return self.memory.word(layout.BLOCK0, slot)

    def begin(self, block: int) -> None:
        """Seals a block, if nobody has."""
        value = int(self.memory.seals[block % SEALS])
        if value >> 32 & 0xFFFFFFFF != block & 0xFFFFFFFF or value == 0:
            tail = self.memory.word(layout.TAIL)
            word = (block & 0xFFFFFFFF) << 32 | tail & 0xFFFFFFFF
            self.memory.seals[block % SEALS] = np.uint64(word).astype(np.int64)
            self._take(block * BLOCK, tail)

    def finish(self, slot: int, block: int) -> None:
        self.memory.board[layout.BLOCK0 + slot * LINE] = block + 1
        self.memory.board[layout.CURSOR0 + slot * LINE] = self.memory.word(layout.TAIL)

    def render(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            for slot in self.slots:
                block = self.block(slot)
                self.begin(block)
                self.finish(slot, block)
                if self.prepares:
                    self.memory.board[layout.PREPARED0 + slot * LINE] = self.memory.word(layout.PROGRAM)
            heard = (max(self.block(slot) for slot in self.slots) - self.ahead) * BLOCK
            self.memory.board[layout.HEARD] = max(self.memory.word(layout.HEARD), heard)

    def _take(self, frame: int, tail: int) -> None:
        while self.cursor < tail:
            head = self.memory.log[self.cursor % LOG_ENTRIES].copy()
            assert head[WHAT] & 0xFF == BATCH
            size = int(head.view(np.float64)[A])
            if head[FRAME] != NOW and head[FRAME] < frame:
                self.refused += 1
            else:
                for at in range(self.cursor + 1, self.cursor + 1 + size):
                    self.entries.append((frame, self.memory.log[at % LOG_ENTRIES].copy()))
            self.cursor += 1 + size
