"""What is heard follows from the rack alone: any order of the same lines that is valid gives the same sound, to the bit.

Of 2,000 racks, the same ones each time. CHRONUS_EXAMPLES tries so many others, each time anew (by hand 100,000 once):

    CHRONUS_EXAMPLES=100000 .venv/bin/python -m pytest -m proof tests/laws/test_order.py
"""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chronus.catalogue.kinds import Catalogue, main_input
from chronus.catalogue.spec import BYPASS, LEVEL, Spec
from chronus.rack import waves
from tests.kit.typed import heard

EXAMPLES = int(os.environ.get("CHRONUS_EXAMPLES", "0"))
SECOND_MOMENT, END = 2000, 5600
"""Frames: within a block, and after two steps at the tempo of most racks, or the first bar of a song in eighths."""
KINDS = (
    "saw",
    "sine",
    "square",
    "noise",
    "kick",
    "bass",
    "adsr",
    "adsr",
    "filter",
    "vca",
    "delay",
    "mixer",
    "lfo",
    "distortion",
    "bus",
)
PATTERNS = (
    "x.",
    "X_.o",
    ".X",
    "c3 . e3~ g3",
    "a2:m7@2 . .",
    "o..x",
    "c2@3 . . .",
)
SOURCES = ("saw", "noise", "kick", "bass")
"""One of them is always there, or most of the racks would be silent."""
LOCKS = ("x{freq=120} .", "c3{freq=90..180}@2 .")
"""Of kinds that have a freq."""


class Line(NamedTuple):
    """A line, and the lines that must come before it."""

    text: str
    needs: tuple[str, ...] = ()


class Typing(NamedTuple):
    """The same lines in two orders. Each holds what is typed at the first moment, and what is typed at the second."""

    one: tuple[tuple[str, ...], ...]
    other: tuple[tuple[str, ...], ...]


@cache
def catalogue() -> Catalogue:
    return Catalogue.load()


# ---------------------------------------------------------------- racks


@st.composite
def cables(draw, kinds: dict[str, str]) -> Line:
    source = draw(st.sampled_from(sorted(kinds)))
    target = draw(st.sampled_from([*sorted(kinds), "out"]))
    goal = catalogue()["out" if target == "out" else kinds[target]]
    spec, main = catalogue()[kinds[source]], main_input(goal)
    way = draw(st.sampled_from(("main", "main", "main", "main", "gate", "param", "any", "mix")))
    output, into = spec.outs[0].name, draw(st.sampled_from(_places(goal)))
    if way == "main" and main is not None:
        into = main.name
    elif way == "gate" and spec.note_outs() and goal.has_gate():
        output, into = "gate", "gate"
    elif way == "mix" and goal.mix:
        output, into = (
            draw(st.sampled_from([port.name for port in spec.offers()])),
            draw(st.sampled_from(goal.mix)).name,
        )
    elif way == "param" and goal.params:
        output = draw(st.sampled_from([port.name for port in spec.offers()]))
        into = draw(st.sampled_from([param.name for param in goal.params if not param.words]))
    else:
        output = draw(st.sampled_from([port.name for port in spec.offers()]))
    gain = draw(st.sampled_from(("", "", "", " -6db", " 30%", " 250%"))) if way == "main" and main is not None else ""
    needs = (f"load {source}", *([f"load {target}"] if target != "out" else []))
    return Line(f"patch {source}.{output} > {target}.{into}{gain}", needs)


def _places(spec: Spec) -> list[str]:
    return [port.name for port in spec.ins] + [param.name for param in spec.params if not param.words]


@st.composite
def values(draw, kinds: dict[str, str]) -> Line:
    name = draw(st.sampled_from(sorted(kinds)))
    spec = catalogue()[kinds[name]]
    if spec.width == "poly" and draw(st.integers(0, 4)) == 0:
        return Line(f"set {name}.voices {draw(st.integers(1, 5))}", (f"load {name}",))
    param = draw(st.sampled_from((spec.mix if draw(st.integers(0, 3)) == 0 else spec.params) or spec.all_params))
    if param == BYPASS and spec.main_input() is None:
        param = LEVEL  # a source that is bypassed is silent
    if param.words:
        return Line(f"set {name}.{param.name} {draw(st.sampled_from(param.words))}", (f"load {name}",))
    share = draw(st.sampled_from((0.0, 0.25, 0.5, 0.9)))
    share = 0.5 + share / 2 if param.has_off else share  # -60 dB would be as good as silence
    number = (
        param.low * (param.high / param.low) ** share
        if param.curve == "exp"
        else param.low + (param.high - param.low) * share
    )
    if draw(st.integers(0, 4)) == 0:
        shape, rate = draw(st.sampled_from(waves.SHAPES)), draw(st.sampled_from(("1/16", "1/1", "30 Hz", "2 Hz")))
        ends = (
            "40%..60%" if param.has_off else f"{draw(st.sampled_from((10, 90)))}%..{draw(st.sampled_from((40, 60)))}%"
        )
        return Line(f"set {name}.{param.name} lfo({shape}, {rate}, {ends})", (f"load {name}",))
    return Line(f"set {name}.{param.name} {float(f'{number:.4g}'):f}", (f"load {name}",))


