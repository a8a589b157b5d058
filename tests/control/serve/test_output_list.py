"""`list devices`: all outputs there are, the one in use marked, asked of a process that nobody else waits for."""

from __future__ import annotations

import signal

import pytest

from chronus import commands as c
from chronus.audio import devices
from chronus.audio.devices import Output
from chronus.control.serve.output_list import listed
from tests.kit.live import until

THERE = (
    Output("ALSA", "default", 0, True, 44100, 32),
    Output("ALSA", "USB Speaker: Audio (hw:1,0)", 1, False, 48000, 1),
    Output("JACK Audio Connection Kit", "system", 2, True, 48000, 8),
)


def test_all_outputs_are_listed_and_the_one_in_use_is_marked():
    reply = listed(1, "list devices", THERE, "ALSA: USB Speaker: Audio (hw:1,0)")
    assert reply.lines == (
        "ALSA: default   (default of its kind)",
        "ALSA: USB Speaker: Audio (hw:1,0)   (in use, mono)",
        "JACK Audio Connection Kit: system   (default of its kind)",
        "null",
    )
    assert reply.result["devices"] == [*(output.title for output in THERE), "null"]
    assert [one["channels"] for one in reply.result["outputs"]] == [32, 1, 8, 2]
    for title in reply.result["devices"][:-1]:
        assert devices.choose(title, THERE).title == title, "what is listed can be asked for"


@pytest.mark.parametrize("device", [None, "", "null"])
def test_while_the_device_is_away_the_null_device_is_in_use(device):
    assert listed(1, "list devices", THERE, device).lines[-1] == "null   (in use)"
    assert listed(1, "list devices", (), device).lines == ("null   (in use)",)


def test_a_device_that_is_in_use_is_listed_though_nobody_else_sees_it():
    reply = listed(1, "list devices", THERE[:1], "ALSA: Alone (hw:2,0)")
    assert reply.lines[0] == "ALSA: Alone (hw:2,0)   (in use)" and reply.result["in_use"] == "ALSA: Alone (hw:2,0)"


@pytest.mark.parametrize(
    ("said", "code", "why"),
    [(b"", -signal.SIGALRM, "did not answer in 10 s"), (b"", -signal.SIGSEGV, "signal 11"), (b"oops\n", 1, "exit 1")],
)
def test_where_portaudio_fails_that_is_said_and_what_is_in_use(said, code, why):
    reply = listed(1, "list devices", devices.heard(said, code), "null")
    assert reply.ok and reply.lines[0] == "null   (in use)" and why in reply.lines[1]


def test_others_are_answered_while_somebody_waits_for_the_list(house):
    curious, other = house.caller(), house.caller("bert")
    curious.say(
        c.Load(kind="bass"),
        c.List(what="devices"),
        c.List(what="modules"),
        texts=("load bass", "list devices", "list modules"),
    )
    began = len(other.replies)
    house.ask(other, c.Load(kind="kick"))
    assert len(other.replies) == began + 1 and len(curious.replies) < 3

    def answered():
        house.run(20)
        return len(curious.replies) == 3

    until(answered, devices.ASK_SECONDS + 5)
    assert [reply.text for reply in curious.replies] == ["load bass", "list devices", "list modules"]
    asked = curious.replies[1]
    assert asked.ok and asked.lines[-1] == "null   (in use)" and asked.result["in_use"] == "null"
