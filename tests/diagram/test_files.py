"""`show patch --svg FILE` and `--dot FILE`: every module and every cable is in the file, and the file is what it says it is."""

import re
from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest

from chronus import commands as c
from chronus.commands import Show
from chronus.diagram import graph
from chronus.diagram.dot import dot
from chronus.diagram.svg import svg
from tests.diagram.test_characters import MIX
from tests.diagram.test_characters import graph as by_chance
from tests.kit.house import House
from tests.kit.said import Said

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def plain():
    stage = Said()
    for line in [*MIX.splitlines(), "patch delay > filter; seq kick: x...; mute kick"]:
        stage.line(line)
    return stage.say(Show(what="patch"))[0].result


def test_an_svg_has_a_box_for_each_module_and_a_curve_for_each_cable(plain):
    root = ElementTree.fromstring(svg(plain))
    words = [text.text for group in root.iter(f"{SVG}g") for text in group.iter(f"{SVG}text")]
    assert Counter(word.split(" ")[0] for word in words) == Counter(node["name"] for node in plain["nodes"])
    assert "kick (muted)" in words
    told = [title.text for title in root.iter(f"{SVG}title")]
    assert len(told) == len(plain["cables"]) == len(set(told))
    assert "lfo > filter.cutoff 2 oct" in told and "delay > filter late" in told


def test_no_two_boxes_of_an_svg_lie_over_one_another_and_sound_goes_to_the_right(plain):
    root = ElementTree.fromstring(svg(plain))
    boxes = {}
    for group in root.iter(f"{SVG}g"):
        box, name = group.find(f"{SVG}rect"), group.find(f"{SVG}text")
        boxes[name.text.split(" ")[0]] = [float(box.get(key)) for key in ("x", "y", "width", "height")]
    for a, (x, y, w, h) in boxes.items():
        for b, (x2, y2, w2, h2) in boxes.items():
            assert a == b or x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    for cable in plain["cables"]:
        if not cable["late"]:
            assert boxes[cable["source"]][0] + boxes[cable["source"]][2] < boxes[cable["target"]][0]


def test_no_cable_of_an_svg_goes_behind_a_box():
    for seed in range(6):
        root = ElementTree.fromstring(svg(graph.plain(by_chance(seed, 20, 30))))
        boxes = [
            [float(box.get(key)) for key in ("x", "y", "width", "height")]
            for box in root.iter(f"{SVG}rect")
            if box.get("x")
        ]
        for path in root.iter(f"{SVG}path"):
            if not path.find(f"{SVG}title").text.endswith("late"):
                for x, y in points(path.get("d")):
                    assert not [b for b in boxes if b[0] < x < b[0] + b[2] and b[1] < y < b[1] + b[3]]


def points(path):
    """Points on a path of straight lines and curves."""
    place = None
    for letter, numbers in re.findall(r"([MCH])([^MCH]*)", path):
        ends = np.array(re.findall(r"-?[\d.]+", numbers), float)
        if letter == "C":
            a, b, c, d = place, *ends.reshape(3, 2)
            t = np.linspace(0.01, 0.99, 40)[:, None]
            yield from (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
        elif letter == "H":
            yield from ((x, place[1]) for x in np.linspace(place[0], ends[0], 20)[1:-1])
            ends = np.array([ends[0], place[1]])
        place = ends[-2:]


def test_graphviz_is_told_every_cable(plain):
    lines = dot(plain).splitlines()
    assert sum(" -> " in line for line in lines) == len(plain["cables"])
    assert '  "filter" -> "delay" [style="solid", label="-6 dB"];' in lines
    assert '  "kick" [label="kick (muted)"];' in lines


def test_the_picture_lies_in_the_users_folder_and_a_wrong_name_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    try:
        caller = house.caller()
        replies = house.ask(
            caller, c.Load(kind="bass"), Show(what="patch", form="svg", file="rack"),
            Show(what="patch", form="dot", file="rack.dot"), Show(what="patch", form="svg", file="../rack"), Show(what="patch"),
        )  # fmt: skip
        assert [reply.code for reply in replies] == ["", "", "", "E_PATH", ""]
        files = [tmp_path / "pictures" / name for name in ("rack.svg", "rack.dot")]
        assert [reply.lines for reply in replies[1:3]] == [(str(file),) for file in files]
        assert sorted((tmp_path / "pictures").iterdir()) == sorted(files)
        assert files[0].read_text() == svg(replies[4].result)
        assert "bass --> out" in replies[4].lines
    finally:
        house.close()
