from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus import places
from chronus.errors import ChronusError
from chronus.language import help
from chronus.language.notation import read_lane
from chronus.pattern.drums import DRUMS
from chronus.pattern.lane import OPTIONS, Hit, LaneOptions


def steps(text: str) -> str:
    """A lane shown again, a character a step."""
    pattern = read_lane(text, 1).pattern
    shown = ["."] * pattern.steps
    for hit in pattern.hits:
        shown[hit.at[0] // hit.at[1]] = "X" if hit.accent else "o" if hit.velocity == 0.35 else "x"
    return "".join(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x.x.x.x.x.x.x.x.", "x.x.x.x.x.x.x.x."),
        ("..x...x.x.x.....x", "..x...x.x.x.....x"),
        ("x... x... | x-~.", "x...x...x..."),
        ("X.o.x", "X.o.x"),
        ("x . x^ .", "x.X."),
        ("x@4 x", "x...x"),
        ("x__x", "x..x"),
        ("x", "x"),
        (". . .", "..."),
        ("a1 ~ .~ a2", "x...x"),
    ],
)
def test_a_grid_is_one_character_a_step(text: str, shown: str) -> None:
    assert steps(text) == shown


def test_hits_have_their_velocities() -> None:
    pattern = read_lane("xXo159.", 1).pattern
    assert [(hit.velocity, hit.accent) for hit in pattern.hits] == [
        (0.8, False), (1.0, True), (0.35, False), (0.1, False), (0.5, False), (0.9, False)
    ]  # fmt: skip


def test_digits_that_touch_dots_are_velocities() -> None:
    pattern = read_lane("9.5.7.5.", 1).pattern
    assert [hit.velocity for hit in pattern.hits] == [0.9, 0.5, 0.7, 0.5]


@pytest.mark.parametrize(
    ("text", "velocities"),
    [
        ("5353535353535353", [5, 3] * 8),
        ("99", [9, 9]),
        ("1248 9421", [1, 2, 4, 8, 9, 4, 2, 1]),
        ("53|53 every=1/8 gate=25%", [5, 3, 5, 3]),
        ("5_3_", [5, 3]),
        ("5-3-", [5, 3]),
        ("73@2 1", [7, 3, 1]),
        ("46^9", [4, 10, 9]),
        ("o 5 . 3", [3.5, 5, 3]),
        ("~63 .", [6, 3]),
    ],
)
def test_a_run_of_digits_is_a_grid_of_velocities(text: str, velocities: list[float]) -> None:
    assert [hit.velocity * 10 for hit in read_lane(text, 1).pattern.hits] == pytest.approx(velocities)


@pytest.mark.parametrize("text", ["5 3 5 3", "9 . 7 .", "0 . 3", "5@12 3", "3 5 a1", "7!12 5"])
def test_digits_apart_are_degrees_and_never_velocities(text: str) -> None:
    hits = read_lane(text, 1).pattern.hits
    assert any(hit.degrees for hit in hits) and {hit.velocity for hit in hits} == {0.8}


def test_notes_have_pitches() -> None:
    pattern = read_lane("a1 a1^ . a2~ C#2 | eb3 _ .", 1).pattern
    assert pattern.steps == 8
    assert pattern.hits == (
        Hit((0, 1), pitches=(33,)),
        Hit((1, 1), pitches=(33,), velocity=1.0, accent=True),
        Hit((3, 1), (1, 1), pitches=(45,), glide=True),
        Hit((4, 1), pitches=(37,)),
        Hit((5, 1), (3, 2), pitches=(51,), cell=(2, 1)),
    )


def test_chords_are_several_pitches() -> None:
    pattern = read_lane("a2:m7 . f2:maj7", 1).pattern
    assert [hit.pitches for hit in pattern.hits] == [(45, 48, 52, 55), (41, 45, 48, 52)]


def test_drums_are_notes_by_name() -> None:
    pattern = read_lane("bd . HH^ sn@2 [bd,hh] [a1, e2]~ oh", 1).pattern
    assert [hit.pitches for hit in pattern.hits] == [(36,), (42,), (38,), (36, 42), (33, 40), (46,)]
    assert pattern.hits[1].accent and pattern.hits[4].glide
    assert pattern.drums and not read_lane("a1 . c2", 1).pattern.drums


