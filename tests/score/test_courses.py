"""Whatever begins, begins at what sounds: sweeps, relative values, undo, questions; and musical times follow the tempo."""

from __future__ import annotations

import math

import pytest

from chronus.commands import (
    Assert,
    Change,
    Length,
    Note,
    Play,
    Port,
    Quantity,
    Redo,
    Relative,
    Set,
    Show,
    Stop,
    Sweep,
    Undo,
    Wait,
)
from chronus.conductor.conductor import Conductor
from chronus.journal import standing
from chronus.memory.layout import RAMP
from chronus.memory.log import F_STRAIGHT, HOLD, NOTE_ON, SET
from chronus.rack.document import tempo, value
from chronus.rack.script import script
from chronus.score.courses import onward
from tests.kit.stage import CATALOGUE, RATE, Stage, load, put, seq

BAR = 2 * RATE
BARS = Length(4, "bars")


@pytest.fixture
def swept():
    """A filter whose cutoff goes from 100 Hz to 1,600 in four bars, half of which are over."""
    stage = Stage(zero=0)
    stage.fine(load("filter", cutoff=500))
    stage.fine(sweep(100, 1600))
    stage.until(2 * BAR)
    return stage


def sweep(start, stop, over=BARS, target="filter.cutoff"):
    module, _, param = target.partition(".")
    change = Change(module, param, Sweep(Quantity(start), Quantity(stop)))
    return Set(changes=(change,), over=over)


def relative(sign, number, unit=""):
    return Set(changes=(Change("filter", "cutoff", Relative(sign, number, unit)),))


def present(stage, name="filter", param="cutoff"):
    module, conductor = stage.rack.modules[name], stage.conductor
    spec = CATALOGUE[module.kind]
    return value(stage.rack, module, spec.param(param), conductor.state.present(stage.frame))


def line(stage):
    """(from, to, frames) of the one line that the replicas were told of last."""
    (entry,) = stage.values(SET)
    assert entry.flags == F_STRAIGHT and entry.frame == stage.frame
    return round(entry.c, 6), entry.a, entry.b


def test_a_sweep_over_a_sweep_begins_where_that_one_is(swept):
    assert present(swept) == pytest.approx(400)
    text = swept.fine(put("filter.cutoff", 200, over=Length(1, "bars")))
    assert text == "set filter.cutoff 400 Hz..200 Hz"
    assert line(swept) == (400, 200, BAR)
    swept.frame += BAR // 2
    assert present(swept) == pytest.approx(400 / 2**0.5)


@pytest.mark.parametrize(
    ("sign", "number", "unit", "goal"),
    [("+", 10, "%", 440), ("*", 0.5, "", 200), ("/", 4, "", 100), ("+", 12, "st", 800), ("-", 50, "", 350)],
)
def test_a_relative_value_moves_from_what_sounds(swept, sign, number, unit, goal):
    swept.fine(relative(sign, number, unit))
    (entry,) = swept.values(SET)
    assert entry.a == pytest.approx(goal) and (entry.b, entry.flags) == (RAMP, 0)


def test_the_answer_says_what_was_heard(swept):
    (outcome,) = swept.say(put("filter.cutoff", 700))
    assert outcome.text == "set filter.cutoff 700 Hz (was 400 Hz)" and outcome.result["was"] == pytest.approx(400)


def test_what_is_set_to_just_what_sounds_stays_there(swept):
    swept.fine(relative("+", 0, "%"))
    (entry,) = swept.values(SET)
    assert entry.a == pytest.approx(400) and entry.flags == 0


def test_undo_of_a_sweep_goes_back_to_what_was_before_it(swept):
    assert swept.fine(Undo()) == "undo: Set (filter.cutoff back to 500 Hz)"
    (entry,) = swept.values(SET)
    assert (entry.a, entry.b, entry.flags) == (500, RAMP, 0) and entry.c != entry.c, "from where it stands"
    swept.frame += BAR
    assert present(swept) == 500


def test_undo_of_a_set_brings_the_sweep_back_where_it_would_be(swept):
    swept.fine(put("filter.cutoff", 5000))
    swept.until(3 * BAR)
    assert swept.fine(Undo()) == "undo: Set (filter.cutoff goes on to 1600 Hz, 1 bar to go)"
    assert line(swept) == (800, 1600, BAR)
    swept.frame += BAR // 2
    assert present(swept) == pytest.approx(800 * 2**0.5)


def test_undo_after_the_sweep_would_have_ended_goes_to_its_end(swept):
    swept.fine(put("filter.cutoff", 5000))
    swept.until(9 * BAR)
    assert swept.fine(Undo()) == "undo: Set (filter.cutoff back to 1600 Hz)"
    (entry,) = swept.values(SET)
    assert (entry.a, entry.flags) == (1600, 0)
    assert swept.fine(Redo()) == "redo: Set"


