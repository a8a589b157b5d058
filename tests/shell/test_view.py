"""`chronus view`: what it reads is what is heard, what it draws fits, and the terminal is as it was when it is over."""

import fcntl
import mmap
import os
import pty
import random
import re
import select
import socket
import struct
import termios
from threading import Thread

import numpy as np
import pytest

from chronus import wire
from chronus.charts.canvas import no_style
from chronus.charts.levels import Level
from chronus.commands import Hello, Show
from chronus.errors import ChronusError
from chronus.memory import layout
from chronus.memory.layout import BLOCK, RING_BLOCKS, RING_HEAD, RING_STRIDE
from chronus.score.heads import head
from chronus.shell.view import bands
from chronus.shell.view import screen as screens
from chronus.shell.view.ear import Ear, Heard, peak_of
from chronus.shell.view.memory import REACH, Memory
from chronus.shell.view.page import Seen, head_of, page, position
from chronus.shell.view.screen import ASK, ENTER, LEAVE, Frames, Ink, Screen, colours
from tests.kit.said import BAR, Said

RATE = 44100
SIZES = [(60, 20), (80, 24), (120, 30), (200, 50), (250, 60), (20, 4), (19, 30), (79, 9)]

# ---------------------------------------------------------------- the shared memory


@pytest.fixture
def lent():
    """(all of the memory, the descriptor that one who looks on is lent)."""
    own = layout.create()
    lent = layout.read_only(own)
    whole = layout.Memory(own)
    yield whole, lent
    os.close(lent)
    os.close(own)