@st.composite
def moved(draw, name: str, spec: Spec) -> Line:
    """A lane of values."""
    param = draw(st.sampled_from([param for param in spec.all_params if not param.words and param != BYPASS]))
    shares = draw(st.lists(st.sampled_from((".", "_", "20%", "50%", "70%..30%")), min_size=1, max_size=4))
    return Line(f"seq {name}.{param.name}: 40% {' '.join(shares)} now", (f"load {name}",))


@st.composite
def typings(draw) -> Typing:
    names = draw(st.permutations(("na", "nb", "nc", "nd", "ne", "nf")))
    source, others = draw(st.sampled_from(SOURCES)), draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))
    kinds = dict(zip(names, (source, *others), strict=False))
    players = [name for name in sorted(kinds) if catalogue()[kinds[name]].has_gate()]
    found = {f"load {name}": Line(f"load {kind} as {name}") for name, kind in kinds.items()}
    for line in draw(st.lists(cables(kinds), max_size=9)):
        found.setdefault(" ".join(line.text.split()[:4]), line)  # each cable once: said again, it has another gain
    for line in draw(st.lists(values(kinds), max_size=5)):
        found.setdefault(" ".join(line.text.split()[:2]), line)  # of each parameter one value
    for name in draw(st.lists(st.sampled_from(players), unique=True, max_size=3)) if players else ():
        locks = LOCKS if catalogue()[kinds[name]].param("freq") else ()
        pattern = draw(st.sampled_from((*PATTERNS, *locks)))
        found[f"seq {name}"] = Line(f"seq {name}: {pattern} now", (f"load {name}",))
        if draw(st.integers(0, 5)) == 0:
            found[f"mute {name}"] = Line(f"mute {name} now", (f"seq {name}",))
        if draw(st.integers(0, 3)) == 0:
            found[f"arp {name}"] = Line(f"arp {name} up rate=1/32 oct=2 now", (f"seq {name}",))
    for name in draw(st.lists(st.sampled_from(sorted(kinds)), unique=True, max_size=2)):
        line = draw(moved(name, catalogue()[kinds[name]]))
        found[line.text.partition(":")[0]] = line
    for name in draw(st.lists(st.sampled_from(players), unique=True, max_size=2)) if players else ():
        # a note by hand goes through the arpeggiator that is there by then
        arps = any(key.startswith("arp ") for key in found)
        hand = draw(st.sampled_from((f"gate {name} on", *([] if arps else [f"note {name} e4 len=1/32"]))))
        found[f"hand {name}"] = Line(hand, (f"load {name}",))
    for line in draw(
        st.lists(st.sampled_from(("bpm 340", "swing 66", "meter 1/8", "set seed 7", "set volume -3db")), unique=True)
    ):
        found[line] = Line(line)
    _arrange(draw, found, kinds)
    moments = _moments(found, draw(st.permutations(list(found))), draw(st.integers(0, 8)))
    return Typing(*(_typed(found, moments, draw(st.permutations(list(found)))) for _ in range(2)))


def _arrange(draw, found: dict[str, Line], kinds: dict[str, str]) -> None:
    """Adds scenes, and one that is heard or a song of them. What a scene sets, no other line sets: the last one said would hold."""
    lanes = [key.split()[1] for key in found if key.startswith("seq ")]
    if not lanes or draw(st.integers(0, 2)):
        return
    scenes = []
    for name in ("drop", "gap")[: draw(st.integers(1, 2))]:
        heard = sorted(draw(st.lists(st.sampled_from(lanes), unique=True)), key=lambda lane: "." in lane)
        needs = [f"seq {lane}" for lane in heard]
        sets = ""
        if draw(st.booleans()) and "set volume -3db" not in found:
            sets = ", volume -9db" + draw(st.sampled_from(("", " over 50 ms")))
        none = ["."] * (not heard or "." in heard[0])  # lanes of values stand behind those of notes, or behind a dot
        found[f"scene {name}"] = Line(f"scene {name} = {' '.join((*none, *heard))}{sets}", tuple(needs))
        scenes.append(name)
    # what is heard says so of all lanes there are, and of all that mute one
    before = [key for key in found if key.startswith(("seq ", "mute ", "scene ", "arp "))]
    way = draw(st.sampled_from(("scene {} now", "song: {}*1 {}*1 now", "song: {}*1 {}*1 loop now")))
    last = draw(st.sampled_from(scenes))
    found["heard"] = Line(way.format(last, scenes[0]), tuple(before))


