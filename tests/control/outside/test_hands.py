"""Hands on the OSC port: what they play is performed, coalesced, answered, and nothing else gets in."""

from __future__ import annotations

import math
import socket
import struct
import time

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from chronus import commands as c
from chronus import places
from chronus.catalogue.kinds import Catalogue
from chronus.conductor.conductor import Conductor
from chronus.control.outside.surface import Surface, listen
from chronus.dsp.discovery import discover
from chronus.journal import reading
from chronus.memory.log import GATE, NOTE_ON, NOW, SET
from tests.control.serve.test_server import entries, set_
from tests.kit.house import RATE, House


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    house.hands.join(Surface(listen("127.0.0.1", 47123), house.hands.answer, house.hands.frame_in))
    yield house
    house.hands.surface.socket.close()
    house.close()


@pytest.fixture
def hands(house):
    return SimpleUDPClient("127.0.0.1", house.hands.surface.port)


def test_a_taken_port_gives_the_next_one():
    first = listen("127.0.0.1", 47200)
    second = listen("127.0.0.1", 47200)
    assert second.getsockname()[1] > first.getsockname()[1]
    first.close()
    second.close()


def test_python_osc_can_play(house, hands):
    house.ask(house.caller(), c.Load(kind="bass"))
    hands.send_message("/mod/bass/freq", 55.0)
    house.run(5)
    hands.send_message("/gate/bass", 1)
    hands.send_message("/note/bass", ["a1", 0.5, 1.0])
    house.run(5)
    assert house.conductor.rack.modules["bass"].params["freq"] == 55
    assert entries(house, SET)[-1][2] == 55
    assert entries(house, GATE)[-1][2] == 1
    assert entries(house, NOTE_ON)[-1][2] == pytest.approx(55)


def test_what_is_played_is_journaled_but_no_step_of_undo(house, hands):
    caller = house.caller()
    house.ask(caller, c.Load(kind="bass"), texts=("load bass",))
    hands.send_message("/mod/bass/freq", 55.0)
    house.run(5)
    assert list(reading.read(house.pen.path).played())[-1].said.texts == ("set bass.freq 55",)
    (reply,) = house.ask(caller, c.Undo())
    assert "load bass" in reply.text


def test_of_many_values_of_an_address_the_last_one_wins(house, hands):
    house.ask(house.caller(), c.Load(kind="bass"))
    before = house.publisher.writer.tail
    for k in range(60):
        hands.send_message("/mod/bass/freq", 100.0 + k)
    house.run(10)
    assert house.conductor.rack.modules["bass"].params["freq"] == 159
    assert house.publisher.writer.tail - before <= 2 * 4
    assert house.hands.surface.dropped == 0


def test_what_is_no_packet_or_names_nothing_is_dropped_and_counted(house, hands):
    there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for data in (b"", b"garbage", b"#bundle\0" + struct.pack(">Qi", 1, -4), b"/mod/bass/freq\0\0,f\0\0\x7f\xc0\0\0"):
        there.sendto(data, ("127.0.0.1", house.hands.surface.port))
    there.close()
    hands.send_message("/load/bass", 1)
    hands.send_message("/mod/nothing/freq", 1.0)
    house.run(5)
    assert house.hands.surface.dropped == 6
    assert house.status.counters()["osc_dropped"] == 6


