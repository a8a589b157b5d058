"""Laws of time, of the whole notation: any cut of it gives the same entries, every step happens exactly once and on its own frame, the same
seed gives the same performance, and an edit of one lane leaves all others as they are.
"""

from __future__ import annotations

import tracemalloc
from decimal import Decimal, getcontext
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chronus.catalogue.spec import Param
from chronus.errors import ChronusError
from chronus.language import parser
from chronus.language.notation import read_lane
from chronus.memory.log import FRAME, NOTE_ON, WHAT, A, C, decode
from chronus.pattern.harmony import key_of
from chronus.pattern.lane import locks_of
from chronus.pattern.loop import Loop, drawn
from chronus.rack.document import Lane, Locked, replace, seed_of
from chronus.render.take import Take
from chronus.score.spans import NONE, Player, Span, Window, in_order, span_entries, value_at
from chronus.score.timeline import Ramp, Timeline
from chronus.units import Sweep
from tests.kit.machine import seconds_of
from tests.kit.stage import Stage, load, put
from tests.kit.typed import heard, reach, said


@pytest.fixture
def held(figure):
    """Has a figure told, and holds it to its bar."""

    def hold(what, value, unit="", most=None):
        figure(
            f"{what}: {value:.4g} {unit}"
            + (f" (<= {most:g}: {'holds' if value <= most else 'MISSED'})" if most is not None else "")
        )
        assert most is None or value <= most, what

    return hold


PLAYER = Player(3, 7, 11)
RATE = 44100
BAR = 2 * RATE

# ---------------------------------------------------------------- any line of the notation

SUFFIXES = [
    "",
    "",
    "",
    "",
    "^",
    "*2",
    "*3",
    "!2",
    "@2",
    "@1.5",
    "?",
    "?30",
    "?1:3",
    "?fill",
    "?nofill",
    "'7",
    "(3,8)",
    "(5,7,2)",
    "~",
]


def joined(parts, between=" "):
    return st.lists(parts, min_size=1, max_size=5).map(between.join)


def suffixed(sounds):
    return st.tuples(sounds, st.sampled_from(SUFFIXES), st.sampled_from(("", "", "?", "*2"))).map("".join)


def groups(items):
    return st.one_of(
        joined(items).map("[{}]".format),
        st.lists(items, min_size=2, max_size=3).map(",".join).map("[{}]".format),
        st.lists(items, min_size=2, max_size=3).map("|".join).map("[{}]".format),
        joined(items).map("<{}>".format),
        st.tuples(joined(items), st.integers(1, 5)).map(lambda some: f"{{{some[0]}}}%{some[1]}"),
    )


TOKENS = st.sampled_from(["a1", "c#2", "e3", "a2:m7", "0", "4", "-1", "6#", ".", ".", "_", "g2~"])
LINES = joined(suffixed(st.recursive(TOKENS, groups, max_leaves=6)))
GRIDS = joined(
    st.sampled_from(
        ["x", "x...", "X.o5", "x_.x", "x*3", "[xx]", "x?50", "<x .>", "x(5,8)", "{x . o}%4", "x?1:4", ".", "x?fill"]
    )
)
OPTIONS = st.lists(
    st.sampled_from([
        "every=1/8", "every=1/16t", "gate=90%", "swing=60", "shift=3", "shift=-2", "prob=70%", "note=a1", "scale=minor", "root=c3",
        "seed=7", "arp=up", "arp=random oct=2", "rate=1/32", "voicing=lead", "humanize=20ms", "fill=4", "len=7", "vel=0.5",
    ]),
    unique_by=lambda option: option.split("=")[0], max_size=4,
).map(" ".join)  # fmt: skip
TEXTS = st.tuples(st.one_of(LINES, GRIDS, st.lists(GRIDS, min_size=2, max_size=2).map(" , ".join)), OPTIONS).map(
    " ".join
)


def lane_of(text: str) -> Lane:
    try:
        typed = read_lane(text, 1)
    except ChronusError:
        assume(False)
    return Lane(typed.text, typed.pattern, typed.options, 0)


def span_of(lane: Lane, **known) -> Span:
    zero = Fraction(0)
    return Span(zero, zero, zero, 5, lane, **known)