def _moments(lines: dict[str, Line], order: list[str], later: int) -> dict[str, int]:
    """At which moment each line is typed: some of them at the second, with all that need them."""
    moments = dict.fromkeys(lines, 0) | dict.fromkeys(order[:later], 1)
    for _ in lines:
        for key, line in lines.items():
            moments[key] = max([moments[key], *(moments[need] for need in line.needs)])
    return moments


def _typed(lines: dict[str, Line], moments: dict[str, int], order: list[str]) -> tuple[tuple[str, ...], ...]:
    """The lines of each moment in this order, but each after those that it needs."""
    typed: list[str] = []

    def write(key: str) -> None:
        for need in lines[key].needs:
            if need not in typed:
                write(need)
        if key not in typed:
            typed.append(key)

    for key in order:
        write(key)
    return tuple(tuple(lines[key].text for key in typed if moments[key] == moment) for moment in (0, 1))


# ---------------------------------------------------------------- the law


def once(*lines: str) -> tuple[tuple[str, ...], ...]:
    return (lines,)


def sound(typed: tuple[tuple[str, ...], ...]) -> np.ndarray:
    return heard(dict(zip((0, SECOND_MOMENT), typed, strict=False)), END)


@pytest.mark.proof
@pytest.mark.timeout(14400 if EXAMPLES else 600)
@settings(
    max_examples=EXAMPLES or 2000,
    derandomize=not EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(typings())
@example(
    Typing(
        once(
            "load saw as nb", "load adsr as na", "patch na.out > na.in", "patch na.out > out.in", "patch nb.out > na.in",
            "set na.voices 1", "gate nb on", "note na e4 len=1/32",
        ),
        once(
            "load adsr as na", "note na e4 len=1/32", "patch na.out > na.in", "patch na.out > out.in", "load saw as nb",
            "patch nb.out > na.in", "set na.voices 1", "gate nb on",
        ),
    )
)  # fmt: skip
@example(
    Typing(
        once(
            "load adsr as na sustain=0.8 release=20ms",
            "load saw as nb",
            "patch nb > na",
            "patch na.pitch > nb.freq",
            "seq na: f3@2 . . . now",
        ),
        once(
            "load saw as nb",
            "load adsr as na sustain=0.8 release=20ms",
            "patch nb > na",
            "patch na.pitch > nb.freq",
            "seq na: f3@2 . . . now",
        ),
    )
)
@example(
    Typing(
        once(
            "load delay as na", "load filter as nb", "load saw as nc", "patch na > nb", "patch nb > na", "patch nc > nb"
        ),
        once(
            "load saw as nc", "load filter as nb", "load delay as na", "patch nc > nb", "patch nb > na", "patch na > nb"
        ),
    )
)
@example(
    Typing(
        once(
            "load saw as nb",
            "load sine as nc",
            "load adsr as na",
            "patch nb > na",
            "patch nc > na",
            "seq nb: x... now",
            "seq nc: .X now",
        ),
        once(
            "load adsr as na",
            "load sine as nc",
            "load saw as nb",
            "patch nc > na",
            "patch nb > na",
            "seq nc: .X now",
            "seq nb: x... now",
        ),
    )
)
@example(
    Typing(
        (("load saw as na", "seq na: x. now"), ("gate na on", "mute na now", "swing 66")),
        (("load saw as na", "seq na: x. now"), ("swing 66", "mute na now", "gate na on")),
    )
)
@example(
    Typing(
        (("load saw as na", "bpm 300", "seq na: .x_. now", "mute na now"), ("unmute na now", "swing 66")),
        (("load saw as na", "bpm 300", "seq na: .x_. now", "mute na now"), ("swing 66", "unmute na now")),
    )
)
def test_any_order_of_the_same_lines_gives_the_same_sound(typing: Typing):
    one, other = sound(typing.one), sound(typing.other)
    assert len(one) == END and np.array_equal(one.view(np.int32), other.view(np.int32))


def test_most_of_these_racks_are_heard():
    """Or the law would say little."""
    loud: list[bool] = []

    @settings(max_examples=40, database=None)
    @given(typings())
    def listen(typing: Typing) -> None:
        loud.append(bool(np.abs(sound(typing.one)).max() > 0.001))

    listen()
    assert sum(loud) > len(loud) * 0.6, f"{sum(loud)} of {len(loud)}"


@pytest.mark.parametrize("moment", [0, SECOND_MOMENT])
def test_what_the_law_compares_is_told_apart(moment):
    lines = ("load saw as na", "load filter as nb", "patch na > nb"), ("set nb.cutoff 300",)
    changed = (lines[0], ("set nb.cutoff 301",)) if moment else ((*lines[0], "set nb.resonance 2"), lines[1])
    assert not np.array_equal(sound(lines), sound(changed))
