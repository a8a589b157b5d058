"""Songs: scenes in order on the bar lines, jumps, loops, the end; undo, stop and play while one plays; fills."""

from __future__ import annotations

import pytest

from chronus.rack.document import audible
from chronus.rack.script import script
from tests.kit.said import BAR, Said


@pytest.fixture
def song():
    stage = Said()
    stage.line("load kick; load tb303; load noise as hat; load filter; patch tb303 > filter")
    stage.line("seq kick: x...; seq tb303: x.x.; seq hat: ..x.")
    stage.line("scene intro = hat; scene build = kick hat, tb303.cutoff 500")
    stage.line("scene drop = kick tb303 hat, filter.cutoff 400..4k over 2 bars")
    stage.play(1000)
    return stage


def test_the_script_is_shown_as_it_would_be_saved(song):
    (shown,) = song.lines("show script")
    assert shown.lines == script(song.rack, song.conductor.catalogue) and shown.result["lines"] == list(shown.lines)
    assert "scene build = kick hat, tb303.cutoff 500" in shown.lines


def heard(stage):
    return " ".join(name for name in stage.rack.lanes if audible(stage.rack, name))


INTRO, BUILD, DROP, END = "hat", "kick hat", "kick tb303 hat", ""


def bars(stage, first, last):
    """What is heard in these bars."""
    found = []
    for bar in range(first, last + 1):
        stage.play((bar - 1) * BAR + 1)
        found.append(heard(stage))
    return found


def test_scenes_follow_one_another_on_the_bar_lines_and_then_no_lane_is_heard(song):
    told = song.line("song: intro*2 build*1 drop*2")
    assert told == "song: intro*2 build*1 drop*2 (5 bars, then its lanes stop; at bar 2)"
    song.play(BAR)
    assert heard(song) == DROP, "all are, before it begins"
    assert bars(song, 2, 8) == [INTRO, INTRO, BUILD, DROP, DROP, END, END]
    assert song.conductor.state.waiting == ()


def test_every_onset_lies_in_its_section_to_the_frame(song):
    song.line("song: intro*1 build*1 drop*1")
    song.play(6 * BAR)
    index = {name: playing.player.index for name, playing in song.conductor.score.lanes.items()}
    kick, acid, hat = ([f for f, lane, _ in song.heard() if lane == index[n]] for n in ("kick", "tb303", "hat"))
    eighth = BAR // 8
    assert kick == [2 * eighth * k for k in range(16) if not 4 <= k < 8]
    assert acid == [eighth * k for k in range(32) if not 8 <= k < 24]
    assert hat == [eighth * (2 * k + 1) for k in range(16)]


def test_a_sweep_begins_with_its_section_also_in_the_next_round(song):
    song.line("song: intro*1 drop*1 loop")
    for begin in (3, 5):
        song.play((begin - 1) * BAR + 1)
        moving = song.rack.modules["filter"].params["cutoff"]
        assert song.conductor.score.courses[moving.number].begin == (begin - 1) * BAR


def test_one_that_loops_begins_again(song):
    assert song.line("song: intro*1 drop*2 loop").endswith("(3 bars, then it begins again; at bar 2)")
    assert bars(song, 2, 8) == [INTRO, DROP, DROP] * 2 + [INTRO]
    song.line("song loop off")
    assert bars(song, 9, 12) == [DROP, DROP, END, END]