PACES = {"normal": {}, "half": {"pace": Fraction(2)}, "double": {"pace": Fraction(1, 2)}}
SPANS = st.builds(
    lambda text, swing, seed, fill, key, pace: span_of(
        lane_of(text), swing=Fraction(swing, 100), seed=seed, fill=fill, key=key_of(key), **PACES[pace]
    ),
    TEXTS, st.sampled_from((50, 50, 58, 66, 75)), st.integers(0, 1 << 60), st.booleans(), st.sampled_from(("", "a minor", "f# dorian")),
    st.sampled_from(list(PACES)),
)  # fmt: skip


@st.composite
def timelines(draw) -> Timeline:
    """Some seconds of music with jumps and ramps of the tempo."""
    timeline = Timeline.begin(RATE, 1, draw(st.integers(0, 1000)), draw(st.sampled_from((174, 133.33, 61.7, 400, 20))))
    frame = 2000
    for _ in range(draw(st.integers(0, 3))):
        frame += draw(st.integers(100, 90_000))
        start, stop = draw(st.integers(20, 400)), draw(st.integers(20, 400))
        ramp = Ramp(stop, draw(st.integers(1000, 100_000)), Fraction(0)) if draw(st.booleans()) else None
        timeline = timeline.change(frame, start, ramp)
        frame = timeline.tempos[-1].frame
    return timeline


def rows(span: Span, timeline: Timeline, start: int, stop: int):
    return in_order(span_entries(span, PLAYER, Window.of(timeline, start, stop)))


@settings(max_examples=150, deadline=None)
@given(SPANS, timelines(), st.lists(st.integers(0, 300_000), max_size=8))
def test_any_cut_of_time_gives_the_same_entries(span, timeline, cuts):
    whole = rows(span, timeline, 0, 300_000)
    edges = sorted({0, 300_000, *cuts})
    pieces = [rows(span, timeline, a, b) for a, b in pairwise(edges)]
    assert (in_order(np.concatenate([NONE, *pieces])) == whole).all() and len(whole) == sum(map(len, pieces))


def expected(span: Span, timeline: Timeline, end: int) -> list[tuple[int, int]]:
    """(frame, number of the note) as the words say it, hit by hit: which loop, which step, whether it is played, when exactly."""
    loop, found = span.loop, []
    conditions, seed = loop.conditions, span.seed if loop.seed is None else loop.seed
    step, cell = span.beat, span.beat if loop.swing is not None else span.pace / 4
    share = span.swing if loop.swing is None else loop.swing
    last = int((timeline.position(end) - span.origin) / step * loop.part / loop.size) + 2
    for number in range(last):
        full = span.fill if not loop.fill else span.fill or (number + 1) % loop.fill == 0
        for k, at in enumerate(loop.starts):
            turns = all(
                (number * int(t[k]) + int(p[k])) // int(o[k]) % int(a[k]) == int(w[k])
                for t, p, o, a, w in conditions.cycles
            )
            chances = all(
                low[k] <= float(drawn(seed, np.array([number]), np.array([which[k]]))[0]) < high[k]
                for which, low, high in conditions.draws
            )
            if not (turns and chances) or (conditions.fill[k] and (conditions.fill[k] > 0) != full):
                continue
            place = Fraction(number * loop.size + at, loop.part) * step
            frame = timeline.frame(span.origin + place + later(loop, place, step, cell, share))
            found.append((frame, number * len(loop.starts) + k))
    return sorted(pair for pair in found if timeline.tempos[0].frame <= pair[0] < end)


def later(loop: Loop, place: Fraction, step: Fraction, cell: Fraction, share: Fraction) -> Fraction:
    """How much later swing lets a note begin, in beats: of what lies behind an odd line the less, the nearer the next line is.

    That are the binary parts of the cell, and all that lies there where the lane plays on the line, too.
    """
    line = place // cell * cell
    on_it = line / step * loop.part % loop.size
    goes = line / cell % 2 == 1 and (64 % ((place - line) / cell).denominator == 0 or on_it in loop.moments.tolist())
    return (2 * share - 1) * (line + cell - place) * goes


VALUES = st.lists(
    st.sampled_from(["400", "800", ".", "_", "300..1200", "90?", "<100 700 200>", "[50|60]", "500@3", "20!2", "10*2", "30?1:3", "70(3,8)"]),
    min_size=1, max_size=9,
).map(lambda words: "250 " + " ".join(words))  # fmt: skip


