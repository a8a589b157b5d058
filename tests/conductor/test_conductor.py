"""From submissions to entries: transport, lanes, tempo, undo, later times."""

from __future__ import annotations

from fractions import Fraction
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chronus.commands import (
    Assert,
    Change,
    Clear,
    Describe,
    Gate,
    Length,
    List,
    Mute,
    New,
    Note,
    Open,
    Panic,
    Patch,
    Play,
    Port,
    Quantity,
    Redo,
    Save,
    Say,
    Set,
    Show,
    Solo,
    Stop,
    Submission,
    Sweep,
    Undo,
    Unload,
    Unmute,
    Wait,
    When,
    Word,
)
from chronus.memory.log import F_RELEASE, GENERATION, NOTE_OFF, NOTE_ON, PANIC, SET, SWAP, decode
from chronus.memory.log import NOW as NOW_FRAME
from chronus.pattern.lane import LaneOptions
from tests.kit.machine import seconds_of
from tests.kit.stage import NOW, RATE, Stage, chain, load, put, seq
from tests.rack.test_script import RACKS

BAR = 88200
"""Frames of a bar at 120 bpm."""
STEP = Fraction(44100, 8)


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def beat(stage):
    """Four to the floor since frame 0."""
    stage.fine(load("kick"), seq("kick", "x...x...x...x..."))
    return stage


def onsets(stage, lane=0):
    return [frame for frame, index, _ in stage.heard() if index == lane]


# ---------------------------------------------------------------- the founding lines


def test_the_founding_lines_are_heard(stage):
    texts = [o.text for o in stage.say(
        load("bass_module"), put("bass.freq", 55), put("bass.distortion", 0.7), seq("bass", "x.x.x.x.x.x.x.x."),
        load("tb303_module"), Patch(chain=chain("tb303", "filter", "delay")), seq("tb303", "..x...x.x.x.....x"),
    )]  # fmt: skip
    assert texts[0] == "load bass" and texts[3] == "sequence bass: x.x.x.x.x.x.x.x. (16 steps, from bar 1)"
    stage.until(BAR)
    assert onsets(stage, 0) == [round(2 * k * STEP) for k in range(8)]
    assert onsets(stage, 1) == [round(k * STEP) for k in (2, 6, 8, 10)]
    assert [entry.kind for entry in stage.log[:1]] == [SWAP]


def test_nothing_is_set_that_a_new_module_is_born_with(stage):
    stage.fine(load("bass"), put("bass.freq", 55))
    assert stage.values(SET) == []
    assert 55.0 in stage.conductor.plan.seats["bass"].initial


def test_the_first_command_brings_a_program_even_if_it_loads_nothing(stage):
    stage.fine(put("out.volume", -12))
    assert [entry.kind for entry in stage.last] == [SWAP]
    stage.fine(put("out.volume", -9))
    assert [entry.kind for entry in stage.last] == [SET]


# ---------------------------------------------------------------- moments


def test_the_first_lane_starts_at_once_and_is_transport_zero(stage):
    stage.frame = 6400
    stage.fine(load("kick"), seq("kick", "x..."))
    stage.until(6400 + BAR)
    assert onsets(stage)[:2] == [6400, 6400 + 22050]
    assert stage.conductor.state.where(6400) == (1, 1.0)


def test_pasted_lanes_start_together(stage):
    stage.frame = 640
    stage.fine(load("kick"), load("bass"), seq("kick", "x..."), seq("bass", "x..."))
    stage.until(10_000)
    assert [(frame, lane) for frame, lane, _ in stage.heard()] == [(640, 0), (640, 1)]


def test_another_lane_starts_at_the_next_bar_and_says_so(beat):
    beat.until(1000)
    assert beat.fine(load("bass"), seq("bass", "x.")) == "sequence bass: x. (2 steps, from bar 2)"
    beat.until(2 * BAR)
    assert onsets(beat, 1)[0] == BAR