def put(memory, slot, block, samples):
    """Lays a block into a ring, as a worker does."""
    ring = memory.ring(slot).reshape(RING_BLOCKS, RING_STRIDE // 8)
    ring[block % RING_BLOCKS, RING_HEAD:] = samples.astype(np.float32).reshape(-1).view(np.int64)
    ring[block % RING_BLOCKS, 0] = block + 1


def test_what_is_read_is_what_is_heard_from_whichever_slot_holds_it(lent):
    whole, descriptor = lent
    sound = np.random.default_rng(1).uniform(-1, 1, (40 * BLOCK, 2)).astype(np.float32)
    for block in range(40):
        for slot in (0, 1):
            if not (slot == 0 and block % 7 == 3):
                put(whole, slot, block, sound[block * BLOCK : (block + 1) * BLOCK])
    whole.board[layout.HEARD] = 39 * BLOCK + 5
    there = Memory(descriptor)
    assert there.heard == 39 * BLOCK + 5
    assert np.array_equal(there.sound(100, there.heard), sound[100 : there.heard])


def test_a_block_that_was_overtaken_is_silence_and_not_another_moment(lent):
    whole, descriptor = lent
    for block in range(10):
        put(whole, 0, block, np.ones((BLOCK, 2)))
    put(whole, 0, 4 + RING_BLOCKS, np.full((BLOCK, 2), 9.0))
    heard = Memory(descriptor).sound(0, 10 * BLOCK)
    assert not heard[4 * BLOCK : 5 * BLOCK].any() and heard.sum() == 9 * BLOCK * 2


def test_one_who_looks_on_can_write_nothing(lent):
    _, descriptor = lent
    with pytest.raises(PermissionError):
        mmap.mmap(descriptor, 4096)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(descriptor, b"x")


def test_the_peak_of_a_module_is_told_behind_its_level(lent):
    whole, descriptor = lent
    rows = whole.region(layout.TAPS + 7 * layout.TAP_BYTES, layout.TAP_PLANES).reshape(layout.TAP_ROWS, -1)
    for block, (low, high) in enumerate([(-0.9, 0.1), (-0.5, 0.2), (-0.1, 0.25)]):
        rows[block, :] = block + 1
        rows[block].view(np.float32)[[layout.T_LOW, layout.T_HIGH, layout.T_POWER, layout.T_GAIN]] = low, high, 0.1, 0.5
    whole.board[layout.HEARD] = 3 * BLOCK
    there = Memory(descriptor)
    assert peak_of(there.extents(7, 2 * BLOCK), 0.0) == pytest.approx(20 * np.log10(0.5), abs=1e-4)
    assert peak_of(there.extents(7, 3 * BLOCK), -6.0) == pytest.approx(20 * np.log10(0.9) - 6, abs=1e-4)
    assert there.extents(7, 2 * BLOCK).gain.min() == 0.5
    assert peak_of(there.extents(8, 3 * BLOCK), 0.0) is None


def test_an_engine_of_another_version_is_told_and_not_read():
    descriptor = os.memfd_create("older")
    os.ftruncate(descriptor, 1 << 20)
    with pytest.raises(ChronusError, match="another version"):
        Memory(descriptor)
    os.close(descriptor)


def test_the_memory_is_lent_with_the_welcome_and_only_to_who_looks_on(house, lent):
    house.server.lent = lent[1]
    for looks in (True, False):
        there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        there.connect(str(house.path))
        there.sendall(wire.encode(Hello(looks=looks)))
        house.run(2)
        more, descriptors, _, _ = socket.recv_fds(there, 1 << 20, 1)
        while not (messages := wire.from_engine().feed(more)):
            more += there.recv(1 << 20)
        assert messages[0].engine["rate"] == RATE
        assert len(descriptors) == looks
        for descriptor in descriptors:
            assert Memory(descriptor).heard == lent[0].word(layout.HEARD)
            os.close(descriptor)
        there.close()


def test_an_engine_does_not_go_on_for_one_who_only_looks(house):
    leaves = house.caller()
    looks = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    looks.connect(str(house.path))
    looks.sendall(wire.encode(Hello(looks=True)))
    house.run(2)
    assert sum(client.hello is not None for client in house.server.clients.values()) == 2
    leaves.shut_down(alone=True)
    house.run(2)
    leaves.listen()
    assert [reply.ok for reply in leaves.replies] == [True]
    looks.close()


# ---------------------------------------------------------------- what is measured


def sine(hertz, decibels, frames=REACH):
    wave = 10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * np.arange(frames) / RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


@pytest.mark.parametrize("hertz", [55, 440, 3000, 11000])
def test_a_sine_has_its_level_in_its_band_and_in_no_other(hertz):
    between = bands.edges(24, RATE)
    found = bands.bands(sine(hertz, -12), RATE, between)
    loudest = int(np.argmax([-200 if level is None else level for level in found]))
    assert between[loudest] <= hertz <= between[loudest + 1]
    assert found[loudest] == pytest.approx(-12, abs=0.7)
    assert max(level or -200 for k, level in enumerate(found) if abs(k - loudest) > 3) < -40


def test_silence_is_silence_in_every_band():
    assert set(bands.bands(np.zeros((9000, 2), np.float32), RATE, bands.edges(9, RATE))) == {None}
    assert set(bands.bands(np.zeros((10, 2), np.float32), RATE, bands.edges(9, RATE))) == {None}


def test_a_peak_is_held_and_then_falls():
    ear, hold = Ear(RATE), []
    for second in range(0, 40):
        frame = (second + 1) * RATE // 4
        loud = sine(440, -6 if second == 0 else -60, RATE // 4)
        hold.append(ear.hear(loud, frame, 0, 0).levels[0])
    assert hold[0].peak == pytest.approx(-6, abs=0.1) and hold[0].rms == pytest.approx(-9, abs=0.1)
    assert [level.held for level in hold[:6]] == [hold[0].held] * 6
    assert hold[8].peak == pytest.approx(-60, abs=0.2)
    assert hold[10].held == pytest.approx(-6 - 20, abs=1)
    assert hold[39].held == pytest.approx(-60, abs=0.2)


def test_a_steady_wave_stands_still():
    ear, pictures = Ear(RATE), []
    whole = sine(441, -3, 5 * REACH)
    for frame in range(2 * REACH, 3 * REACH, 777):
        heard = ear.hear(whole[frame - REACH : frame], frame, 0, 60)
        pictures.append(heard.high)
    # it rises between two frames, so it may stand a frame further left or right
    assert np.allclose(pictures, pictures[0], atol=1.5 * 0.7 * 2 * np.pi * 441 / RATE)


# ---------------------------------------------------------------- what is drawn


def test_the_playhead_is_where_the_sound_is():
    """Moved on from one look, it stands where the score has it later, whatever the lane's length and step."""
    stage = Said()
    stage.line(
        "bpm 173; load kick; load saw; load bass; seq kick: x...x..; seq saw: a1 . c2 every=1/8; seq bass: x. every=1/12"
    )
    stage.play(BAR)
    for looked in range(BAR, 4 * BAR, 30011):
        stage.play(looked)
        (seen,) = stage.say(Show(what="lanes", glance=True))
        for later in range(looked, looked + 100000, 7919):
            for lane in seen.result["lanes"]:
                there = head(stage.conductor.score, lane["name"], stage.rack.lanes[lane["name"]].take, later)
                near = min(there.step % 1, 1 - there.step % 1) * lane["now"]["step_frames"]
                assert head_of(lane, later) == int(there.step) or near < 2 + (later - looked) / 5000


def test_a_glance_has_what_the_loop_plays_that_is_heard():
    stage = Said()
    stage.line("load kick; load saw; seq kick: x...x?2:2 .... x; seq saw: x.. ; mute saw now")
    rows = []
    for loop in range(2):
        stage.play(round((1 + loop * 10 / 16) * BAR) + 100)
        lanes = {lane["name"]: lane for lane in stage.say(Show(what="lanes", glance=True))[0].result["lanes"]}
        rows.append((lanes["kick"]["now"]["loop"] % 2, lanes["kick"]["row"]))
        assert lanes["saw"]["muted"] and not lanes["kick"]["muted"]
    assert {odd for odd, _ in rows} == {0, 1}
    for odd, row in rows:
        assert row == ("x...x....x" if odd else "x........x")


def test_lanes_of_very_many_steps_are_looked_at_without_being_drawn():
    stage = Said()
    stage.line("load kick; load saw; seq kick: " + "x." * 1500 + "; seq saw: x...")
    lanes = stage.say(Show(what="lanes", glance=True))[0].result["lanes"]
    assert ["row" in lane for lane in lanes] == [False, False]
    assert page(Seen(0, {}, lanes), 80, 24, "ascii", no_style)


def test_the_bar_goes_on_with_the_frame_counter():
    engine = {"bar": 3, "beat": 1.0, "frame": 1000, "rate": RATE, "bpm": 120, "meter": "7/8"}
    beat = RATE // 2
    assert position(engine, 1000 + 3 * beat) == (3, pytest.approx(4.0))
    assert position(engine, 1000 + 4 * beat) == (4, pytest.approx(1.5))
    assert position({**engine, "bar": 0}, 0) is None


def seen(chance, lanes):
    names = [chance.choice(["kick", "a_lane_with_a_long_name", "hat"]) + str(k) for k in range(lanes)]
    status = {
        "engine": {"name": "default", "rate": RATE, "frame": 0, "bpm": 174.5, "bar": 17, "beat": 2.25, "meter": "4/4", "playing": True},
        "slots": {"mode": chance.choice(["duplex", "simplex"])}, "load": {"mean": 0.123, "worst": 1.5},
        "happened": [{"kind": "failover", "text": "slot 0 died (signal 9), slot 1 plays on, 0 frames lost \x1b[2J", "ago_s": 2.0}],
        "song": {"bar": 3, "bars": 64, "section": {"scene": "drop", "number": 1, "bar": 3, "bars": 16}},
    }  # fmt: skip
    rows = []
    for name in names:
        steps = chance.choice([1, 7, 16, 64, 300])
        lane = {
            "name": name,
            "steps": steps,
            "muted": chance.random() < 0.3,
            "row": "x..." * (steps // 4) + "x" * (steps % 4),
        }
        now = {"loop": 2, "at": chance.random() * steps, "frame": 0, "step_frames": 5512}
        rows.append(lane | ({"now": now} if chance.random() < 0.8 else {"waits": "from bar 9"}))
    levels = tuple(Level(name, -10.0, -3.0, -1.0) for name in ("left", "right"))
    count = chance.choice([8, 20, 64])
    heard = Heard(levels, bands.centers(bands.edges(count, RATE)), [-30.0] * count, [-0.5] * 90, [0.4] * 90, 0.02)
    peaks = {name: chance.choice([None, -3.2, -42.0]) for name in names}
    note = chance.choice(["", "the connection was lost"])
    return Seen(chance.randrange(10**6), status, rows, heard, 0, note, peaks, -2.5)


@pytest.mark.parametrize("width,height", SIZES)
def test_a_page_fits_the_terminal_whatever_plays(width, height):
    chance = random.Random(width * 1000 + height)
    for lanes in (0, 1, 5, 12, 200):
        one = seen(chance, lanes)
        for glyphs in ("ascii", "braille"):
            lines = page(one, width, height, glyphs, no_style)
            assert len(lines) <= height and max(map(len, lines)) <= width
            assert "\x1b" not in "".join(lines)
        coloured = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in page(one, width, height, "braille", Ink(256))]
        assert coloured == lines
        if height >= 20 and width >= 60:
            assert "bar " in lines[0] and "drop 3/16" in lines[0]
            assert lanes == 0 or any(line.startswith(one.lanes[0]["name"][:10]) for line in lines)


def test_a_lane_has_the_level_of_its_module_and_the_limiter_is_told():
    lanes = [{"name": name, "steps": 4, "muted": False, "row": "x..."} for name in ("kick", "hat", "bass.cutoff")]
    lines = page(Seen(0, {}, lanes, peaks={"kick": -7.44, "hat": None}, limiter=-3.2), 80, 20, "ascii", no_style)
    assert [line.split()[-1] for line in lines if line.startswith(("kick", "hat", "bass"))] == ["-7.4", "-", "x..."]
    assert "limiter -3.2 dB" in lines[1]


def test_the_step_that_is_heard_is_marked():
    lane = {
        "name": "kick",
        "steps": 8,
        "muted": False,
        "row": "x...x...",
        "now": {"loop": 0, "at": 4.0, "frame": 0, "step_frames": 10},
    }
    mark = lambda kind, text: f"<{text}>" if kind == "head" else text  # noqa: E731
    (line,) = [line for line in page(Seen(25, {}, [lane]), 60, 20, "ascii", mark) if line.startswith("kick")]
    assert line.split() == ["kick", "x...x.<.>.", "7/8"]


# ---------------------------------------------------------------- the terminal


def test_only_lines_that_changed_are_written():
    frames = Frames()
    assert frames.next(["a", "b"]) == "\x1b[1;1Ha\x1b[K\x1b[2;1Hb\x1b[K"
    assert frames.next(["a", "c"]) == "\x1b[2;1Hc\x1b[K"
    assert frames.next(["a", "c"]) == ""
    assert frames.next(["a"]) == "\x1b[2;1H\x1b[K"
    assert frames.forget() and frames.next(["a"]) == "\x1b[1;1Ha\x1b[K"


@pytest.mark.parametrize(
    "environ,count",
    [
        ({"TERM": "xterm-256color"}, 256), ({"TERM": "screen"}, 16), ({"TERM": "xterm", "COLORTERM": "truecolor"}, 256),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0), ({"TERM": "vt100"}, 0),
    ],
)  # fmt: skip
def test_a_terminal_gets_the_colours_that_it_has(environ, count):
    assert colours(environ) == count
    ink = Ink(count)
    assert ("38;5" in ink("hot", "x"), "\x1b[31m" in ink("hot", "x")) == (count == 256, count == 16)
    assert ink("head", "x") == "\x1b[7mx\x1b[0m"


@pytest.fixture
def terminal():
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 20, 60, 0, 0))
    yield ours, theirs
    for end in (ours, theirs):
        os.close(end)