def test_undo_of_something_else_leaves_a_sweep_alone(swept):
    swept.fine(load("saw"))
    assert swept.fine(Undo()) == "undo: Load" and not swept.values(SET)
    assert present(swept) == pytest.approx(400)


def test_show_tells_a_sweep_with_from_to_and_how_far_it_is(swept):
    (outcome,) = swept.say(Show(name="filter"))
    assert "cutoff 400 Hz (20..20000 Hz), 100 Hz..1600 Hz over 4 bars: 50% done, 2 bars to go" in outcome.lines
    assert outcome.result["params"]["cutoff"] == pytest.approx(400)
    assert outcome.result["sweeps"] == {
        "cutoff": {"from": 100, "to": 1600, "over": "4 bars", "done": 0.5, "left": "2 bars"}
    }
    swept.until(4 * BAR)
    (outcome,) = swept.say(Show(name="filter"))
    assert "cutoff 1600 Hz (20..20000 Hz)" in outcome.lines and "sweeps" not in outcome.result


def test_assert_is_about_what_sounds(swept):
    def holds(test, number):
        (outcome,) = swept.say(Assert(target=Port("filter", "cutoff"), test=test, value=Quantity(number)))
        return outcome.error is None

    assert holds(">", 399) and holds("<", 401) and not holds("==", 1600)
    swept.until(4 * BAR)
    assert holds("==", 1600)


def test_several_sweeps_of_one_submission_begin_one_where_the_other_does(swept):
    swept.fine(sweep(300, 600), relative("*", 0.5))
    (entry,) = swept.values(SET)
    assert (entry.a, entry.flags) == (150, 0)


# ---------------------------------------------------------------- tempo


def test_a_sweep_over_bars_follows_the_tempo(swept):
    swept.fine(put("bpm", 240))
    assert line(swept) == (400, 1600, BAR), "two bars, at twice the tempo"
    swept.until(3 * BAR)
    assert present(swept) == 1600


def test_a_sweep_in_seconds_does_not(swept):
    swept.fine(sweep(100, 1600, Length(4, "s")))
    swept.until(swept.frame + 2 * RATE)
    swept.fine(put("bpm", 60))
    assert line(swept) == (400, 1600, 2 * RATE)


def test_a_sweep_follows_many_changes_of_tempo_to_its_bar_line():
    stage = Stage(zero=0)
    stage.fine(load("filter"), load("kick"), seq("kick", "x..."))
    stage.fine(sweep(100, 1600, Length(8, "bars")))
    for k in range(31):
        stage.until(stage.conductor.score.timeline.frame(k + 1))
        stage.fine(put("bpm", 100 + k * 7 % 60))
    line_8 = stage.conductor.score.timeline.frame(32)
    (course,) = stage.conductor.score.courses.values()
    assert abs(course.end - line_8) <= 1


def test_before_there_is_music_a_sweep_follows_the_tempo_too():
    stage = Stage()
    stage.fine(load("filter"))
    stage.fine(sweep(100, 1600))
    stage.until(BAR)
    stage.fine(put("bpm", 60))
    assert line(stage) == (200, 1600, 6 * BAR)


def test_a_sweep_to_a_musical_time_goes_where_that_is_by_then():
    stage = Stage(zero=0)
    stage.fine(load("delay", time=500))
    change = Change("delay", "time", Sweep(Quantity(1 / 4, "whole"), Quantity(1 / 16, "whole")))
    stage.fine(Set(changes=(change,), over=BARS))
    assert line(stage)[:2] == (500, 125)
    stage.until(2 * BAR)
    stage.fine(put("bpm", 240))
    assert line(stage) == (125, 62.5, BAR)


# ---------------------------------------------------------------- instances, and what is kept


def test_a_new_instance_begins_where_the_old_one_was(swept):
    swept.fine(load("bass", freq=200), sweep(50, 800, target="bass.freq"))
    swept.until(4 * BAR)
    swept.fine(put("bass.voices", 4))
    assert line(swept) == (200, 800, 2 * BAR)


def test_what_cannot_move_by_degrees_is_not_swept(swept):
    swept.fine(load("bass"))
    assert swept.refused(put("filter.mode", "high", over=BARS)).message == "mode cannot be swept"
    assert swept.refused(put("bass.voices", 4, over=BARS)).message == "voices cannot be swept"
    assert swept.refused(put("key", "a minor", over=BARS)).message == "key cannot be swept"