def test_a_bar_line_at_the_moment_counts(beat):
    beat.until(BAR)
    assert beat.fine(seq("kick", "x.")) == "sequence kick: x. (2 steps, from bar 2)"


def test_now_and_other_times_can_be_typed(beat):
    beat.until(30_000)
    assert beat.fine(load("bass"), seq("bass", "x...", when=When("next", unit="beat"))).endswith(
        "(4 steps, from bar 1 beat 3)"
    )
    assert beat.fine(seq("bass", "x...", when=When("every", 4))).endswith("(4 steps, from bar 5)")
    beat.fine(seq("bass", "x...", when=NOW))
    beat.until(40_000)
    assert onsets(beat, 1) == [30_000]


def test_in_rendering_frame_0_is_transport_zero_whatever_comes_first():
    stage = Stage(zero=0)
    stage.fine(load("kick"))
    stage.until(50_000)
    stage.fine(seq("kick", "x..."))
    stage.until(100_000)
    assert onsets(stage) == [BAR]


def test_after_everything_was_cleared_the_next_lane_starts_at_once(beat):
    beat.until(1000)
    beat.fine(Clear(name="kick"))
    beat.until(3 * BAR)
    beat.fine(seq("kick", "x..."))
    beat.until(4 * BAR)
    assert onsets(beat)[4] == 3 * BAR
    assert onsets(beat)[:4] == [22050 * k for k in range(4)], "until the bar the lane plays on"


# ---------------------------------------------------------------- lanes edited


def test_an_edit_replaces_the_lane_at_the_bar(beat):
    beat.until(1000)
    beat.fine(seq("kick", "..x. ..x. ..x. ..x."))
    (generation,) = beat.values(GENERATION)
    assert generation.frame == BAR and generation.flags == F_RELEASE
    beat.until(2 * BAR)
    assert onsets(beat) == [22050 * k for k in range(4)] + [BAR + 22050 * k + 11025 for k in range(4)]


WHEN = st.sampled_from([None, NOW, When("next", unit="beat"), When("every", 2)])
NAMES = st.sampled_from(["kick", "bass", "tb303"])
EDITS = st.one_of(
    st.builds(
        lambda name, text, when: seq(name, text, when=when), NAMES, st.sampled_from(["x...", "xx", "x.x.X"]), WHEN
    ),
    st.builds(lambda word, name, when: word(names=(name,), when=when), st.sampled_from([Mute, Solo]), NAMES, WHEN),
    st.builds(lambda name, when: Clear(name=name, when=when), NAMES, WHEN),
    st.builds(lambda when: Unmute(when=when), WHEN),
    st.builds(lambda bpm: put("bpm", bpm), st.sampled_from([60, 99, 120, 174, 300])),
    st.builds(lambda swing: put("swing", swing), st.sampled_from([50, 58, 66])),
    st.builds(lambda voices: put("bass.voices", voices), st.sampled_from([1, 4])),
    st.builds(load, NAMES),
    st.builds(lambda name: Unload(name=name), NAMES),
    st.sampled_from([Undo(), Redo(), Stop(), Play()]),
)


def edited(edits, ahead):
    """What is heard of lanes that are edited, (frames after the one before, how) each, with so much scheduled ahead."""
    stage = Stage()
    stage.fine(put("bpm", 174), load("kick"), load("bass"), load("tb303"), seq("kick", "x..."))
    frame = 0
    for after, edit in edits:
        frame += after
        stage.until(frame)
        stage.log += [entry for batch in stage.conductor.advance(frame + ahead) for entry in decode(batch)]
        stage.say(edit)
    end = frame + 4 * BAR
    stage.until(end)
    notes = [entry for entry in stage.replayed() if entry.kind in (NOTE_ON, NOTE_OFF) and entry.frame < end]
    return [(note.frame, note.kind, note.more, note.index, note.c) for note in notes]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 90_000), EDITS), max_size=8))
@example([(1, seq("bass", "x...")), (1, put("bpm", 60))])
def test_what_was_scheduled_ahead_does_not_change_what_is_heard(edits):
    assert edited(edits, 99_225) == edited(edits, 0)


