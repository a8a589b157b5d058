"""OSC: every packet of the standard is understood, every other one refused, quickly."""

from __future__ import annotations

import contextlib
import math
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from chronus.commands import Change, Gate, Note, Play, Port, Quantity, Set, Stop, Word
from chronus.control.outside import osc
from chronus.control.outside.osc import Message, OscCommand, OscQuestion, Tone
from chronus.language.parser import parse
from chronus.language.statements import statements
from tests.kit.machine import seconds_of


def packet(address: str, *arguments) -> bytes:
    builder = OscMessageBuilder(address=address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


def meant(address: str, *arguments):
    (message,) = osc.decode(packet(address, *arguments))
    return osc.translate(message)


# ---------------------------------------------------------------- decoding


def test_messages_of_python_osc_are_understood():
    assert osc.decode(packet("/mod/bass/freq", 55.0)) == [Message("/mod/bass/freq", (55.0,))]
    assert osc.decode(packet("/a", 1, "abcd", "abc", True, False)) == [Message("/a", (1, "abcd", "abc", True, False))]


def test_doubles_and_long_integers_are_understood():
    data = b"/a\0\0,dh\0" + struct.pack(">dq", 0.1, 1 << 40)
    assert osc.decode(data) == [Message("/a", (0.1, 1 << 40))]


def test_nested_bundles_keep_order_and_innermost_time_tag():
    inner = OscBundleBuilder(1234.5)
    inner.add_content(OscMessageBuilder("/b").build())
    outer = OscBundleBuilder(0)
    outer.add_content(OscMessageBuilder("/a").build())
    outer.add_content(inner.build())
    messages = osc.decode(outer.build().dgram)
    assert [m.address for m in messages] == ["/a", "/b"]
    assert messages[1].tag != messages[0].tag


def nested(depth: int) -> bytes:
    data = packet("/a", 1)
    for _ in range(depth):
        data = b"#bundle\0" + struct.pack(">Qi", 1, len(data)) + data
    return data


def test_bundles_are_nested_at_most_eight_deep():
    assert len(osc.decode(nested(8))) == 1
    with pytest.raises(ValueError):
        osc.decode(nested(9))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 8,
        b"/a\0\0",
        b"/abc,i\0\0",
        b"/a\0\0i\0\0\0\0\0\0\1",
        b"/a\0\0,i\0\0",
        b"/a\0\0,x\0\0\0\0\0\1",
        b"/a\0\0,b\0\0\x7f\xff\xff\xff",
        b"/a\0x,i\0\0\0\0\0\1",
        b"/*\0\0,i\0\0\0\0\0\1",
        b"/\xff\0\0,i\0\0\0\0\0\1",
        b"/a\0\0,i\0\0\0\0\0\1\0\0\0\0",
        b"/a\0\0,f\0\0" + struct.pack(">f", math.nan),
        b"/a\0\0,f\0\0" + struct.pack(">f", math.inf),
        b"#bundle\0" + bytes(7),
        b"#bundle\0" + struct.pack(">Qi", 1, -4),
        b"#bundle\0" + struct.pack(">Qi", 1, 0),
        b"#bundle\0" + struct.pack(">Qi", 1, 1 << 30) + bytes(8),
        nested(400),
        packet("/a", "x" * 64000),
        b"#bundle\0" + struct.pack(">Q", 1) + (struct.pack(">i", 8) + b"/a\0\0,\0\0\0") * 65,
    ],
)  # fmt: skip
def test_what_is_not_a_packet_is_refused(data):
    with pytest.raises(ValueError):
        osc.decode(data)


GOOD = [packet("/mod/bass/freq", 55.0), packet("/note/bass", "a1", 0.5, 1), nested(3), packet("/gate/adsr", True)]