def test_the_tempo_may_change_in_the_middle(song):
    song.line("song: intro*2 build*2 drop*2; bpm 240 at bar 3")
    song.play(2 * BAR + 1)
    assert heard(song) == INTRO
    song.play(2 * BAR + BAR // 2)
    assert heard(song) == INTRO
    song.play(2 * BAR + BAR // 2 + 1)
    assert heard(song) == BUILD


@pytest.mark.parametrize(("to", "bar"), [("goto bar 4", 4), ("goto drop", 4), ("goto intro", 1), ("goto 3", 3)])
def test_a_jump_is_made_at_the_next_bar_to_that_place_of_the_song(song, to, bar):
    song.line("song: intro*2 build*1 drop*2")
    song.play(BAR + 1)
    text = song.line(to)
    assert text.startswith(f"goto bar {bar}") and text.endswith("(at bar 3)"), text
    assert bars(song, 3, 3) == [[INTRO, INTRO, BUILD, DROP, DROP][bar - 1]]
    assert song.conductor.state.song(2 * BAR + 10)["bar"] == bar
    assert bars(song, 4, 9 - bar) == [INTRO, INTRO, BUILD, DROP, DROP, END][bar:]


def test_a_scene_that_comes_twice_is_gone_to_where_it_comes_next(song):
    song.line("song: intro*1 drop*1 intro*1 drop*1 now")
    assert song.line("goto drop").startswith("goto bar 2 (drop)")
    song.play(2 * BAR + 1)
    assert song.conductor.state.song(2 * BAR + 10)["bar"] == 3
    assert song.line("goto drop").startswith("goto bar 4 (drop)")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("song", "E_VALUE", "there is no song; `song: intro*8 drop*16` makes one"),
        ("song stop", "E_VALUE", "there is no song; `song: intro*8 drop*16` makes one"),
        ("goto bar 3", "E_VALUE", "there is no song; `song: intro*8 drop*16` makes one"),
        ("show song", "E_VALUE", "there is no song; `song: intro*8 drop*16` makes one"),
        ("song: intro*2 brake*2", "E_NAME", 'there is no scene "brake"'),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(song, line, code, message):
    before = song.rack
    error = song.wrong(line)
    assert (error.code, error.message) == (code, message)
    assert song.rack is before and song.conductor.state.waiting == ()


def test_a_place_that_the_song_does_not_have_is_refused(song):
    song.line("song: intro*2 build*1 now")
    assert song.wrong("goto bar 4").message == "the song has 3 bars"
    error = song.wrong("goto buld")
    assert (error.message, error.suggestions) == ('"buld" is not in the song', ("build",))


def test_an_undo_of_what_was_typed_meanwhile_does_not_take_the_section_back(song):
    song.line("song: intro*2 build*2 drop*2 now")
    song.line("set kick.decay 100ms")
    song.play(2 * BAR + 1)
    assert heard(song) == BUILD
    assert song.line("undo").startswith("undo: ")
    assert heard(song) == BUILD and song.rack.modules["tb303"].params["cutoff"] == 500
    assert "decay" not in song.rack.modules["kick"].params
    assert bars(song, 4, 5) == [BUILD, DROP]
    song.line("redo")
    assert heard(song) == DROP and song.rack.modules["kick"].params["decay"] == 100


def test_an_undo_of_the_song_brings_back_what_was_heard_before_it(song):
    song.line("song: intro*2 build*2")
    song.play(3 * BAR + 1)
    assert heard(song) == BUILD
    song.line("undo")
    assert heard(song) == DROP and "cutoff" not in song.rack.modules["tb303"].params
    assert song.rack.song is None and song.conductor.state.waiting == ()
    assert bars(song, 5, 9) == [DROP] * 5


def test_an_undo_of_another_song_lets_the_one_before_go_on_where_it_would_be(song):
    song.line("song: intro*2 drop*6 now")
    song.play(BAR + 1)
    song.line("song: build*8")
    song.play(4 * BAR + 1)
    assert heard(song) == BUILD
    song.line("undo")
    assert song.conductor.state.song(4 * BAR + 10)["section"] == {"scene": "drop", "number": 2, "bar": 3, "bars": 6}


def test_stop_and_play_begin_it_again_at_its_first_bar(song):
    song.line("song: intro*1 drop*2 now")
    song.play(BAR + 1)
    song.line("stop")
    song.play(5 * BAR)
    assert heard(song) == DROP and song.conductor.state.waiting == ()
    song.line("play")
    assert heard(song) == INTRO
    song.play(6 * BAR)
    assert heard(song) == INTRO
    song.play(6 * BAR + 1)
    assert heard(song) == DROP
    song.play(8 * BAR + 1)
    assert heard(song) == END


def test_an_undo_of_stop_begins_it_again_with_its_first_scene(song):
    song.line("song: intro*2 drop*2 now")
    song.play(2 * BAR + 1)
    assert heard(song) == DROP
    song.line("stop; undo")
    assert heard(song) == INTRO
    assert song.conductor.state.song(song.frame)["bar"] == 1
    song.play(4 * BAR + 2)
    assert heard(song) == DROP
    assert "cutoff" in song.rack.modules["filter"].params, "with the sweep of that scene"


def test_a_redo_of_play_begins_it_again_too(song):
    song.line("song: intro*1 drop*2 now; stop; play")
    song.play(song.frame + BAR + 1)
    assert heard(song) == DROP
    song.line("undo; redo")
    assert heard(song) == INTRO
    song.play(song.frame + BAR + 2)
    assert heard(song) == DROP


def test_a_song_that_is_taken_away_leaves_what_is_heard(song):
    song.line("song: intro*1 build*1 drop*1 now")
    song.play(BAR + 1)
    assert song.line("clear song") == "clear song"
    assert song.rack.song is None and song.conductor.state.waiting == ()
    assert bars(song, 3, 5) == [BUILD] * 3
    assert song.wrong("show song").code == song.wrong("clear song").code == "E_VALUE"
    song.line("undo")
    assert song.rack.song is not None and "song: intro*1 build*1 drop*1" in script(song.rack, song.conductor.catalogue)


@pytest.mark.parametrize("line", ["clear song at bar 3", "song stop at bar 3"])
def test_ended_at_a_bar_it_goes_on_until_then_and_no_section_begins(song, line):
    song.line("song: intro*1 build*1 drop*1 now")
    assert song.line(line).endswith("(at bar 3)")
    assert bars(song, 2, 4) == [BUILD, BUILD, BUILD]
    assert "cutoff" not in song.rack.modules["filter"].params


@pytest.mark.parametrize("line", ["goto intro at bar 3", "song: intro*4 at bar 3"])
def test_led_elsewhere_at_a_bar_nothing_is_set_of_the_section_that_would_begin_there(song, line):
    song.line("song: intro*1 build*1 drop*1 now")
    song.line(line)
    assert bars(song, 3, 3) == [INTRO]
    assert "cutoff" not in song.rack.modules["filter"].params


def test_a_scene_that_the_song_plays_is_not_taken_away(song):
    song.line("song: intro*1 build*1 now")
    error = song.wrong("clear scene build")
    assert error.code == "E_VALUE"
    assert error.message == 'the song plays "build"; another `song: ...` without it comes first, or `clear song`'
    assert song.line("clear scene drop") == "clear scene drop"
    song.line("clear song; clear scene build")
    assert list(song.rack.scenes) == ["intro"]


def test_where_a_module_is_called_song_its_lane_is_cleared(song):
    song.line("song: intro*8 now; load kick as song; seq song: x...; clear song now")
    assert "song" not in song.rack.lanes and song.rack.song is not None


def test_one_that_has_still_to_begin_is_shown_and_not_turned(song):
    song.line("song: intro*2 drop*2")
    (shown,) = song.lines("show song")
    assert shown.lines[0] == "song: intro*2 drop*2 (4 bars, then its lanes stop, begins at bar 2)"
    assert shown.result["to_come"] == "song: intro*2 drop*2 at bar 2" and shown.result["now"] == {}
    for line in ("song stop", "clear song", "song loop on"):
        error = song.wrong(line)
        assert error.message == "the song begins at bar 2; say it then, or take it back with `undo`"
    song.play(BAR + 1)
    song.line("song stop; song: build*1 at bar 9")
    assert song.lines("show song")[0].lines[-1] == "at bar 9: song: build*1"


def test_said_while_the_transport_stands_it_begins_with_play(song):
    song.line("stop")
    assert (
        song.line("song: intro*1 drop*1")
        == "song: intro*1 drop*1 (2 bars, then its lanes stop; transport stopped; play goes on)"
    )
    song.play(3 * BAR)
    song.line("play")
    assert heard(song) == INTRO
    song.play(4 * BAR + 1)
    assert heard(song) == DROP


def test_song_stop_leaves_all_as_it_is_and_song_begins_again(song):
    song.line("song: intro*1 build*1 drop*1 now")
    song.play(BAR + 1)
    assert song.line("song stop") == "song stop"
    assert bars(song, 3, 6) == [BUILD] * 4
    song.line("song")
    assert bars(song, 7, 10) == [INTRO, BUILD, DROP, END]


def test_a_scene_said_for_a_bar_is_heard_in_place_of_the_section_that_begins_there(song):
    song.line("song: intro*1 build*1 drop*1 now")
    song.line("scene drop at bar 2")
    assert bars(song, 2, 4) == [DROP, DROP, END]
    assert "cutoff" not in song.rack.modules["tb303"].params, "nothing of the section is set"


def test_a_panic_ends_it_and_new_takes_it_away(song):
    song.line("song: intro*1 drop*1 now; scene build at bar 9")
    assert song.line("panic") == "panic (1 that waited withdrawn; transport stopped; play goes on)"
    assert song.conductor.state.waiting == ()
    song.line("play; new")
    assert song.rack.song is None and song.conductor.state.waiting == ()


def test_in_another_meter_the_bars_are_those_of_the_meter(song):
    song.line("meter 3/4 now; song: intro*1 drop*1")
    frame = song.conductor.state.next_due
    song.play(frame + 1)
    assert [at for at, _ in song.conductor.due(frame + BAR)] == [frame + BAR * 3 // 4]


def test_a_script_begins_it_and_one_that_was_stopped_stays_so(song):
    song.line("song: intro*8 drop*16 loop; every 8 bars fill; fill on now")
    song.play(BAR + 1)
    lines = script(song.rack, song.conductor.catalogue)
    assert lines[-3:] == ("fill on", "every 8 bars fill", "song: intro*8 drop*16 loop")
    song.line("song stop")
    assert script(song.rack, song.conductor.catalogue)[-1] == "song stop"


def test_it_is_drawn_with_the_place_where_it_is(song):
    song.line("song: intro*2 build*2 drop*96 now")
    song.play(2 * BAR + 1)
    (shown,) = song.lines("show song")
    assert shown.lines == (
        "song: intro*2 build*2 drop*96 (100 bars, then its lanes stop)",
        "  intro  1-2    =",
        "> build  3-4    #",
        f"  drop   5-100  {'=' * 48}",
    )
    assert shown.result["now"] == {
        "bar": 3, "bars": 100, "loop": False, "section": {"scene": "build", "number": 2, "bar": 1, "bars": 2}
    }  # fmt: skip


# ---------------------------------------------------------------- fills


@pytest.fixture
def filled():
    stage = Said()
    stage.line("load kick; seq kick: x?nofill . . . . . . . x?fill . . . . . . .")
    stage.play(1000)
    return stage


def kicks(stage, until):
    """In which bars the fill is heard, and in which the other."""
    stage.play(until * BAR)
    found = [divmod(frame, BAR) for frame, *_ in stage.heard()]
    return [bar + 1 for bar, place in found if place], [bar + 1 for bar, place in found if not place]


def test_fill_is_on_from_the_next_bar_until_it_is_off(filled):
    assert filled.line("fill on") == "fill on (at bar 2)"
    filled.play(3 * BAR + 10)
    filled.line("fill off")
    assert kicks(filled, 6) == ([2, 3, 4], [1, 5, 6])


def test_fill_for_a_bar_is_off_again_by_itself(filled):
    assert filled.line("fill on for 1 bar") == "fill on (at bar 2)"
    assert kicks(filled, 5) == ([2], [1, 3, 4, 5])


def test_the_last_bar_of_every_so_many_is_a_fill(filled):
    assert filled.line("every 4 bars fill") == "every 4 bars fill"
    filled.play(9 * BAR)
    filled.line("every off")
    assert kicks(filled, 13) == ([4, 8], [1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 13])


def test_a_fill_is_taken_back_and_told_where_nothing_is_for_fills(filled):
    filled.line("every 2 bars fill; undo")
    assert filled.rack.fill_every == 0
    filled.line("seq kick: x... now")
    assert filled.line("fill on now") == "fill on; no lane has a step with ?fill or ?nofill"