def test_mute_takes_hold_at_the_bar_and_unmute_finds_the_lane_in_step(beat):
    beat.fine(seq("kick", "x.....", when=NOW))
    beat.until(1000)
    beat.fine(Mute(names=("kick",)))
    beat.until(BAR + 10)
    beat.fine(Unmute())
    beat.until(4 * BAR)
    every = [round(6 * k * STEP) for k in range(40)]
    heard = onsets(beat)
    assert heard == [f for f in every if f < BAR or 2 * BAR <= f < 4 * BAR]


def test_solo_silences_the_others(beat):
    beat.fine(load("bass"), seq("bass", "x...", when=NOW))
    beat.fine(Solo(names=("bass",), when=NOW))
    beat.until(BAR)
    assert onsets(beat, 0) == [] and len(onsets(beat, 1)) == 4


def test_a_mute_before_a_pending_pattern_keeps_both_in_their_place(beat):
    beat.until(1000)
    beat.fine(seq("kick", ".x.x", when=When("every", 4)))
    beat.fine(Mute(names=("kick",)))
    beat.fine(Unmute(when=When("every", 2)))
    beat.until(5 * BAR)
    heard = onsets(beat)
    assert [f for f in heard if f < BAR] == [22050 * k for k in range(4)]
    assert not [f for f in heard if BAR <= f < 2 * BAR]
    assert [f for f in heard if 2 * BAR <= f < 4 * BAR] == [2 * BAR + 22050 * k for k in range(8)]
    assert [f for f in heard if f >= 4 * BAR] == [round(4 * BAR + (2 * k + 1) * STEP) for k in range(8)]


def test_taking_back_a_pending_pattern_leaves_the_music_alone(beat):
    beat.until(1000)
    beat.fine(seq("kick", "xxxx"))
    beat.fine(Undo())
    beat.until(3 * BAR)
    assert onsets(beat) == [22050 * k for k in range(12)]
    assert [
        e.frame for e in beat.replayed() if e.kind == GENERATION and e.flags & F_RELEASE and 0 < e.frame < BAR
    ] == []


def test_undo_brings_a_lane_back_where_it_would_be_by_now(beat):
    beat.fine(seq("kick", "x......", when=NOW))
    beat.until(10_000)
    beat.fine(seq("kick", "xxxx", when=NOW))
    beat.until(100_000)
    beat.fine(Undo())
    beat.until(300_000)
    assert [f for f in onsets(beat) if f >= 100_000] == [
        f for f in (round(7 * k * STEP) for k in range(9)) if 100_000 <= f < 300_000
    ]


def test_another_instance_takes_the_notes_over(stage):
    stage.fine(load("bass"), seq("bass", "x..."))
    old = stage.conductor.score.lanes["bass"].player
    stage.until(1000)
    stage.fine(put("bass.voices", 8))
    stage.until(BAR)
    new = stage.conductor.score.lanes["bass"].player
    assert new.incarnation != old.incarnation
    notes = [(e.frame, e.incarnation) for e in stage.replayed() if e.kind == NOTE_ON]
    assert notes == [(0, old.incarnation)] + [(22050 * k, new.incarnation) for k in (1, 2, 3)]


def test_unload_lets_go_of_the_lane_for_now(beat):
    beat.until(30_000)
    beat.fine(Unload(name="kick"))
    beat.until(BAR)
    assert onsets(beat) == [0, 22050]


# ---------------------------------------------------------------- tempo


def test_a_change_of_tempo_keeps_every_note_in_its_place(beat):
    moment = 30_000
    beat.until(moment)
    beat.fine(put("bpm", 174))
    beat.until(5 * BAR)
    position = Fraction(moment, 22050)
    expected = [
        22050 * k if 22050 * k < moment else round(moment + (k - position) * 60 * RATE / 174) for k in range(40)
    ]
    assert onsets(beat) == [frame for frame in expected if frame < 5 * BAR]