def values_of(text: str, moved: str = "cutoff") -> Lane:
    try:
        typed = read_lane(text, 1, "filter", moved)
    except ChronusError:
        assume(False)
    ends = [
        (lock.value.start.number, lock.value.stop.number) if isinstance(lock.value, Sweep) else (lock.value.number,) * 2
        for lock in locks_of(typed.pattern)
    ]
    locks = tuple(Locked(moved, 0, *both) for both in ends)
    return Lane(typed.text, typed.pattern, typed.options, 0, locks=locks, moves=moved)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.sampled_from(("", " swing=66", " shift=3", " every=1/4 len=5")), timelines(), st.integers(0, 1 << 40),
       st.fractions(0, 9, max_denominator=16), st.lists(st.integers(0, 300_000), max_size=8))  # fmt: skip
def test_any_cut_of_time_gives_the_same_entries_of_values_and_a_span_begins_where_the_lane_stands(
    text, options, timeline, seed, start, cuts
):
    whole_span = span_of(values_of(text + options), seed=seed)
    for span in (whole_span, replace(whole_span, start=start, since=start)):
        edges = sorted({0, 300_000, *cuts})
        whole = moves(span, timeline, 0, 300_000)
        pieces = [moves(span, timeline, a, b) for a, b in pairwise(edges)]
        assert (in_order(np.concatenate([NONE, *pieces])) == whole).all()
    begins = timeline.frame(start)
    assume(begins < 300_000)
    assert standing(whole, begins) == pytest.approx(standing(moves(whole_span, timeline, 0, 300_000), begins))
    assert value_at(whole_span, timeline, 200_000, LINEAR) == pytest.approx(
        standing(moves(whole_span, timeline, 0, 300_000), 200_000), rel=1e-6
    )


LINEAR = Param("cutoff", 0, 2000, 0)


def moves(span: Span, timeline: Timeline, start: int, stop: int):
    return in_order(span_entries(span, Player(1, 2, 3, moves=True), Window.of(timeline, start, stop)))


def standing(rows, frame: int) -> float | None:
    """Where the entries up to a frame leave a parameter at it, as a replica computes it, but for its joins."""
    here = None
    for row, (goal, frames, start) in zip(rows, rows.view(np.float64)[:, A:], strict=True):
        if row[FRAME] > frame:
            break
        if here is not None:
            at, old, frames_of_old, first = here
            gone = 1.0 if not frames_of_old else min((row[FRAME] - at) / frames_of_old, 1.0)
            start = first + (old - first) * gone if np.isnan(start) else start
        here = row[FRAME], goal, frames, goal if np.isnan(start) else start
    if here is None:
        return None
    at, goal, frames, start = here
    return start + (goal - start) * (1.0 if not frames else min((frame - at) / frames, 1.0))


@settings(max_examples=80, deadline=None)
@given(SPANS, timelines())
def test_every_step_happens_once_and_on_the_frame_of_its_exact_position(span, timeline):
    assume(not span.loop.humanize and len(span.loop.starts) < 500)
    found = rows(span, timeline, 0, 200_000)
    ons = found[(found[:, WHAT] & 0xFF) == NOTE_ON]
    numbers = ons.view(np.float64)[:, C].astype(int).tolist()
    assert sorted(zip(ons[:, FRAME].tolist(), numbers, strict=True)) == expected(span, timeline, 200_000)


# ---------------------------------------------------------------- a whole performance


def typed(line: str):
    (statement,) = parser.statements(line)
    return parser.parse(statement).command


def session(said, cuts=(), lanes=(), end=6 * BAR):
    """What is heard of lines said at frames, whatever the pieces in which it is scheduled: by lane (frame, number, pitch, velocity ...)."""
    stage = Stage(zero=0)
    stage.fine(load("bass", voices=8), load("kick"), load("tb303"))
    for name, text in lanes:
        stage.say(typed(f"seq {name}: {text} now"))
    moments = sorted([*said, *((cut, None) for cut in cuts), (end, None)], key=lambda one: one[0])
    for moment, line in moments:
        for at, dues in stage.conductor.in_turn(moment):
            stage.until(at)
            stage.say(*(due.command for due in dues))
        stage.until(moment)
        if line is not None:
            stage.say(typed(line))
    names = {playing.player.index: name for name, playing in stage.conductor.score.lanes.items()}
    found = {name: [] for name in names.values()}
    for entry in stage.replayed():
        if entry.kind == NOTE_ON and entry.frame < end:
            found[names[entry.more]].append((entry.frame, entry.c, entry.a, entry.b, entry.flags))
    return found


