"""The real compiled functions, read by the interpreter: every store and every load is a moment at which something can happen.

A worker can be killed, stopped or overtaken between any two of its instructions. Machine code cannot be halted there by a test, but its
source can: `interpreted` takes the very function that Numba compiles and gives it shared words that call `moment` before each access.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from chronus.audio import ring as rings
from chronus.worker import replica
from tests.simulator import stretch

Moment = Callable[[], None]


class Watched:
    """Shared words. A copy of many is made in two halves, so that who dies in it leaves a torn one."""

    def __init__(self, words: np.ndarray, moment: Moment) -> None:
        self.words, self.moment = words, moment

    @property
    def shape(self) -> tuple[int, ...]:
        return self.words.shape

    def __getitem__(self, key: Any) -> Any:
        found = self.words[key]
        return Watched(found, self.moment) if isinstance(found, np.ndarray) else found

    def __setitem__(self, key: Any, value: Any) -> None:
        self.moment()
        if isinstance(key, slice):
            goal = self.words[key]
            half = len(goal) // 2
            goal[:half] = value if np.isscalar(value) else value[:half]
            self.moment()
        self.words[key] = value


def _load(words: Any, index: int) -> int:
    if isinstance(words, Watched):
        words.moment()
        words = words.words
    return int(words[index])


def _store(words: Any, index: int, value: int) -> None:
    words[index] = value


def _exchange(words: Any, index: int, expected: int, value: int) -> bool:
    """The compare and the swap are one moment."""
    words.moment()
    if int(words.words[index]) != expected:
        return False
    words.words[index] = value
    return True


def _copy_words(target: Any, at: int, source: Any, start: int, count: int) -> None:
    target[at : at + count] = source[start : start + count]


def _clear_words(words: Any, at: int, count: int) -> None:
    words[at : at + count] = 0


_INSTRUCTIONS = {
    "load": _load,
    "store": _store,
    "exchange": _exchange,
    "copy_words": _copy_words,
    "clear_words": _clear_words,
    # of a block's samples, which nobody else sees
    "address_of": lambda samples, _: samples,
    "row_i64": lambda samples, count: samples.reshape(-1).view(np.int64)[:count],
}


def interpreted(function: Any, **names: Any) -> Any:
    """A compiled function as Python, with other things behind some of its names."""
    source = function.py_func
    return FunctionType(source.__code__, {**source.__globals__, **_INSTRUCTIONS, **names}, source.__name__)


_ring = SimpleNamespace(write=interpreted(rings.write, mix=rings.mix.py_func))
_lay = interpreted(replica.lay_snapshot)
_replica = SimpleNamespace(
    lend=interpreted(replica.lend, lay_snapshot=_lay),
    owes=interpreted(replica.owes),
    begin=interpreted(replica.begin, seal=interpreted(replica.seal)),
    finish=interpreted(replica.finish, rings=_ring),
    take_checkpoint=interpreted(replica.take_checkpoint, lay_snapshot=_lay),
)
turn = interpreted(stretch.turn, replica=_replica)
"""`stretch.turn`, to be given words that are watched."""