def test_a_lane_that_waits_for_its_bar_still_begins_there_when_the_music_slows_down(beat):
    beat.fine(load("bass"))
    beat.until(44_100)
    beat.fine(seq("bass", "x..."))
    beat.fine(Gate(name="bass", on=True))
    beat.until(BAR - 1)  # its first notes are with the replicas
    beat.frame = 66_150
    beat.fine(put("bpm", 60))
    (waits,) = [entry for entry in beat.values(GENERATION) if entry.frame == 66_150 and entry.index == 1]
    assert waits.flags == 0, "what is held by hand goes on"
    beat.until(2 * BAR)
    assert onsets(beat, 1)[0] == 66_150 + 44_100


def test_a_note_that_sounds_over_a_change_of_tempo_ends_once_in_its_new_place(stage):
    stage.fine(load("bass"), seq("bass", "x...............", LaneOptions(gate=8.0)))
    stage.until(22_050)
    stage.fine(put("bpm", 60))
    (generation,) = stage.values(GENERATION)
    assert generation.flags == 0, "nothing is let go"
    stage.until(BAR)
    ends = [entry.frame for entry in stage.replayed() if entry.kind == NOTE_OFF]
    assert ends == [22_050 + 44_100]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 60_000), st.sampled_from([60, 119.7, 174, 400]), st.sampled_from([50, 58, 66])),
        max_size=6,
    )
)
def test_no_tempo_or_swing_loses_or_doubles_a_note_or_leaves_one_hanging(changes):
    stage = Stage()
    stage.fine(load("bass"), seq("bass", "xxxxx", LaneOptions(gate=0.9)))
    frame = 0
    for more, bpm, swing in changes:
        frame += more
        stage.until(frame)
        stage.fine(put("bpm", bpm))
        stage.fine(put("swing", swing))
    stage.until(frame + 200_000)
    notes = [int(e.c) for e in stage.replayed() if e.kind == NOTE_ON]
    assert notes == list(range(len(notes)))
    held = set()
    for entry in stage.replayed():
        if entry.kind == NOTE_ON:
            held.add(entry.c)
        elif entry.kind == NOTE_OFF:
            held.remove(entry.c)
    assert len(held) <= 1


# ---------------------------------------------------------------- transport


def test_stop_and_play(beat):
    beat.until(30_000)
    beat.fine(Stop(), exact=False)
    assert [e.frame for e in beat.values(GENERATION)] == [NOW_FRAME]
    beat.log = [e for e in beat.log if e.frame != NOW_FRAME]
    assert not beat.conductor.state.playing
    beat.until(50_048)
    beat.fine(Play())
    beat.until(50_048 + BAR)
    assert onsets(beat)[-4:] == [50_048 + 22050 * k for k in range(4)]
    assert beat.conductor.state.where(50_048) == (1, 1.0)


def test_lanes_typed_while_stopped_wait_for_play(beat):
    beat.until(1000)
    beat.fine(Stop())
    beat.fine(load("bass"), seq("bass", "x..."))
    beat.until(6400)
    assert onsets(beat, 1) == []
    beat.fine(Play())
    beat.until(10_000)
    assert onsets(beat, 0)[-1:] == onsets(beat, 1) == [6400]


def test_play_while_playing_changes_nothing(beat):
    beat.until(1000)
    beat.fine(Play())
    assert beat.last == ()


def test_panic_is_said_first(beat):
    beat.fine(load("saw"), Gate(name="kick", on=True))
    beat.fine(Panic())
    assert beat.last[0].kind == PANIC and not beat.conductor.state.playing
    assert not beat.rack.modules["kick"].held and beat.rack.modules["saw"].hushed


# ---------------------------------------------------------------- later