WHOLE = (
    "bpm 140", "bpm 90..180 over 2 bars", "bpm 61.7", "swing 66", "swing 50", "set seed 7", "set seed 8", "set key e minor", "meter 7/8",
    "halftime for 1 bar", "doubletime for 1 bar", "bpm 133.33 at next beat", "mute kick", "unmute kick",
)  # fmt: skip
SAID = st.lists(st.tuples(st.integers(1, 5 * BAR), st.sampled_from(WHOLE)), max_size=4)
THREE = st.tuples(TEXTS, TEXTS).map(lambda some: (("bass", some[0]), ("kick", some[1])))


def readable(lanes) -> None:
    for _, text in lanes:
        lane_of(text)


@settings(max_examples=40, deadline=None)
@given(SAID, THREE, st.lists(st.integers(0, 6 * BAR), max_size=12))
def test_a_performance_is_the_same_in_whatever_pieces_it_is_scheduled(said, lanes, cuts):
    readable(lanes)
    assert session(said, (), lanes) == session(said, cuts, lanes)


EDITS = (
    "seq tb303: x.x. now",
    "seq tb303: [x|.]*2 x? at next beat",
    "clear tb303",
    "mute tb303",
    "seq tb303: x at bar 3",
    "seq tb303: {x . x}%5 now",
)


@settings(max_examples=40, deadline=None)
@given(SAID, THREE, st.lists(st.tuples(st.integers(1, 5 * BAR), st.sampled_from(EDITS)), min_size=1, max_size=4))
@example([(4 * BAR, "swing 66")], (("bass", "x? x? [x|.] x?"), ("kick", "x? a1 . humanize=20ms")), [(BAR, EDITS[0])])
def test_an_edit_of_one_lane_leaves_the_events_of_all_others(said, lanes, edits):
    readable(lanes)
    other = (("tb303", "x . <x o> x?"),)
    alone, beside = session(said, (), (*lanes, *other)), session([*said, *edits], (), (*lanes, *other))
    for name, _ in lanes:
        assert alone.get(name) == beside.get(name)


# ---------------------------------------------------------------- an hour

HOUR = 3600
LINE = "x*3 . x . [x x] . x? . X . o . x(3,4) x?1:4"
getcontext().prec = 50


def in_pieces(span: Span, timeline: Timeline, end: int) -> np.ndarray:
    """The frames of the notes that begin, scheduled ten seconds at a time."""
    edges = [*range(0, end, 10 * timeline.rate), end]
    found = np.concatenate([rows(span, timeline, a, b) for a, b in pairwise(edges)])
    return found[(found[:, WHAT] & 0xFF) == NOTE_ON][:, FRAME]


def positions(span: Span, until: Fraction) -> list[Fraction]:
    """Where the notes begin, in beats, up to a position: as `expected` has them, without a timeline."""
    loop, share, found = span.loop, span.swing, []
    for number in range(int(until / (Fraction(loop.size, loop.part) * span.beat)) + 1):
        played = loop.notes(number * len(loop.starts), (number + 1) * len(loop.starts), span.seed)
        for begin in played.begin.tolist():
            place = Fraction(begin, loop.part) * span.beat
            found.append(place + later(loop, place, span.beat, Fraction(1, 4), share))
    return found


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("bpm", ["174", "133.33", "61.7"])
def test_an_hour_later_each_onset_is_on_its_frame(bpm, rate, held):
    """With swing, ratchets, groups, chance and turns: round half even of the exact position, in whole numbers."""
    span, timeline = span_of(lane_of(LINE), swing=Fraction(58, 100), seed=5), Timeline.begin(rate, 1, 640, float(bpm))
    end = HOUR * rate
    beat = Fraction(60 * rate) / Fraction(bpm)
    wanted = sorted(frame for place in positions(span, end / beat) if (frame := 640 + round(place * beat)) < end)
    found = in_pieces(span, timeline, end)
    assert len(found) == len(wanted)
    held(f"{bpm} bpm at {rate} Hz: onsets in an hour", len(found))
    held(f"{bpm} bpm at {rate} Hz: off its frame, worst", int(np.abs(found - np.array(wanted)).max()), "frames", most=0)


