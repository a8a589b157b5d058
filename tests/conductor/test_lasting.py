"""`for 4 bars`: the command, and then as it was; one step of undo for both."""

from __future__ import annotations

import pytest

from tests.kit.said import BAR, Said


@pytest.fixture
def beat():
    stage = Said()
    stage.line("load kick decay=300ms; load bass; seq kick: x...; seq bass: x.x.")
    stage.play(1000)
    return stage


def looked_up(stage, what):
    name, _, part = what.rpartition(".")
    lane = stage.rack.lanes.get(name)
    if part in ("muted", "solo", "text"):
        return lane and getattr(lane, part)
    return stage.rack.modules[name].params.get(part) if name else getattr(stage.rack, part)


EACH = [
    ("mute kick", "kick.muted", True, "from bar 2", 1),
    ("solo kick", "kick.solo", True, "from bar 2", 1),
    ("seq kick: xxxx", "kick.text", "xxxx", "from bar 2", 1),
    ("clear kick", "kick.text", None, "from bar 2", 1),
    ("set kick.decay 900ms", "kick.decay", 900, "", 0),
    ("bpm 60", "bpm", 60, "", 0),
    ("swing 60", "swing", 60, "", 0),
    ("set key a minor", "key", "a minor", "", 0),
    ("set volume -20", "out.volume", -20, "", 0),
    ("set kick.decay +10%", "kick.decay", 330, "", 0),
]


@pytest.mark.parametrize(("line", "what", "then", "begins", "bar"), EACH)
def test_it_holds_so_long_and_then_is_as_it_was(beat, line, what, then, begins, bar):
    was = looked_up(beat, what)
    (outcome,) = beat.lines(f"{line} for 4 bars")
    assert outcome.error is None and looked_up(beat, what) == then
    assert begins in outcome.text and "until bar " in outcome.text
    (due,) = beat.conductor.state.waiting
    frame = beat.conductor.score.timeline.frame(due.position)
    beat.play(frame)
    assert looked_up(beat, what) == then
    beat.play(frame + 1)
    assert looked_up(beat, what) == was and beat.conductor.state.waiting == ()
    if begins:
        assert frame == (bar + 4) * BAR and outcome.result["until"] == {"bar": bar + 5, "beat": 1}


@pytest.mark.parametrize(("line", "what", "then", "begins", "bar"), EACH)
def test_undo_takes_both_back_before_as_well_as_after_and_redo_does_both_again(beat, line, what, then, begins, bar):
    was, steps = looked_up(beat, what), len(beat.conductor.state.past)
    beat.line(f"{line} for 4 bars")
    assert len(beat.conductor.state.past) == steps + 1
    beat.line("undo")
    assert looked_up(beat, what) == was and beat.conductor.state.waiting == ()
    beat.line("redo")
    assert looked_up(beat, what) == then and len(beat.conductor.state.waiting) == 1
    beat.play(30 * BAR)
    assert looked_up(beat, what) == was and len(beat.conductor.state.past) == steps
    assert beat.line("undo").startswith("undo: Sequence")


def test_until_then_it_is_heard_and_then_not_and_the_lane_keeps_its_place(beat):
    beat.line("clear bass now; seq kick: x.......x...x... every=1/8 now")
    plain = [frame for frame, _, _ in heard(beat, 14 * BAR)]
    other = Said()
    other.line("load kick decay=300ms; load bass; seq kick: x...; seq bass: x.x.")
    other.play(1000)
    other.line("clear bass now; seq kick: x.......x...x... every=1/8 now")
    other.line("seq kick: xxxx for 3 bars at bar 3")
    there = [frame for frame, _, _ in heard(other, 14 * BAR)]
    assert [f for f in there if not 2 * BAR <= f < 5 * BAR] == [f for f in plain if not 2 * BAR <= f < 5 * BAR]
    assert [f for f in there if 2 * BAR <= f < 5 * BAR] == [2 * BAR + round(k * BAR / 16) for k in range(48)]


def heard(stage, until):
    stage.play(until)
    return sorted(note for note in stage.heard() if note[0] < until)