def test_every_word_that_is_answered_can_be_sent_back(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    catalogue = Catalogue(kernel.spec for kernel in discover(places.modules_folders()).values())
    house = House(tmp_path, conductor=Conductor(catalogue, RATE))
    house.hands.join(Surface(listen("127.0.0.1", 47323), house.hands.answer, house.hands.frame_in))
    hands, caller = SimpleUDPClient("127.0.0.1", house.hands.surface.port), house.caller()
    sent = 0
    for kind, spec in catalogue.plain().items():
        worded = [param for param in spec["params"] if param.get("words")]
        if worded and kind != "out":
            house.ask(caller, c.Load(kind=kind))
        for param in worded:
            for word in param["words"]:
                hands.send_message(f"/mod/{kind}/{param['name']}", word)
                house.run(3)
                answer = house.hands.answer(c.Port(kind, param["name"]))
                assert answer == word and isinstance(answer, str)
                sent += 1
    assert sent > 30 and house.hands.surface.dropped == 0
    refused = [
        ("kick/model", "707"),
        ("filter/slope", "48"),
        ("filter/slope", "nan"),
        ("kick/freq", "1e999"),
        ("kick/freq", "0x10"),
    ]
    for where, word in refused:
        hands.send_message(f"/mod/{where}", word)
        house.run(3)
    assert house.hands.surface.dropped == len(refused)
    house.hands.surface.socket.close()
    house.close()


def test_a_toggle_plays_and_stops_and_a_bare_address_is_answered(house, hands):
    house.ask(house.caller(), c.Load(kind="bass"))
    for argument, playing in ((0, False), (1, True), (False, False), (True, True), ("0", False), ("1", True)):
        hands.send_message("/transport/play", argument)
        house.run(5)
        assert house.conductor.rack.modules and house.status.engine()["playing"] == playing
    there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there.settimeout(2)
    there.sendto(b"/status\0", ("127.0.0.1", house.hands.surface.port))
    house.run(3)
    assert OscMessage(there.recv(4096)).address == "/status"
    there.close()
    assert house.hands.surface.dropped == 0


def ask(house: House, address: str) -> OscMessage:
    there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there.settimeout(2)
    there.sendto(OscMessageBuilder(address).build().dgram, ("127.0.0.1", house.hands.surface.port))
    house.run(3)
    answer = OscMessage(there.recv(4096))
    there.close()
    return answer


def test_questions_are_answered_to_their_sender(house):
    house.ask(house.caller(), c.Load(kind="bass"), set_("bass", "freq", 60))
    answer = ask(house, "/get/bass/freq")
    assert (answer.address, answer.params) == ("/value/bass/freq", [60.0])
    assert ask(house, "/get/out/limiter").params == ["on"]
    assert "duplex" in ask(house, "/status").params[0]


def test_the_test_tone_sounds_for_a_second_at_minus_12_dbfs_and_goes(house, hands):
    hands.send_message("/test", [])
    house.run(10)
    sine = house.conductor.rack.modules["osc_test"]
    assert 20 * math.log10(sine.params["gain"]) - 6 == pytest.approx(-12)
    assert entries(house, NOTE_ON)[-1][2] == pytest.approx(440)
    hands.send_message("/test", [])
    house.run(10)
    assert house.hands.surface.dropped == 0
    house.hands._tone_ends = time.monotonic()
    house.run(60)
    assert "osc_test" not in house.conductor.rack.modules


def test_row_37_a_bundle_for_later_is_played_at_its_time_and_one_for_another_day_now(house):
    house.ask(house.caller(), c.Load(kind="bass"))
    surface = house.hands.surface
    for tag, value in ((time.time() + 0.05, 70.0), (IMMEDIATELY, 80.0), (time.time() + 3600, 90.0), (0, 95.0)):
        builder = OscBundleBuilder(tag)
        message = OscMessageBuilder("/mod/bass/freq")
        message.add_arg(value)
        builder.add_content(message.build())
        there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        there.sendto(builder.build().dgram, ("127.0.0.1", surface.port))
        there.close()
    begin = house.publisher.heard()
    house.run(200)
    named = {value: frame for _, frame, value in entries(house, SET)}
    assert set(named) == {95.0, 70.0}
    assert named[95.0] == NOW
    assert begin + 0.03 * 44100 < named[70.0] <= begin + 0.05 * 44100


def test_ten_thousand_packets_cost_little_each(house, hands):
    house.ask(house.caller(), c.Load(kind="bass"))
    took = []
    for k in range(2000):
        hands.send_message("/mod/bass/freq", 100.0 + k % 500)
        if k % 50 == 49:
            start = time.thread_time()
            house.hands.surface.receive()
            took.append((time.thread_time() - start) / 50)
            house.run(1)
    assert sorted(took)[len(took) // 2] < 100e-6