def on_a_ramp(beats: Fraction, whole: Fraction, first: Fraction, frames: int) -> int:
    """The frame in which a tempo that moves evenly in time has come so far: the exact root, rounded once.

    It begins at a `first` beat that long, and makes `whole` beats in so many frames.
    """
    bend = (whole - frames / first) / frames**2
    pace, gain, way = (Decimal(part.numerator) / part.denominator for part in (1 / first, bend, beats))
    exact = 2 * way / (pace + (pace * pace + 4 * gain * way).sqrt())
    near = exact.to_integral_value(rounding="ROUND_HALF_EVEN")
    assert abs(abs(exact - near) - Decimal("0.5")) > Decimal("1e-6"), "too near to the middle to tell"
    return int(near)


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize(
    ("start", "stop", "minutes"), [("140", "174", 60), ("174", "61.7", 20), ("133.33", "133.34", 5)]
)
def test_each_onset_of_a_tempo_that_moves_is_on_its_frame(start, stop, minutes, rate, held):
    span = span_of(lane_of(LINE), swing=Fraction(58, 100), seed=5)
    frames = minutes * 60 * rate
    first, last = (Fraction(60 * rate) / Fraction(bpm) for bpm in (start, stop))
    whole = Fraction(round((1 / first + 1 / last) * frames / 2 * 4), 4)
    timeline = Timeline.begin(rate, 1, 0, float(start)).change(0, float(start), Ramp(float(stop), frames, whole))
    wanted = [on_a_ramp(place, whole, first, frames) for place in sorted(positions(span, whole)) if place < whole]
    found = in_pieces(span, timeline, frames)[: len(wanted)]
    held(f"{start}..{stop} bpm in {minutes} min at {rate} Hz: onsets", len(found))
    held(
        f"{start}..{stop} bpm at {rate} Hz: off its frame, worst",
        int(np.abs(found - np.array(wanted)).max()),
        "frames",
        most=0,
    )


def test_bars_keep_their_length_under_every_swing():
    timeline = Timeline.begin(RATE, 1, 0, 174)
    for swing in range(50, 76):
        span = span_of(lane_of("x*2 x x? x [x x] x x x x x x x x x x x"), swing=Fraction(swing, 100))
        found = rows(span, timeline, 0, timeline.frame(Fraction(64 * 4)))
        first = [
            entry.frame for entry in decode(found) if entry.kind == NOTE_ON and entry.c % len(span.loop.starts) == 0
        ]
        assert first == [timeline.frame(Fraction(4 * bar)) for bar in range(64)]


def rising(level: np.ndarray) -> np.ndarray:
    return np.flatnonzero((level > 0.5) & ~np.concatenate([[False], level[:-1] > 0.5]))


@pytest.mark.parametrize("bpm", ["174", "133.33", "61.7"])
def test_what_is_heard_begins_on_those_frames(bpm, held):
    """A minute and a half, through the kernels: the gate of a lane, with swing, ratchets and turns; then a bar line of another tempo."""
    frames = 90 * RATE
    lines = (f"bpm {bpm}", "swing 58", "load kick", "seq kick: x*3 . <x .> x . [x .] x? . X . o . x(3,4) gate=40%")
    sound = heard({0: (*lines, "unpatch kick > out", "patch kick.gate > out")}, frames, stems=["kick"])[:, 0]
    lane = lane_of("x*3 . <x .> x . [x .] x? . X . o . x(3,4) gate=40%")
    span = span_of(lane, swing=Fraction(58, 100), seed=seed_of(0, "kick"))
    beat = Fraction(60 * RATE) / Fraction(bpm)
    wanted = sorted(frame for place in positions(span, frames / beat) if (frame := round(place * beat)) < frames)
    found = rising(sound)
    assert len(found) == len(wanted)
    held(f"{bpm} bpm, heard: onsets", len(found))
    held(f"{bpm} bpm, heard: off its frame, worst", int(np.abs(found - np.array(wanted)).max()), "frames", most=0)


