"""`show NAME`, `show lanes` and `list lanes`: pictures of lanes, how wide they are, and that the playhead is where the sound is."""

import pytest

from chronus.conductor import looking
from chronus.memory.log import NOTE_ON
from tests.kit.said import BAR, Said


def step(number):
    """The frame at which a sixteenth begins; the first is number 0."""
    return round(number * BAR / 16)


def picture(lines, name):
    """What `show` draws below the line of the lane, and the line that says where the music is."""
    at = next(k for k, line in enumerate(lines) if line.startswith(f"{name}: ") and k > 0)
    return [line.rstrip() for line in lines[at + 2 :]]


PICTURES = [
    ("x...x...x...x...", "", """
     1   5   9   13
kick x...x...x...x...
now  ^"""),
    ("Xo.9 5... | x_x2 ...1", "", """
     1   5   9   13
kick Xo.95...x_x2...1
now  ^"""),
    ("X.........x..... | X..o......x..x..", "", """
     1   5   9   13   17  21  25  29
kick X.........x.....|X..o......x..x..
now  ^"""),
    ("x*2 . x?30 . <x o> . x*3 x?1:4 x?fill x?nofill", " loop 2", """
      1   5   9
kick  x...x.x..x
times 2.....3...
when  ..?.:..:fn
? by chance, : in some loops, f while fill is on, n while fill is off"""),
    ("x... , ..x. vel=0.5", "", """
       1
kick 1 4...
kick 2 ..4.
now    ^"""),
    ("x.. every=1/12", "", """
     1
kick x..
now  ^"""),
    ("x...............................x every=1/32 len=48", "", """
     1       9       17      25
kick x...............................
now  ^
     33      41
kick x..............."""),
]  # fmt: skip


@pytest.mark.parametrize("pattern,asked,drawn", PICTURES)
def test_a_rhythm_is_drawn_as_a_grid(pattern, asked, drawn):
    stage = Said()
    stage.line(f"load kick; seq kick: {pattern}")
    (shown,) = stage.lines(f"show kick{asked}")
    assert picture(shown.lines, "kick") == drawn.strip("\n").split("\n")


ROLLS = [
    ("a1 a1^ . c2~ b1 . a1@3 .", """
    1   5   9
c2  ...x~.....
b1  ....x.....
a#1 ..........
a1  xX....x__.
now ^"""),
    ("a0 . c6", """
    1
c6  ..x
a0  x..
now ^"""),
    ("0 . 2 4 scale=minor root=a2", """
    1
e3  ...x
d#3 ....
d3  ....
c#3 ....
c3  ..x.
b2  ....
a#2 ....
a2  x...
now ^"""),
]  # fmt: skip


@pytest.mark.parametrize("pattern,drawn", ROLLS)
def test_notes_are_drawn_from_high_to_low(pattern, drawn):
    stage = Said()
    stage.line(f"load bass; seq bass: {pattern}")
    (shown,) = stage.lines("show bass")
    assert picture(shown.lines, "bass") == drawn.strip("\n").split("\n")


def test_more_notes_than_rows_share_rows():
    stage = Said()
    pattern = " ".join(f"{note}{octave}" for octave in range(6) for note in ("c", "d", "e", "f", "g", "a"))
    stage.line(f"load bass; seq bass: {pattern}")
    (shown,) = stage.lines("show bass loop 0")
    rows = picture(shown.lines, "bass")[1:17]
    assert rows[0].split()[0] == "f5-a5" and len(rows) <= 16
    assert sum(line.count("x") for line in picture(shown.lines, "bass")) == 36


WIDE = [
    "x" * 16, "x" * 200, "x . " * 9 + "every=1/64 len=256", "a1 b1@3 c2~ d2 len=63", "[a1,c2,e2]*3 <a1 b1>", "x@40 .",
    "x every=1/128 len=128", "x every=4 len=40", "x every=1/7 len=100",
]  # fmt: skip


@pytest.mark.parametrize("pattern", WIDE)
def test_a_picture_fits_60_columns_and_is_ascii(pattern):
    stage = Said()
    name = "a_name_of_32_characters_is_much_x"[:32]
    stage.line(f"load bass as {name}")
    stage.line(f"seq {name}: {pattern}")
    for moment in (0, step(5), step(30)):
        stage.play(max(moment, stage.frame))
        (one,), (all_,) = stage.lines(f"show {name}"), stage.lines("show lanes")
        for line in (*picture(one.lines, name), *all_.lines):
            assert len(line) <= 58 and line.isascii(), line