def test_a_command_for_later_is_answered_now_and_done_then(beat):
    beat.fine(load("filter"))
    beat.until(1000)
    late = Set(changes=(Change("filter", "cutoff", Quantity(500)),), when=When("every", 2))
    (outcome,) = beat.say(late)
    assert (outcome.text, outcome.frame) == ("set filter.cutoff 500 Hz (was 1000 Hz) (at bar 3)", 2 * BAR)
    assert beat.rack.modules["filter"].params == {} and beat.last == ()
    assert beat.conductor.due(2 * BAR) == []
    ((frame, (due,)),) = beat.conductor.due(2 * BAR + 1)
    assert (frame, due.author, due.command.when) == (2 * BAR, "", NOW)
    assert beat.conductor.due(3 * BAR) == []


def test_a_change_of_tempo_moves_what_is_due(beat):
    beat.say(Set(changes=(Change("", "swing", Quantity(60)),), when=When("every", 2)))
    beat.fine(load("bass"))
    beat.until(100)
    assert beat.say(put("swing", 60, when=When("next")))[0].frame == BAR
    beat.until(44_100)
    beat.fine(put("bpm", 240))
    assert [frame for frame, _ in beat.conductor.due(10 * BAR)] == [0, 44_100 + 22_050]


def test_a_later_command_is_checked_against_what_will_be(beat):
    beat.until(100)
    outcomes = beat.say(Patch(chain=chain("kick", "filter"), when=When("next")), put("filter.cutoff", 500, when=When("next")),
                        put("filter.cutof", 500, when=When("next")))  # fmt: skip
    assert [o.error.code if o.error else "" for o in outcomes] == ["", "", "E_PARAM"]


def test_without_bars_a_time_is_now(stage):
    stage.fine(load("bass"))
    assert stage.fine(put("bass.freq", 55, when=When("next"))) == "set bass.freq 55 Hz (was 440 Hz)"


def test_open_waits_for_the_bar(beat):
    commands = (load("bass"), seq("bass", "x...", when=None))
    beat.until(1000)
    (outcome,) = beat.say(Open(name="song", commands=commands))
    assert (outcome.text, outcome.frame) == ("open song (at bar 2)", BAR)
    ((frame, (due,)),) = beat.conductor.due(BAR + 1)
    beat.until(frame)
    beat.fine(due.command)
    assert list(beat.rack.modules) == ["out", "bass"]
    beat.until(2 * BAR)
    assert onsets(beat)[:4] == [22050 * k for k in range(4)]
    assert [f for f, _, _ in beat.heard()][4:] == [BAR + 22050 * k for k in range(4)]


def test_where_nothing_sounds_open_is_at_once_and_what_follows_finds_it(beat):
    beat.until(1000)
    song = Open(name="song", commands=(load("bass"), seq("bass", "x...")))
    outcomes = beat.say(New(), song, put("bass.freq", 55), Show(name="bass"))
    assert [o.error for o in outcomes] == [None] * 4
    assert (outcomes[1].text, outcomes[3].result["params"]["freq"]) == ("open song", 55)
    assert beat.conductor.due(10 * BAR) == []