def test_a_length_may_be_in_beats_or_in_time(beat):
    beat.line("set kick.decay 1 s for 2 beats; set bass.freq 55 for 500 ms; mute bass for 250 ms")
    assert [at for at, _ in beat.conductor.due(99 * BAR)] == [1000 + 22050, 1000 + BAR // 2, BAR + 11025]


def test_the_way_back_follows_the_tempo(beat):
    beat.line("mute kick for 4 bars")
    beat.play(2 * BAR)
    beat.line("bpm 240")
    assert [at for at, _ in beat.conductor.due(99 * BAR)] == [2 * BAR + 3 * BAR // 2]


@pytest.mark.parametrize("time", ["at bar 17", "in 15 bars", "at 16 bars"])
def test_it_may_wait_for_its_time(beat, time):
    for line, what, then in (("mute kick", "kick.muted", True), ("set bass.freq 55", "bass.freq", 55)):
        stage = Said()
        stage.line("load kick; load bass; seq kick: x...; seq bass: x.x.")
        stage.play(1000)
        was = looked_up(stage, what)
        stage.line(f"{line} for 4 bars {time}")
        stage.play(16 * BAR + 1)
        assert looked_up(stage, what) == then
        stage.play(20 * BAR + 1)
        assert looked_up(stage, what) == was and stage.conductor.state.waiting == ()


# ---------------------------------------------------------------- what comes between


def test_a_later_word_stays(beat):
    beat.line("mute kick for 4 bars; set kick.decay 1 s for 4 bars; bpm 100 for 4 bars")
    beat.play(2 * BAR)
    beat.line("unmute kick now; set kick.decay 500 ms; bpm 90")
    assert beat.conductor.state.waiting == ()
    beat.play(20 * BAR)
    assert (beat.rack.bpm, beat.rack.modules["kick"].params["decay"], beat.rack.lanes["kick"].muted) == (90, 500, False)


def test_a_later_word_stays_also_where_it_changes_nothing_and_undo_of_it_gives_the_end_back(beat):
    beat.line("mute kick for 4 bars")
    beat.play(2 * BAR)
    beat.line("mute kick")
    assert beat.conductor.state.waiting == ()
    beat.line("undo")
    assert len(beat.conductor.state.waiting) == 1
    beat.line("redo")
    assert beat.conductor.state.waiting == ()
    beat.line("undo")
    beat.play(6 * BAR)
    assert not beat.rack.lanes["kick"].muted


def test_one_length_takes_the_place_of_another_and_goes_back_to_what_was_before_both(beat):
    beat.line("set kick.decay 1 s for 4 bars")
    beat.play(3 * BAR)
    beat.line("set kick.decay 2 s for 4 bars")
    beat.play(5 * BAR)
    assert beat.rack.modules["kick"].params["decay"] == 2000
    beat.play(7 * BAR + 1001)
    assert beat.rack.modules["kick"].params["decay"] == 300


def test_what_else_it_was_about_still_goes_back(beat):
    beat.line("mute kick bass for 4 bars")
    beat.line("mute kick")
    beat.play(6 * BAR)
    assert beat.rack.lanes["kick"].muted and not beat.rack.lanes["bass"].muted


def test_what_was_said_of_something_else_meanwhile_stays_and_undo_of_it_brings_nothing_back(beat):
    beat.line("mute kick for 2 bars")
    beat.line("set bass.freq 55")
    beat.play(4 * BAR)
    assert not beat.rack.lanes["kick"].muted and beat.rack.modules["bass"].params["freq"] == 55
    beat.line("undo")
    assert not beat.rack.lanes["kick"].muted and "freq" not in beat.rack.modules["bass"].params


def test_a_lane_said_meanwhile_keeps_the_flag_that_goes_back(beat):
    beat.line("mute kick for 4 bars")
    beat.line("seq kick: xx..")
    assert beat.rack.lanes["kick"].muted
    beat.play(6 * BAR)
    assert not beat.rack.lanes["kick"].muted and beat.rack.lanes["kick"].text == "xx.."


def test_what_is_gone_by_then_is_no_fault(beat):
    beat.line("mute kick for 4 bars; set bass.freq 55 for 4 bars")
    beat.line("unload kick; new")
    assert beat.play(9 * BAR) == [] and beat.conductor.state.waiting == ()
    beat.line("undo 2")
    beat.play(9 * BAR + 1)  # and what was to be over by then is
    assert not beat.rack.lanes["kick"].muted and beat.rack.modules["bass"].params == {}


def test_a_panic_ends_it_and_undo_of_that_goes_on_with_it(beat):
    beat.line("set kick.decay 1 s for 8 bars")
    assert "withdrawn" not in beat.line("panic")
    assert beat.rack.modules["kick"].params["decay"] == 300 and beat.conductor.state.waiting == ()
    beat.line("undo")
    assert beat.rack.modules["kick"].params["decay"] == 1000
    beat.play(9 * BAR)
    assert beat.rack.modules["kick"].params["decay"] == 300


def test_a_save_keeps_what_will_be(beat):
    beat.line("set kick.decay 1 s for 8 bars; mute kick for 2 bars; bpm 180")
    kept = beat.conductor.document(beat.frame)
    assert kept.modules["kick"].params["decay"] == 300 and not kept.lanes["kick"].muted and kept.bpm == 180


def test_while_the_transport_stands_bars_of_a_lane_wait_for_it_and_those_of_a_value_pass(beat):
    beat.line("stop")
    beat.line("mute kick for 2 bars; set bass.freq 55 for 2 bars")
    beat.play(5 * BAR)
    assert beat.rack.lanes["kick"].muted and "freq" not in beat.rack.modules["bass"].params
    beat.line("play")
    beat.play(7 * BAR + 1)
    assert not beat.rack.lanes["kick"].muted


def test_a_sentence_that_loads_what_it_plays_puts_an_end_to_what_it_takes_hold_of(beat):
    beat.line("bpm 100 for 4 bars; mute kick for 4 bars")
    beat.line("say at 140 bpm")
    beat.play(9 * BAR)
    assert beat.rack.bpm == 140 and not beat.rack.lanes["kick"].muted


@pytest.mark.parametrize("over", [2, 8])
def test_a_tempo_on_its_way_goes_back_to_the_one_before_and_moves_no_more(beat, over):
    was = beat.rack.bpm
    beat.line(f"bpm 90..140 over {over} bars for 4 bars")
    (due,) = beat.conductor.state.waiting
    frame = beat.conductor.score.timeline.frame(due.position)
    beat.play(frame + 1)
    assert beat.rack.bpm == was and beat.rack.tempo is None
    timeline = beat.conductor.score.timeline
    assert float(timeline.position(frame + 10 * beat.conductor.score.rate) - timeline.position(frame)) == pytest.approx(
        was / 6, abs=0.01
    )


def test_what_takes_hold_of_it_in_the_last_moment_keeps_it_whoever_said_it(beat):
    beat.line("bpm 100 for 4 bars", author="anna")
    (due,) = beat.conductor.state.waiting
    beat.line(f"bpm 100 at bar {int(due.position / 4)}", author="bob")
    beat.play(40 * BAR)
    assert beat.rack.bpm == 100
