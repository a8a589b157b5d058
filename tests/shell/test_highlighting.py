"""What each piece of a typed line is called, so that the prompt can colour it."""

import time

import pytest

from chronus.language import help
from chronus.shell.highlighting import LONGEST, pieces


def told(line):
    return " ".join(f"{kind}:{text.strip()}" for kind, text in pieces(line) if kind and text.strip())


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("set bass.freq 55 over 4 bars", "command:set name:bass mark:. param:freq number:55 time:over number:4 bars"),
        ("load saw as lead gain=0.2", "command:load name:saw keyword:as name:lead name:gain mark:= number:0.2"),
        ("set filter.mode low  # dark", "command:set name:filter mark:. param:mode word:low comment:# dark"),
        ("seq a: a1 . x*3 gate=60%", "command:seq name:a mark:: number:a1 rest:. number:x keyword:*3 word:gate=60%"),
        (
            "seq kick: @dnb.two_step at next bar",
            "command:seq name:kick mark:: name:@dnb.two_step time:at time:next time:bar",
        ),
        ("patch a > b -12db", "command:patch name:a mark:> name:b number:-12db"),
        ("open song.chronus", "command:open text:song.chronus"),
        ("play; stop // now", "command:play mark:; command:stop comment:// now"),
        ("Yo! Chronus, a kick; a hat", "command:Yo text:! Chronus, a kick; a hat"),
        ("florble x", "wrong:florble"),
        ("set bass freq 55", "command:set name:bass word:freq"),  # the cursor may still stand at it
        ("set bass freq 55 hz x", "command:set name:bass word:freq wrong:55"),
        ("florb", ""),
        ("", ""),
    ],
)
def test_each_piece_has_its_kind(line, wanted):
    assert told(line) == wanted


LINES = [example for row in help.ROWS.values() for example in row.examples]
LINES += [
    "set bass.fr",
    'load saw "a;b',
    "seq a: [x",
    "\\",
    ";;; # x",
    "set \x1b.x 5",
    "é è; play",
    " play ",
    "x" * (LONGEST + 1),
    "say",
]


@pytest.mark.parametrize("line", LINES)
def test_the_pieces_are_the_line_again_and_no_example_of_help_is_wrong(line):
    found = pieces(line)
    assert "".join(text for _, text in found) == line
    if any(line in row.examples for row in help.ROWS.values()):
        assert not [text for kind, text in found if kind == "wrong"]


def test_a_line_of_the_greatest_length_costs_less_than_a_key_may():
    pieces("new")
    line = ("seq a: " + "x{cutoff=3} [a1|c2]*2 " * 200)[:LONGEST]
    took = []
    for k in range(5):
        began = time.process_time()
        pieces(f"{line[:-1]}{k}")
        took.append(time.process_time() - began)
    assert min(took) < 0.015
