"""A line that takes over from another: from its first step, or from the step where the line before it is."""

from __future__ import annotations

from fractions import Fraction

from chronus.commands import Undo
from tests.kit.stage import RATE, Stage, load
from tests.score.test_pace import onsets, typed

BEAT = RATE // 2
BAR = 4 * BEAT


def music():
    stage = Stage()
    stage.fine(load("kick"), typed("seq kick: x..x..x.x..x..x."))
    stage.until(BAR + BEAT + 100)
    return stage


def test_it_begins_with_its_first_step_unless_it_keeps_the_phase():
    stage = music()
    stage.fine(typed("seq kick: x............. at next beat"))
    stage.until(2 * BAR)
    assert [frame for frame, _ in onsets(stage) if frame > BAR + 2 * BEAT - 1] == [BAR + 2 * BEAT]
    stage = music()
    assert stage.fine(typed("seq kick: x..............x phase=keep at next beat")).startswith(
        "sequence kick: x..............x phase=keep ("
    )
    stage.until(3 * BAR)
    timeline = stage.conductor.score.timeline
    later = [frame for frame, _ in onsets(stage) if frame > BAR + 2 * BEAT - 1]
    assert later == [timeline.frame(Fraction(k, 4)) for k in (31, 32, 47)]


def test_lines_of_other_lengths_keep_it_and_so_does_what_follows():
    stage = music()
    stage.fine(typed("seq kick: x.. phase=keep at next beat"))
    stage.until(BAR + 3 * BEAT + 100)
    stage.fine(typed("seq kick: x.... phase=keep now"))
    stage.until(4 * BAR)
    timeline = stage.conductor.score.timeline
    threes = [k for k in range(24, 29) if k % 3 == 0]
    fives = [k for k in range(29, 64) if k % 5 == 0]
    later = [frame for frame, _ in onsets(stage) if frame >= BAR + 2 * BEAT]
    assert later == [timeline.frame(Fraction(k, 4)) for k in (*threes, *fives)]


def test_undo_and_redo_find_the_phase_again():
    stage = music()
    stage.fine(typed("seq kick: x.. phase=keep at next beat"))
    stage.until(2 * BAR + 50)
    stage.fine(Undo())
    stage.until(4 * BAR)
    assert [round(frame * 4 / BEAT) % 16 for frame, _ in onsets(stage) if frame >= 3 * BAR] == [0, 3, 6, 8, 11, 14]


def test_where_nothing_was_it_begins_with_its_first_step():
    stage = music()
    stage.fine(load("bass"))
    stage.fine(typed("seq bass: x... phase=keep at next beat"))
    stage.until(3 * BAR)
    assert onsets(stage, "bass")[0][0] == BAR + 2 * BEAT
