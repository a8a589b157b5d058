"""What `meters`, `scope` and `spectrum` read, from a real replica and the real control, without time passing."""

import socket
import time
import zlib
from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from chronus import commands as c
from chronus.control.serve.client import Client, parts
from chronus.memory import layout, taps
from chronus.memory.layout import BLOCK, Memory
from tests.kit import sounding
from tests.kit.house import RATE
from tests.kit.sounding import say, to


@pytest.fixture(scope="module")
def playing(tmp_path_factory):
    """A sine whose peak is at -12 dB, one louder than the limiter lets out, a lane that is muted, what nothing leads to."""
    house = sounding.sounding(tmp_path_factory.mktemp("looks"), Memory(layout.create()))
    caller = house.caller()
    begun = say(
        house, caller,
        "bpm 120", "load sine as tone freq=440", "set tone.level -6db, tone.gain 0.5", "load reverb as hall", "load lfo",
        "load kick", "seq kick: x.x.x.x.", "load tb303 as acid", "seq acid: x.x.", "mute acid now", "load bass",
        "load sine as loud freq=55", "set loud.gain 1, loud.level 12db",
    )  # fmt: skip
    assert all(reply.ok for reply in begun), begun
    to(house, begun[-1].frame + 5 * RATE)
    yield house, caller
    house.close()


def by_name(reply):
    assert reply.ok, reply
    return {row["name"]: row for row in reply.result["modules"]}


def test_meters_read_a_sine_as_it_leaves(playing):
    house, caller = playing
    found = by_name(say(house, caller, "meters")[0])
    tone = found["tone"]
    assert (tone["peak"], tone["hold"]) == (-12.0, -12.0) and tone["rms"] == pytest.approx(-15.05, abs=0.06)
    assert found["loud"]["peak"] == 12.0 and -20 < found["kick"]["rms"] < found["kick"]["peak"] < 3
    assert list(found)[-1] == "out" and "lfo" not in found