def test_what_follows_an_open_sees_its_rack_and_takes_hold_with_it(beat):
    beat.until(1000)
    song = Open(name="song", commands=(load("bass"), seq("bass", "x...")))
    outcomes = beat.say(song, put("bass.freq", 55), seq("bass", "xx.."), put("kick.decay", 99), Show(name="bass"))
    assert [o.error.code if o.error else "" for o in outcomes] == ["", "", "", "E_NAME", ""]
    assert [o.text for o in outcomes[1:3]] == [
        "set bass.freq 55 Hz (was 440 Hz) (at bar 2)",
        "sequence bass: xx.. (4 steps, at bar 2)",
    ]
    assert (outcomes[4].result["params"]["freq"], outcomes[4].result["lane"]["pattern"]) == (55, "xx..")
    # also in a later submission, and by what names a nearer time; but `now`, the transport and hands are about what sounds
    (late, soon) = beat.say(load("filter", when=None), put("filter.cutoff", 500, when=When("next", unit="beat")))
    assert (late.frame, soon.frame) == (BAR, BAR)
    assert "(at" not in beat.fine(put("kick.decay", 99, when=NOW))
    assert beat.say(put("kick.decay", 98), author="osc")[0].text == "set kick.decay 98 ms (was 99 ms)"
    assert list(beat.conductor.document(0).modules) == ["out", "bass", "filter"]
    assert list(beat.rack.modules) == ["out", "kick"]
    ((frame, dues),) = beat.conductor.due(BAR + 1)
    beat.until(frame)
    beat.fine(*(due.command for due in dues))
    beat.until(2 * BAR)
    assert beat.rack.modules["bass"].params["freq"] == 55 and beat.rack.lanes["bass"].text == "xx.."
    assert [f for f, _, _ in beat.heard() if f >= BAR][:3] == [BAR, BAR + 22050 // 4, BAR + 22050]


def test_many_lines_after_an_open_are_checked_in_one_pass(beat):
    song = Open(name="song", commands=(load("bass"), *(put("bass.freq", 50 + k) for k in range(200))))
    beat.until(1000)
    outcomes = []
    took = seconds_of(lambda: outcomes.extend(beat.say(song, *(put("bass.freq", 300 + k) for k in range(200)))), 1)
    assert took < 0.3 and not any(outcome.error for outcome in outcomes)
    assert beat.conductor.document(0).modules["bass"].params["freq"] == 499


def test_waits_are_musical_or_by_the_clock(beat):
    conductor = beat.conductor
    assert conductor.state.wait_frame(Wait(length=Length(4, "bars")), 0) == 4 * BAR
    assert conductor.state.wait_frame(Wait(length=Length(2, "s")), 100) == 100 + BAR
    assert conductor.state.wait_frame(Wait(until_bar=17), 100) == 16 * BAR
    assert conductor.state.wait_frame(Wait(until_bar=1), 100) == 100
    assert Stage().conductor.state.wait_frame(Wait(length=Length(1, "bars")), 5) == BAR + 5


def test_waits_at_174_never_drift(stage):
    stage.fine(put("bpm", 174), load("kick"), seq("kick", "x..."))
    moment = 0
    for _ in range(64):
        moment = stage.conductor.state.wait_frame(Wait(length=Length(1, "bars")), moment)
    assert moment == round(Fraction(64 * 4 * 60, 174) * RATE)


# ---------------------------------------------------------------- by hand, and the moment


def test_what_is_for_now_says_so_and_names_no_frame(stage):
    stage.fine(load("bass"), put("bass.freq", 55), Gate(name="bass", on=True), exact=False)
    assert {entry.frame for entry in stage.last} == {NOW_FRAME}
    assert [entry.order for entry in stage.last] == sorted(entry.order for entry in stage.last)


def test_only_what_names_frames_is_absolute(stage):
    conductor = stage.conductor

    def absolute(*commands):
        return conductor.perform(Submission(tuple(range(len(commands))), ("",) * len(commands), commands)).absolute

    stage.fine(load("bass"), load("filter"))
    assert not absolute(
        put("bass.freq", 55), load("kick"), Gate(name="bass", on=True), Note(name="bass", pitch=40.0), Stop()
    )
    assert not absolute(put("bpm", 100))
    assert absolute(seq("bass", "x"))
    assert absolute(
        Set(changes=(Change("filter", "cutoff", Sweep(Quantity(400), Quantity(500))),), over=Length(1, "bars"))
    )
    stage.fine(seq("bass", "x"))
    assert absolute(put("bpm", 100)) and absolute(put("bass.voices", 8)) and not absolute(put("bass.freq", 77))


def test_a_later_sweep_ends_an_earlier_one_and_a_set_ends_both(stage):
    stage.fine(load("filter"))
    sweep = Set(changes=(Change("filter", "cutoff", Sweep(Quantity(400), Quantity(500))),), over=Length(1, "s"))
    stage.fine(sweep, put("filter.cutoff", 700))
    (only,) = stage.values(SET)
    assert only.a == 700 and only.flags == 0


def test_a_failed_command_leaves_the_others_alone(stage):
    outcomes = stage.say(load("bass"), load("bas"), put("bass.freq", 55))
    assert [o.error.code if o.error else "" for o in outcomes] == ["", "E_MODULE", ""]
    assert [o.id for o in outcomes] == [1, 2, 3]


def test_what_is_committed_and_never_accepted_never_was(stage):
    stage.fine(load("kick"))
    rack = stage.rack
    t = stage.conductor.perform(Submission((1,), ("load bass",), (load("bass"),)))
    stage.conductor.commit(t, 100, False)
    assert stage.rack is rack
    stage.fine(load("delay"))
    assert list(stage.rack.modules) == ["out", "kick", "delay"]


def test_notes_given_between_a_commit_and_its_acceptance_are_not_lost(beat):
    conductor = beat.conductor
    t = conductor.perform(Submission((1,), ("",), (seq("kick", "x.x.", when=NOW),)))
    done = conductor.commit(t, 20_000, True)
    beat.log += decode(done.entries)
    for batch in conductor.advance(60_000):
        beat.log += decode(batch)
    conductor.accept(done)
    beat.until(100_000)
    assert [f for f in onsets(beat) if f >= 20_000] == [round(20_000 + 2 * k * STEP) for k in range(8)]


# ---------------------------------------------------------------- undo


@settings(max_examples=80, deadline=None)
@given(RACKS.map(lambda commands: [c for c in commands if not isinstance(c, Gate)]))
def test_whatever_is_said_and_then_undone_gives_the_first_rack(commands):
    stage = Stage()
    stage.fine(load("kick"), seq("kick", "x..."))
    first = stage.rack
    done = 0
    for command in commands:
        stage.until(stage.frame + 5000)
        done += stage.say(command)[0].error is None
    last = stage.rack
    if done:
        stage.fine(Undo(steps=done))
        assert stage.rack == first
        stage.fine(Redo(steps=done))
        assert stage.rack == last


def test_undo_of_nothing_is_refused(stage):
    assert stage.refused(Undo()).code == "E_VALUE"
    assert stage.refused(Redo()).code == "E_VALUE"


def test_undo_says_what_it_takes_back_and_a_new_word_ends_redo(stage):
    stage.fine(load("bass"), put("bass.freq", 55))
    assert stage.fine(Undo(steps=2)) == "undo: Set; Load"
    assert stage.fine(Redo()) == "redo: Load"
    stage.fine(put("bass.freq", 77))
    assert stage.refused(Redo()).code == "E_VALUE"


def test_hands_are_no_steps_of_undo(stage):
    stage.fine(load("bass"), load("kick"))
    stage.fine(Gate(name="bass", on=True), Note(name="bass", pitch=33.0))
    stage.say(put("bass.freq", 99), author="osc")
    assert stage.fine(Undo()) == "undo: Load"
    assert stage.rack.modules["bass"].held and list(stage.rack.modules) == ["out", "bass"]


def test_undo_of_a_set_ramps_back(stage):
    stage.fine(load("bass"))
    stage.fine(put("bass.freq", 55))
    stage.fine(Undo())
    (change,) = stage.values(SET)
    assert (change.a, change.b) == (440.0, 512.0)


def test_say_is_one_step_and_passes_over_what_is_loaded(stage):
    stage.fine(load("kick", decay=500))
    lines = ("load kick", "load bass", "seq kick: x...", "bpm 174")
    commands = (load("kick"), load("bass"), seq("kick", "x..."), put("bpm", 174))
    (said,) = stage.say(Say(words="drop in a beat", commands=commands, lines=lines))
    assert said.text == "say drop in a beat (from bar 1)"
    assert said.lines == lines[1:]
    assert said.result == {"commands": list(lines[1:]), "bar": 1, "beat": 1.0}
    assert list(stage.rack.modules) == ["out", "kick", "bass"]
    stage.fine(Undo())
    assert list(stage.rack.modules) == ["out", "kick"] and not stage.rack.lanes and stage.rack.bpm == 120


def test_new_can_be_undone(beat):
    beat.fine(New())
    assert list(beat.rack.modules) == ["out"]
    beat.fine(Undo())
    beat.until(BAR)
    assert onsets(beat)[1:] == [22050, 44100, 66150]


# ---------------------------------------------------------------- questions


def test_questions_see_all_that_was_said_before_them(stage):
    outcomes = stage.say(load("bass"), Assert(target=Port("bass", "freq"), test="==", value=Quantity(440)), put("bass.freq", 55),
                         Assert(target=Port("bass", "freq"), test="<", value=Quantity(33, "note")), List(what="modules"))  # fmt: skip
    assert [o.error.code if o.error else "" for o in outcomes] == ["", "", "", "E_ASSERT", ""]
    assert outcomes[3].error.message == "bass.freq is 55 Hz, not < 55 Hz"
    assert outcomes[4].lines == ("out", "bass > out") and outcomes[4].result["modules"][1] == {
        "name": "bass",
        "kind": "bass",
    }


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Word("x"), "freq is 20..20000 Hz, not the word x"),
        (Quantity(1e300), "freq is 20..20000 Hz; 1e+300 is outside"),
        (Quantity(5, "ms"), "freq is in Hz; ms does not fit"),
    ],
)
def test_an_assert_that_cannot_be_tells_the_range_of_the_parameter(stage, value, told):
    stage.fine(load("bass"))
    error = stage.refused(Assert(target=Port("bass", "freq"), test="==", value=value))
    assert (error.code, error.part, error.message) == ("E_VALUE", "value", told)


