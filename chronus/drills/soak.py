"""`chronus soak`: types random commands of the whole language for hours while processes are killed; then checks what was heard.

The seed decides the commands, and which process is killed after which of them: the same seed is the same soak. What is typed depends on
no answer, so some of it is refused (a name that is not loaded): refusals are part of the language.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from chronus.drills.capture import Clock, Gaps, apart, by_cause, lost_in, told_gaps, told_stalls
from chronus.drills.crash_test import SETTLE_SECONDS, SONG, NotBack, Rejoin, both_play, settle
from chronus.drills.follow import Following, following
from chronus.drills.own_engine import (
    Census,
    Figure,
    Own,
    WireClient,
    census,
    memory_of,
    of_the_machine,
    own_engine,
    told,
)
from chronus.drills.witness import Stall, Stretches, Witness
from chronus.errors import ChronusError
from chronus.memory import layout
from chronus.memory.layout import HEARD, PERIODS, Memory
from chronus.render.take import ProgressBar
from chronus.settings import Settings

COMMANDS_A_SECOND = 5.0
LOOK_SECONDS = 10.0
"""Between two looks at what was heard."""
REST = "panic\nnew"
REST_STEPS = 300
"""Between two rests, about a minute: what the processes hold is compared when the rack is empty, or it would tell of the rack."""
SILENCE_SECONDS = 0.150
"""After both workers died."""
HOST_FRAMES = 256
"""What was on its way through the device is lost with its host: a period at the seam."""
JUDGED_SECONDS = 3600.0
"""A shorter soak says nothing of a slope of memory."""
PATIENCE_SECONDS = 10.0
KEPT_MB = 64
"""Of the capture on the disk at any time: three minutes. What is younger than half a minute is not compared yet."""

EXPECTED = {"E_NAME", "E_EXISTS", "E_PORT", "E_PARAM", "E_VALUE", "E_FILE", "E_ASSERT", "E_LIMIT", "E_BUDGET"}
"""What a random line may be refused with; any other refusal is a fault."""
OF_KILLS = {"failover", "standby", "down", "back", "control", "host restart"}
"""Kinds of notices that a soak brings about."""

Chance = random.Random

SOURCES = ("bass", "kick", "hat", "tb303", "lead", "noise")
EFFECTS = ("filter", "delay", "adsr", "distortion")
TURNED = (
    "bass.freq 41..98", "bass.distortion 0..1", "bass.cutoff 200..3000", "tb303.cutoff 150..2500", "tb303.resonance 0..0.9",
    "filter.cutoff 200..6000", "filter.resonance 0..0.8", "delay.mix 0..0.6", "delay.feedback 0..0.7", "kick.decay 80..500",
    "hat.decay 20..300", "lead.freq 55..440", "lfo.rate 0.1..8", "distortion.drive 0..20", "out.volume -24..-6",
)  # fmt: skip
PATTERNS = (
    "x...x...x...x...",
    "X..o..x...x.x...",
    "9.5.7.5.9.5.7.5.",
    "x.xx.x.x",
    "a1 a1^ . a2~ a1 . c2^ a1",
    "a2:m7@8 . . f2:maj7@4",
)
TIMES = ("", "", "", " now", " at next beat", " at next bar")


def _load(chance: Chance) -> str:
    name = chance.choice(SOURCES + EFFECTS + ("lfo",))
    return "load saw as lead gain=0.1 voices=4" if name == "lead" else f"load {name}"


def _patch(chance: Chance) -> str:
    if chance.random() < 0.3:
        return f"patch lfo > {chance.choice(TURNED[:8]).split()[0]} {chance.choice(('0.2', '-0.3', '0.5'))}"
    return f"patch {chance.choice(SOURCES)} > {' > '.join(chance.sample(EFFECTS, chance.randint(1, 2)))}"


def _between(chance: Chance, turned: str) -> tuple[str, str]:
    name, _, bounds = turned.partition(" ")
    low, high = map(float, bounds.split(".."))
    return name, f"{chance.uniform(low, high):.3g}"


def _set(chance: Chance) -> str:
    changes = [" ".join(_between(chance, one)) for one in chance.sample(TURNED, chance.randint(1, 3))]
    return f"set {', '.join(changes)}{chance.choice(TIMES)}"


def _sweep(chance: Chance) -> str:
    one = chance.choice(TURNED)
    name, to = _between(chance, one)
    length = chance.choice(("1 bar", "2 bars", "500 ms", "3 s"))
    return f"set {name} {_between(chance, one)[1]}..{to} over {length}"


def _sequence(chance: Chance) -> str:
    options = chance.choice(("", " every=1/8", " gate=80%", " swing=58"))
    return f"seq {chance.choice(SOURCES)}: {chance.choice(PATTERNS)}{options}{chance.choice(TIMES)}"


def _wall(chance: Chance) -> str:
    """Many dense lanes at once, or the end of them: what is a lot of work for control, and little to render."""
    names = [f"w{k}" for k in range(chance.choice((8, 16, 24)))]
    if chance.random() < 0.4:
        return "; ".join(f"unload {name}" for name in names)
    body = chance.choice(("xxxxxxxxxxxxxxxx", "x...", "x every=1/64", "x..x..x. every=1/32"))
    loads = "; ".join(f"load kick as {name}" for name in names)
    return f"{loads}; " + "; ".join(f"seq {name}: {body}{chance.choice(TIMES)}" for name in names)


def _tempo(chance: Chance) -> str:
    if chance.random() < 0.2:
        return f"bpm {chance.randint(90, 180)}..{chance.randint(90, 180)} over {chance.choice(('2 bars', '1 s'))}"
    return f"bpm {chance.choice((60, 400, chance.randint(90, 180)))}{chance.choice(TIMES)}"


def _for_a_while(chance: Chance) -> str:
    what = chance.choice((f"mute {chance.choice(SOURCES)}", "bpm 240", "set bass.cutoff 900", "solo kick"))
    return f"{what} for {chance.choice(('1 bar', '2 beats'))}"


def _lane(chance: Chance) -> str:
    word = chance.choice(("mute", "unmute", "solo", "clear"))
    return f"{word} {chance.choice(SOURCES)}{chance.choice(TIMES)}"


KINDS: tuple[tuple[int, Callable[[Chance], str]], ...] = (
    (10, _load),
    (2, lambda chance: f"unload {chance.choice(SOURCES + EFFECTS)}"),
    (8, _patch),
    (3, lambda chance: f"unpatch {chance.choice(SOURCES)} > {chance.choice(EFFECTS)}"),
    (20, _set),
    (8, _sweep),
    (12, _sequence),
    (6, _lane),
    (2, lambda chance: chance.choice(("unmute", "unsolo"))),
    (6, lambda chance: f"note {chance.choice(SOURCES)} {chance.choice('abcdefg')}{chance.randint(1, 3)} len=1/8"),
    (3, lambda chance: f"gate {chance.choice(SOURCES)} {chance.choice(('on', 'off'))}"),
    (4, _tempo),
    (2, _wall),
    (2, _for_a_while),
    (1, lambda chance: f"swing {chance.randint(50, 66)}"),
    (5, lambda chance: f"undo {chance.randint(1, 3)}"),
    (3, lambda chance: "redo"),
    (2, lambda chance: f"save take{chance.randint(1, 3)}"),
    (1, lambda chance: f"open {chance.choice(('take1', 'take2', 'take3', 'acid', 'first-beat'))}{chance.choice(('', ' now'))}"),
    (1, lambda chance: chance.choice(("stop", "play", "play", "panic"))),
    (4, lambda chance: chance.choice(("status", "list", "show patch", "sync", "show bass", "assert out.volume < 6"))),
)  # fmt: skip
VICTIMS = (("active", 4), ("standby", 3), ("both", 1), ("control", 2), ("host", 1))


class Move(Struct, frozen=True):
    """A line to type, what to kill behind it ("": nothing), and how long to think before the next."""

    line: str
    kill: str
    pause: float
    rests: bool = False


def score(seed: int, kills_per_minute: float) -> Any:
    """The endless run of steps that a seed means."""
    chance = random.Random(seed)
    weights = [weight for weight, _ in KINDS]
    yield Move(SONG, "", 1.0)
    for n in count():
        if n % REST_STEPS == 0:
            yield Move(REST, "", SETTLE_SECONDS, rests=True)
            yield Move(SONG, "", 1.0)
        (_, kind), *_ = chance.choices(KINDS, weights)
        kill = chance.random() < kills_per_minute / 60 / COMMANDS_A_SECOND
        victim = chance.choices([name for name, _ in VICTIMS], [weight for _, weight in VICTIMS])[0]
        yield Move(kind(chance), victim if kill else "", chance.random() * 2 / COMMANDS_A_SECOND)


class Soaked(Struct):
    """What came of it. `slope` is memory in MB an hour; `back` the longest time until all played again, by what was killed."""

    answers: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    unanswered: int = 0
    notices: list[str] = field(default_factory=list)
    """What the engine said unasked, but for who was killed and who is back."""
    kills: list[tuple[str, int]] = field(default_factory=list)
    """What was killed, and how many frames had been heard by then."""
    back: dict[str, float] = field(default_factory=dict)
    memory: list[tuple[float, float]] = field(default_factory=list)
    before: Census | None = None
    after: Census | None = None
    status: dict[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=list)
    still: Stretches = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    gaps: Gaps = field(default_factory=list)
    since: dict[int, int] = field(default_factory=dict)
    compared: int = 0
    kept: int = 0
    """Bytes of the disk that the capture took at most."""
    seconds: float = 0.0


class Soak:
    """One soak at work. `capture` is where the null device writes what is heard, `ear` what compares it meanwhile."""

    def __init__(self, own: Own, capture: Path, client: WireClient, ear: Following) -> None:
        self.own, self.capture, self.client, self.ear = own, capture, client, ear
        self.memory: Memory = memory_of(own.pid)
        self.found = Soaked()

    def play(self, seed: int, seconds: float, kills_per_minute: float, bar: ProgressBar | None) -> None:
        began = time.monotonic()
        until, next_look = began + seconds, began
        for step in score(seed, kills_per_minute):
            now = time.monotonic()
            if now >= until:
                break
            if now >= next_look:
                self.look()
                next_look = now + LOOK_SECONDS
            if bar:
                bar((now - began) / seconds)
            self.found.clock.append((now, self.capture.stat().st_size // 8))
            self.take(step)
            time.sleep(step.pause)
            if step.rests:
                self.note()
                self.take_census(time.monotonic() - began)
        self.found.seconds = time.monotonic() - began

    def take_census(self, at: float) -> None:
        held = self.found.after = census(self.own.pid)
        self.found.memory.append((at, held.pss_mb))
        self.found.before = self.found.before or held

    def look(self) -> None:
        self.ear.look(self.memory.word(HEARD))
        self.found.kept = max(self.found.kept, self.capture.stat().st_blocks * 512)

    def take(self, step: Move) -> None:
        """Types a line; kills while it is on its way; waits for the answer, and until what was killed is back."""
        try:
            packet, count = self.client.prepare(step.line)
        except ChronusError as error:
            self.answered(step.line, error.code, error.message)
            return
        victims = self.victims(step.kill) if step.kill else []
        self.client.socket.sendall(packet)
        began, rejoins = time.monotonic(), [Rejoin(self.memory, slot) for role, slot, _ in victims if role == "worker"]
        periods = self.memory.word(PERIODS)
        if step.kill:
            self.found.kills.append((step.kill, self.capture.stat().st_size // 8))
        for _, _, pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            for _ in range(count):
                reply = self.client.reply()
                self.answered(step.line, "ok" if reply.ok else reply.code, reply.text)
        except OSError:
            self.found.unanswered += 1
            self.connect()
        else:
            if step.kill == "control":  # it had answered before it died
                self.connect()
        if step.kill:
            self.return_of(step.kill, rejoins, periods)
            back = time.monotonic() - began
            self.found.back[step.kill] = max(back, self.found.back.get(step.kill, 0.0))

    def connect(self) -> None:
        """To the next control; what the last one said is kept."""
        self.note()
        self.client.close()
        self.client = WireClient(self.own.engine)

    def note(self) -> None:
        said, self.client.notices = self.client.notices, []
        self.found.notices += [f"{one.kind}: {one.text}" for one in said if one.kind not in OF_KILLS]

    def answered(self, line: str, code: str, text: str) -> None:
        self.found.answers[code] += 1
        if code not in EXPECTED | {"ok"}:
            self.found.unexpected.append(f"{line}: {code} {text}")

    def victims(self, kill: str) -> list[tuple[str, int, int]]:
        """(role, slot, pid) of what is to be killed; all of it is there, because each kill is waited for."""
        active = self.memory.word(layout.ACTIVE)
        slots = {"active": [active], "standby": [1 - active], "both": [0, 1]}.get(kill, [])
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            rows = self.client.status()["processes"]
            there = [(row["role"], row["slot"], row["pid"]) for row in rows if row["pid"]]
            named = [one for one in there if one[0] == kill or (one[0] == "worker" and one[1] in slots)]
            if len(named) == max(1, len(slots)):
                return named
            if time.monotonic() > deadline:
                raise NotBack(f"{kill} is not running")

    def return_of(self, kill: str, rejoins: list[Rejoin], periods: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        if kill == "both":
            self.wait(lambda: both_play(self.memory), deadline, "both slots")
        for rejoin in rejoins if kill != "both" else ():
            rejoin.wait()
        if kill == "host":
            self.wait(lambda: self.memory.word(PERIODS) > periods + 100, deadline, "the host")
        self.client.status()  # and control answers

    def wait(self, condition: Callable[[], bool], deadline: float, what: str) -> None:
        while not condition():
            if time.monotonic() > deadline:
                raise NotBack(f"{what} did not come back in {PATIENCE_SECONDS:g} s")
            time.sleep(0.001)

    def end(self) -> None:
        self.take(Move(REST, "", 0))
        settle(self.memory, SETTLE_SECONDS)
        self.take_census(self.found.seconds)
        self.found.status = self.client.status()
        self.note()


def soak(
    settings: Settings, seconds: float, kills_per_minute: float, seed: int, bar: ProgressBar | None = None
) -> Soaked:
    with contextlib.ExitStack() as stack:
        capture = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chronus-capture-"))) / "heard.f32"
        own = stack.enter_context(own_engine(settings, CHRONUS_NULL_CAPTURE=str(capture)))
        client = WireClient(own.engine)
        ear = stack.enter_context(following(Path(client.status()["journal"]), capture))
        witness = stack.enter_context(Witness())
        run = Soak(own, capture, client, ear)
        run.play(seed, seconds, kills_per_minute, bar)
        run.end()
        found = run.found
        heard = capture.stat().st_size // 8  # what comes now is the fade at the end
        own.stop()
        found.gaps, found.since, found.compared = ear.end(heard)
    found.still, found.stalls = witness.stood_still(), witness.stalls
    return found


def slope(rows: list[tuple[float, float]]) -> tuple[float, float]:
    """The straight line through (seconds, MB at rest) that fits best, and twice its standard error: MB an hour, both.

    The first third is warming up. What a worker holds depends on when it was last killed, some 7 MB up or down: after an hour with 40
    rests the error is 10 MB an hour, after eight 0.5.
    """
    rows = rows[len(rows) // 3 :]
    if len(rows) < 3:
        return 0.0, math.inf
    hours, held = [seconds / 3600 for seconds, _ in rows], [mb for _, mb in rows]
    line = statistics.linear_regression(hours, held)
    left = sum((mb - line.intercept - line.slope * at) ** 2 for at, mb in zip(hours, held, strict=True))
    return line.slope, 2 * math.sqrt(left / (len(rows) - 2) / (statistics.pvariance(hours) * len(rows)))


def figures(found: Soaked, rate: int) -> list[Figure]:
    assert found.before and found.after
    kills, counters = Counter(name for name, _ in found.kills), found.status["counters"]
    causes = by_cause(found.gaps, found.since, found.kills)
    silences, seams = ([frames for _, frames in causes.pop(name, [])] for name in ("both", "host"))
    causes, still = apart(causes, found.since, found.clock, found.still)
    beyond = Counter[str]()
    for row in found.status["processes"]:
        beyond[row["role"]] += row["restarts"]
    beyond -= Counter(
        control=kills["control"], host=kills["host"], worker=kills["active"] + kills["standby"] + 2 * kills["both"]
    )
    rises, error = slope(found.memory)
    unasked = "; ".join(found.notices[:5])
    judged, settled = found.seconds >= JUDGED_SECONDS, found.memory[len(found.memory) // 3][1]

    def growth(name: str) -> Figure:
        change = getattr(found.after, name) - getattr(found.before, name)
        return Figure(
            f"growth in {name}", change, "", 0, "all processes of the engine, from the first rest to the last"
        )

    return [
        Figure("minutes", found.seconds / 60, "", None, f"{found.compared} frames compared with a rendering of the journal"),
        Figure("disk that the capture took", found.kept / 1e6, "MB", KEPT_MB, "at most; what was compared is given back"),
        Figure("commands", found.answers.total(), "", None, _counted(found.answers)),
        Figure("refused without reason", len(found.unexpected), "", 0, "; ".join(found.unexpected[:3]) or "none"),
        Figure("unanswered", found.unanswered, "", kills["control"], "on their way when control was killed"),
        Figure("kills", kills.total(), "", None, _counted(kills)),
        Figure("back after a kill, longest", max(found.back.values(), default=0) * 1e3, "ms", None,
               ", ".join(f"{name} {seconds * 1e3:.0f}" for name, seconds in sorted(found.back.items())) or "none"),
        Figure("restarts beyond the kills", sum(beyond.values()), "", 0, f"{_counted(beyond)}; said unasked: {unasked or 'nothing'}"),
        Figure("silence after both died, longest", max(silences, default=0) / rate * 1e3, "ms", SILENCE_SECONDS * 1e3, "in the capture"),
        Figure("frames at the seam of a host, most", max(seams, default=0), "", HOST_FRAMES, "in the capture"),
        *of_the_machine(found.still, lost_in(still), told_gaps(still)),
        Figure("frames lost otherwise", lost_in(causes), "", 0, told_gaps(causes) + told_stalls(causes, found.clock, found.stalls)),
        Figure("repeated", counters["repeated"], "", 0, "blocks heard twice"),
        Figure("divergences", counters["divergences"], "", 0, "blocks on which the slots did not agree"),
        growth("processes"), growth("threads"), growth("descriptors"), growth("memories"),
        Figure("slope of PSS", rises, "MB/h", None, "the line that fits best"),
        Figure("slope of PSS, at least", max(0.0, rises - error), "MB/h", 1 if judged else None,
               f"of {len(found.memory)} rests the last two thirds, {settled:.1f} to {found.after.pss_mb:.1f} MB: "
               f"{rises:.1f} +- {error:.1f} MB/h; judged from an hour on"),
        Figure("slots in lockstep", {"duplex": 2, "simplex": 1}.get(found.status["slots"]["mode"], 0), "", 2, "at the end", above=True),
    ]  # fmt: skip


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def main(settings: Settings, hours: float, kills_per_minute: float, seed: int) -> int:
    """Prints a table of counters. 0 if every rule was kept."""
    bar = ProgressBar("soaking") if sys.stderr.isatty() and not settings.json else None
    try:
        found = figures(soak(settings, hours * 3600, kills_per_minute, seed, bar), settings.rate)
    finally:
        if bar:
            bar.clear()
    if not settings.json:
        print(f"soaked for {hours:g} h, {kills_per_minute:g} kills a minute; seed {seed} plays it again")
        for figure in found:
            figure.show()
    return told(found, settings.json)
