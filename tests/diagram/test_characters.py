"""`show patch`: the graph in characters reads from the sources to out, tells every cable, and fits the terminal."""

import itertools
import random
import re

import pytest

from chronus.commands import Show
from chronus.diagram.characters import drawn
from chronus.diagram.forest import MOST_ROWS, forest_of
from chronus.diagram.graph import Graph, Link, Node
from tests.kit.said import Said

MIX = """load kick; load saw; load noise as wind; load lfo; load bus as drums; load filter; load delay; load pump
patch kick > drums > pump; patch wind > drums -9db; patch saw > filter > pump; patch filter > delay -6db
patch kick > pump.key; patch lfo > filter.cutoff 2 oct; patch lfo > saw.freq 3 st"""

PICTURES = [
    ("", """
out: nothing is loaded"""),
    ("load kick", """
kick --> out"""),
    ("load saw; unpatch saw > out", """
out   saw (leads nowhere)"""),
    (MIX, """
kick>d -----+> drums ------+> d>pump -+> out
wind -9 dB -+              |          |
a>saw -------> b>filter>c -+          |
c>delay ------------------------------+
lfo>a,b
a  saw.freq from lfo 3 st
b  filter.cutoff from lfo 2 oct
c  delay from filter -6 dB
d  pump.key from kick"""),
    ("load saw; patch saw > filter > delay; patch delay > filter -6db", """
saw --> a>filter --> delay>a --> out
a  filter from delay -6 dB one block late"""),
    ("load kick; load saw; seq kick: x...; seq saw: x...; patch saw > delay; mute kick; bypass delay on; set saw.level off", """
kick (muted) ----------------------+> out
saw (off) -----> delay (bypassed) -+"""),
    ("load saw; load adsr as e; patch saw.gate > e.gate; patch e.env > saw.freq 2 st; patch saw > out.left", """
b>e>a --> c>out
a>saw>b,c
a  saw.freq from e.env 2 st one block late
b  e.gate from saw.gate
c  out.left from saw"""),
]  # fmt: skip


@pytest.mark.parametrize("typed,picture", PICTURES, ids=range(len(PICTURES)))
def test_a_rack_is_drawn_as_what_leads_to_out(typed, picture):
    stage = Said()
    for line in filter(None, typed.splitlines()):
        stage.line(line)
    (shown,) = stage.say(Show(what="patch"))
    assert list(shown.lines) == picture.strip("\n").split("\n")


def test_json_has_the_modules_and_the_cables():
    stage = Said()
    for line in MIX.splitlines():
        stage.line(line)
    (shown,) = stage.say(Show(what="patch"))
    assert {"name": "wind", "kind": "noise", "marks": []} in shown.result["nodes"]
    found = {(cable["from"], cable["to"]): (cable["carries"], cable["amount"]) for cable in shown.result["cables"]}
    assert found["kick", "pump.key"] == ("key", "")
    assert found["lfo", "filter.cutoff"] == ("modulation", "2 oct")
    assert found["filter", "delay"] == ("sound", "-6 dB")
    assert len(found) == len(stage.rack.cables)


# ---------------------------------------------------------------- laws, over graphs made by chance


def graph(seed, modules, cables):
    chance = random.Random(seed)
    kinds = ("kick", "saw", "a_kind_with_a_rather_long_name", "eq")
    names = [f"{chance.choice(kinds)}{k}" for k in range(modules - 1)] + ["out"]
    nodes = tuple(Node(name, name.rstrip("0123456789"), (), k) for k, name in enumerate(names))
    links = {}
    for _ in range(cables):
        a, b = chance.randrange(modules - 1), chance.randrange(modules)
        amount, late = chance.choice(("", "-3 dB")), b <= a
        port = chance.choice(("", "", "", ".key"))
        to = names[b] + port
        links[names[a], to] = Link(
            names[a], names[b], names[a], to, "key" if port else "sound", amount, late, not port and not late
        )
    return Graph(nodes, tuple(links[key] for key in sorted(links)))


SIZES = [(2, 1), (6, 9), (20, 24), (60, 70), (60, 400), (256, 300), (256, 2048)]


@pytest.mark.parametrize("modules,cables", SIZES)
@pytest.mark.parametrize("width", (58, 78, 200))
def test_no_line_is_wider_than_the_terminal_and_every_module_is_there(modules, cables, width):
    for seed in range(4):
        some = graph(seed, modules, cables)
        lines = drawn(some, width)
        assert max(map(len, lines)) <= width
        if len(some.nodes) <= 20 and width == 200:
            assert not [node.name for node in some.nodes if node.name not in re.findall(r"\w+", "\n".join(lines))]


@pytest.mark.parametrize("modules,cables", SIZES[:4])
def test_every_cable_is_a_line_or_has_a_letter_and_none_is_both(modules, cables):
    for seed in range(8):
        some = graph(seed, modules, cables)
        forest = forest_of(some)
        told = [*forest.above.values(), *(link for letter in forest.letters for link in letter.links)]
        hidden = {name for group in forest.groups.values() for name in group.names[1:]}
        assert sorted(told) == sorted(link for link in some.links if link.source not in hidden)


def test_what_is_alike_is_drawn_as_one_where_a_screen_would_not_hold_it():
    names = [f"saw{k}" for k in range(40)]
    nodes = [Node(name, name.rstrip("0123456789"), (), k) for k, name in enumerate([*names, "kick"])]
    links = [Link(name, "out", name, "out", "sound", "", False, True) for name in (*names, "kick")]
    lines = drawn(Graph((*nodes, Node("out", "out", (), 99)), tuple(links)), 78)
    assert lines[:2] == ["40 x saw -+> out", "kick -----+"]
    assert lines[2].startswith("40 x saw: saw0, saw1")
    assert len(lines) < MOST_ROWS


def test_too_many_cables_become_a_list_that_says_so():
    lines = drawn(graph(1, 60, 400), 78)
    assert "too many to be drawn" in lines[0]
    assert all(" from " in line or line.startswith("   ") for line in lines[1:])


def test_a_chain_longer_than_the_terminal_goes_on_in_the_next_line():
    names = [f"fx{k}" for k in range(30)] + ["out"]
    nodes = tuple(Node(name, "fx", (), k) for k, name in enumerate(names))
    links = tuple(Link(a, b, a, b, "sound", "", False, True) for a, b in itertools.pairwise(names))
    lines = drawn(Graph(nodes, links), 58)
    order = re.findall(r"fx\d+|out", " ".join(line for line in lines if " from " not in line))
    assert order == names
    assert lines[0].endswith(">a") and lines[1].startswith("a>")