def test_the_playhead_is_where_the_sound_is():
    stage = Said()
    stage.line("load kick; load bass; seq kick: x..x..x.x..x; seq bass: . a1 . <c2 d2> every=1/8; swing 58")
    stage.play(4 * BAR)
    frames = {entry.frame for entry in stage.log if entry.kind == NOTE_ON and entry.frame < 3 * BAR}
    assert len(frames) > 20
    again = Said()
    again.line("load kick; load bass; seq kick: x..x..x.x..x; seq bass: . a1 . <c2 d2> every=1/8; swing 58")
    seen = set()
    for frame in sorted(frames):
        again.play(frame)
        for name in ("kick", "bass"):
            now = again.lines(f"show {name}")[0].result["lane"]["now"]
            events = again.lines(f"show {name} loop {now['loop']}")[0].result["lane"]["events"]
            if any(event["at"] + 1 == now["step"] for event in events):
                seen.add(frame)
    assert seen == frames, "at each note's frame one of the playheads stands on a note"


def test_a_list_of_lanes_says_which_loop_is_played():
    stage = Said()
    stage.line("load kick; load bass; seq kick: x...x?1:3...; seq bass: <a1 b1 c2 d2> . . .")
    stage.play(step(32 + 5))
    lines = stage.lines("list lanes")[0].lines
    assert lines == (
        "kick: x...x?1:3... (loop 4, 2 of 3, step 6 of 8)",
        "bass: <a1 b1 c2 d2> . . . (loop 9, 2 of 4, step 2 of 4)",
    )


def test_a_lane_that_waits_says_for_which_bar():
    stage = Said()
    stage.line("load kick; seq kick: x...")
    stage.play(step(1))
    stage.line("seq kick: x.x.")
    (shown,) = stage.lines("show kick")
    at = shown.lines.index("kick: x.x.")
    assert shown.lines[at + 1] == "from bar 2"
    assert not any(line.startswith("now") for line in shown.lines), "what is drawn is not what is heard"
    stage.play(BAR + 1)
    assert stage.lines("show kick")[0].lines[at + 1] == "loop 0, step 1 of 4"
    assert stage.lines("show kick loop 3")[0].lines[at + 1] == "loop 3"


def test_show_lanes_draws_all_of_them_over_the_bar_that_is_played():
    stage = Said()
    stage.line("load kick; load bass; load tb303 as acid")
    stage.line(
        "seq kick: X.........x..... | X..o......x..x..; seq bass: a1@4 . . . .; seq acid: xX. every=1/8; mute bass"
    )
    stage.play(step(32 + 18))
    drawn = """
bars 3 and 4
     1   5   9   13   17  21  25  29
kick X.........x.....|X..o......x..x..
bass x___....x___....|x___....x___....
acid X...x.X...x.X...|x.X...x.X...x.X.
now                     ^
muted: bass"""
    (shown,) = stage.lines("show lanes")
    assert [line.rstrip() for line in shown.lines] == drawn.strip("\n").split("\n")
    assert [lane["name"] for lane in shown.result["lanes"]] == ["kick", "bass", "acid"]
    stage.line("stop")
    (shown,) = stage.lines("show lanes")
    assert shown.lines[0] == "bars 1 and 2" and not any(line.startswith("now") for line in shown.lines)


def test_without_lanes_it_says_so():
    assert Said().lines("show lanes")[0].lines == ("there are no lanes",)


def test_the_tones_of_lanes_are_how_long_they_play_each_of_the_twelve_notes():
    said = Said()
    said.lines("load bass; load kick; seq kick: x...x...; seq bass: e1 _ g1 . every=1/8 gate=100%")
    rack = said.conductor.rack
    found = looking.tones(rack, rack.lanes)
    assert found[4] == pytest.approx(2 / 8) and found[7] == pytest.approx(1 / 8) and sum(found) == pytest.approx(3 / 8)
    said.lines("mute bass now")
    assert sum(looking.tones(said.conductor.rack, rack.lanes)) == 0 == sum(looking.tones(rack, ("kick", "nobody")))