def test_a_script_sweeps_on(swept):
    rack = onward(swept.rack, CATALOGUE, swept.conductor.state.present(swept.frame))
    assert script(rack, CATALOGUE) == ("load filter", "set filter.cutoff 400 Hz..1600 Hz over 2 bars")
    later = onward(swept.rack, CATALOGUE, swept.conductor.state.present(4 * BAR))
    assert script(later, CATALOGUE) == ("load filter", "set filter.cutoff 1600 Hz")


def test_who_stands_in_goes_on_where_the_other_was(swept):
    other = Conductor(CATALOGUE, RATE, zero=0)
    other.state = standing.restored(other.state, standing.keep(swept.conductor.state))
    assert other.score.courses == swept.conductor.score.courses
    swept.conductor = other
    assert present(swept) == pytest.approx(400)
    assert swept.fine(put("filter.cutoff", 700)) == "set filter.cutoff 700 Hz (was 400 Hz)"


def test_courses_that_are_over_are_forgotten(swept):
    for k in range(50):
        swept.fine(sweep(100 + k, 200, Length(20, "ms")))
        swept.until(swept.frame + RATE)
    assert len(swept.conductor.score.courses) <= 2


# ---------------------------------------------------------------- notes by hand


def note(length, unit="whole"):
    return Note(name="bass", pitch=40.0, length=length, length_unit=unit)