HEARD = "x*3 . x{decay=200} . [x .] x? . X . o . x(3,4){decay=90..300} gate=40%"


def onsets(lines: list[str], frames: int, rate: int) -> np.ndarray:
    """The frames at which the gate of a kick opens, of lines said at the beginning and rendered at that rate."""
    found, last, place = [], np.zeros(1, bool), 0

    def keep(piece: np.ndarray) -> None:
        nonlocal last, place
        opened = np.concatenate([last, piece[:, 0] > 0.5])
        found.append(place + np.flatnonzero(opened[1:] & ~opened[:-1]))
        last, place = opened[-1:], place + len(piece)

    take = Take(rate, 0, stems=["kick"], keep=keep)
    kick = ("load kick", f"seq kick: {HEARD}", "unpatch kick > out", "patch kick.gate > out")
    said(take, 0, [*lines, "swing 58", *kick])
    reach(take, frames)
    take.render(frames)
    whole = np.concatenate(found)
    return whole[whole < frames]


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("bpm", ["174", "133.33", "61.7", "140..174"])
def test_an_hour_is_heard_on_those_frames(bpm, rate, held):
    """With swing, ratchets, turns, chance and locks; and under a tempo that moves for the whole of it."""
    span = span_of(lane_of(HEARD), swing=Fraction(58, 100), seed=seed_of(0, "kick"))
    start, _, stop = bpm.partition("..")
    first = Fraction(60 * rate) / Fraction(start)
    if stop:
        whole = Fraction(4 * 2000)
        frames = round(2 * whole / (1 / first + Fraction(stop) / (60 * rate)))
        lines = [f"bpm {start}", f"bpm {stop} over {whole / 4} bars"]
        wanted = [on_a_ramp(place, whole, first, frames) for place in sorted(positions(span, whole)) if place < whole]
    else:
        frames, lines = HOUR * rate, [f"bpm {bpm}"]
        wanted = sorted(at for place in positions(span, frames / first) if (at := round(place * first)) < frames)
    found = onsets(lines, frames, rate)
    assert len(found) == len(wanted)
    held(f"{bpm} bpm at {rate} Hz, heard for {frames / rate / 60:.0f} min: onsets", len(found))
    held(f"{bpm} bpm at {rate} Hz, heard: off its frame, worst", int(np.abs(found - wanted).max()), "frames", most=0)


# ---------------------------------------------------------------- a bar line that is near


@pytest.mark.parametrize("before", [*range(-3, 4), 22, 220, 221, 882, 2205])
def test_an_edit_just_before_the_bar_line_is_heard_from_that_bar_or_from_the_next_as_it_says_and_never_half(before):
    """220 frames are 5 ms."""
    stage = Stage(zero=0)
    stage.fine(load("kick"), typed("seq kick: x*2 x x x now"))
    moment = 4 * BAR - before
    stage.until(moment + RATE)  # scheduled ahead already
    stage.frame = moment
    (outcome,) = stage.say(typed("seq kick: o [o o o] . ."))
    bar = int(outcome.text.rpartition("from bar ")[2].rstrip(")"))
    assert bar == (5 if before >= 0 else 6) and outcome.frame == (bar - 1) * BAR
    stage.until(8 * BAR)
    played = [(entry.frame, entry.b) for entry in stage.replayed() if entry.kind == NOTE_ON]
    old, new = [frame for frame, vel in played if vel == 0.8], [frame for frame, vel in played if vel == 0.35]
    line = (bar - 1) * BAR
    assert max(old) < line <= min(new) == line
    assert len(old) == (bar - 1) * 20 and len(new) == (9 - bar) * 16


# ---------------------------------------------------------------- what it costs