def test_an_assert_may_name_what_the_parameter_cannot_reach(stage):
    stage.fine(load("bass"))
    assert stage.fine(Assert(target=Port("bass", "freq"), test="<", value=Quantity(90_000))).endswith("< 90000 Hz")
    assert stage.fine(Assert(target=Port("bpm"), test=">", value=Quantity(1))).endswith("> 1")


def test_show_tells_a_lane_as_typed_and_as_understood(beat):
    (outcome,) = beat.say(Show(name="kick", loop=2))
    lane = outcome.result["lane"]
    assert (lane["pattern"], lane["steps"], lane["step"]) == ("x...x...x...x...", 16, "1/16")
    assert lane["events"][1] == {
        "at": 4,
        "len": 0.5,
        "pitch": None,
        "vel": 0.8,
        "accent": False,
        "glide": False,
        "locks": {},
    }
    assert len(lane["events"]) == 4 and "kick: x...x...x...x..." in outcome.lines


def test_describe_and_show_of_the_whole(beat):
    assert beat.say(Describe(kind="acid"))[0].lines[0].startswith("tb303: acid")
    assert beat.say(Show())[0].lines[0] == "bpm 120, swing 50, seed 0"
    assert beat.say(Save(name="x"))[0].text == "Save"


def test_the_same_input_gives_the_same_answers():
    def told():
        stage = Stage()
        commands = (
            load("bass"),
            seq("bass", "x.."),
            Patch(chain=chain("bass", "delay")),
            load("bas"),
            Show(),
            Show(name="bass"),
        )
        return [(o.text, o.lines, o.result, o.error and o.error.message) for o in stage.say(*commands)], stage.last

    assert told() == told()


# ---------------------------------------------------------------- speed


def test_5000_sets_a_second():
    stage = Stage()
    stage.fine(*(load("bass", f"b{k}") for k in range(60)), seq("b0", "x.x."))
    commands = [put(f"b{k % 60}.freq", 55 + k % 100) for k in range(1000)]
    numbers = count()

    def play():
        for command in commands:
            k = next(numbers)
            t = stage.conductor.perform(Submission((k,), ("",), (command,)))
            stage.conductor.accept(stage.conductor.commit(t, k, False))
            stage.conductor.sealed(t, k)

    assert seconds_of(play) / len(commands) < 1 / 5000