def test_the_grammar_knows_the_names_of_all_drums() -> None:
    text = (places.shipped("grammar") / "pattern.lark").read_text()
    assert re.search(r"DRUM\.2: /\(\?:(.*?)\)", text)[1].split("|") == list(DRUMS)


@pytest.mark.parametrize(
    ("text", "pitches"),
    [
        ("a2:m7/1", (48, 52, 55, 57)),
        ("a2:m7/2", (52, 55, 57, 60)),
        ("a2:m7/3", (55, 57, 60, 64)),
        ("a2:m7/e", (52, 55, 57, 60)),
        ("a2:m7/a", (45, 48, 52, 55)),
        ("a2:m7/f", (41, 45, 48, 52, 55)),
        ("eb3:maj/Bb", (58, 63, 67)),
        ("a2:m9/b", (35, 45, 48, 52, 55, 59)),
        ("a2:m9/1", (48, 52, 55, 57, 59)),
        ("e2:7#9", (40, 44, 47, 50, 55)),
        ("e2:7#9/g#^", (44, 47, 50, 52, 55)),
    ],
)
def test_a_slash_says_which_note_of_a_chord_is_the_lowest(text: str, pitches: tuple[int, ...]) -> None:
    (hit,) = read_lane(text, 1).pattern.hits
    assert hit.pitches == pitches


def test_an_inversion_may_last_as_long_as_any_other_chord() -> None:
    hits = read_lane("a2:m7/2@16 f2:maj7/c@16~ gate=100%", 1).pattern.hits
    assert [(hit.at, hit.length, hit.glide) for hit in hits] == [((0, 1), (16, 1), False), ((16, 1), (16, 1), True)]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("x...", (0, 1)),
        ("x_..", (3, 2)),
        ("x__. gate=25%", (9, 4)),
        ("x@3 .", (5, 2)),
        ("e1@8 . gate=100%", (8, 1)),
        ("a1~ a2", (1, 1)),
        ("a1 _~ a2", (2, 1)),
        ("x._", (0, 1)),
        ("x___ len=2", (2, 1)),
    ],
)
def test_a_hit_lasts_as_long_as_it_is_held(text: str, length: tuple[int, int]) -> None:
    assert read_lane(text, 1).pattern.hits[0].length == length


def test_the_length_clips_or_fills() -> None:
    assert steps("x..x..x. len=4") == "x..x"
    assert steps("x.x len=6") == "x.x..."


def test_options_follow_the_steps() -> None:
    options = read_lane("x... every=1/8t gate=60% vel=.9 swing=58 shift=-2", 1).options
    assert options == LaneOptions(every=(1, 12), gate=0.6, velocity=0.9, swing=58.0, shift=-2)
    assert read_lane("x EVERY = 3/32 GATE= 60 %", 1).options == LaneOptions((3, 32), 0.6)
    assert read_lane("x every=1/16d", 1).options.every == (3, 32)


def test_the_text_keeps_the_pattern_as_typed() -> None:
    lane = read_lane("X..x  | x... gate=60% len=6 swing=55", 10)
    assert lane.text == "X..x  | x... len=6"
    assert lane.columns == {"gate": 28, "len": 36, "swing": 44}


def test_4096_steps_are_the_most() -> None:
    assert read_lane("x" * 4096, 1).pattern.steps == 4096
    with pytest.raises(ChronusError) as caught:
        read_lane("x" * 4097, 11)
    assert (caught.value.code, caught.value.column) == ("E_LIMIT", 11 + 4096)