NESTED = "[" * 8 + "x" + "]" * 8
HOSTILE = {
    "brackets": "[" * 8192,
    "nested groups": (NESTED + " ") * 480,
    "turns of turns": "<" * 8 + "x . " * 2000 + ">" * 8,
    "turns in turns": "<<<<<<<<x .> x> .> x> .> x> .> x> " * 230,
    "polymeters": "{x . o}%4 " * 810,
    "polymeters of primes": " ".join(
        f"{{{'x ' * k}}}%{k + 1}" for k in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)
    ),
    "polymeters of one step": ("{" + "x " * 60 + "}%1 ") * 65,
    "a polymeter in polymeters": "{{{{x .}%3 x}%5 x}%7 x}%9 " * 300,
    "repeats": "x!4096",
    "repeats of repeats": "[x!64]!64",
    "repeats in repeats": "[[[x!9999]!9999]!9999]!9999",
    "many repeats": "x!9999 " * 1170,
    "euclids": "x(2000,4096)",
    "many euclids": "x(3,8) " * 1170,
    "euclids of euclids": "[x(63,64)](63,64)",
    "a euclid without end": "x(9999,9999)",
    "ratchets": "x*9" * 2730,
    "ratchets of ratchets": "[[[[x*9]*9]*9]*9]*9",
    "chances": "x?50" * 2048,
    "choices": "[x|.|x|.]" * 900,
    "stacks": "x , " * 2047 + "x",
    "stacks of primes": " , ".join("x" + "." * (k - 1) for k in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)),
    "lengths": "x@0.0001 " * 900,
    "odd lengths": " ".join(f"x@1.{k}" for k in range(1000, 2100)),
    "conditions": "x?1:999" * 1170,
    "locks": "x{a=1,b=2,c=3}" * 580,
    "hex": "hex:" + "f" * 8188,
    "holds": "x" + "_" * 8191,
    "grid": "x" * 8192,
    "4,096 steps": "x" * 4096,
    "commas": "," * 8192,
    "bars": "|" * 8192,
    "digits": "9" * 8192,
    "notes": "a1 " * 2730,
    "chords": "a2:m7 " * 1365,
    "arpeggios": "a2:m7@4 " * 1000 + "arp=updown oct=4 rate=1/128",
    "degrees": "0 " * 4096,
    "drums": "bd " * 2730,
    "words": "kick" * 2048,
    "options": "x " + "swing=50 " * 900,
    "spaces": " " * 8191 + "x",
    "marks": "^~?*!@'" * 1170,
    "unicode": "\u0b2c\u202e" * 4096,
}
READ_SECONDS, READ_BYTES, SCHEDULE_SECONDS = 0.05, 50e6, 2.0


def read(text: str) -> Lane | None:
    try:
        typed = read_lane(text, 1)
    except ChronusError:
        return None
    locks = tuple(Locked(lock.param, k, 0.0, 1.0) for k, lock in enumerate(locks_of(typed.pattern)))
    return Lane(typed.text, typed.pattern, typed.options, 0, locks=locks)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_line_is_read_soon_in_little_memory_and_scheduled(name, held):
    text = HOSTILE[name][:8192]
    read("x")
    took = seconds_of(lambda: read(text), 10, enough=READ_SECONDS)
    tracemalloc.start()
    lane = read(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    held(f"{name}: read", 1000 * took, "ms", most=1000 * READ_SECONDS)
    assert peak < READ_BYTES
    if lane is not None:
        timeline = Timeline.begin(RATE, 1, 0, 240)
        scheduled = seconds_of(lambda: rows(span_of(lane), timeline, 0, 2 * RATE), 1)
        held(f"{name}: made, and two seconds scheduled", scheduled, "s", most=SCHEDULE_SECONDS)


ROW = "x*2 . x . X x*3 . x . x o . x*4 . x x "


def test_64_lanes_of_64_steps_with_ratchets_take_little_of_a_core(held):
    """At 240 bpm, all that is promised and paid, piece by piece as control does it."""
    stage = Stage(zero=0)
    for k in range(64):
        stage.fine(load("kick", f"k{k}"), typed(f"seq k{k}: {ROW * 4} shift={k % 16} now"))
    stage.fine(put("bpm", 240), put("swing", 58))
    conductor, piece, pieces = stage.conductor, RATE // 2, 10
    reached = [2 * RATE]
    entries = sum(map(len, conductor.advance(reached[0])))

    def play():
        nonlocal entries
        for _ in range(pieces):
            reached[0] += piece
            entries += sum(map(len, conductor.advance(reached[0])))

    took = seconds_of(play, 3) / (pieces * piece / RATE)
    held("64 lanes of 64 steps at 240 bpm: entries a second", entries / (reached[0] / RATE))
    held("64 lanes of 64 steps at 240 bpm: of a core", 100 * took, "%", most=10)
