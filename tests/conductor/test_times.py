"""Every answer to what waits names its bar, and every one to what only the transport will let be heard says that it stands."""

from __future__ import annotations

import pytest

from tests.kit.said import BAR, Said

STANDS = "transport stopped; play goes on"


@pytest.fixture
def beat():
    stage = Said()
    stage.line("load kick; seq kick: x...")
    stage.play(1000)
    return stage


@pytest.mark.parametrize(
    ("time", "told", "frame"),
    [
        ("at next bar", "bar 2", BAR),
        ("at next beat", "bar 1 beat 2", BAR // 4),
        ("at next 4 bars", "bar 5", 4 * BAR),
        ("at 8 bars", "bar 9", 8 * BAR),
        ("at bar 17", "bar 17", 16 * BAR),
        ("in 4 bars", "bar 6", 5 * BAR),
        ("in 3 beats", "bar 2 beat 1", BAR),
        ("at next 2 beats", "bar 1 beat 3", BAR // 2),
    ],
)
def test_what_waits_is_answered_with_its_bar_and_comes_then(beat, time, told, frame):
    told = told.removesuffix(" beat 1")
    for line, where in (("set kick.decay 100ms", "at"), ("mute kick", "from"), ("stop", "at"), ("undo", "at")):
        (outcome,) = beat.lines(f"{line} {time}")
        assert outcome.text.endswith(f"({where} {told})") and outcome.frame == frame, outcome.text
        bar, _, beat_ = told.removeprefix("bar ").partition(" beat ")
        assert (outcome.result["bar"], outcome.result["beat"]) == (int(bar), float(beat_ or 1))
        assert line == "mute kick" or [at for at, _ in beat.conductor.due(99 * BAR)] == [frame]


def test_a_bar_that_has_gone_by_is_refused_with_the_present_one(beat):
    beat.play(6 * BAR + 10)
    for line in ("set kick.decay 1 s", "seq kick: xx..", "stop", "load bass", "undo", "mute kick for 2 bars"):
        error = beat.wrong(f"{line} at bar 3")
        assert (error.code, error.message) == ("E_VALUE", "bar 3 has gone by; it is bar 7 now")
        assert (error.part, error.suggestions) == ("when.count", ("8",))
    assert beat.conductor.state.waiting == () and beat.rack.lanes["kick"].text == "x..."


def test_the_bar_that_begins_at_the_moment_has_not_gone_by(beat):
    beat.play(6 * BAR)
    assert beat.line("set kick.decay 100ms at bar 7").endswith("(at bar 7)")
    assert beat.play(6 * BAR + 1) == [] and beat.rack.modules["kick"].params["decay"] == 100


def test_put_off_bars_follow_the_tempo(beat):
    beat.line("set kick.decay 100ms at bar 5; set kick.decay 200ms in 7 bars")
    beat.line("bpm 240 at bar 3")
    beat.play(3 * BAR + 1)
    assert beat.rack.modules["kick"].params["decay"] == 100
    assert [at for at, _ in beat.conductor.due(99 * BAR)] == [5 * BAR]


# ---------------------------------------------------------------- before the music


def test_before_the_first_lane_a_bar_is_counted_from_where_the_music_begins():
    stage = Said()
    stage.until(5000)
    text = stage.line("load kick; load bass; set kick.decay 100ms at bar 3; set bass.freq 55 in 1 bar")
    assert text.endswith("(at bar 2; once a lane plays)")
    assert stage.play(9 * BAR) == [] and "decay" not in stage.rack.modules["kick"].params
    stage.line("seq kick: x...")
    assert [at for at, _ in stage.conductor.due(99 * BAR)] == [10 * BAR, 11 * BAR]


def test_where_all_is_said_in_one_go_it_is_as_if_the_music_had_begun_before():
    for script in ("set kick.decay 100ms at bar 3; seq kick: x...", "seq kick: x...; set kick.decay 100ms at bar 3"):
        stage = Said()
        stage.line(f"load kick; {script}")
        assert [at for at, _ in stage.conductor.due(99 * BAR)] == [2 * BAR]


def test_what_comes_where_the_music_will_begin_is_done_now():
    stage = Said()
    stage.line("load kick; set kick.decay 100ms at next bar; bpm 140 at bar 1; swing 60 at 4 bars")
    assert stage.rack.modules["kick"].params["decay"] == 100 and (stage.rack.bpm, stage.rack.swing) == (140, 60)


def test_a_bar_said_while_the_transport_stands_is_one_after_the_next_play(beat):
    beat.line("stop")
    assert beat.line("set kick.decay 100ms at bar 3").endswith(f"(at bar 3; {STANDS})")
    (outcome,) = beat.lines("seq kick: xxxx in 1 bar")
    assert outcome.text == f"sequence kick: xxxx (4 steps, at bar 2) ({STANDS})"
    assert outcome.frame is None and outcome.result["transport"] == "stopped" and outcome.result["bar"] == 2
    beat.play(20 * BAR)
    assert beat.rack.lanes["kick"].text == "x..."
    beat.line("play; stop; play")
    beat.play(21 * BAR + 1)
    assert beat.rack.lanes["kick"].text == "xxxx" and "decay" not in beat.rack.modules["kick"].params
    beat.play(22 * BAR + 1)
    assert beat.rack.modules["kick"].params["decay"] == 100


def test_play_cannot_wait_for_a_bar_that_only_play_would_bring(beat):
    beat.line("stop")
    for time in ("at bar 5", "in 4 bars"):
        error = beat.wrong(f"play {time}")
        assert (error.code, error.part) == ("E_VALUE", "when") and "play goes on" in error.message
    assert beat.line("play at next bar") == "play" and not beat.conductor.score.stopped


# ---------------------------------------------------------------- while it stands


@pytest.mark.parametrize("end", ["stop", "panic"])
@pytest.mark.parametrize(
    "line",
    [
        "seq kick: xxxx", "mute kick", "solo kick", "clear kick", "bpm 150", "swing 60", "set kick.decay 100ms",
        "say bass and kick", "undo", "unload kick", "set bpm 99, kick.decay 1 s", "unmute kick at next bar",
        "set filter.cutoff 500", "mute kick for 4 bars",
    ],
)  # fmt: skip
def test_what_is_heard_only_when_the_transport_goes_says_so(beat, end, line):
    beat.line("load filter; patch kick > filter; mute kick now")
    assert STANDS in beat.line(end)
    beat.line("bpm 121" if line == "undo" else "load adsr")
    (outcome,) = beat.lines(line)
    assert outcome.error is None and outcome.text.count(STANDS) == 1, outcome.text
    assert outcome.result["transport"] == "stopped"
    beat.line("play")
    (outcome,) = beat.lines("bpm 97")
    assert STANDS not in outcome.text and "transport" not in outcome.result


@pytest.mark.parametrize(
    "line",
    [
        "load saw as lead", "set saw.freq 100", "set filter.cutoff 500", "set adsr.attack 5ms", "note kick c3",
        "gate kick on", "set volume -12", "load lfo", "play", "set bass.freq 50",
    ],
)  # fmt: skip
def test_what_is_heard_at_once_or_never_does_not(beat, line):
    beat.line("stop; load saw; load adsr; load filter; patch saw > adsr; patch saw > filter; load bass; unpatch bass")
    assert STANDS not in beat.line(line)


def test_a_list_of_lanes_says_that_they_stand(beat):
    beat.line("stop")
    for question in ("list", "list lanes", "show kick", "show"):
        (outcome,) = beat.lines(question)
        assert outcome.lines[-1] == STANDS and outcome.result["transport"] == "stopped"
    (outcome,) = beat.lines("list modules")
    assert STANDS not in outcome.lines
    beat.line("play")
    assert STANDS not in beat.lines("list lanes")[0].lines