@settings(max_examples=400)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=5)), max_size=6),
    st.integers(0, 99),
)
@example(b"#bundle\0" + struct.pack(">Qi", 1, -4), [], 0)
def test_mutated_packets_are_decoded_or_refused_and_never_more(good, mutations, cut):
    data = bytearray(good)
    for at, more in mutations:
        data[at % len(data) : at % len(data) + len(more)] = more
    data = data[: len(data) - cut] if cut < 8 else data
    try:
        messages = osc.decode(bytes(data))
    except ValueError:
        return
    for message in messages:
        try:
            osc.translate(message)
        except ValueError:
            continue


def test_a_packet_takes_at_most_200_microseconds():
    element = struct.pack(">i", 12) + b"/a\0\0,i\0\0\0\0\0\1"
    worst = [
        b"#bundle\0" + struct.pack(">Q", 1) + element * 64,
        packet("/a", *range(32)),
        nested(8),
        nested(400),
        packet("/a", "x" * 8000),
    ]

    def read(data):
        for _ in range(100):
            with contextlib.suppress(ValueError):
                osc.decode(data)

    for data in worst:
        assert seconds_of(lambda data=data: read(data)) / 100 < 200e-6


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
ARGUMENTS = st.one_of(st.integers(-(1 << 31), (1 << 31) - 1), FLOATS, st.booleans(), st.text("abc xyz", max_size=9))


@given(st.lists(ARGUMENTS, max_size=8))
def test_an_answer_that_python_osc_builds_is_what_this_decoder_and_its_own_understand(arguments):
    data = osc.encode("/value/bass/freq", *arguments)
    assert osc.decode(data) == [Message("/value/bass/freq", tuple(arguments))]
    assert OscMessage(data).params == arguments


# ---------------------------------------------------------------- the table


def test_mod_sets_a_parameter_in_its_own_unit():
    assert meant("/mod/Bass/freq", 55) == OscCommand(
        ("mod", "bass", "freq"), "set bass.freq 55", Set(changes=(Change("bass", "freq", Quantity(55.0)),))
    )
    assert meant("/mod/filter/mode", "low").command == Set(changes=(Change("filter", "mode", Word("low")),))


def test_gate_opens_and_closes():
    assert meant("/gate/adsr", 1).command == Gate(name="adsr", on=True)
    assert meant("/gate/adsr", 0.0) == OscCommand(("gate", "adsr"), "gate adsr off", Gate(name="adsr", on=False))
    assert meant("/gate/adsr", True).text == "gate adsr on"


def test_notes_come_as_numbers_and_as_names():
    assert meant("/note/bass", 60).command == Note(name="bass", pitch=60, velocity=0.8, length=0.125)
    said = meant("/note/bass", "a1", 0.5, 1.0)
    assert said.command == Note(name="bass", pitch=33, velocity=0.5, length=0.25)
    assert said.text == "note bass 33 vel=0.5 len=1/4"


@pytest.mark.parametrize(
    ("address", "argument", "text"),
    [
        ("/mod/kick/model", "808", "set kick.model 808"),
        ("/mod/kick/model", 808, "set kick.model 808"),
        ("/mod/filter/slope", "24", "set filter.slope 24"),
        ("/mod/filter/mode", " Band ", "set filter.mode band"),
        ("/mod/my/taps", "2x", "set my.taps 2x"),
        ("/mod/bass/freq", "55", "set bass.freq 55"),
        ("/mod/bass/freq", "-6.5", "set bass.freq -6.5"),
        ("/mod/bass/freq", "1e3", "set bass.freq 1000"),
        ("/mod/out/limiter", 0, "set out.limiter 0"),
        ("/mod/out/limiter", False, "set out.limiter 0"),
        ("/mod/out/limiter", True, "set out.limiter 1"),
        ("/mod/out/limiter", "off", "set out.limiter off"),
        ("/gate/adsr", "1", "gate adsr on"),
        ("/gate/adsr", "0.0", "gate adsr off"),
        ("/gate/adsr", "Off", "gate adsr off"),
        ("/note/bass", "60", "note bass 60 vel=0.8 len=1/8"),
        ("/note/bass", "Eb3", "note bass 51 vel=0.8 len=1/8"),
        ("/transport/bpm", "174", "bpm 174"),
        ("/transport/swing", 56, "swing 56"),
    ],
)
def test_words_and_numbers_may_come_as_text(address, argument, text):
    said = meant(address, argument)
    assert said.text == text
    (parsed,) = [parse(statement).command for statement in statements(text)] if "2x" not in text else [said.command]
    assert said.command == parsed


