"""Hostile bytes: what is right, broken in the ways that break decoders. The same seed gives the same bytes."""

from __future__ import annotations

import math
import random
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

SIZES = [
    (n & 0xFFFFFFFF).to_bytes(4, "big") for n in (-4, -1, 0, 1, 3, 7, 8, 12, 64, 8192, 65535, 1 << 24, (1 << 31) - 1)
]
NUMBERS = [
    bytes.fromhex(n) for n in ("7fc00000", "7f800000", "ff800000", "00000001", "7f7fffff", "7fffffff", "80000000")
]
WORDS = [
    b"#bundle\0",
    b"/",
    b"//",
    b"/*",
    b"/mod/bass/freq\0\0",
    b",",
    b",f\0\0",
    b",sssssss",
    b"\0\0\0\0",
    b"\xff\xfe\x80",
    b"\x1b[2J",
]
PIECES = SIZES + NUMBERS + WORDS

Mutation = Callable[[random.Random, bytearray], None]


def _at(chance: random.Random, packet: bytearray, grid: int = 1) -> int:
    return chance.randrange(len(packet) // grid + 1) * grid


def _flip(chance: random.Random, packet: bytearray) -> None:
    if packet:
        packet[chance.randrange(len(packet))] ^= 1 << chance.randrange(8)


def _overwrite(chance: random.Random, packet: bytearray) -> None:
    at, piece = _at(chance, packet, 4), chance.choice(PIECES)
    packet[at : at + len(piece)] = piece


def _insert(chance: random.Random, packet: bytearray) -> None:
    at = _at(chance, packet, chance.choice((1, 4)))
    packet[at:at] = chance.choice(PIECES)


def _cut(chance: random.Random, packet: bytearray) -> None:
    del packet[_at(chance, packet, chance.choice((1, 4))) :]


def _remove(chance: random.Random, packet: bytearray) -> None:
    at = _at(chance, packet)
    del packet[at : at + chance.randrange(1, 9)]


def _repeat(chance: random.Random, packet: bytearray) -> None:
    at = _at(chance, packet, 4)
    packet[at:at] = packet[at : at + 4 * chance.randrange(1, 9)] * chance.choice((1, 2, 8, 70))


def _noise(chance: random.Random, packet: bytearray) -> None:
    packet[:] = chance.randbytes(chance.choice((0, 4, 8, 20, 100, 1000)))


def _swell(chance: random.Random, packet: bytearray) -> None:
    packet += chance.choice((b"\0", b"a", b"/a", b"\xff", b"#bundle\0")) * chance.choice((1000, 8000, 65000))


def _wrap(chance: random.Random, packet: bytearray) -> None:
    """In bundles, thousands deep at times."""
    depth, tag = chance.choice((1, 8, 9, 60, 4000)), chance.randbytes(8)
    if depth * (len(packet) + 20 * depth) > 1 << 20:  # deeper than a datagram can hold: its innermost part is left out
        packet[:] = (b"#bundle\0" + tag + b"\0\0\x10\0") * depth
        return
    for _ in range(depth):
        packet[:0] = b"#bundle\0" + tag + len(packet).to_bytes(4, "big")


OFTEN: Sequence[Mutation] = (_flip, _flip, _overwrite, _overwrite, _insert, _cut, _remove, _repeat)
SELDOM: Sequence[Mutation] = (_noise, _swell, _wrap)


def mutated(corpus: Sequence[bytes], number: int, seed: int = 0) -> Iterator[bytes]:
    """So many packets, each something of the corpus with one to six things done to it."""
    chance = random.Random(seed)
    for _ in range(number):
        packet = bytearray(chance.choice(corpus))
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            chance.choice(SELDOM if chance.random() < 0.04 else OFTEN)(chance, packet)
        yield bytes(packet[:65507])


# ---------------------------------------------------------------- well-typed, and wild

NAMES = (
    "bass", "sine", "kick", "filter", "lfo", "out", "", "bass2", "x" * 5000, "\0", "../x", "-rf", "cutoff", "freq", "gain",
    "volume", "bpm", "swing", "voices", "seed", "key", "\x1b[2J", "a/b", "\u202e", "in", "left",
)  # fmt: skip
FLOATS = (
    math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1e15, -1.0, 0.3, 0.5, 1.0, 2.0, 55.0, 60.0, 75.0, 440.0, 8.64e7,
)  # fmt: skip
INTEGERS = (
    0,
    1,
    -1,
    2,
    3,
    4,
    16,
    64,
    127,
    255,
    1000,
    4096,
    9999,
    10**9,
    1 << 31,
    -(1 << 31),
    (1 << 63) - 1,
    -(1 << 63),
)


def wild(kind: Any, chance: random.Random, depth: int = 0) -> Any:
    """A value of a type, its numbers and words chosen without mercy."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if kind in (str, float, int):
        return chance.choice({str: NAMES, float: FLOATS, int: INTEGERS}[kind])
    if kind is bool:
        return chance.random() < 0.5
    if kind is type(None):
        return None
    if origin is typing.Literal:
        return chance.choice(inside)
    if origin is tuple and inside[1:] == (...,):
        return tuple(
            wild(inside[0], chance, depth + 1) for _ in range(chance.choice((0, 1, 1, 2, 3)) if depth < 3 else 0)
        )
    if origin is tuple:
        return tuple(wild(one, chance, depth + 1) for one in inside)
    if origin in (typing.Union, types.UnionType):
        return wild(chance.choice(inside), chance, depth)
    hints = typing.get_type_hints(kind)
    fields = [field for field in msgspec.structs.fields(kind) if field.required or chance.random() < 0.5]
    return kind(**{field.name: wild(hints[field.name], chance, depth + 1) for field in fields})
