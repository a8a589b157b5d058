"""Turns bytes of OSC into messages, messages into commands, and answers into bytes (which python-osc builds). Opens nothing.

Rule 1: anything that is not exactly a packet of OSC 1.0 raises ValueError; nothing is guessed, and nothing loops: every
step of the decoder moves on by at least four bytes, and counts, depths and sizes are bounded. One liberty, which the standard
asks of receivers: a message without arguments may lack its type tag string.
Rule 2: performance only. No address loads, opens, saves or quits (`/test` alone brings its own sine and takes it away).
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from pythonosc.osc_message_builder import OscMessageBuilder

from chronus.catalogue.whole import NUMBERS
from chronus.commands import AnyCommand, Change, Gate, Load, Note, Play, Port, Quantity, Set, Stop, Unload, Word
from chronus.units import read_note

PACKET_BYTES = 8192
MESSAGES = 64
ARGUMENTS = 32
DEPTH = 8
IMMEDIATELY = 1
TEST = "osc_test"

Argument = int | float | str | bool


class Message(NamedTuple):
    """`tag` is the time tag of the innermost bundle (NTP, 32.32 bits), IMMEDIATELY outside of any."""

    address: str
    arguments: tuple[Argument, ...]
    tag: int = IMMEDIATELY


# ---------------------------------------------------------------- bytes -> messages

_ADDRESS = re.compile(r"(?:/[A-Za-z0-9_.~+-]+)+")


def decode(packet: bytes) -> list[Message]:
    """Returns all messages of a packet, in order, or raises ValueError."""
    if not 8 <= len(packet) <= PACKET_BYTES or len(packet) % 4:
        raise ValueError("size")
    messages: list[Message] = []
    _element(packet, 0, len(packet), IMMEDIATELY, 0, messages)
    return messages


def _element(packet: bytes, at: int, end: int, tag: int, depth: int, messages: list[Message]) -> None:
    if packet[at : at + 8] == b"#bundle\0":
        _bundle(packet, at + 8, end, depth + 1, messages)
        return
    if len(messages) >= MESSAGES:
        raise ValueError("too many messages")
    messages.append(_message(packet, at, end, tag))


def _bundle(packet: bytes, at: int, end: int, depth: int, messages: list[Message]) -> None:
    if depth > DEPTH or end - at < 8:
        raise ValueError("bundle")
    (tag,) = struct.unpack_from(">Q", packet, at)
    at += 8
    elements = 0
    while at < end:
        if end - at < 4:
            raise ValueError("element")
        (size,) = struct.unpack_from(">i", packet, at)
        at += 4
        elements += 1
        if size < 8 or size % 4 or size > end - at or elements > MESSAGES:
            raise ValueError("element")
        _element(packet, at, at + size, tag, depth, messages)
        at += size


def _message(packet: bytes, at: int, end: int, tag: int) -> Message:
    address, at = _string(packet, at, end)
    if not _ADDRESS.fullmatch(address):
        raise ValueError("address")
    tags, at = _string(packet, at, end) if at < end else (",", at)
    if not tags.startswith(",") or len(tags) > ARGUMENTS + 1:
        raise ValueError("type tags")
    arguments = []
    for kind in tags[1:]:
        argument, at = _argument(kind, packet, at, end)
        arguments.append(argument)
    if at != end:
        raise ValueError("more bytes than arguments")
    return Message(address, tuple(arguments), tag)


def _string(packet: bytes, at: int, end: int) -> tuple[str, int]:
    stop = packet.find(b"\0", at, end)
    after = at + (stop - at & ~3) + 4
    if stop < 0 or after > end or packet[stop:after].strip(b"\0"):
        raise ValueError("string")
    return packet[at:stop].decode("ascii"), after


_NUMBERS = {"i": struct.Struct(">i"), "f": struct.Struct(">f"), "d": struct.Struct(">d"), "h": struct.Struct(">q")}


def _argument(kind: str, packet: bytes, at: int, end: int) -> tuple[Argument, int]:
    if kind in "TF":
        return kind == "T", at
    if kind == "s":
        return _string(packet, at, end)
    form = _NUMBERS.get(kind)
    if form is None or end - at < form.size:
        raise ValueError("argument")
    (number,) = form.unpack_from(packet, at)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number, at + form.size


# ---------------------------------------------------------------- answers -> bytes


def encode(address: str, *arguments: Argument) -> bytes:
    """Writes one message: whole numbers as i or h, others as f, words as s."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


# ---------------------------------------------------------------- messages -> commands


class OscCommand(NamedTuple):
    """What a message means. Of several with one `key` in a block the last one counts."""

    key: tuple[str, ...]
    text: str
    command: AnyCommand


class OscQuestion(NamedTuple):
    """A question whose answer goes to `address`. `target` is module and param, or empty for the status."""

    address: str
    target: Port | None = None


class Tone(NamedTuple):
    """`/test`: one second of 440 Hz."""


Meaning = OscCommand | OscQuestion | Tone | None

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_WORD = re.compile(r"[a-z0-9][a-z0-9_#]{0,31}")


def translate(message: Message) -> Meaning:
    """Returns what a message asks for, None if it is a button let go; ValueError where its address is not in the table."""
    words = tuple(message.address[1:].lower().split("/"))
    entry = _TABLE.get((words[0], len(words))) or _TABLE.get(("/".join(words), 0))
    if entry is None:
        raise ValueError("no such address")
    return entry(words, message.arguments)


def _mod(words: tuple[str, ...], arguments: tuple[Argument, ...]) -> OscCommand:
    module, param = _names(words[1:])
    (argument,) = arguments
    given: Quantity | Word
    try:
        given = Quantity(_number(argument))
        text = _plain(given.number)
    except ValueError:
        text = str(argument).strip().lower()
        given = Word(text)
        if not _WORD.fullmatch(text):
            raise
    return OscCommand(words, f"set {module}.{param} {text}", Set(changes=(Change(module, param, given),)))