@pytest.mark.parametrize(
    ("address", "argument", "command"),
    [
        ("/transport/play", 1, Play()),
        ("/transport/play", 1.0, Play()),
        ("/transport/play", True, Play()),
        ("/transport/play", 0, Stop()),
        ("/transport/play", 0.0, Stop()),
        ("/transport/play", False, Stop()),
        ("/transport/play", "0", Stop()),
        ("/transport/stop", 1, Stop()),
        ("/transport/stop", 0, None),
        ("/transport/stop", False, None),
        ("/test", 0, None),
    ],
)
def test_a_toggle_that_goes_off_does_not_do_what_it_does_going_on(address, argument, command):
    said = meant(address, argument)
    assert (said and said.command) == command


def padded(text: str) -> bytes:
    return text.encode() + bytes(4 - len(text) % 4)


@pytest.mark.parametrize("address", ["/status", "/test", "/transport/play", "/transport/stop", "/get/bass/freq"])
def test_a_message_without_arguments_may_lack_its_type_tags(address):
    bare = padded(address)
    (message,) = osc.decode(bare)
    assert message == Message(address, ())
    assert osc.translate(message) == meant(address)
    bundle = b"#bundle\0" + struct.pack(">Qi", 1, len(bare)) + bare + struct.pack(">i", len(bare)) + bare
    assert osc.decode(bundle) == [message, message]


def test_arguments_without_type_tags_are_refused():
    with pytest.raises(ValueError):
        osc.decode(padded("/gate/adsr") + struct.pack(">i", 1))


def test_two_notes_of_a_chord_are_both_kept():
    assert meant("/note/pad", 60).key != meant("/note/pad", 64).key


def test_transport_get_status_and_test():
    assert meant("/transport/play").command == Play()
    assert meant("/transport/bpm", 174).text == "bpm 174"
    assert meant("/get/bass/freq") == OscQuestion("/value/bass/freq", Port("bass", "freq"))
    assert meant("/status") == OscQuestion("/status")
    assert meant("/test") == Tone()
    assert meant("/test", 1) == Tone()


@pytest.mark.parametrize(
    "address,arguments",
    [
        ("/mod/bass", (1,)),
        ("/mod/bass/freq", ()),
        ("/mod/bass/freq", (1, 2)),
        ("/mod/bass/freq", ("two words",)),
        ("/mod/9/freq", (1,)),
        ("/note/bass", (200,)),
        ("/note/bass", ("h9",)),
        ("/note/bass", (60, 2.0)),
        ("/note/bass", (60, 0.5, 0)),
        ("/gate/bass", ("loud",)),
        ("/mod/bass/freq", ("+5",)),
        ("/mod/bass/freq", ("",)),
        ("/mod/bass/freq", ("1" * 400,)),
        ("/note/bass", ("200",)),
        ("/note/bass", (60, "loud")),
        ("/transport/bpm", ()),
        ("/transport/bpm", ("fast",)),
        ("/transport/play", ("now",)),
        ("/transport/play/now", ()),
        ("/status/engine", ()),
        ("/load/bass", ()),
        ("/quit", ()),
        ("/transport/rewind", ()),
    ],
)
def test_other_addresses_are_refused(address, arguments):
    with pytest.raises(ValueError):
        meant(address, *arguments)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_in_texts_have_no_exponent_and_read_back(number):
    text = osc._plain(number)
    assert "e" not in text
    assert float(text) == number


def test_the_test_tone_leaves_out_at_minus_12_dbfs():
    commands, texts = osc.tone(-6.0)
    gain = commands[0].params[1].value.number
    assert 20 * math.log10(gain) - 6 == pytest.approx(-12)
    assert len(commands) == len(texts)
