"""What is put off to a bar line is performed before its time, and what is typed meanwhile is heard before it: a take gives both again."""

from __future__ import annotations

import pytest

from chronus.commands import Load, Submission, Unload
from chronus.journal import reading
from chronus.journal.records import Said, Sealed
from chronus.memory import layout
from chronus.memory.layout import Memory
from chronus.render.take import Take
from tests.kit.live import Engine
from tests.kit.takes import RATE, settle, take
from tests.kit.talk import Talker

BAR = round(4 * 60 / 174 * RATE)


def overlapping(path) -> int:
    """How many submissions took effect before one that the journal has sealed before them."""
    latest = found = 0
    for record in reading.read(path).records:
        if isinstance(record, Sealed):
            found += record.frame < latest
            latest = max(latest, record.frame)
    return found


@pytest.mark.proof
def test_a_take_in_which_now_overtakes_what_was_put_off_is_rendered_again_to_the_bit(tmp_path):
    overtaken = []

    def breaking(running: Engine, memory: Memory) -> None:
        with Talker(running.home) as line:
            for n, later in enumerate(("set bass.freq 82", "patch bass > distortion", "bpm 168", "unload distortion")):
                line.ask(f"{later} at next bar")
                due = memory.word(layout.HEARD) + BAR
                k = 0
                while memory.word(layout.HEARD) < due:
                    k += 1
                    line.ask(f"set bass.distortion {0.3 + k % 50 / 100:g}")
                    line.ask(f"load hat as hat{n}" if k == 40 else f"set pad.gain {0.1 + k % 20 / 100:g}")
                    settle(memory, 0.01)
        path = running.journal()
        overtaken.append(overlapping(path))
        assert any(isinstance(record, Said) and record.due for record in reading.read(path).records)

    done = take(tmp_path, breaking)
    assert overtaken[0] >= 4, "nothing overtook what was put off; the test shows nothing"
    assert done.lost == 0, done.gaps


def test_a_program_that_was_put_off_does_not_bring_back_the_rack_from_before_a_newer_one():
    take = Take(RATE, 0)

    def say(command, moment, exact):
        take.perform(Submission((0,), ("",), (command,)), moment, exact=exact)

    say(Load(kind="kick"), 0, True)
    take.render(RATE // 10)
    say(Unload(name="kick"), RATE // 2, True)
    say(Load(kind="saw"), take.frame, False)  # heard before the unload, and drawn on the rack it leaves
    newest = take.conductor.state.places.number
    take.go(RATE)
    assert take.memory.arena(0)[layout.A_PROGRAM] == newest
    assert abs(take.blocks[-1]).max() > 0.01, "the saw is gone"
