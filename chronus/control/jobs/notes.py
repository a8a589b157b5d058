"""Sends the notes of the lanes to the replicas: slice by slice, up to the horizon, and again where the replicas refused them.

The horizon lies seconds ahead, so that the music goes on while control is started again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from chronus.conductor.conductor import BATCH, Conductor
from chronus.control.jobs.publisher import Batch, Publisher
from chronus.memory.layout import BLOCK, NOTES_LATE, PENDING
from chronus.memory.log import FRAME, NOTE_ON, WHAT, Rows
from chronus.score.score import density

HORIZON_SECONDS = 2.5
"""Lanes are scheduled so far beyond what is heard, and again when a fifth of it is gone: 2 s at least lie ahead."""
ENTRIES_AHEAD = PENDING // 2
"""But no more than so many notes: where lanes are as dense as they may be, 1 s lies ahead."""
PAY_SECONDS = 0.002
"""What notes that are owed may take of a step."""
MOST_SLICES = 256
"""Of notes that are owed, before a moment is named."""


class Notes:
    """Sends the notes of the lanes. `inherited`: notes before that frame may lie in the log already, laid by a control that died."""

    def __init__(self, conductor: Conductor, publisher: Publisher) -> None:
        self.conductor, self.publisher = conductor, publisher
        self.unsealed: deque[tuple[Batch, Rows]] = deque()
        self.inherited = 0

    @property
    def can_be_paid(self) -> bool:
        return bool(self.conductor.state.owed) and self.publisher.room()

    def schedule(self) -> None:
        """Records as owed the notes of all lanes, up to the horizon."""
        publisher, conductor = self.publisher, self.conductor
        front, horizon = publisher.front(), conductor.state.owed.horizon
        if horizon >= front + round(0.8 * HORIZON_SECONDS * publisher.rate):
            return  # it need not even be asked how dense they are
        ahead = min(HORIZON_SECONDS, ENTRIES_AHEAD / max(1.0, density(conductor.score))) * publisher.rate
        if horizon < front + round(0.8 * ahead):
            conductor.promise(front + round(ahead))
            publisher.scheduled(conductor.state.owed.horizon)

    def pay(self, clock: Callable[[], float], began: float) -> None:
        """Gives notes that are owed, for as long as a step may take that began at that time."""
        while self.can_be_paid:
            self._pay()
            if clock() - began > PAY_SECONDS:
                break

    def pay_before(self, moment: int) -> None:
        """Gives what is owed of the time before a moment, by the players and the timeline that were valid until then."""
        for _ in range(MOST_SLICES):
            if not self.conductor.state.owed.before(moment):
                break
            self._pay()

    def _pay(self) -> None:
        self.publish(self.conductor.pay(self.publisher.front()))

    def take_over(self, until: int) -> None:
        """Goes on from the frame up to which another control gave notes, and gives those that are missing before it."""
        self.inherited = until
        for notes in self.conductor.advance(until):
            self.publish(notes)

    def publish(self, notes: Rows) -> None:
        """Publishes notes. One whose frame has passed is left out and counted; one that is to end, ends as soon as it can."""
        publisher = self.publisher
        if len(notes) and notes[:, FRAME].min() < self.inherited:
            notes = publisher.lacking(notes)
        least = publisher.head() + 2 * BLOCK
        late = notes[:, FRAME] < least
        if late.any():
            begins = notes[:, WHAT] & 0xFF == NOTE_ON
            publisher.count(NOTES_LATE, int((late & begins).sum()))
            notes = notes[~(late & begins)]
            notes[:, FRAME] = np.maximum(notes[:, FRAME], least)
        for k in range(0, len(notes), BATCH):
            some = notes[k : k + BATCH]
            self.unsealed.append((publisher.publish(some), some))

    def see_seals(self) -> None:
        """Gives again the notes that both replicas refused because they came too late."""
        while self.unsealed and self.unsealed[0][0].sealed:
            batch, entries = self.unsealed.popleft()
            if batch.refused:
                self.publish(entries)