def read(source, end):
    """What comes until that came."""
    found = ""
    while not found.endswith(end):
        found += os.read(source, 4096).decode()
    return found


def test_a_frame_waits_for_the_terminal_and_its_answers_are_no_keys(terminal):
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    screen = Screen(theirs, theirs)
    assert screen.size() == (60, 20)
    screen.draw(["hello"])
    assert read(ours, ASK) == ENTER + "\x1b[1;1Hhello\x1b[K" + ASK
    assert screen.unanswered == 1
    os.write(ours, b"\x1b[1;")
    assert screen.typed() == b"" and screen.unanswered == 1
    os.write(ours, b"6Rq")
    assert screen.typed() == b"q" and screen.unanswered == 0
    screen.draw(["hello"])
    assert screen.unanswered == 0, "nothing changed, so nothing was written"
    screen.close()
    screen.close()
    assert read(ours, LEAVE) == LEAVE
    assert termios.tcgetattr(theirs) == before


def test_the_last_answer_is_not_left_for_who_comes_next(terminal):
    ours, theirs = terminal
    screen = Screen(theirs, theirs)
    screen.draw(["hello"])
    closing = Thread(target=screen.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive(), "the answer is still on its way"
    os.write(ours, b"\x1b[1;6R")
    closing.join()
    assert read(ours, LEAVE).count("\x1b[6n") == 1
    os.set_blocking(theirs, False)
    with pytest.raises(BlockingIOError):
        os.read(theirs, 100)


def test_a_terminal_that_takes_nothing_does_not_hold_it_up_and_gets_the_next_frame_whole(terminal, monkeypatch):
    monkeypatch.setattr(screens, "TAKE_SECONDS", 0.05)
    ours, theirs = terminal
    screen = Screen(theirs, theirs)
    for k in range(3):
        screen.draw([f"{k}" * 20000])
    while select.select([ours], [], [], 0)[0]:
        os.read(ours, 1 << 16)
    screen.draw(["hello"])
    assert read(ours, ASK).endswith("\x1b[1;1Hhello\x1b[K" + ASK)
    screen.unanswered = 0
    screen.close()


def test_it_can_be_left_and_come_back_to(terminal):
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    screen = Screen(theirs, theirs)
    screen.draw(["hello"])
    os.write(ours, b"\x1b[1;6R")
    screen.close()
    assert read(ours, LEAVE).endswith(LEAVE) and termios.tcgetattr(theirs) == before
    screen.open()
    screen.draw(["hello"])
    assert read(ours, ASK) == ENTER + "\x1b[1;1Hhello\x1b[K" + ASK
    os.write(ours, b"\x1b[1;6R")
    screen.close()


def test_a_terminal_that_is_gone_ends_it(terminal):
    ours, theirs = pty.openpty()
    screen = Screen(theirs, theirs)
    os.close(ours)
    assert screen.typed() == b"" and screen.gone
    screen.draw(["x"])
    screen.close()
    os.close(theirs)