@pytest.fixture
def bass():
    stage = Stage(zero=0)
    stage.fine(load("bass"))
    stage.until(BAR // 4)
    return stage


def test_a_note_by_hand_follows_the_tempo(bass):
    bass.fine(note(1 / 2))
    (begun,) = bass.values(NOTE_ON)
    assert begun.generation == BAR // 2
    bass.until(BAR // 2)
    bass.fine(put("bpm", 240))
    (held,) = bass.values(HOLD)
    assert (held.c, held.b, held.frame) == (begun.c, BAR // 8, BAR // 2) and held.a != begun.c
    bass.until(BAR // 2 + BAR // 16)
    bass.fine(put("bpm", 60))
    (again,) = bass.values(HOLD)
    assert again.c == held.a and again.b == pytest.approx(BAR / 4, abs=4) and again.a not in (begun.c, held.a)


def test_a_note_in_seconds_does_not_and_one_that_is_over_is_forgotten(bass):
    bass.fine(note(1.0, "s"), note(1 / 8))
    bass.until(BAR)
    bass.fine(put("bpm", 240))
    assert not bass.values(HOLD) and not bass.conductor.score.by_hand


def test_before_there_is_music_a_note_by_hand_follows_the_tempo_too():
    stage = Stage()
    stage.fine(load("bass"), note(1 / 2))
    stage.until(BAR // 4)
    stage.fine(put("bpm", 60))
    (held,) = stage.values(HOLD)
    assert held.b == BAR // 2


# ---------------------------------------------------------------- the tempo itself


def tempo_sweep(start, stop, over=BARS):
    return Set(changes=(Change("", "bpm", Sweep(Quantity(start), Quantity(stop))),), over=over)


@pytest.fixture
def faster():
    """A kick on every beat, and the tempo on its way from 120 to 180 in the four bars from bar 2 on."""
    stage = Stage(zero=0)
    stage.fine(load("kick"), load("delay", time=Quantity(1 / 4, "whole")), seq("kick", "x..."))
    stage.until(BAR)
    assert stage.fine(tempo_sweep(120, 180)) == "bpm 120..180"
    stage.until(12 * BAR)
    return stage


def in_closed_form(beats):
    """Seconds after which a tempo that rises evenly in time from 2 to 3 beats a second in 16 beats has made so many."""
    gain = 1 / 6.4 / 2
    return (-2 + math.sqrt(4 + 4 * gain * beats)) / (2 * gain) if beats <= 16 else 6.4 + (beats - 16) / 3


def test_notes_of_a_rising_tempo_come_at_their_closed_form(faster):
    heard = [frame for frame, _, _ in faster.heard()]
    expected = [k * RATE / 2 for k in range(4)] + [BAR + in_closed_form(k) * RATE for k in range(24)]
    assert len(heard) >= 28
    for frame, exactly in zip(heard, expected, strict=False):
        assert abs(frame - exactly) <= 0.5 + 1e-3
    assert faster.conductor.state.where(BAR + round(6.4 * RATE)) == (6, 1.0)


def test_what_follows_the_tempo_follows_a_rising_one(faster):
    faster.frame = BAR
    conductor = faster.conductor
    assert conductor.state.wait_frame(Wait(length=BARS), BAR) == BAR + round(6.4 * RATE)
    faster.frame = BAR + round(3.2 * RATE)
    assert present(faster, "delay", "time") == pytest.approx(400, rel=0.025), "a quarter at 150"
    (outcome,) = faster.say(Show())
    assert outcome.lines[0].startswith("bpm 150 (120..180 over 4 bars: 50% done, 2.2 bars to go), swing 50")
    assert outcome.result["bpm"] == pytest.approx(150) and outcome.result["sweeps"]["bpm"]["to"] == 180
    (outcome,) = faster.say(put("bpm", 100))
    assert outcome.text == "bpm 100 (was 150)"


def test_a_sweep_of_the_tempo_begins_at_what_it_is_and_is_undone(faster):
    faster.frame = BAR + round(3.2 * RATE)
    assert faster.fine(put("bpm", 60, over=Length(2, "s"))) == "bpm 150..60"
    faster.frame += RATE
    assert faster.fine(Undo()) == "undo: Set (bpm goes on to 180, 1.56 bars to go)"
    assert tempo(faster.rack, faster.conductor.state.present(faster.frame)) == pytest.approx(120 + 60 * 4.2 / 6.4)
    assert faster.fine(Undo()) == "undo: Set (bpm back to 120)"
    assert faster.rack.bpm == 120 and faster.conductor.score.timeline.tempos[-1].beat == RATE // 2


def test_a_script_has_the_tempo_rise_on(faster):
    half = BAR + round(3.2 * RATE)
    rack = onward(faster.rack, CATALOGUE, faster.conductor.state.present(half))
    assert script(rack, CATALOGUE)[0] == "bpm 150..180 over 2.2 bars"
    later = onward(faster.rack, CATALOGUE, faster.conductor.state.present(20 * BAR))
    assert script(later, CATALOGUE)[0] == "bpm 180"


def test_music_that_begins_while_the_tempo_rises_begins_where_it_is():
    stage = Stage()
    stage.fine(load("kick"), tempo_sweep(120, 180))
    stage.until(round(3.2 * RATE))
    stage.fine(seq("kick", "x..."))
    first, last = stage.conductor.score.timeline.tempos
    assert 1 / first.beat == pytest.approx(150 / 60 / RATE) and 1 / last.beat == pytest.approx(180 / 60 / RATE)
    assert last.frame == round(6.4 * RATE)


def test_swing_and_seed_are_not_swept(faster):
    for name in ("swing", "seed"):
        assert faster.refused(put(name, 60, over=BARS)).message == f"{name} cannot be swept"


def test_a_change_of_tempo_just_before_a_sweep_is_over_leaves_it_at_its_end():
    stage = Stage(zero=0)
    stage.fine(load("delay"))
    change = Change("delay", "time", Sweep(Quantity(1 / 16, "whole"), Quantity(1 / 4, "whole")))
    stage.fine(Set(changes=(change,), over=Length(1, "bars")))
    stage.until(BAR - 40)
    stage.fine(put("bpm", 90))
    (entry,) = stage.values(SET)
    assert (entry.a, entry.flags) == (2000 / 3, 0)


# ---------------------------------------------------------------- while the transport stands


def test_a_sweep_over_bars_waits_while_the_transport_stands_and_goes_on_with_it(swept):
    swept.fine(load("kick"), seq("kick", "x..."))
    swept.frame = 4 * BAR // 2
    swept.fine(Stop())
    (entry,) = swept.values(SET)
    assert (round(entry.a), entry.b, entry.flags) == (400, RAMP, 0), "it stays where it is"
    swept.frame += 10 * BAR
    assert present(swept) == pytest.approx(400)
    swept.fine(Play())
    assert line(swept) == (400, 1600, 2 * BAR)
    swept.frame += BAR
    assert present(swept) == pytest.approx(800)


def test_what_is_saved_while_the_transport_stands_is_the_same_whenever_it_is_saved(swept):
    swept.fine(load("kick"), seq("kick", "x..."))
    swept.fine(Stop())

    def saved():
        conductor = swept.conductor
        rack = onward(conductor.rack, CATALOGUE, conductor.state.present(swept.frame))
        return script(rack, CATALOGUE)

    first = saved()
    swept.frame += 3 * BAR
    assert saved() == first and any("over 2 bars" in text for text in first)


def test_a_sweep_over_bars_that_is_said_while_the_transport_stands_waits_and_says_so(swept):
    swept.fine(load("kick"), seq("kick", "x..."))
    swept.fine(Stop())
    text = swept.fine(sweep(200, 800))
    assert "transport stopped" in text
    swept.frame += 2 * BAR
    assert present(swept) == pytest.approx(200)


def test_a_sweep_in_seconds_does_not_wait_for_the_transport(swept):
    swept.fine(load("kick"), seq("kick", "x..."))
    swept.fine(Stop())
    swept.fine(sweep(200, 800, Length(2, "s")))
    swept.frame += RATE
    assert present(swept) == pytest.approx(400)
