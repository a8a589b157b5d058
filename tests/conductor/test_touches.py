"""Whose line it was: the last touch of a module before a frame, and the command that an entry of the log came from."""

from __future__ import annotations

import gc

from chronus.commands import Note, Patch, Submission, Unload
from chronus.conductor.touches import REMEMBERED, Touch, Touches
from tests.kit.stage import Stage, chain, load, put, seq


class Said:
    """A stage that keeps the touches of what is said on it."""

    def __init__(self):
        self.stage, self.touches, self.number = Stage(), Touches(), 0

    def say(self, frame, *commands, tail=0, size=0):
        self.number += 1
        texts = tuple(f"{self.number}.{k}" for k in range(len(commands)))
        whole = Submission(tuple(range(len(commands))), texts, commands)
        conductor = self.stage.conductor
        t = conductor.perform(whole)
        conductor.accept(conductor.commit(t, frame, False))
        self.touches.add(self.number, whole, t, frame, tail, size)

    def last(self, name, frame):
        touch = self.touches.last(name, frame)
        return touch and touch.text


def test_a_touch_is_what_changed_a_module_its_lane_or_its_cables():
    said = Said()
    said.say(64, load("kick"), load("filter"), load("bass"))
    assert [said.last(name, 64) for name in ("kick", "filter", "bass")] == ["1.0", "1.1", "1.2"]
    said.say(128, put("kick.decay", 200))
    said.say(192, seq("bass", "x.x."))
    said.say(256, Patch(chain=chain("bass", "filter")))
    said.say(320, Note(name="kick", pitch=40))
    assert said.last("kick", 300) == "2.0" and said.last("kick", 320) == "5.0"
    assert said.last("bass", 255) == "3.0" and said.last("bass", 256) == said.last("filter", 256) == "4.0"


def test_what_was_said_after_the_crash_is_not_meant():
    said = Said()
    said.say(64, load("kick"))
    said.say(128, put("kick.decay", 200))
    assert said.last("kick", 127) == "1.0" and said.last("kick", 63) is None and said.last("snare", 999) is None


def test_what_is_gone_is_forgotten():
    said = Said()
    said.say(64, load("kick"))
    said.say(128, Unload(name="kick"))
    said.say(192, load("bass"))
    assert said.last("kick", 999) is None


def test_a_flood_of_commands_is_not_kept_with_the_rack_that_each_of_them_found():
    said = Said()
    said.say(64, load("kick"))
    for k in range(50):
        said.say(128 + k, *(put("kick.decay", 200 + m) for m in range(40)), tail=100 * k + 90, size=41)
    said.stage = None  # what it remembers to undo
    gc.collect()
    kept = sum(type(one) is Touch for one in gc.get_objects())  # isinstance would ask weak references for a class
    assert kept <= 51 + REMEMBERED, f"{kept} of 2,001 touches are kept"


def test_an_entry_belongs_to_the_batch_that_its_number_lies_in():
    said = Said()
    said.say(64, load("kick"), tail=10, size=4)
    said.say(128, put("kick.decay", 200), tail=20, size=3)
    # 18 is the head of the second batch; its entries are 19 and 20
    touch, place = said.touches.of_entry(19)
    assert (touch.text, place) == ("2.0", 1) and said.touches.of_entry(20)[1] == 2
    assert said.touches.of_entry(8)[0].text == "1.0"
    assert said.touches.of_entry(6) is said.touches.of_entry(15) is said.touches.of_entry(21) is None
