"""Remembers which command touched a module last, so that the line which brought the renderer down can be named, and taken back."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from chronus.commands import AnyCommand, ByHand, Submission
from chronus.conductor.transaction import Step, Transaction
from chronus.rack.document import Rack, changed, module_of

REMEMBERED = 8
"""Touches a module. What was said after the crash is not meant, so the last one may not be the one."""
BATCHES = 1024


class Touch(Struct, frozen=True):
    """A command that took effect at `frame`: of the submission `number`, in place `outcome`. `before` is the rack that it found."""

    frame: int
    number: int
    outcome: int
    text: str
    before: Rack
    command: AnyCommand


class _Published(Struct, frozen=True):
    """Entries of the log up to `tail`, `size` of them with the batch's head, and the last command that they came from."""

    tail: int
    size: int
    touch: Touch


class Touches:
    def __init__(self) -> None:
        self._of: dict[str, deque[Touch]] = {}
        self._published: deque[_Published] = deque(maxlen=BATCHES)

    def add(
        self, number: int, submission: Submission, t: Transaction, frame: int, tail: int = 0, size: int = 0
    ) -> None:
        """Records what a submission did that was sealed at a frame."""
        touch = None
        for step in t.steps:
            command = submission.commands[step.outcome]
            text = submission.texts[step.outcome] or t.outcomes[step.outcome].text
            touch = Touch(frame, number, step.outcome, text, step.before, command)
            names = touched(step) | ({command.name} if isinstance(command, ByHand) else set())
            for name in names:
                self._of.setdefault(name, deque(maxlen=REMEMBERED)).append(touch)
        if touch is not None:  # no more than one of each batch: every touch keeps a rack
            self._published.append(_Published(tail, size, touch))
        for name in self._of.keys() - t.after.modules.keys() - t.before.modules.keys():
            del self._of[name]

    def last(self, name: str, frame: int) -> Touch | None:
        """Returns the last touch of a module that had taken effect by a frame."""
        return next((touch for touch in reversed(self._of.get(name, ())) if touch.frame <= frame), None)

    def of_entry(self, number: int) -> tuple[Touch, int] | None:
        """Returns the command that an entry of the log came from (the last, if a batch holds several), and the entry's place, from 1."""
        for batch in self._published:
            if batch.tail - batch.size < number <= batch.tail:
                return batch.touch, number - (batch.tail - batch.size) - 1
        return None


def touched(step: Step) -> set[str]:
    """Returns the modules that a step changed: themselves, their lanes, their cables."""
    before, after = step.before, step.after
    names = changed(before, after)
    names |= {module_of(name) for name in after.lanes if after.lanes[name] is not before.lanes.get(name)}
    if before.cables is not after.cables:
        for key in before.cables.keys() | after.cables.keys():
            if before.cables.get(key) != after.cables.get(key):
                names |= {key.source, key.target}
    return names & after.modules.keys()