def test_meters_tell_the_limiter_and_the_loudness_of_out(playing):
    house, caller = playing
    (reply,) = say(house, caller, "meters out")
    out = by_name(reply)["out"]
    assert out["reduction"] < -3 and out["peak"] <= -1.0 and -20 < out["short_term"] < -5
    sound = np.concatenate(house.replicas.blocks)[: house.memory.word(layout.HEARD) // BLOCK * BLOCK]
    second = sound[-round(RATE / BLOCK) * BLOCK :]
    assert out["rms"] == pytest.approx(20 * np.log10(np.sqrt(np.mean(second.astype(float) ** 2))), abs=0.06)
    assert out["peak"] == pytest.approx(20 * np.log10(np.abs(second).max()), abs=0.06)
    assert any("limiter" in line and "LUFS" in line for line in reply.lines)


def test_what_is_silent_is_said_to_be_and_why(playing):
    house, caller = playing
    (reply,) = say(house, caller, "meters")
    found = by_name(reply)
    told = {name: row["why"] for name, row in found.items() if row.get("silent")}
    assert told == {"hall": "nothing comes in", "acid": "muted", "bass": "no lane plays it"}
    assert all(found[name]["peak"] is None for name in told)
    assert any(line.startswith("acid") and "silent: muted" in line for line in reply.lines)


def test_what_is_kept_of_out_is_what_was_rendered(playing):
    house, _ = playing
    end = house.memory.word(layout.HEARD) // BLOCK
    handle = house.conductor.state.places.plan.seats["out"].handle
    kept = taps.samples(house.memory, handle, end, 2000, stereo=True, master=True)
    rendered = np.concatenate(house.replicas.blocks)[(end - 2000) * BLOCK : end * BLOCK]
    assert (kept == rendered).all() and np.abs(kept).max() > 0.1


def test_a_spectrum_holds_the_frequency(playing):
    house, caller = playing
    (reply,) = say(house, caller, "spectrum tone")
    bands = reply.result["bands"]
    assert max(bands, key=lambda band: band["db"] or -99)["hz"] == 398.1
    assert reply.result["peaks"][0] == {
        "hz": pytest.approx(440, abs=0.2),
        "db": pytest.approx(-12, abs=0.2),
        "note": "a4",
    }
    assert reply.result["peak"] == -12.0 and "440.0 Hz (a4) -12.0 dB" in reply.lines[1]


def test_a_scope_begins_where_a_wave_does(playing):
    house, caller = playing
    (reply,) = say(house, caller, "scope tone 10 ms")
    low, high = reply.result["low"], reply.result["high"]
    assert max(high) == pytest.approx(0.251, abs=0.002) and min(low) == pytest.approx(-0.251, abs=0.002)
    assert low[0] == pytest.approx(0, abs=0.02) and high[3] > high[1] > 0
    crossings = sum(a < 0 <= b for a, b in pairwise(high))
    assert crossings == 4 and reply.result["seconds"] == 0.01


def test_a_scope_of_bars_shows_its_bar_lines(playing):
    house, caller = playing
    (reply,) = say(house, caller, "scope kick 2 bars")
    assert "bar 2" in reply.lines[-1] and reply.result["seconds"] == pytest.approx(4.0, abs=0.01)
    assert len(reply.result["high"]) == 120 and max(reply.result["high"]) > 0.3
    (control,) = say(house, caller, "scope lfo 1 s")
    assert control.result["peak"] is not None


def test_why_tells_what_keeps_it_from_being_heard_and_how_loud_it_is(playing):
    house, caller = playing
    (reply,) = say(house, caller, "why kick")
    assert reply.result["causes"] == [] and reply.lines[0].startswith("kick sounds: peak -") and reply.result["peak"]
    say(house, caller, "mute kick now")
    (reply,) = say(house, caller, "why kick")
    assert reply.lines[0] == "muted; say `unmute kick`"
    assert reply.result["causes"] == [{"module": "kick", "what": "muted", "line": "unmute kick"}]
    (reply,) = say(house, caller, "why")
    assert "kick: muted; say `unmute kick`" in reply.lines and reply.lines[-1].startswith("the mix sounds: peak")
    say(house, caller, "unmute kick now")


def test_why_tells_that_no_device_is_open_unless_that_was_asked_for(playing):
    house, caller = playing
    known = house.supervisor.known
    house.supervisor.known = replace(known, device="null")
    try:
        (reply,) = say(house, caller, "why tone")
        told = "no device is open: the null device plays, which nobody hears; `device` lists the others"
        assert reply.result["causes"] == [{"module": "out", "what": told, "line": "device"}]
        assert reply.lines[0] == told and "sounds: peak" in reply.lines[1]
        house.status.facts["device"] = "null"
        (reply,) = say(house, caller, "why tone")
        assert reply.result["causes"] == []
    finally:
        house.supervisor.known = known
        house.status.facts["device"] = ""


def test_pictures_fit_and_are_of_what_was_asked_for(playing):
    house, caller = playing
    for width in (38, 58, 118):
        for kind in (c.Meters, c.Scope, c.Spectrum):
            caller.say(kind(width=width, glyphs="braille"))
            reply = house.until(caller, caller.number)[-1]
            assert reply.ok and max(map(len, reply.lines[2:])) <= width
            assert any("\u2800" < letter <= "\u28ff" for line in reply.lines for letter in line)


@pytest.mark.parametrize("kind", [c.Meters, c.Scope, c.Spectrum, c.Why])
def test_a_look_takes_little_of_control(playing, kind):
    """Of the processor's own time, so that what else the machine does is left out: at most a few milliseconds, before others are heard."""
    house, caller = playing
    took = []
    for _ in range(5):
        caller.say(kind(name="tone") if kind is not c.Meters else kind())
        begun = time.thread_time()
        assert house.until(caller, caller.number)[-1].ok
        took.append(time.thread_time() - begun)
    assert min(took) < 0.01


def test_several_looks_are_answered_one_at_a_time():
    looks = tuple(kind() for kind in (c.Meters, c.Why, c.Spectrum, c.Status))
    words = tuple(type(look).__name__.lower() for look in looks)
    assert [len(part.ids) for part in parts(c.Submission((1, 2, 3, 4), words, looks))] == [1, 1, 1, 1]
    client = Client(socket.socketpair()[0])
    client.waiting += parts(c.Submission((1, 2, 3, 4), words, looks))
    assert [len(client.together()) for _ in range(4)] == [1, 1, 1, 1]


def test_a_spectrum_becomes_a_picture(playing, tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house, caller = playing
    (reply,) = say(house, caller, "spectrum --png tone")
    data = (tmp_path / "pictures" / "tone.png").read_bytes()
    assert reply.ok and data.startswith(b"\x89PNG\r\n\x1a\n") and reply.result["file"].endswith("tone.png")
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    at = data.index(b"IDAT")
    pixels = zlib.decompress(data[at + 4 : at + 4 + int.from_bytes(data[at - 4 : at])])
    assert len(pixels) == (width + 1) * height and set(pixels) == set(range(5))


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("meters nobody", "E_NAME", "nobody"),
        ("scope tone 20 s", "E_VALUE", "looks back 5."),
        ("scope tone 0.001 ms", "E_VALUE", "longer than nothing"),
        ("spectrum nobody", "E_NAME", "nobody"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(playing, line, code, said):
    house, caller = playing
    (reply,) = say(house, caller, line)
    assert not reply.ok and reply.code == code and said in reply.text


def test_a_module_does_not_show_the_sound_of_the_one_before_it_in_its_place(playing):
    house, caller = playing
    before = house.conductor.state.places.plan.seats["loud"].handle
    say(house, caller, "unload loud")
    house.run(RATE // BLOCK)
    (loaded, *_) = say(house, caller, "load bass as quiet")
    assert house.conductor.state.places.plan.seats["quiet"].handle == before, "it was to take the same place"
    to(house, loaded.frame + RATE // 10)
    quiet = by_name(say(house, caller, "meters quiet")[0])["quiet"]
    assert quiet["silent"] and quiet["hold"] is None


def test_a_stopped_transport_is_told(playing):
    house, caller = playing
    say(house, caller, "stop")
    house.run(2 * RATE // BLOCK)
    assert by_name(say(house, caller, "meters kick")[0])["kick"]["why"] == "transport stopped; `play` goes on"
    assert say(house, caller, "scope kick")[0].lines == ("kick is silent: transport stopped; `play` goes on",)


def test_an_empty_rack_has_a_meter(tmp_path):
    house = sounding.sounding(tmp_path)
    (reply,) = say(house, house.caller(), "meters")
    assert reply.lines[1].startswith("out") and by_name(reply)["out"]["why"] == "nothing is patched into it"
    house.close()