@pytest.mark.parametrize(
    ("text", "code", "column", "message"),
    [
        ("", "E_SYNTAX", 1, "expected a step"),
        ("|", "E_SYNTAX", 1, "expected a step"),
        ("gate=50%", "E_SYNTAX", 1, "expected a step"),
        ("x..h", "E_SYNTAX", 4, '"h" is not a step'),
        ("x.0.", "E_SYNTAX", 3, '"0" is not a step'),
        ("x.é.", "E_SYNTAX", 3, '"é" is not a step'),
        ("_x", "E_SYNTAX", 1, "there is none"),
        (".^", "E_SYNTAX", 2, "belongs to a note"),
        ("x. ^", "E_SYNTAX", 4, "directly after a step"),
        ("x@0", "E_SYNTAX", 2, '"@" takes a whole number'),
        ("x@1.5", "E_SYNTAX", 2, '"@" takes a whole number'),
        ("a1@0 a1", "E_SYNTAX", 3, '"@" takes a number of steps'),
        ("a1@1.5 a1", "E_VALUE", 1, "a lane has a whole number of steps; this one has 2.5"),
        ("x@", "E_SYNTAX", 2, "@ takes a number of steps"),
        ("x*1", "E_SYNTAX", 2, '"*" takes 2 to 9 hits'),
        ("x*16", "E_SYNTAX", 2, '"!" repeats the step: !16'),
        ("a1*16", "E_SYNTAX", 3, '"!" repeats the step: !16'),
        ("x!0", "E_SYNTAX", 2, '"!" takes a whole number'),
        ("x?5", "E_SYNTAX", 2, '"?5" needs two digits (?50) or a condition (?1:4)'),
        ("x?5:4", "E_SYNTAX", 2, "to the last: ?1:4"),
        ("x?00", "E_SYNTAX", 2, "never plays"),
        ("x(3)", "E_SYNTAX", 2, "a euclid is written (3,8)"),
        ("x(9,8)", "E_VALUE", 2, "spreads 0..steps hits"),
        ("x(3,8", "E_SYNTAX", 2, 'this "(" has no ")"'),
        ("x{cutoff} .", "E_SYNTAX", 3, "a lock is written {cutoff=800}"),
        ("x{cutoff=400, cutoff=2} .", "E_SYNTAX", 15, "given twice"),
        ("x{cutoff=400zz} .", "E_SYNTAX", 13, 'there is no unit "zz"'),
        ("x{cutoff=400 .", "E_SYNTAX", 2, 'this "{" has no "}"'),
        ("[xx", "E_SYNTAX", 1, 'this "[" has no "]"'),
        ("xx]", "E_SYNTAX", 3, 'there is no "[" before it'),
        ("<a1 a2", "E_SYNTAX", 1, 'this "<" has no ">"'),
        ("a1 a2>", "E_SYNTAX", 6, 'there is no "<" before it'),
        ("x , , x", "E_SYNTAX", 5, "stacks lanes"),
        ("x ,", "E_SYNTAX", 3, "a pattern ends without a comma"),
        ("{a1 c2 e2} .", "E_SYNTAX", 12, "a polymeter says how many steps it takes"),
        ("{a1 c2}%0", "E_SYNTAX", 8, '"%" takes a number of steps'),
        ("a1'0", "E_SYNTAX", 3, "takes a velocity, 1 to 9"),
        ("[" * 9 + "x" + "]" * 9, "E_LIMIT", 10, "groups go 8 deep at most"),
        ("x!4096 x", "E_LIMIT", 8, "a lane has at most 4,096 steps"),
        ("[a1!4096 a1]", "E_LIMIT", 1, "at most 4,096 hits"),
        ("[.!4096]!9", "E_LIMIT", 1, "too many"),
        ("[x!997] [x!991] [x!983] x", "E_LIMIT", 1, "divided in too many different ways"),
        ("5350", "E_SYNTAX", 4, '"0" is not a step; a velocity is 1-9'),
        ("5353h", "E_SYNTAX", 5, '"h" is not a step'),
        ("bass . sn", "E_SYNTAX", 1, '"bass" is not a note'),
        ("bd bdd", "E_SYNTAX", 4, '"bdd" is not a note'),
        ("bd [bd,foo]", "E_SYNTAX", 8, '"foo" is not a note'),
        ("[bd,]", "E_SYNTAX", 5, "expected a step before"),
        ("[a1, c-2]", "E_VALUE", 6, "notes are c-1..g9"),
        ("a1 . x .", "E_SYNTAX", 6, "a hit of a grid"),
        ("a1 . h2", "E_SYNTAX", 6, '"h2" is not a note'),
        ("a1 . c .", "E_SYNTAX", 6, "a note needs its octave: c2"),
        ("a2:foo", "E_SYNTAX", 4, 'there is no chord "foo"'),
        ("a2:m7b", "E_SYNTAX", 4, "no chord"),
        ("a2:m7b/1", "E_SYNTAX", 4, 'no chord "m7b"'),
        ("a2:m7/4", "E_VALUE", 7, "m7 has 4 notes: its inversions are /1 to /3"),
        ("a2:m7/0", "E_VALUE", 7, "its inversions are /1 to /3"),
        ("a2:m7/h", "E_SYNTAX", 6, '"/"'),
        ("a2/e", "E_SYNTAX", 3, '"/"'),
        ("f9:m7/3", "E_VALUE", 1, "notes are c-1..g9"),
        ("g9:m7 .", "E_VALUE", 1, "notes are c-1..g9"),
        ("a1 a1 c-2", "E_VALUE", 7, "notes are c-1..g9"),
        ("x foo=1", "E_SYNTAX", 3, 'there is no option "foo"'),
        ("x prob=101", "E_VALUE", 8, "prob is 0..1; 101 is outside"),
        ("x note=h2", "E_SYNTAX", 8, '"h2" is not a note'),
        ("x root=a2:m7", "E_VALUE", 8, "root is one note"),
        ("0 2 scale=minr", "E_VALUE", 11, "scale is one of minor, major"),
        ("x humanize=5db", "E_SYNTAX", 13, "expected an option"),
        ("x gate=5ms", "E_VALUE", 9, 'gate takes no "ms"'),
        ("x gate=", "E_SYNTAX", 8, 'expected a value after "gate="'),
        ("x gate=2", "E_VALUE", 8, "gate is 0.01..1; 2 is outside"),
        ("x gate=nan", "E_VALUE", 8, "gate is a number"),
        ("x gate=50% x", "E_SYNTAX", 12, "expected an option"),
        ("x gate=50% gate=60%", "E_SYNTAX", 12, "given twice"),
        ("x swing=80", "E_VALUE", 9, "swing is 50..75"),
        ("x every=1/0", "E_VALUE", 9, "every is a note length"),
        ("x every=9", "E_VALUE", 9, "every is 1/128..4/1"),
        ("x shift=1.5", "E_VALUE", 9, "shift is a whole number"),
        ("x len=0", "E_VALUE", 7, "len is 1..4096"),
        ("x len=5000", "E_VALUE", 7, "len is 1..4096"),
    ],
)
def test_an_error_points_at_the_character(text: str, code: str, column: int, message: str) -> None:
    with pytest.raises(ChronusError) as caught:
        read_lane(text, 1)
    assert (caught.value.code, caught.value.column) == (code, column)
    assert message in caught.value.message
    with pytest.raises(ChronusError) as moved:
        read_lane(text, 21)
    assert moved.value.column == column + 20


