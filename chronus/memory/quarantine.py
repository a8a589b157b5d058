"""Lists what is taken out: modules that are rendered no more, and entries of the log that are passed over. Rows on the board.

Rule 1: a module is out from a block that no replica has rendered yet, so what both render, before and after, is the same.
Rule 2: a row names an incarnation. Another module in the same place, even the same kind loaded again, is not meant.
Rule 3: the row is there before CONVICTIONS counts it.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from chronus.memory.layout import (
    CONVICTIONS,
    HANDLES,
    LINE,
    O_BLOCK,
    O_HOW,
    O_INCARNATION,
    OUT_TABLE,
    OUT_WORDS,
    PASSED_OVER,
)  # fmt: skip


class TakenOut(Struct, frozen=True):
    """A module that is out from `block` on. `how`: the signal its worker died of, 0 where it hung."""

    handle: int
    incarnation: int
    block: int
    how: int


def take_out(board: np.ndarray, out: TakenOut) -> None:
    row = OUT_TABLE + out.handle * OUT_WORDS
    board[row + O_INCARNATION] = -1  # nobody's, while it is written
    board[row + O_BLOCK], board[row + O_HOW] = out.block, out.how
    board[row + O_INCARNATION] = out.incarnation
    board[CONVICTIONS] += 1


def pass_over(board: np.ndarray, entry: int) -> None:
    """An entry by its number. There is room for eight; the oldest of more is forgotten, as the log has long forgotten it."""
    line = board[PASSED_OVER : PASSED_OVER + LINE]
    if entry not in line:
        line[int(np.argmin(line))] = entry
    board[CONVICTIONS] += 1


def taken_out(board: np.ndarray) -> list[TakenOut]:
    rows = board[OUT_TABLE : OUT_TABLE + HANDLES * OUT_WORDS].reshape(HANDLES, OUT_WORDS)
    found = np.flatnonzero(rows[:, O_INCARNATION] > 0)
    return [TakenOut(int(h), int(rows[h, O_INCARNATION]), int(rows[h, O_BLOCK]), int(rows[h, O_HOW])) for h in found]


def passed_over(board: np.ndarray) -> list[int]:
    return sorted(int(number) for number in board[PASSED_OVER : PASSED_OVER + LINE] if number)
