"""Typed lines on a stage: for tests whose words read best as a user types them."""

from __future__ import annotations

from chronus.conductor.waiting import together
from chronus.language.parser import sentences
from chronus.memory.log import decode
from tests.kit.stage import Stage

BAR = 88200
"""Frames, at 120 bpm."""


class Said(Stage):
    """`play` lets time pass, and performs what was put off as a server does."""

    def lines(self, text, author=""):
        """The outcomes of one submission."""
        return self.say(*sentences(text), author=author)

    def line(self, text, author=""):
        """The text of the last answer; none may be a refusal."""
        outcomes = self.lines(text, author)
        assert [o.error for o in outcomes] == [None] * len(outcomes)
        return outcomes[-1].text

    def wrong(self, text):
        (outcome,) = self.lines(text)
        assert outcome.error is not None, outcome.text
        return outcome.error

    def play(self, frame):
        """The errors of what could not be done when its time came."""
        wrong = []
        while (next_due := self.conductor.state.next_due) is not None and next_due < frame:
            for at, dues in self.conductor.in_turn(frame):
                self.until(max(at, self.frame))
                wrong += [o.error for o in self.perform(dues) if o.error]
        self.until(frame)
        return wrong

    def perform(self, dues):
        numbers = [due.number for due in dues]
        t = self.conductor.perform(together(dues), dues[0].author, due=numbers, seen=self.frame)
        done = self.conductor.commit(t, self.frame, True)
        self.log += decode(done.entries)
        self.conductor.accept(done)
        self.conductor.sealed(t, self.frame)
        return t.outcomes
