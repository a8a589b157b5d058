"""The bottom line of the prompt: what it says, and what it leaves out where it is narrow."""

import pytest

from chronus.shell import bottom
from chronus.shell.folding import cells

ENGINE = {
    "playing": True,
    "bar": 17,
    "beat": 3.72,
    "bpm": 174.0,
    "scene": "drop",
    "load": 0.123,
    "mode": "duplex",
    "device": "JACK: system",
}
RACK = {"modules": {"out": "out", "kick": "kick", "bass": "bass"}, "bpm": 120.0}


def test_all_that_is_known_stands_there():
    whole = bottom.line({**ENGINE, "level": -6.24, "recording": {"file": "/recordings/take"}}, RACK, 250)
    assert whole == "17.3 | 174 bpm | drop | rec take | -6.2 dB | load 12% | duplex | 2 modules | JACK: system"


def test_an_engine_without_music_is_stopped_and_has_the_tempo_of_the_rack():
    assert bottom.line({"playing": False, "bar": 0, "beat": 0.0}, RACK, 80) == "stopped | 120 bpm | 2 modules"
    assert bottom.line({}, {}, 80) == "stopped | 0 modules"


@pytest.mark.parametrize("width", [250, 80, 60, 40, 20, 6, 1])
def test_it_never_gets_wider_than_the_window_and_the_bar_is_left_out_last(width):
    line = bottom.line({**ENGINE, "recording": {"file": "/recordings/take"}, "device": "日本 audio"}, RACK, width)
    assert cells(line) <= max(width, 4) and line.startswith("17.3")


def test_what_is_not_well_is_marked():
    marked = {
        one.text
        for one in bottom.parts(
            {**ENGINE, "mode": "simplex", "load": 0.9, "recording": {"file": "/recordings/take"}}, RACK, 250
        )
        if one.alarm
    }
    assert marked == {"simplex", "load 90%", "rec take"}
    assert not any(one.alarm for one in bottom.parts(ENGINE, RACK, 250))


def test_a_name_cannot_give_orders_to_the_terminal():
    assert "\x1b" not in bottom.line({**ENGINE, "scene": "a\x1b[2J", "device": "b\x1b"}, RACK, 250)
