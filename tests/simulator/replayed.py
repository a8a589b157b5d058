"""What the replicas took is what they take where the journal is rendered: the law that live equals offline, asked of entries."""

from __future__ import annotations

from collections import Counter

import numpy as np

from chronus.catalogue.kinds import Catalogue
from chronus.conductor.conductor import Conductor
from chronus.journal.records import Journal
from chronus.memory.log import FRAME, GENERATION, HOLD, NO_LANE, NOTE_ON, NOW, ORDER, SWAP, WHAT, WHO, A, C, Rows
from chronus.render.take import Playback

Key = tuple[int, ...]
"""An entry by its effect: the frame at which it acts, and its words without the numbers that a control started again gives anew."""


class _Entries:
    """Stands in for a rendering: only takes the entries, each with the frame of the block that it is given to."""

    def __init__(self, catalogue: Catalogue, journal: Journal, rate: int) -> None:
        self.conductor = Conductor(catalogue, rate, int(journal.header.get("seed", 0)))
        self.rate, self.frame = rate, 0
        self.taken: list[tuple[int, np.ndarray]] = []

    def know(self, _: object) -> None:
        pass

    def tell(self, _: object, entries: Rows) -> None:
        self.taken += [(self.frame, row) for row in entries]

    def go(self, until: int, _: object = None) -> None:
        while self.frame < until:
            self.frame = min(until, self.frame + self.rate)
            for batch in self.conductor.advance(self.frame + self.rate):
                self.tell(None, batch)


def replayed(journal: Journal, catalogue: Catalogue, rate: int, until: int) -> list[tuple[int, np.ndarray]]:
    """(frame of the block that takes it, words) of every entry of a rendering of the journal."""
    take = _Entries(catalogue, journal, rate)
    playback = Playback(take)  # type: ignore[arg-type]
    playback.play(journal.records, journal)
    take.go(until)
    return take.taken


def acts(taken: list[tuple[int, np.ndarray]], until: int, notes: bool) -> Counter[Key]:
    """The effects, up to a frame, of entries that replicas took: what was commanded, or the notes of the lanes that are heard."""
    placed = [(int(words[FRAME]) if words[FRAME] != NOW else frame, words) for frame, words in taken]
    placed.sort(key=lambda one: (one[0], int(one[1][ORDER])))
    valid: dict[int, int] = {}
    found: Counter[Key] = Counter()
    for frame, words in placed:
        if frame >= until:
            break
        what, who = int(words[WHAT]), int(words[WHO])
        kind, index, more = what & 0xFF, what >> 8 & 0xFFFF, what >> 24 & 0xFFFF
        if kind == GENERATION:
            valid[index] = max(valid.get(index, 0), who >> 32)
            continue
        lanes = kind not in (SWAP, HOLD) and int(words[ORDER]) >> 60 >= 2
        if lanes != notes or (lanes and (kind != NOTE_ON or valid.get(more) != who >> 32)):
            continue
        abc = words[A:].copy()
        if kind == HOLD:
            abc[:] = 0
        elif kind == NOTE_ON:
            abc[C - A] = 0
        by_hand = kind == NOTE_ON and more == NO_LANE
        found[(frame, what, who if by_hand else who & 0xFFFFFFFF, *map(int, abc))] += 1
    return found
