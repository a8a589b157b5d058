"""Random music on control, in one thread, with kills: `python -m tests.simulator.music [--seed N | --schedules N] [--processes N]`.

Several people type sentences of the whole language at once: dense lanes, tempos, sweeps, chords, undo, panic, scenes, songs. Meanwhile
control is killed and taken over, workers stand still, clients leave, making entries takes longer than it should. Two workers without
sound take what control publishes. A seed says all of it, and the same seed plays the same.

What must hold:

1. Every line has one answer, and within `ANSWER_BLOCKS` of rendering; panic, stop and questions within `URGENT_BLOCKS`. A question sees
   what its client has said before, so it waits for the frame from which that holds, where its answer names one that is still to come.
2. No line is tried for more moments than `performer.TRIES`, and the journal grows by the lines alone.
3. No note is given twice, none is missing that the score has, none comes late while control lives.
4. What waits is bounded, in control and in the replicas' memory.
5. The rack that the journal comes to is the rack that is there.
6. What the replicas took is what they take where the journal is rendered.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from chronus.conductor.conductor import Conductor
from chronus.control.jobs import performer
from chronus.control.jobs.recovery import begin, take_over
from chronus.errors import ChronusError
from chronus.journal import reading
from chronus.journal.replay import rebuild
from chronus.memory import layout
from chronus.memory.layout import NOTES_LATE, RECOMMITTED, Memory
from chronus.memory.log import FRAME, NOTE_ON, ORDER, WHAT, WHO
from chronus.memory.log import KINDS as LOG_KINDS
from chronus.rack.script import script
from chronus.score.courses import onward
from chronus.score.score import events
from tests.control.jobs.test_recovery import HEADER
from tests.kit.house import RATE, SPECS, Caller, House
from tests.simulator.lives import parse
from tests.simulator.replayed import acts, replayed

ANSWER_BLOCKS = 700
"""A second, for whatever it is."""
URGENT_BLOCKS = 35
"""50 ms."""
BYTES_A_LINE = 6000
KINDS = [spec.kind for spec in SPECS if spec.kind != "out"]
PATTERNS = (
    "x...", "xxxxxxxxxxxxxxxx", "X..o..x.9.5.x...", "x..x..x.", "o9o9o9o9", "x_..x_..",
    "a1 . c2^ a1@2 e2~ d2 . .", "a2:m7@8 f2:maj7@8", "e1 _ _ . g1 .", "x{freq=90..40} . x{freq=a2} .", "a1{freq=200}@3 . . x",
)  # fmt: skip
SCENES = ("one", "two", "three")
OPTIONS = (
    "",
    "",
    "",
    " every=1/8",
    " every=1/32",
    " every=1/64",
    " swing=60",
    " gate=90%",
    " now",
    " at next beat",
    " every=1/64 now",
)


class Failure(Exception):
    """Something that must hold does not."""


class Stranger:
    """Writes lines. It knows the names that it once said, not whether they were taken. `arranges`: some are of scenes and songs."""

    def __init__(self, chance: random.Random, arranges: bool) -> None:
        self.chance, self.names, self.arranges = chance, ["out"], arranges

    def lines(self) -> list[str]:
        """What is typed in one go."""
        r = self.chance
        if r.random() < 0.12:
            many = [f"w{k}" for k in range(r.choice((6, 16, 24)))]
            self.names += many[:3]
            body = r.choice(("x...", "xxxxxxxxxxxxxxxx", "x every=1/64", "a2:m7 c3:maj7 . e2:m7"))
            return [*(f"load kick as {name}" for name in many), *(f"seq {name}: {body}" for name in many)]
        return [self.line() for _ in range(r.choice((1, 1, 1, 2, 5)))]

    def line(self) -> str:
        r, name, other = self.chance, self.chance.choice(self.names), self.chance.choice(self.names)
        what = r.random()
        if what < 0.2 or len(self.names) == 1:
            name = f"m{len(self.names)}"
            self.names.append(name)
            return f"load {r.choice(KINDS)} as {name}" + r.choice(("", "", " voices=4", " voices=8"))
        if what < 0.42:
            return f"seq {name}: {r.choice(PATTERNS)}{r.choice(OPTIONS)}"
        if what < 0.56:
            value = r.choice(
                ("55", "+10%", "*0.5", "220 over 1 bars", "100..900 over 2 bars", "80 at next beat", "90 at next bar")
            )
            return f"set {name}.{r.choice(('freq', 'freq', 'gain', 'cutoff'))} {value}"
        if what < 0.62:
            return r.choice((
                f"patch {name} > {other}", f"unpatch {name}", f"patch {name} > {other}.freq 0.3", f"patch {name} > {other} -9db",
                f"insert {r.choice(('filter', 'delay', 'bus'))} on {name}", "insert filter on out", f"bypass {name} on",
                f"bypass {name} off",
                f"set {name}.level {r.choice(('-6db', 'off', '+3db', '-20db over 1 bars', 'off over 1 bars'))}",
                f"set {name}.pan {r.choice(('-1', '0.3', '0', '-0.5 over 2 bars'))}", f"patch {name} > {other}.pan 0.4",
            ))  # fmt: skip
        if what < 0.74:
            return f"bpm {r.choice((60, 90, 120, 133.3, 174, 180, 240, 400))}"
        if what > 0.86 and self.arranges:
            return self.arrangement(name, other)
        return r.choice((
            f"mute {name}", "unmute", f"solo {name}", "unsolo", "unsolo now", "undo", "undo 3", "redo", "swing 58", "play", "stop",
            "panic", f"note {name} a2 vel=0.7 len=1/8", f"gate {name} on", f"gate {name} off", "list", f"show {name}", "status",
            f"clear {name}", f"unload {name}", "new", "say drop in some kick and snare for a DnB song", "bpm 100 at next bar", "sync",
        ))  # fmt: skip

    def arrangement(self, name: str, other: str) -> str:
        """What is said of scenes, the song, fills, the pace and arpeggiators."""
        r, scene, then = self.chance, self.chance.choice(SCENES), self.chance.choice(SCENES)
        time = r.choice(("", "", "", " now", " at next beat", " at 2 bars", " in 1 bars"))
        return r.choice((
            f"scene {scene} = {name} {other}, {name}.freq {r.choice((60, 300))}", f"scene {scene} = *", f"scene {scene} = .",
            f"scene {scene} = {name}, {other}.cutoff 100..900 over 1 bars", f"scene {scene}{time}", f"scene {scene} for 1 bars",
            f"song: {scene}*1 {then}*2{time}", f"song: {then}*1 {scene}*1 loop{time}", f"goto {then}{time}", f"goto bar 2{time}",
            f"song{time}", f"song stop{time}", f"song loop {r.choice(('on', 'off'))}", f"clear scene {scene}{time}", f"clear song{time}",
            f"fill on for 1 bars{time}", f"fill off{time}", f"every {r.choice((1, 2, 4))} bars fill", "every off",
            f"halftime{time}", "halftime for 1 bars", f"halftime off{time}", "doubletime for 2 bars",
            f"seq {name}: x?fill x?nofill . x*3 {r.choice(('', ' every=1/8'))}", f"meter {r.choice(('4/4', '7/8', '1/8'))}",
            f"arp {name} {r.choice(('up', 'random rate=1/32', 'down latch', 'chord oct=2', 'off'))}{time}",
            f"note {name} a2 len=1/1; note {name} c3; note {name} e3 len=1/2", "show song", "list scenes",
        ))  # fmt: skip


class Killed(BaseException):
    """Control ends here."""


class Line:
    """A line on its way: who said it, its number there, at which block, and whether it is one that waits for nobody, and which.

    `at_once`: it takes hold as soon as it can, not at a bar or a beat that it names.
    """

    def __init__(self, caller: Caller, number: int, text: str, block: int, urgent: str, at_once: bool) -> None:
        self.caller, self.number, self.text, self.block, self.urgent = caller, number, text, block, urgent
        self.at_once = at_once


class Session:
    """`play` runs one seed to its end, or raises a Failure. `thin`: no note of it may be lost by a death of control."""

    thin = False

    def __init__(self, seed: int, folder: Path, memory: Memory, trace: bool = False) -> None:
        self.chance, self.folder, self.tracing = random.Random(seed), folder, trace
        self.arranges = (
            seed % 2 == 1
        )  # the others play as they did before there were songs: failures are known by their seeds
        memory.log[: memory.word(layout.TAIL) + 8] = 0
        memory.board[:] = 0
        memory.seals[:] = 0
        self.house = House(folder, memory)
        self.midst = seed % 4 == 3
        """Control may be killed between any two of its writes, and some time passes until it is there again; so there what was played is
        compared with the journal, which takes as long as all other checks together.
        """
        self._points, self._runs = 0, False
        self.under_way: list[Line] = []
        self.holds_from: dict[Caller, int] = {}
        """The block from which all holds that a client said and that named no time."""
        self.said = self.refused = 0
        self.kept_from = -1
        """The block up to which the workers or control were kept from working: bounds count from its end."""

    def trace(self, text: str) -> None:
        if self.tracing:
            print(f"block {self.house.replicas.block():6d}  {text}")

    def play(self) -> None:
        strangers = [Stranger(self.chance, self.arranges) for _ in range(self.chance.choice((1, 2, 3)))]
        callers = [self.house.caller(f"s{k}") for k in range(len(strangers))]
        try:
            for _ in range(self.chance.randint(4, 14)):
                k = self.chance.randrange(len(strangers))
                if callers[k].closed or callers[k] not in self.house.callers:
                    callers[k] = self.house.caller(f"s{k}")
                self._say(callers[k], strangers[k].lines())
                if self.chance.random() < 0.12:
                    self._fault(callers)
                self._run(self.chance.choice((0, 1, 3, 10, 40, 120)))
            self._run(ANSWER_BLOCKS if self.under_way else 0)
            self._check()
        finally:
            self.house.close()

    def _say(self, caller: Caller, lines: list[str]) -> None:
        texts, commands = [], []
        for text in [text for line in lines for text in line.split("; ")]:
            with contextlib.suppress(ChronusError):  # what is no sentence never comes to control
                for command in parse(text):
                    texts.append(text)
                    commands.append(command)
        if not commands:
            return
        self.trace(f"{len(commands)} lines of {caller.socket.fileno()}: {'; '.join(texts)[:200]}")
        first, alone = caller.number + 1, len(commands) == 1
        ahead = any(line.caller is caller for line in self.under_way)
        urgent = ""
        if alone and not ahead:
            first_one = commands[0]
            urgent = "question" if first_one.asks else "silence" if first_one.act in ("stop", "panic") else ""
        caller.say(*commands, texts=tuple(texts))
        self.said += len(commands)
        block = self.house.replicas.block()
        if urgent == "question":
            block = max(block, self.holds_from.get(caller, 0))
        self.under_way += [
            Line(caller, first + k, text, block, urgent, command.when is None and not command.at_next_bar)
            for k, (text, command) in enumerate(zip(texts, commands, strict=True))
        ]

    # ------------------------------------------------------------ what goes wrong

    def _fault(self, callers: list[Caller]) -> None:
        what = self.chance.choice(("control", "control", "workers", "one worker", "busy", "a client", "unprepared"))
        self.trace(f"fault: {what}")
        house = self.house
        if what == "control" and self.midst and self.chance.random() < 0.7:
            self._doom(self.chance.randint(1, 30))
        elif what == "control":
            self._kill_control()
        elif what == "workers":
            for _ in range(self.chance.choice((1, 20, 200))):
                house.server.turn(block=False)
        elif what == "one worker":
            slot = self.chance.randrange(2)
            house.memory.board[layout.STATE0 + slot * layout.LINE] = 0
            house.replicas.slots = [1 - slot]
            self._run(self.chance.choice((3, 30)))
            house.memory.board[layout.BLOCK0 + slot * layout.LINE] = house.replicas.block(1 - slot)
            house.memory.board[layout.STATE0 + slot * layout.LINE] = layout.PLAYING
            house.replicas.slots = [0, 1]
        elif what == "busy":
            house.replicas.render(self.chance.choice((10, 60, 400)))
            self._kept()
        elif what == "a client" and callers:
            gone = self.chance.choice(callers)
            gone.socket.close()
            if gone in house.callers:
                house.callers.remove(gone)
            self.under_way = [line for line in self.under_way if line.caller is not gone]
        elif what == "unprepared":
            house.replicas.prepares = False
            for caller in [caller for caller in callers if caller in house.callers and not caller.closed]:
                self._say(caller, [self.chance.choice(("load kick", "list", "show out", "status"))])
            self._run(self.chance.choice((3, 30, 100)))
            house.replicas.prepares = True
            self._kept()

    def _doom(self, points: int) -> None:
        """Control will be killed before or after one of its next writes to the journal or to the log."""
        self._points = points

        def point() -> None:
            self._points -= 1
            if self._points == 0 and self._runs:
                raise Killed

        def around(call: Callable[..., object]) -> Callable[..., object]:
            def called(*words: object) -> object:
                point()
                done = call(*words)
                point()
                return done

            return called

        pen, publisher = self.house.pen, self.house.publisher
        for one, names in ((pen, ("write",)), (publisher, ("publish", "scheduled", "lay"))):
            for name in names:
                setattr(one, name, around(getattr(one, name)))

    def _kept(self) -> None:
        self.kept_from = self.house.replicas.block()

    def _kill_control(self) -> None:
        house = self.house
        for caller in house.callers:
            caller.socket.close()
        self.under_way = []
        house.server.close()
        house.listener.close()
        house.pen.give_up()
        if self.midst:
            house.replicas.render(self.chance.choice((0, 3, 60, 200)))
        found = begin(house.memory, house.conductor.catalogue, "default", HEADER, parse, False)
        if found.resumed is None:
            raise Failure(f"control could not go on where its forerunner was: {found.notes}")
        self.house = again = House(
            self.folder,
            house.memory,
            replicas=house.replicas,
            conductor=found.conductor,
            pen=found.pen,
            number=found.number,
        )
        take_over(again.performer, found.resumed)
        self._kept()

    # ------------------------------------------------------------ what must hold

    def _run(self, blocks: int) -> None:
        for _ in range(blocks):
            try:
                self._runs = True
                self.house.run(1)
                self._runs = False
            except Killed:
                self._runs = False
                self.trace("killed")
                self._kill_control()
            self._look()

    def _look(self) -> None:
        now, left = self.house.replicas.block(), []
        for line in self.under_way:
            reply = next((reply for reply in line.caller.replies[-400:] if reply.id == line.number), None)
            if reply is not None:
                if line.at_once and reply.frame is not None:
                    self.holds_from[line.caller] = max(
                        self.holds_from.get(line.caller, 0), -(-reply.frame // layout.BLOCK)
                    )
                self.trace(f"answered: {line.text[:60]!r} of {line.caller.socket.fileno()}")
                continue
            waited = now - max(line.block, self.kept_from)
            urgent = line.urgent == "question" or (line.urgent and self.house.replicas.prepares)
            if waited > (URGENT_BLOCKS if urgent else ANSWER_BLOCKS):
                raise Failure(f"{line.text!r} has no answer after {waited} blocks")
            left.append(line)
        self.under_way = left
        of_ours = self.house.performer
        waiting = len(of_ours.on_its_way) + len(of_ours.notes.unsealed) + len(of_ours.publisher.unsealed)
        if waiting > 300:
            raise Failure(f"{waiting} submissions and batches wait at once")

    def _check(self) -> None:
        house = self.house
        if self.under_way:
            raise Failure(f"{self.under_way[0].text!r} has no answer at the end")
        for caller in house.callers:
            numbers = [reply.id for reply in caller.replies]
            if numbers != sorted(set(numbers)):
                raise Failure("an answer came twice, or before its turn")
        if house.memory.word(RECOMMITTED) > (performer.TRIES - 1) * self.said:
            raise Failure(f"{house.memory.word(RECOMMITTED)} moments were tried in vain for {self.said} lines")
        size = sum(path.stat().st_size for path in house.pen.path.parent.glob("*.journal"))
        if size > BYTES_A_LINE * (self.said + 5):
            raise Failure(f"the journal has {size} bytes after {self.said} lines")
        self._check_notes()
        self._check_journal()
        if self.midst:
            self._check_replayed()

    def _check_notes(self) -> None:
        house = self.house
        taken = [
            words
            for _, words in house.replicas.entries
            if words[WHAT] & 0xFF == NOTE_ON and words[WHAT] >> 24 & 0xFFFF != 0xFFFF
        ]
        keys = [(int(w[FRAME]), int(w[ORDER]), int(w[WHAT]), int(w[WHO])) for w in taken]
        if len(keys) != len(set(keys)):
            raise Failure("a note was given twice")
        if self.kept_from >= 0 or house.memory.word(NOTES_LATE):
            if self.kept_from < 0:
                raise Failure(f"{house.memory.word(NOTES_LATE)} notes came late though nobody was kept from working")
            return
        heard = house.memory.word(layout.HEARD)
        should = events(house.conductor.score, 0, heard)
        should = should[should[:, WHAT] & 0xFF == NOTE_ON]
        given = set(keys)
        missed = [row for row in should.tolist() if tuple(row[FRAME : WHO + 1]) not in given]
        if missed:
            raise Failure(f"{len(missed)} of {len(should)} notes were not given, the first at frame {missed[0][FRAME]}")

    def _check_replayed(self) -> None:
        house = self.house
        journal = reading.read_take(house.pen.path)
        catalogue = house.conductor.catalogue
        until = house.memory.word(layout.HEARD)
        again = replayed(journal, catalogue, RATE, until)
        for notes in (False, True):
            if notes and (house.memory.word(NOTES_LATE) or (self.midst and not self.thin and self.kept_from >= 0)):
                continue  # some are lost
            played, should = acts(house.replicas.entries, until, notes), acts(again, until, notes)
            if played != should:
                more, less = sorted((played - should).elements()), sorted((should - played).elements())
                raise Failure(
                    f"live is not what the journal gives ({'notes' if notes else 'commands'}): "
                    f"{len(more)} only live {_told(more)}, {len(less)} only there {_told(less)}"
                )

    def _check_journal(self) -> None:
        house = self.house
        for _ in range(ANSWER_BLOCKS):
            if not (house.performer.busy or house.server.jobs):
                break
            house.run(1)
        found = reading.read(house.pen.path)
        whole, lost = rebuild(found, house.conductor.catalogue, parse)[:2]
        lost = [
            one for one in lost if " at next" not in one.text
        ]  # whose module is gone by then would not be done here either
        if lost:
            raise Failure(f"the journal holds what does not come back: {lost}")
        if house.conductor.state.kept or house.conductor.score.courses:
            return  # a rebuilt rack has come to where those lead
        present = house.conductor.state.present(house.memory.word(layout.HEARD))
        text = script(onward(house.conductor.rack, house.conductor.catalogue, present), house.conductor.catalogue)
        if whole is None:
            if set(house.conductor.rack.modules) != {"out"}:
                raise Failure("the journal comes to nothing, and something is loaded")
            return
        again = Conductor(house.conductor.catalogue, RATE)
        t = again.perform(whole, "journal")
        for outcome in t.outcomes:
            if outcome.error:
                raise Failure(f"the journal cannot be recovered: {outcome.error}")
        back = script(t.after, house.conductor.catalogue)
        if back != text:
            raise Failure(f"the journal comes to another rack: {sorted(set(back) ^ set(text))[:6]}")


class Band(Session):
    """A song of four bars, with scenes, sweeps and fills, in which control dies."""

    thin = True

    SONG = (
        "bpm 240; load kick; load bass freq=55; load filter; load sine as lead; load kick as hat; arp lead up",
        "seq kick: x...; seq bass: x.x.; seq hat: ..x?nofill.x?fill.x",
        "scene a = kick, filter.cutoff 400; scene b = kick bass, filter.cutoff 300..3k over 1 bar; scene c = hat bass",
        "song: a*1 b*2 c*1 loop now; every 2 bars fill",
    )
    LINES = (
        "halftime for 1 bar", "fill on for 1 bar", "scene c", "note lead a2 len=1/2; note lead e3 len=1/1", "goto b", "goto a",
        "set bass.freq 55..80 over 1 bar", "bpm 200", "bpm 240 at next bar", "seq bass: x.xx", "scene b at next beat", "undo", "mute kick",
    )  # fmt: skip

    def play(self) -> None:
        r, caller = self.chance, self.house.caller("anna")
        try:
            self._say(caller, ["; ".join(self.SONG)])
            self._run(r.randint(100, 400))
            for _ in range(r.randint(2, 5)):
                if caller.closed or caller not in self.house.callers:
                    caller = self.house.caller("anna")
                early = r.random() < 0.5
                if early:
                    self._doom(r.randint(1, 12))
                self._say(caller, [r.choice(self.LINES)])
                self._run(r.randint(0, 300))
                if not early:
                    self._doom(r.randint(1, 12))
                self._run(r.randint(0, 400))
            self._run(ANSWER_BLOCKS if self.under_way else 0)
            if late := self.house.memory.word(NOTES_LATE):
                raise Failure(f"{late} notes came too late")
            self._check()
        finally:
            self.house.close()


def _told(some: list[tuple[int, ...]]) -> str:
    if not some:
        return ""
    frame, what, who, *abc = some[0]
    a, b, c = np.array(abc, np.int64).view(np.float64)
    return f"(first: frame {frame}, {LOG_KINDS[what & 0xFF][0]} of {what >> 8 & 0xFFFF}.{what >> 24 & 0xFFFF} {who} {a:g} {b:g} {c:g})"


# ---------------------------------------------------------------- running


def run(seed: int, folder: Path, memory: Memory, trace: bool = False) -> str:
    """What is wrong with a seed, "" if nothing."""
    for old in folder.rglob("*.journal"):
        old.unlink()
    try:
        (Band if seed % 8 == 7 else Session)(seed, folder, memory, trace).play()
    except Failure as failure:
        return str(failure)
    return ""


def search(seeds: range) -> tuple[int, int | None, str]:
    """(schedules run, the first seed that fails, what is wrong)."""
    memory = Memory()
    with tempfile.TemporaryDirectory(prefix="music") as name:
        os.environ["CHRONUS_HOME"] = name
        for done, seed in enumerate(seeds, 1):
            wrong = run(seed, Path(name), memory)
            if wrong:
                return done, seed, wrong
    return len(seeds), None, ""


def main() -> int:
    words = argparse.ArgumentParser(
        prog="python -m tests.simulator.music", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    words.add_argument("--seed", type=int, help="replay one schedule and tell what happens")
    words.add_argument("--schedules", type=int, default=2000)
    words.add_argument("--first", type=int, default=0, metavar="SEED")
    words.add_argument("--processes", type=int, default=1)
    asked = words.parse_args()
    if asked.seed is not None:
        with tempfile.TemporaryDirectory(prefix="music") as name:
            os.environ["CHRONUS_HOME"] = name
            wrong = run(asked.seed, Path(name), Memory(), trace=True)
        print(wrong or "all held")
        return int(bool(wrong))
    if asked.processes > 1:
        each = -(-asked.schedules // asked.processes)
        command = [sys.executable, "-m", "tests.simulator.music", "--schedules", str(each)]
        parts = [subprocess.Popen([*command, "--first", str(asked.first + k * each)]) for k in range(asked.processes)]
        return max(part.wait() for part in parts)
    began = time.process_time()
    done, seed, wrong = search(range(asked.first, asked.first + asked.schedules))
    print(
        f"{done} schedules of music from seed {asked.first} on, {time.process_time() - began:.1f} s of CPU", flush=True
    )
    if seed is not None:
        print(f"seed {seed}: {wrong}", flush=True)
    return int(seed is not None)


if __name__ == "__main__":
    sys.exit(main())
