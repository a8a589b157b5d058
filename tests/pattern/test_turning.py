"""`shift`, `rotate` and `reverse`: an edited lane, as the plain line that it stands for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronus.commands import Reverse, Rotate, Shift
from chronus.errors import ChronusError
from chronus.language.making.variation import made
from chronus.language.notation import read_lane
from chronus.pattern.lane import LaneOptions


def turned(command, text: str) -> str:
    lane = read_lane(text, 1)
    return made(command, "a", lane.text, lane.options).text.removeprefix("sequence a: ")


def rotated(text: str, steps: int) -> str:
    return turned(Rotate(name="a", steps=steps), text)


@pytest.mark.parametrize(
    ("text", "steps", "line"),
    [
        ("x...x..o", 1, "ox...x.."),
        ("x...x..o", -2, "..x..ox."),
        ("x...x..o", 8, "x...x..o"),
        ("x...x..o", 17, "ox...x.."),
        ("x... x*3 X . .", 2, "..x...x*3 X"),
        ("x_..", 1, ".x_."),
        ("x(3,8)", 1, ".x..x..x"),
        ("x!2 . .", 1, ".xx."),
        ("a1 a1^ . c2~ e2", 1, "e2 a1 a1^ . c2~"),
        ("a1@2 . .", 1, ". a1@2 ."),
        ("a1 .@3", 2, ".. a1 ."),
        ("<a1 c2> [e2 g2] . .", -1, "[e2 g2] .. <a1 c2>"),
        ("bd . sn hh:2?50", 1, "hh:2? bd . sn"),
        ("x... , x.. len=6", 1, ".x.... , .x.... len=6"),
        ("x.. swing=60 vel=0.5", 1, ".x. vel=0.5 swing=60"),
    ],
)
def test_rotate(text, steps, line):
    assert rotated(text, steps) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x...x..o", "o..x...x"),
        ("a1 c2 . e2", "e2 . c2 a1"),
        ("a1~ c2 . .", ".. c2~ a1"),
        ("[a1 c2] e2", "e2 [c2 a1]"),
        ("a1@3 c2", "c2 a1@3"),
        ("x*2 . <x o>", "<xo> .x*2"),
        ("x.. len=4", "...x len=4"),
    ],
)
def test_reverse(text, line):
    assert turned(Reverse(name="a"), text) == line


def test_shift_is_the_option():
    assert turned(Shift(name="a"), "x...") == "x... shift=1"
    assert turned(Shift(name="a", steps=-1), "x...") == "x... shift=3"
    assert turned(Shift(name="a", steps=-1), "x... shift=1 swing=60") == "x... swing=60"


@pytest.mark.parametrize("text", ["a1@3 c2", "x..x_.", "a1 c2@1.5 e2@1.5"])
def test_a_note_that_would_last_beyond_the_end_is_refused_with_what_does_it(text):
    with pytest.raises(ChronusError, match="`shift` by 2 moves it all the same"):
        rotated(text, 2)


STEPS = st.lists(
    st.sampled_from(["a1", ".", "c2^", "[e2 g2]", "a2:m7", "d2*3", "e1?1:2"]), min_size=1, max_size=16
).map(" ".join)


@given(STEPS, st.integers(-40, 40))
def test_rotated_it_has_the_hits_of_the_shifted_line_and_back_the_line_itself(text, steps):
    line = rotated(text, steps)
    width = read_lane(text, 1).pattern.steps
    hits = sorted((Fraction(*hit.at) + steps) % width for hit in read_lane(text, 1).pattern.hits)
    assert sorted(Fraction(*hit.at) for hit in read_lane(line, 1).pattern.hits) == hits
    assert rotated(line, -steps) == rotated(text, 0)
    assert LaneOptions() == read_lane(line, 1).options


@given(STEPS)
def test_twice_reversed_is_the_line_itself(text):
    assert turned(Reverse(name="a"), turned(Reverse(name="a"), text)) == rotated(text, 0)