@given(st.text(st.sampled_from("xXo.-~_|123a1 c#2:m7^@!*?[]<>(){},='gate") | st.characters(), max_size=80))
def test_any_text_is_a_pattern_or_refused_inside_it(text: str) -> None:
    try:
        pattern = read_lane(text, 1).pattern
    except ChronusError as error:
        assert 1 <= error.column <= len(text) + 1
        return
    assert 1 <= pattern.steps <= 4096
    assert all(0 <= Fraction(*hit.at) < pattern.steps and 0 <= hit.velocity <= 1 for hit in pattern.hits)
    assert all(Fraction(*hit.at) + Fraction(*hit.length) <= pattern.steps for hit in pattern.hits)


# ---------------------------------------------------------------- every option


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: option.name)
def test_an_option_is_read_written_and_explained_from_its_row(option):
    lane = read_lane(f"x.x. {option.name}={option.example}", 1)
    assert lane.columns == {option.name: 7 + len(option.name)}
    if option.field:
        assert getattr(lane.options, option.field) != getattr(LaneOptions(), option.field)
        assert read_lane(lane.text + lane.options.words(), 1).options == lane.options
    assert any(f"{option.name}={option.example}" in line for line in help.TOPICS["options"])


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: option.name)
def test_an_option_reaches_to_the_edges_of_its_range_and_no_further(option):
    if option.low == option.high:  # it is no number
        with pytest.raises(ChronusError) as caught:
            read_lane(f"x {option.name}=17!", 1)
        assert caught.value.column == 4 + len(option.name)
        return
    for edge in (option.low, option.high):
        assert read_lane(f"x {option.name}={edge}", 1)
    with pytest.raises(ChronusError) as caught:
        read_lane(f"x {option.name}={101 if option.form == 'chance' else option.high + 1}", 1)
    assert caught.value.code == "E_VALUE" and caught.value.message.startswith(f"{option.name} is ")