def _gate(words: tuple[str, ...], arguments: tuple[Argument, ...]) -> OscCommand:
    (module,) = _names(words[1:])
    (argument,) = arguments
    on = _on(argument)
    return OscCommand(words, f"gate {module} {'on' if on else 'off'}", Gate(name=module, on=on))


def _note(words: tuple[str, ...], arguments: tuple[Argument, ...]) -> OscCommand:
    (module,) = _names(words[1:])
    if not 1 <= len(arguments) <= 3:
        raise ValueError("a note has a pitch, a velocity and a length")
    pitch = _pitch(arguments[0])
    velocity = _number(arguments[1]) if len(arguments) > 1 else 0.8
    beats = _number(arguments[2]) if len(arguments) > 2 else 0.5
    if not (0 <= velocity <= 1 and 0 < beats <= 4096):
        raise ValueError("a velocity is 0..1, a length is in beats")
    share = max(Fraction(beats / 4).limit_denominator(4096), Fraction(1, 4096))
    text = f"note {module} {_plain(pitch)} vel={_plain(velocity)} len={share.numerator}/{share.denominator}"
    return OscCommand(
        (*words, str(pitch)), text, Note(name=module, pitch=pitch, velocity=velocity, length=float(share))
    )


def _verb(words: tuple[str, ...], arguments: tuple[Argument, ...]) -> OscCommand:
    """Returns the command for a parameter of the whole that is a command as well."""
    (argument,), name = arguments, words[1]
    number = _number(argument)
    return OscCommand(words, f"{name} {_plain(number)}", Set(changes=(Change("", name, Quantity(number)),)))


def _play(words: tuple[str, ...], arguments: tuple[Argument, ...]) -> OscCommand:
    """Starts or stops. A toggle sends 1 and 0, a trigger nothing."""
    return OscCommand(words, "play", Play()) if _pressed(arguments) else OscCommand(words, "stop", Stop())


def _stop(words: tuple[str, ...], arguments: tuple[Argument, ...]) -> OscCommand | None:
    return OscCommand(words, "stop", Stop()) if _pressed(arguments) else None


def _test(words: tuple[str, ...], arguments: tuple[Argument, ...]) -> Tone | None:
    return Tone() if _pressed(arguments) else None


def _get(words: tuple[str, ...], arguments: tuple[Argument, ...]) -> OscQuestion:
    module, param = _names(words[1:])
    return OscQuestion(f"/value/{module}/{param}", Port(module, param))


_TABLE: dict[tuple[str, int], Callable[[tuple[str, ...], tuple[Argument, ...]], Meaning]] = {
    ("mod", 3): _mod,
    ("gate", 2): _gate,
    ("note", 2): _note,
    ("get", 3): _get,
    ("transport/play", 0): _play,
    ("transport/stop", 0): _stop,
    **{(f"transport/{row.name}", 0): _verb for row in NUMBERS.values() if row.is_verb},
    ("status", 0): lambda words, arguments: OscQuestion("/status"),
    ("test", 0): _test,
}
"""By the first word and how many words there are, or by the whole address and 0."""


def tone(volume_db: float) -> tuple[list[AnyCommand], list[str]]:
    """Returns one second of 440 Hz that leaves `out` with a peak of -12 dBFS (or as near as full gain comes)."""
    gain = min(1.0, 10 ** ((-12 - volume_db) / 20))
    params = (Change(TEST, "freq", Quantity(440.0)), Change(TEST, "gain", Quantity(gain)))
    return (
        [Load(kind="sine", name=TEST, params=params), Note(name=TEST, pitch=69, velocity=1, length=1, length_unit="s")],
        [f"load sine as {TEST} freq=440 gain={_plain(gain)}", f"note {TEST} 69 vel=1 len=1 s"],
    )


def tone_over() -> tuple[list[AnyCommand], list[str]]:
    return [Unload(name=TEST)], [f"unload {TEST}"]


def _names(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_name(word) for word in words)


def _name(word: str) -> str:
    if not _NAME.fullmatch(word):
        raise ValueError("not a name")
    return word


_DECIMAL = re.compile(r"[ \t]*-?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,3})?[ \t\r\n]*")


def _number(argument: Argument) -> float:
    """Reads a number, also one that comes as text."""
    if isinstance(argument, str) and not _DECIMAL.fullmatch(argument):
        raise ValueError("a number is needed")
    number = float(argument)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _on(argument: Argument) -> bool:
    """Reads 1 or 0, T or F, `on` or `off`."""
    word = argument.strip().lower() if isinstance(argument, str) else ""
    return word == "on" if word in ("on", "off") else _number(argument) > 0


def _pressed(arguments: tuple[Argument, ...]) -> bool:
    """Whether a button was pressed rather than let go; without an argument it was."""
    return all(map(_on, arguments[:1]))


def _plain(number: float) -> str:
    """Writes the shortest decimal without an exponent that reads back as the same number."""
    text = f"{number!r}" if "e" not in repr(number) else f"{number:.324f}".rstrip("0")
    return text.removesuffix(".0").rstrip(".")


_PITCH = re.compile(r"[a-g][#b]?-?\d")


def _pitch(argument: Argument) -> float:
    """Reads a MIDI number, or a name: a1 is 33, a4 69."""
    if isinstance(argument, str) and _PITCH.fullmatch(argument.strip().lower()):
        argument = read_note(argument.strip())
    pitch = _number(argument)
    if not 0 <= pitch <= 127:
        raise ValueError("a pitch is a MIDI number, 0..127, or a name")
    return pitch
